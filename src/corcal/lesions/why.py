"""Why a piece was decided as it was: the measurements that carried it, in words and in numbers."""

from collections.abc import Mapping
from dataclasses import replace

from corcal.lesions.decision import Reason
from corcal.lesions.sites import Site
from corcal.lesions.why_lines import Line, Values, lines_of

__all__ = ["DOUBTFUL_FROM", "reasons"]

DOUBTFUL_FROM = 0.15
"""From this probability on it is told what speaks for the second most probable site."""

_MOST_REASONS = 4
_BEFORE_THE_DOUBT = 2  # the two strongest, then what speaks for the other site, then one more
_NAMES = {
    Site.BONE: "bone",
    Site.NOISE: "noise",
    Site.DEVICE: "a device",
    Site.LYMPH_NODE: "a lymph node",
    Site.OTHER: "another calcification",
}
_SITES = {site.label: site for site in Site}


def reasons(
    site: Site, features: Values, probabilities: Mapping[str, float] | None = None
) -> tuple[Reason, ...]:
    """Say why.

    Parameters
    ----------
    site : Site
        What the piece was taken for.
    features : dict
        Value of each feature of `corcal.lesions.features.FEATURE_NAMES`.
    probabilities : mapping, optional
        By `Site.label`. If another site has `DOUBTFUL_FROM` or more, what speaks for it is told.

    Returns
    -------
    tuple of Reason
        Up to four that speak for the site, strongest first; none where no measurement does by
        itself. Of a doubtful decision the third at the latest speaks for the second most probable
        site, and names it.
    """
    lines = _strongest(site, features)
    told = [_reason(line, features) for line in lines[:_MOST_REASONS]]
    rival = _rival(site, probabilities or {})
    if rival is None:
        return tuple(told)
    shared = {line.text(features) for line in lines}  # speaks for both alike
    speaking = _strongest(rival, features)
    own = [line for line in speaking if line.text(features) not in shared]
    doubt = _doubt(rival, (probabilities or {})[rival.label], own, features)
    told.insert(_BEFORE_THE_DOUBT, doubt)
    return tuple(told[:_MOST_REASONS])


def _strongest(site: Site, features: Values) -> list[Line]:
    """Give the lines that speak for a site, one a measurement, strongest first."""
    said = [(line.weight(features), line) for line in lines_of(site)]
    speaking = [(weight, line) for weight, line in said if weight > 0]
    return [line for _, line in sorted(speaking, key=lambda pair: -pair[0])]


def _reason(line: Line, features: Values) -> Reason:
    value = line.value(features[line.feature])
    text = line.text(features)
    return Reason(text=text, feature=line.feature, value=round(value, 3), unit=line.unit)


def _rival(site: Site, probabilities: Mapping[str, float]) -> Site | None:
    """Give the most probable other site, if it is probable enough to be a doubt."""
    others = {name: p for name, p in probabilities.items() if name != site.label}
    name = max(others, key=others.__getitem__, default=None)
    return _SITES[name] if name is not None and others[name] >= DOUBTFUL_FROM else None


def _doubt(rival: Site, probability: float, own: list[Line], features: Values) -> Reason:
    """Say what speaks for another site, and not as much for the one that was decided."""
    start = f"may be {_named(rival)} ({100 * probability:.0f} %)"
    if not own:
        text = f"{start}, though no measurement by itself says so"
        return Reason(text=text, feature="probability", value=round(100 * probability, 3), unit="%")
    found = _reason(own[0], features)
    return replace(found, text=f"{start}: {found.text}")


def _named(site: Site) -> str:
    """Name a site within a sentence."""
    return _NAMES.get(site) or f"the {site.label.replace('_', ' ')}"
