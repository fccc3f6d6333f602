"""The FHIR bundle is valid, says what the record says, and keeps its identifiers."""

import hashlib
import json
from base64 import b64decode
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from fhir.resources.R4B.bundle import Bundle

from corcal.ct.scan import Patient
from corcal.errors import InputError
from corcal.interop.codes import CODES, CORCAL, LN, SCT
from corcal.interop.fhir import fhir_bundle, fhir_json
from corcal.interop.observables import NOT_GATED, observables, withdrawn
from corcal.result import RESEARCH_USE, Result
from corcal.risk.types import Race, Region
from interop.exam_cases import (
    CASES,
    PERSON,
    amended_result,
    full_result,
    interpreted,
    made_by,
    not_gated_result,
    other_person_result,
    signed_result,
    top_of_mesa,
    zero_result,
)
from result_maker import make_automatic_result, make_result

NOTHING = {"interpretation": None, "review": None}  # of what a result may have
VESSELS = {"LM": "3227004", "LAD": "59438005", "LCX": "57396003", "RCA": "13647002"}
FIELDS = {  # code of a component: field of SiteScore
    "volume": "volume_mm3",
    "volume-interpolated": "volume_interpolated_mm3",
    "mass": "mass_mg",
    "mass-integrated": "integrated_mass_mg",
    "mass-volume-fraction": "volume_fraction_mass_mg",
    "spatially-weighted": "spatially_weighted",
    "area": "area_mm2",
    "mean-density-factor": "mean_density_factor",
    "mean-hu": "mean_hu",
    "peak-hu": "peak_hu",
    "lesion-count": "lesion_count",
    "slice-lesion-count": "slice_lesion_count",
}


def resources(result: Result, kind: str) -> list[dict]:
    """Read the written text back, and pick the resources of a kind."""
    entries = json.loads(fhir_json(result))["entry"]
    return [each["resource"] for each in entries if each["resource"]["resourceType"] == kind]


def own_code(concept: dict) -> str:
    (code,) = (each["code"] for each in concept["coding"] if each["system"] == CORCAL.uri)
    return code


def observations(result: Result, *, are_withdrawn: bool = False) -> dict[str, dict]:
    """Give the observations that hold, or those that are put as entered in error."""
    return {
        own_code(each["code"]): each
        for each in resources(result, "Observation")
        if (each["status"] == "entered-in-error") is are_withdrawn
    }


def components(observation: dict) -> dict[str, dict]:
    return {own_code(each["code"]): each for each in observation.get("component", ())}


def number(part: dict) -> float:
    return part["valueQuantity"]["value"]


def with_patient(**known: str) -> Result:
    result = make_result()
    return replace(result, scan=replace(result.scan, patient=Patient(**known)))


def walk(node: object) -> Iterator[dict]:
    """Give every object of a JSON tree."""
    if isinstance(node, dict):
        yield node
        for each in node.values():
            yield from walk(each)
    elif isinstance(node, list):
        for each in node:
            yield from walk(each)


@pytest.mark.parametrize("case", CASES)
def test_the_bundle_is_valid_for_the_models_of_fhir(case: str) -> None:
    bundle = Bundle.model_validate_json(fhir_json(CASES[case]()))
    kinds = [entry.resource.get_resource_type() for entry in bundle.entry]
    for kind in ("DiagnosticReport", "Patient", "Device", "ImagingStudy"):
        assert kinds.count(kind) == 1
    assert kinds.count("Observation") >= 6


