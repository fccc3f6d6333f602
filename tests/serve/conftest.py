"""A server without workers, with one scored exam, and a person of each role."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from corcal.serve.app import create_app
from corcal.serve.settings import Limits, Mode, Settings
from corcal.store.records import Role
from corcal.store.store import Store
from serve.serve_maker import Person, person, scored_exam
from store.postgres_cluster import temporary_folder

SMALL = Limits(file_bytes=2_000_000, upload_bytes=4_000_000, files=50, open_uploads=3)


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """The data folder of a server."""
    with temporary_folder() as folder, pytest.MonkeyPatch.context() as patch:
        patch.delenv("CORCAL_DATABASE", raising=False)
        yield folder / "data"


@pytest.fixture(scope="module")
def settings(data: Path) -> Settings:
    """Of a department's server."""
    return Settings(
        data=data,
        mode=Mode.DEPARTMENT,
        allowed_hosts=("testserver",),
        workers=0,
        limits=SMALL,
    )


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[TestClient]:
    """A server, without a network."""
    with TestClient(create_app(settings), raise_server_exceptions=False) as made:
        yield made


@pytest.fixture(scope="module")
def store(client: TestClient) -> Store:
    """The store of the server."""
    found: Store = client.app.state.services.store  # type: ignore[attr-defined]
    return found


@pytest.fixture(scope="module")
def exam(store: Store, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A scored exam."""
    return scored_exam(store, tmp_path_factory.mktemp("scan"))


@pytest.fixture(scope="module")
def admin(client: TestClient) -> Person:
    """Somebody who may do everything."""
    return person(client, Role.ADMIN)


@pytest.fixture(scope="module")
def reader(client: TestClient) -> Person:
    """Somebody who reads and signs."""
    return person(client, Role.READER)


@pytest.fixture(scope="module")
def viewer(client: TestClient) -> Person:
    """Somebody who may only look."""
    return person(client, Role.VIEWER)
