"""Reading a calendar feed: who is on duty when, by its events."""

from __future__ import annotations

import codecs
import re
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
    cancelled: tuple[DutySlot, ...] = ()
    """Shifts that it says are called off."""
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
    cancelled: list[DutySlot] = []
    unknown: dict[str, None] = {}
    unreadable: list[str] = []
    for events in _by_uid(text):
        try:
            for one in occurrences(events, zone=zone, since=since, until=until):
                if one.end <= since or one.start >= until:
                    continue
                people, strangers = _who(one, names)
                found = [DutySlot(person=person, start=one.start, end=one.end) for person in people]
                if one.cancelled:
                    cancelled += found
                    continue
                unknown |= dict.fromkeys(strangers)
                slots += found
        except UnreadableEventError as error:
            unreadable.append(f"{_title(events[0])}: {error}")
        except (OverflowError, ValueError):
            unreadable.append(f"{_title(events[0])}: it is beyond the years that calendars count")
        if len(slots) > _MOST_SHIFTS:
            raise FeedError(f"The feed has more than {_MOST_SHIFTS} shifts.", mend="Export a shorter time.")
    return FeedReading(
        tuple(_merged(slots)), tuple(_merged(cancelled)), tuple(unknown)[:_MOST_TOLD], tuple(unreadable)[:_MOST_TOLD]
    )


def _by_uid(text: bytes) -> Iterator[list[Event]]:
    text = text.removeprefix(codecs.BOM_UTF8)
    begun, ended = (len(re.findall(rb"(?im)^%s:VCALENDAR\s*$" % word, text)) for word in (b"BEGIN", b"END"))
    if not begun:
        raise FeedError("It is no calendar: there is no BEGIN:VCALENDAR in it.", mend=_MEND)
    if ended < begun:
        # What comes after the break is not known, and an event that is missing is somebody who is not on duty.
        raise FeedError("It breaks off before its end: END:VCALENDAR is missing.", mend=_MEND)
    try:
        calendars = Calendar.from_ical(text, multiple=True)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError):
        # The library raises whatever its parts raise, and speaks of its own parts.
        calendars = []
    found: dict[str, list[Event]] = {}
    if len(calendars) < begun or any(calendar.name != "VCALENDAR" for calendar in calendars):
        raise FeedError("It is no calendar that can be read: its lines do not fit together.", mend=_MEND)
    for calendar in calendars:
        for number, event in enumerate(calendar.walk("VEVENT")):
            if isinstance(event, Event):
                # Without a UID an event stands for itself.
                found.setdefault(str(event.get("UID", f"event {number}")), []).append(event)
    yield from found.values()


_MEND: Final = "Look at what the address gives: it should begin with BEGIN:VCALENDAR and end with END:VCALENDAR."


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
    said = event.get("SUMMARY", "")
    return str(said[0] if isinstance(said, list) else said)[:200] or "(an event without a title)"


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
