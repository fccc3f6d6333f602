"""The page on guidance has the tables of the code. Run this file to write them anew."""

from pathlib import Path

from corcal.risk.guidance import GUIDELINES, RULES, Scope
from corcal.risk.guidance.conditions import describe
from corcal.risk.guidance.gates import SCOPE_GATES
from corcal.risk.guidance.general import GENERAL
from corcal.risk.guidance.wording import MARK_NOTES
from corcal.risk.sources import sources

PAGE = Path(__file__).resolve().parents[3] / "docs" / "guidance.md"


def guidelines_table():
    lines = [
        "| key | guideline | year | superseded by | how it is known |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| `{each.key}` | {each.title} | {each.year} | {each.superseded_by or '-'} | {each.note} |"
        for each in GUIDELINES.values()
    ]
    return "\n".join(lines)


def scopes_table():
    lines = ["| for whom | left out with |", "|---|---|"]
    for scope in Scope:
        gates = "; ".join(describe(each) for each in SCOPE_GATES[scope])
        lines.append(f"| `{scope}` | {gates or '-'} |")
    return "\n".join(lines)


def marks_table():
    lines = ["| mark | what is added to the text |", "|---|---|"]
    return "\n".join(
        [*lines, *(f"| {mark} | {note or '-'} |" for mark, note in MARK_NOTES.items())]
    )


def statements_tables():
    parts = []
    for guideline in (GENERAL, *GUIDELINES.values()):
        rows = [row_of(rule) for rule in RULES if rule.guideline == guideline.key]
        head = (
            "| statement | topic | text | source | class, level | mark | for whom | when | unless |"
        )
        title = guideline.title + (" (superseded)" if guideline.superseded_by else "")
        parts.append("\n".join([f"### {title}", "", head, "|---" * 9 + "|", *rows]))
    return "\n\n".join(parts)


def row_of(rule):
    graded = ", ".join(part for part in (rule.strength, rule.evidence) if part)
    source = sources()[rule.source]
    where = f"[`{source.key}`](https://doi.org/{source.doi})" if source.doi else f"`{source.key}`"
    unless = "; ".join(describe(each) for each in rule.unless)
    cells = (
        f"`{rule.id}`",
        rule.topic,
        rule.text,
        f"{where} {rule.year}",
        graded or "-",
        rule.mark,
        f"`{rule.scope}`",
        describe(rule.when),
        unless or "-",
    )
    return f"| {' | '.join(cells)} |"


TABLES = {
    "guidelines": guidelines_table,
    "scopes": scopes_table,
    "marks": marks_table,
    "statements": statements_tables,
}


def written(page):
    """The page with its tables made from the code."""
    for name, table in TABLES.items():
        start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, rest = page.split(start)
        after = rest.split(end)[1]
        page = f"{before}{start}\n\n{table()}\n\n{end}{after}"
    return page


def test_the_page_has_every_statement_with_its_source_class_level_mark_and_condition():
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), f"run: python {Path(__file__).name} (in tests/risk/guidance)"
    assert all(f"`{rule.id}`" in page for rule in RULES)


def test_no_cell_breaks_the_table():
    assert not [rule.id for rule in RULES if "|" in rule.text + describe(rule.when)]


def test_the_example_on_the_page_runs(capsys):
    lines = PAGE.read_text(encoding="utf-8").split("## Guidelines")[0].splitlines()
    code = "\n".join(line.removeprefix("    ") for line in lines if line.startswith("    "))
    exec(compile(code, PAGE.name, "exec"), {})  # noqa: S102  (the page's own example)
    assert "accaha2026.4.2.7-2 Score of 300 to 999" in capsys.readouterr().out


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
