"""Calendar feeds of schedules, as last read: stale data serves until a feed answers again."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, and_, delete, insert, select, update

from escalade.people.changes import DutySlot, ImportedShifts
from escalade.people.feeds import Taken, on_duty, taken
from escalade.record import Entry
from escalade.ticket import SYSTEM, Actor
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
    """When it was last read without trouble, with something new or with "nothing new"; None when it never was."""
    etag: str = ""
    modified: str = ""
    problem: str = ""
    """Why the last look failed, or what of it was not taken; empty when all was well."""
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


class Kept(NamedTuple):
    """What became of a look at a feed."""

    moved: bool
    """Whether who is on duty may be another now."""
    problem: str
    """Why it failed, or what of it was not taken; empty when all was well."""


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

    def keep_feed(
        self,
        state: FeedState,
        shifts: Sequence[DutySlot] | None,
        *,
        cancelled: Sequence[DutySlot] = (),
        unreadable: Sequence[str] = (),
        known: Collection[str] | None = None,
        accepted_by: Actor | None = None,
    ) -> Kept:
        """Keep what a look at a feed gave, as far as `escalade.people.feeds` lets it change who is on duty.

        What is over stays as it was imported then. A feed that begins or ceases to fail, and one that says something
        else than before, is recorded in the schedule's stream; a look that found nothing new is not.

        Args:
            state: the feed.
            shifts: what it says, in order; None when the look failed, which leaves the shifts as they are.
            cancelled: shifts that it says are called off.
            unreadable: events that were left out, for the record.
            known: everybody who can be on duty; everybody without it.
            accepted_by: who looked at it and wants it taken whoever it leaves on duty.
        """
        with self.database.writing() as connection:
            head = lock_head(connection, f"schedule/{state.schedule}")
            row = connection.execute(select(feeds).where(feeds.c.schedule == state.schedule)).one_or_none()
            before = None if row is None else _read(row)
            was, found = _now_on_duty(connection, state), None
            if shifts is not None:
                anyway = accepted_by is not None
                found = _take(connection, state, before, shifts, cancelled, known=known, anyway=anyway)
                state = _settled(state, before, found, unreadable)
            _keep(connection, state)
            moved = found is not None and not found.refused and _keep_shifts(connection, state, before, found.shifts)
            # A feed that turns stale, or fresh, is said with who is on duty: copies have to learn of it.
            turned = (before.problem if before else "") != state.problem
            if moved or turned:
                advance(connection, state.checked_at)
            handed = (was, _now_on_duty(connection, state))
            note = _note(state, before, shifts, moved=moved, handed=handed, unreadable=unreadable, by=accepted_by)
            append(connection, head, [note] if note else [])
        return Kept(moved, state.problem)


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


def _take(
    connection: Connection,
    state: FeedState,
    before: FeedState | None,
    shifts: Sequence[DutySlot],
    cancelled: Sequence[DutySlot],
    *,
    known: Collection[str] | None,
    anyway: bool,
) -> Taken:
    """What of a reading is in force. The first one tells of the past too; later ones do not rewrite it."""
    if before is None or before.fetched_at is None:
        return Taken(tuple(shifts))
    kept = _slots(connection, state.schedule, after=state.checked_at)
    return taken(kept, shifts, at=state.checked_at, cancelled=cancelled, known=known, anyway=anyway)


def _settled(state: FeedState, before: FeedState | None, found: Taken, unreadable: Sequence[str]) -> FeedState:
    """How the feed stands once it is clear what of the reading was taken."""
    if not found.problem:
        return state
    assert before is not None
    strangers = [f"nobody of people.yaml is called {', '.join(state.unknown[:3])}"] if state.unknown else []
    why = "; ".join([*strangers, *(f"left out was {one}" for one in unreadable[:3])])
    problem = f"{found.problem} Besides, {why}." if why else found.problem
    if found.refused:
        # As if it had not been read: the next look asks for it again, and what is kept is still what was read before.
        return replace(before, checked_at=state.checked_at, problem=problem, unknown=state.unknown)
    return replace(state, fetched_at=before.fetched_at, problem=problem)


def _slots(connection: Connection, schedule: str, *, after: datetime) -> list[DutySlot]:
    """The shifts that end later than an instant, in order."""
    c = imported_shifts.c
    query = select(imported_shifts).where(c.schedule == schedule, c.until > after).order_by(c.start, c.person)
    return [DutySlot(person=row.person, start=row.start, end=row.until) for row in connection.execute(query)]


def _now_on_duty(connection: Connection, state: FeedState) -> list[str]:
    return on_duty(_slots(connection, state.schedule, after=state.checked_at), state.checked_at)


def _keep_shifts(
    connection: Connection, state: FeedState, before: FeedState | None, shifts: Sequence[DutySlot]
) -> bool:
    c = imported_shifts.c
    ours = c.schedule == state.schedule
    first = before is None or before.fetched_at is None
    coming = ours if first else and_(ours, c.until > state.checked_at)
    wanted = {(s.start, s.person): s for s in shifts}
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
    state: FeedState,
    before: FeedState | None,
    shifts: Sequence[DutySlot] | None,
    *,
    moved: bool,
    handed: tuple[list[str], list[str]],
    unreadable: Sequence[str],
    by: Actor | None,
) -> Entry | None:
    problem_before = before.problem if before else ""
    unknown_before = before.unknown if before else ()
    if state.problem and shifts is None and not problem_before:
        what = f"the feed of {state.schedule} cannot be read; what it last said goes on serving"
    elif state.problem and shifts is not None and problem_before != state.problem:
        what = f"the feed of {state.schedule} is not taken as it is: {state.problem}"
    elif moved or (not state.problem and state.unknown != unknown_before):
        what = f"the feed of {state.schedule} was read: {len(shifts or ())} shifts in sight"
        if state.unknown:
            what += f"; nobody of people.yaml is called {', '.join(state.unknown[:10])}"
        if unreadable:
            what += f"; left out was {', '.join(unreadable[:10])}"
    elif problem_before and not state.problem:
        what = f"the feed of {state.schedule} answers again, and says what it said before"
    else:
        return None
    if moved and before is not None and before.fetched_at is not None and handed[0] != handed[1]:
        was, now = (" and ".join(people) or "nobody" for people in handed)
        what += f"; on duty by it is now {now}, and was {was}"
    return Entry(
        entry_id=f"feed/{uuid.uuid4().hex}",
        stream=f"schedule/{state.schedule}",
        at=state.checked_at,
        actor=by or SYSTEM,
        kind="feed.failed" if state.problem else "feed.read",
        what=what,
        why=state.problem or ("it was accepted as it is" if by else "feeds are looked at on a rhythm"),
        data={"shifts": len(shifts or ()), "unknown": list(state.unknown[:50]), "left_out": list(unreadable[:50])},
    )


def _read(row: Row[Any]) -> FeedState:
    values = dict(row._mapping)  # noqa: SLF001  SQLAlchemy's public name for it
    return FeedState(**values | {"unknown": tuple(json.loads(row.unknown))})
