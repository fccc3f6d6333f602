"""What a score that was read from a file must hold to be believed."""

import math
from collections.abc import Iterator

from corcal.errors import InputError
from corcal.lesions.sites import Site, Vessel
from corcal.scoring.categories import CATEGORIES
from corcal.scoring.ranges import MAX_HU, Space, check_equal, check_range
from corcal.scoring.types import Lesion, Score, SiteScore

__all__ = ["check_score"]

_ROUNDED_CHANCES = 0.01  # four probabilities of two decimals each
_MAX_CALIBRATION = 10.0  # mg/cm3/HU; that of a CT at any voltage is 0.35 to 1.4
_MAX_THRESHOLD_HU = 10_000.0
_MAX_PLACE_MM = 1e6
_SUMS = ("agatston", "volume_mm3", "mass_mg")
_SITES = {site.label for site in Site}


def check_score(score: Score, lesions: tuple[Lesion, ...], space: Space) -> None:
    """Refuse a score whose numbers cannot be, or contradict each other: damaged, or edited.

    Parameters
    ----------
    score : Score
        As read.
    lesions : tuple of Lesion
        Of the same record.
    space : Space
        Of the scan: what it cannot hold is refused.

    Raises
    ------
    InputError
        If an artery is missing, a number is outside its range, the total is not the sum of the
        arteries or a site that of its lesions, an interval does not hold its score, or the
        probabilities of the categories are none.
    """
    if set(score.vessels) != set(Vessel):
        msg = f"the arteries are {', '.join(score.vessels) or 'none'}, expected {', '.join(Vessel)}"
        raise InputError(msg)
    parts: dict[str, SiteScore] = {"total": score.total}
    parts |= {f"vessels.{name}": one for name, one in score.vessels.items()}
    parts |= {f"other_sites.{name}": one for name, one in score.other_sites.items()}
    for name, part in parts.items():
        _check_part(f"score.{name}", part, score, space)
    _check_total(score)
    _check_rules(score, space)
    _check_lesions(score, lesions, space)
    check_range(
        "score.calibration_mg_per_cm3_hu", score.calibration_mg_per_cm3_hu, 0, _MAX_CALIBRATION
    )
    if score.category_probabilities is not None:
        _check_chances(score.category_probabilities)


def _limits(score: Score, space: Space) -> Iterator[tuple[str, float, float]]:
    """List each measure of a site with its range."""
    mass = score.calibration_mg_per_cm3_hu * space.volume_mm3 * MAX_HU / 1000
    yield "agatston", 0, space.agatston
    yield "volume_mm3", 0, space.volume_mm3
    yield "volume_interpolated_mm3", 0, 2 * space.volume_mm3  # half a slice more at either end
    yield "mass_mg", 0, mass
    yield "integrated_mass_mg", -mass, mass  # what lies around is taken off
    yield "volume_fraction_mass_mg", -mass, mass
    yield "spatially_weighted", 0, space.voxel_count + space.agatston
    yield "area_mm2", 0, space.area_mm2
    yield "mean_density_factor", 1, 4
    yield "mean_hu", -MAX_HU, MAX_HU
    yield "peak_hu", -MAX_HU, MAX_HU
    yield "lesion_count", 0, space.voxel_count
    yield "slice_lesion_count", 0, space.voxel_count


def _check_part(name: str, part: SiteScore, score: Score, space: Space) -> None:
    for field, low, high in _limits(score, space):
        check_range(f"{name}.{field}", getattr(part, field), low, high)
    one = part.interval
    if one is None:
        return
    if not (0 <= one.low <= part.agatston <= one.high < math.inf and 0 < one.level < 1):
        msg = (
            f"{name}.interval does not hold its score of {part.agatston:g}: {one.low:g} to "
            f"{one.high:g}, level {one.level:g} (allowed between 0 and 1)"
        )
        raise InputError(msg)


