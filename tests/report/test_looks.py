"""What the comparison of pages lets pass and what it stops, measured on one page.

Rendered by other means (1.3 pixels a point, or letters without smoothing) the page differs by at
most 0.003 in the mean and 0.003 at one place. A line of small print that is missing differs by
0.03 at one place. The limits, 0.004 and 0.008, lie between.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from corcal.report.document import Beside
from corcal.report.document_pdf import document_pdf
from report.document_maker import document
from report.looks import LOCAL_LIMIT, MEAN_LIMIT, check_looks, differences, page_pictures


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return document_pdf(document())


@pytest.fixture
def approved(pdf: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CORCAL_APPROVE", "1")
    check_looks(pdf, "page", folder=tmp_path)
    monkeypatch.delenv("CORCAL_APPROVE")
    return tmp_path


def test_the_same_page_passes_and_its_picture_is_small(pdf: bytes, approved: Path) -> None:
    check_looks(pdf, "page", folder=approved)
    assert all(path.stat().st_size < 30_000 for path in approved.glob("page-*.png"))


@pytest.mark.parametrize("options", [{"scale": 1.3}, {"scale": 2, "no_smoothtext": True}])
def test_another_way_of_rendering_passes(pdf: bytes, options: dict[str, float]) -> None:
    here = page_pictures(pdf)[0]
    rendered = pypdfium2.PdfDocument(pdf)[0].render(grayscale=True, **options).to_pil().convert("L")
    other = np.asarray(rendered.resize(here.shape[::-1], Image.Resampling.BOX))
    mean, local = differences(here, other)
    assert 0 < mean < MEAN_LIMIT
    assert local < LOCAL_LIMIT


def test_a_line_of_small_print_that_is_gone_is_seen(approved: Path) -> None:
    whole = document()
    shorter = replace(whole, blocks=whole.blocks[:-1])
    with pytest.raises(pytest.fail.Exception, match=r"looks unlike page-2\.png"):
        check_looks(document_pdf(shorter), "page", folder=approved)


def test_a_picture_that_is_gone_is_seen(approved: Path) -> None:
    whole = document()
    pictures = whole.blocks[5]
    assert isinstance(pictures, Beside)
    without = replace(pictures, columns=(pictures.columns[0], ()))
    changed = replace(whole, blocks=(*whole.blocks[:5], without, *whole.blocks[6:]))
    with pytest.raises(pytest.fail.Exception, match=r"looks unlike page-1\.png"):
        check_looks(document_pdf(changed), "page", folder=approved)


def test_a_block_that_moved_by_four_points_is_seen(pdf: bytes) -> None:
    page = page_pictures(pdf)[0]
    moved = page.copy()
    moved[200:280] = page[198:278]  # two pixels of two points each
    _, local = differences(moved, page)
    assert local > LOCAL_LIMIT


def test_another_number_of_pages_is_seen(pdf: bytes, approved: Path) -> None:
    next(approved.glob("page-1.png")).unlink()
    with pytest.raises(pytest.fail.Exception, match="approved are"):
        check_looks(pdf, "page", folder=approved)


def test_pages_of_another_size_differ_wholly() -> None:
    assert differences(np.zeros((80, 80), np.uint8), np.zeros((80, 84), np.uint8)) == (1.0, 1.0)
