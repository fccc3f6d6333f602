"""Candidates: from a detection, from marks, to a file and back."""

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from corcal.errors import InputError
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.pipeline import Options, score_scan
from corcal.review import (
    Assign,
    candidates_of,
    load_candidates,
    measured,
    replay,
    review_result,
    save_candidates,
)
from corcal.review.candidates import Proposer, marked_candidates
from corcal.review.candidates_file import candidates_from_bytes, candidates_to_bytes
from corcal.scoring.measure import measure
from report.automatic_scan import Dense, make_anatomy, with_dense
from review.review_maker import SPACING_MM, automatic, by, marked
from scoring.small_scans import make_scan
from true_detection import automatic_of


def test_every_piece_near_the_heart_is_a_candidate_calcium_or_not(exam):
    found = candidates_of(exam)
    pieces = exam.detection.judged.pieces
    assert found.proposer is Proposer.AUTOMATIC
    assert np.array_equal(found.index, pieces.index)
    assert found.count == pieces.count
    assert {Site.BONE, Site.LAD} <= {found.site_of(k) for k in range(found.count)}
    assert all(found.why)
    assert found.probabilities.sum(axis=1) == pytest.approx(1.0)


def test_candidates_are_numbered_by_their_first_voxels(exam):
    for found in (candidates_of(exam), marked_candidates(exam.scan, exam.voxels)):
        first = [int(index[0]) for index in found.voxels()]
        assert first == sorted(first)
        assert np.array_equal(np.unique(found.candidate), np.arange(found.count))


def test_candidates_give_the_decisions_back(exam):
    assert candidates_of(exam).decisions(exam.scan) == exam.detection.decisions


def test_a_review_without_changes_has_the_automatic_score_to_the_last_digit(exam):
    found = candidates_of(exam)
    state = replay(found, exam.scan, [])
    assert measured(state) == measure(exam.scan, exam.voxels)
    result = review_result(state, exam.result, [], reader="reader-7")
    assert result.score == exam.result.score
    assert result.lesions == tuple(replace(one, origin="automatic") for one in exam.result.lesions)
    confirmed, _ = by(
        state,
        *(Assign(candidates=(k,), site=found.site_of(k).label) for k in range(found.count)),
    )
    assert measured(confirmed) == measured(state)


def test_the_exam_of_a_person_has_the_same_score_in_a_review(exam):
    scan = exam.scan
    state = replay(marked_candidates(scan, exam.voxels), scan, [])
    assert measured(state) == measure(scan, exam.voxels)


def test_a_detection_that_kept_nothing_is_refused(monkeypatch):
    _, scan, detection = with_dense([Dense(site=Site.LAD, at=(10, 60, 60))])
    found = automatic_of(scan, detection.voxels, make_anatomy())
    monkeypatch.setattr("corcal.pipeline.find_calcium", lambda *_, **__: found)
    exam = score_scan(scan, Options(force=True))
    with pytest.raises(InputError, match="the detection kept no candidates"):
        candidates_of(exam)


# A person's marks


def with_marks(values, sites):
    """Candidates of a scan of one slice, 0.25 mm2 a pixel."""
    hu = np.array([values])
    label = np.array([sites], np.uint8)
    scan = make_scan(hu, SPACING_MM)
    index = np.flatnonzero(label)
    marks = SiteVoxels(shape=label.shape, index=index, site=label.reshape(-1)[index])
    return scan, marked_candidates(scan, marks)


def test_a_lesion_that_is_marked_in_part_is_two_candidates():
    values = [[40, 200, 200, 200, 200, 40]]
    _, found = with_marks(values, [[0, 2, 2, 0, 0, 0]])
    assert [found.site_of(k) for k in range(found.count)] == [Site.LAD, None]
    assert [index.tolist() for index in found.voxels()] == [[1, 2], [3, 4]]


