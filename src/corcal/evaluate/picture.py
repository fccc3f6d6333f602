"""One picture of a calibration: where everything was found, and how far each mass is off."""

from pathlib import Path
from typing import Any

import numpy as np

from corcal.ct.scan import CTScan
from corcal.evaluate.qrm import INSERT_RADIUS_MM
from corcal.evaluate.qrm_design import ROD_DIAMETER_MM, ROD_MEASURED_RADIUS_MM, Size
from corcal.evaluate.report_types import InsertReport, MassMethod

__all__ = ["draw_report"]

_HALF_FIELD_MM = INSERT_RADIUS_MM + 8.0
_WINDOW_HU = (-100.0, 500.0)
# Colours that people with any colour vision tell apart (Okabe and Ito).
_SIZE_COLOURS = {Size.LARGE: "#56B4E9", Size.MEDIUM: "#E69F00", Size.SMALL: "#F0E442"}
_METHOD_STYLES = {
    MassMethod.INTEGRATED: ("#0072B2", "o"),
    MassMethod.LESION_INTEGRATED: ("#56B4E9", "s"),
    MassMethod.VOLUME_FRACTION: ("#E69F00", "^"),
    MassMethod.THRESHOLD: ("#D55E00", "D"),
}


def draw_report(scan: CTScan, report: InsertReport, file: Path) -> None:
    """Draw the insert, the rods and the mass errors.

    Parameters
    ----------
    scan : CTScan
        The scan that was measured.
    report : InsertReport
        What was measured.
    file : Path
        PNG to write.
    """
    # Heavy import, needed only for a picture. Figure itself, not pyplot: no global state, no
    # display.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 7.4), layout="constrained", facecolor="white")
    grid = figure.add_gridspec(2, 2, width_ratios=(1.25, 1), height_ratios=(1, 1.25))
    _draw_insert(figure.add_subplot(grid[:, 0]), scan, report)
    _draw_rods(figure.add_subplot(grid[0, 1]), scan, report)
    _draw_errors(figure.add_subplot(grid[1, 1]), report)
    figure.savefig(file, dpi=110)


def _draw_insert(axes: Any, scan: CTScan, report: InsertReport) -> None:
    """Draw the middle slice of the insert, each aperture, and known and measured mass beside it."""
    z, *centre = report.insert.centre_index
    _show_slice(axes, scan, round(z), centre)
    for place, cylinder in zip(report.insert.places, report.cylinders, strict=True):
        x, y = _offset_mm(scan, place.index[1:], centre)
        margin = report.rule.in_plane_fwhm * report.rods.psf_fwhm_mm
        colour = _SIZE_COLOURS[place.cylinder.size]
        _circle(axes, x, y, place.cylinder.diameter_mm / 2 + margin, colour)
        estimate = cylinder.mass(MassMethod.INTEGRATED)
        is_level = abs(x) > 2 * abs(y)  # on a level spoke the label stands above, else beside
        radius = place.cylinder.diameter_mm / 2 + margin + 1.0
        axes.annotate(
            f"{estimate.mass_mg:.1f} mg\n(true {cylinder.true_mass_mg:.1f})",
            (x, y - radius) if is_level else (x + radius, y),
            ha="center" if is_level else "left",
            va="bottom" if is_level else "center",
            color=colour,
            fontsize=8,
        )
    axes.set_title(
        f"Calcium insert, slice {round(z)}: integrated mass, "
        f"RMS error {report.method(MassMethod.INTEGRATED).rms_six_mg:.2f} mg "
        "(large and medium)"
    )


