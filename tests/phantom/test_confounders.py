from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from corcal.lesions.sites import Site
from corcal.phantom.artefacts import CLEAN
from corcal.phantom.confounders import Confounder, ConfounderKind, draw_confounders
from corcal.phantom.devices import paint_device
from corcal.phantom.hard_tissue import HardTissue, paint_calcium
from corcal.phantom.patient import draw_patient
from corcal.phantom.physics import KERNELS, Scanner
from corcal.phantom.protocol import Protocol
from corcal.phantom.render import Thorax
from corcal.phantom.shapes import Grid
from corcal.phantom.thorax import simulate_exam

K = ConfounderKind
CALCIUM = [kind for kind in K if not kind.is_device]
DEVICES = [kind for kind in K if kind.is_device]
SPEC = replace(draw_patient(3, burden="none"), plaques=())
SCANNER = Scanner(
    matrix=(160, 160), pixel_spacing_mm=1.4, kernel=KERNELS["medium"], noise_sd_hu=0.0
)


@pytest.fixture(scope="module")
def thorax() -> Thorax:
    grid = Grid(origin_mm=(-100.0, -100.0, -95.0), spacing_mm=(2.0,) * 3, shape=(105, 100, 120))
    return Thorax(SPEC, grid, only_courses=True)


def _made(kind: ConfounderKind, mass_mg: float = 40.0, seed: int = 4) -> Confounder:
    if kind.is_device:
        return Confounder(id=kind.value, kind=kind, seed=seed)
    return Confounder(
        id=kind.value, kind=kind, mass_mg=mass_mg, density_mg_per_cm3=500.0, seed=seed
    )


def _centres(tissue: HardTissue) -> NDArray[np.float64]:
    return np.array([each.centre_mm for each in tissue.deposits])


def _looked_up(
    thorax: Thorax, field: NDArray[np.float32], points: Sequence[Sequence[float]]
) -> NDArray[np.float32]:
    grid = thorax.heart.grid
    index = np.rint((np.array(points) - grid.origin_mm) / np.array(grid.spacing_mm[::-1]))
    return field[tuple(index.astype(int)[:, ::-1].T)]


@pytest.mark.parametrize("kind", CALCIUM)
def test_a_calcification_has_the_mass_that_was_ordered_and_the_site_of_its_kind(
    kind: ConfounderKind, thorax: Thorax
) -> None:
    made = paint_calcium(_made(kind), thorax)
    assert made.deposits
    mass = sum(each.mass_mg for each in made.deposits)
    assert mass == pytest.approx(40.0, rel=0.02)  # the smallest lump of several has 0.2 mg
    sites = {each.plaque.site for each in made.deposits}
    if kind is K.AORTIC_ARCH:
        assert sites <= {Site.ASCENDING_AORTA, Site.DESCENDING_AORTA}
    else:
        assert sites == {kind.site}
    assert not any(site.vessel for site in sites)
    again = paint_calcium(_made(kind), thorax)
    np.testing.assert_array_equal(
        made.deposits[0].density_mg_per_cm3, again.deposits[0].density_mg_per_cm3
    )


def test_calcium_lies_on_the_surface_that_it_is_named_after(thorax: Thorax) -> None:
    heart, body = thorax.heart, thorax.body
    root = np.minimum(heart.vessels["aortic_root"], heart.vessels["ascending_aorta"])
    expected = {
        K.PERICARDIAL_SHEET: (heart.sac, 0.0),
        K.AIRWAY_CARTILAGE: (body.airway, -0.5),
        K.LEFT_OSTIAL_AORTA: (root, -0.6),
        K.RIGHT_OSTIAL_AORTA: (root, -0.6),
        K.SINOTUBULAR_JUNCTION: (root, -0.6),
        K.AORTIC_ARCH: (heart.vessels["aortic_arch"], -0.6),
    }
    for kind, (field, depth) in expected.items():
        away = _looked_up(thorax, field, _centres(paint_calcium(_made(kind), thorax)).tolist())
        assert np.median(np.abs(away - depth)) < 2.5, kind  # a cell of the field is 1.8 mm or more


def test_ostial_calcium_is_close_to_its_ostium_and_not_in_the_artery(thorax: Thorax) -> None:
    for kind, name in ((K.LEFT_OSTIAL_AORTA, "left_main"), (K.RIGHT_OSTIAL_AORTA, "rca")):
        for seed in range(4):
            centres = _centres(paint_calcium(_made(kind, 4.0, seed), thorax))
            away = np.linalg.norm(centres - thorax.courses[name].points_mm[0], axis=1)
            assert away.max() < 15


def test_nodes_keep_out_of_the_heart_and_granulomas_lie_in_lung(thorax: Thorax) -> None:
    heart, body = thorax.heart, thorax.body
    for seed in range(4):
        node = paint_calcium(_made(K.SUBCARINAL_NODE, 20.0, seed), thorax)
        assert _looked_up(thorax, heart.solid, _centres(node).tolist()).min() > 0
        granuloma = paint_calcium(_made(K.LUNG_GRANULOMA, 20.0, seed), thorax)
        centres = _centres(granuloma).tolist()
        assert _looked_up(thorax, body.mediastinum, centres).min() > 0
        assert _looked_up(thorax, body.cavity, centres).max() < 0
        assert granuloma.soft  # a nodule in air needs its soft tissue


