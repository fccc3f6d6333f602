"""References of scans that are scored already: where they are found, and whose they are."""

from dataclasses import replace

import numpy as np
import pytest

from corcal.errors import InputError
from corcal.evaluate.agreement.automatic import AutomaticScore
from corcal.evaluate.agreement.left_main import scores_with_left_main, voxels_with_left_main
from corcal.evaluate.agreement.records import AgatstonScores
from corcal.evaluate.agreement.references import GivenReference, annotation_beside, find_references
from corcal.evaluate.agreement.scored import (
    Comparison,
    FinishedScan,
    evaluate_finished,
    references_beside,
)
from corcal.evaluate.agreement.study import NO_AUTOMATIC_VOXELS
from corcal.lesions import Site
from evaluate.agreement.study_maker import blocks
from interop.dicom.dicom_exams import read_exam

LESION = (0, slice(2, 10), 250, Site.LAD)  # 8 pixels of 0.25 mm2 and weight 2: 4 Agatston


def finished(name, total=1.0, *, place="", keys=(), opened=None, vessels=None, failure=None):
    automatic = AutomaticScore(
        rule="textbook", scores=AgatstonScores(total=total, vessels=vessels or {})
    )
    return FinishedScan(
        name=name,
        place=place or f"/data/{name}/dicom",
        keys=keys,
        patient=name,
        automatic=None if failure else automatic,
        failure=failure,
        opened=opened,
    )


def given(name, *keys, total=None, **more):
    scores = None if total is None else AgatstonScores(total=total, vessels={})
    return GivenReference(name=name, keys=keys or (name,), scores=scores, **more)


def outcomes(report):
    return {row.name: row.failure or row.reference.total for row in report.scans}


@pytest.mark.parametrize(
    "key", ["7", "7/dicom", "/data/7/dicom", "1.2.7", "1.2.70", "A-7", " 1.2.7 ", "a-7"]
)
def test_a_reference_is_found_by_path_name_or_uid(key):
    scans = [finished(str(n), keys=(f"1.2.{n}", f"1.2.{n}0", f"A-{n}")) for n in (6, 7)]
    report = evaluate_finished(scans, [given(key, total=3.0)])
    assert outcomes(report) == {"7": 3.0}
    assert report.without_reference == 1


def test_a_file_is_found_without_its_suffix():
    scans = [finished("a", place="/data/TRV1P1CTI.mhd"), finished("b", place="/data/TRV1P2CTI.mhd")]
    assert outcomes(evaluate_finished(scans, [given("trv1p2cti", total=2.0)])) == {"b": 2.0}


def test_the_nearest_part_of_the_path_decides():
    # "2" is the third folder of every path, and the patient of one
    scans = [finished(str(n), place=f"/data/2/patients/{n}/dicom") for n in (1, 2)]
    assert outcomes(evaluate_finished(scans, [given("2", total=5.0)])) == {"2": 5.0}


def test_what_is_not_clear_is_a_row_with_its_reason():
    scans = [finished("a/x"), finished("b/x"), finished("c", failure="no heart was found")]
    report = evaluate_finished(
        scans,
        [given("x", total=1.0), given("lost", total=1.0), given("c", total=1.0),
         given("bad", problem="no reference: neither")],
    )  # fmt: skip
    assert outcomes(report) == {
        "x": "2 scored scans of this name; it must be one",
        "lost": "no scored scan of this name or UID; scored are a/x, b/x",
        "c": "no heart was found",
        "bad": "no reference: neither",
    }
    assert (report.compared, report.without_reference) == (0, 2)


def test_marks_of_one_scan_belong_to_the_only_scan_whatever_its_name(tmp_path):
    marks = given("marks", annotation=tmp_path / "marks.xml")
    [alone] = evaluate_finished([finished("a")], [marks]).scans
    [of_two] = evaluate_finished([finished("a"), finished("b")], [marks]).scans
    assert alone.name == "a"
    assert of_two.name == "marks"
    assert of_two.failure == "no scored scan of this name or UID; scored are a, b"


def test_the_score_of_a_line_belongs_to_no_scan_of_another_name():
    [row] = evaluate_finished([finished("a")], [given("lost", total=1.0)]).scans
    assert row.failure == "no scored scan of this name or UID; scored are a"


def test_of_many_scored_scans_three_are_named():
    [row] = evaluate_finished([finished(n) for n in "abcde"], [given("lost", total=1.0)]).scans
    assert row.failure == "no scored scan of this name or UID; scored are a, b, c and 2 more"


