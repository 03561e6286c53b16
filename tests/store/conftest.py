"""A store on each database, and a hand on its tables that goes around the writer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store import Store
from tests.postgres import Cluster, cluster  # noqa: F401  a fixture
from tests.store.making import NOW


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    server: Cluster = request.getfixturevalue("cluster")
    address = server.create()
    yield address
    server.drop(address)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An open, empty store."""
    with Store.open(url, now=lambda: NOW) as opened:
        yield opened
