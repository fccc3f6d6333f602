"""Every statement: when it is made and when not, where it is from, and how it is worded."""

import re

import pytest

from corcal.risk.guidance import GUIDELINES, RULES, Stance
from corcal.risk.guidance.conditions import Range, leaves
from corcal.risk.guidance.gates import SCOPE_GATES
from corcal.risk.guidance.wording import FROM_MEMORY, MARK_NOTES
from corcal.risk.sources import sources
from corcal.risk.types import Mark
from guidance_cases import CASES
from guidance_maker import said, statement, statements

BY_ID = {rule.id: rule for rule in RULES}
TOPICS = {
    "lipids",
    "aspirin",
    "blood_pressure",
    "lifestyle",
    "repeat_scan",
    "further_evaluation",
    "testing",
    "caution",
}
# reference rows of the guideline of 2026: section, reduction, LDL goal, non-HDL goal, class, level
ROWS_2026 = [
    ("4.2.3.6-1", "", None, None, "1", "B-R"),
    ("4.2.3.6-2", "", None, None, "2a", "B-NR"),
    ("4.2.3.6-3", "", None, None, "1", "B-NR"),
    ("4.2.3.6-4", "", None, None, "2a", "B-NR"),
    ("4.2.3.6-5", "", None, None, "1", "B-NR"),
    ("4.2.7-1", "50 %", 55, 85, "1", "B-NR"),
    ("4.2.7-2", "50 %", 70, 100, "1", "B-R"),
    ("4.2.7-3", "50 %", 70, 100, "1", "B-R"),
    ("4.2.7-4", "30 to 49 %", 100, 130, "2a", "B-R"),
    ("4.2.7-5", "< 55 and non-HDL-C < 85", None, None, "2a", "B-NR"),
    ("4.2.7-6-mild", "", 100, 130, "2a", "B-NR"),
    ("4.2.7-6-severe", "", 70, 100, "2a", "B-NR"),
]


def test_every_statement_has_cases():
    assert set(CASES) == set(BY_ID)
    assert len(BY_ID) == len(RULES)


@pytest.mark.parametrize("name", CASES)
def test_a_statement_is_made_where_it_holds_and_nowhere_else(name):
    made, not_made = CASES[name]
    assert made
    assert not_made
    for case in made:
        assert name in said(**case), case
    for case in not_made:
        assert name not in said(**case), case


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_statement_says_where_it_is_from_and_how_sure_that_is(rule):
    order = list(Mark)
    assert rule.source in sources()
    # A source carries the weakest mark of all that is taken from it.
    assert order.index(rule.mark) <= order.index(sources()[rule.source].mark)
    assert rule.id.startswith(f"{rule.guideline}.")
    assert rule.guideline in {*GUIDELINES, "general"}
    assert rule.topic in TOPICS
    if rule.guideline in GUIDELINES and GUIDELINES[rule.guideline].is_guideline:
        assert rule.year == GUIDELINES[rule.guideline].year


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_text_is_one_or_two_sentences_and_no_order(rule):
    assert rule.text[0].isupper() or rule.text[0].isdigit()
    assert rule.text.endswith(".")
    assert len(re.findall(r"\.(?= |$)", rule.text)) <= 2
    assert not re.search(r"\b(must|shall|have to|prescribe|you|your)\b", rule.text, re.IGNORECASE)
    orders = "Start Stop Take Give Begin Order Refer Use Repeat Add Treat Prescribe Do Consider"
    assert rule.text.split()[0] not in orders.split()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_text_names_the_goals_of_its_data(rule):
    if rule.ldl_goal_mg_dl is not None:
        assert re.search(rf"(LDL-C <|goal below) {rule.ldl_goal_mg_dl}\b", rule.text)
    if rule.non_hdl_goal_mg_dl is not None:
        assert f"non-HDL-C < {rule.non_hdl_goal_mg_dl} mg/dL" in rule.text


@pytest.mark.parametrize("key", sorted({rule.source for rule in RULES}))
def test_the_mark_of_a_source_is_the_weakest_of_its_statements(key):
    order = list(Mark)
    marks = [rule.mark for rule in RULES if rule.source == key]
    assert sources()[key].mark is max(marks, key=order.index)


