"""A real archive: what is sent arrives, comes back by other people's programs, and is equal."""

import pytest
from dicomweb_client.api import DICOMwebClient
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pynetdicom import AE, build_role, evt
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from corcal.errors import PeerError
from corcal.interop.send import (
    Arrival,
    Commitment,
    SendOptions,
    deliver,
    echo,
    parse_address,
)
from corcal.interop.send.objects import find_objects
from ports import free_port

pytestmark = pytest.mark.orthanc

QUICK = SendOptions(backoff_s=0.01, answer_s=20)


@pytest.fixture(params=["C-STORE", "STOW-RS"])
def sent(request, orthanc, exam_folder):
    """The exam in the archive, by one way and by the other."""
    address = orthanc.dicom_url if request.param == "C-STORE" else orthanc.web_url
    objects = find_objects([exam_folder]).objects
    report = deliver(objects, parse_address(address), options=QUICK)
    assert {one.arrival for one in report.deliveries} == {Arrival.ARRIVED}
    assert [one.reason for one in report.deliveries] == [""] * len(objects)
    assert report.is_complete
    return objects


def differing(sent, received):
    """Tags in which two data sets differ, also inside sequences."""
    tags = set(sent.keys()) | set(received.keys())
    return sorted(str(tag) for tag in tags if sent.get(tag) != received.get(tag))


def test_all_kinds_of_objects_come_back_equal_by_wado_rs(orthanc, sent, by_uid):
    """No element is added, changed or lost; the transfer syntax is the one that was sent."""
    assert len(sent) == len(by_uid) == 9  # SEG, two SRs, picture, PDF, four slices
    client = DICOMwebClient(orthanc.web_url)
    for one in by_uid.values():
        received = client.retrieve_instance(
            one.StudyInstanceUID,
            one.SeriesInstanceUID,
            one.SOPInstanceUID,
            media_types=(("application/dicom", "*"),),
        )
        assert differing(one, received) == []
        assert received == one
        assert received.file_meta.TransferSyntaxUID == one.file_meta.TransferSyntaxUID


@pytest.mark.usefixtures("sent")
def test_all_kinds_of_objects_come_back_equal_by_c_get(orthanc, by_uid):
    received = {str(one.SOPInstanceUID): one for one in c_get(orthanc, by_uid.values())}
    assert set(received) == set(by_uid)
    for uid, one in by_uid.items():
        assert differing(one, received[uid]) == []
        assert received[uid].file_meta.TransferSyntaxUID == one.file_meta.TransferSyntaxUID


@pytest.mark.usefixtures("sent")
def test_all_kinds_of_objects_come_back_equal_by_c_move(orthanc, by_uid):
    port = free_port()
    orthanc.is_called_back_at(port, called="STORESCP")
    received = {str(one.SOPInstanceUID): one for one in c_move(orthanc, by_uid.values(), port)}
    assert set(received) == set(by_uid)
    for uid, one in by_uid.items():
        assert differing(one, received[uid]) == []


def test_the_archive_keeps_the_very_bytes_of_every_data_set(orthanc, sent):
    """The file meta information around a data set is the archive's own after C-STORE."""
    kept = {uid: data_set_bytes(content) for uid, content in stored_files(orthanc).items()}
    assert kept == {one.sop_instance_uid: data_set_bytes(one.path.read_bytes()) for one in sent}


def test_the_archive_keeps_the_very_bytes_of_every_posted_file(orthanc, exam_folder):
    objects = find_objects([exam_folder]).objects
    deliver(objects, parse_address(orthanc.web_url), options=QUICK)
    files = {one.sop_instance_uid: one.path.read_bytes() for one in objects}
    assert stored_files(orthanc) == files


def test_sending_twice_leaves_one_of_each(orthanc, sent):
    again = deliver(sent, parse_address(orthanc.dicom_url), options=QUICK)
    assert again.is_complete
    assert len(orthanc.rest("/instances")) == len(sent)


def test_storage_is_committed_on_an_association_of_the_archive(orthanc, exam_folder):
    port = free_port()
    orthanc.is_called_back_at(port)
    options = SendOptions(commit=True, listen=("127.0.0.1", port), answer_s=20, commit_s=20)
    objects = find_objects([exam_folder]).objects
    report = deliver(objects, parse_address(orthanc.dicom_url), options=options)
    assert {one.commitment for one in report.deliveries} == {Commitment.COMMITTED}
    assert report.is_complete


def test_a_commitment_that_nobody_can_hear_is_told_as_failed(orthanc, slices):
    options = SendOptions(commit=True, answer_s=20, commit_s=0.3)
    (one,) = deliver(slices(None), parse_address(orthanc.dicom_url), options=options).deliveries
    assert one.arrival is Arrival.ARRIVED
    assert one.commitment is Commitment.FAILED
    assert one.commitment_reason.startswith("no answer within 0.3 s")
    assert "--listen" in one.commitment_reason


