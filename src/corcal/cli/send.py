"""``corcal send``: DICOM objects delivered to an archive."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corcal.cli import plain
from corcal.cli.outputs import check_outputs
from corcal.cli.parameters import GIVEN_PATH
from corcal.cli.progress import progress_bar
from corcal.errors import InputError
from corcal.whole_file import write_whole

if TYPE_CHECKING:
    from corcal.interop.send import DeliveryReport
    from corcal.interop.send.objects import FoundObjects
    from corcal.interop.send.types import Delivery, SendOptions

__all__ = ["command"]

INCOMPLETE = 4  # exit code of PeerError: something did not arrive
_LISTED = 20  # objects of one fate are listed one by one up to here, and counted beyond


@click.command("send", epilog="More: docs/send.md.")
@click.argument("paths", type=GIVEN_PATH, nargs=-1, metavar="PATH...")
@click.option(
    "--to",
    "address",
    required=True,
    metavar="ADDRESS",
    help="dicom://AET@host:port, dicoms://... with TLS, or https://host/dicom-web.",
)
@click.option("--calling", default="CORCAL", show_default=True, metavar="AET", help="Our AE title.")
@click.option("--echo", is_flag=True, help="Only ask whether the archive is there.")
@click.option("--commit", is_flag=True, help="Ask for storage commitment of what arrived.")
@click.option(
    "--listen",
    metavar="[HOST:]PORT",
    help="Where the archive may call back about the commitment.",
)
@click.option("--several-patients", is_flag=True, help="Send objects of several patients.")
@click.option(
    "--timeout",
    type=click.IntRange(1, 600),
    default=30,
    show_default=True,
    metavar="S",
    help="Seconds to wait for each answer.",
)
@click.option(
    "--commit-timeout",
    type=click.IntRange(1, 3600),
    default=60,
    show_default=True,
    metavar="S",
    help="Seconds to wait for the commitment.",
)
@click.option(
    "--attempts",
    type=click.IntRange(1, 10),
    default=3,
    show_default=True,
    metavar="N",
    help="Attempts in a row that may fail.",
)
@click.option("--ca-file", type=GIVEN_PATH, metavar="PEM", help="Authorities to trust (TLS).")
@click.option("--client-cert", type=GIVEN_PATH, metavar="PEM", help="Our certificate (TLS).")
@click.option("--client-key", type=GIVEN_PATH, metavar="PEM", help="Its key, if not in there.")
@click.option(
    "--token-file",
    type=GIVEN_PATH,
    metavar="FILE",
    help="Bearer token for DICOMweb; or set CORCAL_SEND_TOKEN.",
)
@click.option(
    "--password-file",
    type=GIVEN_PATH,
    metavar="FILE",
    help="user:password for DICOMweb; or set CORCAL_SEND_USER and CORCAL_SEND_PASSWORD.",
)
@click.option(
    "--credentials-in-clear", is_flag=True, help="Let credentials travel over http:// too."
)
@click.option("--json", "json_to", metavar="FILE", help="What became of each object; - is stdout.")
def command(paths: tuple[Path, ...], address: str, json_to: str | None, **given: Any) -> int:
    """Deliver DICOM objects to an archive (PACS), and say what arrived.

    PATH is a DICOM file, a folder whose DICOM files are sent, or the folder of a scored exam, whose
    results are sent. Objects are sent as they are: by C-STORE to dicom:// addresses, by STOW-RS to
    https://. Exit code 4: something did not arrive.
    """
    from corcal.interop.send import deliver, echo, parse_address

    where = parse_address(address)
    options = _options(given)
    if given["echo"]:
        if paths or json_to or given["commit"]:
            msg = "--echo sends nothing: give it without PATH, --commit and --json"
            raise click.UsageError(msg)
        click.echo(plain(echo(where, options=options)))
        return 0
    if not paths:
        msg = "what is to be sent? Give a DICOM file or a folder"
        raise click.UsageError(msg)
    check_outputs(paths, {"--json": json_to})
    from corcal.interop.send.objects import find_objects

    found = find_objects(paths, several_patients=given["several_patients"], results=_result_names())
    with progress_bar() as progress:
        report = deliver(found.objects, where, options=options, progress=progress)
    _tell(report, found, json_to)
    return 0 if report.is_complete else INCOMPLETE


def _result_names() -> tuple[str, ...]:
    """Name the DICOM files that corcal writes into the folder of an exam."""
    from corcal.cli.report_formats import FORMATS, files_of

    return files_of(tuple(name for name, each in FORMATS.items() if each.is_dicom))


def _options(given: dict[str, Any]) -> "SendOptions":
    """Make the options of the delivery from those of the command line."""
    from corcal.interop.send.address import ae_title
    from corcal.interop.send.credentials import find_credentials
    from corcal.interop.send.types import SendOptions, TlsFiles

    if given["listen"] is not None and not given["commit"]:
        msg = "--listen is for --commit"
        raise click.UsageError(msg)
    return SendOptions(
        calling=ae_title(given["calling"], of="of --calling"),
        commit=given["commit"],
        listen=None if given["listen"] is None else _place(given["listen"]),
        answer_s=float(given["timeout"]),
        connect_s=float(min(given["timeout"], 10)),
        commit_s=float(given["commit_timeout"]),
        attempts=given["attempts"],
        tls=TlsFiles(
            ca_file=given["ca_file"],
            client_cert=given["client_cert"],
            client_key=given["client_key"],
        ),
        credentials=find_credentials(
            os.environ, token_file=given["token_file"], password_file=given["password_file"]
        ),
        credentials_in_clear=given["credentials_in_clear"],
    )


def _place(text: str) -> tuple[str, int]:
    """Read where to listen: all of this machine's addresses, unless one is named."""
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        msg = "--listen needs a port from 1 to 65535, or host:port"
        raise InputError(msg)
    return host.strip("[]"), int(port)


