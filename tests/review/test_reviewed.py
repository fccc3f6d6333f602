"""The record of a reviewed exam: whose each lesion is, and what is no longer said."""

import json
from dataclasses import replace

import jsonschema
import pytest

from corcal.ct.findings import finding
from corcal.ct.suitability.verdict import Verdict
from corcal.errors import InputError
from corcal.exam_numbers import exam_numbers
from corcal.lesions.sites import Site
from corcal.result import read_result, result_json, schema_json
from corcal.review import (
    Assign,
    Comment,
    Confirm,
    SetRule,
    SplitByLine,
    Undo,
    is_complete,
    measured,
    replay,
    review_result,
)
from corcal.review.candidates import marked_candidates
from corcal.scoring.measure import measure
from review.review_maker import USUAL, Block, automatic, by, marked, record_of

AORTA, LM, LAD, RCA, NOISE = range(5)
METAL = Block(site=Site.DEVICE, at=(1, 5, 30), size=(1, 3, 3), hu=1500)


def exam(blocks=USUAL):
    scan, candidates = automatic(blocks)
    state = replay(candidates, scan, [])
    return state, record_of(scan, candidates, state.voxels())


def reviewed(*edits, blocks=USUAL, change=lambda result: result):
    state, result = exam(blocks)
    after, events = by(state, *edits)
    return review_result(after, change(result), events, reader="Dr. R."), result


def origins(result):
    return {lesion.site: lesion.origin for lesion in result.lesions}


def test_the_record_names_who_reviewed_what(tmp_path):
    result, before = reviewed(
        Assign(candidates=(RCA,), site="LCX"),
        Assign(candidates=(LM,), site=None),
        Undo(),
        Comment(text="motion"),
    )
    made = result.provenance
    assert (made.method, made.reader, made.is_automatic) == ("reviewed", "Dr. R.", False)
    assert (made.model, made.detector) == (before.provenance.model, before.provenance.detector)
    record = made.reviewed
    assert record.readers == ("reader-7",)
    assert (record.started, record.finished) == ("2026-01-02T11:00:01Z", "2026-01-02T11:00:04Z")
    assert (record.event_count, record.change_count, record.candidates_by_reader) == (4, 1, 1)
    assert (record.proposed_by, record.proposed_rule) == ("automatic", "textbook")
    assert record.proposed_agatston == before.score.total.agatston == 90.25
    assert result.score.vessels["LCX"].agatston == 2.25
    assert made.slices_with_calcium == (2, 3, 4, 5, 6)
    jsonschema.validate(json.loads(result_json(result)), json.loads(schema_json()))
    path = tmp_path / "result.json"
    path.write_text(result_json(result), encoding="utf-8")
    assert read_result(path) == result
    assert exam_numbers(result).is_automatic is False
    assert exam_numbers(before).is_automatic is True


def test_a_lesion_is_the_readers_if_its_site_or_its_voxels_are():
    # the LM touches the LAD: as LAD the two are one lesion
    result, _ = reviewed(Assign(candidates=(LM,), site="LAD"))
    assert origins(result) == {
        "LAD": "reader",
        "ascending_aorta": "automatic",
        "RCA": "automatic",
    }


def test_a_lesion_that_a_reader_has_confirmed_is_the_readers():
    result, _ = reviewed(Assign(candidates=(RCA,), site="RCA"))
    assert origins(result)["RCA"] == "reader"
    assert origins(result)["LAD"] == "automatic"


def test_what_is_left_of_a_lesion_that_lost_a_part_is_the_readers():
    result, _ = reviewed(
        SplitByLine(candidate=LAD, slice=4, start=(5, 17.5), end=(20, 17.5)),
        Assign(candidates=(6,), site=None),
    )
    assert origins(result)["LAD"] == "reader"
    assert result.score.vessels["LAD"].agatston == 32.0


def test_doubts_and_reasons_stay_with_what_is_as_proposed():
    result, _ = reviewed(Assign(candidates=(RCA,), site="RCA"))
    lesions = {lesion.site: lesion for lesion in result.lesions}
    assert lesions["LAD"].probabilities["LAD"] == 0.9
    assert lesions["LAD"].why[0].text == "candidate 2 was put there"
    assert (lesions["RCA"].probabilities, lesions["RCA"].why) == (None, ())


