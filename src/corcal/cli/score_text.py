"""What a score looks like in a terminal of 80 columns."""

import textwrap
from typing import TYPE_CHECKING

from corcal.report.amounts import shown_percent, shown_site
from corcal.report.words import interval_range, interval_words, score_name

if TYPE_CHECKING:
    from corcal.result import Result
    from corcal.scoring.types import SiteScore

__all__ = ["score_text", "wrapped"]

_COLUMNS = 80
_METAL = "  metal"


def score_text(result: "Result") -> str:
    """Describe a result in plain text for a terminal, 80 columns."""
    score, scan = result.score, result.scan
    spread = ", ".join(f"{name} {other.total:.1f}" for name, other in score.by_rule.items())
    lines = [
        f"{score_name(result)} {score.total.agatston:.1f}   ({score.rule} rule)",
        *_certainty(result),
        "",
        *_table(result),
        *_elsewhere(result),
        "",
        *wrapped(f"By rule:  {spread}", indent=10),
        *wrapped(
            f"Scan:     {scan.series_description or 'no description'}, {scan.shape[0]} slices, "
            f"increment {scan.increment_mm:g} mm, {_kvp(scan.kvp)}",
            indent=10,
        ),
        f"Verdict:  {result.suitability.verdict} ({result.suitability.kind})",
    ]
    for f in result.suitability.findings:
        lines += wrapped(f"  {f.severity}: {f.message} [{f.code}]", indent=4)
    lines += ["", result.provenance.statement]
    return "\n".join(lines)


def _table(result: "Result") -> list[str]:
    """One row an artery; what its marks mean is said below."""
    from corcal.lesions.unscoreable import unscoreable_arteries  # its imports are there by now
    from corcal.report.unchecked import DOUBT_MARK, DOUBTFUL, has_doubtful_lesion

    score = result.score
    metal = unscoreable_arteries(result.suitability.findings)
    doubtful = {name for name in score.vessels if has_doubtful_lesion(result, name)}
    whole = score.total.interval
    interval = f"{f'{whole.level:.0%} interval'.replace('%', ' %'):>15}" if whole else ""
    amounts = f"{'volume mm3':>12}{'mass mg':>9}{'lesions':>9}{'peak HU':>9}"
    lines = [f"{'':7}{'Agatston':>9}{interval}{amounts}"]
    for name, part in [*score.vessels.items(), ("total", score.total)]:
        peak = "-" if part.peak_hu is None else f"{part.peak_hu:.0f}"
        marked = f"{name} {DOUBT_MARK}" if name in doubtful else name
        lines.append(
            f"{marked:7}{part.agatston:9.1f}{_range(part, is_wanted=whole is not None)}"
            f"{part.volume_mm3:12.1f}{part.mass_mg:9.2f}{part.lesion_count:9d}{peak:>9}"
            f"{_METAL if name in metal else ''}"
        )
    if doubtful:
        lines.append(f"{DOUBT_MARK}: a lesion there is {DOUBTFUL}")
    if metal:
        lines.append("metal: not all of the artery is scoreable")
    return lines


def _range(part: "SiteScore", *, is_wanted: bool) -> str:
    if not is_wanted:
        return ""
    return f"{'-' if part.interval is None else interval_range(part.interval):>15}"


def _elsewhere(result: "Result") -> list[str]:
    lines = []
    for name, part in result.score.other_sites.items():
        told = f"{shown_site(name)} {part.agatston:.1f} Agatston{_doubt(result, name)}"
        lines += wrapped(f"not coronary, not counted: {told}", indent=2)
    return lines


def _doubt(result: "Result", site: str) -> str:
    """Say whether what lies outside of the arteries may be coronary after all."""
    from corcal.lesions.sites import CORONARY_SITES  # its imports are there by now
    from corcal.report.other_sites import doubtful_lesions, is_sure_site
    from corcal.report.pieces import is_certain

    arteries = [one.label for one in CORONARY_SITES]
    chances = [
        sum((lesion.probabilities or {}).get(name, 0.0) for name in arteries)
        for lesion in doubtful_lesions(result, site)
    ]
    most = max(chances, default=0.0)
    if not is_certain(1.0 - most):
        return f", of it one that may be coronary ({shown_percent(most)})"
    return "" if is_sure_site(result, site) else ", its place is doubtful"


def wrapped(text: str, *, indent: int) -> list[str]:
    """Break a line at 80 columns; words that are longer stay whole."""
    return textwrap.wrap(
        text,
        width=_COLUMNS,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _certainty(result: "Result") -> list[str]:
    """Say how sure an automatic score is, and that nobody has checked it."""
    score = result.score
    if score.total.interval is None or score.category_probabilities is None:
        return []
    chances = ", ".join(
        f"{name}: {shown_percent(chance)}" for name, chance in score.category_probabilities.items()
    )
    lines = [
        f"Found automatically, not checked by a reader; {interval_words(score.total.interval)}",
        f"Probability of each category: {chances}",
    ]
    if result.review is not None and result.review.advised:
        for reason in result.review.reasons:
            lines += wrapped(f"Review advised: {reason}", indent=2)
    return lines


def _kvp(kvp: float | None) -> str:
    return "kVp unknown" if kvp is None else f"{kvp:g} kVp"
