"""The automatic middle of the line: what it is made from, what it says, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from corcal.anatomy.types import ModelRecord
from corcal.automatic import Automatic, find_calcium, with_certainty
from corcal.ct.findings import finding
from corcal.ct.suitability import SeriesKind, Suitability, Verdict
from corcal.errors import InputError, UnfitError
from corcal.lesions.decision import Decision, Detection, Reason
from corcal.lesions.rules import RuleClassifier
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.models import load_model
from corcal.phantom.anatomy_truth import true_anatomy
from corcal.phantom.patient import draw_patient
from corcal.phantom.thorax import GATED_SCANNER, simulate_patient
from corcal.pipeline import Options, score_scan
from corcal.scoring.measure import measure
from corcal.scoring.rules import RULES
from report.automatic_scan import Dense, make_anatomy, make_scan, with_dense
from true_detection import DETECTOR, SURE, automatic_of

# Pixels of 0.9 mm: quick to simulate
COARSE = replace(GATED_SCANNER, matrix=(256, 256), pixel_spacing_mm=0.9)
TEXTBOOK = RULES["textbook"]
GATED = Suitability(kind=SeriesKind.GATED_CALCIUM, verdict=Verdict.FIT, findings=(), summary="fit")


RULES_DECIDE = pytest.mark.usefixtures("rules_instead_of_a_model")


class Given:
    """An anatomy source that gives what it was given."""

    def __init__(self, anatomy):
        self.anatomy = anatomy
        self.scans = []

    def locate(self, scan):
        self.scans.append(scan)
        return self.anatomy


@pytest.fixture
def rules_instead_of_a_model(monkeypatch):
    monkeypatch.setattr("corcal.lesions.classifier.load_classifier", RuleClassifier)


@pytest.fixture(scope="module")
def patient():
    """A simulated patient with calcium in all arteries, the scan and its true anatomy."""
    spec = draw_patient(11, burden="moderate")
    simulated = simulate_patient(spec, scanner=COARSE)
    return simulated, true_anatomy(spec, simulated.scan)


def certain(dense, *, kind=SeriesKind.GATED_CALCIUM):
    """Measure cubes of calcium and say how sure: (measurement, advice, detection)."""
    _, scan, detection = with_dense(dense)
    automatic = Automatic(anatomy=make_anatomy(), detection=detection, detector=DETECTOR)
    measurement = measure(scan, detection.voxels)
    suitability = replace(GATED, kind=kind)
    return *with_certainty(measurement, automatic, scan, TEXTBOOK, suitability), detection


@RULES_DECIDE
def test_with_the_true_anatomy_the_calcium_that_was_put_in_is_found(patient):
    simulated, anatomy = patient
    source = Given(anatomy)
    result = score_scan(simulated.scan, Options(anatomy=source)).result
    truth = measure(simulated.scan, simulated.voxels).score
    assert source.scans == [simulated.scan]
    for name, vessel in truth.vessels.items():
        assert vessel.agatston > 0
        assert result.score.vessels[name].agatston == pytest.approx(vessel.agatston, rel=0.05)


@RULES_DECIDE
def test_the_record_says_who_found_it_and_keeps_what_it_was_found_in(patient):
    simulated, anatomy = patient
    exam = score_scan(simulated.scan, Options(anatomy=Given(anatomy)))
    made = exam.result.provenance
    assert (made.method, made.annotation) == ("automatic", None)
    assert (made.model.name, made.detector.name) == ("truth", "corcal-rules")
    assert exam.anatomy is anatomy
    assert exam.voxels is exam.detection.voxels
    assert len(exam.detection.decisions) >= len(exam.result.lesions) > 0


@RULES_DECIDE
def test_every_lesion_that_scores_has_its_doubts_and_its_reasons(patient):
    simulated, anatomy = patient
    result = score_scan(simulated.scan, Options(anatomy=Given(anatomy))).result
    for lesion in result.lesions:
        assert sum(lesion.probabilities.values()) == pytest.approx(1.0)
        assert set(lesion.probabilities) == {site.label for site in Site}
        assert lesion.why, lesion.id


@RULES_DECIDE
@pytest.mark.parametrize(
    ("rule_hu", "candidates_hu"), [(110.0, 110.0), (130.0, 130.0), (147.0, 130.0)]
)
def test_candidates_begin_at_130_hu_or_where_the_rule_does_if_that_is_lower(
    monkeypatch, rule_hu, candidates_hu
):
    asked = []

    def listen(*_, threshold_hu, **__):
        asked.append(threshold_hu)
        return with_dense([])[1]

    monkeypatch.setattr("corcal.lesions.detect.detect", listen)
    rule = replace(TEXTBOOK, weight_bounds_hu=(rule_hu, 200.0, 300.0, 400.0))
    find_calcium(make_scan(), rule, source=Given(make_anatomy()))
    assert asked == [candidates_hu]


@RULES_DECIDE
def test_a_scan_in_which_no_heart_was_found_is_refused_and_not_scored_0():
    lost = finding("HEART_NOT_FOUND", "no heart was found in the scan")
    anatomy = replace(make_anatomy(heart=False), findings=(lost,))
    with pytest.raises(UnfitError, match=r"no heart was found in the scan \(--annotations scores"):
        find_calcium(make_scan(), TEXTBOOK, source=Given(anatomy))


@RULES_DECIDE
def test_a_heart_that_is_cut_is_scored_and_told():
    cut = finding("HEART_CUT", "the heart is cut at the feet")
    anatomy = replace(make_anatomy(), findings=(cut,))
    exam = score_scan(make_scan(), Options(anatomy=Given(anatomy), force=True))
    assert cut in exam.result.suitability.findings
    assert "the anatomy is in doubt: the heart is cut at the feet" in exam.result.review.reasons


def test_a_missing_model_is_told_before_the_heart_is_looked_for(monkeypatch):
    monkeypatch.setattr("corcal.models.load.known_models", dict)
    source = Given(make_anatomy())
    with pytest.raises(InputError, match="no model 'lesions' in this release"):
        find_calcium(make_scan(), TEXTBOOK, source=source)
    assert source.scans == []


def test_a_model_of_unknown_hash_is_not_run(tmp_path):
    file = tmp_path / "strange.onnx"
    file.write_bytes(b"not what it was")
    with pytest.raises(InputError, match=r"strange\.onnx of model 'thorax' has SHA-256"):
        load_model("thorax", path=file)


def test_a_certain_lesion_gives_an_interval_that_holds_the_score():
    lad = Dense(site=Site.LAD, at=(10, 60, 60), size=4, depth=2, sure=0.99, agatston=128.0)
    # 16 mm2 of weight 4 in two slices of 3 mm: 128
    measurement, _, _ = certain([lad])
    score = measurement.score
    assert score.total.agatston == pytest.approx(128.0)
    assert score.total.interval.level == 0.95
    for part in (score.total, *score.vessels.values()):
        assert part.interval.low <= part.agatston <= part.interval.high
    assert score.vessels["LAD"].interval.low > 0


def test_the_categories_are_the_four_and_their_probabilities_sum_to_1():
    measurement, _, _ = certain([Dense(site=Site.LAD, at=(10, 60, 60))])
    categories = measurement.score.category_probabilities
    assert list(categories) == ["0", "1-100", "101-400", ">400"]
    assert sum(categories.values()) == pytest.approx(1.0)
    assert categories["1-100"] > 0.8  # 9 mm2 of weight 4: 36


def test_nothing_found_is_a_zero_with_its_own_probability():
    measurement, _, _ = certain([])
    score = measurement.score
    assert (score.total.agatston, measurement.lesions) == (0.0, ())
    assert score.category_probabilities["0"] > 0.8
    assert score.total.interval.low == 0.0


def test_the_same_calcium_is_less_certain_without_gating():
    dense = [Dense(site=Site.LAD, at=(10, 60, 60))]
    gated, _, _ = certain(dense)
    chest, _, _ = certain(dense, kind=SeriesKind.CHEST_NONCONTRAST)
    width = [m.score.total.interval.high - m.score.total.interval.low for m in (gated, chest)]
    assert width[1] > 1.5 * width[0]


def test_a_large_lesion_in_doubt_advises_a_review():
    sure = certain([Dense(site=Site.LAD, at=(10, 60, 60), sure=0.99, agatston=36.0)])[1]
    doubtful = certain([Dense(site=Site.LAD, at=(10, 60, 60), sure=0.6, agatston=36.0)])[1]
    assert (sure.advised, sure.reasons) == (False, ())
    assert doubtful.advised
    assert any("probability of 60 %" in reason for reason in doubtful.reasons)


def test_the_reason_for_a_review_names_the_lesion_of_the_table():
    sure = Dense(site=Site.RCA, at=(14, 40, 30), size=5, depth=2, sure=0.99, agatston=200.0)
    doubtful = Dense(site=Site.LAD, at=(10, 60, 60), sure=0.6, agatston=30.0)
    measurement, advice, _ = certain([sure, doubtful])
    (lad,) = [one for one in measurement.lesions if one.site == "LAD"]
    assert lad.id == "L2"
    (reason,) = [one for one in advice.reasons if "probability of 60 %" in one]
    assert reason.startswith("a piece of 30.0 Agatston units in slice 10 (from 0 at the feet), of")
    assert f", of the {lad.agatston:.1f} found as L2, is coronary with" in reason


def test_each_lesion_has_the_decision_about_itself():
    lad = Dense(site=Site.LAD, at=(10, 60, 60), sure=0.9, why=("is the LAD",))
    main = Dense(site=Site.LM, at=(10, 60, 57), sure=0.8, why=("is the LM",))  # touches the LAD
    rca = Dense(site=Site.RCA, at=(14, 40, 30), size=5, sure=0.7, why=("is the RCA",))
    noise = Dense(site=Site.NOISE, at=(20, 20, 20), why=("is noise",))
    measurement, _, _ = certain([lad, main, rca, noise])
    got = {one.site: (one.probabilities[one.site], one.why[0].text) for one in measurement.lesions}
    assert got == {
        "LAD": (0.9, "is the LAD"),
        "LM": (0.8, "is the LM"),
        "RCA": (0.7, "is the RCA"),
    }


def decision(scan, at, *, probabilities, agatston, why):
    return Decision(
        site="LAD",
        probabilities=probabilities,
        agatston=agatston,
        centroid_mm=(0.0, 0.0, 0.0),
        voxel=int(np.ravel_multi_index(at, scan.shape)),
        why=(Reason(text=why, feature="f", value=1.0),),
    )


def explained(scan, voxels, decisions):
    detection = Detection(voxels=voxels, decisions=decisions, noise_sd_hu=20.0)
    automatic = Automatic(anatomy=make_anatomy(), detection=detection, detector=DETECTOR)
    measurement = measure(scan, voxels)
    return with_certainty(measurement, automatic, scan, TEXTBOOK, GATED)[0].lesions


def lad_voxels(scan, where):
    index = np.flatnonzero(where)
    return SiteVoxels(
        shape=scan.shape, index=index, site=np.full(index.size, Site.LAD, dtype=np.uint8)
    )


def test_pieces_of_one_lesion_are_averaged_by_what_depends_on_them():
    scan = make_scan()
    where = np.zeros(scan.shape, bool)
    where[10, 60:62, 60:68] = True  # one lesion of 16 mm2, decided about as two pieces
    hu = np.where(where, 450, scan.hu).astype(np.int16)
    scan = replace(scan, hu=hu)
    large = decision(
        scan, (10, 60, 60), probabilities={"LAD": 1.0, "LCX": 0.0}, agatston=48.0, why="large"
    )
    small = decision(
        scan, (10, 60, 67), probabilities={"LAD": 0.6, "LCX": 0.4}, agatston=16.0, why="small"
    )
    (lesion,) = explained(scan, lad_voxels(scan, where), (large, small))
    # (48 x 1.0 + 16 x 0.6) / 64 = 0.9 and 16 x 0.4 / 64 = 0.1
    assert lesion.probabilities == pytest.approx({"LAD": 0.9, "LCX": 0.1})
    assert lesion.why == large.why


def test_a_decision_whose_densest_voxel_does_not_count_is_still_that_of_its_lesion():
    scan = make_scan()
    where = np.zeros(scan.shape, bool)
    where[10, 60:64, 60:64] = True
    where[11, 63, 63] = True
    hu = np.where(where, 300, scan.hu).astype(np.int16)
    hu[11, 63, 63] = 500
    # pixels of 0.8 mm: the single one of the upper slice is 0.64 mm2 and counts nowhere
    scan = replace(scan, hu=hu, spacing_mm=(3.0, 0.8, 0.8))
    only = decision(
        scan, (11, 63, 63), probabilities={"LAD": 1.0}, agatston=30.0, why="the peak is above"
    )
    (lesion,) = explained(scan, lad_voxels(scan, where), (only,))
    assert lesion.slices == (10,)
    assert lesion.why == only.why


def test_truth_as_a_detector_is_as_sure_as_it_says():
    _, scan, detection = with_dense([Dense(site=Site.LCX, at=(10, 60, 60))])
    (only,) = automatic_of(scan, detection.voxels, make_anatomy()).detection.decisions
    assert (only.site, only.probabilities["LCX"]) == ("LCX", SURE)
    assert isinstance(DETECTOR, ModelRecord)
