"""``corcal score``: what it prints, what it writes, how it ends."""

import csv
import json
import re

import jsonschema
import numpy as np
import pytest
import SimpleITK as sitk

from corcal.result import read_result, schema_json
from corcal.scoring.rules import RULES
from dicom_maker import make_series

SPACING_MM = (3.0, 0.5, 0.5)
SHAPE = (40, 128, 128)


@pytest.fixture
def exam(tmp_path):
    """A block of water in air with one lesion (worked case d: 14 Agatston), and its label map."""
    hu = np.full(SHAPE, -1000, dtype=np.int16)
    hu[:, 16:112, 16:112] = 40
    hu[20, 60:62, 60:64] = 399  # 8 pixels = 2 mm2, weight 3
    hu[21, 60:62, 60:64] = 401  # 8 pixels = 2 mm2, weight 4: 6 + 8 = 14
    make_series(tmp_path / "scan", hu=hu, spacing_mm=SPACING_MM, origin_mm=(0.0, 0.0, 0.0))
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[20:22, 58:66, 58:66] = 2  # LAD
    image = sitk.GetImageFromArray(labels)
    image.SetSpacing(SPACING_MM[::-1])
    sitk.WriteImage(image, tmp_path / "labels.nrrd")
    return tmp_path


def score(run_corcal, exam, *options):
    # A block of water is no thorax: --force measures it nevertheless.
    scan, labels = exam / "scan", exam / "labels.nrrd"
    return run_corcal("score", scan, "--annotations", labels, "--force", *options)


def test_the_worked_case_d_is_14_agatston_on_the_terminal(run_corcal, exam):
    outcome = score(run_corcal, exam)
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("Agatston score 14.0 ")
    assert "For research use only." in outcome.out


def test_json_on_stdout_is_nothing_but_json(run_corcal, exam):
    outcome = score(run_corcal, exam, "--json", "-")
    document = json.loads(outcome.out)
    jsonschema.validate(document, json.loads(schema_json()))
    assert outcome.err == ""
    assert document["score"]["total"]["agatston"] == pytest.approx(14.0)
    assert document["score"]["vessels"]["LAD"]["agatston"] == pytest.approx(14.0)
    assert document["score"]["vessels"]["RCA"]["agatston"] == 0
    assert document["provenance"]["annotation"]["source"] == "labels.nrrd"


def test_a_folder_holds_the_record_and_the_tables(run_corcal, exam):
    out = exam / "out"
    outcome = score(run_corcal, exam, "--out", out)
    assert outcome.code == 0, outcome.err
    assert sorted(path.name for path in out.iterdir()) == ["exam.csv", "lesions.csv", "result.json"]
    (row,) = csv.DictReader((out / "lesions.csv").read_text(encoding="utf-8").splitlines())
    (lesion,) = read_result(out / "result.json").lesions
    assert float(row["agatston"]) == lesion.agatston == pytest.approx(14.0)


def test_pictures_are_drawn_when_asked_for(run_corcal, exam):
    out = exam / "out"
    outcome = score(run_corcal, exam, "--out", out, "--pictures")
    assert outcome.code == 0, outcome.err
    for name in ("slices.png", "projection.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    assert "14.0" in (out / "index.html").read_text(encoding="utf-8")


def test_the_record_keeps_the_reader_and_the_rule(run_corcal, exam):
    outcome = score(run_corcal, exam, "--json", "-", "--reader", "R. Eader", "--rule", "siemens")
    provenance = json.loads(outcome.out)["provenance"]
    assert (provenance["reader"], provenance["rule"]) == ("R. Eader", "siemens")
    assert provenance["rule_reason"] == "chosen by the user"
    assert provenance["slices_with_calcium"] == [20, 21]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--rule", "houndsfield"], 2, "houndsfield.*textbook"),
        (["--series", "1.2.3"], 2, "1.2.3"),
        (["--pictures"], 2, "--pictures needs a folder"),
        (["--annotations", "missing.xml"], 2, "annotation cannot be opened: No such file"),
    ],
)
def test_a_wrong_option_is_named(run_corcal, exam, options, code, message):
    outcome = score(run_corcal, exam, *options)
    assert outcome.code == code
    assert outcome.out == ""
    assert outcome.err.count("\n") == 1
    assert re.search(message, outcome.err), outcome.err


def test_an_unfit_scan_ends_with_code_3_and_the_reason(run_corcal, exam):
    outcome = run_corcal("score", exam / "scan", "--annotations", exam / "labels.nrrd")
    assert outcome.code == 3
    assert outcome.err.count("\n") == 1


@pytest.mark.shared
def test_without_an_annotation_it_says_what_is_needed(run_corcal, shared_dir):
    outcome = run_corcal("score", shared_dir / "data" / "coca-gated" / "0" / "dicom")
    assert outcome.code == 2
    assert "no annotation was given" in outcome.err
    assert "--annotations" in outcome.err


def test_the_schema_is_printed(run_corcal):
    outcome = run_corcal("schema")
    jsonschema.Draft202012Validator.check_schema(json.loads(outcome.out))


def test_help_names_every_rule(run_corcal):
    text = run_corcal("score", "--help").out.replace("\n", " ")
    assert [name for name in RULES if name not in text] == []
