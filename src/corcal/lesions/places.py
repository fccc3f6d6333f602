"""Where something lies in a scan, said so that a reader finds it."""

from collections.abc import Iterable, Iterator

__all__ = ["slices_named"]

_MOST_RUNS = 3  # "slices 2, 5 to 7, 12": more is no place that can be looked up


def slices_named(slices: Iterable[int], *, is_counted_from_told: bool = True) -> str:
    """Name slices as pictures and tables of corcal count them.

    Coordinates in mm tell a reader nothing without a viewer that shows the same ones; a slice can
    be scrolled to.

    Parameters
    ----------
    slices : iterable of int
        At least one, from 0 at the feet end.
    is_counted_from_told : bool
        Whether it is said where they are counted from.

    Returns
    -------
    str
        Neighbours are one run; from the fourth run on only that there are more.

    Examples
    --------
    >>> slices_named([7])
    'slice 7 (from 0 at the feet)'
    >>> slices_named([3, 1, 2, 9])
    'slices 1 to 3, 9 (from 0 at the feet)'
    """
    found = sorted(set(slices))
    runs = list(_runs(found))
    words = [f"{first}" if first == last else f"{first} to {last}" for first, last in runs]
    more = " and more" if len(runs) > _MOST_RUNS else ""
    noun = "slice" if len(found) == 1 else "slices"
    counted_from = " (from 0 at the feet)" if is_counted_from_told else ""
    return f"{noun} {', '.join(words[:_MOST_RUNS])}{more}{counted_from}"


def _runs(found: list[int]) -> Iterator[tuple[int, int]]:
    """Give first and last of each row of neighbours."""
    first = 0
    for k, number in enumerate(found):
        if k + 1 == len(found) or found[k + 1] > number + 1:
            yield found[first], number
            first = k + 1