@pytest.mark.parametrize("case", CASES)
def test_every_reference_leads_to_an_entry_and_every_entry_is_named_once(case: str) -> None:
    bundle = fhir_bundle(CASES[case]())
    names = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(names)) == len(names)
    for entry in bundle["entry"]:
        resource = entry["resource"]
        assert entry["fullUrl"] == f"urn:uuid:{resource['id']}"
        assert entry["request"]["url"] == f"{resource['resourceType']}/{resource['id']}"
    led_to = {node["reference"] for node in walk(bundle) if "reference" in node}
    assert led_to <= set(names)


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_empty_and_an_observation_has_a_value_or_says_why_not(case: str) -> None:
    bundle = fhir_bundle(CASES[case]())
    for node in walk(bundle):
        assert all(value not in (None, "", [], {}) for value in node.values())
    for entry in bundle["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] != "Observation":
            continue
        for part in (resource, *resource.get("component", ())):
            values = [name for name in part if name.startswith("value")]
            assert len(values) == (0 if "dataAbsentReason" in part else 1)
        codes = [own_code(part["code"]) for part in resource.get("component", ())]
        assert len(set(codes)) == len(codes)  # invariant obs-7 holds as well:
        assert own_code(resource["code"]) not in codes


@pytest.mark.parametrize("case", CASES)
def test_every_measured_number_is_that_of_the_record(case: str) -> None:
    result = CASES[case]()
    told = observations(result)
    scores = {"total": result.score.total} | result.score.vessels
    for site, score in scores.items():
        observation = told[f"agatston-{site}"]
        assert number(observation) == score.agatston
        parts = components(observation)
        found = {field: number(parts[code]) for code, field in FIELDS.items() if code in parts}
        wanted = {field: getattr(score, field) for field in FIELDS.values()}
        assert found == {field: value for field, value in wanted.items() if value is not None}
        if score.interval is None:
            assert "agatston-interval" not in parts
            continue
        ends = parts["agatston-interval"]["valueRange"]
        assert (ends["low"]["value"], ends["high"]["value"]) == (
            score.interval.low,
            score.interval.high,
        )
        assert number(parts["agatston-interval-level"]) == score.interval.level


def test_the_probabilities_of_the_categories_read_back() -> None:
    result = make_automatic_result()
    parts = components(observations(result)["agatston-total"])
    names = ("0", "1-100", "101-400", "above-400")
    assert [number(parts[f"probability-score-{name}"]) for name in names] == [0.1, 0.9, 0.0, 0.0]
    assert number(parts["threshold"]) == 130.0
    assert number(parts["mass-calibration"]) == 0.743
    assert parts["rule"]["valueString"] == "textbook"


def test_the_interpretation_reads_back() -> None:
    result = full_result()
    told, meaning = observations(result), result.interpretation
    for scheme, category in meaning.categories.items():
        value = told[f"category-{scheme}"]["valueCodeableConcept"]
        assert own_code(value) == f"{scheme}:{category.code}"
    mesa = meaning.percentile["mesa"]
    assert number(told["percentile-mesa"]) == mesa.value
    parts = components(told["percentile-mesa"])
    assert number(parts["reference-nonzero"]) == mesa.p_nonzero
    assert {p: number(parts[f"reference-score-{p}"]) for p in mesa.scores} == mesa.scores
    hoff, ends = meaning.percentile["hoff"], told["percentile-hoff"]["valueRange"]
    assert (ends["low"]["value"], ends["high"]["value"]) == (hoff.at_least, hoff.at_most)
    assert number(told["arterial-age"]) == meaning.arterial_age.years
    risks = {code: number(each) for code, each in told.items() if code.startswith("risk-")}
    assert risks == {
        f"risk-{each.model}-{each.outcome}-{each.years}y": each.fraction
        for each in meaning.estimates
        if each.fraction is not None
    }
    assert len(risks) == 8  # MESA twice, Pooled Cohort Equations, five outcomes of PREVENT


def test_without_an_interpretation_nothing_is_said_of_meaning() -> None:
    codes = observations(make_automatic_result())
    assert not [code for code in codes if code.startswith(("category", "percentile", "risk"))]


def test_a_score_of_zero_has_no_percentile_and_says_why() -> None:
    told = observations(zero_result())
    assert number(told["agatston-total"]) == 0
    assert "valueQuantity" not in told["percentile-mesa"]
    why = told["percentile-mesa"]["dataAbsentReason"]["text"]
    assert why == "The reference gives no percentile for this score."
    assert number(components(told["percentile-mesa"])["reference-nonzero"]) > 0


def test_a_person_outside_the_reference_is_told_why() -> None:
    told = observations(interpreted(make_automatic_result(), None))
    why = told["percentile-mesa"]["dataAbsentReason"]["text"]
    assert why == "age, sex and race are not known"


def test_the_total_alone_has_the_code_of_the_score() -> None:
    # who asks a server for the score of a patient must not be given that of one artery
    with_code = [
        own_code(each["code"])
        for each in resources(full_result(), "Observation")
        if any(coding["code"] == "450360000" for coding in each["code"]["coding"])
    ]
    assert with_code == ["agatston-total"]


def test_arteries_are_members_of_the_total_and_have_their_place() -> None:
    told = observations(make_result())
    members = [each["reference"] for each in told["agatston-total"]["hasMember"]]
    assert members == [f"urn:uuid:{told[f'agatston-{site}']['id']}" for site in VESSELS]
    for site, code in VESSELS.items():
        place = told[f"agatston-{site}"]["bodySite"]
        assert place["coding"][0] | {"display": ""} == {
            "system": SCT.uri,
            "code": code,
            "display": "",
        }
        assert place["text"] == site


def test_calcium_outside_the_arteries_is_no_member_and_bone_is_not_told() -> None:
    told = observations(full_result())
    valve = told["agatston-aortic_valve"]
    assert number(valve) == 1.0 / 3.0
    assert valve["bodySite"]["coding"][0]["code"] == "34202007"
    members = [each["reference"] for each in told["agatston-total"]["hasMember"]]
    assert f"urn:uuid:{valve['id']}" not in members
    assert "bone" not in fhir_json(full_result())


def test_the_only_loinc_code_is_that_of_the_examination() -> None:
    for case in CASES.values():
        codings = [node for node in walk(fhir_bundle(case())) if node.get("system") == LN.uri]
        assert {each["code"] for each in codings} == {"36934-8"}


def test_every_code_of_corcal_is_in_the_table_or_of_an_open_set() -> None:
    for case in CASES.values():
        for node in walk(fhir_bundle(case())):
            if node.get("system") == CORCAL.uri:
                known = node["code"] in CODES or node["code"].startswith("risk-")
                assert known or ":" in node["code"], node["code"]


@pytest.mark.parametrize("case", CASES)
def test_every_resource_and_score_says_research_use(case: str) -> None:
    result = CASES[case]()
    for entry in fhir_bundle(result)["entry"]:
        assert entry["resource"]["meta"]["tag"][0]["code"] == "research-use-only"
    assert RESEARCH_USE in resources(result, "DiagnosticReport")[0]["conclusion"]
    for site in ("total", *VESSELS):
        notes = [note["text"] for note in observations(result)[f"agatston-{site}"]["note"]]
        assert RESEARCH_USE in notes


def test_a_scan_without_gating_has_no_percentile_and_no_risk_with_the_calcium() -> None:
    told = observations(not_gated_result())
    for name in ("percentile-mesa", "percentile-hoff"):
        assert "without ECG gating" in told[name]["dataAbsentReason"]["text"]
        assert "component" not in told[name]
    assert "risk-mesa_chd-chd-10y" in told
    assert not {"risk-mesa_chd_with_cac-chd-10y", "arterial-age"} & told.keys()
    assert "risk-mesa_chd_with_cac-chd-10y" in observations(full_result())


def test_facts_that_contradict_the_headers_are_told_with_all_that_follows_from_them() -> None:
    result = other_person_result()
    texts = (
        "The age typed (66) is not that of the scan's header (61).",
        "The sex typed (male) is not that of the scan's header (female).",
    )
    report = resources(result, "DiagnosticReport")[0]
    told = observations(result)
    for text in texts:
        caution = f"Caution: {text} What is said of the person may be of another one."
        assert caution in report["conclusion"]
        for name in ("percentile-mesa", "risk-mesa_chd_with_cac-chd-10y", "category-plain"):
            assert caution in [note["text"] for note in told[name]["note"]]
    assert "Caution" not in json.dumps(fhir_bundle(full_result()))


def test_the_pdf_of_the_report_is_its_presented_form() -> None:
    pdf = b"%PDF-1.7\n" + bytes(range(256))
    text = fhir_json(full_result(), pdf=pdf)
    Bundle.model_validate_json(text)
    report = json.loads(text)["entry"][0]["resource"]
    (form,) = report["presentedForm"]
    assert b64decode(form["data"], validate=True) == pdf
    assert b64decode(form["hash"]) == hashlib.sha1(pdf, usedforsecurity=False).digest()
    told = (form["contentType"], form["language"], form["size"], form["title"])
    assert told == ("application/pdf", "en", len(pdf), "Coronary calcium report")
    assert form["creation"] == full_result().provenance.created
    assert "presentedForm" not in resources(full_result(), "DiagnosticReport")[0]


def test_what_is_no_pdf_is_no_presented_form() -> None:
    with pytest.raises(InputError, match="a PDF begins with '%PDF-', these 4 bytes do not"):
        fhir_json(make_result(), pdf=b"text")


def test_a_scan_without_gating_is_flagged_in_words_and_as_a_value() -> None:
    told = observations(not_gated_result())
    assert told["agatston-total"]["code"]["text"].startswith("Agatston-equivalent")
    assert NOT_GATED in [note["text"] for note in told["agatston-LAD"]["note"]]
    assert components(told["suitability"])["ecg-gated"]["valueBoolean"] is False
    gated = observations(full_result())
    assert components(gated["suitability"])["ecg-gated"]["valueBoolean"] is True
    assert NOT_GATED not in json.dumps(gated)


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (make_automatic_result(), "preliminary"),
        (made_by(make_automatic_result(), reader="Reader^One"), "preliminary"),  # named, not signed
        (signed_result(is_complete=False), "preliminary"),
        (signed_result(), "final"),
        (amended_result(agatston_before=14.0), "amended"),  # the score is 14
        (amended_result(agatston_before=14.5), "corrected"),
        (amended_result(agatston_before=14.5, is_complete=False), "preliminary"),
    ],
)
def test_a_report_is_preliminary_until_a_reader_has_signed_it(result: Result, status: str) -> None:
    report = resources(result, "DiagnosticReport")[0]
    assert report["status"] == status
    assert {one["status"] for one in observations(result).values()} == {status}
    reader = result.provenance.reader
    assert report.get("performer") == ([{"display": reader}] if reader else None)


