"""The anatomy by TotalSegmentator, for people who have it installed: a second source.

TotalSegmentator (Wasserthal et al. 2023, doi:10.1148/ryai.230024) is not a dependency of corcal.
Only its task ``total`` is used, whose weights are open for any use. Its tasks for the chambers at
high resolution and for the coronary arteries need a licence, and are never started. So this source
knows the heart as a whole and the aorta, but neither chambers nor arteries.
"""

import importlib
import importlib.metadata
import logging
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.box import CELL_MM, SIDE_MULTIPLE, place_box
from corcal.anatomy.components import largest_part
from corcal.anatomy.resample import Grid, cover, covered_cells, cut_box, resample
from corcal.anatomy.sampling import distance_map
from corcal.anatomy.types import Anatomy, ModelRecord, Structure
from corcal.ct.findings import finding
from corcal.ct.scan import CTScan, Finding
from corcal.errors import InputError

__all__ = ["TotalSegmentatorSource"]

COMMAND = "TotalSegmentator"
# Classes of the task "total", version 2: each is written as <name>.nii.gz.
CLASSES = ("heart", "aorta", "atrial_appendage_left")
SAC_MM = 8.0  # its heart ends at the muscle; epicardial fat with the arteries lies around it
LUNG_HU = -300.0  # cells below are lung, not fat
ROOT_MM = 22.0  # from the annulus, where its aorta begins, to the sinotubular junction: rounded
LEAST_HEART_ML = 50.0  # as for the built-in source

