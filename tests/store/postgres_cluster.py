"""A PostgreSQL of the test run's own: in a temporary folder, on a free port, gone at the end."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ports import free_port

__all__ = ["admin", "bin_folder", "cluster", "temporary_folder"]

MEMORY_BYTES = 2**30
USERS = ("postgres", "nobody")  # initdb refuses root


def bin_folder() -> Path | None:
    """Where PostgreSQL's programs are: the newest of Debian's packages, or on the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@contextmanager
def cluster(programs: Path) -> Iterator[str]:
    """Start a cluster; gives the URL of its server, without a database."""
    user = _ordinary_user()
    with temporary_folder() as root:
        if user is not None:
            shutil.chown(root, user)
        data, port = root / "data", free_port()
        options = f"-p {port} -k {root} -c listen_addresses=127.0.0.1 -c fsync=off"
        init = [programs / "initdb", "-D", data, "-U", "corcal", "-A", "trust", "-N", "-E", "UTF8"]
        _run(user, *init, "--locale=C.UTF-8")
        control = [programs / "pg_ctl", "-D", data, "-l", root / "log", "-w"]
        _run(user, *control, "-o", options, "start")
        try:
            yield f"postgresql://corcal@127.0.0.1:{port}"
        finally:
            _run(user, *control, "-m", "immediate", "stop")


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give a folder that is gone at the end: in memory where there is room for it."""
    memory = Path("/dev/shm")  # noqa: S108  (a private folder is made in it)
    is_roomy = memory.is_dir() and shutil.disk_usage(memory).free > MEMORY_BYTES
    root = Path(tempfile.mkdtemp(prefix="corcal-store-", dir=memory if is_roomy else None))
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def admin(server: str, statement: str) -> None:
    """Run a statement outside of any transaction, as CREATE DATABASE needs it."""
    from sqlalchemy import create_engine

    url = server.replace("postgresql://", "postgresql+pg8000://") + "/postgres"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def _ordinary_user() -> str | None:
    """The user to become, if this is root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in USERS if name in known)


def _run(user: str | None, *command: object) -> None:
    words = [str(word) for word in command]
    if user is not None:
        words = ["runuser", "-u", user, "--", *words]
    subprocess.run(words, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
