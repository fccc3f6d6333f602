"""The heart is found, looked at in a box of its own, and doubted where it must be."""

from dataclasses import replace

import numpy as np
import pytest

from anatomy.block_heart import BLOCKS_MM, block_heart, painted_hu, small_models
from corcal.anatomy import Structure
from corcal.anatomy.network import NetworkSource
from corcal.anatomy.plausible import volumes_ml
from corcal.ct.scan import Severity
from corcal.errors import InputError
from models.onnx_maker import adding_model
from scoring.small_scans import make_scan

S = Structure
COURSES = "the courses of arteries are implausible"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return NetworkSource(**small_models(tmp_path_factory.mktemp("models")), trust_unknown=True)


def codes(anatomy):
    """Codes of the findings, without what is always wrong with the small models.

    They are unknown, and draw pathways that follow the HU instead of the grooves.
    """
    return [
        item.code
        for item in anatomy.findings
        if item.code != "MODEL_UNKNOWN" and COURSES not in item.message
    ]


def message(anatomy, code):
    return next(item.message for item in anatomy.findings if item.code == code)


def label_at(anatomy, scan_start_mm, place_mm):
    """The structure at a place, in mm from the middle of the heart.

    The scan's first voxel is centred at `scan_start_mm`.
    """
    index = [
        round((p - start - origin) / step)
        for p, start, origin, step in zip(
            place_mm, scan_start_mm, anatomy.origin_mm, anatomy.spacing_mm, strict=True
        )
    ]
    return Structure(int(anatomy.labels[tuple(index)]))


@pytest.mark.parametrize("slice_mm", [1.0, 3.0, 5.0])
def test_each_structure_is_where_it_was_painted(source, slice_mm):
    anatomy = source.locate(block_heart(spacing_mm=(slice_mm, 2.0, 2.0)))
    start = (-120 + slice_mm / 2, -119.0, -119.0)
    for structure, ranges in BLOCKS_MM.items():
        place = [(lo + hi) / 2 for lo, hi in ranges]
        assert label_at(anatomy, start, place) is structure
    assert label_at(anatomy, start, (-60, 0, 0)) is S.BACKGROUND
    np.testing.assert_allclose(anatomy.structures.sum(axis=0), 1.0, atol=1e-5)


def test_the_heart_is_in_the_middle_of_a_box_of_192_mm(source):
    anatomy = source.locate(block_heart())
    assert anatomy.shape == (48, 48, 48)
    assert anatomy.spacing_mm == (4.0, 4.0, 4.0)
    # Heart for the locator: chambers and root, -40 to 50, -60 to 60, -60 to 60 mm; its middle is
    # known to a cell of 8 mm. The scan's first voxel is at -118.5, -119, -119 mm.
    start = np.array([-118.5, -119.0, -119.0])
    middle = np.array(anatomy.origin_mm) + start + 4.0 * 23.5
    np.testing.assert_allclose(middle, [5.0, 0.0, 0.0], atol=8.0)


def test_a_whole_plausible_heart_has_no_findings_but_that_the_models_are_unknown(source):
    anatomy = source.locate(block_heart())
    assert codes(anatomy) == []
    unknown = [item.message for item in anatomy.findings if item.code == "MODEL_UNKNOWN"]
    assert len(unknown) == 3
    assert "small-locator" in unknown[0]
    assert "small-thorax" in unknown[1]
    assert (anatomy.model.name, anatomy.model.version) == ("small-thorax", "2")
    assert not anatomy.model.trusted


def test_pathways_off_the_grooves_of_a_whole_heart_are_a_finding_and_of_a_cut_one_none(source):
    def is_told(scan):
        return any(COURSES in item.message for item in source.locate(scan).findings)

    assert is_told(block_heart())
    assert not is_told(block_heart(((-20, 60), (-120, 120), (-120, 120))))


def test_pathways_are_kept_between_0_and_1(source):
    anatomy = source.locate(block_heart())
    # The small model gives (0, 1, 2, 3, 4, 5) / 1000 of the HU: -1024 in the air beyond the scan,
    # 700 in the descending aorta (pathway 5: 3.5).
    assert anatomy.pathways.min() == 0.0
    assert anatomy.pathways.max() == 1.0
    assert anatomy.pathways[0].max() == 0.0


def test_a_scan_without_a_heart_is_all_background_with_an_error(source):
    scan = make_scan(np.zeros((60, 60, 60), np.int16), (3.0, 3.0, 3.0))
    anatomy = source.locate(scan)
    assert codes(anatomy) == ["HEART_NOT_FOUND"]
    found = next(item for item in anatomy.findings if item.code == "HEART_NOT_FOUND")
    assert found.severity is Severity.ERROR
    assert (anatomy.labels == S.BACKGROUND).all()
    assert anatomy.pathways.max() == 0.0


@pytest.mark.parametrize(("side_mm", "codes_wanted"), [(24, ["HEART_NOT_FOUND"]), (64, [])])
def test_debris_is_no_heart(source, side_mm, codes_wanted):
    half = side_mm / 2
    blocks = {S.LEFT_VENTRICLE: ((-half, half),) * 3}  # 14 mL, and 262 mL
    anatomy = source.locate(block_heart(blocks=blocks))
    assert [code for code in codes(anatomy) if code == "HEART_NOT_FOUND"] == codes_wanted