def test_marks_below_the_threshold_are_kept_and_other_voxels_are_not():
    _, found = with_marks([[40, 100, 130, 129, 130, 130]], [[0, 2, 2, 0, 0, 0]])
    assert [index.tolist() for index in found.voxels()] == [[1, 2], [4, 5]]


def test_specks_are_candidates_if_they_are_marked_alone():
    # one pixel is 0.25 mm2, two are 0.5 mm2
    values = [[300, 40, 300, 40, 300, 300]]
    _, found = with_marks(values, [[0, 0, 3, 0, 0, 0]])
    assert [index.tolist() for index in found.voxels()] == [[2], [4, 5]]
    assert found.agatston.tolist() == [0.0, 0.0]


def test_marks_of_two_sites_that_touch_are_two_candidates():
    _, found = with_marks([[300] * 4], [[1, 1, 2, 2]])
    assert [found.site_of(k) for k in range(2)] == [Site.LM, Site.LAD]


def test_an_annotation_without_marks_has_the_dense_rest_for_candidates():
    scan, found = with_marks([[40, 200, 200, 40]], [[0, 0, 0, 0]])
    assert [index.tolist() for index in found.voxels()] == [[1, 2]]
    assert measured(replay(found, scan, [])).score.total.agatston == 0.0


def test_a_scan_without_anything_dense_has_no_candidates():
    scan, found = with_marks([[40, 40]], [[0, 0]])
    assert (found.count, found.voxels()) == (0, ())
    state = replay(found, scan, [])
    assert measured(state).score.total.agatston == 0.0
    assert state.owners(np.array([0, 1])).tolist() == [-1, -1]
    assert candidates_from_bytes(candidates_to_bytes(found)).count == 0


def test_a_rule_that_reaches_lower_finds_what_it_counts():
    hu = np.array([[[40, 119, 125, 118]]])
    nothing = SiteVoxels(shape=(1, 1, 4), index=np.zeros(0, np.int64), site=np.zeros(0, np.uint8))
    scan = make_scan(hu, SPACING_MM)
    assert marked_candidates(scan, nothing).count == 0
    found = marked_candidates(scan, nothing, rule="kvp135")
    assert [index.tolist() for index in found.voxels()] == [[1, 2]]


# The scan of the candidates


def test_candidates_refuse_another_scan():
    scan, found = automatic()
    hu = scan.hu.copy()
    hu[4, 10, 10] += 1
    with pytest.raises(InputError, match="of another scan: its Hounsfield units differ"):
        replay(found, replace(scan, hu=hu), [])
    with pytest.raises(InputError, match=r"of shape \(10, 40, 40\), this one has \(1, 2, 3\)"):
        replay(found, make_scan(np.zeros((1, 2, 3), int)), [])
    hu = scan.hu.copy()
    hu[0, 0, 0] += 1  # no candidate's voxel
    replay(found, replace(scan, hu=hu), [])


# The file


def same(one, other):
    for name in ("index", "candidate", "site", "agatston", "voxel", "split_from"):
        left, right = getattr(one, name), getattr(other, name)
        assert left.dtype == right.dtype, name
        assert np.array_equal(left, right), name
    for name in ("shape", "why", "threshold_hu", "rule", "proposer", "values_check"):
        assert getattr(one, name) == getattr(other, name), name
    if one.probabilities is None:
        assert other.probabilities is None
    else:
        assert np.array_equal(one.probabilities, other.probabilities)


def test_candidates_survive_the_way_to_a_file_and_back(tmp_path, exam):
    scan, marks = marked()
    for found in (automatic()[1], marked_candidates(scan, marks), candidates_of(exam)):
        path = tmp_path / "candidates.npz"
        save_candidates(found, path)
        same(load_candidates(path), found)


def test_the_same_candidates_are_the_same_bytes():
    assert candidates_to_bytes(automatic()[1]) == candidates_to_bytes(automatic()[1])


