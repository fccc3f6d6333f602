"""Running automatic detection for the studies: judges, ablations, and rows that outlive a run."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from unittest import mock

import msgspec
import numpy as np
from numpy.typing import NDArray

import corcal
from corcal.anatomy.prior import geometric_pathways
from corcal.anatomy.types import Anatomy
from corcal.ct.scan import CTScan
from corcal.errors import CorcalError
from corcal.evaluate.agreement.records import AgreementReport, ScanRow
from corcal.evaluate.agreement.study import failed_scan
from corcal.lesions.classifier import SITES, Classifier
from corcal.lesions.features import Features
from corcal.lesions.rules import RuleClassifier
from corcal.lesions.sites import Site
from corcal.models import ModelRecord
from corcal.models.load import known_models

__all__ = [
    "ABLATIONS",
    "JUDGES",
    "Given",
    "Measured",
    "WithoutNoise",
    "ablated",
    "judged_by",
    "line_heading",
    "measure_all",
    "models_key",
    "read_row",
    "report_line",
]

JUDGES = ("trained", "rules")
_ROOMS = ("anatomy", "lesions", "phantom", "scoring")  # what a row depends on, besides the models
_EVERY = 10  # rows between two words of progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A scan that was compared, and what that took in seconds; `others` are ablations of it."""

    row: ScanRow
    simulate_s: float
    score_s: float
    others: tuple[ScanRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """An anatomy that is known already, as a source."""

    anatomy: Anatomy

    def locate(self, scan: CTScan) -> Anatomy:  # noqa: ARG002  (the interface)
        """Give it, whatever the scan is."""
        return self.anatomy


@dataclass(frozen=True, slots=True)
class WithoutNoise:
    """A classifier that may not call anything noise: its probability goes to the other sites."""

    judge: Classifier

    @property
    def record(self) -> ModelRecord:
        """Of the judge."""
        return self.judge.record

    def probabilities(self, features: Features) -> NDArray[np.float64]:
        """Share out the probability of noise; of what is noise for certain, evenly."""
        given = self.judge.probabilities(features) + 1e-12
        given[:, SITES.index(Site.NOISE)] = 0.0
        return np.asarray(given / given.sum(axis=1, keepdims=True))


_LOADER = "corcal.lesions.classifier.load_classifier"


@contextmanager
def judged_by(judge: str) -> Iterator[None]:
    """Let candidates be decided by the ``trained`` classifier or by the hand-made ``rules``."""
    with ExitStack() as stack:
        if judge == "rules":
            stack.enter_context(mock.patch(_LOADER, RuleClassifier))
        yield


ABLATIONS = (
    "as it is",
    "without the network's pathways",
    "without the aortic fit",
    "without the noise gate",
    "rules for the classifier",
)


@contextmanager
def ablated(name: str, anatomy: Anatomy, judge: str) -> Iterator[Given]:
    """Take one part of automatic detection away; nothing is trained again.

    Parameters
    ----------
    name : str
        One of `ABLATIONS`. Pathways that follow from the chambers stand in for the network's; an
        aorta that was not fitted leaves its features at their value for "not measured", and
        lesions at its wall are not cut; without the noise gate nothing may be called noise.
    anatomy : Anatomy
        Of the scan, by the networks.
    judge : str
        Of the rest: ``trained`` or ``rules``.

    Yields
    ------
    Given
        The anatomy to score with.
    """
    from corcal.lesions import classifier

    with ExitStack() as stack:
        stack.enter_context(judged_by("rules" if name == "rules for the classifier" else judge))
        if name == "without the network's pathways":
            anatomy = replace(anatomy, pathways=geometric_pathways(anatomy))
        elif name == "without the aortic fit":
            stack.enter_context(mock.patch("corcal.lesions.features.fit_wall", _not_fitted))
        elif name == "without the noise gate":
            loaded = classifier.load_classifier()
            stack.enter_context(mock.patch(_LOADER, return_value=WithoutNoise(loaded)))
        yield Given(anatomy)


def _not_fitted(*_: object) -> None:
    """Stand for `fit_wall` where nothing can be fitted."""


def models_key(judge: str) -> str:
    """Name the models that decide: rows of other models are other rows."""
    names = [
        one for one in known_models().values() if judge == "trained" or "lesions" not in one.file
    ]
    words = ",".join(sorted(one.sha256 for one in names)) + judge
    return hashlib.sha256(words.encode()).hexdigest()[:10]


def measure_all(
    work: Callable[[int], Measured], seeds: Sequence[int], folder: Path, *, workers: int
) -> list[Measured]:
    """Measure each seed in a process of its own pool, keeping each row as soon as it is there.

    Parameters
    ----------
    work : callable
        Measures one seed; something that can be pickled.
    seeds : sequence of int
        Those whose row is in `folder` are not measured again.
    folder : Path
        Of ``<seed>.json``. A failed scan is not kept: the next run tries it again.
    workers : int
        Processes, each with one thread.

    Returns
    -------
    list of Measured
        In the order of the seeds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _warn_of_other_code(folder)
    done = {seed: found for seed in seeds if (found := read_row(folder, seed)) is not None}
    missing = [seed for seed in seeds if seed not in done]
    print(f"{len(done)} of {len(seeds)} rows are there, {len(missing)} to measure", flush=True)
    os.environ["OMP_NUM_THREADS"] = "1"  # for the processes that are started now
    start = time.perf_counter()
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_alone) as pool:
        jobs = {pool.submit(_attempt, work, seed): seed for seed in missing}
        for count, job in enumerate(as_completed(jobs), 1):
            seed = jobs[job]
            done[seed] = job.result()
            if done[seed].row.failure is None:
                _keep(folder, seed, done[seed])
            if count % _EVERY == 0 or count == len(missing):
                took = time.perf_counter() - start
                print(f"{count} of {len(missing)} in {took:.0f} s", flush=True)
    return [done[seed] for seed in seeds]


def _warn_of_other_code(folder: Path) -> None:
    """Say so if the rows that are there were made by other code: models alone name the folder."""
    package = Path(corcal.__file__).parent
    files = [file for room in _ROOMS for file in sorted((package / room).rglob("*.py"))]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    note = folder / "made_by.txt"
    if note.exists() and note.read_text() != digest:
        print(f"WARNING: rows in {folder} were made by other code; remove them to measure anew")
    else:
        note.write_text(digest)


def read_row(folder: Path, seed: int) -> Measured | None:
    """Read the row of a seed, if there is one."""
    file = folder / f"{seed}.json"
    return msgspec.json.decode(file.read_bytes(), type=Measured) if file.exists() else None


def _keep(folder: Path, seed: int, measured: Measured) -> None:
    part = folder / f"{seed}.part"
    part.write_bytes(msgspec.json.encode(measured))
    part.replace(folder / f"{seed}.json")


def _attempt(work: Callable[[int], Measured], seed: int) -> Measured:
    """Measure; a failure, whatever it is, ends nothing but itself."""
    try:
        return work(seed)
    except CorcalError as exc:
        reason = str(exc)
    except Exception as exc:  # noqa: BLE001  (the outermost loop of a batch)
        reason = f"a defect ({type(exc).__name__}: {exc})"
    return Measured(row=failed_scan(str(seed), reason), simulate_s=0.0, score_s=0.0)


def _alone() -> None:
    """One thread for each process: the processes share the cores already."""
    from corcal.models import load

    load.MAX_THREADS = 1


_COLUMNS = (
    "scans", "ICC", "category", "zero", "calcium", "artery", "of found", "lesions", "above 5",
    "false", "interval",
)  # fmt: skip


def line_heading(title: str) -> str:
    """Head of the table that `report_line` fills, and what its columns are."""
    return (
        "ICC: of the total. Category: the same. Zero: called zero. Calcium: called calcium.\n"
        "Artery: right, part of all calcium, and of what was found. Lesions: found, of all and of\n"
        "those above 5 Agatston. False: lesions a scan. Interval: holds the truth.\n\n"
        f"{title:34}" + "".join(f"{one:>9}" for one in _COLUMNS)
    )


def report_line(name: str, report: AgreementReport) -> str:
    """Write one study as one line of a table."""
    total = next((one for one in report.scores if one.name == "total"), None)
    lesions, categories, sure = report.lesions, report.categories, report.certainty
    large = [one.found for one in lesions.by_size if _above_5(one.label)] if lesions else []
    count, of = sum(one.count for one in large), sum(one.total for one in large)
    values = (
        total and total.icc.value,
        categories and categories.same.fraction.value,
        categories and categories.zero_called_zero.fraction.value,
        categories and categories.calcium_called_calcium.fraction.value,
        lesions and lesions.right_artery_of_all.value,
        lesions and lesions.right_artery_of_found.value,
        lesions and lesions.found.fraction.value,
        count / of if of else None,
        lesions and lesions.false_per_scan.value,
        sure.intervals[0].held.fraction.value if sure and sure.intervals else None,
    )
    text = "".join(f"{'-' if one is None else format(one, '.3f'):>9}" for one in values)
    return f"{name:34}{report.compared:9d}{text}"


def _above_5(label: str) -> bool:
    return label in {"5 to 10", "10 to 30", "above 30"}