def test_a_reviewed_score_has_no_interval_and_no_chances():
    result, before = reviewed(Assign(candidates=(RCA,), site="RCA"))
    assert before.score.total.interval is not None
    assert before.score.category_probabilities is not None
    assert result.score.total.interval is None
    assert result.score.category_probabilities is None
    assert all(part.interval is None for part in result.score.vessels.values())


@pytest.mark.parametrize("edit", [Confirm(), SetRule(rule="siemens")])
def test_confirming_or_another_rule_ends_the_interval_too(edit):
    result, _ = reviewed(edit)
    assert result.score.total.interval is None
    assert set(origins(result).values()) == {"automatic"}


def test_a_review_in_which_nothing_is_in_force_leaves_the_score_as_it_was():
    result, before = reviewed(Assign(candidates=(RCA,), site=None), Undo())
    assert result.score == before.score
    assert result.review == before.review
    assert result.provenance.reviewed.change_count == 0


def test_another_rule_is_the_readers_choice():
    result, _ = reviewed(SetRule(rule="siemens"))
    made = result.provenance
    assert (made.rule, made.rule_reason) == ("siemens", "chosen by the reader in the review")
    assert made.reviewed.proposed_rule == "textbook"
    assert made.reviewed.proposed_agatston == 90.25
    unchanged, _ = reviewed(Confirm())
    assert unchanged.provenance.rule_reason == "the default"


# Complete or not

EVERY = (AORTA, LM, LAD, RCA)


def test_the_advice_is_gone_when_everything_that_is_measured_was_decided():
    result, before = reviewed(*(Assign(candidates=(k,), site="LAD") for k in EVERY))
    assert before.review.advised
    assert result.review is None
    assert result.provenance.reviewed.is_complete


def test_the_advice_stays_as_long_as_something_is_as_proposed():
    result, before = reviewed(*(Assign(candidates=(k,), site="LAD") for k in EVERY[:-1]))
    assert result.review == before.review
    assert not result.provenance.reviewed.is_complete


@pytest.mark.parametrize(("coronary", "complete"), [(0.149, True), (0.151, False)])
def test_what_scores_and_may_be_coronary_has_to_be_decided_too(coronary, complete):
    scan, candidates = automatic()
    chances = candidates.probabilities.copy()
    chances[NOISE] = 0.0
    chances[NOISE, int(Site.NOISE) - 1] = 1.0 - coronary
    chances[NOISE, int(Site.RCA) - 1] = coronary
    state = replay(replace(candidates, probabilities=chances), scan, [])
    after, _ = by(state, Assign(candidates=EVERY, site="LAD"))
    assert is_complete(after) is complete


def test_a_review_that_was_not_begun_is_not_complete_and_confirming_completes_it():
    state, _ = exam(blocks=())
    assert not is_complete(state)
    assert is_complete(by(state, Confirm())[0])
    assert not is_complete(by(state, Confirm(), Undo())[0])


# Metal


def test_metal_that_a_reader_names_is_a_finding():
    result, before = reviewed(Assign(candidates=(RCA,), site="device"))
    (found,) = [one for one in result.suitability.findings if one.code == "DEVICE_BY_READER"]
    assert found.message == "metal in slice 6 (from 0 at the feet)"
    assert exam_numbers(result).has_device
    assert not exam_numbers(before).has_device


def test_metal_in_many_places_is_named_slice_by_slice():
    result, _ = reviewed(Assign(candidates=(AORTA, LM, LAD, RCA, NOISE), site="device"))
    (found,) = [one for one in result.suitability.findings if one.code == "DEVICE_BY_READER"]
    assert found.message == "metal in slices 3 to 4, 6, 8 (from 0 at the feet)"


def with_metal(result):
    there = finding("DEVICE_PRESENT", "metal at 15 / 3 / 3 mm")
    kept = result.suitability.findings
    return replace(result, suitability=replace(result.suitability, findings=(*kept, there)))


def test_metal_that_a_reader_refutes_is_told_as_refuted():
    blocks = (METAL, *USUAL)
    result, _ = reviewed(Assign(candidates=(0,), site="other"), blocks=blocks, change=with_metal)
    codes = {one.code: one for one in result.suitability.findings}
    assert "DEVICE_PRESENT" not in codes
    assert codes["DEVICE_REFUTED"].message == (
        "the reader took for something else: metal at 15 / 3 / 3 mm"
    )
    assert not exam_numbers(result).has_device
    assert result.suitability.verdict is Verdict.FIT  # nothing is left that asks for caution


