"""The projection: one row per ticket with its current state, so that lists need not ask the workflows.

It is never authority. It follows the snapshots that tickets send along with their entries.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, func, insert, select, update

from escalade.messages.activities import Snapshot
from store.query import TicketQuery, as_list
from store.room import Room
from store.tables import handled, lives, starts_with, tickets

_CHAIN: Final = 64
_KEPT: Final = 2000
_KEPT_FOR: Final = timedelta(hours=48)


class Projection(Room):
    """Looking at the tickets as they last said they stood."""

    def ticket(self, key: str) -> Snapshot | None:
        """The last known state of a ticket; None when the store has not heard of it."""
        with self.database.reading() as connection:
            row = _row(connection, key)
        return None if row is None else _snapshot(row)

    def tickets(self, query: TicketQuery | None = None) -> list[Snapshot]:
        """The tickets that match, the most severe first, and among those what falls due first."""
        query = query or TicketQuery()
        worst_first = (tickets.c.severity, tickets.c.due_at.nulls_last(), tickets.c.opened_at, tickets.c.key)
        statement = (
            select(tickets)
            .where(*query.conditions(self.database.engine.dialect))
            .order_by(*worst_first)
            .limit(query.limit)
            .offset(query.offset)
        )
        with self.database.reading() as connection:
            return [_snapshot(row) for row in connection.execute(statement)]

    def count(self, query: TicketQuery | None = None) -> int:
        """How many tickets match, whatever the limit and offset."""
        conditions = (query or TicketQuery()).conditions(self.database.engine.dialect)
        with self.database.reading() as connection:
            return connection.execute(select(func.count()).select_from(tickets).where(*conditions)).scalar_one()

    def keys(self, prefix: str, limit: int = 20) -> list[str]:
        """The keys that begin so, in order, at most `limit` of them."""
        query = select(tickets.c.key).where(starts_with(tickets.c.key, prefix)).order_by(tickets.c.key).limit(limit)
        with self.database.reading() as connection:
            return list(connection.execute(query).scalars())

    def merged_into(self, key: str) -> str | None:
        """The ticket that took a key over by a merge, through any number of merges, while it is open.

        Returns:
            Its key; None when the key was not merged, or the ticket at the end of the chain is over or unknown.
        """
        with self.database.reading() as connection:
            seen = {key}
            row = _row(connection, key)
            while row is not None and row.merged_into and row.merged_into not in seen and len(seen) < _CHAIN:
                seen.add(row.merged_into)
                row = _row(connection, row.merged_into)
        if row is None or row.key == key or row.merged_into or not row.is_open:
            return None
        found: str = row.key
        return found

    def handled(self, key: str) -> dict[str, int]:
        """The event ids (hashed) that earlier lives of a key have handled, with their epoch seconds."""
        with self.database.reading() as connection:
            return _handled(connection, key)


def project(connection: Connection, snapshot: Snapshot) -> bool:
    """Take a snapshot over if it is newer than what is stored. The caller holds the head of the ticket's stream.

    A higher version is newer within a life. Run ids have no order, so between lives the one that was seen first
    is the older: a snapshot of a life that has been replaced is late and changes nothing.

    Args:
        connection: the transaction.
        snapshot: the state of the ticket.

    Returns:
        Whether it was newer.
    """
    values = _values(snapshot)
    same_life = and_(tickets.c.key == snapshot.key, tickets.c.life == snapshot.life)
    changed = connection.execute(
        update(tickets).where(same_life, tickets.c.version < snapshot.version).values(values)
    ).rowcount
    if not changed and not _begin_life(connection, snapshot, values):
        return False
    if snapshot.handled:
        _keep_handled(connection, snapshot)
    return True


def _begin_life(connection: Connection, snapshot: Snapshot, values: dict[str, Any]) -> bool:
    life = {"key": snapshot.key, "life": snapshot.life}
    was = connection.execute(select(lives.c.life).where(lives.c.key == life["key"], lives.c.life == life["life"]))
    if was.first() is not None:
        # Known, and an older snapshot or an older life: nothing new, unless the row itself was lost.
        there = connection.execute(select(tickets.c.key).where(tickets.c.key == snapshot.key)).first()
        if there is None:
            connection.execute(insert(tickets).values(values))
        return there is None
    connection.execute(insert(lives).values(life))
    replaced = connection.execute(update(tickets).where(tickets.c.key == snapshot.key).values(values)).rowcount
    if not replaced:
        connection.execute(insert(tickets).values(values))
    return True


def _values(snapshot: Snapshot) -> dict[str, Any]:
    told = [snapshot.title, snapshot.key, snapshot.service, snapshot.source, snapshot.team, snapshot.owner]
    words = [*told, snapshot.customer_tier, *snapshot.labels.values()]
    return {
        "key": snapshot.key,
        "life": snapshot.life,
        "version": snapshot.version,
        "is_open": snapshot.status.is_open,
        "severity": snapshot.severity.rank,
        "status": snapshot.status.value,
        "service": snapshot.service,
        "team": snapshot.team.removeprefix("team:"),
        "policy": snapshot.policy,
        "tier_name": snapshot.tier_name,
        "owner": snapshot.owner.removeprefix("person:"),
        "acknowledged": snapshot.acknowledged,
        "paged": as_list(snapshot.paged),
        "due_at": snapshot.due_at,
        "opened_at": snapshot.opened_at,
        "merged_into": snapshot.merged_into,
        "words": "\n".join(words).casefold(),
        "snapshot": snapshot.model_dump_json(exclude={"handled"}),
    }


def _keep_handled(connection: Connection, snapshot: Snapshot) -> None:
    # What an earlier life handled stays known even when the life after it never learned of it (the store was down).
    events = {**_handled(connection, snapshot.key), **snapshot.handled}
    # The instant of a refused one is negative.
    newest = sorted(events.items(), key=lambda item: (-abs(item[1]), item[0]))
    oldest_kept = abs(newest[0][1]) - int(_KEPT_FOR.total_seconds())
    kept = {event: at for n, (event, at) in enumerate(newest) if n < _KEPT or abs(at) >= oldest_kept}
    text = json.dumps(kept, separators=(",", ":"))
    known = connection.execute(update(handled).where(handled.c.key == snapshot.key).values(events=text)).rowcount
    if not known:
        connection.execute(insert(handled).values(key=snapshot.key, events=text))


def _handled(connection: Connection, key: str) -> dict[str, int]:
    events = connection.execute(select(handled.c.events).where(handled.c.key == key)).scalar()
    return {} if events is None else json.loads(events)


def _row(connection: Connection, key: str) -> Row[Any] | None:
    return connection.execute(select(tickets).where(tickets.c.key == key)).one_or_none()


def _snapshot(row: Row[Any]) -> Snapshot:
    return Snapshot.model_validate_json(row.snapshot)
