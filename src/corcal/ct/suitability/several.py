"""Whether what was given is of more than one person or exam, so that a choice may be wrong."""

from collections.abc import Callable, Sequence

from corcal.ct.findings import finding
from corcal.ct.scan import Finding
from corcal.ct.series import Series
from corcal.ct.suitability.naming import series_folder

__all__ = ["several_finding"]

_MAX_NAMED = 6  # other patients or studies that the message names


def several_finding(chosen: Series, rivals: Sequence[Series]) -> Finding | None:
    """Say that the series that could be scored are of several patients, or of several studies.

    Parameters
    ----------
    chosen : Series
        The one that was chosen.
    rivals : sequence of Series
        The others that could have been.

    Returns
    -------
    Finding or None
        ``SEVERAL_PATIENTS`` or ``SEVERAL_STUDIES``, with one series of each of the others, by key
        and folder; ``None`` if all are of one study.
    """
    patients = _firsts_of_groups([chosen, *rivals], _is_same_patient)
    if len(patients) > 1:
        count = len(patients)
        what = f"{count} patients are in what was given"
        if not all(one.patient.patient_id or one.patient.name for one in patients):
            what = f"what was given may be of {count} patients (not all headers name one)"
        return finding("SEVERAL_PATIENTS", _message(what, patients))
    studies = _firsts_of_groups([chosen, *rivals], _is_same_study)
    if len(studies) > 1:
        what = f"{len(studies)} studies are in what was given"
        return finding("SEVERAL_STUDIES", _message(what, studies))
    return None


def _firsts_of_groups(
    series: Sequence[Series], is_same: Callable[[Series, Series], bool]
) -> list[Series]:
    firsts: list[Series] = []
    for one in series:
        if not any(is_same(one, first) for first in firsts):
            firsts.append(one)
    return firsts


def _message(what: str, firsts: Sequence[Series]) -> str:
    chosen, *others = firsts
    named = [f"{one.key} (folder {series_folder(one)})" for one in others[:_MAX_NAMED]]
    if len(others) > len(named):
        named.append(f"and {len(others) - len(named)} more")
    return (
        f"{what}; series {chosen.key} was chosen; the others: {', '.join(named)}; "
        "choose with --series"
    )


def _is_same_patient(one: Series, other: Series) -> bool:
    """Compare what both headers say: identifier and name, else the study, else the place."""
    a, b = one.patient, other.patient
    pairs = ((a.patient_id, b.patient_id), (a.name, b.name))
    known = [(_folded(x), _folded(y)) for x, y in pairs if x and y]
    if known:
        return all(x == y for x, y in known)
    studies = (one.identity.study_instance_uid, other.identity.study_instance_uid)
    if all(studies):
        return studies[0] == studies[1]
    return _place(one) == _place(other)


def _is_same_study(one: Series, other: Series) -> bool:
    studies = (one.identity.study_instance_uid, other.identity.study_instance_uid)
    return None in studies or studies[0] == studies[1]


def _folded(text: str) -> str:
    """Return a name or identifier without what differs between two writings of it."""
    return " ".join(text.split("=")[0].replace("^", " ").casefold().split())


def _place(series: Series) -> str:
    """Return where a series lies: DICOM files share a folder, a volume file stands alone."""
    return series_folder(series) if series.format == "dicom" else series.key
