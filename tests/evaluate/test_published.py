"""Published tables: reading them, and finding the scan that is in hand."""

from pathlib import Path

import pytest

from corcal.errors import InputError
from corcal.evaluate.published import (
    AGATSTON_TABLE,
    INTEGRATED_TABLE,
    compare_published,
    find_tables,
)

from .conftest import Measured

COLUMNS = (
    "vender,scan,inserts,calculated_agat_large,calculated_agat_medium,calculated_agat_small,"
    "calculated_mass_large,calculated_mass_medium,calculated_mass_small,mass_cal_factor\n"
)


def write_table(folder: Path, scale_of: dict[str, float], measured: Measured) -> None:
    """Write scans whose scores are those of the measured one, scaled."""
    by_name = {c.name: c for c in measured.report.cylinders}
    lines = [COLUMNS]
    for scan, scale in scale_of.items():
        for density in ("low", "medium", "high"):
            of_size = [by_name[f"{size} {density}"] for size in ("large", "medium", "small")]
            scores = [f"{scale * c.agatston}" for c in of_size]
            masses = [f"{c.true_mass_mg + 3.0}" for c in of_size]
            row = ["Vendor", scan, f"{density.title()} Density", *scores, *masses, "0.00072"]
            lines.append(",".join(row) + "\n")
    (folder / AGATSTON_TABLE).write_text("".join(lines))


def test_the_closest_scan_is_taken(tmp_path: Path, simulated_measured: Measured) -> None:
    write_table(tmp_path, {"one": 1.3, "two": 1.02, "three": 0.9}, simulated_measured)
    found = compare_published(simulated_measured.report.cylinders, tmp_path)
    assert (found.vendor, found.scan) == ("Vendor", "two")
    assert found.how_found == "closest Agatston scores of 3 published scans"
    assert found.agatston_difference == pytest.approx(1 - 1 / 1.02)
    assert found.mass_factor_mg_per_cm3_hu == pytest.approx(0.72)
    assert found.rms_six_agatston_mass_mg == pytest.approx(3.0)  # every mass 3 mg too high
    assert found.rms_six_integrated_mass_mg is None  # there is no such table


def test_a_named_scan_is_taken_whatever_it_says(
    tmp_path: Path, simulated_measured: Measured
) -> None:
    write_table(tmp_path, {"one": 1.3, "two": 1.02}, simulated_measured)
    found = compare_published(simulated_measured.report.cylinders, tmp_path, scan_name="one")
    assert (found.scan, found.how_found) == ("one", "named")


def test_a_name_that_is_not_there_is_an_error(tmp_path: Path, simulated_measured: Measured) -> None:
    write_table(tmp_path, {"one": 1.3}, simulated_measured)
    with pytest.raises(InputError, match="no scan 'four'"):
        compare_published(simulated_measured.report.cylinders, tmp_path, scan_name="four")


def test_tables_are_looked_for_in_the_folder_and_around_it(tmp_path: Path) -> None:
    scan = tmp_path / "scan"
    scan.mkdir()
    assert find_tables(scan) is None
    (tmp_path / AGATSTON_TABLE).touch()
    assert find_tables(scan) == tmp_path
    (scan / AGATSTON_TABLE).touch()
    assert find_tables(scan) == scan


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no row"),
        ("a,b\n1,2\n", "is not a table of published"),
        ("vender,scan,inserts\nV,s,Other\n", "has no row"),
        (
            "vender,scan,inserts,mass_cal_factor\nV,s,Low Density,0.0007\n",
            "lacks the number calculated_agat_large",
        ),
        ("vender,scan,inserts\nV,s,Low Density\n", "lacks the number mass_cal_factor"),
    ],
)
def test_a_table_of_another_kind_is_refused(
    tmp_path: Path, simulated_measured: Measured, text: str, message: str
) -> None:
    (tmp_path / AGATSTON_TABLE).write_text(text)
    with pytest.raises(InputError, match=message):
        compare_published(simulated_measured.report.cylinders, tmp_path)


@pytest.mark.shared
def test_the_real_scan_is_recognised_among_the_published_ones(
    canon: Measured, canon_folder: Path
) -> None:
    folder = find_tables(canon_folder)
    assert folder is not None
    assert (folder / INTEGRATED_TABLE).is_file()
    found = compare_published(canon.report.cylinders, folder)
    assert (found.vendor, found.scan) == ("Canon_Aquilion_One_Vision", "Large_rep1")
    assert found.agatston_difference <= 0.05
    assert found.mass_factor_mg_per_cm3_hu == pytest.approx(0.72225, abs=1e-5)
    # the errors of the published masses, from the tables: 8.3 and 4.0 mg
    assert found.rms_six_agatston_mass_mg == pytest.approx(8.26, abs=0.005)
    assert found.rms_six_integrated_mass_mg == pytest.approx(4.04, abs=0.005)
