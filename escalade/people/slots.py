"""Slots of a rotation: whose turn it is at an instant, by the wall clock of a zone.

Rules (those of the peers' cases, and decision 33): slots are counted on the wall clock; a slot's start is included, its
end excluded; a handoff at a local time that does not exist happens at the first existing instant after it, one that
exists twice at the first; so handoffs are consecutive, and there is neither gap nor overlap. A slot that a clock
change swallows is passed over with its member. A rotation is defined for all time, before its start too.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from escalade.people.recurrence import Recurrence
from escalade.people.rotation import Rotation, on_wall_clock
from escalade.time.zones import at_wall_clock


class Slot(NamedTuple):
    """One turn of a rotation: its number (0 is the first member's first), and from when to when, in UTC."""

    number: int
    start: datetime
    """Included; of the part in which somebody is on duty."""
    end: datetime
    """Excluded."""
    hands_off: datetime
    """When the next turn begins; later than `end` where shifts are shorter than turns."""


class _Row(Protocol):
    """Numbered wall-clock times at which turns begin."""

    def near(self, local: datetime) -> int: ...
    def start(self, number: int) -> datetime: ...


class _Even(NamedTuple):
    """Every so many minutes, hours, days or weeks."""

    anchor: datetime
    length: timedelta

    def near(self, local: datetime) -> int:
        return (local - self.anchor) // self.length

    def start(self, number: int) -> datetime:
        return self.anchor + number * self.length


class _Monthly(NamedTuple):
    """Every so many months, on the day of the anchor or the last of a month that is shorter."""

    anchor: datetime
    months: int

    def near(self, local: datetime) -> int:
        return ((local.year - self.anchor.year) * 12 + local.month - self.anchor.month) // self.months

    def start(self, number: int) -> datetime:
        years, month = divmod(self.anchor.month - 1 + number * self.months, 12)
        year = self.anchor.year + years
        return self.anchor.replace(year=year, month=month + 1, day=min(self.anchor.day, monthrange(year, month + 1)[1]))


class Slots:
    """The turns of one rotation in one zone."""

    def __init__(self, rotation: Rotation, zone: ZoneInfo) -> None:
        """Read the rotation by the wall clock of a zone."""
        self.rotation = rotation
        self.zone = zone
        anchor = rotation.anchor(zone)
        step = rotation.step
        self._row: _Row
        if step is None:
            self._row = Recurrence.read(rotation.rrule or "", anchor)
        elif step.unit == "months":
            self._row = _Monthly(anchor, step.number)
        else:
            self._row = _Even(anchor, timedelta(**{step.unit: step.number}))
        self._from = self._bound(rotation.from_)
        self._until = self._bound(rotation.until)

    def _bound(self, written: date | None) -> datetime | None:
        return None if written is None else at_wall_clock(on_wall_clock(written, self.zone), self.zone)

    def is_valid(self, at: datetime) -> bool:
        """Whether an instant lies between `from` and `until`."""
        return (self._from is None or self._from <= at) and (self._until is None or at < self._until)

    def begins(self, number: int) -> datetime:
        """The instant at which a turn begins, in UTC."""
        return at_wall_clock(self._row.start(number), self.zone)

    def number_at(self, at: datetime) -> int:
        """The number of the turn that contains an instant."""
        number = self._row.near(at.astimezone(self.zone).replace(tzinfo=None))
        # Clock changes move a handoff by an hour or so, and the months differ: the estimate is off by a little.
        while at < self.begins(number):
            number -= 1
        while at >= self.begins(number + 1):
            number += 1
        return number

    def between(self, since: datetime, until: datetime) -> Iterator[Slot]:
        """The turns in which somebody is on duty in a part of [since, until), in order.

        They are whole, and cut only by the validity of the rotation; turns of no length are left out.
        """
        number = self.number_at(since)
        begins = self.begins(number)
        while begins < until:
            following = self.begins(number + 1)
            start, end = begins, following
            if self.rotation.lasts is not None:
                lasts = self._row.start(number) + self.rotation.lasts
                end = min(end, at_wall_clock(lasts, self.zone))
            start = max(start, self._from) if self._from else start
            end = min(end, self._until) if self._until else end
            if start < end and since < end and start < until:
                yield Slot(number, start, end, following)
            number, begins = number + 1, following
