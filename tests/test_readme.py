"""What the README says of commands, pages and figures is so."""

import re
from pathlib import Path

import click
import pytest

from corcal.cli import group

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = re.findall(r"^(?:\.venv/bin/)?corcal (\S+)(.*?)(?:  +#.*)?$", README, flags=re.M)
NUMBER = r"(?<![\w.])\d+(?:\.\d+)?(?![\w.]*\d)"


@pytest.mark.parametrize(("name", "words"), COMMANDS)
def test_a_command_of_the_readme_has_the_options_that_it_shows(name, words):
    command = group.get_command(click.Context(group), name)
    assert command is not None
    known = {option for parameter in command.params for option in parameter.opts}
    assert set(re.findall(r"--[\w-]+", words)) <= known


def test_the_readme_shows_the_commands_of_most_use():
    assert {name for name, _ in COMMANDS} >= {"score", "inspect", "interpret", "report", "serve"}


def test_every_page_that_the_readme_leads_to_is_there():
    pages = re.findall(r"\]\(([^)#:]+)", README)
    assert len(pages) > 20
    assert [page for page in pages if not (ROOT / page).is_file()] == []


def test_the_figures_of_the_readme_are_those_of_the_page_of_accuracy():
    (told,) = re.findall(r"- \*\*How right it is:\*\*.*?(?=\n- )", README, flags=re.S)
    page = (ROOT / "docs" / "accuracy.md").read_text("utf-8")
    measured = [float(number) for number in re.findall(NUMBER, page)]
    for figure in re.findall(NUMBER, told):
        digits = len(figure.partition(".")[2])
        assert any(abs(float(figure) - one) <= 0.5 * 10**-digits for one in measured), figure
