"""What a result tells to other programs, as one list: FHIR and HL7 v2 are two ways to write it.

Every value is taken from the record as it is; nothing is computed here.
"""

from collections.abc import Iterator

from corcal.exam_numbers import gating
from corcal.interop.codes import AGATSTON_METHOD, CORONARY_ARTERIES, SITE_CONCEPTS, Concept, Unit
from corcal.interop.codes import corcal_code as code
from corcal.interop.facts import NUMBER, Fact, Observable, Span, fact
from corcal.interop.meaning import header_cautions, meaning_concepts, meaning_observables
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.report.amendment_words import amendment_words
from corcal.report.amounts import shown
from corcal.report.words import score_name, who_checked, zero_words
from corcal.result import RESEARCH_USE, Result
from corcal.scoring.types import SiteScore

__all__ = ["NOT_GATED", "TOTAL", "observables", "report_notes", "withdrawn"]

TOTAL = "total"
_TOTAL_CODE = "agatston-total"
_SUITABILITY, _REVIEW, _AMENDMENT = "suitability", "review-advised", "amendment"  # and codes
NOT_GATED = (
    "The scan was made without ECG gating: such a score tends to be lower than that of a gated "
    "scan and must not be compared with one."
)
_WITHDRAWN = "Not part of the report as it is now: what an earlier one said of it is withdrawn."
_GATING_UNKNOWN = "Whether the scan was ECG-gated is not known."
_NOT_CHECKED = "Found by software alone: no person has checked it."

_HU = Unit(ucum="[hnsf'U]", shown="HU")
_MM = Unit(ucum="mm", shown="mm")
_MM2 = Unit(ucum="mm2", shown="mm²")
_MM3 = Unit(ucum="mm3", shown="mm³")
_MG = Unit(ucum="mg", shown="mg")
_KV = Unit(ucum="kV", shown="kV")
_CALIBRATION = Unit(ucum="mg/cm3/[hnsf'U]", shown="mg/cm³/HU")

# Places outside the arteries that a clinician knows; bone, noise and the like stay in the tables
_TOLD_SITES = (
    Site.ASCENDING_AORTA,
    Site.DESCENDING_AORTA,
    Site.AORTIC_VALVE,
    Site.MITRAL_ANNULUS,
    Site.PERICARDIUM,
)
# field of SiteScore, code, unit
_MEASURES = (
    ("volume_mm3", "volume", _MM3),
    ("volume_interpolated_mm3", "volume-interpolated", _MM3),
    ("mass_mg", "mass", _MG),
    ("integrated_mass_mg", "mass-integrated", _MG),
    ("volume_fraction_mass_mg", "mass-volume-fraction", _MG),
    ("spatially_weighted", "spatially-weighted", NUMBER),
    ("area_mm2", "area", _MM2),
    ("mean_density_factor", "mean-density-factor", NUMBER),
    ("mean_hu", "mean-hu", _HU),
    ("peak_hu", "peak-hu", _HU),
    ("lesion_count", "lesion-count", NUMBER),
    ("slice_lesion_count", "slice-lesion-count", NUMBER),
)
_CHANCES = {
    "0": "probability-score-0",
    "1-100": "probability-score-1-100",
    "101-400": "probability-score-101-400",
    ">400": "probability-score-above-400",
}


def observables(result: Result) -> tuple[Observable, ...]:
    """List what a result tells: the total first, then its parts, the scan, and what it means.

    Parameters
    ----------
    result : Result
        A scored exam.

    Returns
    -------
    tuple of Observable
        Their keys are unique. What was not measured is absent.
    """
    return (
        _total(result),
        *(_site(result, site.label) for site in CORONARY_SITES),
        *(_site(result, site.label) for site in _TOLD_SITES if _has(result, site)),
        _scan(result),
        *_review(result),
        *_amendment(result),
        *meaning_observables(result.interpretation, derived_from=TOTAL),
    )


def withdrawn(result: Result) -> tuple[Observable, ...]:
    """List what an earlier report of the exam can have told, and this one does not.

    Parameters
    ----------
    result : Result
        A scored exam.

    Returns
    -------
    tuple of Observable
        Without values, under the keys that they had: nobody knows here which of them were sent.
    """
    told = {each.key for each in observables(result)}
    return tuple(
        Observable(
            key=key,
            fact=Fact(concept=concept, value=None, unit=None, absent=_WITHDRAWN),
            title=concept.display,
        )
        for key, concept in _vocabulary()
        if key not in told
    )


def _vocabulary() -> Iterator[tuple[str, Concept]]:
    """Give key and concept of all that `observables` can list, of whatever exam."""
    yield TOTAL, code(_TOTAL_CODE)
    for site in (*CORONARY_SITES, *_TOLD_SITES):
        yield site.label, code(_site_code(site.label))
    for name in (_SUITABILITY, _REVIEW, _AMENDMENT):
        yield name, code(name)
    yield from meaning_concepts()


def _site_code(site: str) -> str:
    return f"agatston-{site}"


def report_notes(result: Result) -> tuple[str, ...]:
    """Say what must be known to read any number of the result, a sentence each."""
    return tuple(_notes(result))


