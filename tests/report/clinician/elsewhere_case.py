"""An exam with calcium outside the arteries, of which some is doubtful."""

from dataclasses import replace

from corcal.result import Result, ReviewAdvice
from corcal.scoring.types import Contested
from report.clinician.clinician_cases import ORDINARY, interpreted, scored


def doubtful_elsewhere() -> Result:
    """Calcium of four places outside the arteries: one is sure, one in part, two are doubtful."""
    base = interpreted(scored(ORDINARY))
    found = (
        ("descending_aorta", {"descending_aorta": 0.9, "bone": 0.1}),
        ("mitral_annulus", {"mitral_annulus": 0.97, "LCX": 0.03}),
        ("other", {"other": 0.51, "bone": 0.46, "device": 0.03}),
        ("lymph_node", {"lymph_node": 0.93, "other": 0.07}),
        ("lymph_node", {"lymph_node": 0.56, "other": 0.44}),
    )
    lesions = tuple(
        replace(base.lesions[0], id=f"L{number}", site=site, probabilities=chances)
        for number, (site, chances) in enumerate(found, start=10)
    )
    mitral = lesions[1]
    about = Contested(
        lesion=mitral.id,
        site=mitral.site,
        second_site="LCX",
        agatston=mitral.agatston,
        slices=mitral.slices,
        centroid_mm=mitral.centroid_mm,
        probabilities=mitral.probabilities,
    )
    amount = replace(base.score.vessels["LAD"], agatston=27.4, interval=None, lesion_count=1)
    others = dict.fromkeys((site for site, _ in found), amount)
    others["lymph_node"] = replace(amount, lesion_count=2)
    return replace(
        base,
        score=replace(base.score, other_sites=others),
        lesions=(*base.lesions, *lesions),
        review=ReviewAdvice(advised=True, reasons=("two detectors differ",), contested=(about,)),
    )
