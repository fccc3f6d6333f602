"""``corcal node``: the DICOM node of a hospital."""

import json
import os
import signal
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corcal.cli.parameters import GIVEN_PATH
from corcal.cli.store_options import data_option
from corcal.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from corcal.node.rules import NodeRules
    from corcal.store.store import Store

__all__ = ["command"]

_RULES = "node.toml"


@click.group("node", invoke_without_command=True)
@data_option
@click.option(
    "--rules", type=GIVEN_PATH, metavar="FILE", help="What is taken, and where results go."
)
@click.option(
    "--check", is_flag=True, help="Only say whether the rules, and what they name, can be used."
)
@click.option("--peers", is_flag=True, help="With --check: also ask every peer by C-ECHO.")
@click.pass_context
def command(
    ctx: click.Context, data: Path | None, rules: Path | None, *, check: bool, peers: bool
) -> None:
    """Take studies by DICOM, score them, and send the results on.

    The rules are DATA/node.toml if no file is named. Without rules it listens at this machine
    alone, and takes nothing from anybody.
    """
    from corcal.node.rules import NodeRules, read_rules
    from corcal.store.opened import default_data_folder

    folder = data or default_data_folder()
    ctx.obj = {**(ctx.obj or {}), "data": folder}
    if ctx.invoked_subcommand is not None:
        return
    path = rules or folder / _RULES
    read = read_rules(path) if rules is not None or path.exists() else NodeRules()
    if check or peers:
        _check(folder, read, path, with_peers=peers)
        return
    _run(folder, read, path if path.exists() else None)


def _check(folder: Path, rules: "NodeRules", path: Path, *, with_peers: bool) -> None:
    from corcal.node.check import check, check_peers

    database = os.environ.get("CORCAL_DATABASE") or None
    found = check(rules, folder, base=path.parent, database=database)
    if with_peers:
        found += check_peers(rules, base=path.parent)
    for one in found:
        click.echo(f"{'error' if one.is_error else 'warning'}: {one.text}")
    errors = sum(one.is_error for one in found)
    if errors:
        msg = f"the node would not work as it should: {errors} of the above have to be mended"
        raise InputError(msg)
    click.echo(f"{path.name} can be used" if path.exists() else "there are no rules")


def _run(folder: Path, rules: "NodeRules", path: Path | None) -> None:
    from corcal.node.json_logs import set_up_node_logs
    from corcal.node.run import run_node

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    set_up_node_logs()
    warnings.simplefilter("ignore")  # pydicom's quote what callers sent; the log must not
    run_node(
        folder,
        rules,
        rules_path=path,
        database=os.environ.get("CORCAL_DATABASE") or None,
        say=click.echo,
        stop=stop,
    )


@command.command("status")
@data_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def status(ctx: click.Context, data: Path | None, *, as_json: bool) -> None:
    """Say what is coming in, what waits, and what was refused and why."""
    from corcal.node.status import node_status, status_lines

    folder: Path = data or ctx.obj["data"]
    with _existing(folder) as store:
        found = node_status(store, folder)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for line in status_lines(found):
        click.echo(line)


@command.command("retry")
@data_option
@click.argument("delivery", required=False)
@click.pass_context
def retry(ctx: click.Context, data: Path | None, delivery: str | None) -> None:
    """Try again what was given up: all of it, or the one DELIVERY that status names."""
    from corcal.node.outbox import revive

    with _existing(data or ctx.obj["data"]) as store:
        count = revive(store, delivery)
    if delivery is not None and not count:
        msg = f"no delivery that was given up begins with {delivery!r}"
        raise NotFoundError(msg)
    click.echo(f"{count} deliveries are tried again")


def _existing(folder: Path) -> "Store":
    """Open a store that is there: who asks how it is does not make one by a slip of the pen."""
    from corcal.store.store import Store

    if not (folder / "store.json").is_file():
        msg = f"no node has worked in the folder {folder}, and no store is there: check --data"
        raise InputError(msg)
    return Store(folder, database=os.environ.get("CORCAL_DATABASE") or None)
