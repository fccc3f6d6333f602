"""The words that are not a rule's own: how sure it is, what replaced it, what is not known.

The one place that says so: no text of a rule repeats it.
"""

from corcal.risk.guidance.rule import Guideline, Rule
from corcal.risk.types import Mark

__all__ = ["FROM_MEMORY", "MARK_NOTES", "full_text"]

FROM_MEMORY = "From memory, not the words of the source: check it before use."

MARK_NOTES: dict[Mark, str] = {
    Mark.VERIFIED: "",
    Mark.SECONDARY: "As a secondary source reports it, class and level included; "
    "the source itself was not read.",
    Mark.RECALLED: FROM_MEMORY,
}


def full_text(rule: Rule, guideline: Guideline, *, not_known: tuple[str, ...] = ()) -> str:
    """Write the statement as it is shown.

    Parameters
    ----------
    rule : Rule
        With its own words.
    guideline : Guideline
        That it belongs to.
    not_known : tuple of str
        What is not known of the person and would change it.

    Returns
    -------
    str
        The text, what is not known, what replaced it, and how sure it is.
    """
    parts = [rule.text]
    if not_known:
        parts.append(f"It does not hold with any of these, not known here: {'; '.join(not_known)}.")
    if guideline.superseded_by is not None:
        parts.append(f"Superseded by {guideline.superseded_by}.")
    note = MARK_NOTES[rule.mark]
    if note:
        parts.append(f"[{note}]")
    return " ".join(parts)
