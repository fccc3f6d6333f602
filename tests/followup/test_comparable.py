"""Exams that were not made alike: what differs is named, with both values and what it means."""

from dataclasses import fields, replace

import pytest

from corcal.followup.comparable import SETTINGS, differences, is_comparable
from corcal.followup.types import ExamNumbers
from followup.exam_maker import exam, later

OTHER = {
    "kvp": 100.0,
    "slice_thickness_mm": 2.5,
    "increment_mm": 1.5,
    "kernel": "Sa36",
    "manufacturer": "GE MEDICAL SYSTEMS",
    "model_name": "Naeotom Alpha",
    "rule": "siemens",
    "is_gated": False,
    "is_fit": False,
    "has_device": True,
    "is_automatic": False,
}
SAID = {  # both values as a person reads them
    "kvp": ("120 kV", "100 kV"),
    "slice_thickness_mm": ("3 mm", "2.5 mm"),
    "increment_mm": ("3 mm", "1.5 mm"),
    "kernel": ("B35f", "Sa36"),
    "manufacturer": ("SIEMENS", "GE MEDICAL SYSTEMS"),
    "model_name": ("SOMATOM Force", "Naeotom Alpha"),
    "rule": ("textbook", "siemens"),
    "is_gated": ("gated", "not gated"),
    "is_fit": ("fit", "not fit for calcium scoring"),
    "has_device": ("not found", "found"),
    "is_automatic": ("the software", "a person"),
}
ONLY_SAID = {"model_name", "is_automatic"}  # these do not forbid a verdict


def test_exams_made_alike_have_no_differences():
    assert differences(exam(10.0), later(20.0)) == ()
    assert is_comparable(())


def test_every_setting_is_a_field_of_an_exam_and_tried_here():
    names = {one.name for one in fields(ExamNumbers)}
    assert {setting.name for setting in SETTINGS} <= names
    assert {setting.name for setting in SETTINGS} == set(OTHER)


@pytest.mark.parametrize("name", OTHER)
def test_a_difference_is_named_with_both_values(name):
    (found,) = differences(exam(10.0), later(20.0, **{name: OTHER[name]}))
    assert (found.setting, found.first, found.second) == (name, *SAID[name])
    assert found.is_known
    assert found.why
    assert found.blocks is (name not in ONLY_SAID)
    assert is_comparable((found,)) is (name in ONLY_SAID)


@pytest.mark.parametrize("name", OTHER)
@pytest.mark.parametrize("which", ["first", "second", "both"])
def test_what_is_not_known_is_said_and_does_not_block(name, which):
    first, second = exam(10.0), later(20.0)
    if which != "second":
        first = replace(first, **{name: None})
    if which != "first":
        second = replace(second, **{name: None})
    (found,) = differences(first, second)
    assert not found.is_known
    assert not found.blocks
    assert (found.first is None) is (which != "second")
    assert (found.second is None) is (which != "first")


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("kvp", 120.0, 120.9),
        ("slice_thickness_mm", 3.0, 3.05),
        ("increment_mm", 3.0, 2.96),
        ("kernel", "B35f", " b35F "),
        ("kernel", "I30f\\3", "I30f\\ 3"),
        ("manufacturer", "SIEMENS", "Siemens Healthineers"),
        ("manufacturer", "GE MEDICAL SYSTEMS", "GE Healthcare"),
        ("manufacturer", "TOSHIBA", "Canon Medical Systems"),
        ("manufacturer", "Philips", "Philips Medical Systems"),
        ("rule", "textbook", "Textbook"),
    ],
)
def test_what_is_written_otherwise_is_the_same(name, one, other):
    assert differences(exam(1.0, **{name: one}), later(2.0, **{name: other})) == ()


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("kvp", 120.0, 121.5),
        ("slice_thickness_mm", 3.0, 3.06),
        ("increment_mm", 3.0, 2.94),
        ("kernel", "B35f", "B36f"),
    ],
)
def test_what_is_a_little_different_is_different(name, one, other):
    assert len(differences(exam(1.0, **{name: one}), later(2.0, **{name: other}))) == 1


@pytest.mark.parametrize("empty", ["", "  ", "-", ",", " -, "])
@pytest.mark.parametrize("name", ["manufacturer", "kernel"])
def test_an_empty_text_is_not_known(name, empty):
    (found,) = differences(exam(1.0, **{name: empty}), later(2.0))
    assert (found.first, found.is_known) == (None, False)


@pytest.mark.parametrize("pair", [(False, False), (False, None), (None, False), (True, False)])
def test_one_exam_that_is_not_fit_blocks_whatever_the_other_is(pair):
    first, second = pair
    (found,) = differences(exam(1.0, is_fit=first), later(2.0, is_fit=second))
    assert (found.setting, found.blocks) == ("is_fit", True)


def test_metal_in_both_exams_is_alike():
    assert differences(exam(1.0, has_device=True), later(2.0, has_device=True)) == ()