def test_columns_that_name_two_scans_are_a_row_with_this_reason(tmp_path):
    table = tmp_path / "scores.csv"
    table.write_text("id,scan_path,series,total\ne1,e2,,5\nP3,e3,,6\ne4,e4,1.2.5,7\n")
    scans = [finished(f"e{n}", keys=(f"1.2.{n}",)) for n in range(1, 6)]
    report = evaluate_finished(scans, find_references(table))
    words = "the columns of its line name different scans: {}; one such column is enough"
    assert outcomes(report) == {
        "e2": words.format("scan_path is e2, id is e1"),
        "e4": words.format("series is 1.2.5, scan_path is e4"),
        "e3": 6.0,
    }


def test_a_damaged_exam_is_a_row_whether_or_not_its_reference_is_known():
    bad = finished("b", failure="result.json is not a corcal result")
    scans = [finished("a"), replace(bad, is_damaged=True), replace(bad, name="u", place="/u")]
    known = evaluate_finished(scans, [given("a", total=1.0), given("b", total=2.0)])
    unknown = evaluate_finished(scans, [given("a", total=1.0)])
    for report in (known, unknown):
        assert outcomes(report) == {"a": 1.0, "b": "result.json is not a corcal result"}
        assert (report.compared, report.failed, report.without_reference) == (1, 1, 0)


def test_what_was_not_scored_is_no_scored_scan_without_a_reference():
    scans = [finished("a"), finished("b"), finished("c", failure="cut"), finished("d", failure="x")]
    report = evaluate_finished(scans, [given("a", total=1.0), given("c", total=1.0)])
    assert report.without_reference == 1  # b


def test_marks_that_a_run_took_for_a_scan_do_not_make_a_name_unclear():
    scans = [
        finished("scan", place="/data/3/dicom"),
        finished("marks", place="/data/3/marks.nrrd", failure="no heart"),
    ]
    assert outcomes(evaluate_finished(scans, [given("3", total=1.0)])) == {"scan": 1.0}


def test_marks_and_scores_of_one_scan_are_one_reference(tmp_path):
    marks = tmp_path / "marks.txt"
    marks.write_text("no marks")
    scans = [finished("a", opened=lambda: (None, None))]
    both = [given("a", total=2.0), given("b", "a", annotation=marks), given("c", "a", total=9.0)]
    report = outcomes(evaluate_finished(scans, both))
    assert report["c"] == "its scan has another reference already: a"
    assert report["a"].startswith("reference marks.txt: the annotation is none of the known")


def test_marks_without_automatic_voxels_give_scores_and_no_lesions(tmp_path):
    scan, voxels = blocks(LESION)
    marks = tmp_path / "marks.nrrd"
    from corcal.annotations.write import write_label_volume

    write_label_volume(marks, scan, voxels)
    reference = [given("a", annotation=marks)]
    with_voxels = evaluate_finished([finished("a", opened=lambda: (scan, voxels))], reference)
    without = evaluate_finished([finished("a", opened=lambda: (scan, None))], reference)
    assert outcomes(with_voxels) == outcomes(without) == {"a": 4.0}
    assert with_voxels.lesions.found.count == 1
    assert without.lesions is None
    assert without.scans[0].notes == (NO_AUTOMATIC_VOXELS,)


def test_a_left_main_in_the_lad_is_added_on_both_sides(tmp_path):
    from corcal.annotations.write import write_label_volume

    scan, marked = blocks(LESION)
    _, found = blocks((0, slice(2, 10), 250, Site.LM))
    write_label_volume(tmp_path / "marks.nrrd", scan, marked)
    scans = [finished("a", 4.0, vessels={"LM": 4.0, "LAD": 0.0}, opened=lambda: (scan, found))]
    references = [given("a", annotation=tmp_path / "marks.nrrd")]
    apart = evaluate_finished(scans, references)
    together = evaluate_finished(scans, references, comparison=Comparison(left_main_in_lad=True))
    assert apart.lesions.confusion.right_artery_agatston == 0
    assert together.lesions.confusion.right_artery_agatston == pytest.approx(4.0)
    assert together.scans[0].automatic.vessels == {"LAD": 4.0}
    assert together.left_main_in_lad