def test_metal_that_nobody_doubts_stays_a_finding():
    result, _ = reviewed(Confirm(), blocks=(METAL, *USUAL), change=with_metal)
    codes = [one.code for one in result.suitability.findings]
    assert codes.count("DEVICE_PRESENT") == 1
    assert "DEVICE_BY_READER" not in codes


def test_findings_of_measuring_are_those_of_the_rule_in_use():
    result, before = reviewed(SetRule(rule="kvp100"))
    assert "RULE_NOT_FOR_KVP" not in {one.code for one in before.suitability.findings}
    codes = [one.code for one in result.suitability.findings]
    assert "RULE_NOT_FOR_KVP" in codes
    assert result.suitability.verdict is Verdict.CAUTION  # that is a warning
    assert codes.count("MASS_FACTOR_DEFAULT") == 1


# A person's marks


def test_marks_that_a_reader_leaves_are_the_annotations():
    scan, marks = marked()
    state = replay(marked_candidates(scan, marks), scan, [])
    result = record_of(scan, state.proposals, marks)
    after, events = by(state, Assign(candidates=(RCA,), site=None))
    record = review_result(after, result, events, reader="Dr. R.")
    assert set(origins(record).values()) == {"annotation"}
    assert "RCA" not in origins(record)
    assert record.provenance.annotation == result.provenance.annotation
    assert record.provenance.reviewed.proposed_by == "annotation"
    assert result.score == measure(scan, marks).score


def test_a_review_of_marks_is_complete_when_all_marks_were_decided():
    scan, marks = marked()
    hu = scan.hu.copy()
    hu[0, 36, 30:38] = 200  # scores, and nobody marked it
    hu[0, 2, 2:4] = 200  # a speck
    scan = replace(scan, hu=hu)
    state = replay(marked_candidates(scan, marks), scan, [])
    numbers = [number for number, one in state.candidates.items() if one.site is not None]
    assert len(numbers) == len(state.candidates) - 2
    assert not is_complete(by(state, Assign(candidates=tuple(numbers[1:]), site="LAD"))[0])
    assert is_complete(by(state, Assign(candidates=tuple(numbers), site="LAD"))[0])


def test_an_automatic_candidate_that_cannot_score_need_not_be_decided():
    blocks = (*USUAL, Block(site=Site.NOISE, at=(9, 2, 2), size=(1, 1, 2)))  # 0.5 mm2
    state, _ = exam(blocks)
    chances = state.proposals.probabilities.copy()
    chances[:] = 1.0 / chances.shape[1]
    unsure = replace(state.proposals, probabilities=chances)
    state = replay(unsure, state.scan, [])
    after, _ = by(state, Assign(candidates=(*EVERY, NOISE), site="LAD"))
    assert is_complete(after)
    assert not is_complete(by(state, Assign(candidates=EVERY, site="LAD"))[0])


# What does not belong together


def test_a_log_of_another_state_is_refused():
    state, result = exam()
    after, events = by(state, Confirm(), Undo())
    with pytest.raises(InputError, match="the log has 1 events, the review is at event 2"):
        review_result(after, result, events[:1], reader="Dr. R.")
    with pytest.raises(InputError, match="the log has 2 events, the review is at event 2"):
        review_result(after, result, events[::-1], reader="Dr. R.")


def test_the_record_of_a_review_is_none_to_start_from():
    state, result = exam()
    record = review_result(state, result, [], reader="Dr. R.")
    with pytest.raises(InputError, match="the record of a reviewed exam"):
        review_result(state, record, [], reader="Dr. R.")


def test_the_record_of_another_exam_is_refused():
    state, result = exam()
    other = replace(result, scan=replace(result.scan, shape=(1, 2, 3)))
    with pytest.raises(InputError, match=r"a scan of shape \(1, 2, 3\) by rule textbook, the rev"):
        review_result(state, other, [], reader="Dr. R.")
    other = replace(result, score=replace(result.score, rule="ge"))
    with pytest.raises(InputError, match="by rule ge, the review of"):
        review_result(state, other, [], reader="Dr. R.")


def test_the_state_keeps_what_was_measured_and_shares_it():
    state, _ = exam()
    measured(state)
    known = len(state.surrounds)
    after, _ = by(state, Assign(candidates=(RCA,), site="LCX"))
    measured(after)
    assert after.surrounds is state.surrounds
    assert len(after.surrounds) == known  # the same voxels among the same others
