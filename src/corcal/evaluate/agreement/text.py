"""A study of agreement in plain text for a terminal, 80 columns."""

from collections.abc import Sequence

from corcal.evaluate.agreement.lesion_match import Confusion
from corcal.evaluate.agreement.records import (
    AgreementReport,
    CategoryAgreement,
    CertaintyAgreement,
    LesionAgreement,
    ScanRow,
    ScoreAgreement,
)
from corcal.evaluate.agreement.words import (
    artery_words,
    estimate_words,
    number_words,
    of_words,
    proportion_words,
    range_words,
    ratio_words,
    score_words,
    short_name,
)
from corcal.lesions.sites import CORONARY_SITES

__all__ = ["agreement_text"]

_WIDTH = 80
_MOST_ROWS = 20  # a longer study lists the scans that differ; the JSON has all
_NAME_WIDTH = 30
_LEAST_EXCHANGED = 0.1  # of all calcium of a scan that is named as in another artery; and
_SMALLEST_EXCHANGED = 5.0  # Agatston
_MOSTLY = 0.5  # of an artery's calcium: below it, its score says little of it


def agreement_text(report: AgreementReport) -> str:
    """Describe a study.

    Parameters
    ----------
    report : AgreementReport
        The whole record.

    Returns
    -------
    str
        Lines of at most 80 columns but for the reasons of failed scans.
    """
    lines = [_heading(report)]
    if report.scores:
        lines += _score_lines(report)
    if report.categories is not None:
        lines += _category_lines(report.categories)
    if report.lesions is not None:
        lines += _lesion_lines(report.lesions)
        lines += _artery_lines(report.lesions)
    if report.certainty is not None:
        lines += _certainty_lines(report.certainty)
    lines += _scan_lines(report.scans)
    lines += _note_lines(report)
    return "\n".join([*lines, "", report.statement])


def _heading(report: AgreementReport) -> str:
    counts = [f"{report.compared} compared", f"{report.failed} failed"]
    people = "1 patient" if report.patients == 1 else f"{report.patients} patients"
    heading = f"Automatic against reference: {', '.join(counts)}, {people}"
    if report.without_reference:
        heading += f"\nScans without a reference: {report.without_reference}"
    if report.left_main_in_lad:
        heading += "\nThe left main is counted with the LAD, on both sides."
    return heading


def _score_lines(report: AgreementReport) -> list[str]:
    """Write the agreement of the scores: correlation, then differences, then ratios."""
    lines = [
        "",
        f"{'Agatston':9}{'scans':>6}  {'ICC(2,1)':22}  {'of ln(x + 1)':>12}{'Lin':>7}  close",
    ]
    for one in report.scores:
        icc = one.icc_bootstrap if one.icc_bootstrap.low is not None else one.icc
        lines.append(
            f"{_artery(one, report):9}{one.scans:6d}  {estimate_words(icc):22}  "
            f"{number_words(one.icc_log):>12}{number_words(one.concordance):>7}  "
            f"{of_words(one.close)}"
        )
    lines += [
        "",
        f"{'':9}{'automatic - reference':26}{'limits of agreement':20}ratio, limits",
    ]
    for one in report.scores:
        plain, ratio = one.bland_altman, one.bland_altman_log
        bias = one.bias if one.bias.low is not None else plain.bias
        lines.append(
            f"{_artery(one, report):9}{estimate_words(bias, '+.1f'):26}"
            f"{range_words(plain.lower_limit, plain.upper_limit, '+.1f'):20}"
            f"{ratio_words(ratio)}"
        )
    return lines


def _artery(one: ScoreAgreement, report: AgreementReport) -> str:
    return artery_words(one.name, left_main_in_lad=report.left_main_in_lad)


def _category_lines(found: CategoryAgreement) -> list[str]:
    """Table of the categories and what it says."""
    lines = ["", f"{'Category':14}{'automatic':>11}"]
    lines.append(f"{'reference':14}" + "".join(f"{label:>9}" for label in found.labels))
    for label, row in zip(found.labels, found.table, strict=True):
        lines.append(f"{label:>9}{'':5}" + "".join(f"{count:9d}" for count in row))
    return [
        *lines,
        f"same category            {proportion_words(found.same)}",
        f"zero called zero         {proportion_words(found.zero_called_zero)}",
        f"calcium called calcium   {proportion_words(found.calcium_called_calcium)}",
        f"weighted kappa, linear   {estimate_words(found.kappa_linear)}",
        f"weighted kappa, squared  {estimate_words(found.kappa_quadratic)}",
    ]


def _lesion_lines(found: LesionAgreement) -> list[str]:
    """Lesions by size, and false ones."""
    scans = "1 scan" if found.scans == 1 else f"{found.scans} scans"
    lines = ["", f"{'Lesions, Agatston':25}found in {scans} with marked calcium"]
    lines += [f"{size.label:25}{proportion_words(size.found)}" for size in found.by_size]
    false = found.false_per_scan
    return [
        *lines,
        f"{'all':25}{proportion_words(found.found)}; by patient {range_words(found.sensitivity)}",
        f"{'false lesions':25}{found.false_count}: {estimate_words(false, '.2f')} a scan, "
        f"at most {found.most_false_in_a_scan}, "
        f"largest {found.largest_false_agatston:.1f}",
        f"{'scans without a false one':25} {proportion_words(found.scans_without_false)}",
    ]


