"""A heart of blocks: each structure has a HU of its own, and the models read it off."""

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper

from corcal.anatomy import Structure
from models.onnx_maker import save
from scoring.small_scans import make_scan

__all__ = ["BLOCKS_MM", "block_heart", "painted_hu", "small_models"]

S = Structure
# Ranges along z, y, x in mm from the middle of the heart: z up, y back, x left.
BLOCKS_MM = {
    S.LEFT_VENTRICLE: ((-40, 20), (-20, 40), (0, 60)),  # 216 mL
    S.RIGHT_VENTRICLE: ((-40, 20), (-60, -20), (-40, 40)),  # 192 mL
    S.LEFT_ATRIUM: ((20, 50), (10, 60), (-30, 30)),  # 90 mL
    S.RIGHT_ATRIUM: ((-40, 20), (-20, 40), (-60, 0)),  # 216 mL
    S.AORTIC_ROOT: ((20, 40), (-20, 10), (-20, 10)),  # 18 mL
    S.ASCENDING_AORTA: ((40, 80), (-20, 10), (-20, 10)),
    S.DESCENDING_AORTA: ((-80, 80), (70, 90), (10, 30)),
}


def painted_hu(structure: Structure) -> int:
    """The HU of a structure's block; soft tissue around has 0."""
    return 100 * structure


def block_heart(
    extent_mm=((-120, 120),) * 3, spacing_mm=(3.0, 2.0, 2.0), *, blocks=BLOCKS_MM, around_hu=0
):
    """A scan of the heart of blocks.

    `extent_mm` says where the scan begins and ends, from the middle of the heart. Voxel centres
    lie half a voxel inside.
    """
    axes = [np.arange(lo + d / 2, hi, d) for (lo, hi), d in zip(extent_mm, spacing_mm, strict=True)]
    hu = np.full([len(axis) for axis in axes], around_hu, np.int16)
    for structure, ranges in blocks.items():
        inside = [(axis >= lo) & (axis < hi) for axis, (lo, hi) in zip(axes, ranges, strict=True)]
        hu[np.ix_(*inside)] = painted_hu(structure)
    return make_scan(hu, spacing_mm)


def small_models(folder: Path) -> dict[str, Path]:
    """Write models, by the names of `NetworkSource`.

    To the locator, heart is 50 to 550 HU. The thorax model reads structures by HU; to it, cells of
    two structures are background: it sees none that is not there. It and the arteries' model draw
    the k-th pathway as high as k thousandths of the HU.
    """
    return {
        "locator_path": _locator(folder / "locator.onnx"),
        "thorax_path": _thorax(folder / "thorax.onnx"),
        "arteries_path": _arteries(folder / "arteries.onnx"),
    }


def _constant(name, values, shape):
    return helper.make_tensor(name, TensorProto.FLOAT, shape, np.ravel(values).tolist())


def _locator(path: Path) -> Path:
    nodes = [
        helper.make_node("Sub", ["volume", "middle"], ["away"]),
        helper.make_node("Abs", ["away"], ["distance"]),
        helper.make_node("Less", ["distance", "half"], ["is_heart"]),
        helper.make_node("Cast", ["is_heart"], ["heart"], to=TensorProto.FLOAT),
    ]
    side = [1, 1, "z", "y", "x"]
    constants = [_constant("middle", [300.0], [1]), _constant("half", [250.0], [1])]
    return save(
        path,
        nodes,
        [("volume", side)],
        [("heart", side)],
        constants=constants,
        name="small-locator",
        version="1",
    )


def _thorax(path: Path) -> Path:
    # A structure is its own HU, 5 HU up or down; everything else is background.
    codes = 100.0 * np.arange(len(Structure))
    scale = [0.0] + [-0.04] * 9
    nodes = [
        helper.make_node("Sub", ["volume", "codes"], ["away"]),
        helper.make_node("Mul", ["away", "away"], ["squared"]),
        helper.make_node("Mul", ["squared", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "offset"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["structures"], axis=1),
        helper.make_node("Mul", ["volume", "slopes"], ["pathways"]),
    ]
    constants = [
        _constant("codes", codes, [1, len(codes), 1, 1, 1]),
        _constant("scale", scale, [1, len(codes), 1, 1, 1]),
        _constant("offset", [-1.0] + [0.0] * 9, [1, len(codes), 1, 1, 1]),
        _slopes(),
    ]
    side = ["z", "y", "x"]
    return save(
        path,
        nodes,
        [("volume", [1, 1, *side])],
        [("structures", [1, len(codes), *side]), ("pathways", [1, 6, *side])],
        constants=constants,
        name="small-thorax",
        version="2",
    )


def _slopes():
    return _constant("slopes", 0.001 * np.arange(6), [1, 6, 1, 1, 1])


def _arteries(path: Path) -> Path:
    side = ["z", "y", "x"]
    return save(
        path,
        [helper.make_node("Mul", ["volume", "slopes"], ["pathways"])],
        [("volume", [1, 1, *side])],
        [("pathways", [1, 6, *side])],
        constants=[_slopes()],
        name="small-arteries",
        version="3",
    )
