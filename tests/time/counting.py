"""A calendar that is counted minute by minute, for comparison: slow, plain, and written apart from the real one.

It knows a calendar as numbers, asks the time zone database for the wall clock of every minute, and answers by looking
through lists of minutes. Hours, breaks and offsets are whole minutes.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import compress
from typing import Any
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAYS_BEFORE, DAYS_AFTER = 5, 16
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Minutes = tuple[int, int]


@dataclass(frozen=True)
class Plan:
    """A calendar in numbers: minutes since the midnight a day begins with; past 1440 is the next day."""

    zone: str
    base: date
    week: dict[int, list[Minutes]]
    breaks: dict[int, list[Minutes]] = field(default_factory=dict)
    dated_breaks: dict[date, list[Minutes]] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()
    openings: dict[date, tuple[list[Minutes], bool]] = field(default_factory=dict)

    def written(self) -> dict[str, Any]:
        """As somebody writes it."""
        return {
            "calendar": "drawn",
            "zone": self.zone,
            "hours": {WEEKDAYS[day]: [text(span) for span in spans] for day, spans in self.week.items()},
            "breaks": [
                *({"every": WEEKDAYS[day], "hours": [text(s) for s in spans]} for day, spans in self.breaks.items()),
                *({"on": str(day), "hours": [text(s) for s in spans]} for day, spans in self.dated_breaks.items()),
            ],
            "holidays": [str(day) for day in sorted(self.holidays)],
            "openings": [
                {"on": str(day), "hours": [text(s) for s in spans], "besides": besides}
                for day, (spans, besides) in self.openings.items()
            ],
        }

    @property
    def since(self) -> datetime:
        """Where the minutes begin."""
        return datetime(self.base.year, self.base.month, self.base.day, tzinfo=UTC) - timedelta(days=DAYS_BEFORE)

    @property
    def until(self) -> datetime:
        """Where they end."""
        return self.since + timedelta(days=DAYS_BEFORE + DAYS_AFTER)


def text(span: Minutes) -> str:
    """`09:00-17:30`."""
    start, end = span
    last = end - 1440 if end > 1440 else end
    return f"{start // 60:02}:{start % 60:02}-{last // 60:02}:{last % 60:02}"


@functools.cache
def wall_clock(zone: str, since: datetime) -> tuple[list[int], list[int]]:
    """For every minute what the wall clock shows, and for every minute of the wall clock when it is first shown.

    Both clocks count minutes from `since`; a minute that is skipped is first shown at the next one that is there.
    """
    margin = 4 * 1440
    utc = [since + MINUTE * n for n in range(-margin, (DAYS_BEFORE + DAYS_AFTER) * 1440 + margin)]
    local = [(at.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC) - since) // MINUTE for at in utc]
    first: list[int] = []
    for n, shown in enumerate(local):
        while len(first) - margin - 1440 <= shown:
            first.append(n - margin)
    return local[margin:-margin], first


class Counted:
    """The minutes of a plan, each open or not. Instants are numbers of minutes since `plan.since`."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.local, self._first = wall_clock(plan.zone, plan.since)
        self.open = bytearray(len(self.local))
        self.day: dict[int, int] = {}
        self.opened: dict[int, list[int]] = {}
        for n in range(-3, DAYS_BEFORE + DAYS_AFTER + 3):
            here = {minute for span in self._hours(n) for minute in self._minutes(n, span)}
            for near in (n - 1, n, n + 1) if here else ():
                here.difference_update(*(self._minutes(near, span) for span in self._breaks(near)))
            if here:
                self.opened[n] = sorted(here)
            for minute in self.opened.get(n, ()):
                self.day.setdefault(minute, n)
                self.open[minute] = 1
        self.minutes = list(compress(range(len(self.open)), self.open))

    def _date(self, n: int) -> date:
        return self.plan.since.date() + timedelta(days=n)

    def _hours(self, n: int) -> list[Minutes]:
        day = self._date(n)
        usual = self.plan.week.get(day.weekday(), [])
        if day in self.plan.holidays or self.first(n, 0) == self.first(n, 1440):
            return []  # a day that the zone left out has no hours of its own
        if day in self.plan.openings:
            special, besides = self.plan.openings[day]
            return special + (usual if besides else [])
        return usual

    def _breaks(self, n: int) -> list[Minutes]:
        day = self._date(n)
        return self.plan.breaks.get(day.weekday(), []) + self.plan.dated_breaks.get(day, [])

    def first(self, n: int, minute: int) -> int:
        """The first minute at which the wall clock shows this minute of a day, or a later one."""
        return self._first[n * 1440 + minute + 5 * 1440]

    def _minutes(self, n: int, span: Minutes) -> range:
        if span[1] == 1439:
            span = (span[0], 1440)  # an end of 23:59 is 24:00, as other systems write it
        start, end = (min(max(self.first(n, minute), 0), len(self.open)) for minute in span)
        return range(start, end)

    def is_open(self, at: int) -> bool:
        return bool(self.open[at])

    def next_opening(self, at: int) -> int:
        return next(minute for minute in range(at, len(self.open)) if self.open[minute])

    def last_closing(self, at: int) -> int:
        if self.open[at]:
            return at
        return next(minute for minute in range(at, 0, -1) if self.open[minute - 1])

    def between(self, start: int, end: int) -> int:
        return sum(self.open[start:end])

    def add(self, at: int, length: int, *, boundary: str = "at_close", paused: list[Minutes] | None = None) -> int:
        """Walk minute by minute; paused minutes do not count."""
        if length < 0:
            before = [minute for minute in self.minutes if minute < at]
            return before[length]
        still = bytearray(len(self.open))
        for start, end in paused or []:
            still[start:end] = b"\1" * max(end - start, 0)
        if length == 0:
            return self.next_opening(at)
        counted = [minute for minute in self.minutes if minute >= at and not still[minute]]
        there = counted[length - 1] + 1
        return self.next_opening(there) if boundary == "next_open" else there

    def add_days(self, at: int, days: int, *, boundary: str = "at_close") -> int:
        """Step from open day to open day."""
        here = self.next_opening(at) if days > 0 else self.last_closing(at)
        day = self.day[here] if self.open[here] else self.day[here - 1]
        time_of_day = self.local[here] - day * 1440
        names = sorted(self.opened)
        target = names.index(day) + days
        if not 0 <= target < len(names):
            raise IndexError
        minutes = self.opened[names[target]]
        there = self.first(names[target], time_of_day)
        if there in minutes:
            return there
        if days > 0:
            if there - 1 in minutes and boundary == "at_close":
                return there
            later = [minute for minute in minutes if minute > there]
            return later[0] if later else self.opened[names[target + 1]][0]
        earlier = [minute for minute in minutes if minute < there]
        if earlier:
            return earlier[-1] + 1
        if target == 0:
            raise IndexError
        return self.opened[names[target - 1]][-1] + 1
