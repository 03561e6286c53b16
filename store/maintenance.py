"""Maintenance windows made by command, kept and recorded in one transaction, and openings that were ended early."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from escalade.errors import EscaladeError
from escalade.maintenance.unaware import unaware
from escalade.maintenance.window import MaintenanceWindow, WindowSpec
from escalade.messages.activities import Snapshot
from escalade.record import UNSAID, Entry
from escalade.ticket import Actor, Status
from escalade.time.instants import format_instant
from escalade.written import KEPT
from store.database import insert_if_new
from store.kept import read_kept
from store.room import Room
from store.tables import maintenance_ends, maintenance_windows, tickets
from store.writer import append, lock_head

STREAM: Final = "maintenance"
"""The stream of the journal that says who made, ended and removed which window, and why."""

_LISTED: Final = timedelta(days=1)
"""A window that is open once is read for so long after it closed: tickets that run late may still be in it."""


class WindowTakenError(EscaladeError):
    """There is another maintenance window of this name."""

    exit_code = 5


class NoSuchWindowError(EscaladeError):
    """There is no such maintenance window."""

    exit_code = 4


class MaintenanceWindows(Room):
    """Making, ending, removing and reading windows."""

    def add_window(self, window_id: str, spec: WindowSpec, *, by: Actor) -> tuple[MaintenanceWindow, bool]:
        """Keep a window and record it. Making the same one again changes nothing.

        Args:
            window_id: its name: unique among all that were ever made.
            spec: what it says.
            by: who makes it.

        Returns:
            The window, and whether it is new.

        Raises:
            WindowTakenError: when there is, or was, another one of this name.
            StoreError: when the store cannot be used. Nothing is kept then.
        """
        with self.database.writing() as connection:
            head = lock_head(connection, STREAM)
            now = self.now()
            if _is_there(connection, window_id):
                there = _read(connection, maintenance_windows.c.id == window_id)
                if there and there[0].spec == spec and not _is_removed(connection, window_id):
                    return there[0], False
                raise WindowTakenError(
                    f"There is, or was, another maintenance window {window_id!r}.", mend="Give it another name."
                )
            spans, _ = spec.spans(spec_beginning(spec), most=1)
            once = not spec.recurrence and spans
            row = {
                "id": window_id,
                "until": spans[0].end if once else None,
                "made_at": now,
                "made_by": by.id,
                "removed_at": None,
                "body": spec.model_dump_json(exclude_unset=True),
            }
            connection.execute(insert(maintenance_windows).values(row))
            data = {"id": window_id, "window": spec.model_dump(mode="json", exclude_unset=True)}
            what = f"maintenance window {window_id} was made: {sentence(spec)}"
            about = _about(f"{window_id}/made", by=by, at=now, why=spec.reason)
            append(connection, head, [Entry(kind="window.made", what=what, data=data, **about)])
        return MaintenanceWindow(id=window_id, spec=spec, source="command", made_at=now, by=by.id), True

    def end_window(self, window: MaintenanceWindow, *, by: Actor, why: str = "") -> datetime | None:
        """End the present opening of a window, of the configuration or made by command; later ones stay.

        Args:
            window: as it is in force.
            by: who ends it.
            why: the reason, for the record.

        Returns:
            When it was ended; None when it is not open.
        """
        now = self.now()
        spans, _ = window.spans(now, most=1)
        open_now = [span for span in spans if span.start <= now < span.end]
        if not open_now:
            return None
        with self.database.writing() as connection:
            head = lock_head(connection, STREAM)
            if insert_if_new(connection, maintenance_ends, {"window_id": window.id, "at": now}):
                until = format_instant(open_now[0].end)
                what = f"maintenance window {window.id} was ended early; it was to be open until {until}"
                about = _about(f"{window.id}/ended/{format_instant(now)}", by=by, at=now, why=why)
                append(connection, head, [Entry(kind="window.ended_early", what=what, data={"id": window.id}, **about)])
        return now

    def remove_window(self, window_id: str, *, by: Actor, why: str = "") -> bool:
        """Take a window made by command away: it never opens again, and what is open of it ends.

        Returns:
            Whether this call removed it.

        Raises:
            NoSuchWindowError: when no window of this name was made by command.
        """
        this = maintenance_windows.c.id == window_id
        with self.database.writing() as connection:
            head = lock_head(connection, STREAM)
            # Also one that cannot be read: how else would anybody get rid of it?
            if not _is_there(connection, window_id):
                mend = "`escalade maintenance list` shows them; those of maintenance.yaml are removed there."
                raise NoSuchWindowError(f"No maintenance window {window_id!r} was made by command.", mend=mend)
            if _is_removed(connection, window_id):
                return False
            now = self.now()
            connection.execute(update(maintenance_windows).where(this).values(removed_at=now))
            what = f"maintenance window {window_id} was removed"
            about = _about(f"{window_id}/removed", by=by, at=now, why=why)
            append(connection, head, [Entry(kind="window.removed", what=what, data={"id": window_id}, **about)])
        return True

    def unaware(self, windows: Iterable[MaintenanceWindow], now: datetime, *, only: str = "") -> list[str]:
        """The keys of tickets that know other windows than these, as far as the projection tells.

        Args:
            windows: those in force.
            now: what is over by then concerns nobody.
            only: look at this window alone.
        """
        query = select(tickets.c.snapshot).where(tickets.c.status != Status.CLOSED.value).order_by(tickets.c.key)
        with self.database.reading() as connection:
            rows = [Snapshot.model_validate_json(row.snapshot) for row in connection.execute(query)]
        return unaware(rows, windows, now, only=only)

    def windows_in_force(self, configured: Iterable[MaintenanceWindow] = ()) -> list[MaintenanceWindow]:
        """Every window that is open or may open again, in order of their names; what is long over is left out.

        Args:
            configured: those of the configuration; what was ended early of them is added.
        """
        with self.database.reading() as connection:
            made = _read(connection, self._here())
            ended = _ended(connection)
        taken = {window.id for window in made}
        others = [window for window in configured if window.id not in taken]
        return sorted(
            (window.model_copy(update={"ended": ended.get(window.id, ())}) for window in [*made, *others]),
            key=lambda window: window.id,
        )

    def unreadable_windows(self) -> list[str]:
        """The names of those made by command that would be in force if they could be read."""
        c = maintenance_windows.c
        with self.database.reading() as connection:
            rows = connection.execute(select(c.id, c.body).where(self._here()).order_by(c.id)).all()
        return [row.id for row in rows if _spec_of(row.id, row.body) is None]

    def _here(self) -> ColumnElement[bool]:
        c = maintenance_windows.c
        return and_(c.removed_at.is_(None), or_(c.until.is_(None), c.until > self.now() - _LISTED))


def spec_beginning(spec: WindowSpec) -> datetime:
    """An instant before a window first opens."""
    return spec.first_opening - timedelta(days=2)


def sentence(spec: WindowSpec) -> str:
    """When it is open, in words."""
    spans, _ = spec.spans(spec_beginning(spec), most=1)
    times = f"{format_instant(spans[0].start)} to {format_instant(spans[0].end)}" if spans else "no time at all"
    again = f", again by {spec.recurrence} in {spec.zone}" if spec.recurrence else ""
    title = f" ({spec.title})" if spec.title else ""
    return f"{times}{again}{title}"


def _read(connection: Connection, condition: object) -> list[MaintenanceWindow]:
    c = maintenance_windows.c
    query = select(c.id, c.body, c.made_at, c.made_by).where(condition).order_by(c.id)  # type: ignore[arg-type]
    found = []
    for row in connection.execute(query):
        spec = _spec_of(row.id, row.body)
        if spec is not None:
            said = {"id": row.id, "spec": spec, "source": "command", "made_at": row.made_at, "by": row.made_by}
            # What is part of another is looked at again.
            found.append(MaintenanceWindow.model_validate(said, context=KEPT))
    return found


def _spec_of(window_id: str, body: str) -> WindowSpec | None:
    return read_kept(_read_spec, f"maintenance window {window_id}", body)


def _read_spec(body: str) -> WindowSpec:
    return WindowSpec.model_validate_json(body, context=KEPT)


def _is_there(connection: Connection, window_id: str) -> bool:
    c = maintenance_windows.c
    return connection.execute(select(c.id).where(c.id == window_id)).first() is not None


def _is_removed(connection: Connection, window_id: str) -> bool:
    c = maintenance_windows.c
    return connection.execute(select(c.removed_at).where(c.id == window_id)).scalar() is not None


def _ended(connection: Connection) -> dict[str, tuple[datetime, ...]]:
    c = maintenance_ends.c
    found: dict[str, tuple[datetime, ...]] = {}
    for row in connection.execute(select(c.window_id, c.at).order_by(c.window_id, c.at)):
        found[row.window_id] = (*found.get(row.window_id, ()), row.at)
    return found


def _about(name: str, *, by: Actor, at: datetime, why: str) -> dict[str, Any]:
    """What every entry of the stream carries."""
    return {"entry_id": name, "stream": STREAM, "at": at, "actor": by, "why": why or UNSAID}
