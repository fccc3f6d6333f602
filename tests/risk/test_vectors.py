"""Every published vector of the reference folder, to the digits printed; the packaged table."""

import csv
import json
from importlib.resources import files

import pytest

from corcal.risk.mesa_chd import mesa_chd
from corcal.risk.pooled_cohort import pooled_cohort
from corcal.risk.prevent import prevent_model
from corcal.risk.score2 import score2
from corcal.risk.types import Person
from corcal.risk.units import cholesterol_to_mg_dl

pytestmark = pytest.mark.shared

NAMES = {
    "age": "age_years",
    "sex": "sex",
    "race": "race",
    "region": "region",
    "sbp": "systolic_mmhg",
    "tc": "total_cholesterol_mg_dl",
    "hdl": "hdl_mg_dl",
    "egfr": "egfr",
    "bmi": "bmi",
    "hba1c": "hba1c_percent",
    "uacr": "uacr_mg_g",
    "sdi": "sdi_decile",
}
FACTS = {
    "dm": "has_diabetes",
    "smk": "smokes",
    "smoker": "smokes",
    "bp_tx": "takes_bp_medication",
    "bp": "takes_bp_medication",
    "statin": "takes_statin",
    "lip": "takes_statin",
    "fh": "family_history",
}
MMOL = {"tc_mmol": "total_cholesterol_mg_dl", "hdl_mmol": "hdl_mg_dl"}
NO_PERSON = {"years", "cac"}


def person_of(inputs):
    assert inputs.keys() <= NAMES.keys() | FACTS.keys() | MMOL.keys() | NO_PERSON
    return Person(
        **{NAMES[key]: value for key, value in inputs.items() if key in NAMES},
        **{FACTS[key]: bool(value) for key, value in inputs.items() if key in FACTS},
        **{MMOL[key]: cholesterol_to_mg_dl(value) for key, value in inputs.items() if key in MMOL},
    )


def risks_of(vector):
    inputs, calculator = vector["inputs"], vector["calculator"]
    person = person_of(inputs)
    if calculator.startswith("prevent_"):
        found = prevent_model(person, model=calculator.removeprefix("prevent_"))
        return {each.outcome: each.fraction for each in found if each.years == inputs["years"]}
    if calculator == "pce2013":
        return {"ascvd10": pooled_cohort(person).fraction}
    if calculator.startswith("mesa_chd"):
        return {"chd10": mesa_chd(person, agatston=inputs.get("cac")).fraction}
    assert calculator in ("score2", "score2_op")
    return {"pct": 100 * score2(person).fraction}


def test_every_vector_of_the_reference_comes_out_as_printed(shared_dir):
    path = shared_dir / "reference" / "tables" / "test_vectors_risk.json"
    vectors = [
        each
        for each in json.loads(path.read_text(encoding="utf-8"), parse_float=str)
        if each["calculator"] != "arterial_age"
    ]
    assert len(vectors) >= 29
    for vector in vectors:
        inputs = {
            key: float(value) if key not in ("sex", "race", "region") else value
            for key, value in vector["inputs"].items()
        }
        risks = risks_of(vector | {"inputs": inputs})
        for outcome, text in vector["expected"].items():
            digits = len(str(text).partition(".")[2])
            assert round(risks[outcome], digits) == float(text), (vector, outcome)


def test_the_packaged_coefficients_of_prevent_are_those_of_the_reference(shared_dir):
    text = (files("corcal.risk") / "tables" / "prevent.csv").read_text(encoding="utf-8")
    packaged = {}
    for row in csv.DictReader(text.splitlines()):
        key = tuple(row.pop(name) for name in ("model", "years", "sex", "outcome"))
        packaged |= {(*key, term): float(cell) for term, cell in row.items() if cell}
    path = shared_dir / "reference" / "tables" / "prevent_coefficients.csv"
    with path.open(encoding="utf-8", newline="") as file:
        reference = {
            (row["model"], row["horizon_years"], row["sex"], row["outcome"], row["term"]): float(
                row["coef"]
            )
            for row in csv.DictReader(file)
        }
    assert packaged == {key: value for key, value in reference.items() if value != 0}
