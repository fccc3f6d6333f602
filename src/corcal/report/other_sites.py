"""Which calcium outside the arteries is sure: one rule for letter and clinician's report."""

from corcal.report.unchecked import is_site_doubtful
from corcal.result import Result
from corcal.scoring.types import Lesion

__all__ = ["doubtful_lesions", "is_sure_site"]


def doubtful_lesions(result: Result, site: str) -> tuple[Lesion, ...]:
    """Give the lesions of a site that may be something else.

    Parameters
    ----------
    result : Result
        A scored exam.
    site : str
        `Site.label` of a place outside the arteries.

    Returns
    -------
    tuple of Lesion
        Those that pictures mark as doubtful (`is_site_doubtful`), and those that a reason for a
        review is about; none of what a person has marked, and none after a signature.
    """
    contested = _contested(result)
    return tuple(
        lesion
        for lesion in result.lesions
        if lesion.site == site and (lesion.id in contested or is_site_doubtful(result, lesion))
    )


def is_sure_site(result: Result, site: str) -> bool:
    """Whether calcium at a site can be told as a fact: not all of its lesions are doubtful."""
    doubtful = len(doubtful_lesions(result, site))
    return not doubtful or doubtful < sum(lesion.site == site for lesion in result.lesions)


def _contested(result: Result) -> frozenset[str | None]:
    if result.review is None or result.provenance.is_signed:
        return frozenset()
    return frozenset(one.lesion for one in result.review.contested)
