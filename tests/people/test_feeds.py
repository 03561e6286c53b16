"""What a reading of a calendar feed may change of who is on duty, and what not."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalade.people.changes import DutySlot
from escalade.people.feeds import on_duty, taken
from tests.people.making import EVERYBODY, utc
from tests.people.test_duty_properties import examples

NOON = utc(2026, 3, 2, 12)


def slot(person: str, start: int, end: int) -> DutySlot:
    """By the hours of the day of `NOON`; those of the next day are 24 and more."""
    midnight = NOON - timedelta(hours=12)
    return DutySlot(person=person, start=midnight + timedelta(hours=start), end=midnight + timedelta(hours=end))


def hours(shifts: tuple[DutySlot, ...]) -> list[tuple[str, int, int]]:
    midnight, hour = NOON - timedelta(hours=12), timedelta(hours=1)
    return [(s.person, (s.start - midnight) // hour, (s.end - midnight) // hour) for s in shifts]


ANA = slot("ana", 8, 16)


def test_somebody_else_in_the_shift_under_way_is_on_duty_at_once_and_the_past_stays() -> None:
    found = taken([ANA], [slot("bob", 8, 16)], at=NOON)
    assert (hours(found.shifts), found.problem) == ([("ana", 8, 12), ("bob", 12, 16)], "")


@pytest.mark.parametrize("start", [8, 9, 11])
def test_a_shift_that_goes_on_is_one_shift_however_its_start_is_told(start: int) -> None:
    # A calendar that is exported from now on tells another start each time.
    found = taken([ANA], [slot("ana", start, 18)], at=NOON)
    assert (hours(found.shifts), found.problem) == ([("ana", 8, 18)], "")


def test_what_is_to_come_is_what_the_feed_says_now() -> None:
    found = taken([ANA, slot("bob", 16, 24)], [ANA, slot("cyd", 17, 24)], at=NOON)
    assert (hours(found.shifts), found.problem) == ([("ana", 8, 16), ("cyd", 17, 24)], "")


def test_a_feed_that_names_nobody_any_more_is_refused_as_a_whole() -> None:
    found = taken([ANA, slot("bob", 16, 24)], [slot("cyd", 0, 8)], at=NOON)
    assert found.refused
    assert hours(found.shifts) == [("ana", 8, 16), ("bob", 16, 24)]
    assert found.problem == "It names nobody from now on, and said 2 shifts before."


def test_a_shift_under_way_that_is_dropped_goes_on_until_the_feed_names_somebody_again() -> None:
    found = taken([ANA], [slot("bob", 14, 24)], at=NOON)
    assert hours(found.shifts) == [("ana", 8, 14), ("bob", 14, 24)]
    assert found.problem == (
        "It names nobody for now; ana stays on duty until 2026-03-02T14:00:00Z, as it said before."
    )


def test_of_several_on_duty_one_may_be_dropped() -> None:
    found = taken([ANA, slot("bob", 8, 16)], [slot("bob", 8, 16)], at=NOON)
    assert (hours(found.shifts), found.problem) == ([("ana", 8, 12), ("bob", 8, 16)], "")


@pytest.mark.parametrize(
    ("said", "cancelled"),
    [([slot("ana", 8, 10)], []), ([], [slot("ana", 8, 16)])],
    ids=["shortened", "cancelled"],
)
def test_a_feed_that_says_that_the_shift_ended_is_believed(said: list[DutySlot], cancelled: list[DutySlot]) -> None:
    found = taken([ANA, slot("bob", 20, 24)], [*said, slot("bob", 20, 24)], at=NOON, cancelled=cancelled)
    assert (hours(found.shifts), found.problem) == ([("ana", 8, 12), ("bob", 20, 24)], "")
    alone = taken([ANA], said, at=NOON, cancelled=cancelled)
    assert (hours(alone.shifts), alone.problem) == ([("ana", 8, 12)], "")


def test_somebody_who_left_is_not_held_on_duty() -> None:
    found = taken([ANA], [slot("bob", 14, 24)], at=NOON, known={"bob"})
    assert (hours(found.shifts), found.problem) == ([("ana", 8, 12), ("bob", 14, 24)], "")


def test_a_feed_that_ran_out_is_no_mistake() -> None:
    assert taken([], [slot("ana", 0, 8)], at=NOON).problem == ""


def test_what_somebody_accepted_is_taken_whoever_it_leaves_on_duty() -> None:
    found = taken([ANA], [], at=NOON, anyway=True)
    assert (hours(found.shifts), found.problem, found.refused) == ([("ana", 8, 12)], "", False)


def _apart(slots: list[DutySlot]) -> list[DutySlot]:
    """Shifts as readings have them: those of one person do not overlap."""
    found: list[DutySlot] = []
    for one in sorted(slots, key=lambda each: (each.start, each.person)):
        if not any(one.person == other.person and one.start < other.end for other in found):
            found.append(one)
    return found


READINGS = st.lists(
    st.builds(
        lambda person, start, length: slot(person, start, start + length),
        st.sampled_from(EVERYBODY[:3]),
        st.integers(0, 40),
        st.integers(1, 30),
    ),
    max_size=5,
).map(_apart)


@examples(300)
@given(st.lists(READINGS, min_size=2, max_size=5), st.lists(st.integers(1, 9), min_size=5, max_size=5))
def test_readings_in_a_row_rewrite_no_past_and_leave_nobody_off_duty_by_silence(
    readings: list[list[DutySlot]], steps: list[int]
) -> None:
    at: datetime = NOON - timedelta(hours=12)
    table = readings[0]
    for said, step in zip(readings[1:], steps, strict=False):
        at += timedelta(hours=step)
        before, over = table, [s for s in table if s.end <= at]
        found = taken([s for s in table if s.end > at], said, at=at)
        table = [*over, *found.shifts]
        for back in range(1, 40):
            past = at - timedelta(minutes=30 * back)
            assert on_duty(table, past) == on_duty(before, past)
        keys = [(s.start, s.person) for s in table]
        assert len(set(keys)) == len(keys)
        now = on_duty(said, at)
        if now:
            assert on_duty(table, at) == now
        elif on_duty(before, at):
            ended = {s.person for s in said if s.end <= at}
            assert on_duty(table, at) or ended
        for person in {s.person for s in table}:
            own = sorted((s.start, s.end) for s in table if s.person == person)
            assert all(a[1] <= b[0] for a, b in itertools.pairwise(own))
        # What is looked at again unchanged changes nothing.
        again = taken([s for s in table if s.end > at], said, at=at)
        assert sorted(again.shifts, key=str) == sorted((s for s in table if s.end > at), key=str)
