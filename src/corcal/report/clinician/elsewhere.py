"""What was found outside the coronary arteries, apart from the score that it is no part of."""

from corcal.exam_numbers import DEVICE_FINDINGS, has_device
from corcal.lesions.sites import Site
from corcal.report.amounts import shown_percent, shown_site
from corcal.report.clinician.scores import MEASURES, measures
from corcal.report.document import Block, Heading, Paragraph, Table, Text
from corcal.report.other_sites import doubtful_lesions, is_sure_site
from corcal.report.pieces import CERTAIN
from corcal.report.unchecked import DOUBT_MARK
from corcal.report.words import sentence
from corcal.result import Result
from corcal.scoring.types import Lesion, SiteScore

__all__ = ["elsewhere"]

# Bone and noise are no findings, and the density of metal is no calcium.
_NOT_LISTED = frozenset(site.label for site in (Site.BONE, Site.NOISE, Site.DEVICE))
_CALCIUM_ALONE = (
    "Only calcium was looked for: the rest of the scan needs the eyes of a radiologist."
)
_DOUBTFUL = (
    f"{DOUBT_MARK}: doubtful, less than {shown_percent(CERTAIN)} probable or named in the reasons "
    "for a review; in brackets what it, of several the largest, may be."
)
_LEAST_SHOWN = 0.005  # a probability below this is not written
_NOTHING = "No calcium outside the coronary arteries is recorded."
_METAL = (
    "Metal was found at the heart and left out of the score: an artery that it lies on cannot be "
    "scored, and the true score may be higher."
)


def elsewhere(result: Result) -> tuple[Block, ...]:
    """List calcium of other places, metal, and what was not looked at."""
    heading = Heading(text="Outside the arteries, not in the score")
    metal = tuple(Paragraph(text=each) for each in _metal(result))
    found = {
        label: score
        for label, score in result.score.other_sites.items()
        if label not in _NOT_LISTED
    }
    if not found:
        return (heading, *metal, Paragraph(text=f"{_NOTHING} {_CALCIUM_ALONE}"))
    table = Table(
        caption="Calcium outside the coronary arteries",
        head=("Place", *MEASURES),
        rows=tuple(_row(result, label, score) for label, score in found.items()),
        numeric=frozenset(range(1, len(MEASURES) + 1)),
    )
    is_doubtful = any(doubtful_lesions(result, label) for label in found)
    note = (Paragraph(text=_DOUBTFUL, role="note"),) if is_doubtful else ()
    return (heading, *metal, table, *note, Paragraph(text=_CALCIUM_ALONE))


def _metal(result: Result) -> list[str]:
    """Say where metal was found; where no finding tells, that there is some."""
    findings = (each for each in result.suitability.findings if each.code in DEVICE_FINDINGS)
    told = [sentence(each.message) for each in findings]
    return told if told or not has_device(result) else [_METAL]


def _row(result: Result, label: str, score: SiteScore) -> tuple[Text, ...]:
    """Write a place: with a mark if all of it is doubtful, else with how many of its lesions."""
    name, (*amounts, count) = shown_site(label), measures(score)
    name = f"{name[:1].upper()}{name[1:]}"
    doubtful = doubtful_lesions(result, label)
    if not is_sure_site(result, label):
        name = f"{name} {DOUBT_MARK} ({_chances(doubtful[0])})"
    elif doubtful:
        count = f"{count} ({len(doubtful)} {DOUBT_MARK})"
    return (name, *amounts, count)


def _chances(lesion: Lesion) -> str:
    """Say how probable the site of a lesion is, and what else it most likely is."""
    chances = lesion.probabilities or {}
    others = ((p, name) for name, p in chances.items() if name != lesion.site)
    other, name = max(others, default=(0.0, ""))
    told = f", {shown_site(name)} {shown_percent(other)}" if other >= _LEAST_SHOWN else ""
    return f"{shown_percent(chances.get(lesion.site, 0.0))}{told}"
