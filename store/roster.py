"""What people change of the roster at run time: kept, recorded in the same transaction, and read by window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, insert, select, update

from escalade.errors import EscaladeError
from escalade.people.changes import Away, Change, ChangeKind, Changes, Override, Swap, Temporary
from escalade.people.clashes import clash, same, senseless, sentence, stream_of_change
from escalade.record import UNSAID, Entry
from escalade.ticket import Actor
from escalade.time.instants import format_instant
from escalade.written import KEPT
from store.feeds import imported
from store.kept import read_kept
from store.revision import RosterRevision, advance, revision
from store.room import Room
from store.tables import roster_changes, starts_with
from store.versions import versions
from store.writer import append, lock_head

_CHANGE: Final[TypeAdapter[Change]] = TypeAdapter(Change)


class ClashError(EscaladeError):
    """This change cannot stand beside another one."""

    exit_code = 5


class SenselessChangeError(EscaladeError):
    """This change says nothing that can be done."""

    exit_code = 2


class NoSuchChangeError(EscaladeError):
    """There is no such change."""

    exit_code = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptChange:
    """A change as it is kept."""

    change: Change
    """As it was made."""
    until: datetime
    """Where it stops being in force: its end, or when it was removed."""
    removed_at: datetime | None = None

    @property
    def in_force(self) -> Change | None:
        """The change cut off where it was removed; None when it was removed before it began."""
        if self.removed_at is None:
            return self.change
        if self.until <= self.change.start:
            return None
        return self.change.model_copy(update={"end": self.until})


class RosterChanges(Room):
    """Making, removing and reading changes."""

    def change(self, new: Change, *, by: Actor) -> tuple[KeptChange, bool]:
        """Keep a change and record it in the stream of its schedule or person. It is in force from then on.

        Making the same one again changes nothing.

        Args:
            new: the change, checked against the roster by the caller.
            by: who makes it.

        Returns:
            The change that is kept, and whether it is new.

        Raises:
            ClashError: when another one is in its way.
            SenselessChangeError: when it says nothing that can be done.
            StoreError: when the store cannot be used. Nothing is kept then.
        """
        if wrong := senseless(new):
            raise SenselessChangeError(wrong[0], mend=wrong[1])
        stream = stream_of_change(new)
        with self.database.writing() as connection:
            # The head of the stream is the lock of everything that is in it: no two of them can clash unseen.
            head = lock_head(connection, stream)
            near = _kept(connection, _about(new), roster_changes.c.removed_at.is_(None), _within(new.start, new.end))
            there = next((kept for kept in near if same(kept.change, new)), None)
            if there is not None:
                return there, False
            other = clash(new, [kept.change for kept in near])
            if other is not None:
                raise ClashError(
                    f"It overlaps with {other.kind} {other.id}: {sentence(other)}.",
                    mend=f"Remove that one first: escalade oncall {other.kind} remove {other.id}",
                )
            connection.execute(insert(roster_changes).values(_row(new)))
            advance(connection, self.now())
            append(connection, head, [_made(new, by)])
        return KeptChange(change=new, until=new.end), True

    def remove_change(self, change_id: str, *, by: Actor, why: str = "") -> tuple[KeptChange, bool]:
        """End a change. What it already did stays as it was: only what is still ahead of it goes.

        Args:
            change_id: its whole id.
            by: who removes it.
            why: the reason, for the record.

        Returns:
            The change as it is kept now, and whether this call removed it.

        Raises:
            NoSuchChangeError: when there is none of this id, or its time is over.
        """
        this = roster_changes.c.id == change_id
        with self.database.writing() as connection:
            found = _kept(connection, this)
            if not found:
                raise NoSuchChangeError(f"There is no change {change_id}.", mend=_LISTS)
            head = lock_head(connection, stream_of_change(found[0].change))
            kept = _kept(connection, this)[0]
            if kept.removed_at is not None:
                return kept, False
            now = self.now()
            if kept.change.end <= now:
                ended = format_instant(kept.change.end)
                mend = "What was is not changed afterwards."
                raise NoSuchChangeError(f"{change_id} is over since {ended}.", mend=mend)
            until = max(kept.change.start, now)
            connection.execute(update(roster_changes).where(this).values(removed_at=now, until=until))
            advance(connection, now)
            append(connection, head, [_removed(kept.change, by, why, now)])
        return KeptChange(change=kept.change, until=until, removed_at=now), True

    def kept_changes(
        self,
        kinds: Sequence[ChangeKind] = (),
        *,
        about: str = "",
        after: datetime | None = None,
        removed: bool = False,
        prefix: str = "",
    ) -> list[KeptChange]:
        """What is kept, in order of start.

        Args:
            kinds: only these; all of them otherwise.
            about: only those of this schedule, or of this person.
            after: only those in force at or after this instant.
            removed: also those that were removed.
            prefix: only those whose id begins so.
        """
        conditions = [starts_with(roster_changes.c.id, prefix)]
        if kinds:
            conditions.append(roster_changes.c.kind.in_(kinds))
        if about:
            conditions.append((roster_changes.c.schedule == about) | (roster_changes.c.person == about))
        if after is not None:
            conditions.append(roster_changes.c.until > after)
        if not removed:
            conditions.append(roster_changes.c.removed_at.is_(None))
        with self.database.reading() as connection:
            return _kept(connection, *conditions)

    def changes(self, since: datetime, until: datetime) -> Changes:
        """Everything that moves duty in a window, as it is known now; versions are those of all time.

        Args:
            since: from this instant.
            until: up to this one.
        """
        with self.database.reading() as connection:
            return _changes(connection, since, until, self.now())

    def changes_since(
        self, known: RosterRevision | None, since: datetime, until: datetime
    ) -> tuple[RosterRevision, Changes | None]:
        """The revision of what moves duty, and what it is when it is another one than the known."""
        with self.database.reading() as connection:
            current = revision(connection)
            if current == known:
                return current, None
            return current, _changes(connection, since, until, self.now())

    def roster_revision(self) -> RosterRevision:
        """How often what moves duty at run time has changed, and when it last did."""
        with self.database.reading() as connection:
            return revision(connection)


_LISTS: Final = "`escalade oncall override list` shows them; so do swap, away and temporary."


def _changes(connection: Connection, since: datetime, until: datetime, now: datetime) -> Changes:
    effective = [kept.in_force for kept in _kept(connection, _within(since, until))]
    return Changes.model_construct(
        overrides=tuple(change for change in effective if isinstance(change, Override)),
        temporaries=tuple(change for change in effective if isinstance(change, Temporary)),
        swaps=tuple(change for change in effective if isinstance(change, Swap)),
        aways=tuple(change for change in effective if isinstance(change, Away)),
        versions=tuple(versions(connection)),
        imported=tuple(imported(connection, since, until, now)),
    )


def _within(since: datetime, until: datetime) -> ColumnElement[bool]:
    c = roster_changes.c
    # What was removed before it began is empty, and never in force.
    return and_(c.until > since, c.start < until, c.until > c.start)


def _about(change: Change) -> ColumnElement[bool]:
    c = roster_changes.c
    return c.person == change.person if isinstance(change, Away) else c.schedule == change.schedule


def _kept(connection: Connection, *conditions: ColumnElement[bool]) -> list[KeptChange]:
    c = roster_changes.c
    query: Select[Any] = select(roster_changes).where(*conditions).order_by(c.start, c.made_at, c.id)
    return [kept for row in connection.execute(query) if (kept := _read(row)) is not None]


def _read(row: Row[Any]) -> KeptChange | None:
    """The change of a row; None when it cannot be read: the others still say who is on duty."""
    change = read_kept(_read_change, f"{row.kind} {row.id}", row.body)
    return None if change is None else KeptChange(change=change, until=row.until, removed_at=row.removed_at)


def _read_change(body: str) -> Change:
    return _CHANGE.validate_json(body, context=KEPT)


def _row(change: Change) -> dict[str, Any]:
    return {
        "id": change.id,
        "kind": change.kind,
        "schedule": "" if isinstance(change, Away) else change.schedule,
        "person": change.person if isinstance(change, Away) else "",
        "start": change.start,
        "until": change.end,
        "made_at": change.made_at,
        "removed_at": None,
        "body": change.model_dump_json(),
    }


def _made(change: Change, by: Actor) -> Entry:
    return Entry(
        entry_id=f"{change.id}/made",
        stream=stream_of_change(change),
        at=change.made_at,
        actor=by,
        kind=f"{change.kind}.made",
        what=f"{change.kind} {change.id}: {sentence(change)}",
        why=change.reason or UNSAID,
        data=change.model_dump(mode="json"),
    )


def _removed(change: Change, by: Actor, why: str, at: datetime) -> Entry:
    ahead = "before it began" if at <= change.start else "while it was in force; what it did until then stays"
    return Entry(
        entry_id=f"{change.id}/removed",
        stream=stream_of_change(change),
        at=at,
        actor=by,
        kind=f"{change.kind}.removed",
        what=f"{change.kind} {change.id} was removed {ahead}",
        why=why or UNSAID,
        data={"id": change.id, "was": sentence(change)},
    )
