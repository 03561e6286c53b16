"""The calendars that the public cases name, and how the tests ask them."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from escalade.time.business import BusinessTime
from escalade.time.calendar import CalendarSpec
from escalade.time.compile import compile_calendar

YEARLY = ["01-01", "05-01", "12-24", "12-25", "12-26", "12-31"]
HOURS: dict[str, dict[str, Any]] = {
    "A24": {"every day": "00:00-24:00"},
    "F24": {"monday-friday": "00:00-24:00"},
    "F8": {"monday-friday": "08:00-18:00"},
    "FSP": {"monday-friday": "08:00-13:00, 14:00-18:00"},
    "FSP7": {"every day": "08:00-13:00, 14:00-18:00"},
    "BZ": {
        "monday, wednesday, friday": "09:00-17:00",
        "tuesday, thursday": "10:00-16:00",
        "saturday": "11:00-14:30",
    },
    "L": {"monday": "10:30-19:00", "tuesday-friday": "08:30-19:00"},
    "D": {"monday-friday": "08:00-20:00"},
    "9-17": {"monday-friday": "09:00-17:00"},
    "9-18": {"monday-friday": "09:00-18:00"},
    "10-18": {"monday-friday": "10:00-18:00"},
    "8-17": {"monday-friday": "08:00-17:00"},
    "OT13": {"monday-thursday": "08:00-19:00", "friday": "08:00-16:00"},
    "CW2": {
        "monday, wednesday-friday": "09:00-17:00",
        "tuesday": "09:00-20:00",
        "saturday": "00:00-24:00",
    },
}


def spec(written: dict[str, Any] | None = None, **more: Any) -> CalendarSpec:
    """A calendar from what is different about it."""
    base = {"calendar": "test", "zone": "UTC", "hours": HOURS["9-17"]}
    return CalendarSpec.model_validate({**base, **(written or {}), **more})


@functools.cache
def named(hours: str, zone: str = "UTC", holidays: tuple[str, ...] = (), *, around: int = 2016) -> BusinessTime:
    """A calendar of the cases, worked out for the years around one."""
    written = spec(calendar=hours.lower(), zone=zone, hours=HOURS[hours], holidays=list(holidays))
    return business(written, since=datetime(around - 3, 1, 1, tzinfo=UTC), until=datetime(around + 4, 1, 1, tzinfo=UTC))


def business(written: CalendarSpec, *, since: datetime, until: datetime) -> BusinessTime:
    """The business time of a calendar."""
    return BusinessTime.of(compile_calendar(written, since=since, until=until))


def at(text: str, zone: str = "UTC") -> datetime:
    """An instant: local to the zone, or with `Z`."""
    if text.endswith("Z"):
        return datetime.fromisoformat(text)
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def length(text: str) -> timedelta:
    """`1 d 2 h 3 m 4 s` of time on the clock."""
    units = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
    words = text.split()
    return timedelta(seconds=sum(float(n) * units[u] for n, u in zip(words[::2], words[1::2], strict=True)))