@pytest.mark.parametrize("kind", DEVICES)
def test_a_device_is_metal_or_plastic_where_it_belongs(
    kind: ConfounderKind, thorax: Thorax
) -> None:
    pieces = paint_device(_made(kind), thorax)
    assert pieces
    low = min(np.min(piece.contrast.origin_mm) for piece in pieces)
    assert low > -400
    total = sum(float(np.sum(piece.contrast.values)) for piece in pieces)  # type: ignore[arg-type]
    peak = max(float(np.max(piece.contrast.values)) for piece in pieces)  # type: ignore[arg-type]
    assert total > 0
    assert peak > (400 if kind is K.PORT_CATHETER else 1500)


def test_a_stent_lies_around_an_artery(thorax: Thorax) -> None:
    for seed in range(3):
        (piece,) = paint_device(_made(K.STENT, seed=seed), thorax)
        values = np.asarray(piece.contrast.values)
        index = np.argwhere(values > 0)[:, ::-1]
        points = index * np.array(piece.contrast.spacing_mm[::-1]) + piece.contrast.origin_mm
        course = next(c for c in thorax.courses.values() if c.site is piece.moves_with)
        assert course.site.vessel is not None
        away = np.linalg.norm(points[:, None] - course.points_mm[None], axis=2).min(axis=1)
        assert 1.0 < np.median(away) < 2.3  # 2.5 to 4 mm wide
        length = np.ptp(points, axis=0).max()
        assert 5 < length < 34


def test_devices_are_told_as_devices_and_calcium_as_calcium() -> None:
    kinds = (K.PACEMAKER, K.STERNAL_WIRES, K.STENT, K.SUBCARINAL_NODE, K.PERICARDIAL_SHEET)
    spec = replace(SPEC, confounders=tuple(_made(kind, 60.0) for kind in kinds))
    # streaks of metal are noise of their own kind, and have no name
    protocol = Protocol(scanner=SCANNER, artefacts=replace(CLEAN, metal=0.0))
    made = simulate_exam(spec, protocol, dense_truth=True)
    clean = simulate_exam(SPEC, protocol, dense_truth=True)
    assert {lesion.site for lesion in made.lesions} == {Site.LYMPH_NODE, Site.PERICARDIUM}
    assert set(made.voxels.site.tolist()) == {int(Site.LYMPH_NODE), int(Site.PERICARDIUM)}
    assert made.other_dense is not None
    assert clean.other_dense is not None
    assert set(made.other_dense.site.tolist()) == {int(Site.BONE), int(Site.DEVICE)}
    assert set(clean.other_dense.site.tolist()) == {int(Site.BONE)}
    # Every voxel that the confounders bring to 130 HU has a name.
    brought = np.flatnonzero((made.scan.hu >= 130) & (clean.scan.hu < 130))
    named = np.concatenate([made.voxels.index, made.other_dense.index])
    assert len(brought) > 500
    assert np.isin(brought, named).all()
    device = made.other_dense.index[made.other_dense.site == Site.DEVICE]
    assert made.scan.hu.ravel()[device].max() > 2000


def test_patients_have_no_confounders_unless_they_are_given_some() -> None:
    assert draw_patient(5).confounders == ()


def test_confounders_are_drawn_as_often_as_asked() -> None:
    old = draw_patient(5, age_years=75.0)
    assert draw_confounders(old, 1, chance=0.0) == ()
    assert draw_confounders(old, 1) == draw_confounders(old, 1)
    usual, many = (
        np.mean([len(draw_confounders(old, seed, chance=c)) for seed in range(100)])
        for c in (1.0, 3.0)
    )
    assert 1.0 < usual < 4.0
    assert many > 1.8 * usual


def test_what_belongs_together_comes_together() -> None:
    leads = {K.PACEMAKER, K.DEFIBRILLATOR, K.RESYNCHRONISER}
    opened = {K.BYPASS_CLIPS, K.AORTIC_PROSTHESIS, K.MITRAL_PROSTHESIS}
    for seed in range(60):
        kinds = [each.kind for each in draw_confounders(SPEC, seed, chance=8.0)]
        assert len(kinds) == len(set(kinds))
        assert len(leads & set(kinds)) <= 1
        if opened & set(kinds):
            assert K.STERNAL_WIRES in kinds


def test_a_kind_that_is_drawn_more_often_leaves_the_others_as_they_were() -> None:
    for seed in range(60):
        usual = draw_confounders(SPEC, seed)
        often = draw_confounders(SPEC, seed, chances={K.STENT: 1e3, K.PACEMAKER: 0.0})
        assert K.STENT in {each.kind for each in often}
        assert K.PACEMAKER not in {each.kind for each in often}
        same = {K.STENT, K.PACEMAKER, K.DEFIBRILLATOR, K.RESYNCHRONISER}  # one set of leads
        assert [e for e in often if e.kind not in same] == [e for e in usual if e.kind not in same]
        assert {e for e in usual if e.kind is K.STENT} <= set(often)
