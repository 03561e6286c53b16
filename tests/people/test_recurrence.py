"""Recurrence rules as rotations: the same as steps where both can say it, and whatever only rules can."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from escalade.people import Rotation
from escalade.people.duty import shifts
from tests.people.making import NOTHING, ZONES, rotating, told, utc
from tests.people.test_duty_properties import examples

START = "2026-01-05T09:30"


@examples(60)
@given(
    st.sampled_from([("HOURLY", "hours"), ("DAILY", "days"), ("WEEKLY", "weeks"), ("MONTHLY", "months")]),
    st.integers(1, 5),
    st.sampled_from(ZONES),
    st.integers(-500, 500),
)
def test_a_rule_that_says_what_a_step_says_means_the_same_before_its_start_too(
    kind: tuple[str, str], interval: int, zone: str, days: int
) -> None:
    frequency, unit = kind
    begin = utc(2026, 1, 5) + timedelta(days=days)
    by_rule = rotating(zone, start=START, rrule=f"FREQ={frequency};INTERVAL={interval}")
    by_step = rotating(zone, start=START, every=f"{interval} {unit}")
    found, expected = (shifts(people, "s", NOTHING, begin, begin + timedelta(days=3)) for people in (by_rule, by_step))
    assert [shift[:2] for shift in _plain(found)] == [shift[:2] for shift in _plain(expected)]


def _plain(found: list[Any]) -> list[tuple[str, datetime, datetime]]:
    return [(shift.person, shift.start, shift.end) for shift in found]


def test_a_week_may_change_hands_on_several_days() -> None:
    people = rotating("UTC", "ana", "bob", start="2026-03-02T08:00", rrule="FREQ=WEEKLY;BYDAY=MO,TH")
    assert told(people, utc(2026, 3, 2, 8), utc(2026, 3, 12)) == [
        ("ana", "03-02 08:00 UTC", "03-05 08:00 UTC"),
        ("bob", "03-05 08:00 UTC", "03-09 08:00 UTC"),
        ("ana", "03-09 08:00 UTC", "03-12 08:00 UTC"),
    ]


@pytest.mark.parametrize(
    ("rule", "starts"),
    [
        ("FREQ=MONTHLY;BYDAY=1MO", ["01-05", "02-02", "03-02", "04-06"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["12-31", "01-31", "02-28", "03-31"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["12-31", "01-30", "02-27", "03-31"]),
        ("FREQ=YEARLY;BYMONTH=1,3", ["01-05", "03-05", "01-05", "03-05"]),
    ],
)
def test_rules_say_what_steps_cannot(rule: str, starts: list[str]) -> None:
    people = rotating("UTC", start=START, rrule=rule)
    found = told(people, utc(2026, 1, 6), utc(2027, 6, 1))
    assert [start.split()[0] for _, start, _ in found][:4] == starts


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("WEEKLY", "is no part of a recurrence rule"),
        ("FREQ=SECONDLY", "names no FREQ that is read"),
        ("FREQ=DAILY;COUNT=3", "COUNT ends the rule; write `until:` beside it"),
        ("FREQ=DAILY;UNTIL=20270101", "UNTIL ends the rule"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0 is none"),
        ("FREQ=DAILY;BYDAY=XX", "BYDAY=XX cannot be read in a recurrence rule; write days like MO,TH"),
        ("FREQ=DAILY;BYHOUR=25", "BYHOUR=25 cannot be read in a recurrence rule; write hours from 0 to 23"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "there is no such day in any of these months"),
        ("FREQ=YEARLY;INTERVAL=9;BYMONTH=1;BYDAY=53MO", "does not happen within five years"),
        ("FREQ=DAILY;COLOUR=RED", "COLOUR is not read"),
        ("FREQ=DAILY;FREQ=DAILY", "is no part of a recurrence rule"),
    ],
)
def test_a_rule_that_is_none_is_refused_with_what_is_allowed(rule: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Rotation.model_validate({"members": ["ana"], "start": START, "rrule": rule})
