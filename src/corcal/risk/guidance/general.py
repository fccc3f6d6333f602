"""Cautions that belong to every interpretation, whichever guidelines are chosen."""

from functools import partial

from corcal.risk.guidance.conditions import AllOf, Is, Range
from corcal.risk.guidance.gates import ZERO, ZERO_EXCEPTIONS
from corcal.risk.guidance.rule import Guideline, Rule, Scope
from corcal.risk.types import Mark

__all__ = ["GENERAL", "RULES"]

GENERAL = Guideline(
    key="general",
    title="Cautions",
    year=2026,
    is_guideline=False,
    note="Always shown; they cannot be switched off.",
)

_rule = partial(Rule, guideline="general", topic="caution", scope=Scope.EVERYBODY)

RULES: tuple[Rule, ...] = (
    _rule(
        id="general.symptoms",
        text="Symptoms come first: chest pain, breathlessness or sweating now is an emergency, and "
        "symptoms need a diagnosis whatever the score. The score is no test for chest pain, and a "
        "score of 0 does not clear them; statements by score are left out here.",
        source="nice",
        year=2016,
        mark=Mark.RECALLED,
        when=Is("symptoms"),
    ),
    _rule(
        id="general.known-disease",
        text="Known cardiovascular disease is no case for screening: treatment follows secondary "
        "prevention, and statements by score are left out here.",
        source="nla2020",
        year=2020,
        mark=Mark.SECONDARY,
        when=Is("known_ascvd"),
    ),
    _rule(
        id="general.device",
        text="A device was left out of the score, so the score is not complete. If it is a stent "
        "or belongs to a bypass, this is known coronary disease, and statements by score do not "
        "apply.",
        source="nla2020",
        year=2020,
        mark=Mark.SECONDARY,
        when=Is("device"),
    ),
    _rule(
        id="general.pregnancy",
        text="In pregnancy statements on drugs by score are left out here: statins are usually "
        "stopped, and a CT needs a reason of its own.",
        source="fda2021",
        year=2021,
        mark=Mark.SECONDARY,
        when=Is("pregnant"),
    ),
    _rule(
        id="general.zero-exceptions",
        text="A score of 0 does not reassure here: diabetes, current smoking, familial or severe "
        "hypercholesterolaemia and premature disease in the family carry risk at a score of 0.",
        source="accaha2026",
        year=2026,
        mark=Mark.SECONDARY,
        when=AllOf((ZERO, ZERO_EXCEPTIONS)),
    ),
    _rule(
        id="general.zero",
        text="A score of 0 is not a risk of 0: plaque without calcium is not seen. In MESA one in "
        "five coronary events of ten years in people with a score of 0 came before a repeat scan "
        "after 3 to 5 years would have been made.",
        source="dzaye2021",
        year=2021,
        mark=Mark.VERIFIED,
        when=ZERO,
    ),
    _rule(
        id="general.not-gated",
        text="The scan is not ECG-gated: its score is an estimate, often too low, and moved more "
        "than one in three people to another category in one series. Guideline statements on exact "
        "bands, and on a score of 0, are left out.",
        source="arcadi2014",
        year=2014,
        mark=Mark.VERIFIED,
        when=Is("gated", expected=False),
    ),
    _rule(
        id="general.gating-not-known",
        text="It is not known whether the scan is ECG-gated: statements by score are those for a "
        "gated scan, and without gating the score would be an estimate, often too low.",
        source="arcadi2014",
        year=2014,
        mark=Mark.VERIFIED,
        when=Is("gating_unknown"),
    ),
    _rule(
        id="general.statin",
        text="Under a statin the score does not fall and often rises, as plaque becomes denser: "
        "that is no failure of treatment, and a low score is no reason to stop it.",
        source="osei2021",
        year=2021,
        mark=Mark.SECONDARY,
        when=Is("statin"),
    ),
    _rule(
        id="general.old",
        text="From 80 years PREVENT and the Pooled Cohort Equations do not apply; the decision "
        "rests on health, other diseases and wishes more than on the score.",
        source="khan2024",
        year=2024,
        mark=Mark.VERIFIED,
        when=Range("age", at_least=80),
    ),
    _rule(
        id="general.not-known",
        text="Statements by score are made for adults without known cardiovascular disease, "
        "symptoms or pregnancy; not all of this is known here.",
        source="greenland2010",
        year=2010,
        mark=Mark.SECONDARY,
        when=Is("undecided"),
    ),
)
