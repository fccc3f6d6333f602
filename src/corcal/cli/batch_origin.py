"""Where the studies of ``corcal batch`` come from: a tree, a store, a server, or a list."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corcal.cli.batch_progress import BatchProgress
from corcal.errors import InputError

if TYPE_CHECKING:
    from corcal.cohort.discover import Found
    from corcal.cohort.types import BatchOptions

__all__ = ["Origin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the studies come from."""

    root: str | None
    listed: Path | None
    found: Path | None
    shard: tuple[int, int] | None

    def expected(self, options: "BatchOptions") -> int | None:
        """Refuse what is not there, before anything is written; count what is known already.

        Returns
        -------
        int or None
            How many studies there are at most; ``None`` where they have to be searched for.
        """
        from corcal.cohort.discover import read_index, require_root
        from corcal.cohort.discover.listed import count_listed

        if self.listed is not None:
            return count_listed(self.listed)
        if self.found is not None:
            with read_index(self.found) as index:
                return index.count()
        require_root(_whole_root(self.root or ""), options.storage)
        return None

    @contextmanager
    def studies(self, options: "BatchOptions", progress: BatchProgress) -> "Iterator[Found]":
        """Find them; what is kept of them is open until the ``with`` block ends."""
        from corcal.cohort.discover import INDEX_NAME, Found, Index, find_tasks, read_index
        from corcal.cohort.discover.listed import count_listed, listed_tasks

        if self.listed is not None:
            total, tasks = count_listed(self.listed), listed_tasks(self.listed)
            yield self._part(Found(total=total, tasks=tasks))
        elif self.found is not None:
            with read_index(self.found) as index:
                yield self._part(Found(total=index.count(), tasks=index.tasks()))
        else:
            root = _whole_root(self.root or "")
            with Index(Path(options.out) / INDEX_NAME, root) as index:
                found = find_tasks(root, index, storage=options.storage, looked=progress.looked)
                yield self._part(found)

    def _part(self, found: "Found") -> "Found":
        if found.total == 0:
            msg = "no studies were found: DICOM, NIfTI, NRRD, MetaImage, or zip archives are needed"
            raise InputError(msg)
        if self.shard is None:
            return found
        number, count = self.shard
        ours = (task for task in found.tasks if int(task.key, 16) % count == number - 1)
        return replace(found, total=-(-found.total // count), tasks=ours)


def _whole_root(root: str) -> str:
    from corcal.cohort.sources import Kind, kind_of

    if not root:
        msg = "an empty ROOT was given; name a folder or an address"
        raise click.UsageError(msg)
    if kind_of(root) is Kind.LOCAL:
        return str(Path(root).absolute())
    return root.rstrip("/")
