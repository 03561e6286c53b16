"""When an event of a calendar happens: once, on its rule, and where somebody moved one of its instances."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr
from icalendar import Event
from icalendar.error import BrokenCalendarProperty
from icalendar.prop import vDDDLists, vRecur

from escalade.time.zones import at_wall_clock

RHYTHMS: Final = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
"""More frequent ones are no shifts, and would take for ever."""
_MOST: Final = 200_000
"""Instances of one rule that are looked at: an hourly one of twenty years."""


_Rule: Final[Any] = vRecur
"""The library types little of it."""


class UnreadableEventError(ValueError):
    """An event cannot be read: why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One instance of an event."""

    event: Event
    """What says who: the event, or whatever stands in place of this instance."""
    start: datetime
    end: datetime
    cancelled: bool = False
    """Whether the calendar says that it does not take place."""


def occurrences(events: Iterable[Event], *, zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[Occurrence]:
    """The instances of the events of one UID that touch a window.

    Args:
        events: the event, and those that stand in place of single instances of it (RECURRENCE-ID).
        zone: by whose wall clock days and times without a zone are meant.
        since: from this instant.
        until: up to this one.

    Raises:
        UnreadableEventError: when one of them cannot be read.
    """
    masters = [event for event in events if "RECURRENCE-ID" not in event]
    moved = {_key(_moment(event, "RECURRENCE-ID"), zone): event for event in events if "RECURRENCE-ID" in event}
    for master in masters:
        clock = _Clock(master, zone)
        for start in clock.starts(since, until):
            instead = moved.get(clock.instant(start))
            if instead is None or _is_cancelled(instead):
                off = _is_cancelled(master) or instead is not None
                yield Occurrence(master, clock.instant(start), clock.instant(start + clock.length), off)
    for event in moved.values():
        if not _is_cancelled(event):
            clock = _Clock(event, zone)
            yield Occurrence(event, clock.instant(clock.start), clock.instant(clock.start + clock.length))


class _Clock:
    """An event on its own wall clock: its rule, and the length of an instance, are meant there.

    RFC 5545 makes instances of a rule with DTEND equally long in seconds. Calendars people use keep the wall clock,
    and so do shifts: a day from nine to nine stays one when the clocks change.
    """

    def __init__(self, event: Event, zone: ZoneInfo) -> None:
        if "DTSTART" not in event:
            raise UnreadableEventError("it has no start")
        self.event = event
        self._zone = zone
        first = _moment(event, "DTSTART")
        self._tz: tzinfo = first.tzinfo if isinstance(first, datetime) and first.tzinfo is not None else zone
        self.start = self._local(first)
        self.length = self._length(first)
        if self.length <= timedelta(0):
            raise UnreadableEventError("it does not end after it starts")

    def instant(self, local: datetime) -> datetime:
        """The instant of a time on the event's wall clock."""
        if isinstance(self._tz, ZoneInfo):
            return at_wall_clock(local, self._tz)
        return local.replace(tzinfo=self._tz).astimezone(UTC)

    def starts(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """The starts of instances that touch a window, on the event's wall clock."""
        low = _wall(since, self._tz) - self.length - timedelta(days=1)
        high = _wall(until, self._tz) + timedelta(days=1)
        gone = {self._local(moment.dt) for moment in _moments(self.event, "EXDATE")}
        found = {self.start, *self._extra()}
        if "RRULE" in self.event:
            found |= set(self._ruled(low, high))
        yield from (start for start in sorted(found - gone) if low <= start <= high)

    def _ruled(self, low: datetime, high: datetime) -> Iterator[datetime]:
        for rule in _several(self.event, "RRULE"):
            if not isinstance(rule, _Rule):
                raise _unreadable(self.event, "RRULE")
            if [str(rhythm).upper() for rhythm in rule.get("FREQ", [])] not in ([rhythm] for rhythm in RHYTHMS):
                said = _text(rule)[:60] or "it has no FREQ"
                raise UnreadableEventError(f"it is repeated by a rule that is no rhythm of shifts: {said}")
            if any(int(step) < 1 for step in rule.get("INTERVAL", [])):
                raise _unreadable(self.event, "RRULE")
            parts = {name: value for name, value in rule.items() if name.upper() != "UNTIL"}
            ends = [self._local(moment) for moment in rule.get("UNTIL", [])]
            last = min([high, *ends])
            text = ";".join(
                f"{name}={type(rule)({name: value}).to_ical().decode().partition('=')[2]}"
                for name, value in parts.items()
            )
            try:
                ruled = rrulestr(text, dtstart=self.start)
            except (ValueError, TypeError, KeyError):
                # Not the library's sentence: it speaks of its own parameters.
                raise _unreadable(self.event, "RRULE") from None
            assert isinstance(ruled, rrule)
            for start in islice(ruled, _MOST):
                if start > last:
                    break
                if start >= low:
                    yield start

    def _extra(self) -> Iterator[datetime]:
        for moment in _moments(self.event, "RDATE"):
            value = moment.dt
            yield self._local(value[0] if isinstance(value, tuple) else value)

    def _length(self, first: date) -> timedelta:
        if "DTEND" in self.event:
            return self._local(_moment(self.event, "DTEND")) - self.start
        if "DURATION" in self.event:
            length = _value(self.event, "DURATION")
            if not isinstance(length, timedelta):
                raise _unreadable(self.event, "DURATION")
            return length
        return timedelta(0) if isinstance(first, datetime) else timedelta(days=1)

    def _local(self, moment: Any) -> datetime:
        if not isinstance(moment, date):
            raise UnreadableEventError("one of its instants is none")
        if not isinstance(moment, datetime):
            return datetime.combine(moment, time())
        return moment if moment.tzinfo is None else _wall(moment, self._tz)


def _key(moment: date, zone: ZoneInfo) -> datetime:
    if not isinstance(moment, datetime):
        return at_wall_clock(datetime.combine(moment, time()), zone)
    return at_wall_clock(moment, zone) if moment.tzinfo is None else moment.astimezone(UTC)


def _wall(instant: datetime, tz: tzinfo) -> datetime:
    return instant.astimezone(tz).replace(tzinfo=None)


def _is_cancelled(event: Event) -> bool:
    return str(event.get("STATUS", "")).upper() == "CANCELLED"


def _moment(event: Event, name: str) -> date:
    """A date, or a date and time, that an event has once."""
    value = _value(event, name)
    if not isinstance(value, date):
        raise _unreadable(event, name)
    zone = str(_get(event, name).params.get("TZID", ""))
    if zone and isinstance(value, datetime) and value.tzinfo is None:
        # The library takes a zone that it does not know for none at all: the shift would be at another time.
        raise UnreadableEventError(f"its {name} is in a time zone that nobody knows: {zone[:40]}")
    return value


def _moments(event: Event, name: str) -> list[Any]:
    """The moments that an event lists, in one property or several."""
    several = _several(event, name)
    if not all(isinstance(each, vDDDLists) for each in several):
        raise _unreadable(event, name)
    return [moment for each in several for moment in each.dts]


def _value(event: Event, name: str) -> Any:
    """What a property says that an event has once."""
    try:
        return _get(event, name).dt
    except (AttributeError, BrokenCalendarProperty):
        raise _unreadable(event, name) from None


def _unreadable(event: Event, name: str) -> UnreadableEventError:
    found = _several(event, name)
    said = ", ".join(str(each)[:40] if isinstance(each, str) else _text(each)[:40] for each in found)
    return UnreadableEventError(f"its {name} cannot be read: {said}")


def _get(event: Event, name: str) -> Any:
    # The library types every property as any of thirty kinds; what is read here has the kind of its name.
    return event.get(name)


def _several(event: Event, name: str) -> list[Any]:
    found = _get(event, name)
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def _text(value: Any) -> str:
    return str(value.to_ical().decode(errors="replace"))
