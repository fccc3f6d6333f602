"""A heart of spheres, its scan, and lesions at known places: for tests of detection."""

from dataclasses import replace

import numpy as np

from corcal.anatomy.types import PATHWAYS, Anatomy, ModelRecord, Pathway, Structure
from corcal.ct.scan import Acquisition, CTScan, SliceSource

SHAPE = (40, 128, 128)
SPACING_MM = (3.0, 1.0, 1.0)  # 120 x 128 x 128 mm
CELL_MM = 4.0
CELLS = (30, 32, 32)

# Spheres, (z, y, x) of the centre and radius in mm; later ones lie over earlier ones.
SPHERES = {
    Structure.LEFT_VENTRICLE: ((50.0, 60.0, 75.0), 26.0),
    Structure.RIGHT_VENTRICLE: ((50.0, 45.0, 40.0), 18.0),
    Structure.LEFT_ATRIUM: ((75.0, 85.0, 60.0), 14.0),
    Structure.RIGHT_ATRIUM: ((70.0, 70.0, 30.0), 12.0),
    Structure.AORTIC_ROOT: ((80.0, 60.0, 60.0), 12.0),
}
LAD_LINE = (50.0, 32.0, 75.0)  # on the front of the left ventricle, running up
RCA_LINE = (50.0, 25.0, 40.0)
FAT_HU, BLOOD_HU, LUNG_HU = -90, 40, -850


def make_anatomy(*, lines=((Pathway.LAD, LAD_LINE), (Pathway.RCA, RCA_LINE)), pathways=True):
    """Spheres inside a sac of fat; each line runs along z through its (y, x)."""
    z, y, x = np.meshgrid(*(np.arange(n) * CELL_MM for n in CELLS), indexing="ij")
    labels = np.zeros(CELLS, np.uint8)
    sac = np.hypot(np.hypot(z - 60, y - 58), x - 58) < 46
    labels[sac] = Structure.EPICARDIAL_FAT
    for structure, (centre, radius) in SPHERES.items():
        inside = np.hypot(np.hypot(z - centre[0], y - centre[1]), x - centre[2]) < radius
        labels[inside] = structure
    structures = (labels == np.arange(len(Structure))[:, None, None, None]).astype(np.float32)
    heights = np.zeros((len(PATHWAYS), *CELLS), np.float32)
    for pathway, (_, line_y, line_x) in lines:
        away = np.hypot(y - line_y, x - line_x)
        heights[pathway] = np.exp(-0.5 * np.square(away / 5.0))
    return Anatomy(
        structures=structures,
        pathways=heights if pathways else None,
        origin_mm=(0.0, 0.0, 0.0),
        spacing_mm=(CELL_MM,) * 3,
        model=ModelRecord(name="spheres", version="1", sha256=None, trusted=True),
    )


def empty_anatomy():
    """An anatomy without a heart: everything is background."""
    anatomy = make_anatomy()
    structures = np.zeros_like(anatomy.structures)
    structures[0] = 1.0
    return replace(anatomy, structures=structures, pathways=np.zeros_like(anatomy.pathways))


def make_hu(*, noise_hu=0.0, seed=5):
    """Blood in the spheres, fat around them, lung outside of the sac."""
    z, y, x = np.meshgrid(
        *(np.arange(n) * d for n, d in zip(SHAPE, SPACING_MM, strict=True)), indexing="ij"
    )
    hu = np.full(SHAPE, LUNG_HU, np.float32)
    hu[np.hypot(np.hypot(z - 60, y - 58), x - 58) < 48] = FAT_HU
    for centre, radius in SPHERES.values():
        hu[np.hypot(np.hypot(z - centre[0], y - centre[1]), x - centre[2]) < radius] = BLOOD_HU
    if noise_hu:
        hu += np.random.default_rng(seed).normal(0, noise_hu, SHAPE)
    return np.rint(hu).astype(np.int16)


def make_scan(hu, *, spacing_mm=SPACING_MM, acquisition=None):
    """A scan of any volume, with its first voxel at the origin of the patient."""
    dz, dy, dx = spacing_mm
    affine = np.array([[0, 0, dx, 0], [0, dy, 0, 0], [dz, 0, 0, 0], [0, 0, 0, 1]], float)
    slices = tuple(
        SliceSource(
            source=f"{k}.dcm",
            sop_instance_uid=None,
            frame_number=None,
            instance_number=None,
            position_mm=(0.0, 0.0, k * dz),
        )
        for k in range(len(hu))
    )
    return CTScan(
        hu=hu,
        spacing_mm=spacing_mm,
        affine_lps=affine,
        slices=slices,
        acquisition=acquisition or Acquisition(kvp=120.0, is_gated=True, slice_thickness_mm=3.0),
    )


def put(hu, z, y, x, value=400):
    """Set a box of voxels; each of z, y, x is a slice."""
    hu[z, y, x] = value
    return hu
