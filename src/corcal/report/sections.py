"""The parts of the page that tell about one exam."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from corcal.ct.suitability.verdict import KIND_WORDS
from corcal.errors import InputError
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.report.amounts import shown, shown_site
from corcal.report.colours import SITE_COLOURS
from corcal.report.markup import Markup, joined, tag
from corcal.result import AnnotationRecord, Result, ScanRecord
from corcal.scoring.rules import VENDOR_RULES
from corcal.scoring.types import SiteScore

__all__ = [
    "amount",
    "described_list",
    "hero",
    "how_it_was_made",
    "lesion_table",
    "pictures_of",
    "rule_table",
    "scrolling_table",
    "site_name",
    "suitability",
]

_ARTERIES = {
    Site.LM: "Left main",
    Site.LAD: "Left anterior descending",
    Site.LCX: "Left circumflex",
    Site.RCA: "Right coronary",
}
_TO = "\N{EN DASH}"
_SITES = {site.label: site for site in Site}
_PICTURES = {  # name, and what it shows with coronary calcium and without
    "slices": (
        "Axial slices with calcium, in the colour of the artery. Slices count from 0 at the feet.",
        "Axial slices through the heart; no coronary calcium counts.",
    ),
    "projection": (
        "The heart seen through, calcium in the colour of the artery.",
        "The heart seen through; no coronary calcium counts.",
    ),
}
_MASS_FACTORS = {
    "scan": "from a calibration insert in the scan",
    "header_patient": "from the scan's header, for this patient",
    "header_device": "from the scan's header, for this scanner",
    "default": "from the literature",
}
_METHODS = {"annotation": "marked by a person"}
_FORMATS = {
    "osirix": "OsiriX/Horos file",
    "dicom_seg": "DICOM Segmentation",
    "rtstruct": "DICOM RT Structure Set",
    "label_volume": "label volume",
}
_FIRST_IS_TEXT: Mapping[int, str] = {0: "text"}
_VERDICTS = {
    "fit": "it is fit for calcium scoring",
    "caution": "it can be scored, and the score must be read with care",
    "unfit": "it is not fit for calcium scoring",
}


def amount(value: float | None, digits: int = 1) -> Markup:
    """Show a number, with the exact one behind it."""
    if value is None:
        return joined(shown(None))
    return tag("data", shown(value, digits), value=repr(float(value)))


def site_name(label: str) -> Markup:
    """Show the name of a site with its colour."""
    site = _SITES.get(label)
    colour = SITE_COLOURS.get(site) if site is not None else None
    swatch = tag("span", class_="swatch", style=f"--site:{colour}" if colour else None)
    return tag("span", swatch, shown_site(label), class_="site")


def scrolling_table(
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    foot: Sequence[Sequence[str]] = (),
    classes: Mapping[int, str] = _FIRST_IS_TEXT,
) -> Markup:
    """Make a table that scrolls by itself on a narrow screen; the first cell of a row heads it.

    `classes` gives the CSS class of a column by its number; columns without one hold numbers.
    """

    def row(cells: Sequence[str]) -> Markup:
        first, *others = cells
        return tag(
            "tr",
            tag("th", first, scope="row", class_=classes.get(0)),
            *(tag("td", cell, class_=classes.get(k)) for k, cell in enumerate(others, start=1)),
        )

    heads = (tag("th", x, scope="col", class_=classes.get(k)) for k, x in enumerate(head))
    table = tag(
        "table",
        tag("caption", caption, class_="unseen"),
        tag("thead", tag("tr", *heads)),
        tag("tbody", *map(row, rows)),
        tag("tfoot", *map(row, foot)) if foot else "",
    )
    # The caption of a table that scrolls would scroll with it: it is seen above instead.
    note = tag("p", caption, class_="muted small", aria_hidden="true")
    scroll = tag("div", table, class_="scroll", role="region", aria_label=caption, tabindex="0")
    return joined(note, scroll)


def described_list(entries: Iterable[tuple[str, str | None]], class_: str) -> Markup:
    """Make a list of names and values, leaving out what is not known."""
    return tag(
        "dl",
        *(tag("div", tag("dt", name), tag("dd", value)) for name, value in entries if value),
        class_=class_,
    )


def hero(result: Result) -> Markup:
    """Show the score large, and beside it the arteries."""
    total = result.score.total
    spread = [result.score.by_rule[x].total for x in VENDOR_RULES if x in result.score.by_rule]
    score = tag(
        "div",
        tag("p", "Agatston score", class_="label"),
        tag("p", amount(total.agatston), class_="score"),
        tag(
            "dl",
            *_fact("Volume", amount(total.volume_mm3), " mm³"),
            *_fact("Mass", amount(total.mass_mg), " mg"),
            *_fact("Lesions", str(total.lesion_count)),
            *_fact("Arteries with calcium", str(total.vessels_involved), " of 4"),
            *_fact("Over vendors' rules", _range(spread)),
            class_="facts",
        ),
        class_="card",
    )
    arteries = tag("div", _artery_table(result), class_="card")
    return tag("div", score, arteries, class_="columns hero")


def _fact(name: str, *value: str) -> tuple[Markup, Markup]:
    return tag("dt", name), tag("dd", *value)


def _range(values: Sequence[float]) -> Markup:
    if not values:
        return joined(shown(None))
    low, high = shown(min(values)), shown(max(values))
    return joined(low if low == high else f"{low} to {high}")


def _artery_table(result: Result) -> Markup:
    total = result.score.total
    rows = [
        _site_row(_artery_name(site), result.score.vessels[site.label], _bar(result, site))
        for site in CORONARY_SITES
    ]
    apart = [
        _site_row(joined(site_name(label), _aside("not coronary, not counted")), score)
        for label, score in result.score.other_sites.items()
    ]
    return scrolling_table(
        "Score by artery",
        ("Artery", "Share", "Agatston", "Volume, mm³", "Mass, mg", "Lesions"),
        rows,
        foot=(_site_row("Total", total), *apart),
        classes={0: "text", 1: "text wide", 3: "spare"},
    )


def _artery_name(site: Site) -> Markup:
    return joined(site_name(site.label), _aside(_ARTERIES[site], "aside long"))


def _aside(text: str, class_: str = "aside") -> Markup:
    return joined(" ", tag("span", text, class_=class_))


def _bar(result: Result, site: Site) -> Markup:
    """Draw the share of an artery in the total, with its percentage."""
    part, total = result.score.vessels[site.label].agatston, result.score.total.agatston
    if part == 0:
        return joined()
    percent = 100 * part / total
    style = f"width:{percent:.1f}%;--site:{SITE_COLOURS[site]}"
    bar = tag("span", tag("span", style=style), class_="bar", aria_hidden="true")
    return joined(bar, tag("span", f"{percent:.0f} %", class_="muted small"))


def _site_row(name: str, score: SiteScore, bar: str = "") -> tuple[str, ...]:
    return (
        name,
        bar,
        amount(score.agatston),
        amount(score.volume_mm3),
        amount(score.mass_mg),
        str(score.lesion_count),
    )


def lesion_table(result: Result) -> Markup:
    """List the lesions, largest first; say so if there are none."""
    if not result.lesions:
        return tag("p", "No calcified lesion.", class_="muted")
    return scrolling_table(
        "Lesions, largest first; slices count from 0 at the feet",
        ("Lesion", "Where", "Agatston", "Volume, mm³", "Mass, mg", "Peak, HU", "Slices"),
        (
            (
                lesion.id,
                site_name(lesion.site),
                amount(lesion.agatston),
                amount(lesion.volume_mm3),
                amount(lesion.mass_mg),
                amount(lesion.peak_hu, 0),
                _slice_ranges(lesion.slices),
            )
            for lesion in result.lesions
        ),
        classes={0: "text", 1: "text", 3: "spare", 6: "ranges"},
    )


def _slice_ranges(slices: Sequence[int]) -> str:
    """Write slices briefly: 3, 4, 5, 8 as ``3-5, 8``."""
    runs: list[list[int]] = []
    for z in slices:
        if runs and z == runs[-1][-1] + 1:
            runs[-1].append(z)
        else:
            runs.append([z])
    return ", ".join(str(r[0]) if len(r) == 1 else f"{r[0]}{_TO}{r[-1]}" for r in runs)


def suitability(result: Result) -> Markup:
    """Say whether the scan is fit for scoring, and list the findings."""
    record = result.suitability
    kinds = {kind.value: words for kind, words in KIND_WORDS.items()}
    verdict = tag("span", record.verdict, class_=f"badge {record.verdict}")
    words = _VERDICTS.get(record.verdict, record.verdict)
    sentence = f"The series is {kinds.get(record.kind, record.kind)}: {words}."
    findings = tag(
        "ul",
        *(
            tag(
                "li",
                tag("span", finding.severity, class_=f"badge {finding.severity}"),
                finding.message,
                " ",
                tag("code", finding.code),
            )
            for finding in record.findings
        ),
        class_="findings",
    )
    none = tag("p", "Nothing was found that speaks against it.", class_="muted")
    return joined(tag("p", verdict, sentence), findings if record.findings else none)


def rule_table(result: Result) -> Markup:
    """Compare the Agatston score under all rules."""
    vessels = [site.label for site in CORONARY_SITES]
    return scrolling_table(
        "Agatston score of the same calcium under each rule",
        ("Rule", "From, HU", "Total", *vessels),
        (
            (
                joined(rule.rule, _aside("this score") if rule.rule == result.score.rule else ""),
                f"{rule.threshold_hu:g}",
                amount(rule.total),
                *(amount(rule.vessels.get(vessel)) for vessel in vessels),
            )
            for rule in result.score.by_rule.values()
        ),
    )


def how_it_was_made(result: Result) -> Markup:
    """Tell everything that is needed to make the score again."""
    return described_list((*_about_score(result), *_about_scan(result.scan)), "made")


def _about_score(result: Result) -> tuple[tuple[str, str | None], ...]:
    made, score = result.provenance, result.score
    source = _MASS_FACTORS.get(score.mass_calibration, score.mass_calibration)
    detail = f" ({score.mass_calibration_detail})" if score.mass_calibration_detail else ""
    calibration = f"{score.calibration_mg_per_cm3_hu:.4g} mg/cm³ per HU, {source}{detail}"
    return (
        ("Scoring rule", f"{score.rule}: {made.rule_reason}"),
        ("Calcium threshold", f"{made.threshold_hu:g} HU"),
        ("Mass calibration", calibration),
        ("How calcium was assigned", _METHODS.get(made.method, made.method)),
        ("Annotation", _annotation(made.annotation) if made.annotation else None),
        ("Reader", made.reader and tag("bdi", made.reader)),
        ("Why this series", made.series_reason),
        ("Software", f"{made.software} {made.software_version}"),
        ("Libraries", ", ".join(f"{name} {v}" for name, v in made.libraries.items())),
        ("Made", made.created),
    )


def _annotation(record: AnnotationRecord) -> Markup:
    return joined(
        tag("bdi", record.source),
        f" ({_FORMATS.get(record.format, record.format)}, regions: {record.region_count}) ",
        tag("code", f"sha256 {record.sha256}"),
    )


def _about_scan(scan: ScanRecord) -> tuple[tuple[str, str | None], ...]:
    dy, dx = scan.pixel_spacing_mm
    thickness = _with_unit(scan.slice_thickness_mm, "mm thick, ") or ""
    gating = {True: "ECG-gated", False: "not ECG-gated", None: "the tags are silent"}
    number = "" if scan.series_number is None else f", number {scan.series_number}"
    return (
        ("Study", scan.study_description and tag("bdi", scan.study_description)),
        ("Series", joined(tag("bdi", scan.series_description or "without description"), number)),
        ("Series UID", scan.series_instance_uid and tag("code", scan.series_instance_uid)),
        ("Exam date", " ".join(x for x in (scan.date, scan.time) if x) if scan.date else None),
        ("Age at the exam", _with_unit(scan.patient.age_years, "years")),
        ("Scanner", " ".join(x for x in (scan.manufacturer, scan.model_name) if x)),
        ("Tube voltage", _with_unit(scan.kvp, "kV")),
        ("Kernel", scan.convolution_kernel and scan.convolution_kernel.replace("\\", ", ")),
        ("Slices", f"{scan.shape[0]}, {thickness}{scan.increment_mm:g} mm apart"),
        ("Pixels", f"{dy:.3f} by {dx:.3f} mm"),
        ("Gating", gating[scan.is_gated]),
    )


def _with_unit(value: float | None, unit: str) -> str | None:
    return None if value is None else f"{value:g} {unit}"


def pictures_of(pictures: Mapping[str, Path], result: Result) -> Markup:
    """Embed the pictures, each with its caption and a description in words.

    Raises
    ------
    InputError
        If a picture cannot be read.
    """
    arteries = ", ".join(
        f"{site.label} {shown(result.score.vessels[site.label].agatston)}"
        for site in CORONARY_SITES
    )
    numbers = f"Agatston score {shown(result.score.total.agatston)}: {arteries}."
    figures = []
    for name, path in pictures.items():
        caption = _PICTURES.get(name, (name, name))[result.score.total.agatston == 0]
        image = tag("img", src=_data_uri(path), alt=f"{caption} {numbers}")
        frame = tag("div", image, class_="scroll", role="region", aria_label=caption, tabindex="0")
        figures.append(tag("figure", frame, tag("figcaption", caption)))
    return joined(*figures)


def _data_uri(path: Path) -> str:
    try:
        content = Path(path).read_bytes()
    except OSError as exc:
        msg = f"cannot read the picture {Path(path).name}: {exc.strerror}"
        raise InputError(msg) from exc
    return "data:image/png;base64," + base64.b64encode(content).decode("ascii")
