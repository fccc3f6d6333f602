"""``corcal serve-worker``: a process that does the jobs of the store."""

import os
import socket
from pathlib import Path

import click

from corcal.cli.parameters import GIVEN_PATH
from corcal.cli.store_options import data_option

__all__ = ["command"]

_NICENESS = 5  # those who wait for a page come first


@click.command("serve-worker")
@data_option
@click.option("--kind", "kinds", multiple=True, help="Do only jobs of this kind.")
@click.option(
    "--node", type=GIVEN_PATH, metavar="RULES", help="Also deliver, by the rules of the DICOM node."
)
@click.option("--name", help="What this worker is called in the table of jobs.")
def command(data: Path | None, kinds: tuple[str, ...], node: Path | None, name: str | None) -> None:
    """Score what waits in the store, until standard input ends.

    corcal serve starts its own; this is for scoring on other machines that share the data folder
    and the PostgreSQL database.
    """
    from corcal.serve.doing import DOINGS
    from corcal.serve.logs import set_up_logs
    from corcal.serve.worker import run_jobs
    from corcal.store.opened import default_data_folder

    os.nice(_NICENESS)
    doings = dict(DOINGS)
    if node is None:
        set_up_logs()
    else:
        from corcal.node.jobs import node_doings
        from corcal.node.json_logs import set_up_node_logs

        set_up_node_logs()
        doings |= node_doings(node)
    run_jobs(
        data or default_data_folder(),
        database=os.environ.get("CORCAL_DATABASE") or None,
        kinds=kinds,
        name=name or f"{socket.gethostname()}-{os.getpid()}",
        doings=doings,
    )
