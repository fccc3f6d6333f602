"""Detection as a whole, on a heart of spheres and on real scans."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from corcal.anatomy.types import Pathway
from corcal.lesions.classifier import SITES
from corcal.lesions.detect import NOT_CALCIUM, decide, detect
from corcal.lesions.features import FEATURE_NAMES
from corcal.lesions.rules import RuleClassifier
from corcal.lesions.sites import Site
from corcal.lesions.why import reasons
from corcal.scoring import measure
from lesions.heart_maker import empty_anatomy, make_anatomy, make_hu, make_scan, put

LINES = ((Pathway.LAD, (50.0, 32.0, 75.0)), (Pathway.RCA, (50.0, 25.0, 40.0)))
ANATOMY = make_anatomy(lines=LINES)
LAD = (slice(16, 19), slice(30, 34), slice(73, 77))
RCA = (slice(16, 18), slice(24, 27), slice(38, 41))


def _rows(**values):
    out = np.zeros((1, len(SITES)))
    for name, value in values.items():
        out[0, SITES.index(Site[name])] = value
    return out


def test_plaques_are_found_each_in_its_artery():
    hu = put(put(make_hu(noise_hu=12.0), *LAD, 450), *RCA, 250)
    found = detect(make_scan(hu), ANATOMY)
    first, second = (d for d in found.decisions if d.coronary_probability > 0.5)
    assert (first.site, second.site) == ("LAD", "RCA")
    # 3 slices of 16 mm2 and weight 4; 2 of 9 mm2 and weight 2, or 3 where noise lifts the peak
    assert first.agatston == pytest.approx(3 * 16 * 4)
    assert 2 * 9 * 2 <= second.agatston <= 2 * 9 * 3
    # middle of slices 16 to 18, rows 30 to 33, columns 73 to 76
    assert first.centroid_mm == pytest.approx((74.5, 31.5, 51.0))
    assert found.noise_sd_hu == pytest.approx(12.0, rel=0.1)
    assert set(found.voxels.site.tolist()) == {int(Site.LAD), int(Site.RCA)}
    assert found.voxels.index.size == 3 * 16 + 2 * 9


def test_decisions_come_with_all_sites_and_reasons_in_words_and_numbers():
    found = detect(make_scan(put(make_hu(noise_hu=12.0), *LAD, 450)), ANATOMY)
    decision = found.decisions[0]
    assert set(decision.probabilities) == {site.label for site in Site}
    assert sum(decision.probabilities.values()) == pytest.approx(1.0)
    assert 1 <= len(decision.why) <= 4
    assert decision.why[0].text.startswith("lies on the course of the LAD")
    assert all(reason.feature in FEATURE_NAMES for reason in decision.why)
    scan_hu = make_scan(put(make_hu(noise_hu=12.0), *LAD, 450)).hu.ravel()
    assert scan_hu[decision.voxel] == 450


def test_noise_is_decided_to_be_noise_and_left_out():
    found = detect(make_scan(make_hu(noise_hu=32.0)), ANATOMY)
    assert all(d.site == "noise" for d in found.decisions)
    assert found.voxels.index.size == 0


def test_a_speck_among_hundreds_is_noise_also_where_the_classifier_half_believes_in_it():
    class Believer:
        record = RuleClassifier().record

        def probabilities(self, features):
            out = np.zeros((len(features.values), len(SITES)))
            speck = features.column("log_agatston") < np.log1p(3.0)
            out[:, SITES.index(Site.LAD)] = np.where(speck, 0.6, 0.98)
            out[:, SITES.index(Site.NOISE)] = np.where(speck, 0.4, 0.02)
            return out

    noisy = make_scan(put(make_hu(noise_hu=42.0), *LAD, 450))
    found = detect(noisy, ANATOMY, classifier=Believer())
    of_site = Counter(decision.site for decision in found.decisions)
    assert found.decisions[0].site == "LAD"
    # Of specks that are noise by 0.4 the largest 75 make 30: those keep what they were taken for.
    assert 75 <= of_site["LAD"] < 0.25 * len(found.decisions)
    assert of_site["noise"] > 0.75 * len(found.decisions)


def test_decisions_are_in_descending_score():
    hu = put(put(make_hu(noise_hu=25.0), *LAD, 450), *RCA, 250)
    scores = [d.agatston for d in detect(make_scan(hu), ANATOMY).decisions]
    assert scores == sorted(scores, reverse=True)


def test_pieces_of_one_lesion_say_so():
    lines = ((Pathway.LAD, (50.0, 32.0, 60.0)), (Pathway.LCX, (50.0, 32.0, 80.0)))
    hu = put(make_hu(), slice(18, 20), slice(31, 33), slice(58, 83))
    found = detect(make_scan(hu), make_anatomy(lines=lines))
    assert sorted(d.site for d in found.decisions) == ["LAD", "LCX"]
    assert len({d.split_from for d in found.decisions}) == 1
    assert found.decisions[0].split_from is not None


def test_the_total_does_not_hang_on_where_an_artery_ends():
    lines = ((Pathway.LAD, (50.0, 32.0, 60.0)), (Pathway.LCX, (50.0, 32.0, 80.0)))
    hu = put(make_hu(), slice(18, 20), slice(31, 33), slice(58, 83), value=250)
    hu[18, 31:33, 82] = 450  # a voxel of the LCX gives its weight to all of its slice
    scan = make_scan(hu)
    found = detect(scan, make_anatomy(lines=lines))
    assert {d.site for d in found.decisions} == {"LAD", "LCX"}
    one = replace(found.voxels, site=np.full_like(found.voxels.site, Site.LAD))
    total = measure(scan, one).score.total.agatston
    assert measure(scan, found.voxels).score.total.agatston == pytest.approx(total)
    assert found.agatston == pytest.approx(total)


def test_the_threshold_is_the_rule_s():
    hu = put(make_hu(), *LAD, 140)
    assert detect(make_scan(hu), ANATOMY, threshold_hu=147.0).decisions == ()
    assert len(detect(make_scan(hu), ANATOMY).decisions) == 1


def test_without_a_heart_nothing_is_found():
    found = detect(make_scan(put(make_hu(), *LAD, 450)), empty_anatomy())
    assert found.decisions == ()
    assert found.voxels.index.size == 0


def test_half_of_the_probability_in_the_arteries_is_not_enough():
    assert decide(_rows(LAD=0.25, LCX=0.25, BONE=0.5)).tolist() == [Site.BONE]
    assert decide(_rows(LAD=0.25, LCX=0.26, BONE=0.49)).tolist() == [Site.LCX]


def test_the_arteries_together_outweigh_the_likeliest_other_site():
    assert decide(_rows(LM=0.2, LAD=0.3, LCX=0.1, ASCENDING_AORTA=0.4)).tolist() == [Site.LAD]


@pytest.mark.parametrize("site", Site)
def test_every_site_has_a_reason(site):
    values = dict.fromkeys(FEATURE_NAMES, 0.0) | {"contrast_to_noise": 12.0}
    said = reasons(site, values)
    assert said
    assert all("{" not in reason.text for reason in said)


def test_what_is_never_scored_is_no_calcium():
    assert set(NOT_CALCIUM) == {Site.NOISE, Site.BONE, Site.DEVICE}
