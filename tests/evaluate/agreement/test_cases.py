"""Which scans a study has, and which reference belongs to which."""

import pytest

from corcal.errors import InputError
from corcal.evaluate.agreement.case_table import read_table
from corcal.evaluate.agreement.cases import read_cases, scans_without_reference
from corcal.evaluate.agreement.records import AgatstonScores


def touch(path, text="x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def table(tmp_path, text, name="study.csv"):
    return touch(tmp_path / name, text)


@pytest.fixture
def beside(tmp_path):
    """Three scans, each in a folder with its annotation, as the COCA data set has them."""
    for name in ("2", "10", "1"):
        touch(tmp_path / "study" / name / "calcium.xml")
        touch(tmp_path / "study" / name / "dicom" / "a.dcm")
    return tmp_path / "study"


def test_scans_with_an_annotation_beside_them_are_found_in_the_order_of_their_numbers(beside):
    cases = read_cases([beside])
    assert [case.name for case in cases] == ["1", "2", "10"]
    assert all(case.problem is None for case in cases)
    assert cases[0].scan == beside / "1" / "dicom"
    assert cases[0].annotation == beside / "1" / "calcium.xml"
    assert len({case.patient for case in cases}) == 3


def test_a_folder_that_is_itself_a_scan_with_its_annotation_is_a_study_of_one(beside):
    (case,) = read_cases([beside / "2"])
    assert (case.name, case.scan) == ("2", beside / "2" / "dicom")


def test_a_volume_or_slices_may_lie_beside_an_annotation(tmp_path):
    touch(tmp_path / "a" / "labels.nrrd")
    touch(tmp_path / "a" / "ct.nii.gz")
    touch(tmp_path / "b" / "rois.xml")
    touch(tmp_path / "b" / "1.dcm")
    volume, slices = read_cases([tmp_path])
    assert volume.scan == tmp_path / "a" / "ct.nii.gz"
    assert slices.scan == tmp_path / "b"


def test_what_is_not_clear_is_a_problem_of_that_scan_alone(beside):
    touch(beside / "1" / "marks.nrrd")
    touch(beside / "2" / "other" / "a.dcm")  # "dicom" is the scan nevertheless
    touch(beside / "10" / "x" / "a.dcm")
    (beside / "10" / "dicom").rename(beside / "10" / "y")
    first, second, tenth = read_cases([beside])
    assert (
        first.problem
        == "several annotations beside one scan: calcium.xml, marks.nrrd; one is needed"
    )
    assert second.problem is None
    assert tenth.problem.startswith("which is the scan beside calcium.xml is not clear")


def test_a_table_names_scans_and_annotations_from_its_own_folder(beside):
    file = table(
        beside,
        "Scan_Path,annotation_path,patient,series\n1/dicom,1/calcium.xml,A,\n2/dicom,gone.xml,A,7\n",
    )
    first, second = read_cases([file])
    assert (first.scan, first.annotation) == (beside / "1" / "dicom", beside / "1" / "calcium.xml")
    assert (first.patient, first.series) == ("A", None)
    assert second.problem == "its annotation gone.xml is no file"
    assert second.patient == "A"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_of_scores_may_leave_some_out(tmp_path, delimiter):
    text = "id,total,LM,LAD,LCX,RCA\na,300,132,1.91,128,37.5\nb,0,,,,\nc,,1,2,NA,\n"
    rows = read_table(table(tmp_path, "\ufeff" + text.replace(",", delimiter)))
    assert rows[0].scores == AgatstonScores(
        total=300, vessels={"LM": 132, "LAD": 1.91, "LCX": 128, "RCA": 37.5}
    )
    assert rows[1].scores == AgatstonScores(total=0, vessels={})
    assert rows[2].scores == AgatstonScores(total=None, vessels={"LM": 1, "LAD": 2})


def test_the_left_main_artery_may_be_called_lca(tmp_path):
    (row,) = read_table(table(tmp_path, "filename,LCA,LAD\na,5,6\n"))
    assert row.scores.vessels == {"LM": 5, "LAD": 6}


def test_two_series_of_one_scan_are_one_patient(beside):
    file = table(beside, "path,series,total\n1/dicom,1.2,3\n1/dicom,1.3,4\n2/dicom,,5\n")
    first, again, other = read_cases([file])
    assert [one.problem for one in (first, again, other)] == [None, None, None]
    assert first.patient == again.patient != other.patient


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "total\n3\n",
            r"no column that names the scan \(scan_path, path, .*first line",
        ),
        ("id,total\n", "study.csv has no line below its heading"),
        ("id,total\na,three\n", "study.csv line 2: total is 'three', not a score from 0 up"),
        ("id,LAD\na,1\nb,-1\n", "study.csv line 3: lad is '-1', not a score from 0 up"),
        ("id,total\na,inf\n", "study.csv line 2: total is 'inf'"),
        ("id;total\na;1,5\n", "total is '1,5', .*; the decimal sign is a point"),
        ("id,total\n,3\n", "study.csv line 2: the column id is empty"),
        ("id,total\na,3,4\n", "study.csv line 2 has more values than the heading has columns"),
        ("id,total\na,1_000\n", "line 2: total is '1_000', .*; .*, and thousands have none"),
        (
            "id,total,Total\na,5,9\n",
            "2 columns for the score total: total, Total; keep one of them",
        ),
        ("id,total,total_agatston\na,5,9\n", "for the score total: total, total_agatston; keep"),
        ("id,LM,LCA,LAD\na,1,2,3\n", "2 columns for the score LM: LM, LCA; keep one"),
        ("id,RCA,RCA_agatston\na,1,\n", "2 columns for the score RCA: RCA, RCA_agatston; keep"),
        ("id,id,total\na,b,3\n", "2 columns for id: id, id; keep one"),
        ("id,annotation,annotation_path\na,b,c\n", "2 columns for the annotation: annotation, "),
        ("id,series,series_instance_uid,LM\na,1.2,1.3,4\n", "2 columns for the series: series, "),
        ("id,total\na,5\nb,6\n./a,7\n", "lines 2 and 4 are both of the scan ./a; accepted is one"),
        ("id,series,total\na,1.2,5\na,1.2,7\n", "lines 2 and 3 are both of the scan a;"),
    ],
)
def test_a_table_that_cannot_be_read_says_where(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_table(table(tmp_path, text))


def test_a_table_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "study.csv").write_bytes("id,total\nMüller,3\n".encode("latin-1"))
    with pytest.raises(InputError, match="no UTF-8 text"):
        read_table(tmp_path / "study.csv")


