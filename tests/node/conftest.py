"""A store in memory where that is possible, and a real archive."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from corcal.store.store import Store
from interop.send.conftest import certificates  # noqa: F401  (a fixture)
from interop.send.orthanc import Orthanc, installed_orthanc, running_orthanc
from node.delivering import begun, received, with_files
from serve.serve_maker import scored_exam
from store.postgres_cluster import temporary_folder


@pytest.fixture
def store() -> Iterator[Store]:
    """An empty store."""
    with temporary_folder() as folder, pytest.MonkeyPatch.context() as patch:
        patch.delenv("CORCAL_DATABASE", raising=False)
        with Store(folder / "data") as opened:
            yield opened


@dataclass(frozen=True)
class Scored:
    """A store with an exam that came to the node, was scored, and has its files."""

    store: Store
    exam: str


@pytest.fixture(scope="session")
def _scored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    with temporary_folder() as folder, pytest.MonkeyPatch.context() as patch:
        patch.delenv("CORCAL_DATABASE", raising=False)
        with Store(folder / "data") as store:
            exam = scored_exam(begun(store), tmp_path_factory.mktemp("scan"))
            with_files(store, received(store, exam))
        yield folder, exam


@pytest.fixture
def scored(_scored: tuple[Path, str]) -> Iterator[Scored]:
    """A copy of its own of the scored exam."""
    source, exam = _scored
    with temporary_folder() as folder, pytest.MonkeyPatch.context() as patch:
        patch.delenv("CORCAL_DATABASE", raising=False)
        shutil.copytree(source / "data", folder / "data")
        with Store(folder / "data") as store:
            yield Scored(store, exam)


@pytest.fixture(scope="session")
def node_orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """An archive for the tests of this folder."""
    with running_orthanc(installed_orthanc(), tmp_path_factory.mktemp("orthanc")) as orthanc:
        yield orthanc


@pytest.fixture
def archive(node_orthanc: Orthanc) -> Orthanc:
    """The archive with nothing in it."""
    node_orthanc.forget_everything()
    return node_orthanc


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder for rules and scans."""
    return tmp_path
