"""What the pages for people promise, as phrases with the record's numbers rounded by a second hand.

A phrase is some words of the page around the numbers: a number that stands in another place, or
with another rounding, is not found. What is left of a page when all phrases, the texts of the
record and the sentences that always have a number are taken out must have no digit.
"""

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

from pypdf import PdfReader

from corcal.lesions.sites import CORONARY_SITES
from corcal.result import Result

__all__ = ["page_texts", "phrases", "without_the_record"]

Phrase = tuple[str, tuple[str, ...]]
"""Words of a page, and the paths of the numbers in them."""

_VESSELS = [site.label for site in CORONARY_SITES]
_MEASURES = ("agatston", "volume_mm3", "mass_mg", "lesion_count")
_UNSEEN = re.compile("[\u00ad\u200b\u200e\u200f\u2060\u2066-\u2069]")
_MINUS = "\N{MINUS SIGN}"


def page_texts(folder: Path, name: str) -> dict[str, str]:
    """Give the text of a page as PDF and as HTML, white space as single spaces."""
    pdf = " ".join(page.extract_text() for page in PdfReader(folder / f"{name}.pdf").pages)
    parser = _Texts()
    parser.feed((folder / f"{name}.html").read_text(encoding="utf-8"))
    texts = {"pdf": pdf, "html": " ".join(parser.found)}
    return {kind: " ".join(_UNSEEN.sub("", text).split()) for kind, text in texts.items()}


