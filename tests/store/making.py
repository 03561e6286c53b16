"""Entries, batches, snapshots and deliveries for the tests of the store, and a way around its writer."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from escalade.messages.activities import JournalBatch, Receipt, Snapshot
from escalade.record import Entry, Head
from escalade.ticket import Actor
from store import Intent, Store

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
STREAM = "ticket/abcdefghij"
KEY = "abcdefghij"
ANA = Actor(kind="person", id="ana", via="cli")
_GUARDS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"


def run_id(name: str) -> str:
    """A run id that is the same for the same name."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


LIFE = run_id("first")


def entry(number: int, *, run: str = LIFE, life: str = LIFE, stream: str = STREAM, **given: Any) -> Entry:
    """An own entry of a workflow's run."""
    values: dict[str, Any] = {
        "entry_id": f"{run}/{number}",
        "stream": stream,
        "life": life,
        "at": NOW + timedelta(seconds=number),
        "actor": ANA,
        "kind": "ticket.noted",
        "what": f"note {number}",
        "why": "because",
        "data": {"n": number},
    }
    return Entry.model_validate(values | given)


def page_entry(round_id: str, target: str, **given: Any) -> Entry:
    """An entry of the sender's."""
    return entry(0, entry_id=f"{round_id}/{target}/email/0", kind="page.accepted", what=f"{target} paged", **given)


def batch(*entries: Entry, known: Head | None = None, snapshot: Snapshot | None = None, **given: Any) -> JournalBatch:
    """A batch for the stream of its entries."""
    values: dict[str, Any] = {"stream": entries[0].stream if entries else STREAM, "life": LIFE} | given
    return JournalBatch(entries=list(entries), known=known, snapshot=snapshot, **values)


def snapshot(key: str = KEY, *, version: int = 1, life: str = LIFE, **given: Any) -> Snapshot:
    """A state of a ticket."""
    values: dict[str, Any] = {
        "key": key,
        "life": life,
        "version": version,
        "title": "disk full",
        "severity": "sev2",
        "status": "new",
        "service": "payments",
        "opened_at": NOW,
        "updated_at": NOW,
    }
    return Snapshot.model_validate(values | given)


def put(store: Store, *snapshots: Snapshot) -> None:
    """Project snapshots."""
    for each in snapshots:
        store.write(JournalBatch(stream=f"ticket/{each.key}", life=each.life, snapshot=each))


def intent(target: str = "person:ana", **given: Any) -> Intent:
    """A delivery that is about to be attempted."""
    values: dict[str, Any] = {
        "key": KEY,
        "life": LIFE,
        "round_id": "round-1",
        "target": target,
        "method": "email",
        "channel": "smtp",
        "at": NOW,
    }
    return Intent.model_validate(values | given)


def receipt(of: Intent, outcome: str = "accepted", **given: Any) -> Receipt:
    """How it ended."""
    values: dict[str, Any] = {
        "target": of.target,
        "method": of.method,
        "channel": of.channel,
        "step": of.step,
        "outcome": outcome,
        "at": of.at + timedelta(seconds=1),
        "message_id": of.message_id,
    }
    return Receipt.model_validate(values | given)


def whats(store: Store, stream: str = STREAM) -> list[str]:
    """What the entries of a stream say, in order."""
    return [stored.entry.what for stored in store.entries(stream)]


def kinds(store: Store, stream: str = STREAM) -> list[str]:
    """The kinds of the entries of a stream, in order."""
    return [stored.entry.kind for stored in store.entries(stream)]


@contextmanager
def by_hand(store: Store) -> Iterator[Connection]:
    """A connection of somebody who owns the database and has switched its guards off."""
    database = store.database
    with database.engine.connect() as connection:
        guards = _GUARDS if database.is_sqlite else "SELECT 1 WHERE false"
        found = connection.execute(text(guards)).all()
        connection.rollback()
        if database.is_sqlite:
            connection.connection.execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            for guard in found:
                connection.execute(text(f"DROP TRIGGER {guard.name}"))
            if not database.is_sqlite:
                connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield connection
            for guard in found:
                connection.exec_driver_sql(guard.sql)
        if database.is_sqlite:
            connection.connection.execute("PRAGMA foreign_keys=ON")
