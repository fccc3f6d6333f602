"""Arteries that metal lies on are told from what was found."""

from corcal.ct.findings import finding
from corcal.lesions.unscoreable import metal_words, unscoreable_arteries


def test_an_artery_is_named_by_the_words_that_were_written_for_it() -> None:
    for artery in ("LM", "LAD", "LCX", "RCA"):
        found = finding("DEVICE_PRESENT", metal_words("slices 3 to 5", artery))
        assert unscoreable_arteries([found]) == {artery}


def test_several_are_named_and_metal_elsewhere_is_none() -> None:
    two = [finding("DEVICE_PRESENT", metal_words("slice 3", name)) for name in ("LAD", "RCA")]
    off = finding("DEVICE_PRESENT", "metal in slice 3, off the arteries; streaks of it can hide")
    assert unscoreable_arteries([*two, off]) == {"LAD", "RCA"}
    assert unscoreable_arteries([off]) == frozenset()


def test_what_is_said_under_another_code_is_none() -> None:
    other = finding("DAMAGED_FILES", metal_words("slice 3", "LAD"))
    assert unscoreable_arteries([other]) == frozenset()
