"""Pages of a PDF held against approved pictures, so that a change of looks is seen by somebody.

`check_looks(pdf, "name")` renders each page and compares it with ``approved/name-1.png`` and so on.
Both are taken to `CELL_PT` points a pixel and blurred before that: edges of letters, which differ
between versions of a renderer, average out, while a block that moved or is missing does not. After
a change that was meant, look at the new pages and approve them with ``CORCAL_APPROVE=1 pytest``.

Not for numbers and words: those are read from the text of the PDF.
"""

import os
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

__all__ = ["APPROVED", "check_looks", "differences", "page_pictures"]

APPROVED = Path(__file__).parent / "approved"
_FINE = 2  # pixels a point of the rendering: fine enough that hinting and thin lines do not matter
_SCALE = 0.5  # pixels a point of the approved picture: small, and still known by eye
_CELL = 4  # pixels a side that are averaged: 8 points, a line of text
CELL_PT = _CELL / _SCALE
_BLUR = 1.0  # standard deviation, cells
_GREYS = 64  # of an approved picture: it stays below 30 kB

# All from 0 to 1, white to black; test_looks.py has what they let pass and what they stop.
# Another way of smoothing letters makes them up to a sixth darker or lighter, so a place may differ
# by a part of its own ink, up to a bound that matters in pictures.
_INK_PART = 0.25
_INK_MOST = 0.06
LOCAL_LIMIT = 0.008  # beyond that
MEAN_LIMIT = 0.004


def check_looks(pdf: bytes, name: str, *, folder: Path = APPROVED) -> None:
    """Fail if a page looks unlike the approved picture, or their number differs."""
    pages = page_pictures(pdf)
    if os.environ.get("CORCAL_APPROVE") == "1":
        _approve(pages, name, folder)
        return
    known = sorted(folder.glob(f"{name}-*.png"), key=_number)
    if len(known) != len(pages):
        pytest.fail(f"{name} has {len(pages)} pages, approved are {len(known)} (CORCAL_APPROVE=1)")
    for k, (page, path) in enumerate(zip(pages, known, strict=True), start=1):
        with Image.open(path) as image:
            approved = np.asarray(image.convert("L"), dtype=np.uint8)
        mean, local = differences(page, approved)
        if mean > MEAN_LIMIT or local > LOCAL_LIMIT:
            pytest.fail(
                f"page {k} of {name} looks unlike {path.name}: differs by {mean:.4f} in the mean"
                f" (limit {MEAN_LIMIT}) and {local:.3f} at one place (limit {LOCAL_LIMIT});"
                " if it was meant, look at it and set CORCAL_APPROVE=1"
            )


def page_pictures(pdf: bytes) -> list[NDArray[np.uint8]]:
    """Pages in grey, two points a pixel, each of shape (n_y, n_x)."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        fine = (page.render(scale=_FINE, grayscale=True).to_pil().convert("L") for page in document)
        return [np.asarray(page.reduce(round(_FINE / _SCALE))) for page in fine]
    finally:
        document.close()


def differences(page: NDArray[np.uint8], approved: NDArray[np.uint8]) -> tuple[float, float]:
    """Mean and largest difference of two pages, from 0 to 1; (1, 1) if they differ in size.

    The largest one is what goes beyond the part of the ink that the smoothing of letters explains.
    """
    if page.shape != approved.shape:
        return 1.0, 1.0
    ink, approved_ink = _coarse(page), _coarse(approved)
    unlike = np.abs(ink - approved_ink)
    smoothing = np.minimum(_INK_PART * np.maximum(ink, approved_ink), _INK_MOST)
    return float(unlike.mean()), max(0.0, float((unlike - smoothing).max()))


def _coarse(page: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Ink in cells of a page, blurred: 0 is white, 1 black."""
    ink = 1.0 - page / 255.0
    rows, columns = (n // _CELL for n in page.shape)
    cells = ink[: rows * _CELL, : columns * _CELL].reshape(rows, _CELL, columns, _CELL)
    return gaussian_filter(cells.mean(axis=(1, 3)), _BLUR, mode="nearest")


def _approve(pages: list[NDArray[np.uint8]], name: str, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for old in folder.glob(f"{name}-*.png"):
        old.unlink()
    for k, page in enumerate(pages, start=1):
        step = 255.0 / (_GREYS - 1)
        image = Image.fromarray((np.round(page / step) * step).astype(np.uint8))
        image.save(folder / f"{name}-{k}.png", optimize=True)


def _number(path: Path) -> int:
    return int(path.stem.rsplit("-", 1)[1])
