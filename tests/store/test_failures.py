from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest
from sqlalchemy import event, make_url, select, text

from escalade.errors import StoreError
from store import Store
from store.tables import slots
from tests.postgres import Cluster
from tests.store.making import batch, entry, whats


def refusal(url: str, *, migrate: bool = True) -> StoreError:
    with pytest.raises(StoreError) as refused:
        Store.open(url, migrate=migrate)
    assert refused.value.mend
    assert "\n" not in str(refused.value)
    assert "Traceback" not in str(refused.value)
    return refused.value


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "cannot be read"),
        ("no address", "cannot be read"),
        ("state/escalade.db", "cannot be read"),
        ("nosuch://host/db", "cannot be kept in nosuch"),
        ("mysql://user:secret@host/db", "cannot be kept in mysql"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
    ],
)
def test_an_address_that_cannot_be_is_refused_with_the_ones_that_can(url: str, says: str) -> None:
    error = refusal(url)
    assert says in error.message
    assert "sqlite:///" in str(error.mend)
    assert "secret" not in str(error)


def test_a_directory_that_is_missing_is_made(tmp_path: Path) -> None:
    Store.open(f"sqlite:///{tmp_path}/state/deep/store.db").close()
    assert (tmp_path / "state/deep/store.db").exists()


def test_looking_into_a_store_that_does_not_exist_creates_nothing(tmp_path: Path) -> None:
    assert "does not exist yet" in refusal(f"sqlite:///{tmp_path}/state/store.db", migrate=False).message
    assert list(tmp_path.iterdir()) == []


def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refusal(f"sqlite:///{tmp_path}/file/store.db")
    (tmp_path / "directory").mkdir()
    assert "cannot be opened" in refusal(f"sqlite:///{tmp_path}/directory").message


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    other = tmp_path / "letters.db"
    other.write_text("dear diary, " * 100)
    assert "is damaged, or is no SQLite database" in refusal(f"sqlite:///{other}").message
    assert other.read_text() == "dear diary, " * 100


def test_a_store_held_by_another_is_busy_and_then_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.database.BUSY_SECONDS", 0.1)
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        holder = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="is busy"):
            store.write(batch(entry(1)))
        assert store.entries("ticket/abcdefghij") == []  # readers are not held up
        holder.execute("ROLLBACK")
        holder.close()
        store.write(batch(entry(1)))
        assert whats(store) == ["note 1"]


def test_sqlite_is_set_up_to_lose_nothing(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store, store.database.engine.connect() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


@pytest.mark.postgres
def test_a_database_that_is_down_cannot_be_reached(tmp_path: Path) -> None:
    error = refusal(f"postgresql+psycopg://user:secret@/db?host={tmp_path}")
    assert "cannot be reached" in error.message
    assert "secret" not in str(error)
    assert "cannot be reached" in refusal("postgresql+psycopg://user:secret@127.0.0.1:1/db").message


@pytest.mark.postgres
def test_a_database_that_does_not_exist_says_how_to_create_it(cluster: Cluster) -> None:
    error = refusal(cluster.url("nosuch"))
    assert "lacks what Escalade needs" in error.message
    assert "createdb" in str(error.mend)


@pytest.mark.postgres
def test_a_database_that_cannot_keep_every_letter_is_refused(cluster: Cluster) -> None:
    url = cluster.create("ENCODING 'LATIN1'")
    error = refusal(url)
    assert "LATIN1" in error.message
    assert "UTF8" in str(error.mend)
    cluster.drop(url)


@pytest.mark.postgres
def test_a_connection_that_the_server_ended_is_replaced(cluster: Cluster) -> None:
    url = cluster.create()
    with Store.open(url) as store:
        store.write(batch(entry(1)))
        name = make_url(url).database
        cluster.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        store.write(batch(entry(2)))
        assert whats(store) == ["note 1", "note 2"]
    cluster.drop(url)


@pytest.mark.postgres
def test_a_database_that_vanishes_is_a_store_error(cluster: Cluster) -> None:
    url = cluster.create()
    with Store.open(url) as store:
        cluster.drop(url)
        with pytest.raises(StoreError):
            store.write(batch(entry(1)))
        with pytest.raises(StoreError):
            store.ping()


def test_libpqs_spelling_of_the_address_is_understood(url: str) -> None:
    if url.startswith("postgresql"):
        url = url.replace("postgresql+psycopg://", "postgres://")
    Store.open(url).close()


def test_a_missing_driver_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    error = refusal("postgresql+psycopg://host/db")
    assert "escalade[postgres]" in str(error.mend)


def test_a_sqlite_file_that_lost_its_tables_is_not_told_to_create_a_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/escalade.db"
    with Store.open(url) as store, store.database.engine.begin() as connection:
        connection.execute(text("DROP TABLE proofs"))
        connection.execute(text("DROP TABLE tickets"))
    with Store.open(url, migrate=False) as store, pytest.raises(StoreError) as caught:
        store.ticket("aaaaaaaaaa")
    assert "lacks what Escalade needs" in caught.value.message
    assert "createdb" not in str(caught.value.mend)
    assert "backup" in str(caught.value.mend)


def test_proving_that_the_store_is_written_leaves_nothing_behind(store: Store) -> None:
    for _ in range(2):
        store.prove_writing()
    with store.database.reading() as connection:
        assert connection.execute(select(slots)).all() == []


def test_a_store_that_may_only_be_read_is_not_written(store: Store, backend: str) -> None:
    url = make_url(store.database.engine.url)
    if backend == "postgres":
        url = url.update_query_dict({"options": "-c default_transaction_read_only=on"})
    with Store.open(url.render_as_string(hide_password=False), migrate=False) as reading:
        if backend == "sqlite":
            event.listen(reading.database.engine, "connect", lambda raw, _: raw.execute("PRAGMA query_only=ON"))
            reading.database.engine.dispose()
        reading.ping()
        with pytest.raises(StoreError, match="may not be written"):
            reading.prove_writing()