def test_after_a_review_nobody_says_that_nobody_has_checked() -> None:
    unnamed = made_by(signed_result(), reader=None)  # as without the names
    words = "Found by software alone"
    assert words not in json.dumps(fhir_bundle(unnamed))
    assert words in json.dumps(fhir_bundle(make_automatic_result()))


def test_the_same_exam_has_the_same_names_and_another_has_others() -> None:
    first = fhir_bundle(full_result())
    assert first == fhir_bundle(full_result())
    result = full_result()
    again = replace(result, provenance=replace(result.provenance, created="2027-01-01T00:00:00Z"))
    other = replace(result, scan=replace(result.scan, series_instance_uid="2.25.99"))
    ids = [
        {entry["resource"]["id"] for entry in each["entry"]}
        for each in (first, fhir_bundle(again), fhir_bundle(other))
    ]
    assert ids[0] == ids[1]
    patient = resources(result, "Patient")[0]["id"]
    assert ids[0] & ids[2] == {patient}


def test_the_last_percentile_of_mesa_is_a_lower_bound() -> None:
    told = observations(top_of_mesa())["percentile-mesa"]
    assert told["valueRange"]["low"]["value"] == 99
    assert "high" not in told["valueRange"]
    assert "valueQuantity" not in told


def test_a_corrected_report_says_first_what_it_corrects_and_why() -> None:
    result = amended_result(agatston_before=101.25)
    report = resources(result, "DiagnosticReport")[0]
    assert report["conclusion"].startswith(
        "Addendum: this report corrects the one signed on 2026-01-03 10:07:08 UTC by Reader^One. "
        "Reason: Bone was counted. Agatston score then 101.2 (category 101-400), now 14.0. "
    )
    told = observations(result)["amendment"]
    assert told["valueString"] == "Bone was counted"
    details = components(told)
    assert details["amendment-agatston-before"]["valueQuantity"]["value"] == 101.25
    assert details["amendment-signed-before"]["valueString"] == "2026-01-03T10:07:08+00:00"
    assert details["amendment-category-before"]["valueString"] == "101-400"
    assert details["amendment-fit-before"]["valueBoolean"] is True
    unknown = observations(amended_result(agatston_before=101.25, fit_before=None))["amendment"]
    assert "amendment-fit-before" not in str(unknown)
    assert "amendment" not in observations(signed_result())
    (form,) = resources_with_pdf(result)["presentedForm"]
    assert form["title"] == "Coronary calcium report, addendum"


