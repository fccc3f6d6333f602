from dataclasses import replace

import numpy as np
import pytest

from corcal.errors import InputError
from corcal.lesions.sites import Site, Vessel
from corcal.phantom.calcium import CELL_MM, deposit
from corcal.phantom.course import Course
from corcal.phantom.patient import BURDENS, PatientSpec, Plaque, aged, draw_patient
from corcal.phantom.physics import KERNELS, Scanner
from corcal.phantom.thorax import patient_courses, simulate_patient
from corcal.phantom.types import SimulatedScan

# Coarse and noiseless: 128 x 128 pixels of 1.6 mm, 56 slices of 3 mm.
COARSE = Scanner(matrix=(128, 128), pixel_spacing_mm=1.6, kernel=KERNELS["medium"], noise_sd_hu=0.0)
NEAR_MM = 6.0


@pytest.fixture(scope="module")
def spec() -> PatientSpec:
    return draw_patient(7, burden="severe")


@pytest.fixture(scope="module")
def scan(spec: PatientSpec) -> SimulatedScan:
    return simulate_patient(spec, scanner=COARSE)


@pytest.fixture(scope="module")
def clean(spec: PatientSpec) -> SimulatedScan:
    return simulate_patient(replace(spec, plaques=()), scanner=COARSE)


@pytest.fixture(scope="module")
def courses(spec: PatientSpec) -> dict[str, Course]:
    return patient_courses(spec)


def test_the_same_seed_gives_the_same_scan_bit_for_bit() -> None:
    noisy = replace(COARSE, matrix=(64, 64), noise_sd_hu=20.0)
    first, again, other = (
        simulate_patient(draw_patient(seed), scanner=noisy, scan_length_mm=45.0)
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first.scan.hu, again.scan.hu)
    np.testing.assert_array_equal(first.voxels.index, again.voxels.index)
    assert first.lesions == again.lesions
    assert first.scan.series == again.scan.series
    assert not np.array_equal(first.scan.hu, other.scan.hu)
    assert first.scan.series.series_instance_uid != other.scan.series.series_instance_uid


def test_every_coronary_lesion_lies_on_its_artery(
    scan: SimulatedScan, spec: PatientSpec, courses: dict[str, Course]
) -> None:
    branch = {plaque.id: plaque.branch for plaque in spec.plaques}
    coronary = [lesion for lesion in scan.lesions if lesion.site.vessel is not None]
    assert {lesion.site for lesion in coronary} == {Site.LM, Site.LAD, Site.LCX, Site.RCA}
    for lesion in coronary:
        course = courses[branch[lesion.id]]
        assert course.site is lesion.site
        away = np.linalg.norm(course.points_mm - lesion.centre_mm, axis=1).min()
        assert away < NEAR_MM


def test_the_mass_of_a_lesion_is_the_mass_that_was_ordered(
    scan: SimulatedScan, spec: PatientSpec
) -> None:
    assert [lesion.id for lesion in scan.lesions] == [plaque.id for plaque in spec.plaques]
    for lesion, plaque in zip(scan.lesions, spec.plaques, strict=True):
        assert lesion.mass_mg == pytest.approx(plaque.mass_mg, rel=1e-4)
        # Volume is whole cells of 0.25 mm.
        assert lesion.volume_mm3 == pytest.approx(
            1000 * plaque.mass_mg / plaque.density_mg_per_cm3, abs=CELL_MM**3
        )


def test_the_added_contrast_gives_back_the_mass(scan: SimulatedScan, clean: SimulatedScan) -> None:
    added = scan.scan.hu.astype(np.float64) - clean.scan.hu
    hu_mm3 = added.sum() * scan.scan.voxel_volume_mm3
    mass_mg = hu_mm3 / COARSE.calcium_hu(1000.0)
    assert mass_mg == pytest.approx(sum(lesion.mass_mg for lesion in scan.lesions), rel=0.02)


def test_the_truth_voxels_hold_nearly_all_the_contrast_of_the_calcium(
    scan: SimulatedScan, clean: SimulatedScan
) -> None:
    added = (scan.scan.hu.astype(np.float64) - clean.scan.hu).ravel()
    assert scan.voxels.shape == scan.scan.shape
    assert added[scan.voxels.index].sum() > 0.95 * added.sum()
    # What is not marked has less contrast than anything that could count as calcium.
    rest = np.delete(added, scan.voxels.index)
    assert rest.max() < 10


