"""A store on each database; most tests get one that was migrated once and is empty again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from store import Store
from store.tables import metadata
from tests.postgres import Cluster, cluster  # noqa: F401  a fixture
from tests.store.making import NOW


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def backend(request: pytest.FixtureRequest) -> str:
    """Which database."""
    return str(request.param)


@pytest.fixture
def url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    server: Cluster = request.getfixturevalue("cluster")
    address = server.create()
    yield address
    server.drop(address)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("migrated") / "store.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def migrated_database(cluster: Cluster) -> str:  # noqa: F811  the fixture
    """A migrated PostgreSQL database, which the tests use one after the other."""
    address = cluster.create()
    Store.open(address).close()
    return address


@pytest.fixture
def store(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An open, empty store."""
    if backend == "sqlite":
        path = shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "store.db")
        address = f"sqlite:///{path}"
    else:
        address = request.getfixturevalue("migrated_database")
        _empty(request.getfixturevalue("cluster"), address)
    with Store.open(address, now=lambda: NOW) as opened:
        yield opened


def _empty(server: Cluster, address: str) -> None:
    # By the owner, with the guards of the journal off: emptying takes a tenth of what a new database takes.
    tables = ", ".join(metadata.tables)
    server.run(f"SET session_replication_role = replica; TRUNCATE {tables}", database=make_url(address).database)
