"""The peers' cases of rotations and schedules, by their ids.

Elsewhere: R4's weekly lengths and R11's generator in `test_rotation.py`; E and A1-A3 are the ladder's, the storms' and
the windows'. Not ours: R11's stored epochs; that nobody is on duty before a rotation's start (R9), unless `from` says
so. A4's days counted from the end of a month are a recurrence rule here (`BYMONTHDAY=-3`), its hours restrictions.
"""

# ruff: noqa: N802 - tests are named by the ids of their cases

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from escalade.people.changes import Changes, Override
from escalade.people.duty import duty_at, gaps
from tests.people.making import NOTHING, local, of, rotating, scheduled, told, utc

CHICAGO = "America/Chicago"
HOUR = timedelta(hours=1)


def test_R1_a_daily_handoff_that_does_not_exist_happens_at_the_first_instant_after_it() -> None:
    people = rotating(CHICAGO, start="2020-03-01T02:30", every="daily")
    found = told(people, local(CHICAGO, 2020, 3, 7, 3), local(CHICAGO, 2020, 3, 9, 2))
    assert [(start, end) for _, start, end in found] == [
        ("03-07 02:30 CST", "03-08 03:00 CDT"),
        ("03-08 03:00 CDT", "03-09 02:30 CDT"),
    ]


def test_R3_an_hourly_shift_takes_the_hour_that_comes_twice() -> None:
    people = rotating(CHICAGO, start="2020-10-01T00:30", every="hourly")
    found = told(people, local(CHICAGO, 2020, 11, 1, 0, 30), local(CHICAGO, 2020, 11, 1, 3))
    assert [start for _, start, _ in found] == ["11-01 00:30 CDT", "11-01 01:30 CDT", "11-01 02:30 CST"]
    lengths = [s.end - s.start for s in of(people, local(CHICAGO, 2020, 11, 1, 0, 30), local(CHICAGO, 2020, 11, 1, 3))]
    assert lengths == [HOUR, 2 * HOUR, HOUR]


def test_R3_a_daily_handoff_that_comes_twice_happens_at_the_first() -> None:
    people = rotating(CHICAGO, start="2020-10-01T01:30", every="daily")
    found = told(people, local(CHICAGO, 2020, 11, 1, 1, 30), local(CHICAGO, 2020, 11, 2, 3))
    assert [start for _, start, _ in found] == ["11-01 01:30 CDT", "11-02 01:30 CST"]


@pytest.mark.parametrize(
    ("every", "start", "length"),
    [
        ("daily", "2017-03-11T08:00", timedelta(hours=23)),
        ("daily", "2017-11-04T08:00", timedelta(hours=25)),
        ("weekly", "2017-03-10T08:00", timedelta(days=7, hours=-1)),
        ("weekly", "2017-11-04T08:00", timedelta(days=7, hours=1)),
        ("monthly", "2017-03-01T08:00", timedelta(days=31, hours=-1)),
        ("3 hours", "2017-03-12T00:00", timedelta(hours=2)),
        ("3 hours", "2017-11-05T00:00", timedelta(hours=4)),
    ],
)
def test_R4_how_long_a_shift_over_a_clock_change_is(every: str, start: str, length: timedelta) -> None:
    people = rotating(CHICAGO, start=start, every=every)
    at = datetime.fromisoformat(start).replace(tzinfo=people.schedules["s"].tzinfo)
    (shift,) = duty_at(people, "s", NOTHING, at).people
    assert shift.start == at
    assert shift.end - shift.start == length
    if every == "3 hours":
        assert shift.end.astimezone(people.schedules["s"].tzinfo).hour == 3


@pytest.mark.parametrize("every", ["1h", "2h"])
def test_R7_a_rotation_wraps_round(every: str) -> None:
    now = utc(2026, 3, 2, 12)
    start = now - timedelta(hours=3, minutes=50)
    people = rotating("UTC", "ana", "bob", start=f"{start:%Y-%m-%dT%H:%M}", every=every)
    assert duty_at(people, "s", NOTHING, now).names == ["bob"]
    assert duty_at(people, "s", NOTHING, now + timedelta(minutes=20)).names == ["ana"]


