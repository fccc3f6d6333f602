from dataclasses import replace

import pytest

from corcal.ct.suitability.naming import name_among, select_series, series_folder, series_label
from corcal.errors import InputError
from suitability_maker import make_series_header


def in_folder(folder, **options):
    series = make_series_header(slice_count=2, **options)
    images = tuple(replace(one, source=f"{folder}/{one.source}") for one in series.images)
    return replace(series, images=images)


def test_a_number_that_only_one_series_has_is_name_enough():
    one, other = in_folder("a", number=3), in_folder("b", number=4)
    assert name_among(one, [one, other]) == "series 3"


def test_series_of_one_number_are_told_apart_by_their_folders():
    listed = [in_folder("a/b", number=3), in_folder("c", number=3)]
    assert [name_among(one, listed) for one in listed] == ["series 3 in a/b", "series 3 in c"]


def test_series_of_one_number_and_folder_are_told_apart_by_their_keys():
    listed = [in_folder("a", number=3, uid="1"), in_folder("a", number=3, uid="2")]
    assert [name_among(one, listed) for one in listed] == ["series 3 (1)", "series 3 (2)"]
    top = [make_series_header(uid=uid, number=None) for uid in ("1", "2")]
    assert name_among(top[0], top) == "the series (1)"


def test_the_folder_is_that_of_the_first_image():
    assert series_folder(in_folder("a/b")) == "a/b"
    assert series_folder(make_series_header()) == "."
    assert series_folder(make_series_header(slice_count=0)) == "."


def test_the_label_has_number_and_stack():
    assert series_label(make_series_header(number=3)) == "3"
    assert series_label(make_series_header(number=3, stack="2")) == "3#2"
    assert series_label(make_series_header(number=None)) is None


def test_a_number_selects_the_only_series_that_has_it():
    listed = [make_series_header(uid="1.1", number=3), make_series_header(uid="1.2", number=30)]
    assert select_series(listed, "3") is listed[0]
    assert select_series(listed, "30") is listed[1]


def test_a_number_of_two_series_is_refused_with_their_keys_alone():
    listed = [make_series_header(uid=f"1.{k}", number=3) for k in (1, 2)]
    listed.append(make_series_header(uid="1.3", number=4))
    with pytest.raises(
        InputError, match=r"^series 3 is the number of several series; .*: 1\.1, 1\.2$"
    ):
        select_series(listed, "3")


def test_a_key_counts_before_a_number():
    listed = [make_series_header(uid="1.1", number=3), make_series_header(uid="3", number=4)]
    assert select_series(listed, "3") is listed[1]


def test_a_number_and_stack_select_the_stack():
    listed = [make_series_header(uid="1.1", number=3, stack=name) for name in ("1", "2")]
    assert select_series(listed, "3#2") is listed[1]
    with pytest.raises(InputError, match="is the number of several series"):
        select_series(listed, "3")


def test_no_number_is_not_selected_by_the_word_none():
    with pytest.raises(InputError, match="series None is not in the input"):
        select_series([make_series_header(number=None)], "None")


def test_a_series_without_uid_is_selected_by_its_first_file():
    one = in_folder("a")
    one = replace(one, identity=replace(one.identity, series_instance_uid=None))
    assert one.key == "a/0.dcm"
    assert select_series([one], "a/0.dcm") is one
