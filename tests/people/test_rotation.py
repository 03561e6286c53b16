"""Weekly rotations, by the wall clock of their zone.

Of `cases/oncall.md`: R4's weekly lengths and R11's generator; the others are in `test_cases_oncall.py`. R11's stored
epochs are not ours.
"""

# ruff: noqa: N802 - tests are named by the ids of their cases

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalade.people import Handoff, Rotation, Schedule
from escalade.time.zones import WEEKDAYS, at_wall_clock
from tests.people.making import ZONES, Shift, local, shift_at


def weekly(zone: str, start: date, handoff: str, *members: str, weeks: int = 1) -> Schedule:
    rotation = Rotation.model_validate(
        {"members": members or ("ana", "bob", "cyd"), "start": start, "handoff": handoff, "weeks": weeks}
    )
    return Schedule(zone=zone, rotation=rotation)


def weeks(schedule: Schedule) -> Rotation:
    assert schedule.rotation is not None
    return schedule.rotation


SCHEDULES = st.builds(
    lambda zone, start, day, at, members, weeks: Schedule(
        zone=zone,
        rotation=Rotation.model_validate(
            {"members": members, "start": start, "handoff": Handoff(weekday=day, at=at), "weeks": weeks}
        ),
    ),
    st.sampled_from(ZONES),
    st.dates(date(1995, 1, 1), date(2035, 12, 31)),
    st.sampled_from(WEEKDAYS),
    st.sampled_from([time(0), time(1, 30), time(2), time(2, 30), time(9), time(23, 59)]),
    st.lists(st.sampled_from(["ana", "bob", "cyd", "dan"]), min_size=1, max_size=4, unique=True),
    st.integers(1, 6),
)
INSTANTS = st.datetimes(timezones=st.just(UTC), allow_imaginary=False).filter(lambda at: 1990 < at.year < 2040)


@given(SCHEDULES, INSTANTS)
def test_there_is_exactly_one_shift_at_every_instant(schedule: Schedule, at: datetime) -> None:
    shift = shift_at(schedule, at)
    assert shift.start <= at < shift.end
    assert shift_at(schedule, shift.start) == shift
    assert shift_at(schedule, shift.end - timedelta(microseconds=1)) == shift


@given(SCHEDULES, INSTANTS)
def test_shifts_are_consecutive_and_members_take_turns_before_the_start_too(schedule: Schedule, at: datetime) -> None:
    members = weeks(schedule).members
    shift = shift_at(schedule, at)
    for _ in range(6):
        following = shift_at(schedule, shift.end)
        assert following.start == shift.end
        assert members.index(following.person) == (members.index(shift.person) + 1) % len(members)
        before = shift_at(schedule, shift.start - timedelta(seconds=1))
        assert before.end == shift.start
        shift = following


@given(SCHEDULES)
def test_the_first_member_has_the_week_that_contains_the_start(schedule: Schedule) -> None:
    rotation, zone = weeks(schedule), schedule.tzinfo
    end_of_start = at_wall_clock(datetime.combine(rotation.start + timedelta(days=1), time(0)), zone)
    assert shift_at(schedule, end_of_start - timedelta(seconds=1)).person == rotation.members[0]


@given(SCHEDULES, INSTANTS)
def test_a_handoff_is_at_its_local_time_wherever_that_exists(schedule: Schedule, at: datetime) -> None:
    start = shift_at(schedule, at).start.astimezone(schedule.tzinfo)
    handoff = weeks(schedule).handoff
    assert handoff
    assert handoff.at
    skipped = timedelta(days=1) if schedule.zone == "Pacific/Apia" else timedelta(hours=1)
    wanted = start.replace(hour=handoff.at.hour, minute=handoff.at.minute, second=0)
    assert (
        start.time() == handoff.at or timedelta(0) < start.replace(tzinfo=None) - wanted.replace(tzinfo=None) <= skipped
    )
    if start.time() == handoff.at:
        assert WEEKDAYS[start.weekday()] == handoff.weekday


