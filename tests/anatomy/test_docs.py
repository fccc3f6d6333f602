"""The page on the anatomy has the limits of the code. Run this file to write them anew."""

from pathlib import Path

from corcal.anatomy.plausible import ALL_CHAMBERS_ML, LIMITS_ML
from corcal.ct.findings import FINDINGS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "anatomy.md"
START, END = "<!-- limits -->", "<!-- end of limits -->"


def limits_table():
    rows = [(one.name.lower().replace("_", " "), *limits) for one, limits in LIMITS_ML.items()]
    rows.append(("four chambers together", *ALL_CHAMBERS_ML))
    lines = ["| structure | least, mL | most, mL |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {low:g} | {high:g} |" for name, low, high in rows)])


def written(page):
    """The page with its table made from the code."""
    before, rest = page.split(START)
    return f"{before}{START}\n\n{limits_table()}\n\n{END}{rest.split(END)[1]}"


def test_the_page_has_the_limits_of_the_code():
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), "run: python tests/anatomy/test_docs.py"


def test_the_page_explains_every_code_about_the_anatomy():
    page = PAGE.read_text(encoding="utf-8")
    for definition in FINDINGS.values():
        if definition.topic == "anatomy":
            assert f"| `{definition.code}` |" in page


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
