"""The codes: each once, documented, and of the standards only those that are known to be right."""

from collections import Counter
from pathlib import Path

import pytest
from pydicom.sr.codedict import codes

from corcal.interop.codes import (
    AGATSTON_METHOD,
    CODES,
    CORCAL,
    CORONARY_ARTERIES,
    DCM,
    EXAMINATION,
    MASS_METHOD,
    SCT,
    SITE_CONCEPTS,
    VOLUME_METHOD,
    Concept,
    codes_as_markdown,
    corcal_code,
)

DOCS = Path(__file__).resolve().parents[2] / "docs" / "fhir_hl7.md"
OF_STANDARDS = [
    AGATSTON_METHOD,
    VOLUME_METHOD,
    MASS_METHOD,
    CORONARY_ARTERIES,
    *SITE_CONCEPTS.values(),
    *(same for concept in CODES.values() for same in concept.same_as),
]
NOT_IN_DICOM = {
    "450734004",  # SNOMED CT, as the HL7 guide of Lithuania has it
    "36934-8",  # LOINC, the examination
}


@pytest.mark.parametrize("concept", OF_STANDARDS, ids=lambda concept: concept.code)
def test_a_code_of_a_standard_is_in_the_dictionary_of_pydicom(concept: Concept) -> None:
    if concept.code in NOT_IN_DICOM:
        return
    known = {
        code.value
        for scheme in (codes.SCT, codes.DCM)
        for name in scheme.dir()
        for code in [getattr(scheme, name)]
        if code.value == concept.code and code.scheme_designator == concept.system.name
    }
    assert known == {concept.code}


# As the project's collection of codes has them, with where each was read: DICOM PS3.16 CID 3015,
# 3016, 3604, 6140 and 6142, as pydicom holds them. It names the thoracic aorta as a whole; the two
# parts of the aorta, the mitral annulus, pericardium, bone and lymph node are in the same
# dictionary, which the test above asks.
COLLECTED = {
    "LM": "3227004",
    "LAD": "59438005",
    "LCX": "57396003",
    "RCA": "13647002",
    "aortic_valve": "34202007",
}
ALSO_IN_DICOM = {
    "ascending_aorta": "54247002",
    "descending_aorta": "281130003",
    "mitral_annulus": "65197004",
    "pericardium": "76848001",
    "bone": "272673000",
    "lymph_node": "59441001",
}


def test_only_these_codes_of_standards_are_used() -> None:
    used = {(each.system.name, each.code) for each in OF_STANDARDS}
    assert {code for system, code in used if system == DCM.name} == {
        *("112055", "112056", "112057"),
        *("122657", "122660", "122661"),
    }
    assert {code for system, code in used if system == SCT.name} == {
        *("450360000", "450734004", "41801008"),
        *COLLECTED.values(),
        *ALSO_IN_DICOM.values(),
    }
    assert EXAMINATION.code == "36934-8"


def test_a_site_has_the_code_that_was_collected_for_it() -> None:
    named = {site: concept.code for site, concept in SITE_CONCEPTS.items()}
    assert named == COLLECTED | ALSO_IN_DICOM


def test_no_two_codes_mean_the_same() -> None:
    assert max(Counter(each.display for each in CODES.values()).values()) == 1
    assert all(code == each.code for code, each in CODES.items())


def test_the_documentation_has_every_code_and_the_name_of_the_system() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert codes_as_markdown() in text
    assert CORCAL.uri in text
    assert CORCAL.name in text


def test_the_system_is_an_oid_made_from_a_uuid() -> None:
    prefix, _, number = CORCAL.uri.rpartition(".")
    assert prefix == "urn:oid:2.25"
    assert int(number) < 2**128


def test_a_code_that_does_not_exist_is_a_mistake_of_the_program() -> None:
    with pytest.raises(KeyError):
        corcal_code("agatston-total-2")
