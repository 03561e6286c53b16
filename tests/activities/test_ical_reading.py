"""Calendar feeds of others, as they come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from activities.ical import FeedError, FeedReading, Names, read_feed
from escalade.people import Person, Roster

PARIS = ZoneInfo("Europe/Paris")
SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
ROSTER = Roster(
    people={
        "ana": Person(name="Ana Lopez", logins=["ana@example.org"]),
        "bruno": Person(name="Bruno", logins=["bruno@example.org"]),
        "chloe": Person(name="Chloé Martin"),
        "max1": Person(name="Max"),
        "max2": Person(name="Max"),
    }
)


def feed(*events: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test"]
    for number, event in enumerate(events):
        given = [line.strip() for line in event.strip().splitlines()]
        uid = [] if any(line.startswith("UID") for line in given) else [f"UID:{number}"]
        lines += ["BEGIN:VEVENT", *uid, *given, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def read(*events: str, zone: ZoneInfo = PARIS) -> FeedReading:
    return read_feed(feed(*events), zone=zone, names=Names(ROSTER), since=SINCE, until=UNTIL)


def said(reading: FeedReading) -> list[str]:
    """`ana 02 08:00 03 08:00`, in UTC."""
    return [f"{s.person} {s.start:%m-%d %H:%M} {s.end:%m-%d %H:%M}" for s in reading.shifts]


def one(*, who: str = "SUMMARY:ana", start: str = "20260302T080000Z", end: str = "20260303T080000Z") -> str:
    return f"DTSTART:{start}\nDTEND:{end}\n{who}"


def test_an_event_is_a_shift() -> None:
    assert said(read(one())) == ["ana 03-02 08:00 03-03 08:00"]


@pytest.mark.parametrize(
    ("who", "people"),
    [
        ("SUMMARY:Ana Lopez", ["ana"]),
        ("SUMMARY:ANA@example.org", ["ana"]),
        ("SUMMARY:On Call - Ana Lopez - Payments", ["ana"]),
        ("SUMMARY:Payments: Bruno", ["bruno"]),
        ("SUMMARY:Chloé Martin (primary)", ["chloe"]),
        ("SUMMARY:Ana Lopez\\, Bruno", ["ana", "bruno"]),
        ("SUMMARY:On call\nATTENDEE;CN=Whoever:mailto:ana@example.org", ["ana"]),
        ("SUMMARY:On call\nATTENDEE;CN=Ana Lopez:mailto:private@example.net", ["ana"]),
        ("SUMMARY:Bruno\nATTENDEE:MAILTO:ana@example.org\nATTENDEE:mailto:bruno@example.org", ["ana", "bruno"]),
        (
            "SUMMARY:x\nATTENDEE;PARTSTAT=DECLINED:mailto:ana@example.org\nATTENDEE:mailto:bruno@example.org",
            ["bruno"],
        ),
        ("SUMMARY:Payments\nX-ESCALADE-PERSON:chloe", ["chloe"]),
    ],
)
def test_people_are_found_by_attendee_or_title(who: str, people: list[str]) -> None:
    reading = read(one(who=who))
    assert sorted(s.person for s in reading.shifts) == sorted(people)
    assert reading.unknown == ()


def test_whom_nobody_knows_is_told_and_not_guessed() -> None:
    reading = read(
        one(who="SUMMARY:Zoe Nobody"), one(who="SUMMARY:Max"), one(who="SUMMARY:On call\nATTENDEE;CN=Yan:mailto:y@z")
    )
    assert reading.shifts == ()
    assert reading.unknown == ("Zoe Nobody", "Max", "Yan")


def test_the_schedule_says_who_is_meant_where_it_is_not_clear() -> None:
    names = Names(ROSTER, {"Max": "max2", "Z. Nobody": "chloe", "Gone": "left"})
    assert [names.person(name) for name in ("max", "z.  nobody", "Gone", "Ana Lopez")] == ["max2", "chloe", None, "ana"]


def test_whole_days_and_floating_times_are_those_of_the_schedule() -> None:
    day = "DTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260304\nSUMMARY:ana"
    bare = "DTSTART;VALUE=DATE:20260306\nSUMMARY:ana"
    floating = "DTSTART:20260308T090000\nDURATION:PT2H\nSUMMARY:bruno"
    assert said(read(day, bare, floating)) == [
        "ana 03-01 23:00 03-03 23:00",
        "ana 03-05 23:00 03-06 23:00",
        "bruno 03-08 08:00 03-08 10:00",
    ]


def test_a_weekly_rotation_of_two_keeps_its_handoff_when_the_clocks_change() -> None:
    events = [
        f"DTSTART;TZID=Europe/Paris:2026{start}T090000\nDTEND;TZID=Europe/Paris:2026{end}T090000\n"
        f"RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO\nSUMMARY:{who}"
        for start, end, who in (("0105", "0112", "ana"), ("0112", "0119", "bruno"))
    ]
    reading = read(*events)
    found = said(reading)
    assert found[4:7] == [
        "bruno 03-23 08:00 03-30 07:00",  # summer time begins on the 29th
        "ana 03-30 07:00 04-06 07:00",
        "bruno 04-06 07:00 04-13 07:00",
    ]
    assert all(a.end == b.start for a, b in zip(reading.shifts, reading.shifts[1:], strict=False))


def test_rules_end_and_leave_out_and_move_instances() -> None:
    master = (
        "UID:m\nDTSTART;TZID=Europe/Paris:20260302T090000\nDTEND;TZID=Europe/Paris:20260302T170000\n"
        "RRULE:FREQ=DAILY;UNTIL=20260306T080000Z\nEXDATE;TZID=Europe/Paris:20260303T090000\n"
        "RDATE;TZID=Europe/Paris:20260310T090000\nSUMMARY:ana"
    )
    moved = (
        "UID:m\nRECURRENCE-ID;TZID=Europe/Paris:20260304T090000\nDTSTART;TZID=Europe/Paris:20260304T120000\n"
        "DTEND;TZID=Europe/Paris:20260304T180000\nSUMMARY:bruno"
    )
    assert said(read(master, moved)) == [
        "ana 03-02 08:00 03-02 16:00",
        "bruno 03-04 11:00 03-04 17:00",
        "ana 03-05 08:00 03-05 16:00",
        "ana 03-06 08:00 03-06 16:00",
        "ana 03-10 08:00 03-10 16:00",
    ]


def test_a_rule_with_a_count_is_counted_from_its_start() -> None:
    event = "DTSTART:20260227T080000Z\nDTEND:20260227T090000Z\nRRULE:FREQ=DAILY;COUNT=4\nSUMMARY:ana"
    assert said(read(event)) == ["ana 03-01 08:00 03-01 09:00", "ana 03-02 08:00 03-02 09:00"]


def test_what_is_cancelled_is_not() -> None:
    assert said(read(one() + "\nSTATUS:CANCELLED", one(who="SUMMARY:bruno"))) == ["bruno 03-02 08:00 03-03 08:00"]


def test_one_instance_that_is_cancelled_is_not_and_is_told() -> None:
    daily = "UID:m\nDTSTART:20260302T080000Z\nDTEND:20260303T080000Z\nRRULE:FREQ=DAILY;COUNT=3\nSUMMARY:ana"
    off = "UID:m\nRECURRENCE-ID:20260303T080000Z\nDTSTART:20260303T080000Z\nSTATUS:CANCELLED"
    reading = read(daily, off)
    assert said(reading) == ["ana 03-02 08:00 03-03 08:00", "ana 03-04 08:00 03-05 08:00"]
    assert [(slot.person, f"{slot.start:%m-%d}") for slot in reading.cancelled] == [("ana", "03-03")]
    assert [slot.person for slot in read(one() + "\nSTATUS:CANCELLED").cancelled] == ["ana"]


def test_shifts_of_one_person_that_overlap_are_one() -> None:
    again = one(start="20260302T200000Z", end="20260304T080000Z")
    next_one = one(start="20260304T080000Z", end="20260305T080000Z")
    assert said(read(one(), again, next_one)) == ["ana 03-02 08:00 03-04 08:00", "ana 03-04 08:00 03-05 08:00"]


def test_only_the_window_is_read() -> None:
    before, after = (
        one(start="20260226T080000Z", end="20260301T000000Z"),
        one(start="20260501T000000Z", end="20260502T000000Z"),
    )
    across = one(start="20260228T080000Z", end="20260301T080000Z")
    assert said(read(before, across, after)) == ["ana 02-28 08:00 03-01 08:00"]


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ("SUMMARY:ana", "no start"),
        (one(end="20260302T080000Z"), "does not end after it starts"),
        (one() + "\nRRULE:FREQ=SECONDLY", "no rhythm of shifts"),
        (one(end="nonsense"), "ana: its DTEND cannot be read: nonsense"),
        (one() + "\nDTSTART:20260302T080000Z", "ana: its DTSTART cannot be read"),
        (one() + "\nRRULE:FREQ=DAILY;BYDAY=XX", "ana: its RRULE cannot be read: FREQ=DAILY;BYDAY=XX"),
        (one() + "\nRRULE:FREQ=DAILY;INTERVAL=-1", "ana: its RRULE cannot be read: FREQ=DAILY;INTERVAL=-1"),
        (one() + "\nEXDATE:tomorrow", "ana: its EXDATE cannot be read: tomorrow"),
        (one() + "\nRECURRENCE-ID:once", "ana: its RECURRENCE-ID cannot be read: once"),
        (
            "DTSTART;TZID=Mars/Olympus:20260302T080000\nDTEND;TZID=Mars/Olympus:20260303T080000\nSUMMARY:ana",
            "ana: its DTSTART is in a time zone that nobody knows: Mars/Olympus",
        ),
    ],
)
def test_an_event_that_cannot_be_read_takes_no_other_down(event: str, why: str) -> None:
    reading = read(event, one(who="SUMMARY:bruno"))
    assert said(reading) == ["bruno 03-02 08:00 03-03 08:00"]
    assert len(reading.unreadable) == 1
    assert why in reading.unreadable[0]


@pytest.mark.parametrize(
    "text", [b"", b"<html>please log in</html>", b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", b"\xff\xfe\x00"]
)
def test_what_is_no_calendar_is_refused(text: bytes) -> None:
    with pytest.raises(FeedError, match="It is no calendar"):
        read_feed(text, zone=PARIS, names=Names(ROSTER), since=SINCE, until=UNTIL)


def test_a_feed_that_breaks_off_anywhere_is_refused() -> None:
    whole = feed(one(), one(who="SUMMARY:bruno", start="20260303T080000Z", end="20260304T080000Z"))
    read_feed(b"\xef\xbb\xbf" + whole, zone=PARIS, names=Names(ROSTER), since=SINCE, until=UNTIL)
    # The last two bytes end the line of END:VCALENDAR.
    for length in range(len(whole) - 2):
        for text in (whole[:length], whole + whole[:length]):
            if length < len(b"BEGIN:VCALENDAR") and text != whole[:length]:
                continue
            with pytest.raises(FeedError, match=r"It is no calendar|It breaks off"):
                read_feed(text, zone=PARIS, names=Names(ROSTER), since=SINCE, until=UNTIL)


def test_a_rule_that_never_happens_does_not_run_for_ever() -> None:
    event = one() + "\nRRULE:FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"
    assert said(read(event)) == ["ana 03-02 08:00 03-03 08:00"]


def test_a_long_feed_is_read_in_reasonable_time() -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    hour = timedelta(hours=1)
    events = [
        one(start=f"{start + n * hour:%Y%m%dT%H%M%SZ}", end=f"{start + (n + 1) * hour:%Y%m%dT%H%M%SZ}")
        for n in range(1000)
    ]
    assert len(read(*events).shifts) == 1000
