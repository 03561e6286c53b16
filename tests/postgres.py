"""A real PostgreSQL for the tests: a private cluster that is thrown away, on a Unix socket, with no port.

Its server refuses to run as root, so as root it runs as the user `postgres` that Debian's package creates. Import
the fixtures into the `conftest.py` of a test folder::

    from tests.postgres import cluster, postgres_url  # noqa: F401
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "32MB",
}


@dataclass
class Cluster:
    """A server, and the programs that belong to it."""

    programs: Path
    sockets: Path
    """The directory of its socket, its data and its log."""
    owner: dict[str, Any]
    """Whom its programs run as, in the words of `subprocess`."""
    server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with (self.sockets / "log").open("ab") as log:
            self.server = subprocess.Popen(
                [self.programs / "postgres", "-D", "data", "-k", str(self.sockets), *settings],
                cwd=self.sockets, stdout=log, stderr=log, **self.owner,
            )  # fmt: skip
        _wait_until_it_answers(self)

    def stop(self) -> None:
        """Stop the server: who is connected is cut off, what was committed is kept."""
        if self.server is not None:
            self.server.send_signal(signal.SIGINT)
            self.server.wait(20)

    def url(self, database: str) -> str:
        """The address of a database as SQLAlchemy reads it."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.sockets}"

    def create(self, *options: str, template: str = "template0") -> str:
        """A new, empty database; its address."""
        name = f"test_{uuid.uuid4().hex}"
        self.run(" ".join([f"CREATE DATABASE {name} TEMPLATE {template}", *options]))
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is connected."""
        name = make_url(url).database
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def run(self, statement: str, *, database: str | None = "postgres") -> None:
        """Run a statement as the owner of the cluster."""
        address = f"host={self.sockets} user=postgres dbname={database}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def _owner() -> pwd.struct_passwd | None:
    """The user that the server runs as; None when root has nobody to give it to."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid())
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return None


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server for this test process."""
    with started_cluster() as found:
        yield found


@contextmanager
def started_cluster() -> Iterator[Cluster]:
    """A PostgreSQL server for the length of a block; skips the test where there is none."""
    programs, owner = _programs(), _owner()
    if programs is None:
        pytest.skip("PostgreSQL's server programs are not installed")
    if owner is None:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    # Not below pytest's directory: the path of a Unix socket may have 107 bytes, and the owner must get there.
    home = Path(tempfile.mkdtemp(prefix="escalade-pg-"))
    run_as: dict[str, Any] = {}
    if os.getuid() == 0:
        run_as = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    os.chown(home, owner.pw_uid, owner.pw_gid)
    try:
        options = ["-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        subprocess.run([programs / "initdb", *options], cwd=home, check=True, capture_output=True, **run_as)
        found = Cluster(programs=programs, sockets=home, owner=run_as)
        try:
            found.start()
            yield found
        finally:
            found.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _wait_until_it_answers(cluster: Cluster) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            cluster.run("SELECT 1")
        except psycopg.OperationalError:
            if cluster.server is None or cluster.server.poll() is not None or time.monotonic() > end:
                pytest.fail(f"PostgreSQL did not start:\n{(cluster.sockets / 'log').read_text()}")
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def postgres_url(cluster: Cluster) -> Iterator[str]:
    """The address of an empty database of this test's own."""
    url = cluster.create()
    yield url
    cluster.drop(url)
