"""How a series is named to a person, and found again by what the person says."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from corcal.ct.series import Series
from corcal.ct.suitability.verdict import KIND_WORDS, Suitability
from corcal.errors import InputError

__all__ = [
    "describe",
    "name_among",
    "select_series",
    "series_folder",
    "series_label",
    "series_name",
]


def series_name(series: Series) -> str:
    """Name a series as a person does: by its number, without its UID."""
    number = series.identity.series_number
    name = "the series" if number is None else f"series {number}"
    return name if series.stack is None else f"{name} (stack {series.stack})"


def series_label(series: Series) -> str | None:
    """Return the number of a series, ``3#2`` for its second stack; ``None`` if it has none."""
    number = series.identity.series_number
    if number is None:
        return None
    return str(number) if series.stack is None else f"{number}#{series.stack}"


def series_folder(series: Series) -> str:
    """Return the folder of the first image, relative to what was given; ``"."`` is that itself."""
    return str(PurePosixPath(series.images[0].source).parent) if series.images else "."


def name_among(series: Series, listed: Sequence[Series]) -> str:
    """Name a series so that it is not taken for another of those listed.

    Parameters
    ----------
    series : Series
        One of `listed`.
    listed : sequence of Series
        All that a reader of the name may think of.

    Returns
    -------
    str
        `series_name`; with its folder, or else its key, where others have the same name.
    """
    name, folder = series_name(series), series_folder(series)
    same = [one for one in listed if one is not series and series_name(one) == name]
    if not same:
        return name
    if folder != "." and all(series_folder(one) != folder for one in same):
        return f"{name} in {folder}"
    return f"{name} ({series.key})"


def describe(series: Series, suitability: Suitability, *, among: Sequence[Series] = ()) -> str:
    """Say in a few words which series this is, what, and how large."""
    count = series.slice_count
    size = f"{count} slice{'' if count == 1 else 's'}"
    return f"{name_among(series, among)} is {KIND_WORDS[suitability.kind]}, {size}"


def select_series(listed: Sequence[Series], wanted: str) -> Series:
    """Find the series that a person names.

    Parameters
    ----------
    listed : sequence of Series
        What there is.
    wanted : str
        `Series.key`, SeriesInstanceUID, or `series_label`; the first of these that fits counts.

    Raises
    ------
    InputError
        If none fits, or several do.
    """
    by_key = [one for one in listed if one.key == wanted]
    by_uid = [one for one in listed if one.identity.series_instance_uid == wanted]
    by_number = [one for one in listed if wanted in _numbers(one)]
    found = by_key or by_uid or by_number
    if len(found) == 1:
        return found[0]
    what = "is not in the input"
    if found:
        what = "holds several stacks" if by_uid else "is the number of several series"
    there = ", ".join(one.key for one in (found or listed)) or "none"
    msg = f"series {wanted} {what}; there are: {there}"
    raise InputError(msg)


def _numbers(series: Series) -> tuple[str, ...]:
    """Return what a person may call its number: with and without the stack."""
    label = series_label(series)
    return () if label is None else (label, str(series.identity.series_number))
