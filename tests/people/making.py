"""Schedules and changes as the tests of people write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from escalade.people import Roster, Schedule
from escalade.people.changes import Changes
from escalade.people.duty import DutyShift, shifts
from escalade.people.slots import Slots
from escalade.testing import roster

EVERYBODY = ("ana", "bob", "cyd", "dan", "eve")
ZONES = (
    "UTC",
    "Europe/Paris",
    "America/Chicago",
    "America/St_Johns",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Africa/Casablanca",  # backwards in Ramadan
    "America/Sao_Paulo",  # summer time that began at midnight
    "Pacific/Apia",  # left out a whole day
    "Asia/Kathmandu",
)
NOTHING = Changes()


class Shift(NamedTuple):
    """One turn: who, from an instant (included) to another (excluded), both UTC."""

    person: str
    start: datetime
    end: datetime


def shift_at(schedule: Schedule, at: datetime) -> Shift:
    """The turn of a schedule's one rotation that contains an instant."""
    assert schedule.rotation is not None
    slots = Slots(schedule.rotation, schedule.tzinfo)
    number = slots.number_at(at)
    turns = schedule.rotation.turns
    return Shift(turns[number % len(turns)][0], slots.begins(number), slots.begins(number + 1))


def local(zone: str, *parts: int) -> datetime:
    """A time on the wall clock of a zone."""
    return datetime(*parts, tzinfo=ZoneInfo(zone))  # type: ignore[arg-type,misc]


def rotating(zone: str, *members: Any, **rotation: Any) -> Roster:
    """Everybody, with one schedule `s` of one rotation."""
    return scheduled(zone=zone, rotation={"members": members or ["ana", "bob", "cyd"], **rotation})


def scheduled(**written: Any) -> Roster:
    """Everybody, with one schedule `s` as written."""
    people = roster(*EVERYBODY)
    people.schedules["s"] = Schedule.model_validate(written)
    return people


def told(people: Roster, since: datetime, until: datetime, *, changes: Changes = NOTHING) -> list[tuple[str, str, str]]:
    """The shifts of `s` on its wall clock: who, from, until, each with its offset."""
    zone = people.schedules["s"].tzinfo
    return [(s.person, written(s.start, zone), written(s.end, zone)) for s in of(people, since, until, changes)]


def of(people: Roster, since: datetime, until: datetime, changes: Changes = NOTHING) -> list[DutyShift]:
    """The shifts of `s`."""
    return shifts(people, "s", changes, since, until)


def written(at: datetime, zone: ZoneInfo) -> str:
    """An instant on a wall clock: `11-01 01:30 CDT`."""
    return f"{at.astimezone(zone):%m-%d %H:%M %Z}"


def utc(*parts: int) -> datetime:
    """An instant in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]
