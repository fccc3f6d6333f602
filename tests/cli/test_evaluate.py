"""``corcal evaluate`` as its user runs it, with a scorer in the place of the automatic one."""

import json
from dataclasses import replace

import msgspec
import numpy as np
import pytest

import corcal.pipeline
from corcal.annotations.write import write_label_volume
from corcal.ct.read import read_scan
from corcal.errors import UnfitError
from corcal.evaluate.agreement.records import AgreementReport
from corcal.lesions import Site
from corcal.pipeline import Options, score_path
from corcal.scoring.measure import measure
from dicom_maker import make_series
from scoring.small_scans import voxels_of

SPACING_MM = (3.0, 0.5, 0.5)
SHAPE = (20, 64, 64)
FILES = [
    "agreement.html",
    "agreement.json",
    "agreement.txt",
    "categories.png",
    "differences.png",
    "lesions.png",
]
FILES += ["scores.png"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Two scans with 14 Agatston in the LAD (worked case d); b has 8 in the RCA, too."""
    root = tmp_path_factory.mktemp("study")
    for name in ("a", "b"):
        hu = np.full(SHAPE, -1000, dtype=np.int16)
        hu[:, 8:56, 8:56] = 40
        site = np.zeros(SHAPE, dtype=np.uint8)
        hu[10, 30:32, 30:34], hu[11, 30:32, 30:34] = 399, 401  # 2 mm2 of weight 3, 2 mm2 of 4
        site[10:12, 28:36, 28:36] = Site.LAD
        if name == "b":
            hu[5, 40:42, 40:44] = 450  # 2 mm2 of weight 4
            site[5, 38:46, 38:46] = Site.RCA
        folder = root / name
        make_series(folder / "dicom", hu=hu, spacing_mm=SPACING_MM, origin_mm=(0.0, 0.0, 0.0))
        scan = read_scan(folder / "dicom")
        write_label_volume(folder / "marks.nrrd", scan, voxels_of(site))
        site[site == Site.RCA] = 0
        write_label_volume(root / f"{name}-found.nrrd", scan, voxels_of(site))
    return root


@pytest.fixture
def automatic(study, monkeypatch):
    """Let the automatic detection find the LAD lesion of each scan, and nothing else."""
    asked = []

    def score(path, options):
        asked.append((path, options))
        name = path.name if path.name != "dicom" else path.parent.name
        if name == "broken":
            msg = "not fit for calcium scoring: contrast"
            raise UnfitError(msg)
        # a block of water is no thorax: force measures it nevertheless
        return score_path(path, Options(annotations=study / f"{name}-found.nrrd", force=True))

    monkeypatch.setattr(corcal.pipeline, "score_path", score)
    return asked


def test_scans_with_marks_beside_them_are_scored_without_the_marks(run_corcal, study, automatic):
    outcome = run_corcal("evaluate", study)
    assert outcome.code == 0, outcome.err
    assert [options.annotations for _, options in automatic] == [None, None]
    assert "Automatic against reference: 2 compared, 0 failed, 2 patients" in outcome.out
    for line in outcome.out.splitlines():
        assert len(line) <= 80
    words = [" ".join(line.split()) for line in outcome.out.splitlines()]
    assert "b 22.0 14.0 - -" in words
    assert any(line.startswith("5 to 10 0 of 1 ") for line in words)
    assert any(line.startswith("10 to 30 2 of 2 ") for line in words)
    assert "For research use only." in outcome.out


@pytest.mark.usefixtures("automatic")
def test_json_on_stdout_is_nothing_but_the_report(run_corcal, study):
    outcome = run_corcal("evaluate", study, "--json", "-")
    report = msgspec.json.decode(outcome.out, type=AgreementReport)
    assert outcome.err == ""
    assert [row.reference.total for row in report.scans] == pytest.approx([14, 22])
    assert [row.automatic.total for row in report.scans] == pytest.approx([14, 14])
    assert report.lesions.found.count == 2


@pytest.mark.usefixtures("automatic")
def test_a_folder_gets_text_json_and_pictures(run_corcal, study, tmp_path):
    out = tmp_path / "new" / "out"
    outcome = run_corcal("evaluate", study, "--out", out, "--json", tmp_path / "a.json")
    assert outcome.code == 0, outcome.err
    assert sorted(file.name for file in out.iterdir()) == FILES
    assert (out / "agreement.json").read_text() == (tmp_path / "a.json").read_text()
    assert (out / "agreement.txt").read_text(encoding="utf-8") in outcome.out
    assert f"wrote {out / 'scores.png'}" in outcome.out


@pytest.mark.usefixtures("automatic")
def test_a_table_of_scores_and_a_scan_that_fails(run_corcal, study, tmp_path):
    table = tmp_path / "scores.csv"
    (study / "broken").mkdir(exist_ok=True)
    table.write_text("id,total,LAD\na,100,100\nbroken,3,\nlost,5,\n", encoding="utf-8")
    outcome = run_corcal("evaluate", study, "--reference", table)
    (study / "broken").rmdir()
    assert outcome.code == 0
    assert "1 compared, 2 failed" in outcome.out
    assert "broken: not fit for calcium scoring: contrast" in outcome.out
    assert "lost: no scan of this name" in outcome.out
    words = [" ".join(line.split()) for line in outcome.out.splitlines()]
    assert "a 100.0 14.0 - -" in words


@pytest.mark.usefixtures("automatic")
def test_one_scan_and_its_annotation(run_corcal, study):
    marks = study / "b" / "marks.nrrd"
    outcome = run_corcal("evaluate", study / "b" / "dicom", "--reference", marks, "--json", "-")
    (row,) = json.loads(outcome.out)["scans"]
    assert row["reference"]["total"] == pytest.approx(22)


@pytest.mark.usefixtures("automatic")
def test_a_scan_without_its_reference_is_counted(run_corcal, study, tmp_path):
    table = tmp_path / "scores.csv"
    table.write_text("id,total\na,100\n", encoding="utf-8")
    outcome = run_corcal("evaluate", study / "a", study / "b", "--reference", table)
    assert "1 compared, 0 failed" in outcome.out
    assert "Scans without a reference: 1\n" in outcome.out


def test_choices_reach_the_scorer(run_corcal, study, automatic):
    table = study / "study.csv"
    table.write_text("path,series,total\na/dicom,1.2.3,14\n", encoding="utf-8")
    run_corcal("evaluate", table, "--rule", "ge", "--force")
    table.unlink()
    ((path, options),) = automatic
    assert path == study / "a" / "dicom"
    assert (options.rule, options.series, options.force) == ("ge", "1.2.3", True)


@pytest.mark.usefixtures("automatic")
def test_a_study_without_one_comparison_ends_with_2(run_corcal, tmp_path):
    (tmp_path / "scores.csv").write_text("id,total\nlost,5\n", encoding="utf-8")
    outcome = run_corcal("evaluate", tmp_path, "--reference", tmp_path / "scores.csv")
    assert outcome.code == 2
    assert "0 compared, 1 failed" in outcome.out
    assert "lost: no scan of this name" in outcome.out


def test_a_defect_in_one_scan_ends_nothing(run_corcal, study, monkeypatch):
    def defect(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(corcal.pipeline, "score_path", defect)
    outcome = run_corcal("evaluate", study)
    assert outcome.code == 2
    assert outcome.out.count("a defect of corcal (ZeroDivisionError)") == 2
    assert outcome.err == ""


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["nothing.csv"], "nothing.csv does not exist"),
        (["."], "no scan with an annotation beside it"),
        ([".", "--rule", "no"], "no scoring rule 'no'"),
    ],
)
def test_a_study_that_cannot_be_understood_is_one_line(
    run_corcal, tmp_path, monkeypatch, args, message
):
    monkeypatch.chdir(tmp_path)
    outcome = run_corcal("evaluate", *args)
    assert outcome.code == 2
    assert outcome.out == ""
    assert message in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.shared
def test_the_real_scans_against_their_expert(run_corcal, shared_dir, monkeypatch):
    """A scorer that misses the right coronary artery: what it loses is what the report says."""
    folder = shared_dir / "data" / "coca-gated"

    def without_the_right_coronary(path, _options):
        exam = score_path(path, Options(annotations=path.parent / "calcium.xml"))
        kept = exam.voxels.site != Site.RCA
        voxels = type(exam.voxels)(
            shape=exam.voxels.shape, index=exam.voxels.index[kept], site=exam.voxels.site[kept]
        )
        marks = measure(exam.scan, voxels)
        return replace(exam, voxels=voxels, result=replace(exam.result, score=marks.score))

    monkeypatch.setattr(corcal.pipeline, "score_path", without_the_right_coronary)
    outcome = run_corcal("evaluate", folder, "--json", "-")
    report = msgspec.json.decode(outcome.out, type=AgreementReport)
    assert [row.name for row in report.scans] == ["0", "1", "2"]
    totals = [row.reference.total for row in report.scans]
    assert totals == pytest.approx([5.8566, 367.389, 111.629], abs=1e-3)
    lost = [row.reference.total - row.automatic.total for row in report.scans]
    assert lost == pytest.approx([5.8566, 74.5916, 0], abs=1e-4)
    assert report.categories.table[1][0] == 1  # scan 0 is called zero
    confusion = report.lesions.confusion
    assert confusion.agatston[3][5] == pytest.approx(5.8566 + 74.5916, abs=1e-3)
    assert confusion.right_artery_agatston == pytest.approx(sum(totals) - 80.4482, abs=1e-3)
    assert report.lesions.false_count == 0


@pytest.fixture
def exams(run_corcal, study, tmp_path):
    """Write what corcal score leaves of both scans, of each with its LAD lesion alone."""
    for name in ("a", "b"):
        found = study / f"{name}-found.nrrd"
        outcome = run_corcal(
            "score", study / name / "dicom", "--annotations", found, "--force",
            "--out", tmp_path / "exams" / name,
        )  # fmt: skip
        assert outcome.code == 0, outcome.err
    return tmp_path / "exams"


def test_exam_folders_are_compared_without_scoring_again(run_corcal, study, exams, monkeypatch):
    monkeypatch.setattr(corcal.pipeline, "score_path", None)
    outcome = run_corcal("evaluate", exams, "--scans", study, "--json", "-")
    report = msgspec.json.decode(outcome.out, type=AgreementReport)
    assert [row.reference.total for row in report.scans] == pytest.approx([14, 22])
    assert [row.automatic.total for row in report.scans] == pytest.approx([14, 14])
    assert (report.lesions.found.count, report.lesions.found.total) == (2, 3)


def test_exam_folders_are_compared_with_a_table(run_corcal, exams, tmp_path):
    table = tmp_path / "scores.csv"
    table.write_text("id,total\na,14\n", encoding="utf-8")
    outcome = run_corcal("evaluate", exams, "--reference", table)
    assert outcome.code == 0
    assert "1 compared, 0 failed" in outcome.out
    assert "Scans without a reference: 1" in outcome.out


@pytest.mark.parametrize("content", ["{", "", None])
def test_an_exam_that_is_damaged_is_a_row_and_the_others_are_compared(
    run_corcal, exams, tmp_path, content
):
    record = exams / "b" / "result.json"
    if content is None:
        text = record.read_text(encoding="utf-8")
        known = json.loads(text)
        known["score"]["total"]["agatston"] = -5
        content = json.dumps(known)
    record.write_text(content, encoding="utf-8")
    table = tmp_path / "scores.csv"
    table.write_text("id,total\na,14\n", encoding="utf-8")
    outcome = run_corcal("evaluate", exams, "--reference", table)
    assert outcome.code == 0, outcome.err
    assert "1 compared, 1 failed" in outcome.out
    assert "  b: result.json " in outcome.out


def test_a_left_main_in_the_lad_is_said(run_corcal, study, exams, tmp_path):
    out = tmp_path / "out"
    arguments = ("--scans", study, "--left-main-in-lad", "--out", out)
    outcome = run_corcal("evaluate", exams, *arguments)
    assert "The left main is counted with the LAD, on both sides." in outcome.out
    page = (out / "agreement.html").read_text(encoding="utf-8")
    assert "LM+LAD" in page
    assert "The left main is counted with the LAD" in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("exams", "--rule", "ge"), "--rule and --force are for scans that are yet to be scored"),
        (("exams",), "no annotation beside the scans that were scored"),
        (("exams", "."), "some of the paths are scored already and some are not"),
    ],
)
def test_options_that_do_not_fit_what_is_scored_are_one_line(
    run_corcal, exams, monkeypatch, tmp_path, arguments, message
):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(exams.parent)
    given = [str(tmp_path / "empty") if one == "." else one for one in arguments]
    outcome = run_corcal("evaluate", *given)
    assert outcome.code == 2
    assert message in outcome.err


def test_where_scans_are_is_asked_for_exam_folders_alone(run_corcal, study):
    outcome = run_corcal("evaluate", study, "--scans", study)
    assert outcome.code == 2
    assert "--scans is for exam folders" in outcome.err


@pytest.fixture
def challenge(study, tmp_path, monkeypatch):
    """Scan b as orCaScore has it: label 1 is the LAD with the left main, 3 the RCA."""
    import SimpleITK as sitk

    from corcal.annotations import read_annotation

    scan = read_scan(study / "b" / "dicom")
    marks = read_annotation(study / "b" / "marks.nrrd", scan).voxels
    labels = np.zeros(scan.shape, dtype=np.uint8)
    codes = {Site.LAD: 1, Site.RCA: 3}
    labels.reshape(-1)[marks.index] = [codes[site] for site in marks.site]
    found = np.where(labels == 1, Site.LM, 0).astype(np.uint8)
    for name, volume in (("CTI", scan.hu), ("CTAI", scan.hu), ("R", labels), ("F", found)):
        image = sitk.GetImageFromArray(volume)
        image.SetSpacing(SPACING_MM[::-1])
        sitk.WriteImage(image, str(tmp_path / f"TRV1P1{name}.mhd"))

    def score(path, options):
        assert path.name == "TRV1P1CTI.mhd"
        marked = path.with_name("TRV1P1F.mhd")
        return score_path(path, Options(annotations=marked, force=True, rule=options.rule))

    monkeypatch.setattr(corcal.pipeline, "score_path", score)
    return tmp_path


def test_label_images_of_orcascore_are_read_with_their_labels(run_corcal, challenge):
    # The automatic side calls the LAD lesion of 14 the left main, and misses the RCA's 8.
    outcome = run_corcal("evaluate", challenge, "--orcascore", "--json", "-")
    assert outcome.code == 0, outcome.err
    report = msgspec.json.decode(outcome.out, type=AgreementReport)
    (row,) = report.scans
    assert (row.failure, row.name) == (None, "TRV1P1CTI")
    assert row.reference.vessels["LAD"] == pytest.approx(14)
    assert row.reference.vessels["RCA"] == pytest.approx(8)
    assert row.automatic.vessels["LAD"] == pytest.approx(14)
    assert report.lesions.confusion.right_artery_agatston == pytest.approx(14)


def test_a_label_image_without_its_scan_is_a_row(run_corcal, challenge, tmp_path):
    (tmp_path / "labels").mkdir()
    (challenge / "TRV1P1R.mhd").rename(tmp_path / "labels" / "TRV9P9R.mhd")
    outcome = run_corcal("evaluate", challenge, "--orcascore", "--reference", tmp_path / "labels")
    assert outcome.code == 2
    assert "0 scans named TRV9P9CTI.mhd where scans were given" in outcome.out
