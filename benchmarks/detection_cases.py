"""The scans that automatic detection is measured on: simulated ones with their truth, real ones.

Seeds below 1 000 000 are for measuring: training draws from there on upwards. Patients vary widely
(`VARIETY`), have what people have besides coronary calcium, and a third have no plaque at all. A
variant is the same patients seen in another way; ``base`` is a gated scan of 120 kVp in contiguous
slices of 3 mm, with field of view, kernel, noise, motion and artefacts as wide as practice.
"""

import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from corcal.annotations import read_annotation
from corcal.ct.find import find_series
from corcal.ct.scan import CTScan
from corcal.ct.suitability import Suitability, choose_series
from corcal.errors import InputError
from corcal.lesions.voxels import SiteVoxels
from corcal.phantom.confounders import draw_confounders
from corcal.phantom.patient import Burden, draw_patient
from corcal.phantom.protocol import Protocol, draw_protocol
from corcal.phantom.spec import PatientSpec
from corcal.phantom.thorax import simulate_exam
from corcal.phantom.types import SimulatedScan

__all__ = [
    "GATED",
    "NONGATED_ZERO",
    "SEEDS_BELOW",
    "VARIANTS",
    "RealScan",
    "draw_case",
    "real_scan",
    "shared_data",
    "simulated_case",
]

SEEDS_BELOW = 1_000_000
VARIETY = 0.6
GATED = ("coca-gated/0", "coca-gated/1", "coca-gated/2")
NONGATED_ZERO = "coca-nongated/1"
# By the seed modulo nine: a third without plaques, the rest even.
_BURDENS: tuple[Burden, ...] = (
    "none", "mild", "moderate", "none", "severe", "mild", "none", "moderate", "severe",
)  # fmt: skip
_THIN_NOISE = 0.42  # thin slices get smoother kernels: the exponent of `draw_protocol`


def _sliced(protocol: Protocol, thickness_mm: float) -> Protocol:
    """Contiguous slices of another thickness: with the noise, and the steps of the table."""
    old = protocol.scanner
    noise = old.noise_sd_hu * (old.slice_thickness_mm / thickness_mm) ** _THIN_NOISE
    together = protocol.motion.slices_together * old.increment_mm / thickness_mm
    return replace(
        protocol,
        scanner=replace(
            old,
            slice_thickness_mm=thickness_mm,
            increment_mm=thickness_mm,
            noise_sd_hu=round(noise, 2),
        ),
        motion=replace(protocol.motion, slices_together=max(1, round(together))),
    )


def _standard(protocol: Protocol) -> Protocol:
    return _sliced(replace(protocol, scanner=replace(protocol.scanner, kvp=120.0)), 3.0)


def _noisier(protocol: Protocol) -> Protocol:
    scanner = protocol.scanner
    return replace(protocol, scanner=replace(scanner, noise_sd_hu=2.0 * scanner.noise_sd_hu))


def _at_100_kvp(protocol: Protocol) -> Protocol:
    return replace(protocol, scanner=replace(protocol.scanner, kvp=100.0))


# What becomes of the drawn protocol; "nongated" is drawn anew, as chest CT is.
VARIANTS: dict[str, Callable[[Protocol], Protocol]] = {
    "base": _standard,
    "noise": lambda drawn: _noisier(_standard(drawn)),
    "100kvp": lambda drawn: _at_100_kvp(_standard(drawn)),
    "1mm": lambda drawn: _sliced(_standard(drawn), 1.0),
    "5mm": lambda drawn: _sliced(_standard(drawn), 5.0),
    "nongated": lambda drawn: drawn,
    "practice": lambda drawn: drawn,
}


def draw_case(
    seed: int, variant: str = "base", *, matrix: int = 512
) -> tuple[PatientSpec, Protocol]:
    """Draw a patient, and how the exam is made.

    Parameters
    ----------
    seed : int
        0 to 999 999. The same patient in every variant.
    variant : str
        A name of `VARIANTS`; ``practice`` leaves tube voltage and slices of the gated scan as
        drawn, ``nongated`` is chest CT as drawn.
    matrix : int
        Rows and columns.

    Raises
    ------
    InputError
        If the seed is one that training may use.
    """
    if not 0 <= seed < SEEDS_BELOW:
        msg = f"seeds of measurements are 0 to {SEEDS_BELOW - 1}, got {seed}: training has others"
        raise InputError(msg)
    spec = draw_patient(seed, burden=_BURDENS[seed % len(_BURDENS)], variety=VARIETY)
    spec = replace(spec, confounders=draw_confounders(spec, seed, chance=1.0))
    kind = "chest" if variant == "nongated" else "gated"
    return spec, VARIANTS[variant](draw_protocol(seed, kind=kind, spec=spec, matrix=matrix))


def simulated_case(
    seed: int, variant: str = "base", *, matrix: int = 512, keep: Path | None = None
) -> SimulatedScan:
    """Simulate a case, or take it from the folder `keep`, where it is put otherwise."""
    file = None if keep is None else keep / f"{seed}.pickle"
    if file is not None and file.exists():
        # the file is our own, written below
        return pickle.loads(file.read_bytes())  # type: ignore[no-any-return]  # noqa: S301
    made = simulate_exam(*draw_case(seed, variant, matrix=matrix))
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(pickle.dumps(made, protocol=5))
        part.replace(file)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class RealScan:
    """A real scan; `expert` is ``None`` where nobody marked it."""

    name: str
    scan: CTScan
    suitability: Suitability
    expert: SiteVoxels | None


def shared_data() -> Path | None:
    """Folder of the real scans, if they are here."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("CORCAL_SHARED", default)) / "data"
    return folder if folder.is_dir() else None


def real_scan(name: str) -> RealScan | None:
    """Read a real scan with the expert's marks; ``None`` if it is not here."""
    data = shared_data()
    if data is None or not (data / name / "dicom").is_dir():
        return None
    choice = choose_series(find_series(data / name / "dicom"))
    marks = data / name / "calcium.xml"
    return RealScan(
        name=name,
        scan=choice.scan,
        suitability=choice.suitability,
        expert=read_annotation(marks, choice.scan).voxels if marks.exists() else None,
    )
