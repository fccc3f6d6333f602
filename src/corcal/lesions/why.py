"""The reasons of a decision, in words and numbers."""

from collections.abc import Callable

from corcal.lesions.decision import Reason
from corcal.lesions.sites import CORONARY_SITES, Site

__all__ = ["reasons"]

_MOST = 5
_ARTERY = {Site.LM: "path_lm", Site.LAD: "path_lad", Site.LCX: "path_lcx", Site.RCA: "path_rca"}
_Row = dict[str, float]


def reasons(site: Site, row: _Row) -> tuple[Reason, ...]:
    """Say what speaks for a decision.

    Parameters
    ----------
    site : Site
        What was decided.
    row : dict of float
        The measurements of the piece, by their names in `corcal.lesions.features.FEATURES`.

    Returns
    -------
    tuple of Reason
        At most five; those that are particular to the site first, then contrast and surroundings.
    """
    if site in CORONARY_SITES:
        found = [_along(site, row), _fat(row), _wall(row)]
    else:
        found = [make(row) for make in _PARTICULAR.get(site, ())]
    found += [_contrast(row)]
    return tuple(reason for reason in found if reason is not None)[:_MOST]


def _along(site: Site, row: _Row) -> Reason:
    height = row[_ARTERY[site]]
    where = "on" if height > 0.6 else "near" if height > 0.25 else "at some distance from"
    text = f"lies {where} the course of the {site.label} that the anatomy shows"
    return Reason(text=text, feature=_ARTERY[site], value=round(height, 3))


def _fat(row: _Row) -> Reason:
    share = 100.0 * row["fat"]
    return Reason(
        text=f"{share:.0f} % of what surrounds it is fat", feature="fat", value=round(row["fat"], 3)
    )


def _wall(row: _Row) -> Reason | None:
    away = row["away_wall"]
    if away > 12.0:
        return None
    if away < 0:
        text = f"lies {-away:.1f} mm inside the outer wall of the aorta"
    else:
        text = f"lies {away:.1f} mm outside the wall of the aorta"
    return Reason(text=text, feature="away_wall", value=round(away, 2), unit="mm")


def _contrast(row: _Row) -> Reason:
    text = f"its peak is {row['cnr']:.1f} times the noise above its surroundings"
    return Reason(text=text, feature="cnr", value=round(row["cnr"], 2))


def _valve(row: _Row) -> Reason:
    text = "lies where the aortic valve is"
    return Reason(text=text, feature="path_aortic_valve", value=round(row["path_aortic_valve"], 3))


def _annulus(row: _Row) -> Reason:
    text = "lies along the mitral annulus, between left atrium and ventricle"
    value = round(row["path_mitral_annulus"], 3)
    return Reason(text=text, feature="path_mitral_annulus", value=value)


def _descending(row: _Row) -> Reason:
    away = row["away_descending_aorta"]
    text = f"lies {abs(away):.1f} mm from the surface of the descending aorta"
    value = round(away, 2)
    return Reason(text=text, feature="away_descending_aorta", value=value, unit="mm")


def _outside_heart(row: _Row) -> Reason | None:
    away = row["away_heart"]
    if away < 0:
        return None
    text = f"lies {away:.1f} mm outside the pericardium"
    return Reason(text=text, feature="away_heart", value=round(away, 2), unit="mm")


def _brightness(row: _Row) -> Reason:
    text = f"reaches {row['peak_hu']:.0f} HU" + (" or more" if row["peak_hu"] >= 1500 else "")
    return Reason(text=text, feature="peak_hu", value=round(row["peak_hu"], 1), unit="HU")


def _noise(row: _Row) -> Reason:
    text = f"the noise of this scan is {row['noise_hu']:.0f} HU"
    return Reason(text=text, feature="noise_hu", value=round(row["noise_hu"], 1), unit="HU")


def _dense_around(row: _Row) -> Reason:
    text = f"{100 * row['dense']:.0f} % of what surrounds it is as dense"
    return Reason(text=text, feature="dense", value=round(row["dense"], 3))


def _lung(row: _Row) -> Reason | None:
    if row["lung"] < 0.05:
        return None
    text = f"{100 * row['lung']:.0f} % of what surrounds it is lung"
    return Reason(text=text, feature="lung", value=round(row["lung"], 3))


_PARTICULAR: dict[Site, tuple[Callable[[_Row], Reason | None], ...]] = {
    Site.ASCENDING_AORTA: (_wall, _fat),
    Site.DESCENDING_AORTA: (_descending,),
    Site.AORTIC_VALVE: (_valve, _wall),
    Site.MITRAL_ANNULUS: (_annulus, _fat),
    Site.PERICARDIUM: (_outside_heart, _lung, _fat),
    Site.BONE: (_dense_around, _outside_heart, _brightness),
    Site.DEVICE: (_brightness,),
    Site.NOISE: (_noise, _fat),
    Site.OTHER: (_outside_heart, _lung, _fat),
    Site.LYMPH_NODE: (_outside_heart, _lung, _fat),
}
