"""How a simulated exam is made: scanner, field of view, coverage; one at a time or drawn."""

import math
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

import numpy as np

from corcal.errors import InputError
from corcal.phantom.artefacts import CLEAN, Artefacts
from corcal.phantom.motion import STILL, Motion
from corcal.phantom.patient import PatientSpec
from corcal.phantom.scanner import KERNELS, Kernel, Scanner

__all__ = ["GATED_SCANNER", "SCAN_LENGTH_MM", "Kind", "Protocol", "draw_protocol", "image_origin"]

Kind = Literal["gated", "chest"]
Triple = tuple[float, float, float]
_T = TypeVar("_T")

GATED_SCANNER = Scanner(noise_sd_hu=20.0)
SCAN_LENGTH_MM = 168.0  # carina to below the apex
_FIELD_CENTRE_MM = (37.0, 16.0, -14.0)  # of the field of view and the scan, reference frame

# The tables of what is drawn: (value, weight). They mirror what calcium scans and chest CT of the
# last twenty years look like; no survey is behind the weights.
_GATED_KVP = ((120.0, 70), (100.0, 18), (130.0, 4), (80.0, 4), (110.0, 2), (70.0, 1), (140.0, 1))
_CHEST_KVP = ((120.0, 60), (100.0, 22), (110.0, 5), (130.0, 5), (140.0, 4), (80.0, 4))
# Thickness and increment, mm.
_GATED_SLICES = (
    ((3.0, 3.0), 48),
    ((2.5, 2.5), 20),
    ((3.0, 1.5), 18),
    ((3.0, 2.0), 3),
    ((1.5, 1.5), 4),
    ((1.0, 1.0), 4),
    ((0.75, 0.5), 1),
    ((2.0, 2.0), 2),
)
_CHEST_SLICES = (
    ((5.0, 5.0), 34),
    ((3.0, 3.0), 16),
    ((2.5, 2.5), 10),
    ((2.0, 2.0), 8),
    ((1.25, 1.25), 8),
    ((1.0, 1.0), 10),
    ((5.0, 2.5), 4),
    ((3.0, 2.0), 4),
    ((2.0, 1.0), 4),
    ((1.0, 0.7), 2),
)
_GATED_KERNELS = (("medium", 60), ("smooth", 10), ("iterative", 30))
_CHEST_KERNELS = (("medium", 45), ("smooth", 15), ("iterative", 15), ("sharp", 25))
_NOISE_HU = {"gated": 17.0, "chest": 15.0}  # of 3 mm, medium kernel, average patient
_NOISE_RANGE_HU = (8.0, 35.0)  # of 3 mm slices and kernels for soft tissue
_KERNEL_NOISE = {"iterative": 0.75, "smooth": 0.85, "medium": 1.0, "sharp": 1.9}
# Top and bottom of a gated scan, reference mm: ordinary, and cut through the heart's base or apex.
_TOP_MM, _CUT_TOP_MM = (50.0, 76.0), (34.0, 46.0)
_BOTTOM_MM, _CUT_BOTTOM_MM = (-96.0, -70.0), (-60.0, -46.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """How an exam is made.

    Attributes
    ----------
    kind : "gated" or "chest"
        A gated calcium scan, or a chest CT without gating.
    scanner : Scanner
        Its matrix and spacings give the field of view.
    scan_length_mm : float
        Covered by slices.
    offset_mm : (x, y, z)
        Middle of the scan relative to where a calcium scan is planned, on the heart.
    motion : Motion
        Of the heart.
    artefacts : Artefacts
        Shading and streaks.
    """

    kind: Kind = "gated"
    scanner: Scanner = field(default_factory=lambda: GATED_SCANNER)
    scan_length_mm: float = SCAN_LENGTH_MM
    offset_mm: Triple = (0.0, 0.0, 0.0)
    motion: Motion = STILL
    artefacts: Artefacts = CLEAN

    @property
    def slice_count(self) -> int:
        """How many slices cover the length."""
        return max(1, round(self.scan_length_mm / self.scanner.increment_mm))


def image_origin(spec: PatientSpec, protocol: Protocol) -> Triple:
    """Centre of voxel [0, 0, 0] in the patient's own frame; no two exams are planned alike."""
    planned = np.random.default_rng([spec.seed, 8, spec.exam]).normal(0, (2.0, 2.0, 1.5))
    scanner = protocol.scanner
    n_y, n_x = scanner.matrix
    size = (n_x, n_y, protocol.slice_count)
    step = (scanner.pixel_spacing_mm, scanner.pixel_spacing_mm, scanner.increment_mm)
    middle = np.add(np.multiply(_FIELD_CENTRE_MM, spec.body_scale), planned) + protocol.offset_mm
    x, y, z = (
        round(c - 0.5 * (n - 1) * d, 4) for c, n, d in zip(middle.tolist(), size, step, strict=True)
    )
    return x, y, z


def draw_protocol(
    seed: int, *, kind: Kind = "gated", spec: PatientSpec | None = None, matrix: int = 512
) -> Protocol:
    """Draw how an exam is made, as wide as practice is.

    Parameters
    ----------
    seed : int
        The same seed gives the same protocol.
    kind : "gated" or "chest"
        A gated calcium scan: 70 to 140 kVp, fields of 160 to 260 mm with the heart off-centre by
        up to 25 mm or, one in six, 300 to 360 mm; slices of 0.75 to 3 mm, overlapping or not;
        110 to 175 mm long; one in six cut at the heart's base or apex. A chest CT: 80 to 140 kVp,
        300 to 420 mm, one in four 400 to 500 mm, slices of 1 to 5 mm, smooth to sharp kernels, both
        lungs.
    spec : PatientSpec, optional
        Who is scanned: a large patient gives more noise and, in chest CT, gets a larger field.
    matrix : int
        Rows and columns; below 512 the pixels are larger, for what needs no detail.

    Raises
    ------
    InputError
        If `kind` is neither.
    """
    if kind not in ("gated", "chest"):
        msg = f"the kind of protocol must be 'gated' or 'chest', got {kind!r}"
        raise InputError(msg)
    rng = np.random.default_rng([seed, 11, kind == "chest"])
    stature = 1.0 if spec is None else float(np.mean(spec.body_scale[:2]))
    fat_mm = 14.0 if spec is None else spec.subcutaneous_fat_mm
    width_mm = 2.0 * (143.0 * stature + fat_mm)
    field_mm, offset, length = _gated_place(rng) if kind == "gated" else _chest_place(rng, width_mm)
    girth = stature * math.exp(0.022 * (fat_mm - 14.0))
    scanner = _draw_scanner(rng, kind, girth=girth)
    return Protocol(
        kind=kind,
        scanner=replace(
            scanner, matrix=(matrix, matrix), pixel_spacing_mm=round(field_mm / matrix, 6)
        ),
        scan_length_mm=length,
        offset_mm=offset,
        motion=_draw_motion(np.random.default_rng([seed, 13, kind == "chest"]), kind, scanner),
        artefacts=_draw_artefacts(np.random.default_rng([seed, 14, kind == "chest"]), girth),
    )


def _draw_scanner(rng: np.random.Generator, kind: Kind, *, girth: float) -> Scanner:
    gated = kind == "gated"
    kvp = _chosen(rng, _GATED_KVP if gated else _CHEST_KVP)
    thickness, increment = _chosen(rng, _GATED_SLICES if gated else _CHEST_SLICES)
    base = _chosen(rng, _GATED_KERNELS if gated else _CHEST_KERNELS)
    # Protocols give large patients more dose, but not as much more as they would need.
    noise = _NOISE_HU[kind] * girth**1.3 * float(np.exp(rng.normal(0, 0.3)))
    noise = float(np.clip(noise, *_NOISE_RANGE_HU)) * _KERNEL_NOISE[base]
    # Thin slices have more noise, less so than their width says: they get smoother kernels.
    noise *= (3.0 / thickness) ** 0.42
    return Scanner(
        kvp=kvp,
        kernel=_varied(rng, KERNELS[base]),
        slice_thickness_mm=thickness,
        increment_mm=increment,
        slice_edge_sigma_mm=float(rng.uniform(0.2, 0.6)),
        noise_sd_hu=round(noise, 2),
        calcium_response=round(float(np.clip(rng.normal(1.0, 0.05), 0.85, 1.15)), 4),
    )


def _draw_motion(rng: np.random.Generator, kind: Kind, scanner: Scanner) -> Motion:
    """Draw what gating leaves (0 to 2 mm, seldom more), or a beat's whole way (2 to 10 mm)."""
    direction = rng.normal(size=3) * (1.0, 1.0, 0.6)
    x, y, z = (float(v) for v in direction / np.linalg.norm(direction))
    gated = kind == "gated"
    if gated:
        way = min(float(rng.gamma(1.5, 0.45)), 2.0) if rng.random() < 0.94 else rng.uniform(2, 5)
    else:
        way = float(rng.uniform(2.0, 10.0))
    # A gated scan is taken in steps of the detector's height; a spiral has its own phase in each
    # slice, which thin slices share with their neighbours.
    together = rng.uniform(24.0, 44.0) if gated else 3.0
    return Motion(
        kind="gated" if gated else "free",
        way_mm=round(way, 3),
        direction=(x, y, z),
        turn_per_beat=float(rng.uniform(0.3, 0.75)),
        slices_together=max(1, round(together / scanner.increment_mm)),
        seed=int(rng.integers(2**31)),
    )


def _draw_artefacts(rng: np.random.Generator, girth: float) -> Artefacts:
    """Draw shading up to 8 HU, and streaks that wide bodies have more of."""
    return Artefacts(
        shading_hu=float(rng.uniform(0.0, 4.0)),  # its extremes are about twice that
        cupping_hu=float(rng.uniform(-2.0, 6.0)),
        lateral_noise=float(np.clip(0.5 + 1.2 * (girth - 1.0) + rng.normal(0, 0.3), 0.0, 1.5)),
        metal=float(rng.uniform(0.4, 1.6)),
        seed=int(rng.integers(2**31)),
    )


def _varied(rng: np.random.Generator, kernel: Kernel) -> Kernel:
    """Give a kernel like this one, of another vendor."""
    width = float(np.clip(np.exp(rng.normal(0, 0.12)), 0.75, 1.35))
    least = min(kernel.noise_rise, 0.05)
    return replace(
        kernel,
        psf_fwhm_mm=kernel.psf_fwhm_mm * width,
        noise_rise=float(np.clip(kernel.noise_rise + rng.normal(0, 0.15), least, 1.2)),
        noise_cutoff_per_mm=kernel.noise_cutoff_per_mm / width * float(rng.uniform(0.9, 1.1)),
        noise_fall=kernel.noise_fall * float(rng.uniform(0.85, 1.15)),
    )


def _gated_place(rng: np.random.Generator) -> tuple[float, Triple, float]:
    """Field of view, offset and length of a calcium scan."""
    if rng.random() < 1 / 6:
        field_mm = rng.uniform(300.0, 360.0)
        x, y = rng.normal(-25.0, 12.0), rng.normal(5.0, 8.0)
    else:
        field_mm = rng.uniform(160.0, 260.0)
        x, y = np.clip(rng.normal(0, 10.0, 2), -25.0, 25.0)
    cut = rng.random()
    top = rng.uniform(*(_CUT_TOP_MM if cut < 1 / 12 else _TOP_MM))
    bottom = rng.uniform(*(_CUT_BOTTOM_MM if cut > 11 / 12 else _BOTTOM_MM))
    offset = _rounded(x, y, 0.5 * (top + bottom) - _FIELD_CENTRE_MM[2])
    return float(field_mm), offset, float(round(top - bottom, 1))


def _chest_place(rng: np.random.Generator, width_mm: float) -> tuple[float, Triple, float]:
    """Field of view, offset and length of a chest CT: the table's middle, both lungs."""
    field_mm = float(np.clip(width_mm * rng.uniform(0.9, 1.12), 300.0, 420.0))
    if rng.random() < 0.25:  # the table is seen, too
        field_mm = float(rng.uniform(400.0, 500.0))
    x, y = rng.normal(-_FIELD_CENTRE_MM[0], 6.0), rng.normal(12.0, 8.0)
    z = rng.normal(26.0, 8.0)
    return field_mm, _rounded(x, y, z), float(round(rng.uniform(260.0, 340.0), 1))


def _rounded(x: float, y: float, z: float) -> Triple:
    return round(float(x), 2), round(float(y), 2), round(float(z), 2)


def _chosen(rng: np.random.Generator, table: tuple[tuple[_T, int], ...]) -> _T:
    weights = np.array([weight for _, weight in table], np.float64)
    return table[int(rng.choice(len(table), p=weights / weights.sum()))][0]
