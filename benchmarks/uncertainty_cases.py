"""Simulated patients for fitting and testing intervals: what a scan shows, beside the truth.

A patient is imaged without noise in slices of 1 mm. Thicker slices are means of neighbouring ones,
so that every place of the slices, every thickness and as much noise as wanted come from one
rendering. The truth of a calcification is its Agatston score in slices of 3 mm, without noise and
motion, averaged over the place of the slices.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from corcal.lesions.sites import CORONARY_SITES
from corcal.lesions.voxels import SiteVoxels
from corcal.phantom.noise import noise_volume
from corcal.phantom.patient import PatientSpec, draw_patient
from corcal.phantom.physics import Scanner
from corcal.phantom.thorax import simulate_patient
from corcal.phantom.types import SimulatedScan
from corcal.scoring.agatston import find_slice_lesions
from corcal.scoring.rules import RULES

__all__ = ["PLAQUES", "PROTOCOLS", "Case", "Plaques", "Protocol", "cases_of"]

LENGTH_MM = 126.0
THIN_MM = 1.0
REFERENCE_SLICES = 3
MARGIN = (7, 20, 20)  # voxels around calcium that are imaged: more than any motion or slice
SMOOTH_HU = 40.0  # what surrounds calcium: blood and muscle
GATE = 4.0  # a calcification must rise this many noise SDs above it to be told from noise


@dataclass(frozen=True, slots=True, kw_only=True)
class Plaques:
    """How calcium is spread over patients: the prior of everything that a scan cannot show."""

    shape: float = 0.4  # of the gamma distribution of a patient's expected number of plaques
    mean: float = 4.5  # plaques a patient; 38 % have none
    median_mg: float = 3.0
    log_sd: float = 1.3
    most_mg: float = 70.0


PLAQUES = Plaques()


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """One way to scan a patient."""

    name: str
    thickness_mm: int
    increment_mm: float
    noise_sd_hu: float
    is_gated: bool = True

    @property
    def pixel_mm(self) -> float:
        """A calcium scan shows the heart, a chest CT the chest."""
        return 0.45 if self.is_gated else 0.7


PROTOCOLS = (
    Protocol(name="3 mm", thickness_mm=3, increment_mm=3, noise_sd_hu=20),
    Protocol(name="3 mm, little noise", thickness_mm=3, increment_mm=3, noise_sd_hu=12),
    Protocol(name="3 mm, much noise", thickness_mm=3, increment_mm=3, noise_sd_hu=32),
    Protocol(name="3 mm every 1 mm", thickness_mm=3, increment_mm=1, noise_sd_hu=20),
    Protocol(name="1 mm", thickness_mm=1, increment_mm=1, noise_sd_hu=30),
    Protocol(name="5 mm", thickness_mm=5, increment_mm=5, noise_sd_hu=15),
    Protocol(name="non-gated 5 mm", thickness_mm=5, increment_mm=5, noise_sd_hu=14, is_gated=False),
    Protocol(name="non-gated 3 mm", thickness_mm=3, increment_mm=3, noise_sd_hu=20, is_gated=False),
    Protocol(name="non-gated 1 mm", thickness_mm=1, increment_mm=1, noise_sd_hu=30, is_gated=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One scan of one patient: each calcification as it scored, and as it is."""

    seed: int
    protocol: Protocol
    site: NDArray[np.uint8]  # of each calcification
    measured: NDArray[np.float64]  # its Agatston score in this scan; 0 if it is not seen
    peak_hu: NDArray[np.float64]  # its maximum in this scan; 0 if it is not seen
    true: NDArray[np.float64]  # what it scores on average over the place of the slices


