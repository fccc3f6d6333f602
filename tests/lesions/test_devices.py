"""Metal near the heart is named, never scored."""

import numpy as np
import pytest

from corcal.anatomy.types import Pathway
from corcal.ct.scan import Acquisition, Severity
from corcal.lesions.classifier import SITES
from corcal.lesions.detect import detect
from corcal.lesions.devices import device_pieces, likelier_beside_metal, with_devices
from corcal.lesions.features import describe, make_context
from corcal.lesions.neighbourhood import lesions_near_heart
from corcal.lesions.sites import Site
from lesions.heart_maker import make_anatomy, make_hu, make_scan, put

LAD = make_anatomy(lines=((Pathway.LAD, (50.0, 32.0, 75.0)),))


def _detected(hu):
    return detect(make_scan(hu), LAD)


# 80 kVp: (120 / 80)^0.85 is 1.4115, so 2823.0 HU
@pytest.mark.parametrize(
    ("kvp", "peak", "is_metal"),
    [(120, 2000, True), (120, 1999, False), (80, 2824, True), (80, 2822, False)],
)
def test_calcium_never_has_2000_hu_at_120_kvp(kvp, peak, is_metal):
    hu = put(make_hu(), slice(16, 19), slice(30, 34), slice(73, 77), 400)
    hu[17, 31, 75] = peak
    scan = make_scan(hu, acquisition=Acquisition(kvp=kvp, is_gated=True))
    context = make_context(scan, LAD)
    pieces = lesions_near_heart(scan, context.fields)
    features = describe(scan, LAD, pieces, context=context)
    assert device_pieces(pieces, features).tolist() == [is_metal]


def test_a_stent_on_the_lad_is_named_and_left_out():
    hu = put(make_hu(noise_hu=10.0), slice(12, 18), slice(31, 34), slice(73, 76), 2200)
    found = _detected(hu)
    assert [d.site for d in found.decisions if d.agatston > 50] == ["device"]
    assert found.voxels.index.size == 0
    (said,) = found.findings
    assert (said.code, said.severity) == ("DEVICE_PRESENT", Severity.WARNING)
    assert "on the course of the LAD: the artery is not scoreable there" in said.message
    assert "metal in slices 12 to 17 (from 0 at the feet)" in said.message


def test_metal_off_the_arteries_is_worth_a_word():
    hu = put(make_hu(noise_hu=10.0), slice(12, 18), slice(60, 63), slice(70, 73), 2200)
    (said,) = _detected(hu).findings
    assert (said.code, said.severity) == ("DEVICE_PRESENT", Severity.INFO)
    assert "metal in slices 12 to 17 (from 0 at the feet), off the arteries" in said.message


def test_a_long_thin_dense_thing_is_a_tube_and_a_lump_is_not():
    # 1300 HU, mean above 550: 24 mm long and 2 mm wide, or 6 x 6 x 6 mm
    tube = put(make_hu(noise_hu=10.0), slice(12, 20), slice(31, 33), slice(74, 76), 1300)
    assert [d.site for d in _detected(tube).decisions if d.agatston > 50] == ["device"]
    lump = put(make_hu(noise_hu=10.0), slice(16, 18), slice(30, 36), slice(72, 78), 1250)
    assert [d.site for d in _detected(lump).decisions if d.agatston > 50] == ["LAD"]


def test_the_rule_overrules_and_the_rest_keeps_its_proportions():
    given = np.zeros((2, len(SITES)))
    given[:, SITES.index(Site.LAD)], given[:, SITES.index(Site.BONE)] = 0.75, 0.25
    out = with_devices(given, np.array([True, False]))
    assert out[0, SITES.index(Site.DEVICE)] == pytest.approx(0.97)
    assert out[0, SITES.index(Site.LAD)] == pytest.approx(0.0225)
    assert out[0].sum() == pytest.approx(1.0)
    assert out[1].tolist() == given[1].tolist()


def test_metal_is_as_likely_as_in_the_training_in_a_lesion_that_holds_some() -> None:
    # lesion 7: one piece is surely metal; lesion 8: none is; LCX 0.45, device 0.36, rest 0.19
    doubtful = {Site.LCX: 0.45, Site.DEVICE: 0.36, Site.PERICARDIUM: 0.19}
    rows = [{Site.DEVICE: 0.86, Site.LCX: 0.14}, doubtful, {Site.DEVICE: 0.49, Site.LCX: 0.51}]
    table = np.zeros((4, len(SITES)))
    for row, sites in zip(table, [*rows, doubtful], strict=True):
        for site, share in sites.items():
            row[SITES.index(site)] = share
    out = likelier_beside_metal(table, np.array([7, 7, 8, 8], np.int32))
    metal = out[:, SITES.index(Site.DEVICE)]
    # 5.5 * 0.36 = 1.98 of 1.98 + 0.45 + 0.19; the sure piece itself stays as it is
    np.testing.assert_allclose(metal, [0.86, 1.98 / 2.62, 0.49, 0.36])
    assert out[1, SITES.index(Site.LCX)] == pytest.approx(0.45 / 2.62)
    np.testing.assert_allclose(out.sum(axis=1), 1.0)
