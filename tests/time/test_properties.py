"""What holds for every calendar, and the same answers as a calendar that is counted minute by minute."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from escalade.errors import HorizonError
from escalade.time.business import BusinessTime
from escalade.time.calendar import CalendarSpec
from escalade.time.compile import compile_calendar
from escalade.time.open_time import Boundary
from escalade.time.pinned import PinnedCalendar
from tests.time.counting import DAYS_AFTER, DAYS_BEFORE, MINUTE, Counted, Plan

PLACES = [
    ("UTC", date(2026, 2, 20)),
    ("Europe/Paris", date(2026, 3, 20)),
    ("Europe/Paris", date(2026, 10, 16)),
    ("America/New_York", date(2026, 3, 2)),
    ("America/Sao_Paulo", date(2015, 10, 10)),  # midnight does not exist
    ("America/Sao_Paulo", date(2016, 2, 12)),  # the hour before midnight exists twice
    ("Australia/Lord_Howe", date(2026, 3, 27)),  # half an hour back
    ("Australia/Lord_Howe", date(2026, 9, 25)),  # half an hour forward
    ("Pacific/Apia", date(2011, 12, 20)),  # 30 December does not exist
    ("Antarctica/Troll", date(2026, 3, 20)),  # two hours
    ("America/St_Johns", date(2010, 10, 28)),  # a minute past midnight
    ("Africa/Casablanca", date(2026, 2, 10)),  # Ramadan
    ("Asia/Kathmandu", date(2026, 2, 24)),
]
WINDOW = (DAYS_BEFORE + DAYS_AFTER) * 1440

quarters = st.integers(0, 95).map(lambda n: n * 15)
starts = st.one_of(quarters, st.integers(0, 1439))


@st.composite
def spans(draw: st.DrawFn) -> tuple[int, int]:
    kind = draw(st.sampled_from(["day", "day", "any", "night", "whole"]))
    if kind == "whole":
        return 0, 1440
    start = draw(starts)
    longest = 1439 if kind in ("any", "night") else max(1440 - start, 1)
    return start, start + draw(st.integers(1, longest))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    zone, base = draw(st.sampled_from(PLACES))
    several = st.lists(spans(), min_size=1, max_size=3)
    days = st.integers(-2, 14).map(lambda n: base + timedelta(days=n))
    short = st.tuples(starts, st.integers(1, 180)).map(lambda pair: (pair[0], pair[0] + pair[1]))
    return Plan(
        zone=zone,
        base=base,
        week=draw(st.dictionaries(st.integers(0, 6), several, min_size=1, max_size=7)),
        breaks=draw(st.dictionaries(st.integers(0, 6), st.lists(short, min_size=1, max_size=2), max_size=3)),
        dated_breaks=draw(st.dictionaries(days, st.lists(short, min_size=1, max_size=2), max_size=2)),
        holidays=frozenset(draw(st.lists(days, max_size=3))),
        openings=draw(st.dictionaries(days, st.tuples(several, st.booleans()), max_size=2)),
    )


def real(plan: Plan, *, since: datetime | None = None, until: datetime | None = None) -> BusinessTime:
    spec = CalendarSpec.model_validate(plan.written())
    pinned = compile_calendar(spec, since=since or plan.since, until=until or plan.until)
    # What a ticket gets is what was read back from its history.
    return BusinessTime(PinnedCalendar.model_validate_json(pinned.model_dump_json()))


def same(counted: Callable[[], int], worked_out: Callable[[], datetime], plan: Plan) -> None:
    """Both give the same minute, or both run out of days."""
    try:
        expected = counted()
    except (IndexError, StopIteration):
        expected = None
    if expected is None or expected >= WINDOW:
        return  # the calendar that is counted has no edge as exact as a horizon
    assert worked_out() == plan.since + MINUTE * expected


minutes = st.integers((DAYS_BEFORE - 2) * 1440, (DAYS_BEFORE + 8) * 1440)
lengths = st.one_of(st.integers(0, 600), st.integers(0, 3000))
boundaries: st.SearchStrategy[Boundary] = st.sampled_from(["at_close", "next_open"])
_THOROUGH = os.environ.get("ESCALADE_FUZZ") == "thorough"
_MANY = int(os.environ.get("ESCALADE_FUZZ_EXAMPLES", "5000"))


def fuzz(examples: int) -> settings:
    """The same examples each time, or, thoroughly, many others."""
    return settings(
        max_examples=_MANY if _THOROUGH else examples,
        deadline=None,
        derandomize=not _THOROUGH,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


@fuzz(60)
@given(plans(), st.lists(st.tuples(minutes, minutes, lengths, boundaries), min_size=8, max_size=8))
def test_it_is_the_calendar_that_is_counted(plan: Plan, asked: list[tuple[int, int, int, Boundary]]) -> None:
    counted = Counted(plan)
    assume(counted.minutes)
    time = real(plan)
    for start, end, length, boundary in asked:
        at, to, by = plan.since + MINUTE * start, plan.since + MINUTE * end, MINUTE * length
        assert time.is_open(at) is counted.is_open(start)
        assert time.between(at, to) == MINUTE * counted.between(start, end)
        same(lambda: counted.next_opening(start), lambda: time.next_opening(at), plan)  # noqa: B023 (called at once)
        same(lambda: counted.last_closing(start), lambda: time.last_closing(at), plan)  # noqa: B023
        same(lambda: counted.add(start, length, boundary=boundary), lambda: time.add(at, by, boundary), plan)  # noqa: B023
        if length:
            same(lambda: counted.add(start, -length), lambda: time.add(at, -by), plan)  # noqa: B023


@fuzz(50)
@given(plans(), st.lists(st.tuples(minutes, st.integers(1, 6), boundaries), min_size=6, max_size=6))
def test_business_days_are_those_that_are_counted(plan: Plan, asked: list[tuple[int, int, Boundary]]) -> None:
    counted = Counted(plan)
    assume(counted.minutes)
    time = real(plan)
    for start, days, boundary in asked:
        at = plan.since + MINUTE * start
        same(lambda: counted.add_days(start, days, boundary=boundary), lambda: time.add_days(at, days, boundary), plan)  # noqa: B023
        same(lambda: counted.add_days(start, -days), lambda: time.add_days(at, -days), plan)  # noqa: B023


@fuzz(50)
@given(plans(), st.integers(-1, 10), st.lists(st.tuples(minutes, lengths, boundaries), min_size=6, max_size=6))
def test_a_holiday_more_makes_nothing_due_earlier(plan: Plan, day: int, asked: list[tuple[int, int, Boundary]]) -> None:
    more = replace(plan, holidays=plan.holidays | {plan.base + timedelta(days=day)})
    assume(Counted(more).minutes)
    time, closed = real(plan), real(more)
    for start, length, boundary in asked:
        at, by, days = plan.since + MINUTE * start, MINUTE * length, length % 4 + 1
        try:
            later = closed.add(at, by, boundary), closed.add_days(at, days, boundary)
        except HorizonError:
            continue  # so late that the calendar does not reach so far
        assert later[0] >= time.add(at, by, boundary)
        assert later[1] >= time.add_days(at, days, boundary)
