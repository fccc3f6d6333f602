"""The summary page: counted by hand, and whole with no scan, few, and pictures that are none."""

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from corcal.cohort.summary import page, write_summary
from corcal.cohort.summary.charts import percentile_chart
from corcal.cohort.summary.page import summary_document
from corcal.cohort.summary.tally import AgeBand, tally_of
from corcal.cohort.types import Outcome, OutputError
from corcal.report.document import Beside, Notice, Picture, Table

MOMENT = "2026-03-01T10:00:00+00:00"


def scored(number, agatston, *, certainty=0.9, age=60.0, sex="F", picture=None, **row):
    cells = {"total_agatston": agatston, "age_years": age, "sex": sex, **row}
    return Outcome(
        key=f"{number:04d}",
        source=f"/data/site/patient-{number}/study",
        status="scored",
        seconds=2.0,
        peak_mb=800.0,
        finished=MOMENT,
        exam_row={name: cell for name, cell in cells.items() if cell is not None},
        certainty=certainty,
        picture=picture,
    )


def failed(number, reason, status="unfit"):
    return Outcome(key=f"f{number}", source=f"/data/site/f-{number}", status=status, reason=reason)


def tables(document):
    return {block.caption: block for block in document.blocks if isinstance(block, Table)}


def test_percentiles_of_a_band_are_those_of_its_scores():
    # Women of 55 to 64: 0, 10, ..., 100. Percentiles of 11 values lie on values: the 25th is
    # number 2.5 from 0, so 25; 50; 75; 90.
    tally = tally_of([scored(n, 10.0 * n, age=55 + n * 0.9) for n in range(11)])
    band = tally.bands("F")[2]
    assert (band.low, band.high, band.scans, band.with_calcium) == (55, 65, 11, 10)
    assert band.percentiles == (25.0, 50.0, 75.0, 90.0)
    assert sum(one.scans for one in tally.bands("M")) == 0


@pytest.mark.parametrize(("age", "place"), [(44.99, 0), (45.0, 1), (74.99, 3), (75.0, 4)])
def test_a_band_begins_with_its_age(age, place):
    bands = tally_of([scored(1, 5.0, age=age)]).bands("F")
    assert [band.scans for band in bands].index(1) == place
    assert bands[place].percentiles is None


def test_scans_without_age_or_sex_are_counted_and_in_no_band():
    outcomes = [scored(1, 5.0, age=None), scored(2, 5.0, sex=None), scored(3, 5.0, sex="O")]
    document = summary_document(tally_of(outcomes), Path())
    text = str(document.blocks)
    assert "3 scans without age or sex" in text
    assert "2 scans without F or M" in text


def test_categories_are_counted_by_sex():
    # 0; 100 is the end of 1-100, 100.1 the begin of 101-400; 400 its end, 400.1 above
    scores = (0.0, 0.5, 100.0, 100.1, 400.0, 400.1)
    tally = tally_of(
        [scored(n, score, sex="M" if n < 2 else "F") for n, score in enumerate(scores)]
    )
    assert list(tally.categories().values()) == [1, 2, 2, 1]
    assert list(tally.categories("M").values()) == [1, 1, 0, 0]


def test_reasons_that_differ_in_numbers_are_one_with_an_example():
    tally = tally_of(
        [
            failed(1, "spacing: 2.5 to 5 mm"),
            failed(2, "spacing: 3 to 7.25 mm"),
            failed(3, "spacing: 3 to 7 mm", status="failed"),
        ]
    )
    assert tally.reasons == {
        ("unfit", "spacing: # to # mm"): 2,
        ("failed", "spacing: # to # mm"): 1,
    }
    rows = tables(summary_document(tally, Path()))["Reasons"].rows
    assert rows[0] == ("not fit for scoring", "spacing: # to # mm", "2", "site/f-1")


def test_a_run_with_a_reason_for_every_scan_stays_small():
    letters = "abcdefghijklmnopqrstuvwxyz"
    tally = tally_of(failed(n, f"{letters[n // 26]}{letters[n % 26]}") for n in range(600))
    assert len(tally.reasons) == 501
    assert tally.reasons["unfit", "other reasons"] == 100
    assert "481 more reasons of 481 scans" in str(summary_document(tally, Path()).blocks)


