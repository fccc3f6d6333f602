"""Published measurements of QRM scans, read from tables beside a scan.

The tables are those of the repository of van Praagh's and Black's scans [1]_: three rows a scan,
one a density, with the columns ``vender, scan, inserts, calculated_agat_large, ...``. Nothing of
them comes with corcal; they are read where the user has them.

References
----------
.. [1] MolloiLab/CAC-stanford-data; scans of van Praagh et al., doi:10.1002/mp.14912
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corcal.errors import InputError
from corcal.evaluate.qrm_design import CYLINDERS, Density, Size, cylinder_named
from corcal.evaluate.report_types import CylinderMeasurement, PublishedCylinder, PublishedScan

__all__ = ["AGATSTON_TABLE", "INTEGRATED_TABLE", "compare_published", "find_tables"]

AGATSTON_TABLE = "published_agatston_and_mass.csv"
INTEGRATED_TABLE = "published_integrated_mass.csv"

_DENSITY_OF_ROW = {
    "Low Density": Density.LOW,
    "Medium Density": Density.MEDIUM,
    "High Density": Density.HIGH,
}

_Key = tuple[str, str]  # vendor, scan


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """All published numbers of one scan, by the name of the cylinder."""

    agatston: dict[str, float]
    agatston_mass: dict[str, float]
    integrated_mass: dict[str, float]
    mass_factor: float | None


def find_tables(path: Path) -> Path | None:
    """Return the folder with published tables: what was scanned, or the folder around it.

    Parameters
    ----------
    path : Path
        The scan's folder or file.

    Returns
    -------
    Path or None
        ``None`` if there is no `AGATSTON_TABLE` in either.
    """
    for folder in (path, path.parent):
        if (folder / AGATSTON_TABLE).is_file():
            return folder
    return None


def compare_published(
    cylinders: Sequence[CylinderMeasurement], folder: Path, *, scan_name: str | None = None
) -> PublishedScan:
    """Find the published scan that is this one, and give what was published for it.

    Parameters
    ----------
    cylinders : sequence of CylinderMeasurement
        Of the scan in question.
    folder : Path
        Where the tables are.
    scan_name : str, optional
        ``scan`` column of its rows. If absent, the scan whose Agatston scores of the large and
        medium cylinders come closest is taken, which tells apart even repeated scans of one
        phantom: they differ by tens of per cent.

    Returns
    -------
    PublishedScan

    Raises
    ------
    InputError
        If the tables cannot be read, or have no such scan.
    """
    rows = _read_tables(folder)
    if scan_name is not None:
        rows = {key: row for key, row in rows.items() if key[1] == scan_name}
        if not rows:
            msg = f"no scan {scan_name!r} in {AGATSTON_TABLE}"
            raise InputError(msg)
    ours = {cylinder.name: cylinder.agatston for cylinder in cylinders}
    differences = {key: _difference(ours, row.agatston) for key, row in rows.items()}
    key = min(differences, key=differences.__getitem__)
    how = "named" if scan_name else f"closest Agatston scores of {len(rows)} published scans"
    row = rows[key]
    return PublishedScan(
        vendor=key[0],
        scan=key[1],
        how_found=how,
        mass_factor_mg_per_cm3_hu=row.mass_factor,
        agatston_difference=differences[key],
        rms_six_agatston_mass_mg=_rms_of_six(row.agatston_mass),
        rms_six_integrated_mass_mg=_rms_of_six(row.integrated_mass),
        cylinders=tuple(
            PublishedCylinder(
                name=cylinder.name,
                agatston=row.agatston.get(cylinder.name),
                agatston_mass_mg=row.agatston_mass.get(cylinder.name),
                integrated_mass_mg=row.integrated_mass.get(cylinder.name),
            )
            for cylinder in CYLINDERS
        ),
    )


def _difference(ours: dict[str, float], theirs: dict[str, float]) -> float:
    """Largest relative difference over the large and medium cylinders."""
    return max(
        abs(ours[name] - value) / max(abs(value), 1e-9)
        for name, value in theirs.items()
        if not name.startswith(Size.SMALL)
    )


def _rms_of_six(masses: dict[str, float]) -> float | None:
    """Root mean square error of published masses of the large and medium cylinders."""
    errors = [
        masses[cylinder.name] - cylinder.mass_mg
        for cylinder in CYLINDERS
        if cylinder.size is not Size.SMALL and cylinder.name in masses
    ]
    return float(np.sqrt(np.mean(np.square(errors)))) if len(errors) == 6 else None


def _read_tables(folder: Path) -> dict[_Key, _Row]:
    """Read both tables; the second may be missing."""
    rows: dict[_Key, _Row] = {}
    for line in _lines(folder / AGATSTON_TABLE):
        row = rows.setdefault(
            (line["vender"], line["scan"]),
            _Row(
                agatston={},
                agatston_mass={},
                integrated_mass={},
                mass_factor=1000.0 * _number(line, "mass_cal_factor"),  # published in mg/mm3/HU
            ),
        )
        _fill(row.agatston, line, "calculated_agat")
        _fill(row.agatston_mass, line, "calculated_mass")
    if (folder / INTEGRATED_TABLE).is_file():
        for line in _lines(folder / INTEGRATED_TABLE):
            row_or_none = rows.get((line["vender"], line["scan"]))
            if row_or_none is not None:
                _fill(row_or_none.integrated_mass, line, "calculated_mass")
    return rows


def _lines(file: Path) -> list[dict[str, str]]:
    """Rows of a table whose density is known."""
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            lines = [line for line in csv.DictReader(stream) if line["inserts"] in _DENSITY_OF_ROW]
    except (KeyError, UnicodeDecodeError, csv.Error) as exc:
        msg = f"{file.name} is not a table of published QRM measurements: {exc}"
        raise InputError(msg) from exc
    if not lines:
        msg = f"{file.name} has no row with one of {', '.join(_DENSITY_OF_ROW)} as its inserts"
        raise InputError(msg)
    return lines


def _fill(target: dict[str, float], line: dict[str, str], column: str) -> None:
    """Take the three sizes of one density from a row."""
    density = _DENSITY_OF_ROW[line["inserts"]]
    for size in Size:
        target[cylinder_named(size, density).name] = _number(line, f"{column}_{size}")


def _number(line: dict[str, str], column: str) -> float:
    try:
        return float(line[column])
    except (KeyError, ValueError, TypeError) as exc:
        msg = f"row {line.get('scan')!r} of the published table lacks the number {column}"
        raise InputError(msg) from exc
