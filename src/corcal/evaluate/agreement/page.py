"""A study of agreement as one page: what a reader of a paper would look for, in that order."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from corcal.evaluate.agreement.records import (
    AgreementReport,
    CategoryAgreement,
    CertaintyAgreement,
    LesionAgreement,
    ScanRow,
)
from corcal.evaluate.agreement.words import (
    artery_words,
    estimate_words,
    of_words,
    proportion_words,
    range_words,
    ratio_words,
    score_words,
    short_name,
)
from corcal.report.document import (
    Beside,
    Block,
    Bullets,
    Document,
    Facts,
    Heading,
    Paragraph,
    Picture,
    Table,
)

__all__ = ["agreement_document"]

_MOST_ROWS = 50  # the JSON has all
_MOST_REASONS = 20
_NAME_WIDTH = 60


def agreement_document(
    report: AgreementReport, pictures: Mapping[str, bytes], *, created: str
) -> Document:
    """Make the page of a study.

    Parameters
    ----------
    report : AgreementReport
        The whole record.
    pictures : mapping of str to bytes
        PNG by the names of `corcal.evaluate.agreement.pictures.PICTURES`; any may be missing.
    created : str
        Moment of the study, ISO 8601.

    Returns
    -------
    Document
        For the writers of `corcal.report`.
    """
    people = _count(report.patients, "patient")
    return Document(
        title="Agreement with a reference",
        subtitle=f"{_count(report.compared, 'scan')} of {people}, scored automatically",
        language="en",
        blocks=tuple(_blocks(report, pictures)),
        footer=report.statement,
        created=created,
    )


def _blocks(report: AgreementReport, pictures: Mapping[str, bytes]) -> Iterator[Block]:
    yield Facts(rows=tuple(_summary(report)), columns=2)
    if report.left_main_in_lad:
        yield Paragraph(text="The left main is counted with the LAD, on both sides.", role="note")
    if report.scores:
        yield Heading(text="Scores")
        yield from _shown(pictures, "scores", "Automatic over reference score, total and arteries")
        yield _correlations(report)
        yield from _shown(pictures, "differences", "Bland and Altman: differences, ratios")
        yield _differences(report)
    if report.categories is not None:
        yield Heading(text="Categories")
        picture = tuple(_shown(pictures, "categories", "Table of the categories"))
        yield Beside(columns=(picture, (_category_facts(report.categories),)), widths=(1.0, 1.0))
        yield _category_table(report.categories)
    if report.lesions is not None:
        yield Heading(text="Lesions")
        yield from _shown(pictures, "lesions", "Lesions found by size, and calcium by artery")
        yield _lesion_facts(report.lesions)
        yield _lesion_table(report.lesions)
        yield _artery_table(report.lesions)
    if report.certainty is not None:
        yield Heading(text="How sure")
        yield from _certainty(report.certainty)
    yield from _scans(report.scans)
    yield from _failures(report.scans)
    yield Heading(text="How it was computed")
    yield Bullets(items=_method(report))


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"


def _summary(report: AgreementReport) -> Iterator[tuple[str, str]]:
    yield "Compared", str(report.compared)
    yield "Not compared", str(report.failed)
    total = next((one for one in report.scores if one.name == "total"), None)
    if total is not None:
        icc = total.icc_bootstrap if total.icc_bootstrap.low is not None else total.icc
        yield "ICC of the total", estimate_words(icc)
    if report.categories is not None:
        yield "Weighted kappa", estimate_words(report.categories.kappa_linear)
        yield "Same category", proportion_words(report.categories.same)
    if report.lesions is not None:
        yield "Lesions found", proportion_words(report.lesions.found)
        yield "False lesions a scan", estimate_words(report.lesions.false_per_scan, ".2f")
    if report.review_advised.total:
        yield "Review advised", proportion_words(report.review_advised)
    if report.without_reference:
        yield "Without a reference", str(report.without_reference)


def _shown(pictures: Mapping[str, bytes], name: str, alt: str) -> Iterator[Block]:
    if name in pictures:
        alt = f"{alt}; the numbers are in the tables below."
        yield Picture(data=pictures[name], media_type="image/png", alt=alt)


def _table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    numeric = frozenset(range(1, len(head)))
    return Table(caption=caption, head=head, rows=rows, numeric=numeric, shows_caption=True)


def _correlations(report: AgreementReport) -> Block:
    rows = []
    for one in report.scores:
        icc = one.icc_bootstrap if one.icc_bootstrap.low is not None else one.icc
        rows.append(
            (
                artery_words(one.name, left_main_in_lad=report.left_main_in_lad),
                str(one.scans),
                estimate_words(icc),
                estimate_words(one.icc_log),
                estimate_words(one.concordance),
                of_words(one.close),
            )
        )
    head = ("Agatston", "scans", "ICC(2,1)", "ICC of ln(score + 1)", "Lin", "close")
    return _table("Correlation", head, rows)


def _differences(report: AgreementReport) -> Block:
    rows = []
    for one in report.scores:
        plain = one.bland_altman
        ends = (
            (one.bias, plain.bias),
            (one.lower_limit, plain.lower_limit),
            (one.upper_limit, plain.upper_limit),
        )
        shown = [boot if boot.low is not None else by_t for boot, by_t in ends]
        rows.append(
            (
                artery_words(one.name, left_main_in_lad=report.left_main_in_lad),
                *(estimate_words(end, "+.1f") for end in shown),
                ratio_words(one.bland_altman_log),
            )
        )
    head = ("Agatston", "bias", "lower limit", "upper limit", "ratio, limits")
    return _table("Automatic minus reference", head, rows)


def _category_table(found: CategoryAgreement) -> Block:
    rows = [
        (label, *(str(count) for count in row))
        for label, row in zip(found.labels, found.table, strict=True)
    ]
    return _table("Scans: reference down, automatic across", ("reference", *found.labels), rows)


def _category_facts(found: CategoryAgreement) -> Block:
    return Facts(
        rows=(
            ("Weighted kappa, linear", estimate_words(found.kappa_linear)),
            ("Weighted kappa, squared", estimate_words(found.kappa_quadratic)),
            ("Same category", proportion_words(found.same)),
            ("Zero called zero", proportion_words(found.zero_called_zero)),
            ("Calcium called calcium", proportion_words(found.calcium_called_calcium)),
        )
    )


def _lesion_facts(found: LesionAgreement) -> Block:
    false = (
        f"{found.false_count}: {estimate_words(found.false_per_scan, '.2f')} a scan, at most "
        f"{found.most_false_in_a_scan}, largest {found.largest_false_agatston:.1f} Agatston"
    )
    by_patient = range_words(found.sensitivity)
    return Facts(
        rows=(
            ("Scans with marks", str(found.scans)),
            ("Lesions found", f"{proportion_words(found.found)}; by patient {by_patient}"),
            ("False lesions", false),
            ("Scans without a false one", proportion_words(found.scans_without_false)),
            ("Right artery, of calcium found", estimate_words(found.right_artery_of_found)),
            ("Right artery, of all calcium", estimate_words(found.right_artery_of_all)),
        )
    )


def _lesion_table(found: LesionAgreement) -> Block:
    rows = [(size.label, proportion_words(size.found)) for size in found.by_size]
    return _table("Reference lesions by size", ("Agatston", "found"), rows)


def _artery_table(found: LesionAgreement) -> Block:
    table = found.confusion
    rows = [
        (name, *(f"{value:.1f}" for value in row))
        for name, row in zip(table.rows, table.agatston, strict=True)
    ]
    caption = "Calcium, Agatston: reference down, automatic across"
    return _table(caption, ("reference", *table.columns), rows)


def _certainty(found: CertaintyAgreement) -> Iterator[Block]:
    intervals = [
        (
            f"{one.level:.0%}",
            proportion_words(one.held),
            str(one.below),
            str(one.above),
            f"{one.median_width:.0f}",
        )
        for one in found.intervals
    ]
    if intervals:
        head = ("stated", "held the reference", "below", "above", "median width")
        yield _table("Intervals of the total", head, intervals)
    if found.brier is not None:
        bins = [
            (
                f"{one.low:.1f} to {one.high:.1f}",
                f"{one.mean_probability:.2f}",
                proportion_words(one.happened),
            )
            for one in found.called_bins
        ]
        columns = ("stated probability", "mean", "came true")
        yield _table("The most probable category", columns, bins)
        yield Paragraph(
            text=f"Brier score of the category {found.brier:.3f}, of zero {found.brier_zero:.3f}; "
            f"of stating the frequencies of this study for every scan "
            f"{found.base_rate_brier:.3f} and {found.base_rate_brier_zero:.3f}."
        )


def _scans(rows: Sequence[ScanRow]) -> Iterator[Block]:
    """List the scans: all of a short study, else those that differ most among other categories."""
    compared = [row for row in rows if row.failure is None]
    if not compared:
        return
    shown, title = compared, "Scans"
    if len(compared) > _MOST_ROWS:
        other = [row for row in compared if row.reference_category != row.automatic_category]
        shown = sorted(other, key=_difference, reverse=True)[:_MOST_ROWS]
        title = f"Scans of another category: {len(other)}"
        if len(other) > len(shown):
            title += f"; the {len(shown)} that differ most"
    yield Heading(text=title)
    if shown:
        head = ("scan", "reference", "automatic", "interval", "review")
        yield _table("Scores", head, [_scan_cells(row) for row in shown])
    notes = [f"{short_name(row.name, _NAME_WIDTH)}: {note}" for row in shown for note in row.notes]
    if notes:
        yield Bullets(items=tuple(notes[:_MOST_ROWS]))


def _difference(row: ScanRow) -> float:
    reference = row.reference.total if row.reference else None
    automatic = row.automatic.total if row.automatic else None
    return 0.0 if reference is None or automatic is None else abs(automatic - reference)


def _scan_cells(row: ScanRow) -> tuple[str, ...]:
    return (
        short_name(row.name, _NAME_WIDTH),
        score_words(row.reference.total if row.reference else None),
        score_words(row.automatic.total if row.automatic else None),
        f"{row.interval.low:.1f} to {row.interval.high:.1f}" if row.interval else "-",
        {True: "advised", False: "no", None: "-"}[row.review_advised],
    )


def _failures(rows: Sequence[ScanRow]) -> Iterator[Block]:
    """Count the reasons, and give one scan of each."""
    failed = [row for row in rows if row.failure is not None]
    if not failed:
        return
    yield Heading(text=f"Not compared: {_count(len(failed), 'scan')}")
    example = {" ".join((row.failure or "").split()): row.name for row in reversed(failed)}
    reasons = Counter(" ".join((row.failure or "").split()) for row in failed)
    cells = [
        (reason, str(count), short_name(example[reason], _NAME_WIDTH))
        for reason, count in reasons.most_common(_MOST_REASONS)
    ]
    head = ("reason", "scans", "such as")
    yield Table(caption="Reasons", head=head, rows=cells, numeric=frozenset({1}))
    if len(reasons) > _MOST_REASONS:
        yield Paragraph(text=f"{len(reasons) - _MOST_REASONS} more reasons.", role="note")


def _method(report: AgreementReport) -> tuple[str, ...]:
    how = report.resampling
    return (
        f"In parentheses: {how.level:.0%} intervals. Those of counts are Wilson's; the others come "
        f"from drawing patients again, {how.draws} times (seed {how.seed}). Of fewer than ten "
        "patients, that of the ICC is by F and that of differences by t.",
        "ICC(2,1): single scores, absolute agreement. Limits of agreement: bias ± 1.96 standard "
        "deviations; ratios are those of score + 1.",
        "Close: within 10 % of the reference or 5 Agatston, whichever is more.",
        "A reference lesion is found if any of its scoring voxels counts as coronary; an automatic "
        "lesion is false if none of its scoring voxels is one of the reference.",
        f"{report.software} {report.software_version}; kappa by statsmodels, quantiles and "
        "resampling by SciPy.",
    )
