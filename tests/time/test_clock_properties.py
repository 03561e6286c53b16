"""What holds for every clock, whatever its calendar, budget and pauses; and the same due as minutes that are counted.

A few calendars, worked out once, and very many questions: see test_properties.py for very many calendars.
"""

from __future__ import annotations

import functools
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from escalade.errors import HorizonError
from escalade.time.budgets import Budget, parse_budget
from escalade.time.business import BusinessTime
from escalade.time.clocks import Clock, Pause, Threshold, parse_threshold
from escalade.time.open_time import Boundary
from tests.time.calendars import at as local
from tests.time.calendars import named
from tests.time.counting import DAYS_BEFORE, MINUTE, Counted, Plan
from tests.time.test_properties import boundaries, fuzz, real

DAY = timedelta(days=1)
BERLIN = "Europe/Berlin"
OFFICE = {n: [(540, 750), (810, 1080)] for n in range(5)}
PLANS = [
    Plan("Europe/Paris", date(2026, 3, 20), OFFICE, holidays=frozenset({date(2026, 3, 25)})),
    Plan("Europe/Paris", date(2026, 10, 16), {n: [(0, 1440)] for n in range(7)}),
    Plan("America/Sao_Paulo", date(2015, 10, 10), {n: [(1320, 1800)] for n in range(7)}, breaks={6: [(0, 30)]}),
    Plan("Australia/Lord_Howe", date(2026, 3, 27), {0: [(60, 200)], 3: [(0, 1440)], 6: [(90, 1000), (1100, 1500)]}),
    Plan("Pacific/Apia", date(2011, 12, 20), {n: [(480, 1020)] for n in range(7)}),
    Plan("UTC", date(2026, 2, 20), {1: [(540, 541)], 4: [(600, 660)]}, dated_breaks={date(2026, 2, 27): [(610, 620)]}),
]

pools = st.integers(0, len(PLANS) - 1)
minutes = st.integers((DAYS_BEFORE - 2) * 1440, (DAYS_BEFORE + 7) * 1440)
pauses = st.lists(st.tuples(minutes, minutes), max_size=6)
budgets = st.integers(0, 1200)
second = timedelta(seconds=1)
fine = st.timedeltas(timedelta(0), 2 * DAY)


@functools.cache
def pool(n: int) -> tuple[BusinessTime, Counted]:
    return real(PLANS[n]), Counted(PLANS[n])


def clock(n: int, start: int, budget: int, spans: list[tuple[int, int]], boundary: Boundary = "at_close") -> Clock:
    since = PLANS[n].since
    paused = [Pause(since + MINUTE * a, since + MINUTE * b) for a, b in spans]
    try:
        return Clock(
            pool(n)[0],
            start=since + MINUTE * start,
            budget=Budget(time=MINUTE * budget),
            pauses=paused,
            boundary=boundary,
        )
    except HorizonError:
        assume(False)
        raise


@fuzz(400)
@given(pools, minutes, budgets, pauses, boundaries)
def test_a_due_is_the_minute_that_is_counted(
    n: int, start: int, budget: int, spans: list[tuple[int, int]], boundary: Boundary
) -> None:
    made, counted = clock(n, start, budget, spans, boundary), pool(n)[1]
    try:
        expected = counted.add(start, budget, boundary=boundary, paused=spans)
    except (IndexError, StopIteration):
        assume(False)
        raise
    assert made.due == PLANS[n].since + MINUTE * expected


@fuzz(400)
@given(pools, minutes, budgets, pauses, minutes)
def test_what_is_used_is_what_is_counted(
    n: int, start: int, budget: int, spans: list[tuple[int, int]], at: int
) -> None:
    made, counted = clock(n, start, budget, spans), pool(n)[1]
    still = {minute for first, last in spans for minute in range(first, last)}
    used = sum(1 for minute in range(start, at) if counted.open[minute] and minute not in still)
    when = PLANS[n].since + MINUTE * at
    assert made.consumed(when) == MINUTE * used
    assert made.remaining(when) == MINUTE * (budget - used)
    if used < budget:
        assert made.met(when)
    if used > budget:
        assert not made.met(when)


@fuzz(600)
@given(pools, minutes, fine, fine)
def test_walking_and_counting_are_each_others_inverse(n: int, start: int, first: timedelta, more: timedelta) -> None:
    time, at = pool(n)[0], PLANS[n].since + MINUTE * start
    try:
        there, further = time.add(at, first), time.add(at, first + more)
        later = time.add(at + more, first)
    except HorizonError:
        assume(False)
        raise
    assert time.between(at, there) == first
    assert there <= further
    assert there <= later
    if time.is_open(there):
        assert time.add(there, more) == further
    closing = time.last_closing(there) == there
    assert time.is_open(there) or (closing and first > timedelta(0))
    if first:
        assert time.between(time.subtract(there, first), there) == first


@fuzz(300)
@given(pools, minutes, budgets, pauses, minutes)
def test_a_pause_of_no_length_and_one_turned_round_change_nothing(
    n: int, start: int, budget: int, spans: list[tuple[int, int]], at: int
) -> None:
    made = clock(n, start, budget, spans)
    more = [*spans, (at, at), (at + 60, at)]
    assert clock(n, start, budget, more).due == made.due


