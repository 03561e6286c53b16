"""Writing schedules as a calendar feed that every calendar reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from icalendar import Calendar, Event, vDuration

from activities.ical.reading import PERSON
from escalade.people import Roster
from escalade.people.duty import DutyShift

_PRODUCT: Final = "-//Escalade//On-call//EN"
_SCHEDULE: Final = "X-ESCALADE-SCHEDULE"
_REFRESH: Final = timedelta(hours=1)


def write_feed(shifts: Iterable[DutyShift], *, roster: Roster, title: str, now: datetime) -> bytes:
    """The feed of some shifts.

    An event's UID is made of schedule, person and start, so that a calendar that reads the feed again changes its
    events instead of doubling them.

    Args:
        shifts: of one schedule or several.
        roster: names people and schedules.
        title: what calendars call it.
        now: the instant of writing.

    Returns:
        RFC 5545, UTF-8, instants in UTC.
    """
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", _PRODUCT)
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", title)
    # Clients look again by either; the second is what Outlook knows.
    calendar["refresh-interval"] = vDuration(_REFRESH, params={"VALUE": "DURATION"})
    calendar["x-published-ttl"] = vDuration(_REFRESH)
    for shift in sorted(shifts, key=lambda each: (each.start, each.schedule, each.person)):
        calendar.add_component(_event(shift, roster, now))
    return bytes(calendar.to_ical())


def uid(shift: DutyShift) -> str:
    """The id of a shift's event: the same for as long as it is the same person's, from the same start."""
    start = shift.start.astimezone(UTC).isoformat()
    made = hashlib.sha256(f"{shift.schedule}\n{shift.person}\n{start}".encode()).hexdigest()
    return f"{made[:32]}@escalade"


def _event(shift: DutyShift, roster: Roster, now: datetime) -> Event:
    person = roster.people.get(shift.person)
    schedule = roster.schedules.get(shift.schedule)
    who = person.name if person is not None and person.name else shift.person
    where = schedule.name if schedule is not None and schedule.name else shift.schedule
    event = Event()
    event.add("uid", uid(shift))
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", shift.start.astimezone(UTC))
    event.add("dtend", shift.end.astimezone(UTC))
    event.add("summary", f"{who}: {where}")
    event.add("description", shift.why)
    # Being on call is no appointment: it leaves the time free.
    event.add("transp", "TRANSPARENT")
    event.add(PERSON, shift.person)
    event.add(_SCHEDULE, shift.schedule)
    return event