def _notes(result: Result) -> Iterator[str]:
    yield RESEARCH_USE
    is_gated = gating(result)
    if is_gated is not True:
        yield _GATING_UNKNOWN if is_gated is None else NOT_GATED
    if not result.provenance.is_signed:
        yield _NOT_CHECKED if _is_untouched(result) else f"Preliminary. {who_checked(result)}"
    yield from header_cautions(result.interpretation)
    if words := zero_words(result):
        yield f"{words[0].upper()}{words[1:]}."


def _is_untouched(result: Result) -> bool:
    """Whether no person is even named for it."""
    return result.provenance.is_automatic and result.provenance.reader is None


def _total(result: Result) -> Observable:
    score = result.score
    chances = score.category_probabilities or {}
    return Observable(
        key=TOTAL,
        fact=Fact(concept=code(_TOTAL_CODE), value=score.total.agatston, unit=NUMBER),
        title=f"{score_name(result)}, total",
        about="coronary arteries",
        site=CORONARY_ARTERIES,
        site_name="coronary arteries",
        method=AGATSTON_METHOD,
        details=(
            *_measured(score.total),
            *(fact(_CHANCES[name], chance, NUMBER) for name, chance in chances.items()),
            fact("vessels-involved", score.total.vessels_involved, NUMBER),
            *_known("diffusivity", score.total.diffusivity, NUMBER),
            *_made(result),
        ),
        members=tuple(site.label for site in CORONARY_SITES),
        notes=report_notes(result),
    )


def _has(result: Result, site: Site) -> bool:
    return site.label in result.score.other_sites


def _site(result: Result, site: str) -> Observable:
    """Tell one artery, or one place outside the arteries."""
    score = result.score.vessels.get(site) or result.score.other_sites[site]
    concept = code(_site_code(site))
    return Observable(
        key=site,
        fact=Fact(concept=concept, value=score.agatston, unit=NUMBER),
        title=concept.display,
        about=site.replace("_", " "),
        site=SITE_CONCEPTS.get(site),
        site_name=site.replace("_", " "),
        method=AGATSTON_METHOD,
        details=_measured(score),
        notes=report_notes(result),
    )


def _measured(score: SiteScore) -> tuple[Fact, ...]:
    """Tell how sure the score of a site is, and its other measures as far as there are any."""
    measures = (
        fact(name, value, unit)
        for field, name, unit in _MEASURES
        if (value := getattr(score, field)) is not None
    )
    if score.interval is None:
        return tuple(measures)
    interval = score.interval
    return (
        fact("agatston-interval", Span(low=interval.low, high=interval.high), NUMBER),
        fact("agatston-interval-level", interval.level, NUMBER),
        *measures,
    )


def _made(result: Result) -> tuple[Fact, ...]:
    """Tell how the score was made."""
    made = result.provenance
    return (
        fact("rule", made.rule),
        fact("threshold", made.threshold_hu, _HU),
        fact("mass-calibration", result.score.calibration_mg_per_cm3_hu, _CALIBRATION),
        fact("method", made.method),
    )


def _known(
    name: str, value: float | str | bool | None, unit: Unit | None = None
) -> tuple[Fact, ...]:
    return () if value is None else (fact(name, value, unit),)


def _scan(result: Result) -> Observable:
    """Tell whether the scan was fit, and how it was made."""
    scan, suitability = result.scan, result.suitability
    verdict = str(suitability.verdict)
    return Observable(
        key=_SUITABILITY,
        fact=Fact(
            concept=code(_SUITABILITY), value=code(f"suitability:{verdict}", verdict), unit=None
        ),
        title=code(_SUITABILITY).display,
        details=(
            fact("series-kind", str(suitability.kind)),
            *_known("ecg-gated", gating(result)),
            *_known("kvp", scan.kvp, _KV),
            *_known("slice-thickness", scan.slice_thickness_mm, _MM),
            fact("increment", scan.increment_mm, _MM),
            *_known("kernel", scan.convolution_kernel),
            *_known("study-instance-uid", scan.study_instance_uid),
            *_known("series-instance-uid", scan.series_instance_uid),
        ),
        notes=tuple(
            f"{found.code} ({found.severity}): {found.message}" for found in suitability.findings
        ),
    )


def _review(result: Result) -> tuple[Observable, ...]:
    if result.review is None:
        return ()
    advice = Observable(
        key=_REVIEW,
        fact=fact(_REVIEW, result.review.advised),
        title=code(_REVIEW).display,
        notes=result.review.reasons,
    )
    return (advice,)


def _amendment(result: Result) -> tuple[Observable, ...]:
    """Tell which signed report this one corrects."""
    amendment = result.provenance.amendment
    if amendment is None:
        return ()
    told = Observable(
        key=_AMENDMENT,
        fact=fact(_AMENDMENT, amendment.reason),
        title=code(_AMENDMENT).display,
        derived_from=(TOTAL,),
        details=(
            fact("amendment-signed-before", amendment.signed_before),
            fact("amendment-agatston-before", amendment.agatston_before, NUMBER),
            *_known("amendment-category-before", amendment.category_before),
            *_known("amendment-fit-before", amendment.fit_before),
        ),
        notes=amendment_words(result, amount=shown),
    )
    return (told,)