def _check_total(score: Score) -> None:
    total, vessels = score.total, score.vessels.values()
    for field in (*_SUMS, "lesion_count"):
        together = math.fsum(getattr(one, field) for one in vessels)
        check_equal(f"score.total.{field}", getattr(total, field), "the arteries have", together)
    involved = sum(one.agatston > 0 for one in vessels)
    check_equal(
        "score.total.vessels_involved", total.vessels_involved, "with calcium are", involved
    )
    check_range("score.total.diffusivity", total.diffusivity, 0, 1)


def _check_rules(score: Score, space: Space) -> None:
    for name, one in score.by_rule.items():
        field = f"score.by_rule.{name}"
        check_range(f"{field}.total", one.total, 0, space.agatston)
        check_range(f"{field}.threshold_hu", one.threshold_hu, 1, _MAX_THRESHOLD_HU)
        check_equal(
            f"{field}.total", one.total, "its arteries have", math.fsum(one.vessels.values())
        )
    own = score.by_rule.get(score.rule)
    if own is None:
        msg = f"score.rule is {score.rule!r}, allowed are {', '.join(score.by_rule) or 'none'}"
        raise InputError(msg)
    check_equal("score.total.agatston", score.total.agatston, "its rule has", own.total)


def _check_lesions(score: Score, lesions: tuple[Lesion, ...], space: Space) -> None:
    """Check each lesion, and that those of a site are all that the site has."""
    for number, one in enumerate(lesions):
        _check_lesion(f"lesions[{number}]", one, space)
    if len({one.id for one in lesions}) < len(lesions):
        msg = "lesions have the same id twice, allowed is each once"
        raise InputError(msg)
    sites = score.vessels | score.other_sites
    for name, site in sites.items():
        own = [one for one in lesions if one.site == name]
        field = f"score of {name}"
        check_equal(f"{field}: lesion_count", site.lesion_count, "in the list are", len(own))
        for sum_field in _SUMS:
            together = math.fsum(getattr(one, sum_field) for one in own)
            what = f"{field}: {sum_field}"
            check_equal(what, getattr(site, sum_field), "its lesions have", together)
    elsewhere = {one.site for one in lesions} - sites.keys()
    if elsewhere:
        msg = f"lesions are of {', '.join(sorted(elsewhere))}, which the score does not have"
        raise InputError(msg)


def _check_lesion(name: str, one: Lesion, space: Space) -> None:
    if one.site not in _SITES:
        msg = f"{name}.site is {one.site!r}, allowed are {', '.join(sorted(_SITES))}"
        raise InputError(msg)
    check_range(f"{name}.voxel_count", one.voxel_count, 1, space.voxel_count)
    check_range(f"{name}.peak_hu", one.peak_hu, -MAX_HU, MAX_HU)
    check_range(f"{name}.mean_hu", one.mean_hu, -MAX_HU, one.peak_hu)
    for place in one.centroid_mm:
        check_range(f"{name}.centroid_mm", place, -_MAX_PLACE_MM, _MAX_PLACE_MM)
    for at in one.slices:
        check_range(f"{name}.slices", at, 0, space.shape[0] - 1)
    for field in ("agatston", "volume_mm3", "mass_mg", "area_mm2"):
        check_range(f"{name}.{field}", getattr(one, field), 0, math.inf)  # the sum has its limit
    for chance in (one.probabilities or {}).values():
        check_range(f"{name}.probabilities", chance, 0, 1)


def _check_chances(chances: dict[str, float]) -> None:
    if set(chances) != set(CATEGORIES):
        msg = f"score.category_probabilities are of {', '.join(chances) or 'nothing'}, expected of "
        msg += ", ".join(CATEGORIES)
        raise InputError(msg)
    is_each_one = all(0 <= one <= 1 for one in chances.values())
    if not is_each_one or abs(sum(chances.values()) - 1) > _ROUNDED_CHANCES:
        told = ", ".join(f"{name}: {one:g}" for name, one in chances.items())
        msg = f"score.category_probabilities are {told}; allowed are 0 to 1, and 1 in sum"
        raise InputError(msg)
