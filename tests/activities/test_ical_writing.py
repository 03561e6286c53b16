"""What goes out as a calendar comes back as the same shifts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from activities.ical import Names, read_feed, write_feed
from activities.ical.writing import uid
from escalade.people import Person, Roster
from escalade.people.changes import Changes, DutySlot, Override
from escalade.people.duty import DutyShift, shifts
from escalade.people.schedule import Schedule

NOW = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)
PEOPLE = {"ana": Person(name="Ana; López, \\the 1st"), "bruno": Person(), "chloe": Person(name="Ana; López")}
UNTIL = NOW + timedelta(days=90)


def roster(**rotation: Any) -> Roster:
    values = {"members": ["ana", "bruno", "chloe"], "start": "2026-01-05", "handoff": "monday 02:30"} | rotation
    schedule = Schedule.model_validate({"name": "Payments, first", "zone": "Europe/Paris", "rotation": values})
    return Roster(people=PEOPLE, schedules={"duty": schedule})


def written(known: Roster, found: list[DutyShift]) -> bytes:
    return write_feed(found, roster=known, title="On call: duty", now=NOW)


def slots(found: list[DutyShift]) -> list[DutySlot]:
    return [DutySlot(person=shift.person, start=shift.start, end=shift.end) for shift in found]


def read(text: bytes, known: Roster) -> list[DutySlot]:
    window = {"since": NOW - timedelta(days=60), "until": UNTIL + timedelta(days=60)}
    reading = read_feed(text, zone=ZoneInfo("UTC"), names=Names(known), **window)
    assert (reading.unknown, reading.unreadable) == ((), ())
    return list(reading.shifts)


def test_exported_shifts_come_back_as_they_were() -> None:
    known = roster()
    override = Override(
        id="o1",
        schedule="duty",
        form="replace",
        people=("chloe",),
        start=NOW.replace(microsecond=0) + timedelta(days=2, minutes=7),
        end=NOW.replace(microsecond=0) + timedelta(days=3),
        made_at=NOW,
        by="ana",
        reason="line one\nline two; " + "é" * 200,
    )
    found = shifts(known, "duty", Changes(overrides=(override,)), NOW, UNTIL)
    assert len(found) > 12
    assert read(written(known, found), known) == slots(found)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(PEOPLE)), st.integers(-40, 100), st.integers(1, 7 * 86400)),
        max_size=12,
        unique_by=lambda row: row[1],
    )
)
def test_any_shifts_come_back(rows: list[tuple[str, int, int]]) -> None:
    known = roster()
    found: list[DutyShift] = []
    free: dict[str, datetime] = {}
    for person, day, seconds in sorted(rows, key=lambda row: row[1]):
        start = NOW.replace(microsecond=0) + timedelta(days=day)
        if start >= free.get(person, start):
            free[person] = start + timedelta(seconds=seconds)
            found.append(DutyShift("duty", person, start, free[person]))
    assert read(written(known, found), known) == sorted(slots(found), key=lambda s: (s.start, s.end, s.person))


def test_it_is_a_calendar_as_the_rfc_wants_it() -> None:
    known = roster()
    found = shifts(known, "duty", Changes(), NOW, UNTIL)
    text = written(known, found)
    assert text.startswith(b"BEGIN:VCALENDAR\r\n")
    assert text.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in text.replace(b"\r\n", b"")
    assert max(len(line) for line in text.split(b"\r\n")) <= 75
    calendar = Calendar.from_ical(text)
    assert (calendar["VERSION"], calendar["METHOD"], str(calendar["X-WR-CALNAME"])) == (
        "2.0",
        "PUBLISH",
        "On call: duty",
    )
    assert "PRODID" in calendar
    events: Any = calendar.walk("VEVENT")
    assert [len(event.errors) for event in events] == [0] * len(found)
    assert all(event["DTSTAMP"].dt == NOW.replace(microsecond=0) for event in events)
    assert len({str(event["UID"]) for event in events}) == len(found)
    # Summer time begins on 29 March.
    assert [event["DTSTART"].dt.hour for event in events][:5] == [1, 1, 1, 1, 0]
    assert all(event["DTSTART"].dt.tzinfo is not None for event in events)


def test_a_shift_keeps_its_uid_when_its_end_or_reason_changes() -> None:
    start = NOW
    one = DutyShift("duty", "ana", start, start + timedelta(hours=1), because="weekly rotation")
    longer = DutyShift("duty", "ana", start, start + timedelta(hours=2), how="override", because="override o1")
    other = DutyShift("duty", "bruno", start, start + timedelta(hours=1))
    assert uid(one) == uid(longer) != uid(other)
