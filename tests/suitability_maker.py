"""Hand-made series and scans for the tests of suitability: a simple chest, drawn in numpy.

The chest is 320 mm wide and 220 mm deep: muscle, two lungs, a heart of blood between them, a spine
behind it, and the abdomen below. No noise and no calcium unless asked for.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import Acquisition, CTScan, Finding, Patient, SeriesIdentity, SliceSource
from corcal.ct.series import ImageHeader, Series

__all__ = ["GATED", "chest_hu", "codes", "make_scan", "make_series_header"]

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
GATED = Acquisition(
    modality="CT",
    manufacturer="SIEMENS",
    series_description="CaSc 3.0",
    body_part="CHEST",
    image_type=("ORIGINAL", "PRIMARY", "AXIAL"),
    kvp=120.0,
    convolution_kernel="B35f",
    slice_thickness_mm=3.0,
    is_gated=True,
)


def make_series_header(
    *,
    slice_count: int = 50,
    spacing_mm: tuple[float, float, float] | None = (3.0, 0.45, 0.45),
    columns: int = 512,
    uid: str = "1.2.3",
    number: int | None = 1,
    stack: str | None = None,
    sop_class_uid: str | None = CT_IMAGE,
    findings: tuple[Finding, ...] = (),
    patient: Patient | None = None,
    format: str = "dicom",
    **acquisition: Any,
) -> Series:
    """A series that is fit by its headers, with some fields changed."""
    described = replace(GATED, **acquisition)
    images = tuple(
        ImageHeader(
            path=Path(),
            source=f"{k}.dcm",
            sop_instance_uid=f"{uid}.{k}",
            sop_class_uid=sop_class_uid,
            transfer_syntax_uid=None,
            instance_number=k + 1,
            acquisition_number=1,
            frame_number=None,
            rows=columns,
            columns=columns,
            position_mm=(0.0, 0.0, 3.0 * k),
            orientation=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
            pixel_spacing_mm=None if spacing_mm is None else spacing_mm[1:],
            rescale_slope=1.0,
            rescale_intercept=0.0,
            pixel_padding=None,
            slice_thickness_mm=described.slice_thickness_mm,
            image_type=described.image_type,
        )
        for k in range(slice_count)
    )
    return Series(
        format=format,  # type: ignore[arg-type]
        identity=SeriesIdentity(
            series_instance_uid=uid, series_number=number, sop_class_uid=sop_class_uid
        ),
        acquisition=described,
        patient=patient or Patient(),
        images=images,
        spacing_mm=spacing_mm,
        findings=findings,
        stack=stack,
    )


def make_scan(
    hu: NDArray[np.generic],
    *,
    spacing_mm: tuple[float, float, float] = (3.0, 2.0, 2.0),
    acquisition: Acquisition = GATED,
    uid: str = "1.2.3",
) -> CTScan:
    """A scan in memory with these voxels."""
    dz, dy, dx = spacing_mm
    affine = np.array([[0, 0, dx, 0], [0, dy, 0, 0], [dz, 0, 0, 0], [0, 0, 0, 1]], np.float64)
    slices = tuple(
        SliceSource(
            source=f"{k}.dcm",
            sop_instance_uid=f"{uid}.{k}",
            frame_number=None,
            instance_number=k + 1,
            position_mm=(0.0, 0.0, k * dz),
        )
        for k in range(hu.shape[0])
    )
    return CTScan(
        hu=hu,  # type: ignore[arg-type]
        spacing_mm=spacing_mm,
        affine_lps=affine,
        slices=slices,
        series=SeriesIdentity(series_instance_uid=uid, series_number=1, sop_class_uid=CT_IMAGE),
        acquisition=acquisition,
    )


def chest_hu(
    *,
    slice_count: int = 50,
    blood_hu: int = 40,
    noise_hu: float = 8.0,
    width_mm: int = 400,
    chamber_hu: int | None = None,
    table: bool = False,
    seed: int = 1,
) -> NDArray[np.int16]:
    """Voxels of a chest, 3 x 2 x 2 mm: 10 slices of abdomen, then lungs and heart.

    Parameters
    ----------
    slice_count : int
        50 slices are 150 mm; the lungs are in those from the tenth on, as in a calcium scan.
    blood_hu, noise_hu
        Of the heart, and of everything.
    width_mm : int
        Field of view, centred on the chest.
    chamber_hu : int, optional
        The left half of the heart is filled with this.
    table : bool
        A mattress of foam (-930 HU) in a shell of 10 mm lies under the back.
    """
    n = width_mm // 2
    y, x = (np.arange(n) * 2.0 + 1.0 - width_mm / 2 for _ in range(2))
    yy, xx = np.meshgrid(y, x, indexing="ij")
    body = (xx / 160) ** 2 + (yy / 110) ** 2 <= 1
    chest = (xx / 140) ** 2 + (yy / 90) ** 2 <= 1
    spine = (np.abs(xx) <= 20) & (yy >= 40) & (yy <= 100)
    hu = np.full((slice_count, n, n), -1000, np.int16)
    if table:
        hu[:, (yy > 90) & (yy < 150) & (np.abs(xx) < 180)] = -930
        hu[:, (yy >= 150) & (yy < 160) & (np.abs(xx) < 190)] = -100
        hu[:, (yy > 90) & (yy < 160) & (np.abs(xx) >= 180) & (np.abs(xx) < 190)] = -100
    hu[:, body] = 50
    for k in range(10, slice_count):
        # the diaphragm sinks within ten slices; no two levels of a person are alike
        shrink = min(1.0, 0.3 + (k - 10) / 10)
        lungs = chest & ((np.abs(xx) > 150 * (1 - shrink)) | (yy > 90 * (1 - shrink)))
        hu[k][lungs] = -860
        radius = 62 - 0.5 * abs(k - 25)
        heart = ((xx - 10) / radius) ** 2 + ((yy + 25) / (radius - 8)) ** 2 <= 1
        hu[k][heart] = blood_hu
        if chamber_hu is not None:
            hu[k][heart & (xx > 10)] = chamber_hu
        hu[k][(np.abs(xx) < 25) & (yy > 0) & chest] = 40
    hu[:, spine] = 250
    rng = np.random.default_rng(seed)
    for k in range(10, slice_count, 3):
        # vessels of the lungs: blocks of 10 mm, others at each level
        vessels = np.kron(rng.random((n // 5, n // 5)) < 0.15, np.ones((5, 5), bool))
        level = hu[k : k + 3]
        level[(level == -860) & vessels] = -500
    noise = rng.normal(0.0, noise_hu, hu.shape)
    return np.asarray(np.maximum(np.round(hu + noise), -1024), np.int16)  # as scanners cut off


def codes(findings: tuple[Finding, ...], *severities: str) -> set[str]:
    """Codes of the findings of these severities; of warnings and errors by default."""
    wanted = severities or ("warning", "error")
    return {item.code for item in findings if item.severity in wanted}
