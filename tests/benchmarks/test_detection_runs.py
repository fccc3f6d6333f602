"""Cases, rows and ablations of the detection studies."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pytest
from benchmarks.detection_cases import VARIANTS, draw_case
from benchmarks.detection_runs import Measured, WithoutNoise, measure_all, read_row

from corcal.errors import InputError
from corcal.evaluate.agreement.study import failed_scan
from corcal.lesions.classifier import SITES
from corcal.lesions.features import FEATURE_NAMES, Features
from corcal.lesions.sites import Site
from corcal.models import ModelRecord


@pytest.mark.parametrize("seed", [-1, 1_000_000])
def test_a_seed_that_training_may_use_is_refused(seed: int) -> None:
    with pytest.raises(InputError, match="0 to 999999"):
        draw_case(seed)


def test_a_third_of_the_patients_have_no_plaque_and_every_variant_shows_the_same_patient() -> None:
    coronary = [
        any(plaque.site.vessel for plaque in draw_case(seed)[0].plaques) for seed in range(9)
    ]
    assert coronary.count(False) == 3
    assert len({repr(draw_case(7, variant)[0]) for variant in VARIANTS}) == 1


def test_variants_change_what_they_say() -> None:
    made = {variant: draw_case(11, variant)[1] for variant in VARIANTS}
    base = made["base"].scanner
    assert (base.kvp, base.slice_thickness_mm, base.increment_mm) == (120.0, 3.0, 3.0)
    assert made["noise"].scanner.noise_sd_hu == pytest.approx(2 * base.noise_sd_hu)
    assert made["100kvp"].scanner.kvp == 100.0
    # (3 / 1) ** 0.42 = 1.586, (3 / 5) ** 0.42 = 0.807; noise is kept to a hundredth
    assert made["1mm"].scanner.noise_sd_hu == pytest.approx(1.586 * base.noise_sd_hu, rel=2e-3)
    assert made["5mm"].scanner.noise_sd_hu == pytest.approx(0.807 * base.noise_sd_hu, rel=2e-3)
    assert made["5mm"].slice_count < made["base"].slice_count < made["1mm"].slice_count
    assert made["nongated"].kind == "chest"
    # As many mm are taken together, whatever the slices are.
    together = [made[one].motion.slices_together * mm for one, mm in (("base", 3), ("1mm", 1))]
    assert together[0] == pytest.approx(together[1], abs=3)


@dataclass(frozen=True)
class Counting:
    """Fails for odd seeds."""

    folder: Path

    def __call__(self, seed: int) -> Measured:
        (self.folder / f"called-{seed}-{len(list(self.folder.iterdir()))}").touch()
        if seed % 2:
            msg = "odd"
            raise ValueError(msg)
        return Measured(row=failed_scan(str(seed), ""), simulate_s=1.0, score_s=2.0)


def test_a_run_goes_on_where_it_stopped_and_tries_failures_again(tmp_path: Path) -> None:
    calls, rows = tmp_path / "calls", tmp_path / "rows"
    calls.mkdir()
    rows.mkdir()
    kept = Measured(row=failed_scan("kept", "x"), simulate_s=0.5, score_s=0.5)
    (rows / "4.json").write_bytes(msgspec.json.encode(kept))
    found = measure_all(Counting(calls), [3, 4], rows, workers=1)
    assert [one.row.failure for one in found] == ["a defect (ValueError: odd)", "x"]
    assert [one.name.split("-")[1] for one in calls.iterdir()] == ["3"]
    assert read_row(rows, 3) is None
    assert read_row(rows, 4) == kept


class Fixed:
    """Says noise for certain of the first, noise or LAD of the second."""

    record = ModelRecord(name="fixed", version="1", sha256=None, trusted=True)

    def probabilities(self, _: Features) -> np.ndarray:
        out = np.zeros((2, len(SITES)))
        out[0, SITES.index(Site.NOISE)] = 1.0
        out[1, SITES.index(Site.NOISE)], out[1, SITES.index(Site.LAD)] = 0.7, 0.3
        return out


def test_without_the_noise_gate_nothing_is_noise() -> None:
    features = Features(names=FEATURE_NAMES, values=np.zeros((2, len(FEATURE_NAMES)), np.float32))
    given = WithoutNoise(Fixed()).probabilities(features)
    assert np.all(given[:, SITES.index(Site.NOISE)] == 0.0)
    assert given[0, 0] == pytest.approx(1 / 13)  # thirteen sites are left
    assert given[1, SITES.index(Site.LAD)] == pytest.approx(1.0)


def test_rows_of_other_code_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measure_all(Counting(tmp_path), [], tmp_path / "rows", workers=1)
    measure_all(Counting(tmp_path), [], tmp_path / "rows", workers=1)
    assert "WARNING" not in capsys.readouterr().out
    (tmp_path / "rows" / "made_by.txt").write_text("another")
    measure_all(Counting(tmp_path), [], tmp_path / "rows", workers=1)
    assert "other code" in capsys.readouterr().out