def damaged(**changes):
    """The file with some of its arrays otherwise."""
    with np.load(io.BytesIO(candidates_to_bytes(automatic()[1]))) as file:
        arrays = {name: file[name] for name in file.files}
    for name, change in changes.items():
        arrays[name] = change(arrays[name])
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def in_head(old, new):
    return lambda head: np.frombuffer(head.tobytes().replace(old, new), np.uint8)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is damaged, or of another kind"),
        (b"PK\x03\x04 and then nothing", "it is damaged, or of another kind"),
        (damaged(head=lambda _: np.zeros(3, np.uint8)), "it is damaged, or of another kind"),
        (
            damaged(head=in_head(b'"version":1', b'"version":2')),
            "it has version 2; this release reads 1",
        ),
        (damaged(head=in_head(b'"textbook"', b'"mine"')), "no scoring rule 'mine'"),
        (damaged(site=lambda a: a[:-1]), "its arrays do not belong together"),
        (damaged(site=lambda a: a.astype(np.int64)), "its arrays do not belong together"),
        (damaged(probabilities=lambda a: a[:, 1:]), "its arrays do not belong together"),
        (damaged(candidate=lambda a: a[:-1]), "its arrays do not belong together"),
        (damaged(split_from=lambda a: a[:-1]), "its arrays do not belong together"),
        (damaged(gap=lambda a: a * 0), "its voxels are none of a scan"),
        (damaged(gap=lambda a: a + np.uint32(2**31)), "its voxels are none of a scan"),
        (damaged(candidate=lambda a: a + 1), "its voxels are none of a scan"),
        (damaged(site=lambda a: a + np.uint8(20)), "its voxels are none of a scan"),
    ],
)
def test_a_file_that_has_no_candidates_is_refused(tmp_path, data, message):
    path = tmp_path / "strange.npz"
    path.write_bytes(data)
    with pytest.raises(InputError, match=f"strange.npz has no candidates of a review: {message}"):
        load_candidates(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"cannot read none\.npz: No such file"):
        load_candidates(tmp_path / "none.npz")


def test_a_file_of_candidates_without_an_end_is_refused(tmp_path):
    (tmp_path / "endless.npz").symlink_to("/dev/zero")
    with pytest.raises(InputError, match=r"cannot read endless\.npz: it is no regular file"):
        load_candidates(tmp_path / "endless.npz")


def test_candidates_that_would_fill_the_memory_are_refused(monkeypatch):
    data = candidates_to_bytes(automatic()[1])
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        size = sum(one.file_size for one in file.infolist())
    monkeypatch.setattr("corcal.review.candidates_file._MOST_UNPACKED_BYTES", size)
    assert candidates_from_bytes(data).count
    monkeypatch.setattr("corcal.review.candidates_file._MOST_UNPACKED_BYTES", size - 1)
    message = f"it unpacks to {size} bytes, allowed are {size - 1}"
    with pytest.raises(InputError, match=f"the file has no candidates of a review: {message}"):
        candidates_from_bytes(data)


def test_no_patient_data_is_in_the_file(exam):
    with np.load(io.BytesIO(candidates_to_bytes(candidates_of(exam)))) as file:
        text = file["head"].tobytes()
    for known in (exam.scan.patient.name, exam.scan.patient.patient_id):
        assert known is not None
        assert known.encode() not in text
    assert exam.scan.series.series_instance_uid.encode() not in text


# Real scans


@pytest.mark.shared
@pytest.mark.parametrize("case", ["0", "2"])
def test_a_real_scan_has_the_score_of_its_reader_in_a_review(shared_dir, case):
    from corcal.ct.read import read_scan

    folder = shared_dir / "data" / "coca-gated" / case
    scan = read_scan(folder / "dicom")
    exam = score_scan(scan, Options(annotations=folder / "calcium.xml"))
    state = replay(candidates_of(exam), exam.scan, [])
    assert measured(state).score == exam.result.score
    assert measured(state).lesions == exam.result.lesions
    found = candidates_of(exam)
    assert any(found.site_of(k) is None for k in range(found.count))
