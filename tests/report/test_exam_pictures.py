"""The pictures of a report are those of its record."""

import io
from dataclasses import replace

import pytest
from PIL import Image

from corcal.lesions.sites import Site
from corcal.report.exam_pictures import (
    draw_pictures,
    expected_pictures,
    for_a_page,
    for_themselves,
    picture_mark,
    read_pictures,
)
from report.measured_scan import with_measured
from report.scored_scan import box

NAMES = {"projection", "projection_inset", "key_LAD", "key_RCA"}


@pytest.fixture(scope="module")
def drawn():
    """A result and its pictures."""
    result, scan, voxels = with_measured({Site.LAD: [box(10, 40, 50)], Site.RCA: [box(4, 40, 40)]})
    return result, draw_pictures(result, scan, voxels)


def pixels(data):
    with Image.open(io.BytesIO(data)) as picture:
        return picture.tobytes()


def keep(pictures, folder):
    for name, data in pictures.items():
        (folder / f"{name}.png").write_bytes(data)


def test_there_is_a_projection_and_one_picture_a_lesioned_artery(drawn):
    result, pictures = drawn
    assert set(pictures) == expected_pictures(result) == NAMES


def test_a_page_has_the_small_projection_and_alone_goes_the_one_with_a_heading(drawn):
    _, pictures = drawn
    page, alone = for_a_page(pictures), for_themselves(pictures)
    assert page.keys() == alone.keys() == NAMES - {"projection_inset"}
    assert pixels(page["projection"]) == pixels(pictures["projection_inset"])
    assert alone["projection"] == pictures["projection"]
    older = for_a_page(alone)  # an older folder has no small one
    assert pixels(older["projection"]) == pixels(alone["projection"])


def test_a_page_does_not_carry_the_mark_on(drawn):
    # Whoever tries every second of some years finds the one by which the mark was made, and by
    # it how far the dates of a de-identified record were moved.
    result, pictures = drawn
    mark = picture_mark(result).encode()
    assert all(mark in data for data in pictures.values())
    for name, data in for_a_page(pictures).items():
        assert mark not in data
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
            assert "Comment" not in picture.info
            assert "dpi" in picture.info, name  # what belongs to the picture stays


def test_a_page_takes_a_damaged_picture_as_it_is(drawn):
    _, pictures = drawn
    for damaged in (b"", b"no picture", pictures["key_LAD"][:40], b"\x89PNG\r\n\x1a\n\0\0"):
        assert for_a_page({"key_LAD": damaged}) == {"key_LAD": damaged}


def test_the_small_projection_is_nothing_but_its_two_views(drawn):
    _, pictures = drawn
    # the ball's scan is 96 mm wide and deep, 20 slices of 3 mm high: views of 614 pixels' width
    with Image.open(io.BytesIO(pictures["projection_inset"])) as picture:
        assert picture.size == (1240, 614)


def test_what_was_kept_is_found_again(drawn, tmp_path):
    result, pictures = drawn
    keep(pictures, tmp_path)
    (tmp_path / "slices.png").write_bytes(b"another picture")
    assert read_pictures(tmp_path, result) == pictures


def test_an_interpretation_since_then_changes_no_picture(drawn, tmp_path):
    result, pictures = drawn
    keep(pictures, tmp_path)
    newer = replace(result, schema_version="1.9", interpretation=None)
    assert read_pictures(tmp_path, newer) == pictures


@pytest.mark.parametrize("field", ["created", "lesions", "total", "rule"])
def test_pictures_of_another_record_are_not_shown(drawn, tmp_path, field):
    result, pictures = drawn
    keep(pictures, tmp_path)
    score, first = result.score, result.lesions[0]
    other = {
        "created": replace(result, provenance=replace(result.provenance, created="2020-01-01")),
        "lesions": replace(result, lesions=(replace(first, agatston=1.0), *result.lesions[1:])),
        "total": replace(result, score=replace(score, total=replace(score.total, agatston=1.0))),
        "rule": replace(result, score=replace(score, rule="siemens")),
    }
    assert read_pictures(tmp_path, other[field]) == {}


@pytest.mark.parametrize("count", [0, 4, 8, 20, 50, 60])
def test_a_damaged_picture_is_as_good_as_none(drawn, tmp_path, count):
    result, pictures = drawn
    keep({"projection": pictures["projection"][:count]}, tmp_path)
    assert read_pictures(tmp_path, result) == {}


def test_a_picture_of_another_maker_is_not_shown(drawn, tmp_path):
    result, _ = drawn
    stream = io.BytesIO()
    Image.new("RGB", (4, 4)).save(stream, format="PNG")
    keep({"projection": stream.getvalue()}, tmp_path)
    assert read_pictures(tmp_path, result) == {}


def test_a_folder_without_pictures_has_none(drawn, tmp_path):
    assert read_pictures(tmp_path, drawn[0]) == {}
    assert read_pictures(tmp_path / "missing", drawn[0]) == {}


def test_the_mark_holds_nothing_of_the_patient(drawn):
    result, _ = drawn
    patient = replace(result.scan.patient, patient_id="another", name="another")
    nobody = replace(result, scan=replace(result.scan, patient=patient, study_instance_uid="1"))
    assert picture_mark(nobody) == picture_mark(result)