def test_a_kind_of_object_that_the_archive_does_not_know_is_refused_alone(
    orthanc, slices, tmp_path
):
    """The label map segmentation is younger than this archive."""
    (known,) = slices(None)
    young = dcmread(known.path)
    young.SOPClassUID = young.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.66.7"
    young.SOPInstanceUID = young.file_meta.MediaStorageSOPInstanceUID = "2.25.77"
    young.save_as(tmp_path / "young.dcm", enforce_file_format=True)
    objects = find_objects([tmp_path / "young.dcm", known.path]).objects
    refused, taken = deliver(objects, parse_address(orthanc.dicom_url), options=QUICK).deliveries
    assert (refused.sop_instance_uid, refused.arrival) == ("2.25.77", Arrival.REFUSED)
    assert refused.reason == (
        "the archive does not take this SOP class; "
        "offered: Explicit VR Little Endian (1.2.840.10008.1.2.1)"
    )
    assert taken.arrival is Arrival.ARRIVED


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"called": "WRONG"}, "it has another AE title than the one called"),
        ({"calling": "NOBODY"}, "it does not know our AE title"),
    ],
)
def test_a_wrong_ae_title_is_told_and_not_tried_again(orthanc, slices, wrong, reason):
    title = wrong.get("called", "ORTHANC")
    address = parse_address(f"dicom://{title}@127.0.0.1:{orthanc.dicom_port}")
    options = SendOptions(calling=wrong.get("calling", "CORCAL"), backoff_s=60)  # never waited
    (one,) = deliver(slices(None), address, options=options).deliveries
    assert one.arrival is Arrival.NOT_SENT
    assert reason in one.reason
    with pytest.raises(PeerError, match=reason):
        echo(address, options=options)


def test_the_archive_answers_when_asked_whether_it_is_there(orthanc):
    assert "answers (C-ECHO)" in echo(parse_address(orthanc.dicom_url), options=QUICK)
    assert "answers (HTTP 200)" in echo(parse_address(orthanc.web_url), options=QUICK)
    with pytest.raises(PeerError, match="no DICOMweb store at this address"):
        echo(parse_address(orthanc.web_url + "/elsewhere"), options=QUICK)


def stored_files(orthanc):
    """Files in the archive's storage, by SOP Instance UID."""
    files = (orthanc.raw(f"/instances/{one}/file") for one in orthanc.rest("/instances"))
    return {str(dcmread(DicomBytesIO(each)).SOPInstanceUID): each for each in files}


def data_set_bytes(content):
    """What follows the file meta information."""
    file = DicomBytesIO(content)
    meta = dcmread(file, stop_before_pixels=True).file_meta
    return content[132 + 12 + meta.FileMetaInformationGroupLength :]


def c_get(orthanc, objects):
    """Fetch the studies by C-GET."""
    received = []
    kinds = {(one.SOPClassUID, one.file_meta.TransferSyntaxUID) for one in objects}
    ae = AE(ae_title="CORCAL")
    association = ae.associate(
        "127.0.0.1",
        orthanc.dicom_port,
        ae_title="ORTHANC",
        contexts=[
            build_context(StudyRootQueryRetrieveInformationModelGet),
            *(build_context(*kind) for kind in kinds),
        ],
        ext_neg=[build_role(uid, scp_role=True) for uid in {kind[0] for kind in kinds}],
        evt_handlers=[(evt.EVT_C_STORE, keep, [received])],
    )
    assert association.is_established
    for study in {one.StudyInstanceUID for one in objects}:
        answers = association.send_c_get(study_of(study), StudyRootQueryRetrieveInformationModelGet)
        assert [status.Status for status, _ in answers][-1] == 0
    association.release()
    return received


def c_move(orthanc, objects, port):
    """Have the studies sent to a store of ours by C-MOVE."""
    received = []
    kinds = {(one.SOPClassUID, one.file_meta.TransferSyntaxUID) for one in objects}
    ae = AE(ae_title="STORESCP")
    for kind in kinds:
        ae.add_supported_context(*kind)
    server = ae.start_server(
        ("127.0.0.1", port), block=False, evt_handlers=[(evt.EVT_C_STORE, keep, [received])]
    )
    mover = AE(ae_title="CORCAL")
    association = mover.associate(
        "127.0.0.1",
        orthanc.dicom_port,
        ae_title="ORTHANC",
        contexts=[build_context(StudyRootQueryRetrieveInformationModelMove)],
    )
    assert association.is_established
    for study in {one.StudyInstanceUID for one in objects}:
        answers = association.send_c_move(
            study_of(study), "STORESCP", StudyRootQueryRetrieveInformationModelMove
        )
        assert [status.Status for status, _ in answers][-1] == 0
    association.release()
    server.shutdown()
    return received


def study_of(uid):
    wanted = Dataset()
    wanted.QueryRetrieveLevel = "STUDY"
    wanted.StudyInstanceUID = uid
    return wanted


def keep(event, received):
    dataset = event.dataset
    dataset.file_meta = event.file_meta
    received.append(dataset)
    return 0
