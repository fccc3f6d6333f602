"""Outlines on the original images: a Grayscale Softcopy Presentation State.

An archive's viewer shows it on the slices that were scored, with the calcium that counts outlined
in the colour of its artery: one slice an artery, that of its largest lesion.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import highdicom as hd
import numpy as np
from highdicom.color import CIELabColor
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from corcal.errors import InputError
from corcal.interop.dicom.identity import (
    exam_key,
    made_uid,
    reader_name,
    site_tracking,
    stamp,
)
from corcal.interop.dicom.own_object import BODY_PART, equipment
from corcal.interop.dicom.pixel_outlines import pixel_outlines
from corcal.interop.dicom.save import save_whole
from corcal.interop.dicom.segmentation import counted_voxels
from corcal.interop.dicom.source import (
    ScoredExam,
    header_values,
    name_patient,
    refer_as_stored,
    require_dicom,
    source_image,
)
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.report.colours import SITE_COLOURS
from corcal.report.key_lesions import KeyLesion, key_lesions

__all__ = ["can_point_at_images", "write_presentation_state"]

SERIES_NUMBER = 9006
WINDOW_CENTER_HU, WINDOW_WIDTH_HU = 50.0, 350.0  # mediastinal window, as in the pictures
_TEXT_GAP_PIXELS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outlined:
    """The calcium of one artery in one slice."""

    site: Site
    pixels: NDArray[np.int64]  # (row, column) of the stored image
    label: str


def _keys(exam: ScoredExam) -> tuple[KeyLesion, ...]:
    return key_lesions(exam.result, exam.scan, exam.voxels)


def can_point_at_images(exam: ScoredExam) -> bool:
    """Whether there is a lesion to point at, and it is known how its image was stored.

    Also false where the images to point at have different rescales: a presentation state has one
    for all of them (PS3.3 C.11.1).
    """
    stored = [exam.scan.slices[key.slice_index].stored for key in _keys(exam)]
    rescales = {(one.rescale_slope, one.rescale_intercept) for one in stored if one is not None}
    return len(rescales) == 1 and None not in stored


def write_presentation_state(exam: ScoredExam, path: Path) -> Path:
    """Write the outlines of the calcium on the slices of each artery's largest lesion.

    In these slices all coronary calcium that counts is outlined, along the edges of its pixels, and
    named with its artery and the lesions of the result.

    Parameters
    ----------
    exam : Exam
        A scored exam of a DICOM series, with coronary calcium.
    path : Path
        File to write; replaced if it exists.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the scan has no UIDs to refer to, or `can_point_at_images` says no.
    GeometryError
        If result, scan and voxels are not of the same shape.
    """
    require_dicom(exam.scan)
    if not can_point_at_images(exam):
        msg = (
            "a presentation state points at coronary calcium in the images that it was read from, "
            "all of one rescale, and this exam has no such calcium or no such images"
        )
        raise InputError(msg)
    with header_values():
        state = _state(exam)
        refer_as_stored(state, exam.scan, frames=True)
        state.ContentCreatorName = reader_name(exam.result)
        stamp(state, exam.result)
        name_patient(state, exam.scan)
        save_whole(state, path)
    return path


def _state(exam: ScoredExam) -> Dataset:
    slices = sorted({key.slice_index for key in _keys(exam)})
    images = {k: _stored_image(exam, k) for k in slices}
    outlined = {k: tuple(_outlined(exam, k)) for k in slices}
    shown = [site for site in CORONARY_SITES if any(_has(site, one) for one in outlined.values())]
    layers = {site: _layer(site, order) for order, site in enumerate(shown, 1)}
    key = exam_key(exam.result)
    state = hd.pr.GrayscaleSoftcopyPresentationState(
        referenced_images=list(images.values()),
        series_instance_uid=made_uid("presentation series", key),
        series_number=SERIES_NUMBER,
        sop_instance_uid=made_uid("presentation", key),
        instance_number=1,
        content_label="CALCIUM",
        content_description="Calcium that counts, by artery",
        graphic_layers=list(layers.values()),
        graphic_annotations=[
            _annotation(exam, images[k], layers[one.site], one)
            for k in slices
            for one in outlined[k]
        ],
        voi_lut_transformations=[
            hd.pr.SoftcopyVOILUTTransformation(
                window_center=WINDOW_CENTER_HU, window_width=WINDOW_WIDTH_HU
            )
        ],
        series_description="corcal outlines (research use only)",
        **equipment(),
    )
    state.BodyPartExamined = BODY_PART
    for area in state.DisplayedAreaSelectionSequence:
        area.pop("PixelOriginInterpretation", None)  # of tiled images alone
    return state


def _has(site: Site, outlined: tuple[_Outlined, ...]) -> bool:
    return any(one.site is site for one in outlined)


def _stored_image(exam: ScoredExam, k: int) -> Dataset:
    """Describe the image as it was stored, not as its slice lies in the scan."""
    image, stored = source_image(exam.scan, k), exam.scan.slices[k].stored
    if stored is None:  # can_point_at_images has looked
        msg = f"it is not known how the image of slice {k} was stored"
        raise InputError(msg)
    if stored.transpose:
        image.Rows, image.Columns = image.Columns, image.Rows
    image.RescaleSlope, image.RescaleIntercept = stored.rescale_slope, stored.rescale_intercept
    image.RescaleType = "HU"
    return image


def _outlined(exam: ScoredExam, k: int) -> Iterator[_Outlined]:
    """Find the coronary calcium of a slice, in the stored image."""
    voxels, scan = counted_voxels(exam), exam.scan
    z, row, column = np.unravel_index(voxels.index, voxels.shape)
    stored = scan.slices[k].stored
    for site in CORONARY_SITES:
        here = (z == k) & (voxels.site == site)
        if stored is None or not here.any():
            continue
        place = np.stack((row[here], column[here]), axis=1)
        pixels = np.rint(stored.to_stored(place, scan.shape[1:])).astype(np.int64)
        names = [
            one.id for one in exam.result.lesions if one.site == site.label and k in one.slices
        ]
        yield _Outlined(site=site, pixels=pixels, label=f"{site.label} {', '.join(names)}")


def _layer(site: Site, order: int) -> hd.pr.GraphicLayer:
    return hd.pr.GraphicLayer(
        layer_name=site.label,
        order=order,
        description=f"Calcium of the {site.label}",
        display_color=CIELabColor.from_string(SITE_COLOURS[site]),
    )


def _annotation(
    exam: ScoredExam, image: Dataset, layer: hd.pr.GraphicLayer, outlined: _Outlined
) -> hd.pr.GraphicAnnotation:
    tracking = site_tracking(exam.scan, outlined.site.label)
    polygons = [polygon[:, ::-1] for polygon in pixel_outlines(outlined.pixels)]
    every = np.concatenate(polygons)  # (column, row)
    right = min(float(every[:, 0].max()) + _TEXT_GAP_PIXELS, float(image.Columns))
    return hd.pr.GraphicAnnotation(
        referenced_images=[image],
        graphic_layer=layer,
        graphic_objects=[
            hd.pr.GraphicObject(
                graphic_type="POLYLINE",
                graphic_data=polygon,
                units="PIXEL",
                tracking_id=tracking.identifier,
                tracking_uid=tracking.uid,
            )
            for polygon in polygons
        ],
        text_objects=[
            hd.pr.TextObject(
                text_value=outlined.label,
                units="PIXEL",
                anchor_point=(right, float(every[:, 1].min())),
                anchor_point_visible=False,
            )
        ],
    )
