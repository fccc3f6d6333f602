"""The page of a study: everything of a short one, what matters of a long one."""

import pytest

from corcal.evaluate.agreement.page import agreement_document
from corcal.evaluate.agreement.resample import MOST_FOR_BCA, Resampling, bootstrap_estimate
from corcal.evaluate.agreement.study import failed_scan
from corcal.evaluate.agreement.summary import summarise
from corcal.report.document import Heading, Picture, Table
from corcal.report.document_html import document_html
from evaluate.agreement.study_maker import row_of

QUICK = Resampling(draws=50)
MOMENT = "2026-03-01T10:00:00+00:00"
PNG = b"\x89PNG\r\n\x1a\n"


def page_of(rows, pictures=None):
    report = summarise(rows, resampling=QUICK)
    return agreement_document(report, pictures or {}, created=MOMENT)


def tables(document):
    return {block.caption: block for block in document.blocks if isinstance(block, Table)}


def headings(document):
    return [block.text for block in document.blocks if isinstance(block, Heading)]


def test_a_short_study_lists_every_scan_with_its_notes():
    rows = [row_of("a", 10.0, 12.0, notes=("a note",)), row_of("b", None, 0.0)]
    document = page_of(rows)
    assert tables(document)["Scores"].rows == [
        ("a", "10.0", "12.0", "-", "-"),
        ("b", "-", "0.0", "-", "-"),
    ]
    assert "a: a note" in str(document.blocks)


def test_a_long_study_lists_the_scans_of_another_category_by_their_difference():
    rows = [row_of(f"same {n}", 10.0, 11.0 + n) for n in range(60)]
    rows += [row_of(f"other {n}", 0.0, 1.0 + n) for n in range(55)]
    document = page_of(rows)
    assert "Scans of another category: 55; the 50 that differ most" in headings(document)
    shown = tables(document)["Scores"].rows
    assert (len(shown), shown[0][0], shown[-1][0]) == (50, "other 54", "other 5")


def test_failures_are_counted_by_reason_with_one_example():
    rows = [failed_scan(f"scan {n}", "no  heart\nwas found") for n in range(3)]
    rows += [failed_scan(f"odd {n}", f"reason {n}") for n in range(22)]
    document = page_of(rows)
    assert "Not compared: 25 scans" in headings(document)
    reasons = tables(document)["Reasons"].rows
    assert reasons[0] == ("no heart was found", "3", "scan 0")
    assert len(reasons) == 20
    assert "3 more reasons." in str(document.blocks)
    assert "Scores" not in headings(document)


def test_pictures_stand_where_they_belong_and_in_the_file():
    document = page_of([row_of("a", 10.0, 12.0)], {"scores": PNG, "categories": PNG})
    assert sum(isinstance(block, Picture) for block in document.blocks) == 1
    text = document_html(document)
    assert text.count("data:image/png") == 2
    assert "<script" not in text


def test_the_bootstrap_of_many_patients_takes_percentiles():
    # Of 0 and 1 in turn the mean is 0.5, and its standard error 0.5 / sqrt(n).
    count = MOST_FOR_BCA + 1
    found = bootstrap_estimate(
        lambda of: float((of % 2).mean()), range(count), resampling=Resampling(draws=400)
    )
    assert found.method == "percentile"
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * 0.5 / count**0.5, rel=0.15)
