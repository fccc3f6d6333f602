"""What is taken from an interpretation to be told, and in which order: the same in every output.

Nothing is written or rounded here: that is for `corcal.report.interpretation_words` and for the
outputs themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from corcal.risk.guidance import GUIDELINES
from corcal.risk.guidance.europe import LIPIDS_2025, PREVENTION_2021
from corcal.risk.guidance.general import GENERAL as CAUTIONS
from corcal.risk.interpretation_types import Interpretation
from corcal.risk.limits import ABOUT_HEADERS, ABOUT_SCAN, ABOUT_SUITABILITY
from corcal.risk.prevent import PREVENT_OUTCOMES
from corcal.risk.types import Percentile, Source, Statement

__all__ = [
    "CHARTED",
    "GENERAL",
    "RiskRow",
    "cautions_of",
    "charted_reference",
    "cited_in",
    "difference_words",
    "first_percentile",
    "header_doubts",
    "is_comparable",
    "main_statement",
    "newest_on_each_topic",
    "risk_rows",
    "scan_doubts",
    "statements_of",
    "told",
    "unfit_texts",
    "what_is_not_known",
]

GENERAL = CAUTIONS.key
"""The set of statements that are cautions, and no guideline."""

CHARTED = ("mesa", "hoff")
"""References that have curves to draw, the better one first."""

_EUROPEAN = frozenset((LIPIDS_2025.key, PREVENTION_2021.key))
_REFERENCES = (*CHARTED, "javaid")
_BEFORE_DISEASE = ("general.symptoms", "general.device")
_ONE_NUMBER = ("pce", "score2", "score2_op")  # models of one outcome in 10 years
# What is said of testing and still tells something when the scan has been made
_TESTING_AFTERWARDS = ("accaha2026.testing-severe-cholesterol", "accaha2026.testing-young")
_FOR_EVERYBODY = ("applies to everybody",)
_NOT_KNOWN = " (not known)"  # how a statement says so of what would change it


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRow:
    """What one model says of one outcome, as fractions; ``None`` where it says nothing.

    Attributes
    ----------
    model, outcome : str
        As in `corcal.risk.types.Estimate`.
    ten_years : float or None
        Without the calcium.
    with_calcium : float or None
        In 10 years too; only MESA has a model that knows the score.
    thirty_years : float or None
        Without the calcium.
    """

    model: str
    outcome: str
    ten_years: float | None
    with_calcium: float | None = None
    thirty_years: float | None = None


def cautions_of(meaning: Interpretation) -> list[Statement]:
    """Give the cautions of the guidance in the order in which they are told."""
    found = [each for each in meaning.guidance if each.guideline == GENERAL]
    if meaning.person is not None and not meaning.person.has_known_ascvd:
        # a device is said before the disease that it may stand for
        found.sort(key=lambda each: each.id not in _BEFORE_DISEASE)
    return found


def scan_doubts(meaning: Interpretation) -> list[str]:
    """Say what is to be said of the scan itself: cautions say it, unless there is no person."""
    if meaning.person is not None or cautions_of(meaning):
        return []
    return [each.text for each in meaning.limits if each.about == ABOUT_SCAN]


def header_doubts(meaning: Interpretation) -> list[str]:
    """Say which age or sex is not that of the headers: it may be another person's."""
    return [each.text for each in meaning.limits if each.about == ABOUT_HEADERS]


def unfit_texts(meaning: Interpretation) -> list[str]:
    """Say why the scan was no fit one."""
    return [each.text for each in meaning.limits if each.about == ABOUT_SUITABILITY]


def statements_of(meaning: Interpretation) -> list[Statement]:
    """Give what guidelines say, newest first, without the cautions."""
    return [each for each in meaning.guidance if each.guideline != GENERAL]


