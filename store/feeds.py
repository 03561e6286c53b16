"""Calendar feeds of schedules, as last read: stale data serves until a feed answers again."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, delete, insert, select, update

from escalade.people.changes import DutySlot, ImportedShifts
from escalade.record import Entry
from escalade.ticket import SYSTEM
from escalade.time.instants import format_instant
from store.database import insert_if_new
from store.revision import advance
from store.room import Room
from store.tables import feeds, imported_shifts
from store.writer import append, lock_head

LOOKED_AT_WITHIN: Final = timedelta(days=1)
"""A feed that nobody has looked at for this long is stale, whatever it said; who knows its rhythm knows better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """How a feed stands."""

    schedule: str
    source: str
    """A digest of where it comes from: another one means that what is kept is another feed's."""
    checked_at: datetime
    fetched_at: datetime | None = None
    """When it last answered, with something new or with "nothing new"; None when it never did."""
    etag: str = ""
    modified: str = ""
    problem: str = ""
    """Why the last look failed; empty when it did not."""
    unknown: tuple[str, ...] = ()
    """Who it names that the roster does not know."""
    text: bytes | None = None
    """The feed itself, bounded by whoever fetched it."""

    def stale(self, now: datetime, *, within: timedelta = LOOKED_AT_WITHIN) -> str:
        """Why what is kept may be out of date; empty when it is not.

        Args:
            now: the instant of asking.
            within: how long ago somebody has to have looked at it.
        """
        if self.problem:
            return self.problem
        if now - self.checked_at > within:
            return f"no worker has looked at it since {format_instant(self.checked_at)}"
        return ""


class Feeds(Room):
    """Keeping feeds."""

    def feed(self, schedule: str) -> FeedState | None:
        """How a schedule's feed stands, with its text; None when nobody has looked at it yet."""
        with self.database.reading() as connection:
            row = connection.execute(select(feeds).where(feeds.c.schedule == schedule)).one_or_none()
        return None if row is None else _read(row)

    def feeds(self) -> list[FeedState]:
        """All feeds, without their texts, in order of schedule."""
        columns = [column for column in feeds.c if column.name != "text"]
        with self.database.reading() as connection:
            return [_read(row) for row in connection.execute(select(*columns).order_by(feeds.c.schedule))]

    def keep_feed(self, state: FeedState, shifts: Sequence[DutySlot] | None) -> bool:
        """Keep what a look at a feed gave.

        What is over stays as it was imported then. A feed that begins or ceases to fail, and one that says something
        else than before, is recorded in the schedule's stream; a look that found nothing new is not.

        Args:
            state: the feed.
            shifts: what it says, in order; None when the look failed, which leaves the shifts as they are.

        Returns:
            Whether who is on duty may be another now.
        """
        with self.database.writing() as connection:
            head = lock_head(connection, f"schedule/{state.schedule}")
            row = connection.execute(select(feeds).where(feeds.c.schedule == state.schedule)).one_or_none()
            before = None if row is None else _read(row)
            _keep(connection, state)
            moved = shifts is not None and _keep_shifts(connection, state, before, shifts)
            # A feed that turns stale, or fresh, is said with who is on duty: copies have to learn of it.
            turned = (before.problem if before else "") != state.problem
            if moved or turned:
                advance(connection, state.checked_at)
            note = _note(state, before, shifts, moved=moved)
            append(connection, head, [note] if note else [])
        return moved


def imported(connection: Connection, since: datetime, until: datetime, now: datetime) -> list[ImportedShifts]:
    """What the feeds say about a window, as this transaction sees it."""
    c = imported_shifts.c
    query = select(imported_shifts).where(c.until > since, c.start < until).order_by(c.schedule, c.start, c.person)
    slots: dict[str, list[DutySlot]] = {}
    for row in connection.execute(query):
        slots.setdefault(row.schedule, []).append(DutySlot(person=row.person, start=row.start, end=row.until))
    columns = [column for column in feeds.c if column.name != "text"]
    states = [_read(row) for row in connection.execute(select(*columns).order_by(feeds.c.schedule))]
    return [
        ImportedShifts(
            schedule=state.schedule,
            shifts=tuple(slots.get(state.schedule, ())),
            fetched_at=state.fetched_at,
            stale=state.stale(now),
        )
        for state in states
        if state.fetched_at is not None
    ]


def _keep(connection: Connection, state: FeedState) -> None:
    values = {
        "schedule": state.schedule,
        "source": state.source,
        "etag": state.etag,
        "modified": state.modified,
        "fetched_at": state.fetched_at,
        "checked_at": state.checked_at,
        "problem": state.problem,
        "unknown": json.dumps(list(state.unknown)),
        "text": state.text,
    }
    if not insert_if_new(connection, feeds, values):
        connection.execute(update(feeds).where(feeds.c.schedule == state.schedule).values(values))


def _keep_shifts(
    connection: Connection, state: FeedState, before: FeedState | None, shifts: Sequence[DutySlot]
) -> bool:
    c = imported_shifts.c
    # The first reading tells of the past too; later ones do not rewrite it.
    ours = c.schedule == state.schedule
    first = before is None or before.fetched_at is None or before.source != state.source
    coming = ours if first else and_(ours, c.until > state.checked_at)
    wanted = {(s.start, s.person): s for s in shifts if first or s.end > state.checked_at}
    there = {(r.start, r.person): r.until for r in connection.execute(select(imported_shifts).where(coming))}
    if there == {key: slot.end for key, slot in wanted.items()}:
        return False
    connection.execute(delete(imported_shifts).where(coming))
    rows = [
        {"schedule": state.schedule, "start": start, "person": person, "until": slot.end}
        for (start, person), slot in wanted.items()
    ]
    if rows:
        connection.execute(insert(imported_shifts), rows)
    return True


def _note(
    state: FeedState, before: FeedState | None, shifts: Sequence[DutySlot] | None, *, moved: bool
) -> Entry | None:
    failed_before = bool(before and before.problem)
    unknown_before = before.unknown if before else ()
    if state.problem and not failed_before:
        what = f"the feed of {state.schedule} cannot be read; what it last said goes on serving"
    elif moved or (not state.problem and state.unknown != unknown_before):
        what = f"the feed of {state.schedule} was read: {len(shifts or ())} shifts in sight"
        if state.unknown:
            what += f"; nobody of people.yaml is called {', '.join(state.unknown[:10])}"
    elif failed_before and not state.problem:
        what = f"the feed of {state.schedule} answers again, and says what it said before"
    else:
        return None
    return Entry(
        entry_id=f"feed/{uuid.uuid4().hex}",
        stream=f"schedule/{state.schedule}",
        at=state.checked_at,
        actor=SYSTEM,
        kind="feed.failed" if state.problem else "feed.read",
        what=what,
        why=state.problem or "feeds are looked at on a rhythm",
        data={"shifts": len(shifts or ()), "unknown": list(state.unknown[:50])},
    )


def _read(row: Row[Any]) -> FeedState:
    values = dict(row._mapping)  # noqa: SLF001  SQLAlchemy's public name for it
    return FeedState(**values | {"unknown": tuple(json.loads(row.unknown))})
