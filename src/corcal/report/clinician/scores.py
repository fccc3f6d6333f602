"""The score artery by artery beside its place among others, and its class in every scheme."""

from collections.abc import Container

from corcal.lesions.sites import Vessel
from corcal.lesions.unscoreable import unscoreable_arteries
from corcal.report.amounts import shown
from corcal.report.clinician.suitability import meaning_of
from corcal.report.document import Beside, Block, Heading, Paragraph, Picture, Table, Text
from corcal.report.interpretation_choice import charted_reference, is_comparable
from corcal.report.interpretation_words import (
    SCHEMES_DIFFER,
    arterial_age_words,
    class_words,
    has_other_words,
)
from corcal.report.percentile_inset import percentile_inset
from corcal.report.percentile_words import percentile_words
from corcal.report.unchecked import DOUBT_MARK, DOUBTFUL, has_doubtful_lesion
from corcal.report.words import ARTERY_NAMES, interval_range
from corcal.result import Result
from corcal.risk.categories import SCHEMES
from corcal.risk.interpretation_types import Interpretation
from corcal.risk.limits import REFERENCE_NAMES
from corcal.scoring.types import SiteScore

__all__ = ["MEASURES", "measures", "scores"]

MEASURES = ("Agatston", "Volume, mm³", "Mass, mg", "Lesions")
"""Columns of every table of scores."""

_WIDTHS = (1.2, 1.0)
_ARTERY_DOUBT = (
    "Intervals of arteries include that calcium may belong to a neighbouring artery: one can reach "
    "0, or far above its score."
)
_METAL_MARK = "*"
_METAL = (
    f"{_METAL_MARK} Metal lies on this artery: it is not scoreable there, and its score is of the "
    "rest."
)
_SAID_ABOVE = ("plain", "cac_drs")  # in the impression


def scores(result: Result) -> tuple[Block, ...]:
    """Set the arteries beside the percentile chart, if there is one."""
    heading, told = Heading(text="Calcium by artery"), meaning_of(result)
    metal = unscoreable_arteries(result.suitability.findings)
    about_metal = (_METAL,) if metal else ()
    texts = [
        *about_metal,
        *_about_doubt(result),
        *_about_intervals(result),
        *(() if told is None else _notes(told)),
    ]
    notes = tuple(Paragraph(text=each, role="note") for each in texts)
    if told is None:
        return (heading, _arteries(result, metal), *notes)
    left: tuple[Block, ...] = (_arteries(result, metal), *notes)
    chart = _chart(told)
    if not chart:
        return (heading, *left)
    return (heading, Beside(columns=(left, chart), widths=_WIDTHS))


def _arteries(result: Result, metal: Container[str]) -> Table:
    score = result.score
    has_interval = score.total.interval is not None
    head = ("Artery", *MEASURES)
    names = ", ".join(f"{vessel} {ARTERY_NAMES[vessel].lower()}" for vessel in Vessel)
    return Table(
        caption=f"Calcium by artery: {names}",
        head=(*head[:2], "Interval", *head[2:]) if has_interval else head,
        rows=tuple(
            (
                _artery_name(result, vessel, metal),
                *measures(score.vessels[vessel], has_interval=has_interval),
            )
            for vessel in Vessel
        ),
        foot=("Total", *measures(score.total, has_interval=has_interval)),
        numeric=frozenset(range(1, len(head) + has_interval)),
    )


def _artery_name(result: Result, vessel: Vessel, metal: Container[str]) -> str:
    """Name an artery with its marks: metal on it, and a doubtful lesion as the pictures have it."""
    marks = (
        _METAL_MARK if str(vessel) in metal else "",
        DOUBT_MARK if has_doubtful_lesion(result, str(vessel)) else "",
    )
    return " ".join((str(vessel), *(mark for mark in marks if mark)))


def measures(score: SiteScore, *, has_interval: bool = False) -> tuple[Text, ...]:
    """Write the cells of `MEASURES`, with the interval behind the Agatston score if wanted."""
    interval = score.interval
    words = shown(None) if interval is None else interval_range(interval)
    return (
        shown(score.agatston),
        *((words,) if has_interval else ()),
        shown(score.volume_mm3),
        shown(score.mass_mg),
        str(score.lesion_count),
    )


def _about_doubt(result: Result) -> tuple[str, ...]:
    """Explain the mark of doubtful arteries."""
    has_some = any(has_doubtful_lesion(result, str(vessel)) for vessel in Vessel)
    return (f"{DOUBT_MARK} A lesion there is {DOUBTFUL}.",) if has_some else ()


def _about_intervals(result: Result) -> tuple[str, ...]:
    """Explain intervals of arteries, which can be far wider than that of the total."""
    score = result.score
    has_some = any(each.interval is not None for each in score.vessels.values())
    return (_ARTERY_DOUBT,) if has_some and score.total.agatston > 0 else ()


def _notes(told: Interpretation) -> list[str]:
    """Give the other schemes and the arterial age, both made from gated scans."""
    if not is_comparable(told):
        return []
    classes = (
        f"{SCHEMES[name].title}: {class_words(each)}"
        for name, each in told.categories.items()
        if name not in _SAID_ABOVE
    )
    plain, drs = (told.categories[name] for name in _SAID_ABOVE)
    is_new = has_other_words(told.categories.values()) and not has_other_words((plain, drs))
    notes = [f"{'; '.join(classes)}.{f' {SCHEMES_DIFFER}' if is_new else ''}"]
    age = arterial_age_words(told.arterial_age)
    return notes if age is None else [*notes, f"Arterial age {age}"]


def _chart(told: Interpretation) -> tuple[Picture, ...]:
    person, reference = told.person, charted_reference(told)
    if person is None or reference is None or not is_comparable(told):
        return ()
    found = told.percentile[reference]
    title = f"The score among percentile curves over age ({REFERENCE_NAMES[reference]})"
    picture = Picture(
        data=percentile_inset(
            told.agatston,
            age_years=person.age_years,
            sex=person.sex,
            race=person.race,
            reference=reference,
            title=title,
        ),
        media_type="image/svg+xml",
        alt=f"{title}. {percentile_words(found, told.agatston)}",
        caption=title,
    )
    return (picture,)
