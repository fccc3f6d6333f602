"""The publications behind what the report says."""

import re
from collections.abc import Iterator

from corcal.followup.types import Followup
from corcal.report.clinician.change import said_methods
from corcal.report.clinician.suitability import meaning_of
from corcal.report.interpretation_choice import (
    cautions_of,
    cited_in,
    first_percentile,
    newest_on_each_topic,
    statements_of,
    told,
)
from corcal.result import Result
from corcal.risk.interpretation_types import Interpretation
from corcal.risk.types import Source

__all__ = ["cited"]

_FIRST_AUTHOR = re.compile(r"[^,.]+")
_PUBMED = re.compile(r"PMID \d+")


def cited(result: Result) -> str:
    """Cite the sources of what is shown: those of the interpretation first, then of the change."""
    meaning, followup = meaning_of(result), result.followup
    found = [] if meaning is None else cited_in(meaning, _keys(meaning))
    if followup is not None:
        wanted = set(_keys_of_change(followup))
        found += [each for each in followup.sources if each.key in wanted]
    lines = dict.fromkeys(_citation(each) for each in found)
    return f"{'; '.join(lines)}." if lines else ""


def _citation(source: Source) -> str:
    """Write a source in short, if a number finds it: ``"Kronmal RA 2007, doi:..."``."""
    pubmed = _PUBMED.search(source.citation)
    if source.doi is None and pubmed is None:
        return source.citation.removesuffix(".")
    found_by = pubmed[0] if source.doi is None and pubmed is not None else f"doi:{source.doi}"
    first = _FIRST_AUTHOR.match(source.citation)
    name = first[0] if first is not None else source.citation
    year = "" if str(source.year) in name else f" {source.year}"
    return f"{name}{year}, {found_by}"


def _keys(meaning: Interpretation) -> Iterator[str]:
    yield meaning.categories["cac_drs"].source
    yield from (each.source for each in cautions_of(meaning))
    yield from (each.source for each in newest_on_each_topic(told(statements_of(meaning))))
    percentile = first_percentile(meaning)
    if percentile is not None:
        yield percentile[1].source
    yield from (each.source for each in meaning.estimates if each.fraction is not None)
    if meaning.arterial_age.years is not None:
        yield meaning.arterial_age.source


def _keys_of_change(followup: Followup) -> Iterator[str]:
    """Give the sources of the checks and methods that are told, and those that the notes name."""
    whole = followup.whole
    checks = whole.certainty.checks if whole.certainty is not None else ()
    yield from (each.source for each in checks if each.does_not_apply is None)
    yield from (each.source for each in said_methods(whole) if each.source is not None)
    notes = " ".join((*whole.notes, *followup.notes))
    yield from (each.key for each in followup.sources if f"[{each.key}]" in notes)