def test_each_site_is_marked_around_its_own_lesions(scan: SimulatedScan) -> None:
    z, y, x = np.unravel_index(scan.voxels.index, scan.scan.shape)
    place = scan.scan.to_patient_mm(np.stack([z, y, x], axis=1).astype(float))
    assert set(scan.voxels.site.tolist()) == {int(lesion.site) for lesion in scan.lesions}
    for site in np.unique(scan.voxels.site):
        centres = np.array([lesion.centre_mm for lesion in scan.lesions if lesion.site == site])
        away = np.linalg.norm(place[scan.voxels.site == site][:, None] - centres[None], axis=2).min(
            axis=1
        )
        assert np.median(away) < 8.0


def test_without_calcium_no_voxel_along_the_arteries_reaches_the_threshold(
    clean: SimulatedScan, courses: dict[str, Course]
) -> None:
    inverse = np.linalg.inv(clean.scan.affine_lps)
    for course in courses.values():
        if course.site.vessel is None:
            continue
        points = np.concatenate(
            [course.points_mm + d for d in 3.0 * np.vstack([np.eye(3), -np.eye(3)])]
        )
        index = np.rint(np.c_[points, np.ones(len(points))] @ inverse.T)[:, :3].astype(int)
        index = index[((index >= 0) & (index < clean.scan.shape)).all(axis=1)]
        assert len(index) > 0
        assert clean.scan.hu[tuple(index.T)].max() < 130
    assert clean.lesions == ()
    assert clean.voxels.index.size == 0


def test_a_scan_tells_its_seed_and_how_far_it_is() -> None:
    few = replace(COARSE, matrix=(64, 64), increment_mm=28.0)
    told: list[tuple[int, int]] = []
    made = simulate_patient(
        draw_patient(6, burden="mild"),
        scanner=few,
        progress=lambda done, total, _: told.append((done, total)),
    )
    assert made.seed == 6
    assert made.scan.shape == (6, 64, 64)  # 168 mm / 28 mm
    assert made.scan.acquisition.is_gated
    assert told[0] == (1, 6)
    assert told[-1] == (6, 6)


def test_the_burden_none_gives_no_coronary_lesion() -> None:
    for seed in range(20):
        sites = {plaque.site for plaque in draw_patient(seed, burden="none").plaques}
        assert not any(site.vessel for site in sites)


@pytest.mark.parametrize("burden", ["mild", "moderate", "severe"])
def test_the_coronary_mass_lies_within_the_burden(burden: str) -> None:
    low, high = BURDENS[burden]  # type: ignore[index]
    for seed in range(20):
        spec = draw_patient(seed, burden=burden)  # type: ignore[arg-type]
        mass = sum(p.mass_mg for p in spec.plaques if p.site.vessel is not None)
        assert low * 0.999 <= mass <= high * 1.001


def test_the_mass_of_each_vessel_can_be_ordered() -> None:
    spec = draw_patient(5, burden={Vessel.LM: 4.0, Vessel.RCA: 90.0})
    for site, mass in ((Site.LM, 4.0), (Site.LAD, 0.0), (Site.LCX, 0.0), (Site.RCA, 90.0)):
        found = sum(plaque.mass_mg for plaque in spec.plaques if plaque.site is site)
        assert found == pytest.approx(mass)


