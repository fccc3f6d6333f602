"""``corcal report``: a scored exam in the formats of other people and other programs."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corcal.cli import plain
from corcal.cli.parameters import GIVEN_PATH
from corcal.errors import InputError
from corcal.whole_file import write_whole

if TYPE_CHECKING:
    from corcal.result import Result

__all__ = ["FORMATS", "Format", "Request", "chosen_formats", "command", "write_report"]

RESULT_NAME = "result.json"
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a format needs to write its files.

    Attributes
    ----------
    result : Result
        The exam; without what tells who the patient is, if that was asked for.
    folder : Path
        Where the files go; it exists.
    """

    result: "Result"
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format: what it is, and what writes it.

    Attributes
    ----------
    help : str
        A few words.
    write : callable
        Writes the files and gives their paths. It imports what it needs when it is called.
    is_default : bool
        Whether it is written when nobody names a format.
    """

    help: str
    write: Callable[[Request], tuple[Path, ...]]
    is_default: bool = True


def _write_fhir(request: Request) -> tuple[Path, ...]:
    from corcal.interop.fhir import fhir_json

    path = request.folder / "fhir.json"
    write_whole(path, fhir_json(request.result))
    return (path,)


def _write_hl7(request: Request) -> tuple[Path, ...]:
    from corcal.interop.hl7v2 import hl7_message

    path = request.folder / "report.hl7"
    write_whole(path, hl7_message(request.result))
    return (path,)


def _write_csv(request: Request) -> tuple[Path, ...]:
    from corcal.interop.tables import dictionary_csv, write_exam_table, write_lesion_table

    exam, lesions, dictionary = (
        request.folder / name for name in ("exam.csv", "lesions.csv", "data_dictionary.csv")
    )
    write_exam_table([request.result], exam)
    write_lesion_table(request.result, lesions)
    write_whole(dictionary, dictionary_csv())
    return exam, lesions, dictionary


def _write_parquet(request: Request) -> tuple[Path, ...]:
    from corcal.interop.parquet import write_exam_parquet, write_lesion_parquet

    exam, lesions = (request.folder / name for name in ("exam.parquet", "lesions.parquet"))
    write_exam_parquet([request.result], exam)
    write_lesion_parquet(request.result, lesions)
    return exam, lesions


# A format is added by a line here, and by nothing else
FORMATS: dict[str, Format] = {
    "fhir": Format(help="FHIR R4 bundle", write=_write_fhir),
    "hl7": Format(help="HL7 v2.5.1 message ORU^R01", write=_write_hl7),
    "csv": Format(help="tables and their data dictionary", write=_write_csv),
    "parquet": Format(
        help="tables with types; needs pyarrow", write=_write_parquet, is_default=False
    ),
}


def chosen_formats(names: str | None) -> tuple[str, ...]:
    """Read a list such as ``"fhir,csv"``; without one the default formats are chosen.

    Raises
    ------
    InputError
        If a name is not a format.
    """
    if names is None:
        return tuple(name for name, each in FORMATS.items() if each.is_default)
    wanted = tuple(dict.fromkeys(name.strip() for name in names.split(",")))
    for name in wanted:
        if name not in FORMATS:
            msg = f"{name!r} is not a format; allowed are {', '.join(FORMATS)}"
            raise InputError(msg)
    return wanted


def write_report(result: "Result", folder: Path, formats: tuple[str, ...]) -> tuple[Path, ...]:
    """Write a result in each of the formats into a folder, which is made if needed."""
    folder.mkdir(parents=True, exist_ok=True)
    request = Request(result=result, folder=folder)
    return tuple(path for name in formats for path in FORMATS[name].write(request))


_FORMAT_HELP = "; ".join(f"{name}: {each.help}" for name, each in FORMATS.items())


@click.command("report")
@click.argument("path", type=GIVEN_PATH, metavar="RESULT")
@click.option("--out", type=GIVEN_PATH, required=True, metavar="DIR", help="Folder for the files.")
@click.option(
    "--format",
    "formats",
    metavar="LIST",
    help=f"Formats, parted by commas ({_FORMAT_HELP}). By default all that need nothing more.",
)
@click.option(
    "--deidentify",
    is_flag=True,
    help="Take out names, replace identifiers and UIDs, and move all dates.",
)
@click.option(
    "--key-file",
    type=GIVEN_PATH,
    metavar="FILE",
    help="Secret by which --deidentify replaces, the same way each time; made if it is not there.",
)
def command(
    path: Path, out: Path, formats: str | None, key_file: Path | None, *, deidentify: bool
) -> None:
    """Write a scored exam in the formats of other people and other programs.

    RESULT is a result.json, or a folder that corcal score --out has written.
    """
    from corcal.result import read_result

    if key_file is not None and not deidentify:
        msg = "--key-file is for --deidentify"
        raise click.UsageError(msg)
    wanted = chosen_formats(formats)
    result = read_result(_file(path))
    if deidentify:
        from corcal.interop.deidentify import Deidentifier

        result = Deidentifier(_key(key_file))(result)
    for written in write_report(result, out, wanted):
        click.echo(f"wrote {plain(written)}")
    if deidentify and key_file is None:
        click.echo("The key is not kept: use --key-file where exams of one person must match.")


def _file(path: Path) -> Path:
    """Give the record inside a folder, or the file itself."""
    if not path.is_dir():
        return path
    inside = path / RESULT_NAME
    if not inside.is_file():
        msg = f"no {RESULT_NAME} in {path.name}: give a result, or the folder of corcal score --out"
        raise InputError(msg)
    return inside


def _key(key_file: Path | None) -> bytes:
    """Read the key, or make one that nobody else may read."""
    if key_file is None:
        return secrets.token_bytes(_KEY_BYTES)
    if not key_file.exists():
        key_file.touch(mode=0o600, exist_ok=False)
        key_file.write_text(secrets.token_hex(_KEY_BYTES) + "\n", encoding="ascii")
    return key_file.read_bytes().strip()