@fuzz(300)
@given(pools, minutes, budgets, st.lists(minutes, min_size=3, max_size=3).map(sorted))
def test_two_pauses_that_touch_are_one_in_any_order(n: int, start: int, budget: int, ends: list[int]) -> None:
    first, middle, last = ends
    whole = clock(n, start, budget, [(first, last)]).due
    assert clock(n, start, budget, [(first, middle), (middle, last)]).due == whole
    assert clock(n, start, budget, [(middle, last), (first, middle), (first, last)]).due == whole


@fuzz(300)
@given(pools, minutes, st.integers(1, 1200), pauses, st.lists(st.integers(1, 150_000), min_size=2, unique=True))
def test_thresholds_keep_their_order_and_none_is_rounded_into_the_due(
    n: int, start: int, budget: int, spans: list[tuple[int, int]], thousandths: list[int]
) -> None:
    made = clock(n, start, budget, spans)
    try:
        reached = [made.at(parse_threshold(f"{n / 1000:.3f}%")) for n in sorted(thousandths)]
    except HorizonError:
        assume(False)
        raise
    assert all(first < later for first, later in pairwise(reached))
    for share, at in zip(sorted(thousandths), reached, strict=True):
        assert (at < made.due) is (share < 100_000)
    assert made.at(parse_threshold("100%")) == made.due == made.at(Threshold(offset=Budget()))


@fuzz(200)
@given(pools, minutes, budgets, pauses, st.sampled_from(["Asia/Tokyo", "America/St_Johns", "UTC"]))
def test_who_looks_from_where_changes_nothing(
    n: int, start: int, budget: int, spans: list[tuple[int, int]], zone: str
) -> None:
    made, observer = clock(n, start, budget, spans), ZoneInfo(zone)
    there = Clock(
        pool(n)[0],
        start=made.start.astimezone(observer),
        budget=made.budget,
        pauses=[Pause(a.astimezone(observer), b.astimezone(observer)) for a, b in made.pauses if b is not None],
    )
    assert there.due == made.due
    assert there.total == made.total


@fuzz(40)
@given(pools, minutes, st.integers(-3, 4), budgets)
def test_a_calendar_worked_out_anew_for_another_horizon_answers_the_same(
    n: int, start: int, days: int, budget: int
) -> None:
    plan = PLANS[n]
    wider = real(plan, since=plan.since - 40 * DAY, until=plan.until + 40 * DAY)
    at = plan.since + MINUTE * start
    try:
        assert pool(n)[0].add_days(at, days) == wider.add_days(at, days)
        assert pool(n)[0].add(at, MINUTE * budget) == wider.add(at, MINUTE * budget)
    except HorizonError:
        assume(False)


def test_an_open_pause_ends_now_and_without_a_now_counts_as_none() -> None:
    time, start = pool(0)[0], datetime(2026, 3, 23, 8, tzinfo=UTC)  # Monday 09:00 in Paris
    budget, pause = Budget(time=timedelta(hours=2)), Pause(start + timedelta(hours=1))
    held = Clock(time, start=start, budget=budget, pauses=[pause], now=start + timedelta(hours=2))
    assert held.paused
    assert held.due == start + timedelta(hours=3)
    assert held.consumed(start + timedelta(hours=2)) == timedelta(hours=1)
    assert Clock(time, start=start, budget=budget, pauses=[pause]).due == start + timedelta(hours=2)


def test_a_pause_after_business_days_pushes_in_open_time_and_rounds_nothing_again() -> None:
    time, start = pool(0)[0], datetime(2026, 3, 23, 8, 30, tzinfo=UTC)  # Monday 09:30
    plain = Clock(time, start=start, budget=Budget(days=1), end_of_day=True)
    assert plain.due == datetime(2026, 3, 24, 17, tzinfo=UTC)  # Tuesday, at the close
    pause = Pause(start, start + timedelta(hours=1))
    pushed = Clock(time, start=start, budget=Budget(days=1), pauses=[pause], end_of_day=True)
    assert pushed.due == datetime(2026, 3, 26, 9, tzinfo=UTC)  # over the holiday, Thursday 10:00
    assert pushed.total == plain.total


@pytest.mark.parametrize("text", ["8h", "", "%", "abc%", "-", "1e3%", None, True, -5, [75]])
def test_what_is_no_threshold_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"no threshold|not a duration"):
        parse_threshold(text)


def test_thresholds_read_back_as_they_are_written() -> None:
    for text in ("75%", "99.995%", "-8h", "+3bd", "-1bd 4h"):
        assert str(parse_threshold(text)) == text
    assert parse_threshold(75) == parse_threshold("75 %") == parse_threshold("75.0%")


def test_going_back_nothing_is_used_at_the_close_it_is_counted_from() -> None:
    time = named("F8", BERLIN)
    clock = Clock(time, start=local("2016-02-06 12:00", BERLIN), budget=parse_budget("-4h"))
    assert clock.at(parse_threshold("0%")) == local("2016-02-05 18:00", BERLIN)
    assert clock.at(parse_threshold("100%")) == clock.due == local("2016-02-05 14:00", BERLIN)


def test_a_pause_that_begins_before_the_start_pushes_nothing_forward_that_goes_back() -> None:
    time = named("F8", BERLIN)
    pause = Pause(local("2016-02-05 16:00", BERLIN), local("2016-02-08 10:00", BERLIN))
    for budget in ("-0h", "-0bd"):
        clock = Clock(time, start=local("2016-02-08 09:00", BERLIN), budget=parse_budget(budget), pauses=[pause])
        assert clock.due == local("2016-02-08 09:00", BERLIN)
