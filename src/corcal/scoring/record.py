"""What a score that was read from a file must hold to be believed."""

import math

from corcal.errors import InputError
from corcal.lesions.sites import Vessel
from corcal.scoring.categories import CATEGORIES
from corcal.scoring.types import Score, SiteScore

__all__ = ["check_score"]

_ROUNDING = 1e-6  # relative: sums of a few thousand voxels, written with all their digits
_ROUNDED_CHANCES = 0.01  # four probabilities of two decimals each


def check_score(score: Score) -> None:
    """Refuse a score whose numbers contradict each other, as a damaged or edited record has.

    Parameters
    ----------
    score : Score
        As read.

    Raises
    ------
    InputError
        If an artery is missing, a score is no score, the total is not the sum of the arteries, an
        interval does not hold its score, or the probabilities of the categories are none.
    """
    if set(score.vessels) != set(Vessel):
        msg = f"the arteries are {', '.join(score.vessels) or 'none'}, expected {', '.join(Vessel)}"
        raise InputError(msg)
    for name, part in (("the total", score.total), *score.vessels.items()):
        _check_part(name, part)
    total, parts = score.total.agatston, sum(one.agatston for one in score.vessels.values())
    if not math.isclose(total, parts, rel_tol=_ROUNDING, abs_tol=_ROUNDING):
        msg = f"the arteries together have a score of {parts:g}, and the total is {total:g}"
        raise InputError(msg)
    if score.category_probabilities is not None:
        _check_chances(score.category_probabilities)


def _check_part(name: str, part: SiteScore) -> None:
    for what, amount in (
        ("Agatston score", part.agatston),
        ("volume", part.volume_mm3),
        ("mass", part.mass_mg),
    ):
        if not 0 <= amount < math.inf:
            msg = f"the {what} of {name} is {amount:g}, expected 0 or above"
            raise InputError(msg)
    one = part.interval
    if one is None:
        return
    if not (0 <= one.low <= part.agatston <= one.high < math.inf and 0 < one.level < 1):
        msg = (
            f"the interval of {name} does not hold its score of {part.agatston:g}: {one.low:g} to "
            f"{one.high:g}, level {one.level:g} (expected between 0 and 1)"
        )
        raise InputError(msg)


def _check_chances(chances: dict[str, float]) -> None:
    if set(chances) != set(CATEGORIES):
        msg = f"probabilities are of {', '.join(chances) or 'nothing'}, expected of "
        msg += ", ".join(CATEGORIES)
        raise InputError(msg)
    is_each_one = all(0 <= one <= 1 for one in chances.values())
    if not is_each_one or abs(sum(chances.values()) - 1) > _ROUNDED_CHANCES:
        told = ", ".join(f"{name}: {one:g}" for name, one in chances.items())
        msg = f"the probabilities of the categories are none ({told}); expected 0 to 1, 1 in sum"
        raise InputError(msg)
