"""Reading a calendar feed: who is on duty when, by its events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from activities.ical.names import Names
from activities.ical.occurrences import Occurrence, UnreadableEventError, occurrences
from escalade.errors import EscaladeError
from escalade.people.changes import DutySlot

PERSON: Final = "X-ESCALADE-PERSON"
"""What our own feeds call somebody by, so that a feed that comes back names the same people."""
_MOST_SHIFTS: Final = 20_000
_MOST_TOLD: Final = 50


class FeedError(EscaladeError):
    """The feed cannot be read."""


@dataclass(frozen=True, slots=True)
class FeedReading:
    """What a feed says."""

    shifts: tuple[DutySlot, ...]
    """In order of start; those of one person never overlap."""
    unknown: tuple[str, ...] = ()
    """Whom it names that nobody of the roster is called, in order."""
    unreadable: tuple[str, ...] = ()
    """Events that were left out: which, and why."""


def read_feed(text: bytes, *, zone: ZoneInfo, names: Names, since: datetime, until: datetime) -> FeedReading:
    """Read a feed.

    An event is a shift of its attendees, and of whoever its title names when none of them is known. Cancelled events
    and attendees who declined do not count.

    Args:
        text: the feed, RFC 5545.
        zone: by whose wall clock whole days, and times without a zone, are meant.
        names: finds people.
        since: shifts that end later than this are read.
        until: shifts that start before this are read.

    Raises:
        FeedError: when it is no calendar, or says more than a roster can.
    """
    slots: list[DutySlot] = []
    unknown: dict[str, None] = {}
    unreadable: list[str] = []
    for events in _by_uid(text):
        try:
            for one in occurrences(events, zone=zone, since=since, until=until):
                if one.end <= since or one.start >= until:
                    continue
                people, strangers = _who(one, names)
                unknown |= dict.fromkeys(strangers)
                slots += [DutySlot(person=person, start=one.start, end=one.end) for person in people]
        except (UnreadableEventError, OverflowError, ValueError) as error:
            unreadable.append(f"{_title(events[0])}: {error}")
        if len(slots) > _MOST_SHIFTS:
            raise FeedError(f"The feed has more than {_MOST_SHIFTS} shifts.", mend="Export a shorter time.")
    return FeedReading(tuple(_merged(slots)), tuple(unknown)[:_MOST_TOLD], tuple(unreadable)[:_MOST_TOLD])


def _by_uid(text: bytes) -> Iterator[list[Event]]:
    try:
        calendars = Calendar.from_ical(text, multiple=True)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        # The library raises whatever its parts raise; what it read is somebody else's text.
        raise FeedError(f"It is no calendar: {str(error)[:200]}", mend=_MEND) from None
    found: dict[str, list[Event]] = {}
    if not calendars or any(calendar.name != "VCALENDAR" for calendar in calendars):
        raise FeedError("It is no calendar: there is no VCALENDAR in it.", mend=_MEND)
    for calendar in calendars:
        for number, event in enumerate(calendar.walk("VEVENT")):
            if isinstance(event, Event) and str(event.get("STATUS", "")).upper() != "CANCELLED":
                # Without a UID an event stands for itself.
                found.setdefault(str(event.get("UID", f"event {number}")), []).append(event)
    yield from found.values()


_MEND: Final = "Look at what the address gives: it should begin with BEGIN:VCALENDAR."


def _who(one: Occurrence, names: Names) -> tuple[list[str], list[str]]:
    """Who is on duty by an event, and what it calls others."""
    event = one.event
    own = names.person(str(event.get(PERSON, "")))
    if own is not None:
        return [own], []
    known: list[str] = []
    strangers: list[str] = []
    for attendee in _attendees(event):
        if str(attendee.params.get("PARTSTAT", "")).upper() == "DECLINED":
            continue
        address = str(attendee).removeprefix("mailto:").removeprefix("MAILTO:")
        called = str(attendee.params.get("CN", ""))
        person = names.person(address) or names.person(called)
        if person is not None:
            known.append(person)
        else:
            strangers.append(called or address)
    if known:
        return list(dict.fromkeys(known)), strangers
    named = names.people_in(_title(event))
    return named, [] if named else strangers or [_title(event)]


def _attendees(event: Event) -> list[Any]:
    found: Any = event.get("ATTENDEE", [])
    return found if isinstance(found, list) else [found]


def _title(event: Event) -> str:
    return str(event.get("SUMMARY", ""))[:200] or "(an event without a title)"


def _merged(slots: list[DutySlot]) -> list[DutySlot]:
    """Shifts of one person that overlap become one; those that only touch stay apart."""
    last: dict[str, int] = {}
    found: list[DutySlot] = []
    for slot in sorted(slots, key=lambda each: (each.start, each.end, each.person)):
        at = last.get(slot.person)
        if at is not None and slot.start < found[at].end:
            found[at] = found[at].model_copy(update={"end": max(found[at].end, slot.end)})
        else:
            last[slot.person] = len(found)
            found.append(slot)
    return found
