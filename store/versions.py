"""Versions of schedules: what each one said, from when on (decision 34)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Connection, func, insert, select

from escalade.people.changes import Version
from escalade.people.eras import read_version
from escalade.people.schedule import Schedule
from escalade.record import Entry
from escalade.ticket import SYSTEM
from escalade.time.instants import format_instant
from escalade.written import KEPT
from store.kept import read_kept
from store.revision import advance
from store.room import Room
from store.tables import schedule_versions
from store.writer import append, lock_head

Decide = Callable[[list[Version]], Sequence[Version]]
"""Given the versions of a schedule that are kept, oldest first: those that are to be added."""

_FIRST: Final = "it is the first one on record"


class Versions(Room):
    """Keeping versions."""

    def keep_versions(self, schedule: str, decide: Decide, *, why: str) -> list[Version]:
        """Keep the new versions of a schedule, if there are any, and record them in its stream.

        Several workers may do it at once: whoever is later is asked again about what is kept by then.

        Args:
            schedule: the schedule.
            decide: says which are new.
            why: what made it look, for the record.

        Returns:
            Those that were added.
        """
        with self.database.reading() as connection:
            if not decide(versions(connection, schedule)):
                return []
        with self.database.writing() as connection:
            head = lock_head(connection, f"schedule/{schedule}")
            new = list(decide(versions(connection, schedule)))
            for version in new:
                number = _next_number(connection, schedule)
                row = {"schedule": schedule, "number": number, "at": version.at, "body": version.model_dump_json()}
                connection.execute(insert(schedule_versions).values(row))
                head = append(connection, head, [_entry(version, number, why if number > 1 else _FIRST)])
            if new:
                advance(connection, self.now())
        return new

    def versions(self, schedule: str | None = None) -> list[Version]:
        """What is kept, of one schedule or of all, by schedule, oldest first."""
        with self.database.reading() as connection:
            return versions(connection, schedule)


def versions(connection: Connection, schedule: str | None = None) -> list[Version]:
    """The versions as this transaction sees them, by schedule, oldest first."""
    c = schedule_versions.c
    query = select(c.schedule, c.number, c.body).order_by(c.schedule, c.number)
    if schedule is not None:
        query = query.where(c.schedule == schedule)
    found = []
    for row in connection.execute(query):
        what = f"version {row.number} of the schedule {row.schedule}"
        version = read_kept(_read_version, what, row.body)
        if version is not None:
            found.append(version)
            # Those who work out duty pass over what they cannot read, and log nothing.
            read_kept(_read_schedule, what, row.body)
    return found


def _read_version(body: str) -> Version:
    return Version.model_validate_json(body, context=KEPT)


def _read_schedule(body: str) -> Schedule:
    return read_version(_read_version(body))


def _next_number(connection: Connection, schedule: str) -> int:
    c = schedule_versions.c
    return int(connection.execute(select(func.max(c.number)).where(c.schedule == schedule)).scalar() or 0) + 1


def _entry(version: Version, number: int, why: str) -> Entry:
    stays = "".join(
        f"; {', '.join(turn.on_duty)} stay{'s' if len(turn.on_duty) == 1 else ''} on duty"
        f" in {turn.layer} until {format_instant(turn.until)}"
        for turn in version.turns
        if turn.on_duty
    )
    return Entry(
        entry_id=f"version/{number}",
        stream=f"schedule/{version.schedule}",
        at=version.at,
        actor=SYSTEM,
        kind="schedule.version",
        what=f"version {number} of the schedule {version.schedule} is in force{stays}",
        why=why,
        data=version.model_dump(mode="json"),
    )