def resources_with_pdf(result: Result) -> dict[str, object]:
    bundle = fhir_bundle(result, pdf=b"%PDF-1.7")
    return next(
        entry["resource"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "DiagnosticReport"
    )


def test_a_corrected_report_takes_the_place_of_the_signed_one() -> None:
    first, second = signed_result(), amended_result(agatston_before=101.25)
    ids = [resources(one, "DiagnosticReport")[0]["id"] for one in (first, second)]
    assert ids[0] == ids[1]


def test_the_signed_report_takes_the_place_of_the_preliminary_one() -> None:
    first, signed = make_automatic_result(), signed_result()
    for result in (signed, made_by(signed, rule="ge")):  # the reader may have chosen another rule
        ids = [
            {
                entry["resource"]["id"]
                for entry in fhir_bundle(each)["entry"]
                if entry["resource"].get("status") != "entered-in-error"
            }
            for each in (replace(first, review=None), replace(result, review=None))
        ]
        assert ids[0] == ids[1]
    marked = made_by(make_automatic_result(), method="annotation")
    other = resources(marked, "DiagnosticReport")[0]["id"]
    assert other != resources(signed, "DiagnosticReport")[0]["id"]


def ids_of(observations: Iterable[dict]) -> set[str]:
    return {each["id"] for each in observations}


def test_what_the_corrected_report_does_not_tell_any_more_is_put_as_in_error() -> None:
    full = full_result()  # with an aortic valve, a meaning, and advice to review
    before = replace(signed_result(), score=full.score, interpretation=full.interpretation)
    after = replace(amended_result(agatston_before=14.5), review=None)
    told, gone = observations(before), observations(after, are_withdrawn=True)
    lost = set(told) - set(observations(after))
    assert {"agatston-aortic_valve", "arterial-age", "percentile-mesa", "review-advised"} <= lost
    assert lost <= set(gone)
    assert all(gone[name]["id"] == told[name]["id"] for name in lost)
    assert all(gone[name]["code"]["coding"] == told[name]["code"]["coding"] for name in lost)
    for each in gone.values():
        assert not [name for name in each if name.startswith("value")]
        assert each["subject"] == told["suitability"]["subject"]
    report = resources(after, "DiagnosticReport")[0]
    referred = {one["reference"].removeprefix("urn:uuid:") for one in report["result"]}
    assert referred == ids_of(observations(after).values())
    assert not referred & ids_of(gone.values())


def test_every_signed_report_withdraws_and_no_preliminary_one_does() -> None:
    assert "amendment" in observations(signed_result(), are_withdrawn=True)
    assert "review-advised" not in observations(signed_result(), are_withdrawn=True)  # it is told
    for result in (make_automatic_result(), full_result(), signed_result(is_complete=False)):
        assert observations(result, are_withdrawn=True) == {}
    taken_back = amended_result(agatston_before=14.5, is_complete=False)
    assert "arterial-age" in observations(taken_back, are_withdrawn=True)


@pytest.mark.parametrize("case", CASES)
def test_all_that_is_told_of_any_exam_is_of_the_vocabulary_that_is_withdrawn(case: str) -> None:
    told = {each.key: each.fact.concept for each in observables(CASES[case]())}
    bare = {each.key: each.fact.concept for each in withdrawn(replace(CASES[case](), **NOTHING))}
    always = {each.key for each in observables(replace(CASES[case](), **NOTHING))}
    others = set(told) - always - set(CASES[case]().score.other_sites)
    assert {name: told[name] for name in others} == {name: bare[name] for name in others}


@pytest.mark.parametrize("race", Race)
@pytest.mark.parametrize("age_years", [35.0, 61.0, 75.0])
def test_every_estimate_of_anybody_is_of_the_vocabulary(age_years: float, race: Race) -> None:
    known = {each.key for each in withdrawn(replace(make_result(), **NOTHING))}
    for optional in ({}, {"hba1c_percent": 6.0}, {"uacr_mg_g": 20.0}, {"sdi_decile": 4}):
        person = replace(PERSON, age_years=age_years, race=race, region=Region.LOW, **optional)
        meaning = interpreted(make_automatic_result(), person).interpretation
        told = {f"risk-{each.model}-{each.outcome}-{each.years}y" for each in meaning.estimates}
        told |= {f"category-{scheme}" for scheme in meaning.categories}
        assert told | {f"percentile-{name}" for name in meaning.percentile} <= known


@pytest.mark.parametrize("result", [signed_result(), amended_result(agatston_before=14.5)])
def test_a_bundle_that_withdraws_is_valid_and_without_gaps(result: Result) -> None:
    bundle = Bundle.model_validate_json(fhir_json(result))
    names = [entry.fullUrl for entry in bundle.entry]
    assert len(set(names)) == len(names)
    for each in resources(result, "Observation"):
        assert [name for name in each if name.startswith("value")] or "dataAbsentReason" in each


def test_who_has_read_is_the_interpreter_of_the_results() -> None:
    report = resources(signed_result(), "DiagnosticReport")[0]
    assert report["resultsInterpreter"] == [{"display": "Reader^One"}]
    named = made_by(make_automatic_result(), reader="Reader^One")
    assert "resultsInterpreter" not in resources(named, "DiagnosticReport")[0]


def test_two_people_of_one_identifier_are_two_patients() -> None:
    one = resources(with_patient(patient_id="7", name="Roe^Ann"), "Patient")[0]
    two = resources(with_patient(patient_id="7", name="Roe^Bob"), "Patient")[0]
    assert one["id"] != two["id"]


def test_a_name_is_taken_apart_and_a_second_script_is_a_name_of_its_own() -> None:
    patient = resources(
        with_patient(name="Yamada^Tarou^Q^Dr^Jr=\u5c71\u7530^\u592a\u90ce", sex="M"), "Patient"
    )[0]
    latin, kanji = patient["name"]
    assert latin == {
        "text": "Dr Tarou Q Yamada Jr",
        "family": "Yamada",
        "given": ["Tarou", "Q"],
        "prefix": ["Dr"],
        "suffix": ["Jr"],
    }
    assert (kanji["family"], kanji["given"]) == ("\u5c71\u7530", ["\u592a\u90ce"])
    assert patient["gender"] == "male"


@pytest.mark.parametrize(
    ("changes", "absent"),
    [
        ({"date": "2026-02-30"}, "effectiveDateTime"),  # no such day
        ({"date": "yesterday"}, "effectiveDateTime"),
    ],
)
def test_a_date_that_is_none_is_left_out(changes: dict, absent: str) -> None:
    result = make_result()
    odd = replace(result, scan=replace(result.scan, **changes))
    assert absent not in resources(odd, "DiagnosticReport")[0]
    Bundle.model_validate_json(fhir_json(odd))


@pytest.mark.parametrize("uid", ["1.2.x", "", "1..2", "01.2", "1." * 32 + "1", "<script>"])
def test_a_uid_that_is_none_is_not_given_as_one(uid: str) -> None:
    result = make_result()
    odd = replace(
        result, scan=replace(result.scan, series_instance_uid=uid, study_instance_uid=uid)
    )
    (study,) = resources(odd, "ImagingStudy")
    assert "series" not in study
    assert "identifier" not in study
    Bundle.model_validate_json(fhir_json(odd))


def test_text_of_headers_cannot_break_the_narrative() -> None:
    result = make_result()
    finding = replace(result.suitability.findings[0], message="<b>&\x00\x07 odd")
    odd = replace(result, suitability=replace(result.suitability, findings=(finding,)))
    note = observations(odd)["suitability"]["note"][0]["text"]
    assert note == "KVP (warning): <b>& odd"
    Bundle.model_validate_json(fhir_json(odd))
