"""Kinds of parameters that several commands share."""

from pathlib import Path

import click

__all__ = ["GIVEN_PATH"]


class GivenPath(click.Path):
    """A path that was really given: an empty one would mean the current folder by accident."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """Refuse the empty path."""
        if value == "":
            self.fail("an empty path was given; name a file or a folder", param, ctx)
        return Path(str(super().convert(value, param, ctx)))  # type: ignore[arg-type]


GIVEN_PATH = GivenPath(path_type=Path)
