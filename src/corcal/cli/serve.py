"""``corcal serve``: the review workstation."""

import getpass
import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corcal.cli.parameters import GIVEN_PATH
from corcal.cli.store_options import data_option
from corcal.errors import InputError

if TYPE_CHECKING:
    from corcal.serve.settings import Settings

__all__ = ["command"]

_DEFAULT_PORT = 8420


@click.command("serve")
@click.option("--port", type=click.IntRange(1, 65535), default=_DEFAULT_PORT, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@data_option
@click.option(
    "--accounts", is_flag=True, help="Ask for accounts at a loopback address, too: behind a proxy."
)
@click.option("--no-browser", is_flag=True, help="Only print the link.")
@click.option(
    "--workers", type=click.IntRange(0, 64), default=1, show_default=True, help="That score."
)
@click.option(
    "--allowed-host", "allowed", multiple=True, metavar="NAME", help="A name of this server."
)
@click.option("--tls-cert", type=GIVEN_PATH, metavar="FILE", help="Certificate, PEM.")
@click.option("--tls-key", type=GIVEN_PATH, metavar="FILE", help="Its key.")
@click.option("--proxy", metavar="ADDRESS", help="Proxy with HTTPS in front of this server.")
@click.option(
    "--oidc",
    type=GIVEN_PATH,
    envvar="CORCAL_OIDC",
    metavar="FILE",
    help="Settings of sign-on by OpenID Connect, TOML; or CORCAL_OIDC.",
)
@click.option(
    "--send-to",
    multiple=True,
    metavar="NAME=ADDRESS",
    help="An archive that signed objects can be sent to, as corcal send takes it.",
)
@click.option(
    "--node", type=GIVEN_PATH, metavar="RULES", help="Also run the DICOM node, by these rules."
)
def command(
    port: int,
    host: str,
    data: Path | None,
    allowed: tuple[str, ...],
    workers: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    proxy: str | None,
    oidc: Path | None,
    send_to: tuple[str, ...],
    node: Path | None,
    *,
    accounts: bool,
    no_browser: bool,
) -> None:
    """Serve the worklist and the reading of exams in the browser.

    At a loopback address it is for the person at this machine, who comes in by a link that works
    once. At any other address people need accounts: corcal user add makes the first one.
    """
    from corcal.serve.logs import set_up_logs
    from corcal.serve.run import run_server
    from corcal.serve.settings import Mode, Settings, is_loopback
    from corcal.serve.sign_on.settings import read_sign_on
    from corcal.store.opened import default_data_folder

    if (tls_cert is None) != (tls_key is None):
        msg = "--tls-cert and --tls-key belong together"
        raise click.UsageError(msg)
    sign_on, secret = (None, None) if oidc is None else read_sign_on(oidc)
    is_personal = is_loopback(host) and not accounts and sign_on is None
    set_up_logs()
    settings = Settings(
        data=data or default_data_folder(),
        mode=Mode.PERSONAL if is_personal else Mode.DEPARTMENT,
        database=os.environ.get("CORCAL_DATABASE") or None,
        host=host,
        port=port,
        allowed_hosts=allowed,
        is_secure=tls_cert is not None or proxy is not None,
        reader=_reader(),
        workers=workers,
        send_to=_destinations(send_to),
        sign_on=sign_on,
        sign_on_secret=secret,
        node_rules=node,
    )
    with _node(settings):
        run_server(
            settings,
            say=click.echo,
            open_browser=not no_browser and is_personal,
            tls=(str(tls_cert), str(tls_key)) if tls_cert is not None else None,
            proxies=proxy,
        )


def _node(settings: "Settings") -> AbstractContextManager[None]:
    """Run the DICOM node beside the server, if there are rules for one."""
    if settings.node_rules is None:
        return nullcontext()
    from corcal.node.beside import node_beside  # pynetdicom takes a second to import

    return node_beside(
        settings.data, settings.node_rules, database=settings.database, say=click.echo
    )


def _reader() -> str:
    """Name the person at this machine, as the operating system does."""
    try:
        return getpass.getuser()
    except OSError:  # a user of a container that has a number and no name
        return "reader"


def _destinations(given: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in given:
        name, is_there, address = one.partition("=")
        if not (name and is_there and address):
            msg = f"--send-to is NAME=ADDRESS, got {one!r}"
            raise InputError(msg)
        found[name] = address
    return found