def test_R9_shifts_may_be_shorter_than_the_step_and_a_rotation_may_count_from_later() -> None:
    zero = utc(2026, 3, 2)
    people = rotating(
        "UTC", "ana", "bob", start="2026-03-02T00:00", every="2h", lasts="10m", **{"from": "2026-03-02T01:00"}
    )
    found = {h: duty_at(people, "s", NOTHING, zero + h * HOUR).names for h in range(7)}
    assert found == {0: [], 1: [], 2: ["bob"], 3: [], 4: ["ana"], 5: [], 6: ["bob"]}
    assert duty_at(people, "s", NOTHING, zero + 2 * HOUR + timedelta(minutes=10)).names == []


def test_R9_every_other_day_for_three_hours() -> None:
    people = rotating("UTC", "ana", "bob", start="2026-03-02T00:00", every="2 days", lasts="3h")
    days = [duty_at(people, "s", NOTHING, utc(2026, 3, 2 + day, 1)).names for day in range(7)]
    assert days == [["ana"], [], ["bob"], [], ["ana"], [], ["bob"]]
    assert duty_at(people, "s", NOTHING, utc(2026, 3, 2, 3)).names == []


def test_a_shift_that_is_shorter_than_its_turn_ends_by_the_wall_clock() -> None:
    people = rotating("Europe/Paris", "ana", start="2026-03-01T22:00", every="1 day", lasts="8h")
    assert told(people, utc(2026, 3, 28, 12), utc(2026, 3, 29, 12)) == [("ana", "03-28 22:00 CET", "03-29 06:00 CEST")]


def restricted(*restrictions: dict[str, Any], zone: str = "Europe/Paris") -> Any:
    rotation = {"members": ["ana"], "start": "2026-01-05", "every": "1 month", "handoff": "00:00"}
    return scheduled(zone=zone, layers=[{"name": "l", "rotation": rotation, "restrictions": list(restrictions)}])


WEEKDAYS = "monday-friday"


@pytest.mark.parametrize(
    ("restriction", "since", "expected"),
    [
        (
            {"days": WEEKDAYS, "from": "09:00", "until": "17:00"},
            (2026, 3, 6),
            [("03-06 09:00 CET", "03-06 17:00 CET"), ("03-09 09:00 CET", "03-09 17:00 CET")],
        ),
        (
            # Friday's night ends on Saturday, and Sunday's does not begin.
            {"days": WEEKDAYS, "from": "20:00", "until": "08:00"},
            (2026, 3, 6, 12),
            [("03-06 20:00 CET", "03-07 08:00 CET"), ("03-09 20:00 CET", "03-10 08:00 CET")],
        ),
        (
            {"days": WEEKDAYS, "from": "08:00", "until": "08:00"},
            (2026, 3, 9),
            [("03-09 08:00 CET", "03-14 08:00 CET")],
        ),
        (
            {"days": "mon-fri", "from": "08:00", "until": "08:00"},
            (2026, 3, 9),
            [("03-09 08:00 CET", "03-14 08:00 CET")],
        ),
        (
            {"days": ["mon", "tues", "thu - sat"], "from": "9:00", "until": "10:00"},
            (2026, 3, 9),
            [("03-09 09:00 CET", "03-09 10:00 CET"), ("03-10 09:00 CET", "03-10 10:00 CET")],
        ),
        (
            {"from": "Fri 18:00", "until": "Mon 08:00"},
            (2026, 3, 9, 12),
            [("03-13 18:00 CET", "03-16 08:00 CET")],
        ),
        (
            {"from": "friday 18:00", "until": "monday 08:00"},
            (2026, 3, 9, 12),
            [("03-13 18:00 CET", "03-16 08:00 CET")],
        ),
    ],
)
def test_S1_a_restriction_includes_its_start_and_belongs_to_the_day_it_begins_on(
    restriction: dict[str, Any], since: tuple[int, ...], expected: list[tuple[str, str]]
) -> None:
    people = restricted(restriction)
    begin = local("Europe/Paris", *since)
    found = of(people, begin, begin + timedelta(days=5))
    times = [(start, end) for _, start, end in told(people, begin, begin + timedelta(days=5))]
    assert times[: len(expected)] == expected
    for shift in found:
        assert duty_at(people, "s", NOTHING, shift.start).names == ["ana"]
        assert duty_at(people, "s", NOTHING, shift.start - timedelta(microseconds=1)).names == []
        assert duty_at(people, "s", NOTHING, shift.end).names == []
        assert duty_at(people, "s", NOTHING, shift.end - timedelta(microseconds=1)).names == ["ana"]


