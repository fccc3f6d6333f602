"""Where an error was raised, for a log: its text is left out, which may hold what a file held."""

import traceback

__all__ = ["place_of"]

_MOST_FRAMES = 4  # the innermost ones tell who asked for what failed


def place_of(error: BaseException) -> str:
    """Name the functions and lines in which an error was raised, the innermost last.

    Examples
    --------
    >>> def give():
    ...     raise ValueError("Doe^John")
    >>> try:
    ...     give()
    ... except ValueError as exc:
    ...     print(place_of(exc))
    <module>:2 > give:2
    """
    frames = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
    return " > ".join(f"{frame.name}:{frame.lineno}" for frame in frames) or "unknown"
