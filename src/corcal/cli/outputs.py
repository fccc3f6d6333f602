"""Files that a command writes must not be the ones that it reads, nor each other."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from corcal.cli import plain

__all__ = ["check_folder", "check_outputs", "earlier_outputs"]


def check_outputs(inputs: Iterable[Path], outputs: Mapping[str, Path | str | None]) -> None:
    """Refuse an output that would replace an input or another output, before anything is written.

    Parameters
    ----------
    inputs : iterable of Path
        The files that are read.
    outputs : mapping of str to Path, str or None
        By option. ``-`` is standard output, and ``None`` nothing. An option that may replace its
        input in whole is left out by the caller.

    Raises
    ------
    click.UsageError
        Naming the two that are one file.
    """
    taken = {_one_file(path): "what is read" for path in inputs}
    for option, path in outputs.items():
        if path is None or str(path) == "-":
            continue
        place = _one_file(Path(path))
        if place in taken:
            msg = f"{option} {plain(path)} would replace {taken[place]}: name another file"
            raise click.UsageError(msg)
        taken[place] = f"what {option} writes"


def check_folder(inputs: Iterable[Path], folder: Path, names: Iterable[str]) -> None:
    """Refuse a folder in which an output would replace an input, before anything is written.

    Parameters
    ----------
    inputs : iterable of Path
        The files that are read.
    folder : Path
        Where the outputs go; it need not exist.
    names : iterable of str
        Of the files that will be written.

    Raises
    ------
    click.UsageError
        Naming the file.
    """
    taken = {_one_file(path) for path in inputs}
    for name in names:
        if _one_file(folder / name) in taken:
            msg = f"--out: {plain(folder / name)} would replace what is read: give another folder"
            raise click.UsageError(msg)


def earlier_outputs(
    folder: Path, names: Iterable[str], *, record: str, inputs: Iterable[Path]
) -> tuple[Path, ...]:
    """Find what was written of the record that a folder holds, before it gets another one.

    Parameters
    ----------
    folder : Path
        It need not exist.
    names : iterable of str
        Of all files that may be written of a record. No other file is found.
    record : str
        Name of the record. In a folder without one no file is an output.
    inputs : iterable of Path
        The files that are read: none of them is found.
    """
    if not (folder / record).is_file():
        return ()
    kept = {_one_file(path) for path in inputs}
    there = (folder / name for name in dict.fromkeys(names))
    return tuple(path for path in there if path.is_file() and _one_file(path) not in kept)


def _one_file(path: Path) -> tuple[int, int] | Path:
    """Tell a file from any other: by its place on the disk, or by its name if it is not there."""
    try:
        found = path.stat()
    except OSError:
        return path.resolve()
    return found.st_dev, found.st_ino
