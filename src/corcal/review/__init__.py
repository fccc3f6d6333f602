"""A review: what a reader changes about a score, as a log of events and what follows from it."""

from corcal.review.candidates import Candidates, candidates_of
from corcal.review.candidates_file import load_candidates, save_candidates
from corcal.review.events import (
    Assign,
    Comment,
    Confirm,
    Edit,
    Event,
    MarkRegion,
    Redo,
    SetRule,
    SetThreshold,
    SplitByBrush,
    SplitByLine,
    Undo,
    edit_from,
    event_json,
    read_event,
    read_log,
)
from corcal.review.lookup import (
    candidate_at,
    candidate_masks,
    candidate_outlines,
    candidate_summaries,
    candidate_summary,
)
from corcal.review.measured import measured, with_origins
from corcal.review.replay import apply, replay
from corcal.review.reviewed import is_complete, review_result
from corcal.review.runs import SliceRuns
from corcal.review.state import Candidate, ReviewState

__all__ = [
    "Assign",
    "Candidate",
    "Candidates",
    "Comment",
    "Confirm",
    "Edit",
    "Event",
    "MarkRegion",
    "Redo",
    "ReviewState",
    "SetRule",
    "SetThreshold",
    "SliceRuns",
    "SplitByBrush",
    "SplitByLine",
    "Undo",
    "apply",
    "candidate_at",
    "candidate_masks",
    "candidate_outlines",
    "candidate_summaries",
    "candidate_summary",
    "candidates_of",
    "edit_from",
    "event_json",
    "is_complete",
    "load_candidates",
    "measured",
    "read_event",
    "read_log",
    "replay",
    "review_result",
    "save_candidates",
    "with_origins",
]