def test_aspirin_is_only_talked_about_and_bleeding_with_it():
    for rule in RULES:
        if rule.topic == "aspirin":
            assert rule.stance in (Stance.DISCUSS, Stance.AGAINST)
        if rule.stance is Stance.DISCUSS:
            assert "discuss" in rule.text
            assert "bleeding" in rule.text


@pytest.mark.parametrize(("section", "words", "ldl", "non_hdl", "strength", "level"), ROWS_2026)
def test_the_guideline_of_2026_is_as_in_its_table(section, words, ldl, non_hdl, strength, level):
    rule = BY_ID[f"accaha2026.{section}"]
    assert words in rule.text
    assert (rule.ldl_goal_mg_dl, rule.non_hdl_goal_mg_dl) == (ldl, non_hdl)
    assert (rule.strength, rule.evidence) == (strength, level)
    assert rule.mark is Mark.SECONDARY


def test_what_is_from_memory_says_so_and_shows_no_class_as_a_guideline():
    for rule in RULES:
        if rule.mark is Mark.RECALLED:
            assert rule.strength is None
            assert rule.evidence is None
    shown = statement("scct2017.cac-300", agatston=300.0)
    assert shown.mark is Mark.RECALLED
    assert shown.text.endswith(f"[{FROM_MEMORY}]")


def test_how_sure_it_is_follows_from_the_mark_alone():
    for shown in statements(agatston=450.0, percentile=90, pce=0.1, score2=0.06, prevent=0.06):
        notes = [note for mark, note in MARK_NOTES.items() if note and mark is shown.mark]
        assert all(shown.text.endswith(f"[{note}]") for note in notes)
        others = [note for mark, note in MARK_NOTES.items() if note and mark is not shown.mark]
        assert not any(note in shown.text for note in others)


def test_a_secondary_class_and_level_are_said_to_be_secondary():
    shown = statement("accaha2026.4.2.7-2", agatston=300.0)
    assert (shown.strength, shown.evidence) == ("1", "B-R")
    assert "a secondary source reports it, class and level included" in shown.text


def test_what_was_replaced_says_by_what():
    shown = statement("accaha2018.cac-100", agatston=300.0)
    assert "Superseded by the 2026 ACC/AHA guideline." in shown.text
    assert "Superseded" not in statement("accaha2019.diet").text


@pytest.mark.parametrize(
    ("guideline", "allowed"),
    [
        ("accaha2026", {"prevent_ascvd"}),
        ("ahaacc2025_bp", {"prevent_cvd"}),
        ("accaha2018", {"pce"}),
        ("accaha2019", {"pce"}),
        ("nla2020", {"pce"}),
        ("scct2017", {"pce"}),
        ("uspstf2022", {"pce"}),
        ("escc2025", {"score2"}),
        ("esc2021", {"score2"}),
    ],
)
def test_cut_points_are_used_only_with_the_model_they_were_made_for(guideline, allowed):
    edges = {
        (leaf.quantity, edge)
        for rule in RULES
        if rule.guideline == guideline
        for part in (rule.when, *rule.unless, *SCOPE_GATES[rule.scope])
        for leaf in leaves(part)
        if isinstance(leaf, Range)
        and leaf.quantity in ("prevent_ascvd", "prevent_cvd", "pce", "score2")
        for edge in (leaf.at_least, leaf.above, leaf.below, leaf.at_most)
        if edge is not None
    }
    assert {quantity for quantity, _ in edges} == allowed
    cut_points = {
        "prevent_ascvd": {0.03, 0.05, 0.10},
        "prevent_cvd": {0.075},
        "pce": {0.05, 0.075, 0.10, 0.20},
        "score2": {0.02, 0.025, 0.05, 0.075, 0.10, 0.15, 0.20},
    }
    assert {edge for _, edge in edges} <= cut_points[min(allowed)]


def test_guidelines_come_newest_first():
    years = [each.year for each in GUIDELINES.values() if each.is_guideline]
    assert years == sorted(years, reverse=True)
    assert next(iter(GUIDELINES)) == "accaha2026"
    assert list(GUIDELINES)[-1] == "studies"
