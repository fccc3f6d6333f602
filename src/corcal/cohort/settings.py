"""What all runs into one folder of results must agree in, so that its tables are of one kind."""

import json
from pathlib import Path

from corcal._version import __version__
from corcal.cohort.types import BatchOptions, OutputError
from corcal.errors import InputError
from corcal.whole_file import write_whole

__all__ = ["SETTINGS_NAME", "agree"]

SETTINGS_NAME = "run.json"


def agree(folder: Path, options: BatchOptions) -> str | None:
    """Hold the options of a run against those of the runs before it, or keep them as the first.

    Parameters
    ----------
    folder : Path
        Of the results; this run holds its ledger.
    options : BatchOptions
        Of this run.

    Returns
    -------
    str or None
        What a person should know: that another release has scored a part.

    Raises
    ------
    InputError
        If another scoring rule was used.
    OutputError
        If it cannot be written.
    """
    path = folder / SETTINGS_NAME
    now = {"rule": options.rule, "software_version": __version__}
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
        rule, version = str(before["rule"]), str(before["software_version"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        _keep(path, now)
        return None
    if rule != options.rule:
        msg = (
            f"these results are scored by the rule {rule}, not {options.rule}: "
            "name another folder with --out"
        )
        raise InputError(msg)
    if version != __version__:
        return f"a part of these results was scored by corcal {version}, the rest by {__version__}"
    return None


def _keep(path: Path, settings: dict[str, str]) -> None:
    try:
        write_whole(path, json.dumps(settings, indent=2) + "\n")
    except OSError as exc:
        msg = f"cannot write {path.name}: {exc.strerror}"
        raise OutputError(msg) from exc
