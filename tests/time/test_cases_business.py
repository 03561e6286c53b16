"""Public cases of business time, by id: numbers from the test suites and manuals of other systems.

Not here, because they are not arithmetic of calendars:

- Clocks in the engine (tests/engine): OT13's clock while it runs, ZM2 (the priority leaves the selector), GL10 (what
  an SLA and an OLA count from), GL11's order of levels, CW3, RT3, SN4.
- The peers' own, not ours: OT12's decay, OT14's year units, ZM9's refusal of hours that end at 00:00, and the run times
  of GL11 (11:01 and 11:31 are when GLPI's cron looked; ours fire at 11:00:00 and 11:30:00).
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from escalade.errors import CalendarError, DurationError
from escalade.time.budgets import Budget, parse_budget
from escalade.time.business import BusinessTime
from escalade.time.clocks import Clock, Pause, parse_threshold
from escalade.time.hours import parse_spans
from tests.time.calendars import HOURS, YEARLY, at, business, length, named, spec

HOL = tuple(YEARLY)
BERLIN, SAO_PAULO, NEW_YORK = "Europe/Berlin", "America/Sao_Paulo", "America/New_York"

ADD = [
    ("OT1-730d", "A24", "UTC", HOL, "2015-02-17 12:00", "730 d", "2017-02-28 12:00"),
    ("OT1-90d", "A24", "UTC", HOL, "2015-02-17 12:00", "90 d", "2015-05-19 12:00"),
    ("OT1-6h", "A24", "UTC", HOL, "2015-02-21 22:00", "6 h", "2015-02-22 04:00"),
    ("OT1-4d6h20m15s", "A24", "UTC", HOL, "2015-02-20 22:10:05", "4 d 6 h 20 m 15 s", "2015-02-25 04:30:20"),
    ("OT2-90d1h", "A24", BERLIN, HOL, "2015-02-17 12:00", "90 d 1 h", "2015-05-19 14:00"),
    ("OT3-autumn", "A24", SAO_PAULO, HOL, "2015-02-21 22:00", "5 h", "2015-02-22 02:00"),
    ("OT3-autumn-4d", "A24", SAO_PAULO, (), "2015-02-21 22:10:05", "4 d 5 h 20 m 15 s", "2015-02-26 02:30:20"),
    ("OT3-spring", "A24", SAO_PAULO, HOL, "2015-10-17 22:00", "7 h", "2015-10-18 06:00"),
    ("OT7-sunday", "F8", BERLIN, HOL, "2016-01-31 12:25:30", "5 h", "2016-02-01 13:00"),
    ("OT7-over-night", "F8", BERLIN, HOL, "2016-02-01 16:59:30", "3.5 h", "2016-02-02 10:29:30"),
    ("OT7-saturday", "F8", BERLIN, HOL, "2013-03-16 10:00", "1 m", "2013-03-18 08:01"),
    ("OT8-5h", "FSP", BERLIN, HOL, "2016-02-01 12:25:30", "5 h", "2016-02-02 08:25:30"),
    ("OT8-45h", "FSP", BERLIN, HOL, "2016-01-31 12:25:30", "45 h 25 m 30 s", "2016-02-08 08:25:30"),
    ("OT8-christmas", "FSP", BERLIN, HOL, "2015-12-22 16:24:49", "20 h", "2015-12-29 08:24:49"),
    ("OT12-first-response", "9-18", "UTC", (), "2017-04-26 17:50", "30 m", "2017-04-27 09:20"),
    ("OT12-solution", "9-18", "UTC", (), "2017-04-26 17:50", "50 m", "2017-04-27 09:40"),
    ("OT13", "OT13", "UTC", (), "2016-04-12 16:50:08", "24 h", "2016-04-14 18:50:08"),
    ("GL1", "L", "UTC", (), "2034-06-09 08:46:12", "30 m", "2034-06-09 09:16:12"),
    ("GL8-4h", "D", "UTC", (), "2034-08-16 13:00", "4 h", "2034-08-16 17:00"),
    ("GL8-2h", "D", "UTC", (), "2034-08-16 13:00", "2 h", "2034-08-16 15:00"),
    ("GL11", "9-17", "UTC", (), "2025-05-26 10:00", "120 m", "2025-05-26 12:00"),
    ("BZ1-forward", "BZ", "UTC", (), "2006-01-04 15:58:30", "90 s", "2006-01-04 16:00"),
    ("BZ1-backward", "BZ", "UTC", (), "2006-01-04 16:01:30", "-90 s", "2006-01-04 16:00"),
    ("BZ1-90m", "BZ", "UTC", (), "2006-01-04 14:30", "90 m", "2006-01-04 16:00"),
    ("BZ1-90m-back", "BZ", "UTC", (), "2006-01-04 16:30", "-90 m", "2006-01-04 15:00"),
    ("BZ1-3h", "BZ", "UTC", (), "2006-01-04 13:00", "3 h", "2006-01-04 16:00"),
    ("CW1-inside", "9-17", "UTC", (), "2024-01-17 10:00", "2 h", "2024-01-17 12:00"),
    ("CW1-before", "9-17", "UTC", (), "2024-01-17 07:00", "2 h", "2024-01-17 11:00"),
    ("CW1-after", "9-17", "UTC", (), "2024-01-17 18:00", "2 h", "2024-01-18 11:00"),
    ("CW1-friday", "9-17", "UTC", (), "2024-01-19 16:00", "2 h", "2024-01-22 10:00"),
    ("CW1-saturday", "9-17", "UTC", (), "2024-01-20 10:00", "2 h", "2024-01-22 11:00"),
    ("CW1-10h", "9-17", "UTC", (), "2024-01-15 16:00", "10 h", "2024-01-17 10:00"),
    ("CW1-friday-1h", "9-17", "UTC", (), "2024-01-19 16:30", "1 h", "2024-01-22 09:30"),
    ("CW2-friday", "9-17", NEW_YORK, (), "2024-01-19 16:00", "2 h", "2024-01-22 10:00"),
    ("CW2-10h", "CW2", NEW_YORK, (), "2024-01-15 18:00", "10 h", "2024-01-16 19:00"),
    ("CW2-12h-at-close", "CW2", NEW_YORK, (), "2024-01-15 16:00", "12 h", "2024-01-16 20:00"),
    ("CW2-whole-saturday", "CW2", NEW_YORK, (), "2024-01-20 00:00", "24 h", "2024-01-21 00:00"),
    ("FR1-high-response", "10-18", "UTC", (), "2024-01-15 08:00", "1 h", "2024-01-15 11:00"),
    ("FR1-high-resolution", "10-18", "UTC", (), "2024-01-15 08:00", "4 h", "2024-01-15 14:00"),
    ("FR1-urgent-evening-response", "10-18", "UTC", (), "2024-01-15 20:00", "30 m", "2024-01-16 10:30"),
    ("FR1-urgent-evening-resolution", "10-18", "UTC", (), "2024-01-15 20:00", "2 h", "2024-01-16 12:00"),
    ("FR1-urgent-friday-response", "10-18", "UTC", (), "2024-01-19 17:00", "30 m", "2024-01-19 17:30"),
    ("FR1-urgent-friday-resolution", "10-18", "UTC", (), "2024-01-19 17:00", "2 h", "2024-01-22 11:00"),
    ("FR1-high-friday-response", "10-18", "UTC", (), "2024-01-19 19:00", "1 h", "2024-01-22 11:00"),
    ("FR1-high-friday-resolution", "10-18", "UTC", (), "2024-01-19 19:00", "4 h", "2024-01-22 14:00"),
    ("FR1-low-response", "10-18", "UTC", (), "2024-01-20 15:00", "24 h", "2024-01-24 18:00"),
    ("FR1-low-resolution", "10-18", "UTC", (), "2024-01-20 15:00", "72 h", "2024-02-01 18:00"),
    ("OS1", "F8", "UTC", (), "2024-01-19 17:00", "4 h", "2024-01-22 11:00"),
    ("ZM8-2h", "9-17", BERLIN, ("2015-09-22",), "2013-10-21T09:30Z", "120 m", "2013-10-21T11:30Z"),
    ("ZM8-4h", "9-17", BERLIN, ("2015-09-22",), "2013-10-21T09:30Z", "240 m", "2013-10-21T13:30Z"),
    ("ZM8-before-2h", "9-17", BERLIN, ("2015-09-22",), "2013-10-21T05:30Z", "120 m", "2013-10-21T09:00Z"),
    ("ZM8-before-4h", "9-17", BERLIN, ("2015-09-22",), "2013-10-21T05:30Z", "240 m", "2013-10-21T11:00Z"),
    ("ZM8-holiday-2h", "9-17", BERLIN, ("2015-09-22",), "2015-09-21T14:30Z", "120 m", "2015-09-23T08:30Z"),
    ("ZM8-holiday-4h", "9-17", BERLIN, ("2015-09-22",), "2015-09-21T14:30Z", "240 m", "2015-09-23T10:30Z"),
]


@pytest.mark.parametrize(("case", "hours", "zone", "holidays", "start", "add", "due"), ADD, ids=[row[0] for row in ADD])
def test_adding(*, case: str, hours: str, zone: str, holidays: tuple[str, ...], start: str, add: str, due: str) -> None:
    begin = at(start, zone)
    time = named(hours, zone, holidays, around=begin.year)
    by = -length(add[1:]) if add.startswith("-") else length(add)
    assert time.add(begin, by) == at(due, zone)
    assert Clock(time, start=begin, budget=Budget(time=by)).due == at(due, zone)


BETWEEN = [
    ("OT2-spring", "A24", BERLIN, HOL, "2016-03-26 22:24:39", "2016-03-28 23:24:39", 172800),
    ("OT2-90d", "A24", BERLIN, (), "2015-02-17 12:00", "2015-05-18 12:00", 7772400),
    ("OT3-autumn", "A24", SAO_PAULO, HOL, "2015-02-21 22:00", "2015-02-22 02:00", 18000),
    ("OT3-spring", "A24", SAO_PAULO, HOL, "2015-10-17 22:00", "2015-10-18 04:00", 18000),
    ("OT8-good-friday", "FSP", BERLIN, HOL, "2016-03-25 08:15:41", "2016-03-25 14:15:41", 18000),
    ("OT8-weekend", "FSP", BERLIN, HOL, "2016-03-25 12:15:41", "2016-03-29 10:15:41", 57600),
    ("OT8-four-days", "FSP", BERLIN, HOL, "2016-03-24 12:15:41", "2016-03-30 10:15:41", 122400),
    ("OT10-christmas", "A24", BERLIN, HOL, "2015-12-23 08:10:15", "2015-12-28 17:10:14", 205199),
    ("OT10-swapped", "A24", BERLIN, HOL, "2015-12-28 17:10:14", "2015-12-23 08:10:15", 0),
    ("OT10-every-day", "FSP7", BERLIN, (), "2016-02-01 12:15:41", "2016-02-06 12:15:41", 162000),
    ("AL2-over-night", "9-17", "UTC", (), "2024-01-15 16:00", "2024-01-16 10:00", 7200),
    ("AL2-over-a-holiday", "9-17", "UTC", ("2024-01-16",), "2024-01-15 16:00", "2024-01-17 10:00", 7200),
    ("SN1-weekend", "8-17", "UTC", (), "2014-12-12 21:00", "2014-12-15 09:30", 5400),
    ("BZ1-whole-week", "BZ", "UTC", (), "2006-01-02 00:00", "2006-01-09 00:00", (3 * 8 + 2 * 6) * 3600 + 12600),
]


@pytest.mark.parametrize(
    ("case", "hours", "zone", "holidays", "start", "end", "seconds"), BETWEEN, ids=[row[0] for row in BETWEEN]
)
def test_between(
    *, case: str, hours: str, zone: str, holidays: tuple[str, ...], start: str, end: str, seconds: int
) -> None:
    begin = at(start, zone)
    time = named(hours, zone, holidays, around=begin.year)
    assert time.between(begin, at(end, zone)) == timedelta(seconds=seconds)


DAYS = [
    ("BZ3-saturday-counts", "BZ", "2006-01-06 12:00", 2, "2006-01-09 12:00"),
    ("BZ3-before-opening", "BZ", "2006-01-03 08:00", 2, "2006-01-05 10:00"),
    ("BZ3-after-close", "BZ", "2006-01-03 18:00", 2, "2006-01-06 09:00"),
    ("GL5-five-days", "L", "2034-06-09 08:46:12", 5, "2034-06-16 08:46:12"),
    ("GL5-level-back-from-the-end-of-day", "L", "2034-06-16 19:00", -2, "2034-06-14 19:00"),
]


@pytest.mark.parametrize(("case", "hours", "start", "days", "due"), DAYS, ids=[row[0] for row in DAYS])
def test_business_days(case: str, hours: str, start: str, days: int, due: str) -> None:
    time = named(hours, around=at(start).year)
    assert time.add_days(at(start), days) == at(due)


NOTHING = [
    ("BZ2-nothing-after", "0s", "2006-01-03 00:00", "2006-01-03 10:00"),
    ("BZ2-nothing-before", "-0s", "2006-01-03 00:00", "2006-01-02 17:00"),
    ("BZ2-no-hours-before", "-0h", "2006-01-03 00:00", "2006-01-02 17:00"),
    ("BZ2-no-days-after", "0bd", "2006-01-03 00:00", "2006-01-03 10:00"),
    ("BZ2-no-days-before", "-0bd", "2006-01-03 00:00", "2006-01-02 17:00"),
    ("BZ2-nothing-before-at-the-opening", "-0s", "2006-01-03 10:00", "2006-01-03 10:00"),
    ("BZ2-nothing-before-at-the-close", "-0s", "2006-01-03 16:00", "2006-01-03 16:00"),
    ("BZ2-nothing-after-at-the-close", "0s", "2006-01-03 16:00", "2006-01-04 09:00"),
]


@pytest.mark.parametrize(("case", "budget", "start", "due"), NOTHING, ids=[row[0] for row in NOTHING])
def test_nothing_added_is_the_next_opening_and_nothing_taken_away_the_last_close(
    case: str, budget: str, start: str, due: str
) -> None:
    assert Clock(named("BZ", around=2006), start=at(start), budget=parse_budget(budget)).due == at(due)


THRESHOLDS = [
    ("GL1-level", "L", "2034-06-09 08:46:12", "30m", False, "-10m", "2034-06-09 09:06:12"),
    ("GL5-level", "L", "2034-06-09 08:46:12", "5bd", False, "-8h", "2034-06-15 11:16:12"),
    ("GL5-end-of-day", "L", "2034-06-09 08:46:12", "5bd", True, "100%", "2034-06-16 19:00"),
    ("GL5-end-of-day-level", "L", "2034-06-09 08:46:12", "5bd", True, "-2bd", "2034-06-14 19:00"),
    ("GL8-level", "D", "2034-08-16 13:00", "4h", False, "-1h", "2034-08-16 16:00"),
    ("GL8-swapped-level", "D", "2034-08-16 13:00", "2h", False, "-1h", "2034-08-16 14:00"),
    ("GL11-first-level", "9-17", "2025-05-26 10:00", "120m", False, "-60m", "2025-05-26 11:00"),
    ("GL11-second-level", "9-17", "2025-05-26 10:00", "120m", False, "-30m", "2025-05-26 11:30"),
]


@pytest.mark.parametrize(
    ("case", "hours", "start", "budget", "end_of_day", "threshold", "reached"),
    THRESHOLDS,
    ids=[row[0] for row in THRESHOLDS],
)
def test_thresholds(
    *, case: str, hours: str, start: str, budget: str, end_of_day: bool, threshold: str, reached: str
) -> None:
    time = named(hours, around=2025 if "2025" in start else 2034)
    clock = Clock(time, start=at(start), budget=parse_budget(budget), end_of_day=end_of_day)
    assert clock.at(parse_threshold(threshold)) == at(reached)


def test_ot13_a_pause_pushes_the_due_by_its_open_time_to_the_second() -> None:
    time = named("OT13")
    pause = Pause(at("2016-04-12 16:52:53"), at("2016-04-12 17:00:02"))
    clock = Clock(time, start=at("2016-04-12 16:50:08"), budget=parse_budget("24h"), pauses=[pause])
    assert clock.due == at("2016-04-14 18:57:17")


ZM1 = [
    ("answer-in-time", "60m", "2013-03-21T10:00Z", 30, 30),
    ("answer-late", "60m", "2013-03-21T14:00Z", 270, -210),
    ("contact-in-time", "120m", "2013-03-21T11:00Z", 90, 30),
    ("contact-late", "120m", "2013-03-21T12:00Z", 150, -30),
    ("close-in-time", "180m", "2013-03-21T11:30Z", 120, 60),
    ("close-late", "180m", "2013-03-21T13:00Z", 210, -30),
]


@pytest.mark.parametrize(("case", "budget", "stop", "used", "left"), ZM1, ids=[f"ZM1-{row[0]}" for row in ZM1])
def test_used_and_left(case: str, budget: str, stop: str, used: int, left: int) -> None:
    time = named("F8", BERLIN, around=2013)
    clock = Clock(time, start=at("2013-03-21T09:30Z"), budget=parse_budget(budget))
    assert clock.consumed(at(stop)) == timedelta(minutes=used)
    assert clock.remaining(at(stop)) == timedelta(minutes=left)
    assert clock.met(at(stop)) is (left >= 0)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2013-03-21T09:30Z", 60, "2013-03-21T10:30Z"),
        ("2013-03-21T09:30Z", 120, "2013-03-21T11:30Z"),
        ("2013-03-21T09:30Z", 180, "2013-03-21T12:30Z"),
        ("2013-03-21T12:05Z", 120, "2013-03-21T14:05Z"),
    ],
    ids=["ZM1-first", "ZM1-update", "ZM1-close", "ZM1-client"],
)
def test_zm1_dues(start: str, minutes: int, due: str) -> None:
    assert named("F8", BERLIN, around=2013).add(at(start), timedelta(minutes=minutes)) == at(due)


def test_zm2_dues() -> None:
    time = named("9-17", BERLIN, around=2013)
    start = at("2013-03-21T09:30Z")
    assert time.add(start, timedelta(minutes=60)) == at("2013-03-21T10:30Z")
    assert time.add(start, timedelta(minutes=240)) == at("2013-03-21T13:30Z")


def test_zm9_an_end_of_2359_means_2400_and_0000_is_that_too() -> None:
    assert parse_spans("08:00-23:59") == parse_spans("08:00-24:00") == parse_spans("08:00-00:00")


def test_zm9_a_pending_time_is_not_counted() -> None:
    # open 60 minutes, pending 45, then open 30 more: 90 counted.
    time, start = named("A24", BERLIN), at("2016-02-01 10:00", BERLIN)
    pending = Pause(start + timedelta(minutes=60), start + timedelta(minutes=105))
    clock = Clock(time, start=start, budget=parse_budget("4h"), pauses=[pending])
    assert clock.consumed(start + timedelta(minutes=135)) == timedelta(minutes=90)


def test_ot12_a_calendar_without_hours_carries_no_clock() -> None:
    written = spec(hours={"monday": "closed"})
    with pytest.raises(CalendarError, match="never open"):
        business(written, since=at("2026-01-01"), until=at("2027-01-01"))


def test_ot14_what_is_no_duration_is_refused() -> None:
    for text in ("1y", "2 years", "P1Y", ""):
        with pytest.raises(DurationError):
            parse_budget(text)


def test_al2_the_close_is_outside_and_the_opening_inside() -> None:
    time = named("9-17", around=2024)
    assert time.is_open(at("2024-01-15 09:00"))
    assert not time.is_open(at("2024-01-15 17:00"))
    late = Clock(time, start=at("2024-01-15 09:00"), budget=parse_budget("2h"))
    assert late.remaining(at("2024-01-15 13:00")) == timedelta(minutes=-120)


def test_sn1_shares_of_business_time_and_real_time() -> None:
    time, start, stop = named("8-17", around=2014), at("2014-12-12 21:00"), at("2014-12-15 09:30")
    assert time.between(start, stop) == timedelta(hours=1.5)
    assert stop - start == timedelta(hours=60.5)
    assert round(time.between(start, stop) / timedelta(hours=8) * 100) == 19
    assert (stop - start) / timedelta(hours=8) * 100 > 750


def test_sn3_nearly_all_is_not_all() -> None:
    time, start = named("A24"), at("2016-02-01 10:00")
    clock = Clock(time, start=start, budget=parse_budget("10d"))
    for share in ("99.951%", "99.995%", "99.9999%"):
        reached = clock.at(parse_threshold(share))
        assert reached < clock.due
        assert clock.met(reached)
        assert clock.remaining(reached) > timedelta(0)
    assert clock.met(clock.due)
    assert not clock.met(clock.due + timedelta(microseconds=1))


def test_the_calendars_of_the_cases_are_all_used() -> None:
    used = {row[1] for row in (*ADD, *BETWEEN)} | {row[1] for row in (*DAYS, *THRESHOLDS)}
    assert set(HOURS) - used == {"F24"}
    assert isinstance(named("F24", BERLIN), BusinessTime)
