"""``corcal calibrate``: measure a QRM cardiac phantom against its known masses."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corcal.cli import plain
from corcal.cli.parameters import GIVEN_PATH
from corcal.cli.progress import progress_bar
from corcal.whole_file import write_whole

if TYPE_CHECKING:
    from corcal.ct.scan import CTScan
    from corcal.evaluate.report_types import (
        CalibrationRecord,
        InsertReport,
        PublishedScan,
    )

__all__ = ["command"]

JSON_NAME = "calibration.json"
PICTURE_NAME = "calibration.png"


@click.command("calibrate")
@click.argument("path", type=GIVEN_PATH)
@click.option("--series", metavar="UID", help="Read this series, if there are several.")
@click.option("--out", type=GIVEN_PATH, help="Write JSON and a picture here.")
@click.option("--json", "json_to", metavar="FILE", help="Write the JSON here; - is stdout.")
@click.option(
    "--published",
    type=GIVEN_PATH,
    help="Folder with published_agatston_and_mass.csv; the scan's own or the one around it is "
    "looked into if this is not given.",
)
@click.option("--published-scan", metavar="NAME", help="Compare with this scan of the table.")
def command(
    path: Path,
    series: str | None,
    out: Path | None,
    json_to: str | None,
    published: Path | None,
    published_scan: str | None,
) -> None:
    """Find the calcium insert and the rods of a QRM cardiac phantom in PATH and measure them.

    Measures Agatston score, volume and, by four methods, the mass of the nine cylinders, and states
    the error of each method with its uncertainty.
    """
    from corcal.ct.read import read_scan

    with progress_bar() as progress:
        scan = read_scan(path, series_uid=series, progress=progress)
        record = _record(scan, path, published, published_scan, progress)
    text = _json(record)
    if json_to == "-":
        sys.stdout.write(text)
    elif json_to is not None:
        write_whole(Path(json_to), text)
    written = _write(scan, record, text, out)
    if json_to != "-":
        _print(record)
        for file in written:
            click.echo(f"wrote {plain(file)}")


def _record(
    scan: "CTScan",
    path: Path,
    published: Path | None,
    published_scan: str | None,
    progress: Any,
) -> "CalibrationRecord":
    """Measure the scan and put it beside what was published."""
    from corcal._version import __version__
    from corcal.evaluate.calibration import measure_insert
    from corcal.evaluate.published import compare_published, find_tables
    from corcal.evaluate.qrm import find_insert
    from corcal.evaluate.report_types import CalibrationRecord

    report = measure_insert(scan, find_insert(scan), progress=progress)
    folder = published or find_tables(path)
    other = None
    if folder is not None:
        other = compare_published(report.cylinders, folder, scan_name=published_scan)
    elif published_scan is not None:
        msg = "--published-scan needs a table: give its folder with --published"
        raise click.UsageError(msg)
    return CalibrationRecord(
        software="corcal",
        software_version=__version__,
        series_instance_uid=scan.series.series_instance_uid,
        manufacturer=scan.acquisition.manufacturer,
        model_name=scan.acquisition.model_name,
        kvp=scan.acquisition.kvp,
        convolution_kernel=scan.acquisition.convolution_kernel,
        slice_thickness_mm=scan.acquisition.slice_thickness_mm,
        spacing_mm=scan.spacing_mm,
        report=report,
        published=other,
    )


def _json(record: "CalibrationRecord") -> str:
    """Encode the record, indented."""
    import msgspec

    return msgspec.json.format(msgspec.json.encode(record), indent=2).decode() + "\n"


def _write(scan: "CTScan", record: "CalibrationRecord", text: str, out: Path | None) -> list[Path]:
    """Write the files into the folder, if one is wanted."""
    if out is None:
        return []
    from corcal.evaluate.picture import draw_report

    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / JSON_NAME, text)
    draw_report(scan, record.report, out / PICTURE_NAME)
    return [out / JSON_NAME, out / PICTURE_NAME]


def _print(record: "CalibrationRecord") -> None:
    """Show a person the tables."""
    from rich.console import Console

    console = Console(highlight=False)
    console.print(*_heading(record), sep="\n")
    console.print(_score_table(record.report, record.published))
    console.print(_mass_table(record.report))
    console.print(_method_table(record.report, record.published))
    console.print(*_notes(record), sep="\n", markup=False, soft_wrap=True)


def _heading(record: "CalibrationRecord") -> list[str]:
    """Say what was found where."""
    report, rods = record.report, record.report.rods
    device = " ".join(filter(None, (record.manufacturer, record.model_name))) or "unknown scanner"
    kvp = "kVp unknown" if record.kvp is None else f"{record.kvp:g} kVp"
    contrast = rods.hydroxyapatite_hu - rods.water_hu
    return [
        f"[bold]QRM cardiac phantom[/bold], {device}, {kvp}, "
        f"{record.convolution_kernel or 'kernel unknown'}, increment {record.spacing_mm[0]:g} mm",
        f"insert: slice {report.insert.centre_index[0]:.1f}, tissue {report.insert.tissue_hu:.0f} "
        f"HU, noise {report.noise.pixel_sd_hu:.0f} HU",
        f"rods: slices {rods.slices[0]} to {rods.slices[-1]}, 200 mg/cm³ is {contrast:.1f} HU over "
        f"water, in-plane blur {rods.psf_fwhm_mm:.2f} mm",
        f"[bold]mass factor {rods.calibration_mg_per_cm3_hu:.4f} mg/cm³/HU[/bold] "
        f"± {report.noise.calibration_relative:.1%}",
    ]


def _score_table(report: "InsertReport", published: "PublishedScan | None") -> Any:
    """Agatston score and volume of every cylinder, beside the published score."""
    table = _table("Scores by the textbook rule", first="cylinder")
    for name in ("Agatston", *(("published",) if published else ()), "volume mm³", "peak HU"):
        table.add_column(name, justify="right", no_wrap=True)
    scores = {one.name: one.agatston for one in published.cylinders} if published else {}
    for cylinder in report.cylinders:
        row = [cylinder.name, f"{cylinder.agatston:.1f} ± {cylinder.agatston_uncertainty:.1f}"]
        row += [_number(scores.get(cylinder.name), 1)] if published else []
        row += [f"{cylinder.volume_mm3:.1f}", f"{cylinder.peak_hu:.0f}"]
        table.add_row(*row, end_section=cylinder.density == "high")
    return table


def _mass_table(report: "InsertReport") -> Any:
    """Every mass beside the known one; the uncertainty of the method that corcal stands for."""
    from corcal.evaluate.report_types import MassMethod

    table = _table("Mass, mg (± standard uncertainty)", first="cylinder")
    table.add_column("known", justify="right", no_wrap=True)
    for method in MassMethod:
        table.add_column(method.label, justify="right", no_wrap=True)
    for cylinder in report.cylinders:
        best = cylinder.mass(MassMethod.INTEGRATED)
        row = [cylinder.name, f"{cylinder.true_mass_mg:.2f}"]
        row.append(f"{_number(best.mass_mg, 2)} ± {_number(best.uncertainty_mg, 2)}")
        row += [
            _number(estimate.mass_mg, 2)
            for estimate in cylinder.masses
            if estimate.method is not MassMethod.INTEGRATED
        ]
        table.add_row(*row, end_section=cylinder.density == "high")
    return table


def _table(title: str, *, first: str) -> Any:
    """Make an empty table that fits into 80 columns."""
    from rich import box
    from rich.table import Table

    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column(first, no_wrap=True)
    return table


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _method_table(report: "InsertReport", published: "PublishedScan | None") -> Any:
    """Error of every method, and of the published ones."""
    table = _table("Error against the known masses, mg", first="method")
    for name in ("RMS of 6", "95 %", "noise alone", "bias", "of 9"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in report.methods:
        table.add_row(
            one.method.label,
            f"[bold]{one.rms_six_mg:.2f}[/bold]",
            "{:.2f} - {:.2f}".format(*one.interval_six_mg),
            "{:.2f} - {:.2f}".format(*one.noise_alone_six_mg),
            f"{one.bias_six_mg:+.2f}",
            f"{one.rms_nine_mg:.2f}",
        )
    if published is not None:
        for name, rms in (
            ("published, Agatston", published.rms_six_agatston_mass_mg),
            ("published, integrated", published.rms_six_integrated_mass_mg),
        ):
            if rms is not None:
                table.add_row(name, f"{rms:.2f}", "", "", "", "")
    return table


def _notes(record: "CalibrationRecord") -> list[str]:
    """Say what the columns mean, and how well the published scores agree."""
    lines = [
        "Of 6: the large and medium cylinders; of 9: all. 95 %: RMS of 6 when noise and",
        "calibration error of this scan are drawn once more. Noise alone: what a method",
        "without any error of its own would show. Patient rule: around the voxels above",
        "130 HU, as in corcal score; - if there is none.",
    ]
    if record.published is not None:
        one = record.published
        lines += [
            f"Published: {one.vendor}, {one.scan} ({one.how_found}).",
            "Agatston scores of large and medium cylinders agree within "
            f"{one.agatston_difference:.1%}.",
        ]
    return lines
