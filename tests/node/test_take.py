"""Which studies are taken in."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from corcal.ct.suitability.verdict import Verdict
from corcal.node.rules import NodeRules
from corcal.node.take import decide, take_rule_of
from corcal.node.types import StudySummary
from node.delivering import rules_of

NOW = datetime(2026, 1, 2, tzinfo=UTC)
STUDY = StudySummary(
    study_instance_uid="1.2.3",
    peer="CT",
    calling_aet="SCANNER",
    address="10.0.0.7",
    modalities=("CT", "SR"),
    descriptions=("Heart", "CaScore 3.0"),
    images=56,
    bytes=1000,
    patient_key="k",
    is_reopened=False,
    is_fetched=False,
    first_image_at=NOW,
    last_image_at=NOW,
)
PEERS = '[[peer]]\nname = "CT"\naet = "A"\n[[peer]]\nname = "MR"\naet = "B"\n'


def test_without_rules_every_ct_study_is_taken() -> None:
    assert decide(STUDY, NodeRules()).taken
    refused = decide(replace(STUDY, modalities=("MR",)), NodeRules())
    assert (refused.taken, refused.why) == (False, "it holds no CT images")


@pytest.mark.parametrize(
    ("rule", "taken"),
    [
        ('from = "CT"', True),
        ('from = "MR"', False),
        ('modality = ["SR"]', True),
        ('modality = ["MR"]', False),
        ('description = "(?i)CASC"', True),
        ('description = "^Lung"', False),
    ],
)
def test_a_rule_fits_or_does_not(tmp_path: Path, rule: str, taken: bool) -> None:
    decision = decide(STUDY, rules_of(tmp_path, f"{PEERS}[[take]]\n{rule}\n"))
    assert decision.taken is taken
    assert decision.why == ("[[take]] rule 1" if taken else "no [[take]] rule fits")


def test_the_first_rule_that_fits_decides(tmp_path: Path) -> None:
    text = '[[take]]\ndescription = "Lung"\n[[take]]\nscore = false\n[[take]]\n'
    decision = decide(STUDY, rules_of(tmp_path, text))
    assert (decision.taken, decision.why) == (False, "[[take]] rule 2")


def test_what_the_node_asked_for_is_taken_whatever_the_rules_say(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, "[[take]]\nscore = false\n")
    assert decide(replace(STUDY, is_fetched=True), rules).taken


def test_the_rule_of_an_exam_is_found_again(tmp_path: Path) -> None:
    text = f'{PEERS}[[take]]\nfrom = "CT"\ndescription = "Heart"\nsuitable = "fit"\n'
    rules = rules_of(tmp_path, text)
    assert take_rule_of(rules, peer="CT", texts=["Heart", None]).suitable == (Verdict.FIT,)
    for peer, texts in (("MR", ["Heart"]), ("CT", ["Lung"]), ("CT", [None])):
        usual = take_rule_of(rules, peer=peer, texts=texts)
        assert usual.suitable == (Verdict.FIT, Verdict.CAUTION)