def test_a_total_is_the_sum_of_three_arteries_if_the_left_main_is_in_one():
    known = AgatstonScores(total=None, vessels={"LAD": 1.0, "LCX": 2.0, "RCA": 4.0})
    assert scores_with_left_main(known).total == 7.0
    part = AgatstonScores(total=None, vessels={"LM": 1.0, "RCA": 4.0})
    assert scores_with_left_main(part) == AgatstonScores(total=None, vessels={"RCA": 4.0})
    assert scores_with_left_main(None) is None
    assert voxels_with_left_main(None) is None


def test_a_folder_is_searched_for_annotations_and_dicom_objects(tmp_path):
    from corcal.interop.dicom.segmentation import write_segmentation
    from corcal.interop.dicom.structured_report import write_structured_report

    exam = read_exam(tmp_path / "refs" / "images")
    write_segmentation(exam, tmp_path / "refs" / "seg.dcm")
    write_structured_report(exam, tmp_path / "refs" / "sr")
    (tmp_path / "refs" / "7").mkdir()
    (tmp_path / "refs" / "7" / "calcium.xml").write_text("")
    for name in ("8.nii.gz", "notes.txt", "scores.csv", ".9.xml", "broken.dcm"):
        (tmp_path / "refs" / name).write_text("")
    found = {one.name: one for one in find_references(tmp_path / "refs")}
    assert sorted(found) == ["7/calcium.xml", "8.nii.gz", "seg.dcm", "sr"]
    assert found["7/calcium.xml"].keys[0] == "7"
    assert found["8.nii.gz"].keys == ("8",)
    assert found["seg.dcm"].keys[0] == exam.scan.series.series_instance_uid
    assert found["seg.dcm"].annotation == tmp_path / "refs" / "seg.dcm"
    assert found["sr"].scores.total == pytest.approx(exam.result.score.total.agatston)
    assert set(found["sr"].scores.vessels) == {"LM", "LAD", "LCX", "RCA"}


def test_a_file_or_a_table_is_a_reference_by_itself(tmp_path):
    (marks := tmp_path / "calcium.xml").write_text("")
    assert find_references(marks)[0].annotation == marks
    table = tmp_path / "scores.csv"
    table.write_text(
        "series_instance_uid,total_agatston,LAD_agatston,annotation\n"
        "1.2.3,5,,\n1.2.4,,,\n1.2.5,,,lost.xml\n"
    )
    known, empty, lost = find_references(table)
    assert (known.keys, known.scores.total) == (("1.2.3",), 5.0)
    assert empty.problem.startswith("no reference: neither")
    assert lost.problem == "its annotation lost.xml is no file"


def test_orcascore_names_its_marks_like_its_scans(tmp_path):
    for name in ("TRV1P1CTI.mhd", "TRV1P1CTAI.mhd", "TRV1P1R.mhd", "TRV1P1R.raw"):
        (tmp_path / name).write_text("")
    (found,) = find_references(tmp_path, orcascore=True)
    assert (found.annotation.name, found.keys) == ("TRV1P1R.mhd", ("TRV1P1CTI", "TRV1P1"))
    assert find_references(tmp_path / "TRV1P1R.mhd", orcascore=True)[0].keys[0] == "TRV1P1CTI"


def test_no_reference_is_told(tmp_path):
    with pytest.raises(InputError, match="lost does not exist"):
        find_references(tmp_path / "lost")
    with pytest.raises(InputError, match="no reference in the folder"):
        find_references(tmp_path)


def test_annotations_beside_the_scans_themselves_are_found(tmp_path):
    for name in ("one", "two", "none"):
        (tmp_path / name / "dicom").mkdir(parents=True)
    for name in ("one/calcium.xml", "two/a.xml", "two/b.xml"):
        (tmp_path / name).write_text("")
    assert annotation_beside(tmp_path / "one" / "dicom") == tmp_path / "one" / "calcium.xml"
    places = ("one/dicom", "two/dicom", "none/dicom", "lost/dicom", "one/calcium.xml")
    scans = [finished(place, place=str(tmp_path / place)) for place in places]
    one, two = references_beside(scans)
    assert (one.name, one.annotation.name) == ("one/dicom", "calcium.xml")
    assert two.problem.startswith("several annotations beside one scan: a.xml, b.xml")


def test_voxels_of_other_sites_stay_where_they_are():
    _, voxels = blocks((0, slice(0, 2), 250, Site.LM), (0, slice(4, 6), 250, Site.RCA))
    assert np.unique(voxels_with_left_main(voxels).site).tolist() == [Site.LAD, Site.RCA]
