"""The pinned pattern as instants: the pieces each day is open, and the whole as one sorted line with prefix sums.

Everything is counted in whole microseconds since 1970, as integers: nothing is rounded.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from escalade.time.hours import DAY, Span, united, without
from escalade.time.pinned import Closure, Opening, PinnedCalendar

SECOND: Final = 1_000_000
"""Microseconds of a second."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY: Final = EPOCH.toordinal()


def microseconds(at: datetime) -> int:
    """An aware instant as microseconds since 1970."""
    since = at - EPOCH
    return (since.days * DAY + since.seconds) * SECOND + since.microseconds


def instant(at: int) -> datetime:
    """Microseconds since 1970 as an instant in UTC."""
    return EPOCH + timedelta(microseconds=at)


class WallClock:
    """The wall clock of a zone for a horizon, from its offsets alone."""

    def __init__(self, pinned: PinnedCalendar) -> None:
        self.changes = [change.at * SECOND for change in pinned.offsets]
        self._ahead = [change.ahead * SECOND for change in pinned.offsets]
        # How far the wall clock ever got before each change of offset: a time of day that was reached is not
        # reached again when the clocks go back.
        self._reached: list[int] = []
        for at, ahead in zip(self.changes[1:], self._ahead, strict=False):
            self._reached.append(max(at + ahead, self._reached[-1] if self._reached else at + ahead))

    def ahead(self, at: int) -> int:
        """How far the wall clock is ahead of UTC at an instant, in microseconds."""
        return self._ahead[max(bisect_right(self.changes, at) - 1, 0)]

    def local(self, at: int) -> int:
        """What the wall clock shows, as microseconds since its own 1970."""
        return at + self.ahead(at)

    def first(self, local: int) -> int:
        """The first instant at which the wall clock shows at least this.

        A time that exists twice is the first of the two, one that was skipped is the first instant after it.
        """
        n = bisect_right(self._reached, local)
        return max(local - self._ahead[n], self.changes[n]) if n else local - self._ahead[0]

    def shift(self, n: int) -> int:
        """By how much the wall clock jumps at the n-th change, in microseconds."""
        return self._ahead[n] - self._ahead[n - 1]


@dataclass(slots=True)
class OpenDay:
    """A day on which something is open; hours past midnight belong to the day on which they begin."""

    ordinal: int
    """`date.toordinal` of it."""
    pieces: list[tuple[int, int]]
    """From and to, in order, in microseconds since 1970."""

    @property
    def midnight(self) -> int:
        """The wall clock's microseconds at which the day begins."""
        return (self.ordinal - EPOCH_DAY) * DAY * SECOND


class Pattern:
    """What is open on a date, on the wall clock."""

    def __init__(self, pinned: PinnedCalendar) -> None:
        self._pinned = pinned
        self._closures: dict[int, Closure] = {}
        for closure in pinned.closures:
            for ordinal in range(closure.first.toordinal(), closure.last.toordinal() + 1):
                self._closures.setdefault(ordinal, closure)
        self._openings: dict[int, list[Opening]] = {}
        for opening in pinned.openings:
            self._openings.setdefault(opening.on.toordinal(), []).append(opening)
        self._breaks: dict[int, tuple[Span, ...]] = {}
        for closed in pinned.breaks:
            ordinal = closed.on.toordinal()
            self._breaks[ordinal] = self._breaks.get(ordinal, ()) + closed.hours

    def closure(self, ordinal: int) -> Closure | None:
        """The holiday on a date."""
        return self._closures.get(ordinal)

    def opening(self, ordinal: int) -> Opening | None:
        """The special opening on a date."""
        return next(iter(self._openings.get(ordinal, ())), None)

    def hours(self, ordinal: int, *, holidays: bool = True) -> tuple[Span, ...]:
        """The hours that begin on a date before breaks: a holiday has none, a special opening has its own."""
        if holidays and ordinal in self._closures:
            return ()
        usual = self._pinned.weekly[(ordinal - 1) % 7]
        special = self._openings.get(ordinal)
        if not special:
            return usual
        kept = usual if all(opening.besides for opening in special) else ()
        return united((*kept, *(span for opening in special for span in opening.hours)))

    def breaks(self, ordinal: int) -> tuple[Span, ...]:
        """The breaks that concern hours which begin on a date, those of the day before and after included."""
        found: list[Span] = []
        for near in (-1, 0, 1):
            there = self._pinned.weekly_breaks[(ordinal + near - 1) % 7] + self._breaks.get(ordinal + near, ())
            found += [(start + near * DAY, end + near * DAY) for start, end in there]
        return united(found)

    def open(self, ordinal: int) -> tuple[Span, ...]:
        """The spans that begin on a date and are open."""
        hours = self.hours(ordinal)
        return without(hours, self.breaks(ordinal)) if hours else ()


def open_days(pinned: PinnedCalendar, clock: WallClock, pattern: Pattern) -> Iterator[OpenDay]:
    """Every day of the horizon with open time, in order; what lies outside of the horizon is cut off."""
    since, until = microseconds(pinned.since), microseconds(pinned.until)
    # Two days more on each side: a zone may be a day off UTC, and hours may reach into the next day.
    for ordinal in range(max(pinned.since.toordinal() - 2, 1), min(pinned.until.toordinal() + 3, date.max.toordinal())):
        midnight = (ordinal - EPOCH_DAY) * DAY
        if clock.first(midnight * SECOND) == clock.first((midnight + DAY) * SECOND):
            # A zone left the day out: what would begin on it never does, its night included.
            continue
        pieces = []
        for start, end in pattern.open(ordinal):
            first = max(clock.first((midnight + start) * SECOND), since)
            last = min(clock.first((midnight + end) * SECOND), until)
            if first < last:  # a clock change, or a day that a zone left out, can swallow hours whole
                pieces.append((first, last))
        if pieces:
            yield OpenDay(ordinal, pieces)


def joined(days: list[OpenDay]) -> tuple[list[int], list[int], list[int]]:
    """The open time of all days as one line: starts, ends, and the open microseconds before each start."""
    starts: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    total = 0
    for start, end in sorted(piece for day in days for piece in day.pieces):
        if ends and start <= ends[-1]:
            total += max(end - ends[-1], 0)
            ends[-1] = max(end, ends[-1])
        else:
            starts.append(start)
            ends.append(end)
            before.append(total)
            total += end - start
    before.append(total)
    return starts, ends, before
