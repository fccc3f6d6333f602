"""``corcal sources``: where every number and sentence about a score comes from."""

import json
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from corcal.risk.types import Source

__all__ = ["command"]

_MARKS = {
    "verified": "read in the source, or identical in independent implementations",
    "secondary": "read in a text that reports the source",
    "recalled": "from memory, not read: never shown as the source's own words",
}
_MARKS_HEAD = "Marks, of a source the weakest of all that is taken from it; a statement has its own"
_MIN_WIDTH, _MAX_WIDTH = 60, 100


@click.command("sources")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def command(*, as_json: bool) -> None:
    """List every source of what corcal says about a score.

    Each with what is taken from it, and a mark: how sure it is that the source prints it so. It is
    the weakest of all that is taken; each statement has its own.
    """
    from corcal.risk.sources import sources

    found = list(sources().values())
    if as_json:
        # ASCII only: it survives any terminal and any encoding
        told = {"sources": [_record(each) for each in found], "marks": _MARKS}
        sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=True) + "\n")
        return
    width = min(max(shutil.get_terminal_size().columns, _MIN_WIDTH), _MAX_WIDTH)
    blocks = [_block(each, width) for each in found]
    marks = [f"  {mark}: {meaning}" for mark, meaning in _MARKS.items()]
    sys.stdout.write("\n\n".join([*blocks, "\n".join([_MARKS_HEAD, *marks])]) + "\n")


def _record(each: "Source") -> dict[str, str | int | None]:
    return {
        "key": each.key,
        "citation": each.citation,
        "year": each.year,
        "doi": each.doi,
        "mark": each.mark.value,
        "used_for": each.used_for,
    }


def _block(each: "Source", width: int) -> str:
    """Write one source: key and mark, what is taken from it, the citation."""
    doi = f" doi:{each.doi}" if each.doi else ""
    wrapped = [
        textwrap.fill(
            text,
            width,
            initial_indent="  ",
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for text in (f"used for: {each.used_for}", each.citation + doi)
    ]
    return "\n".join([f"{each.key} [{each.mark.value}]", *wrapped])
