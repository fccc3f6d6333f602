"""The heading of a picture is whole at every width, and says how far the score is checked."""

from dataclasses import replace

import pytest

from corcal.ct.suitability import SeriesKind
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.report.canvas import Sheet
from corcal.report.heading import result_sheet
from corcal.report.projection import projection_sheet
from corcal.report.slices import montage_sheet
from corcal.report.words import zero_words
from corcal.result import Result
from corcal.scoring.types import Interval
from report.reviewed_result import reviewed
from report.scored_scan import box, with_calcium
from report.text_edges import texts_beyond, texts_over_others
from result_maker import make_automatic_result

WIDTHS = (700, 900, 1100, 1300, 1500)
WIDE = Interval(low=10234.5, high=99999.5, level=0.95)
UNCHECKED = "Automatic: for a reader to check."
UNFINISHED = "Automatic, review not finished: for a reader to check."


def not_gated(result: Result) -> Result:
    kind = SeriesKind.CHEST_NONCONTRAST
    return replace(result, suitability=replace(result.suitability, kind=kind))


def zero() -> Result:
    """An automatic score of 0 of a scan without gating: the longest words."""
    base = not_gated(make_automatic_result())
    total = replace(base.score.total, agatston=0.0, interval=WIDE)
    nothing = {name: replace(one, agatston=0.0) for name, one in base.score.vessels.items()}
    return replace(base, score=replace(base.score, total=total, vessels=nothing), lesions=())


def heavy() -> Result:
    """Every artery doubtful and with a long number, every other site too, a long rule."""
    base = not_gated(make_automatic_result())
    (lesion,) = base.lesions
    each = replace(base.score.vessels["LAD"], agatston=98765.4)
    others = [site.label for site in Site if site not in CORONARY_SITES]
    score = replace(
        base.score,
        rule="siemens@199.5hu",
        total=replace(base.score.total, agatston=395061.6, interval=WIDE),
        vessels=dict.fromkeys(base.score.vessels, each),
        other_sites=dict.fromkeys(others, each),
    )
    lesions = tuple(
        replace(lesion, id=f"L{k}", site=site.label, probabilities={site.label: 0.5})
        for k, site in enumerate(CORONARY_SITES, start=1)
    )
    made = replace(base.provenance, software_version="10.20.30.dev400+g0123456789abcdef")
    return replace(base, score=score, lesions=lesions, provenance=made)


def heading_of(result: Result, width_px: int = 1500) -> Sheet:
    return result_sheet(
        width_px=width_px,
        content_px=100,
        result=result,
        shown=(),
        footnote="Slices are counted from 0 at the feet.",
    )


def texts_of(sheet: Sheet) -> list[str]:
    return [text.get_text() for text in sheet.figure.texts]


def as_if_scored(case: tuple, result: Result) -> tuple:
    """The scan of a case, with another result of it."""
    own, scan, voxels = case
    return replace(result, scan=own.scan), scan, voxels


@pytest.mark.parametrize("width_px", WIDTHS)
@pytest.mark.parametrize("result", [zero(), heavy(), make_automatic_result()])
def test_no_text_of_a_heading_passes_the_edge_or_lies_over_another(
    result: Result, width_px: int
) -> None:
    sheet = heading_of(result, width_px)
    assert texts_beyond(sheet) == []
    assert texts_over_others(sheet) == []
    content = sheet.height_px - sheet.top_px  # from below; it is 100 pixels high
    for text in sheet.figure.texts:
        box = text.get_window_extent()
        assert box.y0 >= content or box.y1 <= content - 100


@pytest.mark.parametrize("width_px", WIDTHS)
def test_the_words_are_all_there_at_every_width(width_px: int) -> None:
    words = " ".join(texts_of(heading_of(zero(), width_px)))
    assert zero_words(zero()) in words
    assert "that reaches the limit of counting" in words
    assert UNCHECKED in words
    assert "395061.6" in " ".join(texts_of(heading_of(heavy(), width_px)))


