"""What was found outside the coronary arteries, apart from the score that it is no part of."""

from corcal.exam_numbers import DEVICE_FINDINGS, has_device
from corcal.lesions.sites import Site
from corcal.report.amounts import shown_site
from corcal.report.clinician.scores import MEASURES, measures
from corcal.report.document import Block, Heading, Paragraph, Table
from corcal.report.words import sentence
from corcal.result import Result

__all__ = ["elsewhere"]

# Bone and noise are no findings, and the density of metal is no calcium.
_NOT_LISTED = frozenset(site.label for site in (Site.BONE, Site.NOISE, Site.DEVICE))
_CALCIUM_ALONE = (
    "Only calcium was looked for: the rest of the scan needs the eyes of a radiologist."
)
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
        rows=tuple((_name(label), *measures(score)) for label, score in found.items()),
        numeric=frozenset(range(1, len(MEASURES) + 1)),
    )
    return (heading, *metal, table, Paragraph(text=_CALCIUM_ALONE))


def _metal(result: Result) -> list[str]:
    """Say where metal was found; where no finding tells, that there is some."""
    findings = (each for each in result.suitability.findings if each.code in DEVICE_FINDINGS)
    told = [sentence(each.message) for each in findings]
    return told if told or not has_device(result) else [_METAL]


def _name(label: str) -> str:
    name = shown_site(label)
    return f"{name[:1].upper()}{name[1:]}"