def test_debris_far_from_the_heart_does_not_move_the_box(source):
    debris = {**BLOCKS_MM, S.EPICARDIAL_FAT: ((90, 98), (90, 98), (90, 98))}
    hu = block_heart(blocks=debris).hu.copy()
    hu[hu == painted_hu(S.EPICARDIAL_FAT)] = 300  # heart to the locator
    scan = make_scan(hu, (3.0, 2.0, 2.0))
    assert source.locate(scan).origin_mm == source.locate(block_heart()).origin_mm


def test_only_the_largest_piece_of_a_chamber_stays(source):
    hu = block_heart().hu.copy()
    hu[38:46, 64:72, 55:63] = painted_hu(S.RIGHT_VENTRICLE)  # 24 x 16 x 16 mm in other chambers
    anatomy = source.locate(make_scan(hu, (3.0, 2.0, 2.0)))
    volume = volumes_ml(anatomy)[S.RIGHT_VENTRICLE]
    assert volume == pytest.approx(volumes_ml(source.locate(block_heart()))[S.RIGHT_VENTRICLE])
    np.testing.assert_allclose(anatomy.structures.sum(axis=0), 1.0, atol=1e-5)


def test_the_box_stays_in_a_scan_that_is_larger_and_covers_one_that_is_smaller(source):
    # The heart is near the lower end of a tall scan, which begins 44 mm below its middle.
    tall = source.locate(block_heart(((-44, 200), (-120, 120), (-120, 120))))
    assert -4.0 < tall.origin_mm[0] < 4.0  # the first cell is the first of the scan
    # 120 mm of slices are less than the box: it holds all of them.
    short = source.locate(block_heart(((-60, 60), (-120, 120), (-120, 120))))
    first, last = short.origin_mm[0], short.origin_mm[0] + 4.0 * 47
    assert first <= 0.5
    assert last >= 117.0 - 0.5


def test_a_large_heart_gets_a_larger_box(source):
    large = {k: tuple((1.7 * a, 1.7 * b) for a, b in v) for k, v in BLOCKS_MM.items()}
    anatomy = source.locate(block_heart(((-204, 204),) * 3, (4.0, 3.0, 3.0), blocks=large))
    # 153 x 204 x 204 mm of heart, with 12 mm on either side: 48, and 57 made 64.
    assert anatomy.shape == (48, 64, 64)


@pytest.mark.parametrize(
    ("extent_mm", "words"),
    [
        (((-20, 120), (-120, 120), (-120, 120)), "below"),
        (((-120, 30), (-120, 120), (-120, 120)), "above"),
        (((-120, 120), (-40, 120), (-120, 120)), "in front"),
        (((-120, 120), (-120, 30), (-120, 120)), "behind"),
        (((-120, 120), (-120, 120), (-40, 120)), "at the patient's right"),
        (((-120, 120), (-120, 120), (-120, 40)), "at the patient's left"),
    ],
)
def test_a_scan_that_cuts_the_heart_says_at_which_side(source, extent_mm, words):
    anatomy = source.locate(block_heart(extent_mm))
    assert "HEART_CUT" in codes(anatomy)
    assert f"cuts the heart {words} (over" in message(anatomy, "HEART_CUT")
    assert "mm missing" in message(anatomy, "HEART_CUT")


def test_a_heart_whose_vessels_alone_leave_the_scan_is_whole(source):
    # Above 60 mm there is only the ascending and the descending aorta.
    assert codes(source.locate(block_heart(((-60, 60), (-120, 120), (-120, 120))))) == []


def test_chambers_of_impossible_size_are_implausible(source):
    blocks = {**BLOCKS_MM, S.LEFT_ATRIUM: ((20, 32), (10, 34), (-12, 12))}  # 7 mL
    anatomy = source.locate(block_heart(blocks=blocks))
    assert codes(anatomy) == ["ANATOMY_IMPLAUSIBLE"]
    assert "left atrium of" in message(anatomy, "ANATOMY_IMPLAUSIBLE")


def test_a_heart_on_the_right_side_is_implausible(source):
    mirrored = {k: (z, y, (-x[1], -x[0])) for k, (z, y, x) in BLOCKS_MM.items()}
    anatomy = source.locate(block_heart(blocks=mirrored))
    assert "left ventricle is not left" in message(anatomy, "ANATOMY_IMPLAUSIBLE")


def test_a_heart_upside_down_is_implausible(source):
    turned = {k: ((-z[1], -z[0]), y, x) for k, (z, y, x) in BLOCKS_MM.items()}
    anatomy = source.locate(block_heart(blocks=turned))
    assert "does not ascend above" in message(anatomy, "ANATOMY_IMPLAUSIBLE")


def test_a_model_that_gives_something_else_is_refused(tmp_path, source):
    other = adding_model(tmp_path / "other.onnx")
    wrong = replace(source, locator_path=other)
    with pytest.raises(InputError, match="locator cannot be run"):
        wrong.locate(block_heart())
    swapped = replace(source, locator_path=source.thorax_path, thorax_path=source.locator_path)
    with pytest.raises(InputError, match=r"must give heart of shape \(1, 1, .*gave none"):
        swapped.locate(block_heart())
    blind = replace(source, arteries_path=source.locator_path)
    with pytest.raises(InputError, match=r"must give pathways of shape \(1, 6, .*gave none"):
        blind.locate(block_heart())


def test_unknown_models_are_refused_unless_trusted(source):
    careful = replace(source, trust_unknown=False)
    with pytest.raises(InputError, match="trust_unknown=True"):
        careful.locate(block_heart())