@pytest.mark.parametrize("sheet_of", [montage_sheet, projection_sheet])
@pytest.mark.parametrize("result", [zero(), heavy()])
def test_no_text_of_a_picture_passes_its_edge(sheet_of: object, result: Result) -> None:
    case = with_calcium({Site.AORTIC_VALVE: [box(10, 40, 50)]})
    sheet = sheet_of(*as_if_scored(case, replace(result, lesions=())))
    assert texts_beyond(sheet) == []
    assert texts_over_others(sheet) == []


STATES = [
    (make_automatic_result(), UNCHECKED),
    (not_gated(make_automatic_result()), UNCHECKED),
    (reviewed(make_automatic_result(), is_complete=False), UNFINISHED),
    (reviewed(make_automatic_result(), is_complete=True), ""),
    (with_calcium({})[0], ""),  # marked by a person
]


@pytest.mark.parametrize("sheet_of", [montage_sheet, projection_sheet])
@pytest.mark.parametrize(("result", "said"), STATES)
def test_a_picture_says_by_itself_that_nobody_has_checked_it(
    sheet_of: object, result: Result, said: str
) -> None:
    case = with_calcium({Site.LAD: [box(10, 40, 50)]})
    told = [t for t in texts_of(sheet_of(*as_if_scored(case, result))) if "reader" in t]
    assert told == ([said] if said else [])


@pytest.mark.parametrize(
    ("chance", "is_signed", "mark"),
    [(0.5, False, ["?"]), (0.899, False, ["?"]), (0.9, False, []), (0.5, True, [])],
)
def test_an_artery_with_a_doubtful_lesion_has_a_mark_beside_its_score(
    chance: float, is_signed: bool, mark: list[str]
) -> None:
    base = make_automatic_result()
    (lesion,) = base.lesions
    doubtful = replace(lesion, probabilities={"LAD": chance, "LM": 1 - chance})
    result = replace(base, lesions=(doubtful,))
    if is_signed:
        result = reviewed(result, is_complete=True)
    texts = texts_of(heading_of(result))
    at = texts.index("LAD")
    assert texts[at : at + 2 + len(mark)] == ["LAD", "14.0", *mark]
    assert texts.count("?") == len(mark)
    assert ("?: doubtful, less than 90 % probable" in texts) is bool(mark)


def test_one_doubtful_lesion_of_several_marks_its_artery_alone() -> None:
    base = make_automatic_result()
    (sure,) = base.lesions
    doubtful = replace(sure, id="L2", site="LCX", probabilities={"LCX": 0.6, "LM": 0.4})
    result = replace(base, lesions=(sure, doubtful, replace(doubtful, id="L3", agatston=0.0)))
    texts = texts_of(heading_of(result))
    assert texts.count("?") == 1
    assert texts[texts.index("LCX") + 2] == "?"


def test_a_mark_below_a_slice_is_explained_though_no_artery_has_one() -> None:
    result, scan, voxels = with_calcium({Site.AORTIC_VALVE: [box(10, 40, 50)]})
    (lesion,) = result.lesions
    doubtful = (replace(lesion, probabilities={"aortic_valve": 0.5, "LM": 0.1}),)
    automatic = replace(result, provenance=make_automatic_result().provenance, lesions=doubtful)
    texts = texts_of(montage_sheet(automatic, scan, voxels))
    assert "aortic valve L1 ?" in texts
    assert "?: doubtful, less than 90 % probable" in texts
    assert not any("doubtful" in t for t in texts_of(projection_sheet(automatic, scan, voxels)))


def test_below_a_slice_a_doubtful_lesion_has_a_mark() -> None:
    result, scan, voxels = with_calcium({Site.LM: [box(10, 40, 50)], Site.RCA: [box(10, 30, 40)]})
    first, second = result.lesions
    automatic = replace(
        result,
        provenance=make_automatic_result().provenance,
        lesions=(
            replace(first, probabilities={"LM": 0.5, "ascending_aorta": 0.26}),
            replace(second, probabilities={"RCA": 0.97}),
        ),
    )
    texts = texts_of(montage_sheet(automatic, scan, voxels))
    assert "LM L1 ?" in texts
    assert "RCA L2" in texts
