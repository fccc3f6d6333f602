"""What kind of case a record is: which parts of a letter apply to it."""

from dataclasses import dataclass, field
from functools import cached_property

from corcal.ct.suitability.verdict import Verdict
from corcal.exam_numbers import gating, has_device, is_fit
from corcal.interpreted import other_than_headers
from corcal.report.other_sites import is_sure_site
from corcal.report.words import zero_words
from corcal.result import Result
from corcal.risk.categories import HIGH_FOR_AGE_PERCENTILE, SCHEMES, band_of
from corcal.risk.exceptions import is_taken_for_stent
from corcal.risk.guidance.facts import facts_of
from corcal.risk.interpretation_types import Interpretation
from corcal.risk.types import Person
from corcal.scoring.categories import CATEGORIES

__all__ = ["PARTS", "Case"]

PARTS = ("none", "mild", "moderate", "large")
"""The classes of the plain guide, as the letter names them: one a band of the scheme."""

_NOTHING_MARKED = "no calcium was marked"
_OPEN_FROM = 0.25  # another class of this probability is told as well
_VERY_LARGE = ">=1000"  # the highest band of the guideline of 2026
# Facts that the letter asks for if they are not known, in the order in which they are asked for
_ASKED = (
    "age_years",
    "sex",
    "systolic_mmhg",
    "total_cholesterol_mg_dl",
    "has_diabetes",
    "smokes",
)
# Sites near the arteries, and what the letter calls each: a key of the section ``site``
_VALVES = ("aortic_valve", "mitral_annulus")
_NEAR_SITES = {
    "ascending_aorta": "aorta",
    "descending_aorta": "aorta",
    "aortic_valve": "aortic_valve",
    "mitral_annulus": "mitral_annulus",
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A record, and the questions that the parts of the letter ask about it.

    Attributes
    ----------
    result : Result
        The record.
    """

    result: Result = field(repr=False)

    @property
    def score(self) -> float:
        """The Agatston score, unrounded."""
        return self.result.score.total.agatston

    @property
    def meaning(self) -> Interpretation | None:
        """What the score means, if somebody has asked."""
        return self.result.interpretation

    @property
    def person(self) -> Person | None:
        """Who it is, as far as that is known."""
        return self.meaning.person if self.meaning is not None else None

    @property
    def other_than_headers(self) -> tuple[str, ...]:
        """What of the person contradicts the headers of the scan: ``"age_years"``, ``"sex"``."""
        return other_than_headers(self.result, self.person)

    @property
    def part(self) -> str:
        """The class of the score in the plain guide, one of `PARTS`."""
        bands = SCHEMES["plain"].bands
        return PARTS[bands.index(band_of("plain", self.score))]

    @property
    def open_parts(self) -> tuple[str, ...]:
        """The classes that the score may be of, its own among them; one alone is sure enough."""
        chances = self.result.score.category_probabilities
        if chances is None or self.is_signed:
            return (self.part,)
        likely = {
            part
            for part, category in zip(PARTS, CATEGORIES, strict=True)
            if chances.get(category, 0.0) >= _OPEN_FROM
        }
        return tuple(part for part in PARTS if part in likely | {self.part})

    @property
    def is_very_large(self) -> bool:
        """Whether the score is in the highest band that there is."""
        return band_of("guideline_2026", self.score).code == _VERY_LARGE

    @property
    def is_signed(self) -> bool:
        """Whether a reader has signed the score: the rule of all outputs."""
        return self.result.provenance.is_signed

    @property
    def is_marked(self) -> bool:
        """Whether a person has marked the calcium; a program found it else."""
        return self.result.provenance.annotation is not None

    @property
    def is_unchecked(self) -> bool:
        """Whether a program found the calcium and nobody has signed; to be named is not to sign."""
        return not self.is_marked and not self.is_signed

    @property
    def is_review_advised(self) -> bool:
        """Whether a doubt can be named."""
        return self.result.review is not None and self.result.review.advised

    @property
    def is_fit(self) -> bool:
        """Whether the scan was fit to be scored."""
        return is_fit(self.result)

    @property
    def is_with_care(self) -> bool:
        """Whether a fit scan has to be read with care."""
        return self.is_fit and self.result.suitability.verdict is not Verdict.FIT

    @property
    def is_gated(self) -> bool | None:
        """Whether the scan was timed to the heartbeat; ``None`` is not known."""
        return gating(self.result)

    @property
    def is_nothing_marked(self) -> bool:
        """Whether a zero may only mean that nobody marked anything."""
        return zero_words(self.result) == _NOTHING_MARKED

    @property
    def has_disease(self) -> bool:
        """Whether it is known that the person has cardiovascular disease."""
        return self.person is not None and bool(self.person.has_known_ascvd)

    @property
    def has_device(self) -> bool:
        """Whether metal was seen at the heart."""
        return has_device(self.result)

    @property
    def may_have_stent(self) -> bool:
        """Whether metal has to be taken for a stent."""
        return self.has_device and is_taken_for_stent(self.person)

    @property
    def has_symptoms(self) -> bool:
        """Whether there are symptoms that need a diagnosis now."""
        return self.person is not None and bool(self.person.has_symptoms)

    @property
    def is_pregnant(self) -> bool:
        """Whether the person is pregnant."""
        return self.person is not None and bool(self.person.is_pregnant)

    @property
    def takes_statin(self) -> bool:
        """Whether a lipid-lowering drug is taken, as far as the record knows."""
        if self.person is not None and self.person.takes_statin:
            return True
        followup = self.result.followup
        return followup is not None and bool(followup.exams[-1].takes_statin)

    @property
    def has_risen_on_statin(self) -> bool:
        """Whether the score went up since the first exam, with a lipid-lowering drug taken."""
        followup = self.result.followup
        if followup is None:
            return False
        first, last = (followup.exams[k] for k in (followup.whole.first, followup.whole.second))
        told = any(exam.takes_statin for exam in followup.exams)
        has_statin = self.takes_statin or told or followup.statin_started is not None
        return has_statin and last.agatston > first.agatston

    @property
    def applies(self) -> bool:
        """Whether the score says something of this person."""
        return not self.has_disease and not self.may_have_stent

    @property
    def is_usable(self) -> bool:
        """Whether the number can be set beside others at all."""
        return self.applies and self.is_fit and not self.is_nothing_marked

    @property
    def is_comparable(self) -> bool:
        """Whether studies of calcium scans say something of the number."""
        return self.is_usable and self.is_gated is not False and not self.has_symptoms

    @property
    def is_guarded(self) -> bool:
        """Whether more counts than a low score; also where nobody asked what it means."""
        if self.meaning is None:
            return True
        usual = band_of("plain", self.score).reading
        return self.meaning.categories["plain"].reading != usual

    @property
    def is_high_for_age(self) -> bool:
        """Whether the score is high for age by a reference."""
        if self.meaning is None or not self.is_comparable or self.score == 0:
            return False
        found = (each.value or each.at_least or 0 for each in self.meaning.percentile.values())
        return any(percentile >= HIGH_FOR_AGE_PERCENTILE for percentile in found)

    @cached_property
    def reasons(self) -> tuple[str, ...]:
        """Why a low score does not reassure: keys of the section ``reason``."""
        if self.person is None:
            return ()
        known = facts_of(
            self.person,
            agatston=self.score,
            percentile=None,
            estimates=(),
            is_gated=self.is_gated,
            has_device_excluded=False,
        ).known
        names = {
            "diabetes": "diabetes",
            "smokes": "smoking",
            "severe_cholesterol": "cholesterol",
            "premature_family": "family",
        }
        return tuple(word for fact, word in names.items() if known[fact])

    @property
    def unknown(self) -> tuple[str, ...]:
        """Facts that matter and are not known: keys of the section ``fact``."""
        if self.person is None:
            return _ASKED
        return tuple(name for name in _ASKED if getattr(self.person, name) is None)

    @property
    def other_sites(self) -> tuple[str, ...]:
        """Where else there surely is calcium, near the heart: keys of the section ``site``."""
        others = self.result.score.other_sites
        found = (
            word
            for name, word in _NEAR_SITES.items()
            if name in others and others[name].agatston > 0 and is_sure_site(self.result, name)
        )
        return _joined(tuple(dict.fromkeys(found)))

    @property
    def has_other_sites(self) -> bool:
        """Whether there surely is calcium at a valve or in the aorta."""
        return bool(self.other_sites)

    @property
    def is_amended(self) -> bool:
        """Whether the letter replaces that of a signed report."""
        return self.result.provenance.amendment is not None

    def said(self, topic: str) -> bool:
        """Whether the record has a statement of this topic."""
        return self.meaning is not None and any(x.topic == topic for x in self.meaning.guidance)


def _joined(sites: tuple[str, ...]) -> tuple[str, ...]:
    """Name two valves together: each by itself would read as the same place twice."""
    if not sites or not set(_VALVES) <= set(sites):
        return sites
    return (*(site for site in sites if site not in _VALVES), "valves")