def _tell(report: "DeliveryReport", found: "FoundObjects", json_to: str | None) -> None:
    """Say what became of each object, to a program or to a person."""
    if json_to is not None:
        from corcal.interop.send.record import report_json

        text = report_json(report)
        if json_to == "-":
            click.echo(text, nl=False)
            return
        write_whole(Path(json_to), text)
    for line in _lines(report, found):
        click.echo(plain(line))
    if json_to is not None:
        click.echo(f"wrote {plain(json_to)}")


def _lines(report: "DeliveryReport", found: "FoundObjects") -> list[str]:
    """Say what became of each object; many of which the same is said are counted."""
    alike: dict[str, list[str]] = {}
    for one in report.deliveries:
        alike.setdefault(_fate(one), []).append(one.sop_instance_uid)
    lines = []
    for fate, uids in alike.items():
        word, rest = fate.split(" | ", maxsplit=1)
        named = uids if len(uids) <= _LISTED else [f"{len(uids)} x"]
        lines += [f"{word} {name} {rest}" for name in named]
    if found.exam_folders:
        lines.append("Of a scored exam what corcal wrote is sent; images beside it are not.")
    if found.passed_over:
        lines.append(f"Passed over, being no DICOM objects: {_files(found.passed_over)}.")
    if found.repeated:
        lines.append(f"Given more than once, sent once: {_files(found.repeated)}.")
    lines.append(f"{_arrived(report)} of {len(report.deliveries)} arrived at {report.address}.")
    return lines


def _arrived(report: "DeliveryReport") -> int:
    from corcal.interop.send.types import Arrival

    return sum(one.arrival is Arrival.ARRIVED for one in report.deliveries)


def _files(count: int) -> str:
    return f"{count} file" if count == 1 else f"{count} files"


def _fate(one: "Delivery") -> str:
    """Say what became of an object, apart from which one it is, which goes at the bar."""
    from corcal.interop.send.words import uid_name

    text = f"{one.arrival.value} | {uid_name(one.sop_class_uid)}"
    if one.reason:
        text += f": {one.reason}"
    if one.commitment is not None:
        text += f" [commitment: {one.commitment.value}"
        text += f", {one.commitment_reason}]" if one.commitment_reason else "]"
    return text
