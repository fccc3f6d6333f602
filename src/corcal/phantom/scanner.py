"""The scanner of a simulated scan: tube voltage, kernel, grid, slice and noise."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from corcal.errors import InputError

__all__ = ["FWHM_PER_SIGMA", "KERNELS", "Kernel", "Scanner", "hydroxyapatite_hu", "tissue_hu"]

HA_HU_PER_MG_PER_CM3_120KVP = 1.30  # 100 mg/cm3 ~ 130 HU at 120 kVp, doi 10.1007/s00330-022-08642-5
# Slope of the kVp-adapted first Agatston thresholds (207, 177, 147, 130, 119 HU at 70, 80, 100,
# 120, 135 kVp; Graeni 2018 doi 10.1093/ehjci/jey019, Nakazato 2009) over 1/kVp^2, relative to
# 130 HU at 120 kVp. It meets each of them within 3 HU.
_KVP_SLOPE = 5.8e5 / 130.0
_KVP_RANGE = (70.0, 140.0)
# How much of calcium's relative change with voltage fat's contrast to water has: adipose tissue
# (ICRU-44, 0.95 g/cm3) is -89 HU at 60 keV and -111 HU at 50 keV by NIST's attenuation tables
# (NISTIR 5632, doi:10.18434/T4D01F), so about a fifth more at 80 than at 120 kVp, where calcium
# gains 39 %.
_FAT_SHARE = 0.5
FWHM_PER_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))


def hydroxyapatite_hu(density_mg_per_cm3: float, *, kvp: float) -> float:
    """Give the HU above water of hydroxyapatite in water-equivalent material.

    Parameters
    ----------
    density_mg_per_cm3 : float
        Hydroxyapatite per volume.
    kvp : float
        Tube voltage, 70 to 140 kV.

    Returns
    -------
    float
        Contrast in HU, proportional to density: 1.30 HU per mg/cm3 at 120 kVp, which is a mass
        calibration factor of 0.77 mg/cm3/HU.

    Raises
    ------
    InputError
        If `kvp` is outside the range that the published thresholds cover.
    """
    if not _KVP_RANGE[0] <= kvp <= _KVP_RANGE[1]:
        msg = f"no calcium contrast is known at {kvp:g} kVp, allowed 70 to 140 kVp"
        raise InputError(msg)
    relative = 1.0 + _KVP_SLOPE * (kvp**-2 - 120.0**-2)
    return HA_HU_PER_MG_PER_CM3_120KVP * relative * density_mg_per_cm3


def tissue_hu(hu_120kvp: NDArray[np.float32], *, kvp: float) -> NDArray[np.float32]:
    """Give the HU at another tube voltage of tissue painted for 120 kVp.

    Parameters
    ----------
    hu_120kvp : float32 ndarray
        Any shape.
    kvp : float
        Tube voltage, 70 to 140 kV.

    Returns
    -------
    float32 ndarray
        Water, muscle, lung and air stay; what is denser than muscle (60 HU) owes it to calcium and
        changes as calcium does; fat changes half as much. The input itself at 120 kVp.
    """
    if kvp == 120.0:
        return hu_120kvp
    calcium = hydroxyapatite_hu(1.0, kvp=kvp) / HA_HU_PER_MG_PER_CM3_120KVP
    fat = -110.0 * (1.0 + _FAT_SHARE * (calcium - 1.0))
    known = [-2000.0, -400.0, -110.0, 0.0, 60.0, 5060.0]
    made = [-2000.0, -400.0, fat, 0.0, 60.0, 60.0 + 5000.0 * calcium]
    return np.interp(hu_120kvp, known, made).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """What a reconstruction kernel does to an image.

    Attributes
    ----------
    name : str
        As in the header's ConvolutionKernel.
    psf_fwhm_mm : float
        Full width at half maximum of the Gaussian point spread in the slice.
    noise_rise, noise_cutoff_per_mm, noise_fall
        The noise power spectrum is ``f**rise * exp(-(f / cutoff)**fall)``. Filtered back projection
        of ideal data would rise with 1 (its ramp); measured spectra of thick slices rise more
        slowly.
    """

    name: str
    psf_fwhm_mm: float
    noise_rise: float
    noise_cutoff_per_mm: float
    noise_fall: float


# "medium" is what the QRM phantom's rods and uniform parts show on a Canon Aquilion ONE with FC12
# (edge of the 20 mm rod: FWHM 1.49 mm; spectrum of 13 slices). "smooth" has the spectrum of blood
# on Siemens Flash scans with I30f, and its point spread by the ratio of the spectra's half-power
# frequencies. "iterative" has the spectrum of blood on three gated Siemens scans with I30f and
# iterative reconstruction of strength 3, from 1 to 6.5 line pairs a centimetre; its point spread is
# that of the smallest dense spots there (1.7 mm across where those of a simulated 1.5 mm are as
# well): such a reconstruction takes fine noise away and leaves edges. "sharp" is a lung kernel's
# order of magnitude, not measured.
KERNELS = {
    "smooth": Kernel(
        name="I30f", psf_fwhm_mm=1.6, noise_rise=0.5, noise_cutoff_per_mm=0.36, noise_fall=2.1
    ),
    "iterative": Kernel(
        name="I30f/3", psf_fwhm_mm=1.5, noise_rise=0.0, noise_cutoff_per_mm=0.345, noise_fall=2.4
    ),
    "medium": Kernel(
        name="FC12", psf_fwhm_mm=1.5, noise_rise=0.2, noise_cutoff_per_mm=0.468, noise_fall=3.1
    ),
    "sharp": Kernel(
        name="B70f", psf_fwhm_mm=0.8, noise_rise=1.0, noise_cutoff_per_mm=0.9, noise_fall=3.0
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanner:
    """A scanner and its protocol, as far as they shape the image.

    Attributes
    ----------
    kvp : float
        Tube voltage.
    kernel : Kernel
        In-plane sharpness and noise texture; one of `KERNELS` or your own.
    matrix : (n_y, n_x)
        Rows and columns of the image.
    pixel_spacing_mm : float
        Square pixels.
    slice_thickness_mm : float
        Width of the slice sensitivity profile at half maximum.
    increment_mm : float
        Distance of neighbouring slices; below the thickness the slices overlap.
    slice_edge_sigma_mm : float
        The profile is a box as wide as the slice, smoothed by a Gaussian of this sigma.
    noise_sd_hu : float
        Standard deviation of the noise; 0 for a noiseless image.
    calcium_response : float
        Hydroxyapatite contrast of this scanner relative to `hydroxyapatite_hu`; beam hardening,
        filtration and body size move it by several per cent.

    Raises
    ------
    InputError
        If a length is not positive, the noise is negative, or the kVp is out of range.
    """

    kvp: float = 120.0
    kernel: Kernel = field(default_factory=lambda: KERNELS["medium"])
    matrix: tuple[int, int] = (512, 512)
    pixel_spacing_mm: float = 0.4297
    slice_thickness_mm: float = 3.0
    increment_mm: float = 3.0
    slice_edge_sigma_mm: float = 0.3
    noise_sd_hu: float = 18.0
    calcium_response: float = 1.0

    def __post_init__(self) -> None:
        lengths = {
            "pixel_spacing_mm": self.pixel_spacing_mm,
            "slice_thickness_mm": self.slice_thickness_mm,
            "increment_mm": self.increment_mm,
            "slice_edge_sigma_mm": self.slice_edge_sigma_mm,
        }
        for name, length in lengths.items():
            if not 0 < length < math.inf:
                msg = f"{name} must be a positive length, got {length}"
                raise InputError(msg)
        if self.noise_sd_hu < 0:
            msg = f"noise_sd_hu must not be negative, got {self.noise_sd_hu}"
            raise InputError(msg)
        hydroxyapatite_hu(0.0, kvp=self.kvp)

    @property
    def field_of_view_mm(self) -> float:
        """Diameter of the reconstructed field, the larger side of the image."""
        return max(self.matrix) * self.pixel_spacing_mm

    @property
    def calibration_mg_per_cm3_hu(self) -> float:
        """Mass calibration factor: hydroxyapatite density per HU of contrast over water."""
        return 1.0 / self.calcium_hu(1.0)

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """``(dz, dy, dx)`` of the images."""
        return self.increment_mm, self.pixel_spacing_mm, self.pixel_spacing_mm

    def calcium_hu(self, density_mg_per_cm3: float) -> float:
        """Contrast over water of hydroxyapatite of this density on this scanner."""
        return self.calcium_response * hydroxyapatite_hu(density_mg_per_cm3, kvp=self.kvp)