class _Texts(HTMLParser):
    """What a person reads of a page, and what is read out in place of its pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in ("style", "script", "head"):
            self._hidden += 1
        self.found += [value for name, value in attributes if name == "alt" and value]

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script", "head"):
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found.append(data)


def has(text: str, phrase: str) -> bool:
    """Whether the words stand on the page, their numbers neither longer nor shorter."""
    return _pattern(phrase).search(text) is not None


def _pattern(phrase: str) -> re.Pattern[str]:
    letters = [re.escape(letter) for letter in "".join(phrase.split())]
    return re.compile(r"(?<![\d.,])" + r"\s*".join(letters) + r"(?![.,]?\d)")


def without_the_record(text: str, result: Result, told: list[Phrase], always: list[str]) -> str:
    """Take out of a page what the record says and what always stands there."""
    known = {phrase for phrase, _ in told} | set(_strings(result))
    for phrase in sorted(known, key=len, reverse=True):
        text = _pattern(phrase).sub(" \N{PILCROW SIGN} ", text)
    for sentence in always:
        text = re.sub(sentence, " \N{PILCROW SIGN} ", text)
    return text


def phrases(result: Result, form: str, language: str = "en") -> list[Phrase]:
    """List what a page must say."""
    if form == "letter":
        return list(_letter(result, _words(language)))
    return list(_report(result) if form == "report" else _sentences(result))


def _report(result: Result) -> Iterator[Phrase]:
    yield from _of_scan(result)
    yield from _of_score(result)
    yield from _of_doubts(result)
    yield from _of_meaning(result)
    yield from _of_followup(result)


def _of_scan(result: Result) -> Iterator[Phrase]:
    scan, made = result.scan, result.provenance
    yield f"Sex, age female, {scan.patient.age_years:g} years", ("scan.patient.age_years",)
    yield f"{scan.series_description}, number {scan.series_number}", ("scan.series_number",)
    yield f"{scan.kvp:g} kV, kernel {scan.convolution_kernel}", ("scan.kvp",)
    yield (
        f"Slices, gating {scan.shape[0]}, {scan.slice_thickness_mm:g} mm thick, "
        f"{scan.increment_mm:g} mm apart",
        ("scan.shape.0", "scan.slice_thickness_mm", "scan.increment_mm"),
    )
    yield (
        f"{result.score.rule}, calcium from {made.threshold_hu:g} HU",
        ("provenance.threshold_hu",),
    )
    yield (
        f"Mass calibration {result.score.calibration_mg_per_cm3_hu:.4g} mg/cm³ per HU",
        ("score.calibration_mg_per_cm3_hu",),
    )
    yield f"Software {made.software} {made.software_version}", ()
    models = [f"{each.name} {each.version}" for each in (made.model, made.detector) if each]
    yield f"Models {', '.join(models)}", ()
    moment = datetime.fromisoformat(made.created).astimezone(UTC)
    yield f"Scored {moment:%Y-%m-%d %H:%M:%S} UTC", ()
    if made.annotation is not None:
        regions = made.annotation.region_count
        yield (
            f"{made.annotation.source}, {regions} regions",
            ("provenance.annotation.region_count",),
        )
    if made.reviewed is not None:
        before, day = made.reviewed.proposed_agatston, made.reviewed.finished[:10]
        path = "provenance.reviewed.proposed_agatston"
        yield f"on {day}; before the review the score was {whole(before)}.", (path,)
    if made.amendment is not None:
        then, now, path = _amendment(result, whole)
        yield f"signed on 2026-01-03 10:07:08 UTC by {made.amendment.reader_before}", ()
        yield f"Agatston score then {then}, now {now}.", (path,)


def _amendment(result: Result, written: Callable[[float], str]) -> tuple[str, str, str]:
    """The scores of the report that is corrected and of this one, with their categories."""
    before, path = result.provenance.amendment, "provenance.amendment.agatston_before"
    now = f"{written(result.score.total.agatston)} (category {_plain(result)})"
    return f"{written(before.agatston_before)} (category {before.category_before})", now, path


def _plain(result: Result) -> str:
    return result.interpretation.categories["plain"].code


def _of_score(result: Result) -> Iterator[Phrase]:
    score = result.score
    has_interval = score.total.interval is not None
    for name, one in (*score.vessels.items(), ("total", score.total)):
        base = "score.total" if name == "total" else f"score.vessels.{name}"
        cells = [tenth(one.agatston), tenth(one.volume_mm3), tenth(one.mass_mg)]
        paths = [f"{base}.{field}" for field in _MEASURES]
        if has_interval:
            cells.insert(1, ends(one.interval))
            paths += [f"{base}.interval.low", f"{base}.interval.high"]
        words = " ".join(cells)
        doubtful = any(
            (each.probabilities or {}).get(name, 1.0) < 0.9 and each.agatston
            for each in result.lesions
            if each.site == name and not result.provenance.is_signed
        )
        shown = "Total" if name == "total" else f"{name} ?" if doubtful else name
        yield (
            f"{shown} {words} {one.lesion_count}",
            tuple(paths),
        )
    yield f"Agatston score {whole(score.total.agatston)}", ("score.total.agatston",)
    if has_interval:
        level = 100 * score.total.interval.level
        said = f"{level:g} % interval {ends(score.total.interval)}"
        yield said, ("score.total.interval.level",)
    yield "A lesion there is doubtful, less than 90 % probable", ()
    involved = score.total.vessels_involved
    yield f"Arteries {involved} of 4 with calcium", ("score.total.vessels_involved",)
    each = ", ".join(f"{name} {tenth(score.vessels[name].agatston)}" for name in _VESSELS)
    yield f"calcium in the colour of its artery. {each}.", ()  # read out with the pictures
    for name in _VESSELS:
        own = [one for one in result.lesions if one.site == name]
        if own:
            largest = max(own, key=lambda one: one.agatston)
            yield f"({name}), outlined: {largest.id}, Agatston {tenth(largest.agatston)}.", ()
    for name, one in score.other_sites.items():
        cells = f"{tenth(one.agatston)} {tenth(one.volume_mm3)} {tenth(one.mass_mg)}"
        paths = tuple(f"score.other_sites.{name}.{field}" for field in _MEASURES)
        place, count = _elsewhere(result, name)
        yield f"{place} {cells} {one.lesion_count}{count}", paths
        if "?" in place + count:
            yield "?: doubtful, less than 90 % probable", ()


def _elsewhere(result: Result, site: str) -> tuple[str, str]:
    """Name a place outside the arteries; what stands behind name and count where it is doubtful."""
    name = site.replace("_", " ").capitalize()
    contested = {one.lesion for one in (result.review.contested if result.review else ())}
    own = [one for one in result.lesions if one.site == site]
    doubtful = [
        one
        for one in own
        if one.id in contested or (one.probabilities and one.probabilities[site] < 0.9)
    ]
    if result.provenance.is_signed or not doubtful:
        return name, ""
    if len(doubtful) < len(own):
        return name, f" ({len(doubtful)} ?)"
    chances = doubtful[0].probabilities or {}
    other = max((one for one in chances if one != site), key=chances.__getitem__)
    second = f", {other.replace('_', ' ')} {100 * chances[other]:.0f} %"
    return f"{name} ? ({100 * chances[site]:.0f} %{second})", ""


def _of_doubts(result: Result) -> Iterator[Phrase]:
    """List what is doubtful of lesions, and over which bands the interval of the total reaches."""
    contested = {one.lesion for one in (result.review.contested if result.review else ())}
    artery, calcium = [], []
    for one in result.lesions:
        chances = one.probabilities
        if chances is None or one.site not in _VESSELS or one.id in contested:
            continue
        if sum(chances[name] for name in _VESSELS) <= 0.85:
            calcium.append(one)
        elif max(chances[name] for name in _VESSELS) < 0.85:
            artery.append(one)
    for group in (artery, calcium):
        for one in group[:3]:
            (first, p), (second, q), *_ = sorted(one.probabilities.items(), key=lambda x: -x[1])
            sites = f"{first} {100 * p:.0f} %, {second} {100 * q:.0f} %".replace("_", " ")
            yield f"{sites})", ()
            yield one.id, ()
        if len(group) > 3:
            yield f"and {len(group) - 3} more", ()
    told = result.interpretation
    if told is not None and told.certainty is not None:
        low, high = told.certainty.bands
        if low != high:
            yield f"The interval reaches from {low} to {high} of the bands of ACC/AHA 2026", ()


_FACTS = {
    "systolic_mmhg": "systolic blood pressure {} mmHg",
    "total_cholesterol_mg_dl": "total cholesterol {} mg/dL",
    "hdl_mg_dl": "HDL cholesterol {} mg/dL",
    "ldl_mg_dl": "LDL cholesterol {} mg/dL",
    "egfr": "eGFR {} mL/min/1.73 m²",
    "bmi": "body mass index {} kg/m²",
    "age_years": "Given for a White woman of {} years",
}
_PREVENT = {
    "total_cvd": "cardiovascular disease",
    "ascvd": "atherosclerotic disease (ASCVD)",
    "heart_failure": "heart failure",
    "chd": "coronary heart disease",
    "stroke": "stroke",
}


def _of_meaning(result: Result) -> Iterator[Phrase]:
    told = result.interpretation
    if told is None:
        return
    for name, words in _FACTS.items():
        yield words.format(f"{getattr(told.person, name):g}"), (f"interpretation.person.{name}",)
    mesa, path = told.percentile["mesa"], "interpretation.percentile.mesa"
    if mesa.value is not None:
        yield f"MESA: {ordinal(mesa.value)} percentile of {mesa.group}.", (f"{path}.value",)
    yield f"{mesa.p_nonzero} % of them have calcium", (f"{path}.p_nonzero",)
    scores = ", ".join(f"{score:g}" for score in mesa.scores.values())
    yield f"Scores at the 25/50/75/90th percentile: {scores}.", ()  # read out with the chart
    if mesa.value is not None:
        yield f"(MESA). {ordinal(mesa.value)} percentile of {mesa.group}.", ()
    age = told.arterial_age
    if age.years is not None:
        yield (
            f"Arterial age {age.years:.0f} years ({age.low:.0f} to {age.high:.0f})",
            tuple(f"interpretation.arterial_age.{name}" for name in ("years", "low", "high")),
        )
    yield from _of_risk(told.risk)
    plain, drs = told.categories["plain"], told.categories["cac_drs"]
    other = ""
    if told.certainty is not None and not told.certainty.is_sure:
        chances = dict(told.certainty.category_probabilities)
        own = chances.pop(plain.code)
        name = max(chances, key=lambda one: chances[one])
        other = f" with {100 * own:.0f} %; {name} with {100 * chances[name]:.0f} %"
    yield f"Category {plain.label} ({plain.code}){other}", ()
    yield f"CAC-DRS {drs.code}, {drs.label}", ()
    for scheme, title in _SCHEMES.items():
        each = told.categories[scheme]
        words = each.label if each.code == each.label else f"{each.code}, {each.label}"
        yield f"{title}: {words}", ()


_SCHEMES = {
    "rumberger": "Rumberger 1999",
    "cad_rads": "CAD-RADS 2.0, plaque burden by score",
    "stage_2024": "Stage (Maron 2024)",
    "guideline_2026": "ACC/AHA 2026",
}


def _of_risk(risk: Any) -> Iterator[Phrase]:
    both = f"{percent(risk.mesa_chd)} {percent(risk.mesa_chd_with_cac)}"
    paths = ("interpretation.risk.mesa_chd", "interpretation.risk.mesa_chd_with_cac")
    yield f"MESA risk score: coronary heart disease {both}", paths
    pce = f"Pooled Cohort Equations: atherosclerotic disease (ASCVD) {percent(risk.pce)}"
    yield pce, ("interpretation.risk.pce",)
    for name, words in _PREVENT.items():
        said = f"PREVENT: {words} {percent(risk.prevent[name])}"
        yield said, (f"interpretation.risk.prevent.{name}",)


def _of_followup(result: Result) -> Iterator[Phrase]:
    if result.followup is None:
        return
    yield f"Change since {result.followup.exams[0].date}", ()
    for k, exam in enumerate(result.followup.exams):
        base, sure = f"followup.exams.{k}", "\N{EN DASH}"
        paths = [f"{base}.{field}" for field in ("agatston", "volume_mm3", "mass_mg")]
        if exam.interval is not None:
            sure = ends(exam.interval)
            paths += [f"{base}.interval.low", f"{base}.interval.high"]
        cells = f"{tenth(exam.agatston)} {sure} {tenth(exam.volume_mm3)} {tenth(exam.mass_mg)}"
        yield f"{exam.date} {cells}", tuple(paths)
    whole_change, base = result.followup.whole, "followup.changes.whole"
    per_year = next(each.value for each in whole_change.methods if each.key == "per_year")
    yield f"({whole_change.years:.1f} years apart)", (f"{base}.years",)
    said = f"Change per year: {signed(per_year)} Agatston units a year"
    yield said, (f"{base}.methods.per_year.value",)
    vessels = ", ".join(f"{name} {signed(whole_change.vessels[name])}" for name in _VESSELS)
    said = f"By artery, which no rule judges: {vessels}"
    yield said, tuple(f"{base}.vessels.{name}" for name in _VESSELS)
    scores = "; ".join(f"{exam.date} {tenth(exam.agatston)}" for exam in result.followup.exams)
    yield f"Agatston scores over time: {scores}.", ()


def _sentences(result: Result) -> Iterator[Phrase]:
    """List what formats for programs say in words: DICOM with every digit, the others rounded."""
    total, made, score = result.score.total, result.provenance, result.score
    yield f"{made.software} {made.software_version}", ()
    yield made.software_version, ()
    models = [f"{each.name} {each.version}" for each in (made.model, made.detector) if each]
    yield f"({', '.join(models)})", ()
    yield f"threshold {made.threshold_hu:g} HU", ()
    factor = repr(score.calibration_mg_per_cm3_hu)
    yield f"Calcium mass by {factor} mg/cm3/HU", ()
    yield f"calibration_mg_per_cm3_hu={factor}", ()
    sure = ""
    for one in (total, *score.vessels.values()):
        if one.interval is not None:
            level = f"{100 * one.interval.level:g} %"
            yield (
                f"{level} interval of the Agatston score: {one.interval.low!r} to "
                f"{one.interval.high!r}",
                (),
            )
    if total.interval is not None:
        sure = f" ({100 * total.interval.level:g} % interval {ends(total.interval)})"
    yield f"Agatston score: {tenth(total.agatston)}{sure}.", ()
    if made.amendment is not None:
        yield "signed on 2026-01-03 10:07:08 UTC", ()
        for written in (repr, tenth):
            then, now, _ = _amendment(result, written)
            yield f"Agatston score then {then}, now {now}.", ()
    if result.interpretation is not None:
        yield f"Category {result.interpretation.categories['plain'].code}.", ()


def _words(language: str) -> dict[str, dict[str, str]]:
    file = files("corcal.report.letter") / "languages" / f"{language}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _letter(result: Result, words: dict[str, dict[str, str]]) -> Iterator[Phrase]:
    local = _Local(words)
    total, told = result.score.total, result.interpretation
    score = words["number"]["score"].format(score=local.number(whole(total.agatston)))
    yield score, ("score.total.agatston",)
    yield from local.of_scale(result)
    day = date.fromisoformat(result.scan.date)
    yield words["letter"]["date"].format(date=local.date(day)), ()
    made = datetime.fromisoformat(result.provenance.created).astimezone(UTC)
    yield words["letter"]["written"].format(date=local.date(made.date())), ()
    for section in words.values():  # sentences with a number of their own: 911, 10 years
        yield from ((text, ()) for text in section.values() if _is_fixed(text))
    if total.interval is not None:
        low, high = map(local.number, ends(total.interval).split(" to "))
        paths = ("score.total.interval.low", "score.total.interval.high")
        yield words["number"]["interval"].format(low=low, high=high), paths
    if told is not None:
        yield from local.of_meaning(told, is_zero=total.agatston == 0)
    if (amendment := result.provenance.amendment) is not None:
        signed = datetime.fromisoformat(amendment.signed_before)
        yield words["amended"]["text"].format(date=local.date(signed.date())), ()
        before, after = (
            local.number(whole(one)) for one in (amendment.agatston_before, total.agatston)
        )
        path = "provenance.amendment.agatston_before"
        yield words["amended"]["scores"].format(before=before, after=after), (path,)
    if result.followup is not None:
        for k, exam in enumerate(result.followup.exams):
            said = f"{local.date(exam.date)} {local.number(whole(exam.agatston))}"
            yield said, (f"followup.exams.{k}.agatston",)


class _Local:
    """The phrases of a letter in the words and with the decimals of a language."""

    def __init__(self, words: dict[str, dict[str, str]]) -> None:
        self.words, self.language = words, words["language"]

    def number(self, text: str) -> str:
        plain = text.removeprefix("<").removesuffix(".0").replace(".", self.language["decimal"])
        return self.language["below"].format(number=plain) if text.startswith("<") else plain

    def date(self, day: Any) -> str:
        month = self.language["months"].split()[day.month - 1]
        return self.language["date"].format(day=day.day, month=month, year=day.year)

    def percent(self, fraction: float) -> str:
        number = f"{100 * fraction:.1f}".replace(".", self.language["decimal"])
        return self.language["percent"].format(number=number)

    def of_scale(self, result: Result) -> Iterator[Phrase]:
        scale, score = self.words["scale"], result.score.total.agatston
        part = ("none", "mild", "moderate", "large")[sum(score > edge for edge in (0, 100, 400))]
        shown = {"score": self.number(whole(score)), "part": scale[part]}
        if score:
            yield scale["alt"].format(**shown, range=scale[f"{part}_range"]), ()
        else:
            yield scale["alt_zero"].format(**shown), ()

    def of_meaning(self, told: Any, *, is_zero: bool) -> Iterator[Phrase]:
        words, mesa, risk = self.words, told.percentile["mesa"], told.risk
        people = words["place"]["women"]
        if is_zero:
            yield words["place"]["zero"].format(people=people, n=mesa.p_nonzero), ()
        else:
            path = "interpretation.percentile.mesa.value"
            yield words["place"]["value"].format(people=people, n=mesa.value), (path,)
        of_100 = round(100 * risk.mesa_chd_with_cac)
        counted = {"n": of_100, "rest": 100 - of_100, "outcome": words["chance"]["mesa"]}
        yield words["chance"]["text"].format(**counted), ()
        yield words["chance"]["alt"].format(**counted), ()
        with_scan, without = self.percent(risk.mesa_chd_with_cac), self.percent(risk.mesa_chd)
        paths = ("interpretation.risk.mesa_chd_with_cac", "interpretation.risk.mesa_chd")
        yield words["chance"]["with_scan"].format(percent=with_scan, without=without), paths
        yield from self.of_factors(told)

    def of_factors(self, told: Any) -> Iterator[Phrase]:
        do, person = self.words["do"], told.person
        pressure, cholesterol = f"{person.systolic_mmhg:g}", f"{person.total_cholesterol_mg_dl:g}"
        path = "interpretation.person.systolic_mmhg"
        yield do["pressure"].format(value=pressure, goal=130), (path,)
        path = "interpretation.person.total_cholesterol_mg_dl"
        yield do["lipids"].format(value=cholesterol), (path,)
        rows = {
            "smoking_stopped": do["row_smoking"],
            "systolic_at_goal": do["row_pressure"].format(before=pressure, after=130),
            "lipids_at_goal": do["row_lipids"].format(before=cholesterol, after=_goal(told)),
            "together": do["row_together"],
        }
        for each in told.what_if:
            if (each.model, each.years) == ("mesa_chd_with_cac", 10):
                yield self.of_change(each, rows[each.change])

    def of_change(self, each: Any, row: str) -> Phrase:
        base = f"interpretation.what_if.mesa_chd_with_cac-chd-10.{each.change}"
        before = f"{row} {self.percent(each.before)}"
        if each.low is None:
            return f"{before} {self.percent(each.after)}", (f"{base}.before", f"{base}.after")
        low, high = self.percent(each.low), self.percent(each.high)
        then = self.language["range"].format(low=low, high=high)
        return f"{before} {then}", tuple(f"{base}.{name}" for name in ("before", "low", "high"))


def _is_fixed(text: str) -> bool:
    return "{" not in text and len(text) > 10 and re.search(r"\d", text) is not None


def _goal(told: Any) -> str:
    """Total cholesterol that goes with non-HDL cholesterol at its goal, in the record's words."""
    said = next(each.changed[0] for each in told.what_if if each.change == "lipids_at_goal")
    return re.search(r"to (\d+)", said)[1]


