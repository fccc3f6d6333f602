"""The page on suitability has the tables of the code. Run this file to write them anew."""

from pathlib import Path

from corcal.ct.findings import FINDINGS
from corcal.ct.suitability import KIND_WORDS, SeriesKind

PAGE = Path(__file__).resolve().parents[3] / "docs" / "suitability.md"
TOPICS = {  # heading of each topic of the catalogue
    "series": "About the series",
    "geometry": "About its geometry",
    "pixels": "About its pixels",
    "acquisition": "About the acquisition and what the image shows",
}
MARKS = {
    "kinds": ("<!-- kinds -->", "<!-- end of kinds -->"),
    "findings": ("<!-- findings -->", "<!-- end of findings -->"),
}


def kinds_table():
    lines = ["| kind | in words |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{kind}` | {words} |" for kind, words in KIND_WORDS.items())])


def findings_tables():
    topics = {**TOPICS, **{d.topic: f"About the {d.topic}" for d in FINDINGS.values()}} | TOPICS
    parts = []
    for topic, heading in topics.items():
        rows = [
            f"| `{d.code}` | {d.severity} | {d.meaning} |"
            for d in FINDINGS.values()
            if d.topic == topic
        ]
        parts.append(
            "\n".join([f"### {heading}", "", "| code | usually | meaning |", "|---|---|---|"])
        )
        parts[-1] += "\n" + "\n".join(rows)
    return "\n\n".join(parts)


def written(page):
    """The page with its tables made from the code."""
    for name, table in (("kinds", kinds_table()), ("findings", findings_tables())):
        start, end = MARKS[name]
        before, rest = page.split(start)
        after = rest.split(end)[1]
        page = f"{before}{start}\n\n{table}\n\n{end}{after}"
    return page


def test_the_page_has_every_kind_and_every_code_with_its_meaning():
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), f"run: python {Path(__file__).name} (in tests/ct)"


def test_every_kind_has_words():
    assert set(KIND_WORDS) == set(SeriesKind)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
