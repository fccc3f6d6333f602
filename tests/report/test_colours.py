"""The colours of the arteries stay apart for everybody, and from the grey of a CT."""

import itertools

import numpy as np
import pytest

from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.report.colours import OTHER_SITE_COLOUR, SITE_COLOURS, rgb, site_colour

# Machado GM et al. 2009, IEEE TVCG 15:1291, doi:10.1109/TVCG.2009.113, table of severity 1.0;
# they act on linear red, green and blue.
SEEN_AS = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
# CIE 1976 difference of colours; 2.3 is just noticeable, and a thin line needs several times that.
APART = 20.0


def lab(colour: str, vision: str) -> np.ndarray:
    """CIE L*a*b* of a colour as seen with a kind of vision (D65)."""
    part = np.array(rgb(colour)) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(SEEN_AS[vision]) @ linear, 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.array(to_xyz) @ seen / (0.9505, 1.0, 1.089)
    f = [np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", SEEN_AS)
@pytest.mark.parametrize("pair", list(itertools.combinations(CORONARY_SITES, 2)))
def test_two_arteries_can_be_told_apart(pair: tuple[Site, Site], vision: str) -> None:
    one, two = (lab(site_colour(site), vision) for site in pair)
    assert np.linalg.norm(one - two) > APART


@pytest.mark.parametrize("vision", SEEN_AS)
@pytest.mark.parametrize("site", CORONARY_SITES)
def test_an_artery_can_be_told_from_every_grey(site: Site, vision: str) -> None:
    colour = lab(site_colour(site), vision)
    greys = (lab(f"#{v:02X}{v:02X}{v:02X}", vision) for v in range(0, 256, 5))
    assert min(np.linalg.norm(colour - grey) for grey in greys) > APART


def test_okabe_and_itos_green_is_grey_to_a_reader_with_deuteranopia() -> None:
    """Why the fourth colour is violet: the check above must be able to fail."""
    colour = lab("#009E73", "deuteranopia")
    greys = (lab(f"#{v:02X}{v:02X}{v:02X}", "deuteranopia") for v in range(0, 256, 5))
    assert min(np.linalg.norm(colour - grey) for grey in greys) < APART


def test_every_artery_has_its_own_colour_and_everything_else_has_one() -> None:
    assert set(SITE_COLOURS) == set(CORONARY_SITES)
    assert {site_colour(site) for site in Site if site not in CORONARY_SITES} == {OTHER_SITE_COLOUR}


def test_a_colour_is_taken_apart() -> None:
    assert rgb("#01FF10") == (1, 255, 16)
