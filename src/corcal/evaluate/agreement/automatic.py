"""What an automatic exam says of its score, as far as a study of agreement asks."""

from dataclasses import dataclass

from corcal.evaluate.agreement.records import AgatstonScores
from corcal.result import Result
from corcal.scoring.types import Interval

__all__ = ["AutomaticScore", "automatic_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomaticScore:
    """The score of one scan and how sure it is.

    Attributes
    ----------
    rule : str
        Name of the scoring rule; a reference that is marks is scored by the same.
    scores : AgatstonScores
        Total and arteries.
    kind, verdict : str or None
        What the scan is, and whether it is fit for scoring.
    interval : Interval or None
        Of the total.
    category_probabilities : dict or None
        Of the total.
    review_advised : bool or None
        ``None`` if it does not say.
    """

    rule: str
    scores: AgatstonScores
    kind: str | None = None
    verdict: str | None = None
    interval: Interval | None = None
    category_probabilities: dict[str, float] | None = None
    review_advised: bool | None = None


def automatic_of(result: Result) -> AutomaticScore:
    """Take them from the record of an exam."""
    score = result.score
    return AutomaticScore(
        rule=score.rule,
        scores=AgatstonScores(
            total=score.total.agatston,
            vessels={name: site.agatston for name, site in score.vessels.items()},
        ),
        kind=str(result.suitability.kind),
        verdict=str(result.suitability.verdict),
        interval=score.total.interval,
        category_probabilities=score.category_probabilities,
        review_advised=None if result.review is None else result.review.advised,
    )