def test_a_table_without_any_reference_is_refused(beside):
    with pytest.raises(InputError, match="has no reference"):
        read_cases([table(beside, "path\n1/dicom\n")])


def test_scores_elsewhere_are_joined_by_name(beside, tmp_path):
    scores = table(tmp_path, "id,total\n2,5\n10,\n1,0\n99,3\n", "scores.csv")
    two, ten, one, lost = read_cases([beside], scores)
    assert (two.scan, two.scores.total) == (beside / "2" / "dicom", 5)
    assert ten.problem == "no reference: neither an annotation nor a score is given"
    assert one.scores.total == 0
    assert lost.problem == "no scan of this name where scans were given"


def test_columns_that_name_two_scans_are_a_problem(beside, tmp_path):
    text = "id,scan_path,total\n1,2,5\n10,10/dicom,6\nP7,2/dicom,7\n"
    contrary, inside, unknown = read_cases([beside], table(tmp_path, text))
    assert contrary.problem == (
        "the columns of its line name different scans: scan_path is 2, id is 1; one such column "
        "is enough"
    )
    assert (inside.problem, inside.scan) == (None, beside / "10" / "dicom")
    assert (unknown.problem, unknown.scan) == (None, beside / "2" / "dicom")


def test_columns_that_nobody_reads_may_repeat(tmp_path):
    (row,) = read_table(table(tmp_path, "id,note,note,,,total\na,x,y,,,3\n"))
    assert row.scores.total == 3


def test_a_second_reference_of_a_scan_by_another_name_is_a_problem(beside, tmp_path):
    first, second = read_cases([beside], table(tmp_path, "id,total\n2,5\n2/dicom,7\n"))
    assert first.problem is None
    assert second.problem == "its scan has another reference already: 2"


def test_a_link_that_leads_back_multiplies_no_scan(beside):
    (beside / "0").symlink_to(".")
    (beside / "3").symlink_to("1")
    (beside / "1" / "dicom" / "up").symlink_to("../..")
    assert [case.name for case in read_cases([beside])] == ["1", "2", "10"]
    (beside / "1" / "calcium.xml").unlink()
    assert [case.name for case in read_cases([beside])] == ["2", "10"]