_log = logging.getLogger(__name__)
_Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalSegmentatorSource:
    """An installed TotalSegmentator as a source of the anatomy.

    Attributes
    ----------
    fast : bool
        Its model of 3 mm, much faster on a CPU, instead of that of 1.5 mm.
    device : str
        ``"cpu"``, ``"gpu"``, ``"gpu:1"``, ``"mps"``, as it names them.
    timeout_s : float
        After which it is stopped; the first run downloads its weights.
    """

    fast: bool = True
    device: str = "cpu"
    timeout_s: float = 1800.0

    def locate(self, scan: CTScan) -> Anatomy:
        """Find the anatomy of a scan.

        The voxels, and nothing else of the scan, are written into a folder of their own that only
        the user can read, which is removed afterwards, whatever happens.

        Returns
        -------
        Anatomy
            Without pathways. What lies in the pericardium and is not aorta or left atrial
            appendage is all `Structure.EPICARDIAL_FAT`, the chambers included: this source cannot
            tell them apart.

        Raises
        ------
        corcal.errors.InputError
            If TotalSegmentator is not installed, fails, or leaves something else than its
            documentation says.
        """
        command = shutil.which(COMMAND)
        if command is None:
            msg = f"{COMMAND} is not installed, or not on the PATH: pip install TotalSegmentator"
            raise InputError(msg)
        grid = cover(scan, cell_mm=CELL_MM, multiple=SIDE_MULTIPLE)
        with tempfile.TemporaryDirectory(prefix="corcal-") as name:
            folder = Path(name)
            _write_scan(folder / "scan.nii", scan)
            self._run([command], folder)
            shares = {one: _read_share(folder / "out", one, scan, grid) for one in CLASSES}
        return _anatomy(scan, grid, shares)

    def _run(self, command: list[str], folder: Path) -> None:
        """Run it on ``scan.nii`` of a folder; its label maps come into ``out``."""
        arguments = ["-i", str(folder / "scan.nii"), "-o", str(folder / "out"), "--task", "total"]
        arguments += ["--device", self.device, "--quiet", *(["--fast"] if self.fast else [])]
        arguments += ["--roi_subset", *CLASSES]
        try:
            done = subprocess.run(  # noqa: S603 - a fixed program; no argument comes from the scan
                [*command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=self.timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as exc:
            msg = f"{COMMAND} did not end within {self.timeout_s:g} s"
            raise InputError(msg) from exc
        except OSError as exc:
            msg = f"{COMMAND} cannot be started: {exc.strerror or exc}"
            raise InputError(msg) from exc
        if done.returncode != 0:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
            last = lines[-1].replace(str(folder), "<folder>")[:200]
            msg = f"{COMMAND} ended with code {done.returncode}: {last}"
            raise InputError(msg)


def _write_scan(path: Path, scan: CTScan) -> None:
    """Write the voxels in canonical axes at the origin: where the patient lay is nobody's business.

    A sheared scan (gantry tilt) is written unsheared, as the built-in source sees it.
    """
    sitk: Any = importlib.import_module("SimpleITK")  # has no types; slow to import

    image = sitk.GetImageFromArray(np.asarray(scan.hu))
    image.SetSpacing(scan.spacing_mm[::-1])
    sitk.WriteImage(image, str(path))


def _read_share(folder: Path, name: str, scan: CTScan, grid: Grid) -> _Floats:
    """Read a label map, and return which share of each cell it fills."""
    sitk: Any = importlib.import_module("SimpleITK")  # has no types; slow to import

    path = folder / f"{name}.nii.gz"
    if not path.is_file():
        msg = f"{COMMAND} left no {path.name}; version 2 or later is needed"
        raise InputError(msg)
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as exc:
        msg = f"{COMMAND} left a {path.name} that cannot be read"
        raise InputError(msg) from exc
    labels = sitk.GetArrayViewFromImage(image)
    is_same = labels.shape == scan.shape and np.allclose(image.GetDirection(), np.eye(3).ravel())
    if not is_same:
        msg = f"{COMMAND} left a {path.name} of shape {labels.shape}, the scan's is {scan.shape}"
        raise InputError(msg)
    mask = (labels > 0).astype(np.int16)
    return np.clip(resample(replace(scan, hu=mask), grid), 0.0, 1.0)


def _anatomy(scan: CTScan, grid: Grid, shares: dict[str, _Floats]) -> Anatomy:
    heart = largest_part(shares["heart"] > 0.5)
    inside = covered_cells(scan, grid)
    start, shape = place_box(heart, inside)
    cells = {name: np.maximum(cut_box(share, start, shape), 0.0) for name, share in shares.items()}
    box = grid.box(start, shape)
    structures = _structures(cells, resample(scan, box))
    findings: tuple[Finding, ...] = ()
    if heart.sum() * CELL_MM**3 / 1000.0 < LEAST_HEART_ML:
        message = f"{COMMAND} found no heart of {LEAST_HEART_ML:g} mL or more in the scan"
        findings = (finding("HEART_NOT_FOUND", message),)
        structures = np.zeros_like(structures)
        structures[Structure.BACKGROUND] = 1.0
    return Anatomy(
        structures=structures,
        pathways=None,
        origin_mm=box.origin_mm,
        spacing_mm=box.spacing_mm,
        model=ModelRecord(name="totalsegmentator", version=_version(), sha256=None, trusted=False),
        findings=findings,
    )


def _structures(cells: dict[str, _Floats], hu: _Floats) -> _Floats:
    """Probabilities of the structures from the shares of the classes in each cell."""
    out = np.zeros((len(Structure), *hu.shape), np.float32)
    for part, mask in _aorta_parts(cells["aorta"] > 0.25, cells["heart"] > 0.5).items():
        out[part] = np.where(mask, cells["aorta"], 0.0)
    out[Structure.LEFT_ATRIUM] = cells["atrial_appendage_left"]
    heart = cells["heart"] > 0.5
    is_sac = (distance_map(heart, (CELL_MM,) * 3) < SAC_MM) & (hu > LUNG_HU)
    rest = np.maximum(1.0 - out.sum(axis=0), 0.0)
    out[Structure.EPICARDIAL_FAT] = np.where(is_sac, rest, np.minimum(cells["heart"], rest))
    out[Structure.BACKGROUND] = np.maximum(1.0 - out.sum(axis=0), 0.0)
    return np.asarray(out / out.sum(axis=0), np.float32)


def _aorta_parts(
    aorta: NDArray[np.bool_], heart: NDArray[np.bool_]
) -> dict[Structure, NDArray[np.bool_]]:
    """Split the aorta into root, ascending (with the front half of the arch) and descending.

    The front is what lies in front of the middle of the aorta's extent from front to back.
    """
    rows = np.flatnonzero(aorta.any(axis=(0, 2)))
    if len(rows) == 0:
        return {}
    middle = 0.5 * float(rows[0] + rows[-1])
    is_front = (np.arange(aorta.shape[1]) <= middle)[None, :, None]
    front, back = aorta & is_front, aorta & ~is_front
    levels = np.flatnonzero((front & _near(heart)).any(axis=(1, 2)))
    if len(levels) == 0:
        return {Structure.ASCENDING_AORTA: front, Structure.DESCENDING_AORTA: back}
    top = int(levels[0]) + ROOT_MM / CELL_MM
    is_root = (np.arange(aorta.shape[0]) < top)[:, None, None]
    return {
        Structure.AORTIC_ROOT: front & is_root,
        Structure.ASCENDING_AORTA: front & ~is_root,
        Structure.DESCENDING_AORTA: back,
    }


def _near(heart: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(distance_map(heart, (CELL_MM,) * 3) < 2 * CELL_MM)


def _version() -> str:
    """Version of TotalSegmentator, if it is installed beside corcal."""
    try:
        return importlib.metadata.version(COMMAND)
    except importlib.metadata.PackageNotFoundError:
        _log.info("TotalSegmentator is a command outside of this environment")
        return "unknown"
