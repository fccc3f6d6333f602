import numpy as np

from corcal.phantom.patient import draw_patient
from corcal.phantom.spec import Variation
from corcal.phantom.variety import varied


def test_no_variety_is_the_common_patient() -> None:
    spec = draw_patient(5)
    assert varied(spec, variety=0.0) is spec
    assert draw_patient(5, variety=0.0) == spec
    assert spec.variation == Variation()


def test_a_varied_patient_is_another_patient_with_the_same_calcium() -> None:
    common, wide = draw_patient(5), draw_patient(5, variety=1.0)
    assert wide == draw_patient(5, variety=1.0)
    assert wide.plaques == common.plaques
    assert (wide.sex, wide.age_years) == (common.sex, common.age_years)
    assert wide.heart_scale != common.heart_scale
    assert draw_patient(5, variety=1.0, heart_scale=1.1).heart_scale == 1.1


def test_wide_patients_span_what_people_span() -> None:
    drawn = [draw_patient(seed, variety=1.0) for seed in range(120)]

    def span(name: str) -> tuple[float, float]:
        values = [float(getattr(spec, name)) for spec in drawn]
        return min(values), max(values)

    for name, low, high in (
        ("heart_scale", 0.95, 1.3),
        ("epicardial_fat_mm", 1.0, 8.0),
        ("paracardial_fat_mm", 1.5, 18.0),
        ("subcutaneous_fat_mm", 5.0, 45.0),
    ):
        least, most = span(name)
        assert least < low, name
        assert most > high, name
    turns = np.array([spec.heart_rotation_deg for spec in drawn])
    assert np.all(np.ptp(turns, axis=0) > 30)
    for name in ("hernia_mm", "pericardial_effusion_mm", "pectus_mm", "oesophagus_air_mm"):
        share = np.mean([getattr(spec.variation, name) > 0 for spec in drawn])
        assert 0.01 < share < 0.6, name
    assert 0.1 < np.mean([spec.variation.arms_down for spec in drawn]) < 0.6