def test_links_to_one_scan_with_marks_of_their_own_are_scans_of_their_own(beside, tmp_path):
    for name in ("one", "two"):
        touch(tmp_path / "readers" / name / "marks.xml")
        (tmp_path / "readers" / name / "dicom").symlink_to(beside / "1" / "dicom")
    assert [case.problem for case in read_cases([tmp_path / "readers"])] == [None, None]


def test_a_name_found_twice_is_a_problem(beside, tmp_path):
    other = touch(tmp_path / "more" / "2" / "a.dcm").parents[1]
    (case,) = read_cases([beside, other], table(tmp_path, "id,total\n2,5\n", "scores.csv"))
    assert case.problem == "2 scans of this name; it must be one"


def test_a_folder_of_annotations_is_joined_by_name(beside, tmp_path):
    for name in ("2.xml", "1.nii.gz", "notes.txt"):
        touch(tmp_path / "marks" / name)
    one, two = read_cases([beside], tmp_path / "marks")
    assert (one.name, one.scan) == ("1", beside / "1" / "dicom")
    assert one.annotation == tmp_path / "marks" / "1.nii.gz"
    assert two.annotation == tmp_path / "marks" / "2.xml"


def test_annotations_in_folders_are_joined_by_the_name_of_these(beside, tmp_path):
    # those of the scans themselves, and those of another folder
    cases = read_cases([beside], beside)
    assert [(case.name, case.problem) for case in cases] == [("1", None), ("2", None), ("10", None)]
    assert cases[0].annotation == beside / "1" / "calcium.xml"
    for name in ("a/2.xml", "b/10.xml", "b/lost.xml"):
        touch(tmp_path / "marks" / name)
    two, lost, ten = read_cases([beside], tmp_path / "marks")
    assert (two.scan, ten.scan) == (beside / "2" / "dicom", beside / "10" / "dicom")
    assert lost.problem == "no scan of this name where scans were given"


def test_scans_without_a_reference_are_counted(beside, tmp_path):
    for name in ("ct/a.nii.gz", "ct/b.nii.gz", "ct/notes.txt", "slices/x.dcm", "slices/y.dcm"):
        touch(tmp_path / name)
    scores = table(tmp_path, "id,total\n2,5\n99,6\na,7\n", "scores.csv")
    given = [beside, tmp_path / "ct", tmp_path / "slices", beside / "10"]
    cases = read_cases(given, scores)
    assert [case.problem is None for case in cases] == [True, False, True]
    # 1 and 10, the latter given twice; b; the slices
    assert scans_without_reference(given, cases) == 4
    assert scans_without_reference([beside / "2"], cases) == 0
    assert scans_without_reference([beside / "2" / "dicom"], cases) == 0


def test_scans_may_be_files_with_the_name_of_their_reference(tmp_path):
    touch(tmp_path / "ct" / "a.nii.gz")
    touch(tmp_path / "marks" / "a.xml")
    (case,) = read_cases([tmp_path / "ct"], tmp_path / "marks")
    assert case.scan == tmp_path / "ct" / "a.nii.gz"
    (case,) = read_cases([tmp_path / "ct" / "a.nii.gz"], tmp_path / "marks")
    assert case.scan == tmp_path / "ct" / "a.nii.gz"


def test_one_annotation_belongs_to_one_scan(beside):
    marks = beside / "1" / "calcium.xml"
    (case,) = read_cases([beside / "1" / "dicom"], marks)
    assert (case.scan, case.annotation) == (beside / "1" / "dicom", marks)
    with pytest.raises(InputError, match="no reference of 2 scans"):
        read_cases([beside / "1" / "dicom", beside / "2" / "dicom"], marks)


def test_what_holds_no_study_says_what_would(tmp_path):
    with pytest.raises(InputError, match="no scan with an annotation beside it"):
        read_cases([tmp_path])
    with pytest.raises(InputError, match=r"nothing\.csv does not exist"):
        read_cases([tmp_path / "nothing.csv"])
    with pytest.raises(InputError, match="is a single file: give its annotation"):
        read_cases([touch(tmp_path / "a.nii")])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no annotation in the folder empty"):
        read_cases([tmp_path], tmp_path / "empty")
