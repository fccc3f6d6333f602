"""The page on change over time runs, and has the tables of the code. Run this to write them."""

import re
from pathlib import Path

from corcal.followup.change import change_methods
from corcal.followup.comparable import SETTINGS
from followup.exam_maker import exam, later

PAGE = Path(__file__).resolve().parents[2] / "docs" / "followup.md"


def methods_table():
    lines = ["| method | formula | condition | source | mark |", "|---|---|---|---|---|"]
    for one in change_methods(exam(100.0), later(160.0), 3.0):
        origin = f"`{one.source}` | {one.mark}" if one.source else "arithmetic | -"
        lines.append(f"| {one.label} | `{one.formula}` | {one.condition} | {origin} |")
    return "\n".join(lines)


def settings_table():
    lines = ["| setting | blocks | why it matters |", "|---|---|---|"]
    for one in SETTINGS:
        lines.append(f"| {one.label} | {'yes' if one.blocks else 'no, but said'} | {one.why} |")
    return "\n".join(lines)


def written(page):
    """The page with its tables made from the code."""
    for name, table in (("methods", methods_table()), ("settings", settings_table())):
        start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, rest = page.split(start)
        page = f"{before}{start}\n\n{table}\n\n{end}{rest.split(end)[1]}"
    return page


def test_the_page_has_the_tables_of_the_code():
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), "run: python tests/followup/test_docs.py"


def test_the_examples_on_the_page_give_what_it_says(capsys):
    page = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", page, flags=re.DOTALL)
    assert len(blocks) == page.count("```python") == 3
    names: dict[str, object] = {}
    for code, output in blocks:
        exec(compile(code, PAGE.name, "exec"), names)  # noqa: S102  (the page's own examples)
        assert capsys.readouterr().out == output


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
