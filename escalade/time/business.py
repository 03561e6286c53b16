"""Business time: the open time of a pinned calendar, expanded once and looked up from then on.

No time zone data is read: what is needed is in the pinned calendar, so a workflow may use it.
"""

from __future__ import annotations

import functools
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import datetime

from escalade.errors import CalendarError, HorizonError
from escalade.time.hours import Span
from escalade.time.open_time import ALWAYS, DAY, Boundary, OpenTime
from escalade.time.pinned import PinnedCalendar
from escalade.time.segments import EPOCH_DAY, OpenDay, Pattern, WallClock, joined, microseconds, open_days


class BusinessTime(OpenTime):
    """The open time of one calendar, within its horizon."""

    def __init__(self, pinned: PinnedCalendar) -> None:
        """Expand a pinned calendar; `BusinessTime.of` does it once for each.

        Raises:
            CalendarError: when nothing is open.
        """
        self.name, self.zone = pinned.name, pinned.zone
        self.pinned = pinned
        self.wall = WallClock(pinned)
        self.since, self.until = microseconds(pinned.since), microseconds(pinned.until)
        self.pattern = Pattern(pinned)
        self.days = list(open_days(pinned, self.wall, self.pattern))
        if not self.days:
            raise CalendarError(
                f"The calendar {pinned.name!r} is never open between {pinned.since:%Y-%m-%d} and "
                f"{pinned.until:%Y-%m-%d}.",
                mend="Give it hours, or take away holidays.",
            )
        self._ordinals = [day.ordinal for day in self.days]
        self.starts, self.ends, self.before = joined(self.days)
        self.around_the_clock = all(spans == ((0, 86400),) for spans in pinned.weekly)

    @staticmethod
    def of(pinned: PinnedCalendar) -> BusinessTime:
        """The business time of a pinned calendar, expanded once for each digest.

        Raises:
            CalendarError: when nothing is open.
        """
        return _expanded(_Key(pinned))

    def within(self, at: datetime) -> int:  # noqa: D102 (as in the base)
        found = microseconds(at)
        if not self.since <= found <= self.until:
            raise self._beyond()
        return found

    def is_open_at(self, at: int) -> bool:  # noqa: D102 (as in the base)
        n = bisect_right(self.starts, at) - 1
        return n >= 0 and at < self.ends[n]

    def position(self, at: int) -> int:  # noqa: D102 (as in the base)
        n = bisect_right(self.starts, at) - 1
        return self.before[n] + min(at, self.ends[n]) - self.starts[n] if n >= 0 else 0

    def positions(self, ats: list[int]) -> list[int]:  # noqa: D102 (as in the base)
        starts, ends, before, n = self.starts, self.ends, self.before, 0
        out = []
        for at in ats:
            n = bisect_right(starts, at, n)
            if n:
                n -= 1
                out.append(before[n] + min(at, ends[n]) - starts[n])
            else:
                out.append(0)
        return out

    def point(self, position: int, boundary: Boundary = "at_close") -> int:  # noqa: D102 (as in the base)
        if position < 0 or position > self.before[-1]:
            raise self._beyond()
        if boundary == "at_close":
            n = max(bisect_left(self.before, position, 1) - 1, 0)
        else:
            n = bisect_right(self.before, position) - 1
            if n >= len(self.starts):
                raise self._beyond()
        return self.starts[n] + position - self.before[n]

    def next_opening_at(self, at: int) -> int:  # noqa: D102 (as in the base)
        n = bisect_right(self.starts, at) - 1
        if n >= 0 and at < self.ends[n]:
            return at
        if n + 1 >= len(self.starts):
            raise self._beyond()
        return self.starts[n + 1]

    def last_closing_at(self, at: int) -> int:  # noqa: D102 (as in the base)
        n = bisect_right(self.starts, at) - 1
        if n < 0:
            raise self._beyond()
        return min(at, self.ends[n])

    def step(self, at: int, days: int, boundary: Boundary = "at_close") -> int:  # noqa: D102 (as in the base)
        here = self.next_opening_at(at) if days > 0 else self.last_closing_at(at)
        n = self._day_of(here)
        time_of_day = self.local(here) - self.days[n].midnight
        there = self.wall.first(self._day(n + days).midnight + time_of_day)
        return self._land(n + days, there, boundary) if days > 0 else self._land_back(n + days, there)

    def end_of_day_at(self, at: int) -> int:  # noqa: D102 (as in the base)
        return self.days[self._day_of(at)].pieces[-1][1]

    def local(self, at: int) -> int:  # noqa: D102 (as in the base)
        return self.wall.local(at)

    def spans(self, first: int, last: int) -> Iterator[tuple[int, int]]:  # noqa: D102 (as in the base)
        for n in range(max(bisect_right(self.starts, first) - 1, 0), len(self.starts)):
            start, end = max(self.starts[n], first), min(self.ends[n], last)
            if self.starts[n] >= last:
                break
            if start < end:
                yield start, end

    def usual_hours(self, ordinal: int) -> tuple[Span, ...]:
        """What would be open on a date if it were no holiday."""
        return self.pattern.hours(ordinal, holidays=False)

    def day_on(self, ordinal: int) -> OpenDay | None:
        """What is open of a date (`date.toordinal`); None when nothing is."""
        n = bisect_left(self._ordinals, ordinal)
        return self.days[n] if n < len(self.days) and self._ordinals[n] == ordinal else None

    def _land(self, n: int, there: int, boundary: Boundary) -> int:
        for start, end in self._day(n).pieces:
            if there < start:
                return start
            if there < end or (there == end and boundary == "at_close"):
                return there
        return self._day(n + 1).pieces[0][0]

    def _land_back(self, n: int, there: int) -> int:
        for start, end in reversed(self._day(n).pieces):
            if there > end:
                return end
            if there >= start:
                return there
        return self._day(n - 1).pieces[-1][1]

    def _day(self, n: int) -> OpenDay:
        if not 0 <= n < len(self.days):
            raise self._beyond()
        return self.days[n]

    def _day_of(self, at: int) -> int:
        """The index of the business day of an instant.

        Open time belongs to the day on which its hours began, a close to the day it ends, a break to its day;
        other closed time to the next day that opens.
        """
        today = self.local(at) // DAY + EPOCH_DAY
        first = bisect_left(self._ordinals, today - 1)
        near = range(first, min(first + 3, len(self.days)))
        for n in near:
            if any(start <= at < end for start, end in self.days[n].pieces):
                return n
        for n in near:
            if self.days[n].pieces[0][0] <= at <= self.days[n].pieces[-1][1]:
                return n
        opening = self.next_opening_at(at)
        return next(n for n in range(first, len(self.days)) if self.days[n].pieces[0][0] == opening)

    def _beyond(self) -> HorizonError:
        horizon = f"from {self.pinned.since:%Y-%m-%d} to {self.pinned.until:%Y-%m-%d}"
        return HorizonError(f"The calendar {self.name!r} is worked out {horizon} only.")


def open_time(pinned: PinnedCalendar | None) -> OpenTime:
    """The open time of a calendar; around the clock without one."""
    return ALWAYS if pinned is None else BusinessTime.of(pinned)


class _Key:
    """A pinned calendar that is equal to another one when their digests are."""

    __slots__ = ("pinned",)

    def __init__(self, pinned: PinnedCalendar) -> None:
        self.pinned = pinned if pinned.digest else pinned.sealed()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.pinned.digest == self.pinned.digest

    def __hash__(self) -> int:
        return hash(self.pinned.digest)


@functools.lru_cache(maxsize=128)
def _expanded(key: _Key) -> BusinessTime:
    return BusinessTime(key.pinned)
