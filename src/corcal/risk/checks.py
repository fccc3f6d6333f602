"""What no score can be is refused, the same everywhere in the room."""

import math
from numbers import Real

from corcal.errors import InputError

__all__ = ["check_agatston"]


def check_agatston(agatston: float, *, what: str = "an Agatston score") -> None:
    """Refuse what is no Agatston score.

    Parameters
    ----------
    agatston : float
        At least 0; there is no upper limit.
    what : str
        What it is the score of, for the message.

    Raises
    ------
    InputError
        If it is no number, not finite or negative.
    """
    is_number = isinstance(agatston, Real) and not isinstance(agatston, bool)
    if not is_number or not math.isfinite(agatston) or agatston < 0:
        msg = f"{what} is a finite number from 0 up, got {agatston}"
        raise InputError(msg)
