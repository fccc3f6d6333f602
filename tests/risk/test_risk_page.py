"""The page of the risk models says what the code does."""

import doctest
from pathlib import Path

from corcal.risk import mesa_chd, pooled_cohort, score2
from corcal.risk.person import PERSON_FIELDS
from corcal.risk.types import Region, Sex

PAGE = Path(__file__).resolve().parents[2] / "docs" / "risk_models.md"


def has_row(*cells):
    row = f"| {' | '.join(cells)} |"
    assert row in PAGE.read_text(encoding="utf-8"), row


def test_the_examples_of_the_page_run():
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert tried > 25
    assert failed == 0


def test_the_page_has_every_field_of_a_person():
    for each in PERSON_FIELDS.values():
        has_row(f"`{each.name}`", each.label, f"`{each.options[0]}`", each.allowed)


def test_the_page_has_the_coefficients_of_mesa():
    for name, without in mesa_chd._WITHOUT_CAC.items():
        has_row(f"`{name}`", f"{without:g}", f"{mesa_chd._WITH_CAC[name]:g}")
    has_row("man", f"{mesa_chd._MALE_WITHOUT:g}", f"{mesa_chd._MALE_WITH:g}")
    for race in ("Chinese", "Black", "Hispanic"):
        key = race.lower()
        has_row(race, f"{mesa_chd._RACE_WITHOUT[key]:g}", f"{mesa_chd._RACE_WITH[key]:g}")


def test_the_page_has_the_coefficients_of_the_pooled_cohort_equations():
    groups = list(pooled_cohort._COEFFICIENTS.values())
    for name in {name for group in groups for name in group}:
        has_row(
            f"`{name}`",
            *(f"{group[name]:g}" if name in group else "\N{EN DASH}" for group in groups),
        )
    has_row("mean", *(f"{mean:.6g}" for mean in pooled_cohort._MEAN.values()))
    has_row("S₀", *(f"{survival:g}" for survival in pooled_cohort._SURVIVAL.values()))


def test_the_page_has_the_coefficients_of_score2():
    both = [
        each[sex] for each in (score2._SCORE2, score2._SCORE2_OP) for sex in (Sex.MALE, Sex.FEMALE)
    ]
    for name in both[0]:
        has_row(f"`{name}`", *(f"{each[name]:g}" for each in both))
    for region in Region:
        scales = [
            each[region, sex]
            for each in (score2._SCALES, score2._SCALES_OP)
            for sex in (Sex.MALE, Sex.FEMALE)
        ]
        has_row(f"`{region}`", *(f"{first:g}, {second:g}" for first, second in scales))
