"""What goes over the wire: reviews, as `docs/serve.md` describes them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from corcal.amendment import check_reason
from corcal.errors import InputError
from corcal.serve.models import LockInfo, Words, example

__all__ = [
    "AddEvents",
    "AddendumRequest",
    "CandidateInfo",
    "CandidateOrigin",
    "Changed",
    "LoggedEvent",
    "MakingState",
    "ReviewInfo",
    "ScanInfo",
    "ScoreTable",
    "SignRequest",
    "Signed",
    "SiteInfo",
    "VersionFile",
    "VersionFiles",
    "VesselRow",
]

Coordinate = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
PointYX = tuple[Coordinate, Coordinate]
CandidateId = Annotated[int, Field(ge=0, le=2**31 - 1)]
SliceNumber = Annotated[int, Field(ge=0, le=1_000_000)]
SiteLabel = Annotated[str, Field(max_length=40, examples=["LAD"])]


class ScanInfo(BaseModel):
    """The geometry of a scan; `direction` has the x, y and z axes as columns, row by row.

    Images that form no volume (`is_volume`) are shown slice by slice, and `note` says why.
    """

    model_config = example(
        shape=[56, 512, 512],
        spacing_mm=[3.0, 0.39, 0.39],
        origin_mm=[-99.8, -99.8, -84.0],
        direction=[1, 0, 0, 0, 1, 0, 0, 0, 1],
        dtype="int16",
        bytes=29360128,
        is_volume=True,
        note=None,
    )

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float]
    direction: list[float]
    dtype: Literal["int16"]
    bytes: int
    is_volume: bool
    note: str | None


class SiteInfo(BaseModel):
    """A site that calcium can be given to, its colour, and the key that does so."""

    code: int
    label: str
    name: str
    colour: str
    key: str
    is_coronary: bool


CandidateOrigin = Literal["automatic", "annotation", "reader"]


class CandidateInfo(BaseModel):
    """A candidate as it is now."""

    id: int
    site: str | None
    proposed_site: str | None
    probability: float | None
    probabilities: dict[str, float] | None
    why: list[str]
    origin: CandidateOrigin
    is_scored: bool
    agatston: float
    volume_mm3: float
    peak_hu: float
    slices: list[int]
    centroid: tuple[float, float, float]
    split_from: int | None


class IntervalInfo(BaseModel):
    """A range of a score, and the probability that it holds the true one."""

    low: float
    high: float
    level: float


class VesselRow(BaseModel):
    """The numbers of an artery, another site, or all arteries."""

    agatston: float
    volume_mm3: float
    mass_mg: float
    lesion_count: int
    interval: IntervalInfo | None
    automatic_agatston: float


class TotalRow(VesselRow):
    """The arteries together."""

    category: str
    cac_drs: str


class RuleRow(BaseModel):
    """The score by another rule."""

    threshold_hu: float
    total: float
    vessels: dict[str, float]


class ScoreTable(BaseModel):
    """The table of a review as it is now; `automatic` is what was proposed."""

    rule: str
    threshold_hu: float
    total: TotalRow
    vessels: dict[str, VesselRow]
    other_sites: dict[str, VesselRow]
    by_rule: dict[str, RuleRow]
    changed_by_reader: int
    is_changed: bool
    is_complete: bool
    automatic: dict[str, float]


class ReviewInfo(BaseModel):
    """A review as it is now."""

    sequence: int
    threshold_hu: float
    lowest_threshold_hu: float
    rule: str
    rules: list[str]
    sites: list[SiteInfo]
    candidates: list[CandidateInfo]
    score: ScoreTable
    can_undo: bool
    can_redo: bool
    lock: LockInfo | None
    is_final: bool
    is_blind: bool


class _Edit(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class AssignEdit(_Edit):
    """Give candidates to a site; ``null`` takes them out."""

    type: Literal["assign"]
    candidates: Annotated[list[CandidateId], Field(min_length=1, max_length=100_000)]
    site: SiteLabel | None


class SplitLineEdit(_Edit):
    """Cut a candidate along a line, through all of its slices."""

    type: Literal["split_line"]
    candidate: CandidateId
    z: SliceNumber
    start: Annotated[PointYX, Field(alias="from")]
    end: Annotated[PointYX, Field(alias="to")]
    through: Literal["all"] = "all"


class SplitBrushEdit(_Edit):
    """Part painted voxels (flat indices) from the rest of a candidate."""

    type: Literal["split_brush"]
    candidate: CandidateId
    voxels: Annotated[
        list[Annotated[int, Field(ge=0, le=2**40)]], Field(min_length=1, max_length=500_000)
    ]


class RegionEdit(_Edit):
    """Give everything dense within a polygon to a site, in slices `z0` to `z1` (both included)."""

    type: Literal["region"]
    z0: SliceNumber
    z1: SliceNumber
    polygon: Annotated[list[PointYX], Field(min_length=3, max_length=10_000)]
    site: SiteLabel | None


class ThresholdEdit(_Edit):
    """Count from another value on; ``null`` for that of the rule."""

    type: Literal["threshold"]
    hu: Annotated[float | None, Field(ge=-2000, le=5000, allow_inf_nan=False)]


class RuleEdit(_Edit):
    """Score by another rule."""

    type: Literal["rule"]
    rule: Annotated[str, Field(max_length=40)]


class ConfirmEdit(_Edit):
    """Stand for everything as it is now."""

    type: Literal["confirm"]


class UndoEdit(_Edit):
    """Take back the last edit in force."""

    type: Literal["undo"]


class RedoEdit(_Edit):
    """Bring back what was undone last."""

    type: Literal["redo"]


class CommentEdit(_Edit):
    """Say something; nothing changes."""

    type: Literal["comment"]
    text: Annotated[Words, Field(min_length=1, max_length=10_000)]
    candidate: CandidateId | None = None


AnyEdit = Annotated[
    AssignEdit
    | SplitLineEdit
    | SplitBrushEdit
    | RegionEdit
    | ThresholdEdit
    | RuleEdit
    | ConfirmEdit
    | UndoEdit
    | RedoEdit
    | CommentEdit,
    Field(discriminator="type"),
]
Sequence = Annotated[int, Field(ge=0, le=2**31 - 1)]


class AddEvents(BaseModel):
    """Edits to append, all or none, after the last event that the reader has seen."""

    model_config = example(
        expected_sequence=3, events=[{"type": "assign", "candidates": [12], "site": "LAD"}]
    )

    expected_sequence: Sequence
    events: Annotated[list[AnyEdit], Field(min_length=1, max_length=100)]


class Changed(BaseModel):
    """What edits have changed: candidates to replace or remove, voxels to relabel, the score."""

    sequence: int
    changed: list[CandidateInfo]
    removed: list[int]
    labels_changed: bool
    labels_patch: str | None
    score: ScoreTable
    can_undo: bool
    can_redo: bool
    threshold_hu: float
    rule: str


class LoggedEvent(BaseModel):
    """An event of the log, as it was made."""

    sequence: int
    type: str
    user: str
    at: datetime
    edit: dict[str, Any]


class SignRequest(BaseModel):
    """To sign what the reader has before them."""

    model_config = example(expected_sequence=4, statement_confirmed=True, send_to=None)

    expected_sequence: Sequence
    statement_confirmed: Literal[True]
    send_to: Annotated[str | None, Field(max_length=100)] = None


class Signed(BaseModel):
    """The signed version; none where a blind read was closed."""

    model_config = example(version=2)

    version: int | None


def _reason(value: str) -> str:
    try:
        check_reason(value)
    except InputError as exc:  # what could not be signed later is told now
        raise ValueError(str(exc)) from exc
    return value


class AddendumRequest(BaseModel):
    """Why a signed exam is opened again."""

    model_config = example(reason="Calcium of the aortic root was counted as left main.")

    reason: Annotated[str, AfterValidator(_reason), Field(min_length=3, max_length=2000)]


class VersionFile(BaseModel):
    """A file of a version."""

    name: str
    media_type: str


MakingState = Literal["none", "making", "ready", "failed"]


class VersionFiles(BaseModel):
    """The files of a version: `making` until a worker has made all of them."""

    model_config = example(
        state="ready", files=[{"name": "report.pdf", "media_type": "application/pdf"}]
    )

    state: MakingState
    files: list[VersionFile]
