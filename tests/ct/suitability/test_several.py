from dataclasses import replace

import pytest

from corcal.ct.scan import Patient
from corcal.ct.suitability.several import several_finding
from suitability_maker import make_series_header


def series(uid, *, patient_id=None, name=None, study=None, folder=".", format="dicom"):
    patient = Patient(patient_id=patient_id, name=name)
    made = make_series_header(uid=uid, slice_count=2, patient=patient, format=format)
    return replace(
        made,
        identity=replace(made.identity, study_instance_uid=study),
        images=tuple(replace(one, source=f"{folder}/{one.source}") for one in made.images),
    )


def code_of(*listed):
    found = several_finding(listed[0], listed[1:])
    return found and found.code


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        ({"patient_id": "1"}, {"patient_id": "2"}, "SEVERAL_PATIENTS"),
        ({"patient_id": "1", "study": "9"}, {"patient_id": "2", "study": "9"}, "SEVERAL_PATIENTS"),
        ({"name": "Doe^Jane"}, {"name": "Doe^John"}, "SEVERAL_PATIENTS"),
        # one number is given to two people by two hospitals
        (
            {"patient_id": "1", "name": "Doe^Jane"},
            {"patient_id": "1", "name": "Roe"},
            "SEVERAL_PATIENTS",
        ),
        # nobody is named: another study may be another person
        ({"study": "8"}, {"study": "9"}, "SEVERAL_PATIENTS"),
        ({"patient_id": "1", "study": "8"}, {"name": "Doe", "study": "9"}, "SEVERAL_PATIENTS"),
        # not even a study: DICOM by folder, volume files each by itself
        ({"folder": "a"}, {"folder": "b"}, "SEVERAL_PATIENTS"),
        ({"folder": "a"}, {"folder": "a"}, None),
        ({"patient_id": "1", "study": "8"}, {"patient_id": "1", "study": "9"}, "SEVERAL_STUDIES"),
        ({"patient_id": "1", "study": "8"}, {"patient_id": "1", "study": "8"}, None),
        ({"patient_id": "1", "study": "8"}, {"patient_id": "1"}, None),
        ({"study": "8"}, {"study": "8"}, None),
        # two writings of one name
        ({"name": "Doe^Jane"}, {"name": "DOE^JANE^^=x"}, None),
        ({"patient_id": "1"}, {"patient_id": " 1 ", "name": "Doe"}, None),
    ],
)
def test_patients_and_studies_are_told_apart_by_what_both_headers_say(one, other, code):
    pair = series("1", **one), series("2", **other)
    assert code_of(*pair) == code
    assert code_of(*pair[::-1]) == code


def test_two_volume_files_may_be_of_two_patients():
    volumes = []
    for name in ("a.nii", "b.nii"):  # in one folder
        made = series(None, format="nifti")
        images = tuple(replace(one, source=name) for one in made.images)
        volumes.append(replace(made, images=images))
    assert code_of(*volumes) == "SEVERAL_PATIENTS"
    assert code_of(volumes[0]) is None


def test_the_message_names_one_series_of_each_other_patient_and_no_patient():
    listed = [
        series("1.1", patient_id="4711", name="Doe^Jane"),
        series("1.2", patient_id="4711", name="Doe^Jane"),
        series("1.3", patient_id="0815", name="Roe", folder="cd/b"),
        series("1.4", patient_id="0815", name="Roe", folder="cd/c"),
    ]
    found = several_finding(listed[0], listed[1:])
    assert found.severity == "warning"
    assert found.message == (
        "2 patients are in what was given; series 1.1 was chosen; the others: 1.3 (folder cd/b); "
        "choose with --series"
    )


def test_patients_that_nobody_names_are_only_supposed():
    found = several_finding(series("1", study="8"), [series("2", study="9")])
    assert found.message.startswith(
        "what was given may be of 2 patients (not all headers name one)"
    )


def test_a_long_list_of_patients_is_cut():
    many = [series(f"1.{k}", patient_id=str(k)) for k in range(9)]
    message = several_finding(many[0], many[1:]).message
    assert message.startswith("9 patients are")
    assert "1.6 (folder .), and 2 more; choose" in message  # eight others, six named
