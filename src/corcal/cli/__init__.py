"""The command ``corcal``: a thin edge over the pipeline. Subcommands load when they are called."""

import errno
import importlib
import os
import re
import sys
from pathlib import Path
from typing import Any

import click

from corcal._version import __version__
from corcal.errors import CorcalError

__all__ = ["group", "main", "plain"]

# name: (module with the click command called `command`, help line); help lines stand here so that
# `corcal --help` imports none of the modules
COMMANDS = {
    "score": ("corcal.cli.score", "Score the coronary calcium of a CT."),
    "batch": (
        "corcal.cli.batch",
        "Score many studies into tables: a folder tree, an object store, a server, a list.",
    ),
    "inspect": (
        "corcal.cli.inspect",
        "List every series: what it is, and if it can be scored.",
    ),
    "interpret": (
        "corcal.cli.interpret",
        "Say what a score means: compared with whom, risk, guidelines.",
    ),
    "compare": (
        "corcal.cli.compare",
        "Compare exams of one person: is the change more than measurement error?",
    ),
    "report": (
        "corcal.cli.report",
        "Write a scored exam as reports for people and as DICOM, FHIR, HL7 v2, tables.",
    ),
    "figure": (
        "corcal.cli.figure",
        "Draw the pictures of a scored exam as PNG or SVG, to be used alone.",
    ),
    "send": (
        "corcal.cli.send",
        "Deliver DICOM objects to an archive (PACS), and say what arrived.",
    ),
    "serve": ("corcal.cli.serve", "Review and sign exams in the browser."),
    "serve-worker": ("corcal.cli.serve_worker", "Score what waits in the store, for a server."),
    "node": ("corcal.cli.node", "Take studies by DICOM, score them, send the results on."),
    "user": ("corcal.cli.user", "Add and change the accounts of people who log in."),
    "import": ("corcal.cli.store_import", "Take scans into the store of exams."),
    "list": ("corcal.cli.store_list", "List the exams of the store."),
    "export": (
        "corcal.cli.store_export",
        "Write an exam of the store: images, results, history.",
    ),
    "backup": ("corcal.cli.store_backup", "Write a backup of the store, also while it is in use."),
    "restore": ("corcal.cli.store_restore", "Make a store from a backup."),
    "demo": ("corcal.cli.demo", "Simulate a patient with two exams, score both, show the result."),
    "calibrate": (
        "corcal.cli.calibrate",
        "Measure a QRM cardiac phantom against its masses.",
    ),
    "evaluate": (
        "corcal.cli.evaluate",
        "Compare automatic scores with a reference, for a set of scans.",
    ),
    "sources": (
        "corcal.cli.sources",
        "List every source of what is said about a score, and how sure it is.",
    ),
    "schema": ("corcal.cli.schema", "Print the JSON schema of result.json, or what tables hold."),
}


class LazyGroup(click.Group):
    """A click group that imports a subcommand's module only when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """Names in the order in which a person needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one subcommand."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of subcommands from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="corcal")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def group(ctx: click.Context, *, debug: bool) -> None:
    """Coronary artery calcium from CT: read, check, score, explain.

    For research use only.
    """
    ctx.obj = {"debug": debug}


def main(args: list[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Returns
    -------
    int
        0 done; 2 the input or the call is unusable; 3 the scan was read but is unfit for scoring;
        4 another system did not answer, or did not take everything; 1 a defect of corcal itself;
        130 interrupted; 141 the reader of a pipe went away.
    """
    if sys.stderr is None:  # closed by the caller, as `2>&-` does
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  (for good)
    if sys.stdout is None:
        return _fail("standard output is closed: nothing could be said", 2)
    debug = "--debug" in (sys.argv[1:] if args is None else args)
    try:
        outcome: Any = group.main(args=args, prog_name="corcal", standalone_mode=False)
        sys.stdout.flush()
    except CorcalError as exc:
        if debug:
            raise
        return _fail(str(exc), exc.exit_code)
    except click.exceptions.Exit as exc:
        return exc.exit_code
    except click.Abort:
        return _fail("interrupted", 130)
    except click.exceptions.NoArgsIsHelpError as exc:
        sys.stderr.write(exc.format_message() + "\n")
        return 2
    except click.ClickException as exc:
        return _fail(exc.format_message() + _help_hint(exc), 2)
    except (BrokenPipeError, SystemExit):  # click turns the one into the other
        # The reader of a pipe went away (``corcal schema | head``): nothing is left to say, and
        # the interpreter's own flush at exit must not complain.
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  (for good)
        return 141
    except (OSError, MemoryError) as exc:
        if debug:
            raise
        words = _os_message(exc) if isinstance(exc, OSError) else _memory_message(exc)
        return _fail(words, 2)
    except Exception as exc:  # the outermost edge: a person sees no traceback
        if debug:
            raise
        kind = type(exc).__name__
        return _fail(f"a defect of corcal ({kind}); run again with --debug to see where", 1)
    return outcome if isinstance(outcome, int) else 0


def plain(text: object) -> str:
    """Make one line that a terminal takes as text, whatever a file or its name held."""
    line = " ".join(str(text).split())
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)


_ADVICE = {
    errno.EEXIST: "a file has the name of a folder that is needed; give another folder",
    errno.ENOTDIR: "a file has the name of a folder that is needed; give another folder",
    errno.EISDIR: "it is a folder; give the name of a file",
    errno.ENOENT: "its folder does not exist; make it first, or give another place",
    errno.EACCES: "it may not be read or written; give another place",
    errno.EROFS: "it may not be written; give another place",
    errno.ENOSPC: "the disk is full; make room, or give another place",
}


def _os_message(exc: OSError) -> str:
    """Say what could not be used, why, and what to do."""
    advice = _ADVICE.get(exc.errno or 0, "give another place")
    return f"cannot use {exc.filename or 'a file'}: {exc.strerror or exc}: {advice}"


def _memory_message(exc: MemoryError) -> str:
    """Say that there was too little memory, how much was asked for last, and what to do."""
    asked = re.match(r"Unable to allocate (\d+)\.?(\d*) ([KMGT]iB)", str(exc))  # numpy's words
    size = ""
    if asked:
        whole, part, unit = asked.groups()
        size = f" (another {whole}{'.' + part if part else ''} {unit} were asked for)"
    return (
        f"memory did not suffice for so many voxels{size}: end other programs, raise the limit, "
        "take a machine with more, or give a scan of fewer or thicker slices"
    )


def _help_hint(exc: click.ClickException) -> str:
    """Point to the help of the command that was called wrongly."""
    context = getattr(exc, "ctx", None)
    return f" (see {context.command_path} --help)" if context is not None else ""


def _fail(message: str, code: int) -> int:
    """Write one plain line to stderr."""
    sys.stderr.write(f"corcal: {plain(message)}\n")
    return code
