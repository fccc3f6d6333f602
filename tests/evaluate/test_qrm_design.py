"""The phantom as it was made."""

import pytest

from corcal.evaluate.qrm_design import CYLINDERS, Size, cylinder_named

# As published beside the real scans, in mg: low, medium, high density.
PUBLISHED_MG = {
    "large": (19.6, 39.3, 78.5),
    "medium": (4.2, 8.5, 17.0),
    "small": (0.2, 0.3, 0.6),
}


@pytest.mark.parametrize("size", list(PUBLISHED_MG))
def test_masses_follow_from_diameter_length_and_density(size: str) -> None:
    # pi/4 * 5^2 * 5 = 98.17 mm3 of 200 mg/cm3 = 19.63 mg, and so on; published to one decimal
    for density, published in zip(("low", "medium", "high"), PUBLISHED_MG[size], strict=True):
        assert cylinder_named(size, density).mass_mg == pytest.approx(published, abs=0.051)


def test_there_are_nine_and_the_large_ones_come_first() -> None:
    assert len(set(CYLINDERS)) == 9
    assert [cylinder.size for cylinder in CYLINDERS[:3]] == [Size.LARGE] * 3
    assert [cylinder.steps_inwards for cylinder in CYLINDERS[::3]] == [0, 1, 2]
    assert CYLINDERS[0].name == "large low"
