"""Points of the scan are looked up in the anatomy's grid."""

from dataclasses import replace

import numpy as np
import pytest

from corcal.anatomy import Anatomy, ModelRecord, Structure
from corcal.anatomy.sampling import (
    distance_map,
    pathways_at,
    sample,
    structures_at,
    voxels_mm,
)
from corcal.errors import GeometryError, InputError

MODEL = ModelRecord(name="hand", version="1", sha256=None, trusted=True)


def grid(shape=(3, 4, 5), *, pathways=True):
    """Cells of 2 x 3 x 4 mm, the first centred at (10, 20, 30) mm, all left ventricle."""
    structures = np.zeros((10, *shape), np.float32)
    structures[Structure.LEFT_VENTRICLE] = 1.0
    heights = np.full((6, *shape), 0.5, np.float32) if pathways else None
    return Anatomy(
        structures=structures,
        pathways=heights,
        origin_mm=(10.0, 20.0, 30.0),
        spacing_mm=(2.0, 3.0, 4.0),
        model=MODEL,
    )


def test_voxels_are_placed_by_their_spacing():
    # Voxel 37 of a scan of 2 x 4 x 5: 1 slice is 20, a row 5: slice 1, row 3, column 2.
    place = voxels_mm((2, 4, 5), (3.0, 0.5, 0.4), np.array([0, 37]))
    np.testing.assert_allclose(place, [[0, 0, 0], [3.0, 1.5, 0.8]])


def test_at_the_centre_of_a_cell_its_value_is_found():
    field = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    points = [[10, 20, 30], [12, 23, 34], [14, 29, 46]]
    np.testing.assert_allclose(sample(grid(), field, np.array(points)), [0, 26, 59])


def test_a_linear_field_is_interpolated_exactly():
    z, y, x = np.meshgrid(np.arange(3), np.arange(4), np.arange(5), indexing="ij")
    field = (100 * z + 10 * y + x).astype(np.float32)
    # (11, 24.5, 33) mm is cell (0.5, 1.5, 0.75): 50 + 15 + 0.75.
    assert sample(grid(), field, np.array([[11.0, 24.5, 33.0]]))[0] == pytest.approx(65.75)


def test_several_fields_are_sampled_at_once():
    fields = np.stack([np.full((3, 4, 5), k, np.float32) for k in (1, 2)])
    got = sample(grid(), fields, np.array([[11.0, 21.0, 31.0]] * 3))
    np.testing.assert_allclose(got, [[1, 1, 1], [2, 2, 2]])


@pytest.mark.parametrize(("z_mm", "value"), [(9.0, 7.0), (8.99, -1.0), (15.0, 7.0), (15.01, -1.0)])
def test_a_grid_ends_half_a_cell_beyond_its_outermost_centres(z_mm, value):
    field = np.full((3, 4, 5), 7.0, np.float32)  # cells of 2 mm centred at 10, 12, 14 mm
    got = sample(grid(), field, np.array([[z_mm, 20.0, 30.0]]), outside=-1.0)
    assert got[0] == value


def test_grids_of_one_cell_along_an_axis_can_be_sampled():
    field = np.full((1, 4, 5), 3.0, np.float32)
    assert sample(grid((1, 4, 5)), field, np.array([[10.4, 22.0, 31.0]]))[0] == pytest.approx(3.0)


def test_labels_are_found_once_for_each_anatomy_and_cannot_be_written() -> None:
    anatomy = grid()
    labels = anatomy.labels
    assert anatomy.labels is labels
    np.testing.assert_array_equal(labels, anatomy.structures.argmax(axis=0))
    with pytest.raises(ValueError, match="read-only"):
        labels[0, 0, 0] = 1
    other = replace(anatomy, structures=np.roll(anatomy.structures, 1, axis=0))
    np.testing.assert_array_equal(other.labels, other.structures.argmax(axis=0))


def test_no_points_give_no_values():
    assert sample(grid(), np.zeros((3, 4, 5), np.float32), np.zeros((0, 3))).shape == (0,)
    assert structures_at(grid(), np.zeros((0, 3))).shape == (10, 0)


def test_outside_of_the_grid_there_is_background_and_no_pathway():
    points = np.array([[11.0, 21.0, 31.0], [500.0, 0.0, 0.0]])
    structures, pathways = structures_at(grid(), points), pathways_at(grid(), points)
    np.testing.assert_allclose(structures[Structure.LEFT_VENTRICLE], [1, 0])
    np.testing.assert_allclose(structures[Structure.BACKGROUND], [0, 1])
    np.testing.assert_allclose(pathways, [[0.5, 0.0]] * 6)


def test_pathways_that_the_source_does_not_know_are_refused():
    with pytest.raises(InputError, match="hand gives no pathways"):
        pathways_at(grid(pathways=False), np.zeros((1, 3)))


@pytest.mark.parametrize(
    ("field", "points", "words"),
    [
        (np.zeros((3, 4, 4), np.float32), np.zeros((1, 3)), "a field on the grid"),
        (np.zeros((2, 2, 3, 4, 5), np.float32), np.zeros((1, 3)), "a field on the grid"),
        (np.zeros((3, 4, 5), np.float32), np.zeros(3), r"points need shape \(n, 3\)"),
        (np.zeros((3, 4, 5), np.float32), np.zeros((3, 2)), r"points need shape \(n, 3\)"),
    ],
)
def test_fields_and_points_of_another_shape_are_refused(field, points, words):
    with pytest.raises(GeometryError, match=words):
        sample(grid(), field, points)


def test_distances_are_counted_from_the_surface_between_cells():
    mask = np.zeros((1, 1, 6), bool)
    mask[0, 0, 2:5] = True
    # Cells of 4 mm: the surface lies 2 mm from the centres on both of its sides.
    want = [6, 2, -2, -6, -2, 2]
    np.testing.assert_allclose(distance_map(mask, (4.0, 4.0, 4.0))[0, 0], want)


def test_distances_know_the_spacing_of_each_axis():
    mask = np.zeros((3, 1, 3), bool)
    mask[0, 0, 0] = True
    away = distance_map(mask, (5.0, 1.0, 1.0))
    assert away[2, 0, 0] == pytest.approx(10.0 - 0.5)
    assert away[0, 0, 2] == pytest.approx(2.0 - 0.5)


def test_nothing_is_infinitely_far_and_all_infinitely_deep():
    assert (distance_map(np.zeros((2, 2, 2), bool), (1, 1, 1)) == np.inf).all()
    assert (distance_map(np.ones((2, 2, 2), bool), (1, 1, 1)) == -np.inf).all()