def cases_of(seed: int, protocols: tuple[Protocol, ...] = PROTOCOLS) -> Iterator[Case]:
    """Simulate one patient under each protocol."""
    spec = _patient(seed)
    if not spec.plaques:
        nothing = np.zeros(0)
        for protocol in protocols:
            yield Case(
                seed=seed,
                protocol=protocol,
                site=np.zeros(0, np.uint8),
                measured=nothing,
                peak_hu=nothing,
                true=nothing,
            )
        return
    gated = _Patient(spec, pixel_mm=0.45, matrix=340)
    chest = _Patient(spec, pixel_mm=0.7, matrix=220)
    chest.take_clusters(gated)
    gated.crop()
    chest.crop()
    true = gated.truth()
    for k, protocol in enumerate(protocols):
        rng = np.random.default_rng([seed, k, 77])
        patient = gated if protocol.is_gated else chest
        measured, peak = patient.measure(protocol, rng)
        yield Case(
            seed=seed,
            protocol=protocol,
            site=gated.cluster_site,
            measured=measured,
            peak_hu=peak,
            true=true,
        )


def _patient(seed: int) -> PatientSpec:
    """Draw a patient with coronary calcium alone, of the sizes that `PLAQUES` says."""
    rng = np.random.default_rng([seed, 76])
    spec = draw_patient(seed, burden="severe")
    places = [plaque for plaque in spec.plaques if plaque.site.vessel is not None]
    count = rng.poisson(rng.gamma(PLAQUES.shape, PLAQUES.mean / PLAQUES.shape))
    chosen = rng.permutation(len(places))[:count].tolist()
    plaques = []
    for index in sorted(chosen):
        mass = PLAQUES.median_mg * float(np.exp(PLAQUES.log_sd * rng.normal()))
        mass = min(max(mass, 0.05), PLAQUES.most_mg)
        density = (350 + 150 * np.log1p(mass)) * np.exp(rng.normal(0, 0.25))
        density = float(np.clip(density, 200, 1200))
        plaques.append(replace(places[index], mass_mg=mass, density_mg_per_cm3=density))
    return replace(spec, plaques=tuple(plaques))