def test_a_handoff_in_the_hour_that_is_skipped_happens_at_the_first_instant_after_it() -> None:
    schedule = weekly("Europe/Paris", date(2026, 3, 1), "sunday 02:30")
    shift = shift_at(schedule, datetime(2026, 3, 30, tzinfo=UTC))
    assert shift.start == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert shift.start.astimezone(ZoneInfo("Europe/Paris")).time() == time(3)


def test_a_handoff_in_the_hour_that_comes_twice_happens_at_the_first_and_that_shift_takes_the_extra_hour() -> None:
    schedule = weekly("Europe/Paris", date(2026, 10, 18), "sunday 02:30")
    shift = shift_at(schedule, datetime(2026, 10, 26, tzinfo=UTC))
    assert shift.start == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert shift.end - shift.start == timedelta(days=7, hours=1)


@pytest.mark.parametrize(
    ("handoff", "start", "length"),
    [
        ("friday 08:00", date(2017, 3, 10), timedelta(days=7, hours=-1)),
        ("saturday 08:00", date(2017, 11, 4), timedelta(days=7, hours=1)),
    ],
)
def test_R4_a_week_over_a_clock_change_is_an_hour_shorter_or_longer(
    handoff: str, start: date, length: timedelta
) -> None:
    schedule = weekly("America/Chicago", start, handoff)
    first = shift_at(schedule, local("America/Chicago", start.year, start.month, start.day, 8))
    assert first.person == "ana"
    assert first.end - first.start == length


def starts(schedule: Schedule, at: datetime, count: int) -> list[datetime]:
    found: list[Shift] = [shift_at(schedule, at)]
    while len(found) < count:
        found.append(shift_at(schedule, found[-1].end))
    return [shift.start.astimezone(schedule.tzinfo) for shift in found]


def test_R11_a_week_of_duty_starts_every_monday_at_half_past_ten() -> None:
    pacific = "US/Pacific"
    schedule = weekly(pacific, date(2017, 2, 6), "monday 10:30")
    expected = [local(pacific, 2017, 2, day, 10, 30) for day in (6, 13, 20, 27)]
    assert starts(schedule, local(pacific, 2017, 2, 7, 0, 0), 4) == expected


def test_R11_shifts_over_a_clock_change_are_consecutive_and_keep_their_local_hour() -> None:
    schedule = weekly("US/Pacific", date(2016, 10, 31), "monday 11:00")
    found = starts(schedule, local("US/Pacific", 2016, 11, 1, 0, 0), 4)
    assert [(start.day, start.hour) for start in found] == [(31, 11), (7, 11), (14, 11), (21, 11)]
    assert found[1].astimezone(UTC) - found[0].astimezone(UTC) == timedelta(days=7, hours=1)


def test_shift_starts_are_included_and_ends_excluded() -> None:
    schedule = weekly("Europe/Paris", date(2026, 3, 2), "monday 09:00")
    change = local("Europe/Paris", 2026, 3, 9, 9)
    assert shift_at(schedule, change - timedelta(microseconds=1)).person == "ana"
    assert shift_at(schedule, change).person == "bob"


def test_a_turn_may_last_several_weeks() -> None:
    schedule = weekly("UTC", date(2026, 3, 2), "monday 09:00", "ana", "bob", weeks=3)
    turns = [shift_at(schedule, datetime(2026, 3, 3, tzinfo=UTC) + timedelta(weeks=n)).person for n in range(7)]
    assert turns == ["ana", "ana", "ana", "bob", "bob", "bob", "ana"]


@pytest.mark.parametrize(
    ("short", "whole"), [("Wed 9:30", "wednesday 09:30"), ("tues 10:30", "tuesday 10:30"), ("9:00", "09:00")]
)
def test_a_handoff_may_be_written_short(short: str, whole: str) -> None:
    written = {"members": ["ana", "bob"], "start": "2026-03-02"}
    assert Rotation.model_validate({**written, "handoff": short}) == Rotation.model_validate(
        {**written, "handoff": whole}
    )
