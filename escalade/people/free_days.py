"""Free days: the public holidays of somebody's place, on their own wall clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from escalade.errors import CalendarError
from escalade.people.roster import Person
from escalade.time.public_holidays import public_holidays
from escalade.time.zones import at_wall_clock


class FreeDay(NamedTuple):
    """A public holiday, from its midnight (included) to the next (excluded)."""

    start: datetime
    end: datetime
    name: str
    """In English where the country's list has it, else in the country's own language."""


def free_days(person: Person | None, layer: ZoneInfo, since: datetime, until: datetime) -> list[FreeDay]:
    """The public holidays of somebody's place that touch a window, in order.

    Args:
        person: who; nobody has none.
        layer: the zone of the layer. Of somebody whose zone is not written, days are those of the layer: UTC would be
            nobody's day.
        since: the first instant.
        until: the first instant that is of no interest any more.
    """
    if person is None or not person.place:
        return []
    country, _, subdivision = person.place.partition("-")
    zone = ZoneInfo(person.time_zone) if "time_zone" in person.model_fields_set else layer
    try:
        days = public_holidays(country, subdivision or None, range(since.year - 1, until.year + 2))
    except CalendarError:
        # A place that `escalade check` refuses; whoever is there is told all the same.
        return []
    found = [_free(day, names[-1], zone) for day, names in days.items()]
    return [day for day in found if day.start < until and since < day.end]


def _free(day: date, name: str, zone: ZoneInfo) -> FreeDay:
    # Two holidays of one day come as "one; other".
    return FreeDay(_midnight(day, zone), _midnight(day + timedelta(days=1), zone), name.replace("; ", " and "))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return at_wall_clock(datetime.combine(day, time(0)), zone)
