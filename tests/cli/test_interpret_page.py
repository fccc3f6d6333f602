"""The page on interpreting a score shows what the command prints. Run this to write it anew."""

import re
import shlex
from pathlib import Path

import pytest

from corcal.cli import main
from corcal.risk.guidance import GUIDELINES
from corcal.risk.interpretation_types import Interpretation
from corcal.risk.person import PERSON_FIELDS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "interpret.md"
BREAK = "\\\n"  # a command over several lines
EXAMPLE = re.compile(
    r"(```console\n\$ corcal ((?:[^\n]*\\\n)*[^\n]*)\n)(.*?)(^```$)", flags=re.DOTALL | re.MULTILINE
)


def person_table():
    """Every field of a person, with its option and what is accepted."""
    lines = ["| option | what it is | accepted |", "|---|---|---|"]
    for each in PERSON_FIELDS.values():
        what = f"{each.label}: {each.definition}" if each.definition else each.label
        accepted = each.allowed + "".join(f", or in {unit}" for unit in each.other_units)
        if not each.is_number and each.choices is None:
            accepted = f"`--no-{each.options[0].removeprefix('--')}` for no"
        lines.append(f"| `{each.options[0]}` | {what} | {accepted} |")
    return "\n".join(lines)


def guideline_table():
    """Every guideline that can be chosen."""
    lines = ["| key | guideline | superseded by |", "|---|---|---|"]
    for key, each in GUIDELINES.items():
        lines.append(f"| `{key}` | {each.title} | {each.superseded_by or '-'} |")
    return "\n".join(lines)


def written(page, run):
    """The page with its tables and examples made from the code."""
    for name, table in (("person", person_table()), ("guidelines", guideline_table())):
        start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, rest = page.split(start)
        page = f"{before}{start}\n\n{table}\n\n{end}{rest.split(end)[1]}"
    return EXAMPLE.sub(
        lambda found: f"{found[1]}{run(shlex.split(found[2].replace(BREAK, ' ')))}{found[4]}", page
    )


def test_the_page_shows_what_the_command_prints(run_corcal):
    def run(args):
        outcome = run_corcal(*args)
        assert outcome.code == 0, outcome.err
        return outcome.out

    page = PAGE.read_text(encoding="utf-8")
    assert len(EXAMPLE.findall(page)) == 2
    assert page == written(page, run), "run: python tests/cli/test_interpret_page.py"


def test_every_key_of_the_json_stands_on_the_page():
    page = PAGE.read_text(encoding="utf-8")
    for each in Interpretation.__slots__:
        assert f"| `{each}" in page


@pytest.mark.parametrize("key", ["categories.plain", "percentile.mesa.value", "arterial_age.years"])
def test_the_keys_to_keep_are_named_in_full(key):
    assert f"`{key}`" in PAGE.read_text(encoding="utf-8")


if __name__ == "__main__":
    import contextlib
    import io

    def captured(args):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            main(args)
        return out.getvalue()

    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), captured), encoding="utf-8")