def whole(value: float) -> str:
    """A score as it stands alone: without decimals from 10 on."""
    return f"{value:.0f}" if value >= 10 else tenth(value)


def tenth(value: float) -> str:
    return "0" if value == 0 else f"{value:.1f}" if value >= 0.05 else "<0.1"


def ends(interval: Any) -> str:
    """An interval, without decimals if its upper end has two digits."""
    digits, least = (0, "<1") if interval.high >= 10 else (1, "<0.1")
    low = "0" if interval.low == 0 else f"{interval.low:.{digits}f}"
    low = least if interval.low and float(low) == 0 else low
    return f"{low} to {interval.high:.{digits}f}"


def percent(fraction: float) -> str:
    return f"{100 * fraction:.1f} %"


def signed(value: float) -> str:
    return f"{'+' if value > 0 else _MINUS}{abs(value):.1f}"


def ordinal(number: int) -> str:
    last = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number in (11, 12, 13) else last.get(number % 10, 'th')}"


def _strings(value: Any) -> Iterator[str]:
    """Give the texts of a record that have a number and more than that."""
    if isinstance(value, str):
        text = re.sub(r"\s*\[[^\]]*\]$", "", value).removesuffix(".")
        if re.search(r"\d", text) and len(text) > 5:
            yield text
        return
    if is_dataclass(value):
        parts: Any = [getattr(value, each.name) for each in fields(value)]
    elif isinstance(value, dict):
        parts = value.values()
    else:
        parts = value if isinstance(value, tuple) else ()
    for part in parts:
        yield from _strings(part)
