"""The page on detection lists the measurements as they are defined."""

from pathlib import Path

from corcal.lesions.feature_table import FEATURES

PAGE = Path(__file__).parents[2] / "docs" / "detection.md"


def test_the_page_has_a_row_for_each_measurement_in_order():
    text = PAGE.read_text(encoding="utf-8")
    table = text.split("<!-- features -->")[1].split("<!-- end of features -->")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{row.name}` | {row.unit} | {row.low:g} to {row.high:g} | {row.missing:g} "
        f"| {row.meaning} |"
        for row in FEATURES
    ]