def _artery_lines(found: LesionAgreement) -> list[str]:
    """Which artery the calcium was given."""
    table = found.confusion
    lines = ["", f"{'Calcium, Agatston':20}{'automatic':>10}"]
    lines.append(f"{'reference':10}" + "".join(f"{name:>11}" for name in table.columns))
    for name, row in zip(table.rows, table.agatston, strict=True):
        lines.append(f"{name:10}" + "".join(f"{value:11.1f}" for value in row))
    of_found = estimate_words(found.right_artery_of_found)
    of_all = estimate_words(found.right_artery_of_all)
    return [
        *lines,
        f"right artery: {of_found} of the calcium that was found,",
        f"              {of_all} of all calcium of the reference",
        *_exchanged_lines(table),
    ]


def _exchanged_lines(table: Confusion) -> list[str]:
    """Name the arteries whose scores can agree though most of their calcium is elsewhere."""
    return [
        f"{name}: only {row[table.columns.index(name)]:.1f} of {sum(row):.1f} was found in it; if "
        "its score agrees, that is chance"
        for name, row in zip(table.rows, table.agatston, strict=True)
        if name in table.columns and row[table.columns.index(name)] < _MOSTLY * sum(row)
    ]


def _certainty_lines(found: CertaintyAgreement) -> list[str]:
    """Whether the stated certainty came true."""
    lines = ["", "How sure"]
    lines += [
        f"{one.level:.0%} intervals held {proportion_words(one.held)}: {one.below} below, "
        f"{one.above} above; median width {one.median_width:.0f}"
        for one in found.intervals
    ]
    if found.brier is not None:
        lines += [
            f"Brier score of the category {found.brier:.3f}, of zero {found.brier_zero:.3f} "
            f"(base rates {found.base_rate_brier:.3f}, {found.base_rate_brier_zero:.3f})",
            f"{'stated probability':24}category came true",
        ]
        lines += [
            f"{one.low:.1f} to {one.high:.1f}, mean {one.mean_probability:.2f}   "
            f"{proportion_words(one.happened)}"
            for one in found.called_bins
        ]
    return lines


def _scan_lines(rows: Sequence[ScanRow]) -> list[str]:
    """List scans with their scores: all of a short study, else those that differ in category."""
    compared = [row for row in rows if row.failure is None]
    shown = [row for row in compared if row.reference_category != row.automatic_category]
    title = f"{'Scans of another category':{_NAME_WIDTH}}"
    if len(compared) <= _MOST_ROWS:
        shown, title = compared, f"{'Scan':{_NAME_WIDTH}}"
    lines = (
        ["", f"{title}{'reference':>11}{'automatic':>11}   {'interval':18}review"] if shown else []
    )
    for row in shown:
        reference = row.reference.total if row.reference else None
        automatic = row.automatic.total if row.automatic else None
        interval = f"{row.interval.low:.1f} to {row.interval.high:.1f}" if row.interval else "-"
        review = {True: "advised", False: "no", None: "-"}[row.review_advised]
        lines.append(
            f"{_name(row):{_NAME_WIDTH}}{score_words(reference):>11}{score_words(automatic):>11}"
            f"   {interval:18}{review}"
        )
    lines += [f"  {_name(row)}: {note}" for row in shown for note in (*row.notes, *_exchanges(row))]
    failed = [row for row in rows if row.failure is not None]
    if failed:
        lines += ["", "Not compared"]
        lines += [f"  {_name(row)}: {' '.join((row.failure or '').split())}" for row in failed]
    return lines


def _exchanges(row: ScanRow) -> list[str]:
    """Name what was found and given to another artery, if it is much of the scan's calcium."""
    if row.match is None:
        return []
    table = row.match.confusion
    arteries = [site.label for site in CORONARY_SITES]
    least = max(_LEAST_EXCHANGED * sum(map(sum, table.agatston)), _SMALLEST_EXCHANGED)
    return [
        f"{value:.1f} Agatston of the {reference} are called {automatic}"
        for reference, values in zip(table.rows, table.agatston, strict=True)
        for automatic, value in zip(table.columns, values, strict=True)
        if reference in arteries and automatic in arteries and reference != automatic
        if value >= least
    ]


def _note_lines(report: AgreementReport) -> list[str]:
    """Say what the columns mean."""
    if not report.scores:
        return []
    return [
        "",
        f"In parentheses: {report.resampling.level:.0%} intervals; of counts by Wilson, of the "
        "rest by drawing",
        "patients again (of fewer than 10 patients: ICC by F, difference by t).",
        "Close: within 10 % or 5 Agatston. Ratio: of score + 1. - is what so few or so",
        "even scans cannot tell.",
    ]


def _name(row: ScanRow) -> str:
    return short_name(row.name, _NAME_WIDTH)
