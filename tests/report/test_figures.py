"""Pictures to be used alone: what each needs, and files that are the same each time."""

from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import pytest
from matplotlib import rcParams

from corcal.ct.suitability import SeriesKind
from corcal.exam_numbers import exam_numbers
from corcal.followup import compare
from corcal.interpreted import interpret_result, with_followup, with_interpretation
from corcal.lesions.sites import Site
from corcal.report.figures import FIGURES, Subject, draw_figures, why_not
from corcal.risk.types import Person, Race, Sex
from report.measured_scan import with_measured
from report.scored_scan import box
from result_maker import make_automatic_result

WOMAN = Person(age_years=61, sex=Sex.FEMALE, race=Race.WHITE)
SVG = "{http://www.w3.org/2000/svg}"


def told(result, person=WOMAN):
    """The result with its meaning for a person, and compared with an earlier exam."""
    meaning = interpret_result(result, person)
    later = date(2026, 1, 2)
    before = replace(result, scan=replace(result.scan, date="2021-05-03"))
    exams = [exam_numbers(before), exam_numbers(result, day=later)]
    return with_followup(with_interpretation(result, meaning), compare(exams, is_same_patient=True))


@pytest.fixture(scope="module")
def subject():
    result, scan, voxels = with_measured({Site.LAD: [box(10, 40, 50)], Site.RCA: [box(4, 40, 40)]})
    return Subject(result=told(result), scan=scan, voxels=voxels)


@pytest.fixture(scope="module")
def drawn(subject):
    return draw_figures(subject, tuple(FIGURES))


def test_every_picture_can_be_drawn_of_an_exam_with_everything(subject, drawn):
    assert [why_not(name, subject) for name in FIGURES] == [None] * len(FIGURES)
    assert list(drawn) == [
        *("montage", "projection", "key_LAD", "key_RCA", "percentile", "history"),
    ]


@pytest.mark.parametrize("name", ["montage", "projection", "key_LAD", "percentile", "history"])
def test_a_picture_is_the_same_file_each_time(subject, drawn, name):
    kind = name.partition("_")[0]
    again = draw_figures(subject, (kind,))[name]
    for ending in ("png", "svg"):
        assert drawn[name].data(ending) == again.data(ending)
    assert drawn[name].data("png").startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["projection", "key_RCA", "percentile", "history"])
def test_an_svg_is_well_formed_says_what_it_shows_and_has_no_date(drawn, name):
    data = drawn[name].data("svg")
    root = ElementTree.fromstring(data)  # noqa: S314  (our own bytes)
    assert root.tag == f"{SVG}svg"
    assert root.findtext(f"{SVG}title") == drawn[name].title
    assert not [each for each in root.iter() if each.tag.endswith("}date")]
    assert not list(root.iter(f"{SVG}text"))  # letters are outlines: no font is needed
    assert b"dc:date" not in data
    assert b"dc:creator" not in data
    assert rcParams["svg.hashsalt"] is None  # the settings of other users of matplotlib are theirs


def test_titles_name_the_numbers(drawn):
    # 16 mm2 of 500 HU, which weighs 4, in 3 mm: 64 each
    assert drawn["montage"].title == "Axial slices. Agatston score 128.0"
    assert drawn["key_RCA"].title == "Largest lesion of the RCA, L2: Agatston 64.0"
    assert drawn["percentile"].title == "Agatston score 128.0 among people of the same sex, by age"
    assert drawn["history"].title == "Agatston score over time, 2 exams"


@pytest.mark.parametrize("name", ["montage", "projection", "key"])
def test_pictures_of_the_scan_need_the_scan(subject, name):
    assert (
        why_not(name, Subject(result=subject.result)) == f"{name} needs the scan: give --scan PATH"
    )
    with pytest.raises(ValueError, match="without the scan"):
        FIGURES[name].draw(Subject(result=subject.result))


@pytest.mark.parametrize(
    ("name", "advice"), [("percentile", "corcal interpret"), ("history", "corcal compare")]
)
def test_charts_say_which_command_gives_what_they_need(subject, name, advice):
    bare = Subject(result=replace(subject.result, interpretation=None, followup=None))
    assert advice in why_not(name, bare)
    assert FIGURES[name].draw(bare) == {}


def test_a_person_without_curves_is_told_so(subject):
    child = told(subject.result, Person(age_years=19, sex=Sex.MALE, race=Race.OTHER))
    reason = why_not("percentile", Subject(result=child))
    assert reason.startswith("percentile has no curves for the person: ")


def not_gated(result):
    kind = SeriesKind.CHEST_NONCONTRAST
    return replace(result, suitability=replace(result.suitability, kind=kind))


def test_without_a_lesion_there_is_no_key_picture_in_the_careful_words_of_a_zero():
    result, scan, voxels = with_measured({})
    reason = why_not("key", Subject(result=result, scan=scan, voxels=voxels))
    nothing = "no coronary calcium among what was marked"
    assert reason == f"key shows lesions that count, and there is none: {nothing}"
    automatic = replace(not_gated(result), provenance=make_automatic_result().provenance)
    reason = why_not("key", Subject(result=automatic))
    nothing = "no coronary calcium that reaches the limit of counting was found"
    assert reason == f"key shows lesions that count, and there is none: {nothing}"


def test_titles_of_an_automatic_score_say_what_its_pictures_say():
    result, scan, voxels = with_measured({Site.LM: [box(10, 40, 50)]})
    (lesion,) = result.lesions
    doubtful = replace(
        not_gated(result),
        provenance=make_automatic_result().provenance,
        lesions=(replace(lesion, probabilities={"LM": 0.5, "LCX": 0.5}),),
    )
    subject = Subject(result=doubtful, scan=scan, voxels=voxels)
    drawn = draw_figures(subject, ("montage", "projection", "key"))
    unchecked = "Automatic: for a reader to check."
    score = "Agatston-equivalent, from a scan without ECG gating 64.0"
    assert [each.title for each in drawn.values()] == [
        f"Axial slices. {score}. {unchecked}",
        f"The heart seen through. {score}. {unchecked}",
        f"Largest lesion of the LM, L1 ?: Agatston 64.0. {unchecked}",
    ]
