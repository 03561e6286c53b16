"""Open time: what every calendar answers, and the one that is always open.

Everything is looked up in sorted lists, so the length of a walk costs nothing. Results are exact to the microsecond
and in UTC.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Literal

from escalade.time.segments import EPOCH_DAY, SECOND, instant, microseconds

Boundary = Literal["at_close", "next_open"]
"""Where time is due that runs out exactly at a close: there, or at the next opening."""

DAY: Final = 86400 * SECOND
"""Microseconds of a day."""


class OpenTime(ABC):
    """The open time of a calendar. An opening is open, a close is not.

    Positions are open microseconds since the beginning of the horizon. The methods on microseconds are for clocks,
    which count pauses on the same scale.
    """

    name: str
    zone: str
    around_the_clock: bool
    """Whether no second of a week is closed: then a plain day is a day."""

    def is_open(self, at: datetime) -> bool:
        """Whether an instant is in open time."""
        return self.is_open_at(self.within(at))

    def add(self, at: datetime, length: timedelta, boundary: Boundary = "at_close") -> datetime:
        """The instant so much open time later; earlier when the length is negative.

        Nothing added to closed time is the next opening. Going back, time that runs out exactly at an opening does so
        there, and never at the close before.

        Raises:
            HorizonError: when the way leads out of the horizon.
        """
        here, by = self.within(at), length // timedelta(microseconds=1)
        if by == 0:
            return instant(self.next_opening_at(here))
        return instant(self.point(self.position(here) + by, boundary if by > 0 else "next_open"))

    def subtract(self, at: datetime, length: timedelta) -> datetime:
        """The instant so much open time earlier; nothing subtracted from closed time is the last close."""
        return self.add(at, -length) if length else self.last_closing(at)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The open time from one instant to another; none when the end comes first."""
        length = self.position(self.within(end)) - self.position(self.within(start))
        return timedelta(microseconds=max(length, 0))

    def next_opening(self, at: datetime) -> datetime:
        """The instant itself when it is open, else the next opening."""
        return instant(self.next_opening_at(self.within(at)))

    def last_closing(self, at: datetime) -> datetime:
        """The instant itself when it is open, else the last close."""
        return instant(self.last_closing_at(self.within(at)))

    def add_days(self, at: datetime, days: int, boundary: Boundary = "at_close") -> datetime:
        """The instant so many business days later, at the same time of day; earlier when negative.

        From closed time it starts at the next opening (going back: at the last close). Days without open time are
        stepped over. On the day it arrives at, a time of day before the first opening moves to that opening, one in
        a break to its end, one after the last close to the opening of the next open day; going back is the mirror
        image. No days is nothing added.
        """
        here = self.within(at)
        return instant(self.step(here, days, boundary) if days else self.next_opening_at(here))

    def end_of_day(self, at: datetime) -> datetime:
        """The last close of the business day of an instant; of the next one when it is after that close."""
        return instant(self.end_of_day_at(self.within(at)))

    @abstractmethod
    def within(self, at: datetime) -> int:
        """An instant in microseconds since 1970.

        Raises:
            HorizonError: when it lies outside of the horizon.
        """

    @abstractmethod
    def is_open_at(self, at: int) -> bool:
        """Whether an instant is in open time."""

    @abstractmethod
    def position(self, at: int) -> int:
        """The open microseconds from the beginning of the horizon to an instant."""

    def positions(self, ats: list[int]) -> list[int]:
        """The positions of instants that are in order; the same as asking for each, and faster."""
        return [self.position(at) for at in ats]

    @abstractmethod
    def point(self, position: int, boundary: Boundary = "at_close") -> int:
        """The instant of a position: the first of those that have it, or the last with `next_open`.

        Raises:
            HorizonError: when the horizon ends before.
        """

    @abstractmethod
    def next_opening_at(self, at: int) -> int:
        """The instant itself when it is open, else the next opening."""

    @abstractmethod
    def last_closing_at(self, at: int) -> int:
        """The instant itself when it is open, else the last close."""

    @abstractmethod
    def step(self, at: int, days: int, boundary: Boundary = "at_close") -> int:
        """Business days on or back from an instant; see `add_days`."""

    @abstractmethod
    def end_of_day_at(self, at: int) -> int:
        """The last close of a business day; see `end_of_day`."""

    @abstractmethod
    def spans(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The stretches of open time from one instant to another."""

    @abstractmethod
    def local(self, at: int) -> int:
        """What the calendar's wall clock shows, as microseconds since its own 1970."""


class AlwaysOpen(OpenTime):
    """Around the clock, in UTC: what counts where no calendar is named."""

    name = "always"
    zone = "UTC"
    around_the_clock = True

    def within(self, at: datetime) -> int:  # noqa: D102 (as in the base)
        return microseconds(at)

    def is_open_at(self, at: int) -> bool:  # noqa: ARG002, D102 (as in the base)
        return True

    def position(self, at: int) -> int:  # noqa: D102 (as in the base)
        return at

    def point(self, position: int, boundary: Boundary = "at_close") -> int:  # noqa: ARG002, D102 (as in the base)
        return position

    def next_opening_at(self, at: int) -> int:  # noqa: D102 (as in the base)
        return at

    def last_closing_at(self, at: int) -> int:  # noqa: D102 (as in the base)
        return at

    def step(self, at: int, days: int, boundary: Boundary = "at_close") -> int:  # noqa: ARG002, D102 (as in the base)
        return at + days * DAY

    def end_of_day_at(self, at: int) -> int:  # noqa: D102 (as in the base)
        return (at // DAY + 1) * DAY

    def spans(self, first: int, last: int) -> Iterator[tuple[int, int]]:  # noqa: D102 (as in the base)
        if first < last:
            yield first, last

    def local(self, at: int) -> int:  # noqa: D102 (as in the base)
        return at


ALWAYS: Final = AlwaysOpen()

__all__ = ["ALWAYS", "DAY", "EPOCH_DAY", "AlwaysOpen", "Boundary", "OpenTime"]