def _draw_rods(axes: Any, scan: CTScan, report: InsertReport) -> None:
    """Draw the mean of the rods' slices with the two discs."""
    rods, centre = report.rods, report.insert.centre_index[1:]
    first, last = rods.slices[0], rods.slices[-1]
    _show_slice(axes, scan, slice(first, last + 1), centre)
    for index, name in (
        (rods.hydroxyapatite_index, f"200 mg/cm³:\n{rods.hydroxyapatite_hu:.0f} HU"),
        (rods.water_index, f"water:\n{rods.water_hu:.0f} HU"),
    ):
        x, y = _offset_mm(scan, index, centre)
        _circle(axes, x, y, ROD_MEASURED_RADIUS_MM, "#56B4E9")
        axes.annotate(
            name,
            (x + ROD_DIAMETER_MM / 2, y),
            color="#56B4E9",
            fontsize=8,
            va="center",
        )
    axes.set_title(
        f"Rods, slices {first} to {last}: {rods.calibration_mg_per_cm3_hu:.4f} mg/cm³/HU, "
        f"blur {rods.psf_fwhm_mm:.2f} mm"
    )


def _draw_errors(axes: Any, report: InsertReport) -> None:
    """Draw the error of every mass with its standard uncertainty."""
    names = [cylinder.name for cylinder in report.cylinders]
    for place, method in enumerate(MassMethod):
        colour, marker = _METHOD_STYLES[method]
        x, error, uncertainty = [], [], []
        for column, cylinder in enumerate(report.cylinders):
            estimate = cylinder.mass(method)
            if estimate.error_mg is not None:
                x.append(column + 0.16 * (place - 1.5))
                error.append(estimate.error_mg)
                uncertainty.append(estimate.uncertainty_mg)
        summary = report.method(method)
        axes.errorbar(
            x,
            error,
            yerr=uncertainty,
            fmt=marker,
            ms=5,
            capsize=2,
            color=colour,
            label=f"{method.label}: RMS {summary.rms_six_mg:.2f} mg",
        )
    axes.axhline(0, color="black", lw=0.8)
    axes.set_yscale("symlog", linthresh=2)
    axes.set_yticks(
        [-5, -2, -1, 0, 1, 2, 5, 10, 20], ["-5", "-2", "-1", "0", "1", "2", "5", "10", "20"]
    )
    axes.set_xticks(range(len(names)), [name.replace(" ", "\n") for name in names], fontsize=8)
    axes.set_ylabel("measured - known mass, mg")
    axes.set_ylim(-5, 30)
    axes.legend(fontsize=8, loc="lower left", ncols=2)
    axes.grid(axis="y", alpha=0.3)
    axes.set_title("Mass error of each method, with standard uncertainty")


def _show_slice(axes: Any, scan: CTScan, which: int | slice, centre: Any) -> None:
    """Show a slice, or the mean of some, around the axis, in mm from it."""
    image = scan.hu[which].astype(np.float32)
    image = image if image.ndim == 2 else image.mean(axis=0)
    left, bottom = _offset_mm(scan, (image.shape[0] - 0.5, -0.5), centre)
    right, top = _offset_mm(scan, (-0.5, image.shape[1] - 0.5), centre)
    axes.imshow(
        image,
        cmap="gray",
        vmin=_WINDOW_HU[0],
        vmax=_WINDOW_HU[1],
        extent=(left, right, bottom, top),
        interpolation="nearest",
    )
    axes.set_xlim(-_HALF_FIELD_MM, _HALF_FIELD_MM)
    axes.set_ylim(_HALF_FIELD_MM, -_HALF_FIELD_MM)
    axes.set_xticks([])
    axes.set_yticks([])


def _offset_mm(scan: CTScan, index: Any, centre: Any) -> tuple[float, float]:
    """Offset (x, y) in mm of a pixel (y, x) from the axis."""
    _, dy, dx = scan.spacing_mm
    return (index[1] - centre[1]) * dx, (index[0] - centre[0]) * dy


def _circle(axes: Any, x: float, y: float, radius: float, colour: str) -> None:
    """Draw a circle."""
    from matplotlib.patches import Circle  # heavy import, needed only for a picture

    axes.add_patch(Circle((x, y), radius, fill=False, color=colour, lw=1.2))