def told(statements: list[Statement]) -> list[Statement]:
    """Leave out what is superseded, who would be tested, and lifestyle that was said before."""
    present = [each for each in statements if GUIDELINES[each.guideline].superseded_by is None]
    chosen, has_lifestyle = [], False
    for each in present or statements:  # a superseded guideline alone was asked for by name
        is_repeated = each.topic == "lifestyle" and each.fired_by == _FOR_EVERYBODY
        if is_repeated and has_lifestyle:
            continue
        has_lifestyle = has_lifestyle or each.topic == "lifestyle"
        if each.topic != "testing" or each.id in _TESTING_AFTERWARDS:
            chosen.append(each)
    return chosen


def newest_on_each_topic(statements: list[Statement]) -> list[Statement]:
    """Keep of each topic what the newest says: for Europe and for elsewhere, each by itself."""
    newest: dict[tuple[str, bool], str] = {}
    for each in statements:
        newest.setdefault(_topic(each), each.guideline)
    return [each for each in statements if newest[_topic(each)] == each.guideline]


def _topic(statement: Statement) -> tuple[str, bool]:
    return statement.topic, statement.guideline in _EUROPEAN


def main_statement(guidance: tuple[Statement, ...]) -> Statement | None:
    """Pick of the newest guideline on lipids the statement with a goal, else its first."""
    lipids = [each for each in guidance if each.topic == "lipids" and each.guideline in GUIDELINES]
    newest = [each for each in lipids if each.guideline == lipids[0].guideline]
    return next((each for each in newest if "goals" in each.text), newest[0] if newest else None)


def what_is_not_known(statements: Iterable[Statement]) -> tuple[str, ...]:
    """Name the facts that are not known of the person and could change what is said."""
    return tuple(
        dict.fromkeys(
            words.removesuffix(_NOT_KNOWN)
            for each in statements
            for words in each.would_change
            if words.endswith(_NOT_KNOWN)
        )
    )


def is_comparable(meaning: Interpretation) -> bool:
    """Whether the score can be set beside those of studies: they were made from gated scans."""
    return meaning.is_gated is not False


def first_percentile(meaning: Interpretation) -> tuple[str, Percentile] | None:
    """Give the percentile of the best reference that covers the person and the scan, by name."""
    return None if not is_comparable(meaning) else _first(meaning, _REFERENCES)


def charted_reference(meaning: Interpretation) -> str | None:
    """Name the reference whose curves can be drawn for the person, if there is one."""
    found = _first(meaning, CHARTED) if meaning.person is not None else None
    return None if found is None else found[0]


def difference_words(meaning: Interpretation) -> str | None:
    """Write the risk of MESA without and with the scan; of a scan without gating only the first."""
    told = meaning.difference
    if told is None or told.text is None:
        return None
    return told.text if is_comparable(meaning) else told.text.partition(",")[0]


def _first(meaning: Interpretation, names: tuple[str, ...]) -> tuple[str, Percentile] | None:
    for name in names:
        each = meaning.percentile.get(name)
        if each is not None and each.not_covered is None:
            return name, each
    return None


def risk_rows(meaning: Interpretation) -> list[RiskRow]:
    """Give a row for each model and outcome that has a number; MESA, which knows both, first."""
    risk = meaning.risk
    rows = [
        RiskRow(
            model="mesa_chd",
            outcome="chd",
            ten_years=risk.mesa_chd,
            with_calcium=risk.mesa_chd_with_cac if is_comparable(meaning) else None,
        ),
        *(
            RiskRow(
                model="prevent",
                outcome=name,
                ten_years=risk.prevent[name],
                thirty_years=risk.prevent[f"{name}_30y"],
            )
            for name in PREVENT_OUTCOMES
        ),
        *(
            RiskRow(model=each.model, outcome=each.outcome, ten_years=each.fraction)
            for each in meaning.estimates
            if each.model in _ONE_NUMBER
        ),
    ]
    return [row for row in rows if _has_number(row)]


def _has_number(row: RiskRow) -> bool:
    return any(each is not None for each in (row.ten_years, row.with_calcium, row.thirty_years))


def cited_in(meaning: Interpretation, keys: Iterable[str]) -> list[Source]:
    """Give the sources with these keys, newest first."""
    wanted = set(keys)
    return [each for each in meaning.sources if each.key in wanted]