def test_the_contact_sheet_has_the_least_certain_first():
    outcomes = (scored(n, 1.0, certainty=1 - n / 100) for n in range(60))
    least = tally_of(outcomes).least_certain
    assert [one.key for one in least] == [f"{n:04d}" for n in range(59, 35, -1)]


@pytest.mark.parametrize(
    ("certainty", "shown"), [(0.999, ">99 %"), (1.0, "100 %"), (0.994, "99 %"), (None, "0 %")]
)
def test_what_is_nearly_certain_is_not_called_certain(certainty, shown):
    # 99.5 % and more would be rounded to 100
    outcome = replace(scored(1, 5.0), certainty=certainty)
    assert page._row(outcome)[3] == shown
    caption = page._figure(None, outcome)[0].text
    assert caption.endswith(f"certainty {shown} (no picture)")


def test_the_least_certain_are_shown_with_their_pictures(tmp_path):
    Image.new("RGB", (1200, 700), "navy").save(tmp_path / "a.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    outcomes = [
        scored(1, 12.34, certainty=0.4, picture="a.png", total_agatston_low=3.0,
               total_agatston_high=20.0, review_advised=True),
        scored(2, 5.0, certainty=0.5, picture="broken.png"),
        scored(3, 5.0, certainty=0.6, picture="../../etc/passwd"),
        scored(4, 5.0, certainty=0.7, picture=str(tmp_path / "a.png")),
        scored(5, 5.0, certainty=0.8),
    ]  # fmt: skip
    document = summary_document(tally_of(outcomes), tmp_path)
    sheet = [block for block in document.blocks if isinstance(block, Beside)][-2:]
    cells = [cell for row in sheet for cell in row.columns]
    pictures = [cell for cell in cells if cell and isinstance(cell[0], Picture)]
    assert len(pictures) == 1
    assert pictures[0][0].caption == "patient-1/study: 12.3, certainty 40 %"
    assert len(pictures[0][0].data) < 20_000
    assert sum("(no picture)" in str(cell) for cell in cells) == 4
    row = tables(document)["Least certain scans"].rows[0]
    assert row == ("patient-1/study", "12.3", "3.0 to 20.0", "40 %", "advised")


def test_without_pictures_it_is_said_how_to_get_them():
    document = summary_document(tally_of([scored(1, 5.0)]), Path())
    assert any(isinstance(block, Notice) for block in document.blocks)


def test_the_page_is_one_file_and_the_same_each_time(tmp_path):
    row = {"suitability_verdict": "with_caveats", "series_kind": "gated_calcium"}
    outcomes = [scored(n, math.expm1(n / 4), age=40 + n, sex="FM"[n % 2], **row) for n in range(48)]
    outcomes.append(failed(1, "contrast medium"))
    path = write_summary(iter(outcomes), tmp_path)
    page = path.read_bytes()
    assert path == tmp_path / "summary.html"
    assert write_summary(iter(outcomes), tmp_path).read_bytes() == page
    text = page.decode()
    assert not re.search(r'(src|href)="(?!data:|#)', text)
    assert "<script" not in text
    assert "49 scans, 48 scored" in text
    assert "Scored: with caveats" in text
    assert "Scored: gated calcium" in text
    assert "For research use only" in text


def test_a_run_without_any_scan_has_a_page(tmp_path):
    assert "0 scans, 0 scored" in write_summary([], tmp_path).read_text(encoding="utf-8")


def test_a_run_that_scored_nothing_has_a_page(tmp_path):
    text = write_summary([failed(1, "contrast")], tmp_path).read_text(encoding="utf-8")
    assert "1 scan, 0 scored" in text
    assert "contrast" in text


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(OutputError, match="the summary cannot be written"):
        write_summary([], tmp_path / "gone")


def test_one_sex_alone_has_its_chart_and_none_without_percentiles():
    found = AgeBand(low=75, high=200, scans=10, with_calcium=9, percentiles=(1.0, 2.0, 3.0, 4.0))
    assert percentile_chart((found,)).startswith(b"<svg")
    assert percentile_chart(()) is None
    outcomes = [scored(n, float(n), sex="M") for n in range(12)]
    document = summary_document(tally_of(outcomes), Path())
    assert sum(isinstance(block, Beside) for block in document.blocks) == 2