def test_S1_handing_off_to_oneself_does_not_split_a_shift() -> None:
    office = {"days": WEEKDAYS, "from": "08:00", "until": "08:00"}
    layer = {"name": "l", "rotation": {"members": ["ana"], "start": "2026-01-05"}, "restrictions": [office]}
    people = scheduled(zone="Europe/Berlin", layers=[layer])
    found = told(people, local("Europe/Berlin", 2026, 3, 23), local("Europe/Berlin", 2026, 4, 5))
    assert found == [
        ("ana", "03-23 08:00 CET", "03-28 08:00 CET"),
        ("ana", "03-30 08:00 CEST", "04-04 08:00 CEST"),
    ]
    # Where a layer always counts, turns are what a shift is.
    layer["restrictions"] = [{}]
    always = scheduled(zone="Europe/Berlin", layers=[layer])
    (shift,) = duty_at(always, "s", NOTHING, local("Europe/Berlin", 2026, 3, 25)).people
    assert shift.end == local("Europe/Berlin", 2026, 3, 30, 9)


def override(start: datetime, end: datetime, *people: str, whom: str | None = None, **more: Any) -> Changes:
    made = {"id": "o1", "schedule": "s", "form": "replace", "whom": whom, "people": people, "made_at": start}
    return Changes(overrides=(Override.model_validate({**made, "start": start, "end": end, **more}),))


@pytest.mark.parametrize("whom", [None, "ana"])
def test_S4_a_replacement_splits_a_shift_in_three(whom: str | None) -> None:
    people = restricted({"from": "08:00", "until": "10:00"}, zone="UTC")
    day = utc(2026, 3, 3)
    changes = override(utc(2026, 3, 3, 8, 30), utc(2026, 3, 3, 8, 45), "bob", whom=whom)
    assert told(people, day, day + timedelta(days=1), changes=changes) == [
        ("ana", "03-03 08:00 UTC", "03-03 08:30 UTC"),
        ("bob", "03-03 08:30 UTC", "03-03 08:45 UTC"),
        ("ana", "03-03 08:45 UTC", "03-03 10:00 UTC"),
    ]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((2, 12), (2, 18), ["ana", "eve", "ana"]),
        ((2, 0), (2, 12), ["eve", "ana"]),
        ((2, 12), (3, 0), ["ana", "eve"]),
        ((2, 0), (3, 0), ["eve"]),
    ],
)
def test_S7_an_override_in_the_middle_at_an_edge_or_over_all_of_an_event(
    start: tuple[int, int], end: tuple[int, int], expected: list[str]
) -> None:
    people = rotating("UTC", start="2026-03-02T00:00", every="1 day")
    changes = override(utc(2026, 3, *start), utc(2026, 3, *end), "eve")
    assert [s.person for s in of(people, utc(2026, 3, 2), utc(2026, 3, 3), changes)] == expected


def test_S7_an_override_over_four_events_leaves_three() -> None:
    people = rotating("UTC", "ana", "bob", "cyd", "dan", start="2026-03-02T00:00", every="1 day")
    changes = override(utc(2026, 3, 2, 12), utc(2026, 3, 5, 12), "eve")
    assert told(people, utc(2026, 3, 2), utc(2026, 3, 6), changes=changes) == [
        ("ana", "03-02 00:00 UTC", "03-02 12:00 UTC"),
        ("eve", "03-02 12:00 UTC", "03-05 12:00 UTC"),
        ("dan", "03-05 12:00 UTC", "03-06 00:00 UTC"),
    ]


def test_A4_office_hours_respect_their_place_and_days_count_from_the_end_of_a_month() -> None:
    office = {"days": WEEKDAYS, "from": "09:00", "until": "17:00"}
    rotation = {"members": ["ana"], "start": "2026-01-05"}
    layers = [{"name": "l", "zone": "Australia/Sydney", "rotation": rotation, "restrictions": [office]}]
    people = scheduled(zone="UTC", layers=layers)
    (first, *_) = of(people, utc(2026, 3, 1), utc(2026, 3, 3))
    assert first.start == local("Australia/Sydney", 2026, 3, 2, 9)
    last_days = rotating("UTC", "ana", start="2026-01-01T00:00", rrule="FREQ=MONTHLY;BYMONTHDAY=-3", lasts="3d")
    found = told(last_days, utc(2026, 2, 1), utc(2026, 4, 1))
    assert found == [("ana", "02-26 00:00 UTC", "03-01 00:00 UTC"), ("ana", "03-29 00:00 UTC", "04-01 00:00 UTC")]
    assert gaps(last_days, "s", NOTHING, utc(2026, 2, 1), utc(2026, 2, 27))[0].end == utc(2026, 2, 26)
