"""A result as a reader leaves it, in the middle of the review or at its end."""

from dataclasses import replace

from corcal.result import Result, ReviewRecord


def reviewed(result: Result, *, is_complete: bool) -> Result:
    """Let a reader have looked at a result: to the end, which signs it, or not so far."""
    record = ReviewRecord(
        readers=("Reader",),
        started="2026-01-03T11:00:00+00:00",
        finished="2026-01-03T11:05:00+00:00",
        event_count=1,
        change_count=0,
        candidates_by_reader=0,
        is_complete=is_complete,
        proposed_by="automatic",
        proposed_rule=result.score.rule,
        proposed_agatston=result.score.total.agatston,
    )
    made = replace(result.provenance, method="reviewed", reader="Reader", reviewed=record)
    return replace(result, provenance=made, review=None)
