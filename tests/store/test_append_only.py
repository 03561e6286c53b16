from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from store import Store
from tests.store.making import ANA, KEY, NOW, STREAM, batch, by_hand, entry, put, snapshot, whats

REFUSED = [
    "UPDATE entries SET kind = 'other' WHERE seq = 1",
    "UPDATE entries SET kind = kind",
    "UPDATE entries SET seq = 7 WHERE seq = 2",
    "DELETE FROM entries",
    "DELETE FROM entries WHERE seq = 2",
    "UPDATE bodies SET body = 'x' WHERE seq = 1",
    "UPDATE bodies SET body = body",
    "UPDATE bodies SET seq = 9, body = NULL WHERE seq = 1",
    "DELETE FROM bodies WHERE seq = 1",
    "UPDATE streams SET seq = 1",
    "UPDATE streams SET hash = 'x'",
    "UPDATE streams SET name = 'other', seq = seq + 1",
    "DELETE FROM streams",
]
ONLY_SQLITE = [
    "INSERT OR REPLACE INTO entries SELECT stream, seq, entry_id, life, at, 'other', digest, hash FROM entries",
    "INSERT OR REPLACE INTO bodies SELECT stream, seq, 'x' FROM bodies",
    "REPLACE INTO entries SELECT stream, seq + 9, entry_id, life, at, kind, digest, hash FROM entries",
]
ONLY_POSTGRES = ["TRUNCATE entries CASCADE", "TRUNCATE bodies", "TRUNCATE streams CASCADE"]


def attempt(store: Store, statement: str) -> None:
    with store.database.engine.begin() as connection:
        changed = connection.exec_driver_sql(statement)
        # Without this, a statement that matches nothing would pass for one that was refused.
        assert changed.rowcount != 0


@pytest.mark.parametrize("statement", REFUSED)
def test_the_database_refuses_to_change_the_journal(store: Store, statement: str) -> None:
    store.write(batch(entry(1), entry(2)))
    with pytest.raises(DBAPIError, match="append-only"):
        attempt(store, statement)
    assert whats(store) == ["note 1", "note 2"]
    assert store.verify() == []


def test_the_database_refuses_its_own_ways_around_that(store: Store) -> None:
    store.write(batch(entry(1), entry(2)))
    for statement in ONLY_SQLITE if store.database.is_sqlite else ONLY_POSTGRES:
        with pytest.raises(DBAPIError, match="append-only"):
            attempt(store, statement)
    assert store.verify() == []


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM checkpoints",
        "UPDATE checkpoints SET seq = seq - 1",
        "UPDATE checkpoints SET hash = 'x'",
        "UPDATE checkpoints SET stream = 'operations', seq = seq + 1",
    ],
)
def test_the_database_refuses_to_take_a_checkpoint_back(store: Store, statement: str) -> None:
    store.write(batch(entry(1), entry(2)))
    store.prune(before=NOW.replace(year=2027), by=ANA, why="old")
    with pytest.raises(DBAPIError, match="append-only"):
        attempt(store, statement)


def test_the_guards_are_what_refuses(store: Store) -> None:
    store.write(batch(entry(1), entry(2)))
    with by_hand(store) as connection:
        connection.execute(text("UPDATE entries SET kind = 'other' WHERE seq = 1"))
    assert [finding.kind for finding in store.verify()] == ["broken_link"]
    with pytest.raises(DBAPIError, match="append-only"):
        attempt(store, "UPDATE entries SET kind = 'other' WHERE seq = 1")


def test_the_projection_is_no_journal_and_may_change(store: Store) -> None:
    put(store, snapshot(version=1))
    put(store, snapshot(version=2, title="other"))
    found = store.ticket(KEY)
    assert found is not None
    assert found.title == "other"
    assert store.entries(STREAM) == []