class _Patient:
    """A patient in thin noiseless slices, with the calcifications told apart."""

    def __init__(self, spec: PatientSpec, *, pixel_mm: float, matrix: int) -> None:
        self.scanner = Scanner(
            noise_sd_hu=0.0,
            slice_thickness_mm=THIN_MM,
            increment_mm=THIN_MM,
            matrix=(matrix, matrix),
            pixel_spacing_mm=pixel_mm,
        )
        made: SimulatedScan = simulate_patient(spec, scanner=self.scanner, scan_length_mm=LENGTH_MM)
        self.scan = made.scan
        self.hu = made.scan.hu.astype(np.float32)
        sites = np.zeros(self.hu.shape, np.uint8)
        sites.flat[made.voxels.index] = made.voxels.site
        self.cluster = np.zeros(self.hu.shape, np.int32)
        cluster_site = []
        for site in CORONARY_SITES:
            labels, count = ndimage.label(sites == site, np.ones((3, 3, 3)))
            self.cluster[labels > 0] = labels[labels > 0] + len(cluster_site)
            cluster_site += [int(site)] * count
        self.cluster_site = np.array(cluster_site, np.uint8)

    def take_clusters(self, other: "_Patient") -> None:
        """Tell the calcifications apart as another rendering of the same patient does."""
        step, start = np.array(other.scan.spacing_mm), other.scan.affine_lps[:3, 3][::-1]
        where = np.argwhere(other.cluster)
        place = where * step + start - self.scan.affine_lps[:3, 3][::-1]
        cell = np.rint(place / np.array(self.scan.spacing_mm)).astype(int)
        inside = ((cell >= 0) & (cell < np.array(self.hu.shape))).all(axis=1)
        taken = np.zeros(self.hu.shape, np.int32)
        taken[tuple(cell[inside].T)] = other.cluster[tuple(where[inside].T)]
        grown = ndimage.grey_dilation(taken, size=(1, 15, 15))  # motion carries calcium away
        self.cluster = np.where(taken > 0, taken, grown)
        self.cluster_site = other.cluster_site

    def crop(self) -> None:
        """Leave out what is far from all calcium: it would only cost time."""
        near = [np.flatnonzero(self.cluster.any(axis=other)) for other in ((1, 2), (0, 2), (0, 1))]
        box = tuple(
            slice(max(0, int(at[0]) - pad), int(at[-1]) + pad + 1)
            for at, pad in zip(near, MARGIN, strict=True)
        )
        self.hu, self.cluster = self.hu[box], self.cluster[box]

    def slices(self, thickness: int, increment: int, first: int) -> tuple[NDArray, NDArray]:
        """Average thin slices to thick ones; give the calcification of each voxel too."""
        starts = range(first, self.hu.shape[0] - thickness + 1, increment)
        hu = np.stack([self.hu[k : k + thickness].mean(axis=0) for k in starts])
        cluster = np.stack([self.cluster[k : k + thickness].max(axis=0) for k in starts])
        return hu, cluster

    def truth(self) -> NDArray[np.float64]:
        """Score each calcification, without noise, averaged over the place of the slices."""
        hu, cluster = self.slices(REFERENCE_SLICES, 1, 0)
        return self._score(hu, cluster, increment_mm=1.0)[0]

    def measure(
        self, protocol: Protocol, rng: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Scan, and score each calcification that can be told from noise."""
        step = round(protocol.increment_mm)
        hu, cluster = self.slices(protocol.thickness_mm, step, int(rng.integers(step)))
        if not protocol.is_gated:
            hu = _moved(hu, self.scanner.pixel_spacing_mm, rng)
        scanner = replace(
            self.scanner,
            matrix=hu.shape[1:],
            noise_sd_hu=protocol.noise_sd_hu,
            slice_thickness_mm=protocol.thickness_mm,
            increment_mm=protocol.increment_mm,
        )
        hu = np.rint(hu + noise_volume(scanner, slice_count=len(hu), rng=rng))
        score, peak = self._score(hu, cluster, increment_mm=protocol.increment_mm)
        seen = peak >= SMOOTH_HU + GATE * protocol.noise_sd_hu
        return score * seen, peak * seen

    def _score(
        self, hu: NDArray, cluster: NDArray, *, increment_mm: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        index = np.flatnonzero(cluster)
        owner = cluster.flat[index] - 1
        voxels = SiteVoxels(shape=hu.shape, index=index, site=self.cluster_site[owner])
        pixel = self.scanner.pixel_spacing_mm
        found = find_slice_lesions(
            hu.flat[index], voxels, rule=RULES["textbook"], spacing_mm=(increment_mm, pixel, pixel)
        )
        _, first = np.unique(found.label, return_index=True)
        of_lesion = owner[found.voxel[first]]
        count = len(self.cluster_site)
        score = np.bincount(of_lesion, found.weighted_pixels, count) * found.agatston_per_pixel
        peak = np.zeros(count)
        np.maximum.at(peak, of_lesion, found.peak_hu)
        return score, peak


def _moved(hu: NDArray, pixel_mm: float, rng: np.random.Generator) -> NDArray:
    """Smear each slice along a path of its own: a heart that moves while a slice is scanned.

    Coronary arteries move at 5 to 60 mm/s, and a slice takes about 0.3 s.
    """
    typical = float(np.exp(rng.uniform(np.log(2.0), np.log(8.0))))
    out = np.empty_like(hu)
    for k, plane in enumerate(hu):
        length = typical * float(np.exp(rng.normal(0, 0.5))) / pixel_mm
        angle = rng.uniform(0, 2 * np.pi)
        middle = rng.normal(0, 0.25)
        steps = np.linspace(-0.5, 0.5, max(3, round(length)) | 1) + middle
        way = np.array([np.sin(angle), np.cos(angle)]) * length
        out[k] = np.mean([ndimage.shift(plane, s * way, order=1, mode="nearest") for s in steps], 0)
    return out
