"""Two or more exams of one person: how the calcium has changed, and whether it truly has."""

from corcal.followup.comparison import compare

__all__ = ["compare"]