def test_overrides_change_what_they_name_and_nothing_else() -> None:
    drawn = draw_patient(9)
    changed = draw_patient(9, heart_scale=1.2)
    assert changed == replace(drawn, heart_scale=1.2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: draw_patient(1, burden="heavy"), "burden 'heavy' is unknown, allowed none"),  # type: ignore[arg-type]
        (lambda: draw_patient(1, shoe_size=43), "a patient has no shoe_size"),
        (lambda: aged(draw_patient(1), years=0), "above 0 years, got 0"),
    ],
)
def test_an_order_that_cannot_be_met_is_refused(call: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()  # type: ignore[operator]


@pytest.mark.parametrize("seed", [0, 1])
def test_the_coronary_tree_hangs_together_as_in_a_heart(seed: int) -> None:
    tree = patient_courses(draw_patient(seed))
    start = {name: course.points_mm[0] for name, course in tree.items()}
    left_main, lad, lcx, rca = (tree[name] for name in ("left_main", "lad", "lcx", "rca"))
    # Left is +x, back is +y, up is +z.
    assert start["left_main"][0] > start["rca"][0] + 5  # leaves the aorta on its left
    assert start["left_main"][1] > start["rca"][1] + 5  # and further back
    assert start["left_main"][2] > start["rca"][2] - 3  # and not lower
    assert rca.points_mm[:, 0].mean() < lad.points_mm[:, 0].mean() - 40
    assert lcx.points_mm[-1, 1] > lad.points_mm[-1, 1] + 50  # behind the heart, LAD in front
    assert lad.points_mm[-1, 2] < lad.points_mm[0, 2] - 50  # down to the apex
    for branch, parent in (
        ("lad", "left_main"),
        ("lcx", "left_main"),
        ("first_diagonal", "lad"),
        ("first_marginal", "lcx"),
        ("acute_marginal", "rca"),
    ):
        gap = np.linalg.norm(tree[parent].points_mm - start[branch], axis=1).min()
        assert gap < 1.5
    assert 6 < len(left_main.points_mm) < 25  # mm


def test_a_left_dominant_heart_has_its_posterior_descending_artery_from_the_circumflex(
    courses: dict[str, Course],
) -> None:
    left = patient_courses(draw_patient(2, left_dominant=True))
    assert left["pda"].site is Site.LCX
    assert courses["pda"].site is Site.RCA  # the usual, right dominant heart


def test_the_tissues_have_their_attenuation(
    clean: SimulatedScan, courses: dict[str, Course]
) -> None:
    hu = clean.scan.hu
    inverse = np.linalg.inv(clean.scan.affine_lps)
    aorta = courses["ascending_aorta"].points_mm
    index = np.rint(np.c_[aorta, np.ones(len(aorta))] @ inverse.T)[:, :3].astype(int)
    inside = index[(index[:, 0] >= 0) & (index[:, 0] < hu.shape[0])]
    assert np.median(hu[tuple(inside.T)]) == pytest.approx(42, abs=8)  # unenhanced blood
    assert 0.15 < np.mean(hu < -750) < 0.7  # lung and air
    assert 0.02 < np.mean((hu > -130) & (hu < -70)) < 0.5  # fat
    assert hu.max() > 500  # bone


def test_a_followup_shows_the_same_plaques_grown_and_a_new_one() -> None:
    spec = draw_patient(7, burden={Vessel.LAD: 9.0, Vessel.RCA: 6.0})
    few = replace(COARSE, matrix=(64, 64), increment_mm=28.0)
    later = simulate_patient(aged(spec, years=3.0), scanner=few)
    before = {plaque.id: plaque for plaque in spec.plaques}
    after = {lesion.id: lesion for lesion in later.lesions}
    assert set(before) < set(after)
    assert len(after) == len(before) + 1
    for name, plaque in before.items():
        assert after[name].site is plaque.site
        # 10 to 25 % a year: 1.10**3 = 1.331 to 1.25**3 = 1.953
        assert 1.33 < after[name].mass_mg / plaque.mass_mg < 1.954
    (new,) = (lesion for name, lesion in after.items() if name not in before)
    assert new.site.vessel is not None
    assert new.mass_mg < 5
    assert later.scan.patient.patient_id == f"SIMULATED-{spec.seed}"
    assert later.scan.acquisition.date is not None
    assert later.scan.acquisition.date[:4] == str(int(spec.date[:4]) + 3)


def test_growth_can_be_set_and_is_compounded() -> None:
    first = draw_patient(4, burden={Vessel.LAD: 10.0})
    later = aged(first, years=2, growth=0.1)
    for before, after in zip(first.plaques, later.plaques, strict=False):
        assert after.mass_mg == pytest.approx(before.mass_mg * 1.21)  # 1.1 squared


def _straight(radius_mm: float = 2.0) -> Course:
    z = np.arange(-20.0, 20.1, 1.0)
    points = np.stack([0 * z, 0 * z, z], axis=1)
    return Course(
        name="straight", site=Site.LAD, points_mm=points, radius_mm=np.full(len(z), radius_mm)
    )


def _plaque(mass_mg: float) -> Plaque:
    return Plaque(
        id="a",
        site=Site.LAD,
        branch="straight",
        position=0.5,
        angle_deg=90.0,
        mass_mg=mass_mg,
        density_mg_per_cm3=500.0,
        seed=3,
    )


def test_a_plaque_sits_on_one_side_of_the_wall() -> None:
    made = deposit(_plaque(8.0), _straight())
    x, y, z = made.centre_mm
    depth = np.hypot(x, y)
    assert 0.8 < depth < 2.4  # the wall is 2 mm from the axis
    assert abs(z) < 2.5
    assert made.mass_mg == pytest.approx(8.0, rel=1e-5)
    assert made.volume_mm3 == pytest.approx(16.0, abs=CELL_MM**3)  # 8 mg / 500 mg/cm3


def test_a_plaque_with_more_mass_holds_most_of_the_smaller_one() -> None:
    small, large = (deposit(_plaque(mass), _straight()) for mass in (4.0, 6.0))
    cells = []
    for made in (small, large):
        index = np.argwhere(made.density_mg_per_cm3 > 0)[:, ::-1] * CELL_MM
        cells.append({tuple(c) for c in np.round(index + made.origin_mm, 3)})
    assert len(cells[0] & cells[1]) > 0.95 * len(cells[0])


def test_a_plaque_without_mass_is_refused() -> None:
    with pytest.raises(InputError, match="mass and density above 0, got 0 mg"):
        deposit(_plaque(0.0), _straight())
