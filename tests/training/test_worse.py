"""Anatomies that are made worse on purpose."""

import numpy as np
import pytest
from training.worse import worse

from corcal.anatomy.types import PATHWAYS, Anatomy, Structure
from corcal.models.record import ModelRecord

_SHAPE = (24, 24, 24)


def _anatomy() -> Anatomy:
    """A ventricle beside an atrium, with a sheet of fat between them, and one pathway in it."""
    structures = np.full((len(Structure), *_SHAPE), 0.001, np.float32)
    structures[Structure.LEFT_VENTRICLE, :, :, :11] = 0.9
    structures[Structure.EPICARDIAL_FAT, :, :, 11:14] = 0.6
    structures[Structure.LEFT_VENTRICLE, :, :, 11:14] = 0.3
    structures[Structure.LEFT_ATRIUM, :, :, 14:] = 0.9
    structures /= structures.sum(axis=0)
    pathways = np.zeros((len(PATHWAYS), *_SHAPE), np.float32)
    pathways[:, 10:14, :, 12] = 0.8
    return Anatomy(
        structures=structures,
        pathways=pathways,
        spacing_mm=(4.0, 4.0, 4.0),
        origin_mm=(0.0, 0.0, 0.0),
        model=ModelRecord(name="hand", version="1", sha256=None, trusted=True),
    )


def _worse(count: int = 40) -> list[Anatomy]:
    return [worse(_anatomy(), np.random.default_rng(seed)) for seed in range(count)]


def test_it_is_still_an_anatomy_of_probabilities() -> None:
    for one in _worse(10):
        assert one.structures.sum(axis=0) == pytest.approx(np.ones(_SHAPE), abs=1e-4)
        assert one.structures.min() >= 0
        assert one.pathways is not None
        assert 0 <= one.pathways.min() <= one.pathways.max() <= 0.8 + 1e-6


def test_the_edge_of_a_chamber_bends_by_millimetres() -> None:
    rows = [(one.structures[Structure.LEFT_ATRIUM] > 0.5).argmax(axis=2) for one in _worse()]
    bend = np.array([4.0 * row.std() for row in rows])
    assert 1.0 < np.median(bend) < 4.5


def test_fat_is_lost_to_the_ventricle_in_places_and_in_four_of_ten_not_at_all() -> None:
    before = _anatomy().structures[Structure.EPICARDIAL_FAT].sum()
    left = np.array([one.structures[Structure.EPICARDIAL_FAT].sum() / before for one in _worse()])
    assert 0.2 < np.mean(left > 0.93) < 0.65
    assert left.min() < 0.8


def test_some_pathways_are_fainter_and_none_brighter() -> None:
    heights = np.array([one.pathways.max(axis=(1, 2, 3)) for one in _worse()])
    assert 0.1 < np.mean(heights < 0.7) < 0.4
    assert heights.max() <= 0.8 + 1e-6
