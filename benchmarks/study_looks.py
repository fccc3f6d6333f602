"""What is called of real scans when their images are noisier, softer, sharper, brighter or darker.

``python -m benchmarks.study_looks`` scores every real scan as it is and with another look: noise
added, each slice smoothed or sharpened, Hounsfield units moved or stretched; by how much is our own
choice. The patient and the scanner's own artefacts stay as they are. Such an image has another
score whoever reads it, so what is asked is whether the category stays, zero stays zero, the
expert's larger lesions are found, and nothing new is taken for calcium.
"""

import argparse
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.detection_cases import GATED, NONGATED_ZERO, RealScan, real_scan
from benchmarks.harness import machine
from corcal.ct.scan import CTScan
from corcal.evaluate.agreement.lesion_match import match_lesions
from corcal.phantom.physics import MAX_HU, MIN_HU
from corcal.pipeline import Options, score_scan
from corcal.scoring.categories import category_of

__all__ = ["LOOKS", "Looked", "main", "with_look"]

REAL = (*GATED, NONGATED_ZERO, "coca-nongated/2", "chest-philips-5mm")
LARGE_AGATSTON = 5.0
_GRAIN_PIXELS = 0.8  # of the added noise (our own choice): neighbours in a slice are alike

Image = NDArray[np.float32]


def _noisier(sd_hu: float) -> Callable[[Image, np.random.Generator], Image]:
    def look(hu: Image, draws: np.random.Generator) -> Image:
        noise = _softened(draws.standard_normal(hu.shape, np.float32), _GRAIN_PIXELS)
        return hu + noise * np.float32(sd_hu / noise.std())

    return look


def _softened(hu: Image, pixels: float) -> Image:
    smooth: Image = ndimage.gaussian_filter(hu, (0.0, pixels, pixels))
    return smooth


LOOKS: dict[str, Callable[[Image, np.random.Generator], Image]] = {
    "noise of 8 HU added": _noisier(8.0),
    "noise of 15 HU added": _noisier(15.0),
    "noise of 25 HU added": _noisier(25.0),
    "smoothed, 0.6 pixels": lambda hu, _: _softened(hu, 0.6),
    "smoothed, 1 pixel": lambda hu, _: _softened(hu, 1.0),
    "sharpened by half": lambda hu, _: hu + 0.5 * (hu - _softened(hu, 1.0)),
    "10 HU more": lambda hu, _: hu + 10.0,
    "10 HU less": lambda hu, _: hu - 10.0,
    "contrast 3 % more": lambda hu, _: hu * 1.03,
    "contrast 3 % less": lambda hu, _: hu * 0.97,
}
"""By what is done; water stays 0 HU where contrast changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One image of one scan; what an expert has to say is ``None`` where nobody marked it.

    Attributes
    ----------
    scan, look : str
        Of which, and what was done.
    automatic : float
        Agatston score.
    category : str
        Of it.
    large, large_found : int or None
        The expert's lesions above 5 Agatston in this image, and those found.
    false_agatston : tuple of float or None
        Lesions that share no voxel with the expert's marks.
    """

    scan: str
    look: str
    automatic: float
    category: str
    large: int | None = None
    large_found: int | None = None
    false_agatston: tuple[float, ...] | None = None


def with_look(scan: CTScan, look: str) -> CTScan:
    """Give a scan another look, by its name in `LOOKS`; the same name gives the same image."""
    draws = np.random.default_rng(zlib.crc32(look.encode()))
    hu = LOOKS[look](scan.hu.astype(np.float32), draws)
    return replace(scan, hu=np.clip(np.rint(hu), MIN_HU, MAX_HU).astype(np.int16))


def study(real: RealScan) -> list[Looked]:
    """Score a scan as it is, then with every look."""
    found = [_looked(real, "as it is", real.scan)]
    found += [_looked(real, look, with_look(real.scan, look)) for look in LOOKS]
    return found


def _looked(real: RealScan, look: str, scan: CTScan) -> Looked:
    exam = score_scan(scan, Options(), suitability=real.suitability)
    total = exam.result.score.total.agatston
    one = Looked(scan=real.name, look=look, automatic=total, category=category_of(total))
    if real.expert is None:
        return one
    match = match_lesions(scan, real.expert, exam.voxels)
    large = [lesion for lesion in match.reference if lesion.agatston > LARGE_AGATSTON]
    return replace(
        one,
        large=len(large),
        large_found=sum(lesion.is_found for lesion in large),
        false_agatston=tuple(lesion.agatston for lesion in match.false),
    )


def main() -> None:
    """Read the command line, study each scan, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scans", nargs="*", default=list(REAL))
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    print(machine())
    print(f"\n{'scan':20}{'look':24}{'automatic':>10}  {'category':10}{'large':>8}  false")
    found: list[Looked] = []
    for name in given.scans:
        real = real_scan(name)
        if real is None:
            parser.error(f"{name}: this real scan is not in the folder data of CORCAL_SHARED")
        for one in study(real):
            print(_line(one), flush=True)
            found.append(one)
    print(f"\n{_summary(found)}")
    if given.json is not None:
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2))


def _line(one: Looked) -> str:
    large = "-" if one.large is None else f"{one.large_found} of {one.large}"
    false = ", ".join(f"{value:.1f}" for value in one.false_agatston or ()) or "-"
    return (
        f"{one.scan:20}{one.look:24}{one.automatic:10.1f}  {one.category:10}{large:>8}  "
        f"{false if one.false_agatston is not None else ''}".rstrip()
    )


def _summary(found: list[Looked]) -> str:
    """Count, over all images but the first of each scan, what stayed."""
    first = {one.scan: one.category for one in found if one.look not in LOOKS}
    others = [one for one in found if one.look in LOOKS]
    same = sum(one.category == first[one.scan] for one in others)
    marked = [one for one in others if one.large is not None]
    false = [value for one in marked for value in one.false_agatston or ()]
    return (
        f"{same} of {len(others)} images have the category of the scan as it is; "
        f"{sum(one.large_found or 0 for one in marked)} of "
        f"{sum(one.large or 0 for one in marked)} lesions above {LARGE_AGATSTON:g} found; "
        f"{len(false)} false lesions in {len(marked)} images with an expert's marks, "
        f"largest {max(false, default=0.0):.1f}"
    )


if __name__ == "__main__":
    main()
