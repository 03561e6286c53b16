"""Calendars as people write them: what is open, who wins where several apply, clock changes, and what is pinned."""

from __future__ import annotations

import subprocess
import sys
import time as stopwatch
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from escalade.errors import CalendarError, HorizonError
from escalade.time.budgets import Budget
from escalade.time.business import BusinessTime
from escalade.time.clocks import Clock, Pause
from escalade.time.compile import compile_calendar, horizon
from escalade.time.pinned import PinnedCalendar
from tests.time.calendars import at, business, spec

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def year(number: int, **written: Any) -> BusinessTime:
    return business(spec(**written), since=at(f"{number}-01-01"), until=at(f"{number + 1}-01-01"))


def open_on(time: BusinessTime, day: str, zone: str = "UTC") -> timedelta:
    start = at(f"{day} 00:00", zone)
    end = at(f"{datetime.fromisoformat(day) + DAY:%Y-%m-%d} 00:00", zone)
    return time.between(start, end)


# -- who wins ---------------------------------------------------------------------------------------------------------


def test_a_holiday_goes_before_a_break_before_a_special_opening_before_the_week() -> None:
    time = year(
        2026,
        hours={"monday-friday": "09:00-17:00"},
        breaks=[{"every": "every day", "hours": "12:00-13:00"}],
        openings=[
            {"on": ["2026-03-07", "2026-03-10"], "hours": "10:00-14:00"},
            {"on": "2026-03-11", "hours": "18:00-20:00", "besides": True},
        ],
        holidays=["2026-03-07", "2026-03-12"],
    )
    assert open_on(time, "2026-03-09") == 7 * HOUR  # the week, less its break
    assert open_on(time, "2026-03-07") == 0 * HOUR  # an opening on a holiday is none
    assert open_on(time, "2026-03-10") == 3 * HOUR  # an opening in place of the week, less the break
    assert open_on(time, "2026-03-11") == 9 * HOUR  # and one besides it
    assert open_on(time, "2026-03-12") == 0 * HOUR


def test_a_holiday_takes_the_night_that_begins_on_it_and_not_the_one_that_ends() -> None:
    time = year(2026, hours={"every day": "22:00-06:00"}, holidays=["2026-03-10"])
    assert time.is_open(at("2026-03-10 05:59"))
    assert not time.is_open(at("2026-03-10 22:00"))
    assert not time.is_open(at("2026-03-11 05:59"))
    assert time.is_open(at("2026-03-11 22:00"))


def test_business_days_of_a_night_shift_belong_to_the_evening_they_begin() -> None:
    time = year(2026, hours={"monday-friday": "22:00-06:00"})
    # Saturday 02:00 is Friday's shift: one business day on is Monday's, at the same time of its night.
    assert time.add_days(at("2026-03-07 02:00"), 1) == at("2026-03-10 02:00")
    assert time.add_days(at("2026-03-10 02:00"), -1) == at("2026-03-07 02:00")
    assert time.end_of_day(at("2026-03-06 23:00")) == at("2026-03-07 06:00")


def test_public_holidays_are_those_of_the_country_its_part_and_those_listed_off() -> None:
    def closed(**country: Any) -> set[str]:
        pinned = compile_calendar(
            spec(hours={"every day": "09:00-17:00"}, holidays=[{"country": "FR", **country}]),
            since=at("2026-01-01"),
            until=at("2026-12-31"),
        )
        return {str(closure.first) for closure in pinned.closures if closure.first.year == 2026}

    france = closed()
    assert {"2026-01-01", "2026-05-08", "2026-05-14", "2026-07-14", "2026-12-25"} <= france
    assert len(france) == 11
    assert closed(subdivision="57") - france == {"2026-04-03", "2026-12-26"}  # Moselle
    for said in ("05-08", "2026-05-08", "Fête de la Victoire", "victory day"):
        assert france - closed(**{"except": [said]}) == {"2026-05-08"}, said


@pytest.mark.parametrize(
    "written",
    [
        {"country": "FR", "subdivision": "57"},
        {"country": "FR", "subdivision": "FR-57"},
        {"country": "FR-57"},
        {"country": "fr", "subdivision": "fr-57"},
    ],
)
def test_a_part_of_a_country_may_be_written_with_the_country(written: dict[str, str]) -> None:
    saints = business(
        spec(hours={"every day": "09:00-17:00"}, holidays=[written]), since=at("2026-01-01"), until=at("2027-01-01")
    )
    assert not saints.is_open(at("2026-12-26 12:00"))
    assert not saints.is_open(at("2026-04-03 12:00"))
    assert saints.is_open(at("2026-12-27 12:00"))


def test_names_of_holidays_do_not_depend_on_the_language_of_the_machine() -> None:
    program = (
        "from tests.time.calendars import at, spec\nfrom escalade.time.compile import compile_calendar\n"
        "calendar = spec(holidays=[{'country': 'FR'}])\n"
        "print(compile_calendar(calendar, since=at('2026-01-01'), until=at('2027-01-01')).digest)"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program], env={"LANGUAGE": language}, capture_output=True, text=True, check=True
        ).stdout
        for language in ("fr", "en_US")
    ]
    assert said[0] == said[1] != ""


@pytest.mark.parametrize(
    ("holiday", "closed", "open_"),
    [
        ("02-29", ["2028-02-29"], ["2026-02-28", "2026-03-01", "2028-02-28", "2028-03-01"]),
        ("12-24/01-02", ["2026-01-01", "2026-01-02", "2026-12-24", "2026-12-31"], ["2026-01-03", "2026-12-23"]),
        ("02-27/02-29", ["2026-02-27", "2026-02-28", "2028-02-29"], ["2026-03-01", "2026-02-26"]),
        ("2026-08-03/2026-08-05", ["2026-08-03", "2026-08-05"], ["2026-08-02", "2026-08-06", "2027-08-04"]),
        ("2026-05-08", ["2026-05-08"], ["2027-05-08"]),
    ],
)
def test_holidays_by_date(holiday: str, closed: list[str], open_: list[str]) -> None:
    written = spec(hours={"every day": "09:00-17:00"}, holidays=[holiday])
    time = business(written, since=at("2026-01-01"), until=at("2029-01-01"))
    assert [day for day in closed if open_on(time, day)] == []
    assert [day for day in open_ if not open_on(time, day)] == []


# -- clock changes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/Sao_Paulo", "2015-10-18", 23),  # midnight is skipped
        ("America/Sao_Paulo", "2015-02-21", 25),  # the hour before midnight exists twice
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Pacific/Apia", "2011-12-29", 24),
        ("Pacific/Apia", "2011-12-31", 24),
        ("Antarctica/Troll", "2026-03-29", 22),
    ],
)
def test_a_whole_day_has_the_hours_it_really_has(zone: str, day: str, hours: float) -> None:
    time = year(int(day[:4]), zone=zone, hours={"every day": "00:00-24:00"})
    found = time.day_on(datetime.fromisoformat(day).toordinal())
    assert found is not None
    assert sum(end - start for start, end in found.pieces) == hours * 3_600_000_000


def test_a_day_that_a_zone_left_out_has_no_hours() -> None:
    time = year(2011, zone="Pacific/Apia", hours={"every day": "09:00-17:00"})
    assert time.day_on(datetime(2011, 12, 30).toordinal()) is None  # noqa: DTZ001 (a date)
    # Thursday the 29th at noon, one business day on: Saturday the 31st.
    assert time.add_days(at("2011-12-29 12:00", "Pacific/Apia"), 1) == at("2011-12-31 12:00", "Pacific/Apia")


def test_a_day_that_a_zone_left_out_has_no_night_either() -> None:
    time = year(2011, zone="Pacific/Apia", hours={"every day": "20:00-08:00"})
    assert time.day_on(datetime(2011, 12, 30).toordinal()) is None  # noqa: DTZ001 (a date)
    # Thursday's night ends where its next morning would have been; Saturday's own begins at 20:00.
    begin, end = at("2011-12-29 12:00", "Pacific/Apia"), at("2012-01-01 00:00", "Pacific/Apia")
    assert time.between(begin, end) == timedelta(hours=8)
    assert not time.is_open(at("2011-12-31 03:00", "Pacific/Apia"))


def test_hours_that_begin_or_end_where_the_clock_jumps() -> None:
    time = year(2026, zone="Europe/Paris", hours={"sunday": "02:15-02:45, 02:30-04:00"})
    # In spring 02:15 is skipped: open from the first instant after it.
    assert time.next_opening(at("2026-03-28T12:00Z")) == at("2026-03-29T01:00Z")
    # In autumn 02:15 exists twice: open from the first of them, until 04:00: 2 h 45 min.
    assert time.between(at("2026-10-25T00:00Z"), at("2026-10-25T06:00Z")) == timedelta(hours=2, minutes=45)


# -- what is pinned ---------------------------------------------------------------------------------------------------

FRANCE: dict[str, Any] = {
    "hours": {"monday-friday": "09:00-12:30, 13:30-18:00"},
    "zone": "Europe/Paris",
    "holidays": [{"country": "FR"}],
}


def around(now: datetime) -> dict[str, datetime]:
    since, until = horizon(now)
    return {"since": since, "until": until}


def test_a_pinned_calendar_is_small_and_the_same_from_day_to_day() -> None:
    first = compile_calendar(spec(**FRANCE), **around(at("2026-11-02")))
    later = compile_calendar(spec(**FRANCE), **around(at("2026-11-29")))
    assert first == later
    assert first.until >= at("2026-11-29") + 3 * 365 * DAY
    assert len(first.model_dump_json()) < 4096
    assert PinnedCalendar.model_validate_json(first.model_dump_json()) == first
    next_month = compile_calendar(spec(**FRANCE), **around(at("2026-12-01")))
    assert next_month.digest != first.digest
    assert next_month.version == first.version


def test_what_is_pinned_needs_no_time_zones_and_no_holidays() -> None:
    pinned = compile_calendar(spec(**FRANCE), since=at("2026-01-01"), until=at("2027-01-01"))
    program = (
        "import sys, zoneinfo\n"
        "def refuse(*_): raise AssertionError('time zone data was asked for')\n"
        "zoneinfo.ZoneInfo = refuse\n"
        "from datetime import datetime, UTC\n"
        "from escalade.time.budgets import parse_budget\n"
        "from escalade.time.business import open_time\n"
        "from escalade.time.clocks import Clock\n"
        "from escalade.time.explaining import explain\n"
        "from escalade.time.pinned import PinnedCalendar\n"
        "time = open_time(PinnedCalendar.model_validate_json(sys.stdin.read()))\n"
        "clock = Clock(time, start=datetime(2026, 3, 27, 15, tzinfo=UTC), budget=parse_budget('1bd 4h'))\n"
        "print(clock.due.isoformat(), len(explain(clock)), 'holidays' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=pinned.model_dump_json(), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["2026-03-31T09:00:00+00:00", "8", "False"]


def test_nothing_is_answered_outside_of_the_horizon() -> None:
    time = year(2026)
    for asked in (
        lambda: time.is_open(at("2027-01-02")),
        lambda: time.add(at("2026-12-31"), 40 * HOUR),
        lambda: time.add(at("2026-01-02"), -40 * HOUR),
        lambda: time.add_days(at("2026-12-30"), 9),
        lambda: time.add_days(at("2026-01-05"), -9),
        lambda: time.between(at("2025-12-31"), at("2026-02-01")),
    ):
        with pytest.raises(HorizonError, match="2026-01-01 to 2027-01-01"):
            asked()


def test_a_calendar_that_is_never_open_is_an_error_and_no_wall_clock() -> None:
    with pytest.raises(CalendarError, match="never open"):
        year(2026, hours={"every day": "00:00-24:00"}, holidays=["01-01/12-31"])


def test_a_due_with_hundreds_of_pauses_is_worked_out_at_once() -> None:
    since, until = horizon(at("2026-01-01"))
    time = business(spec(**FRANCE), since=since, until=until)
    start = at("2026-01-05 10:00")
    pauses = [Pause(start + n * 3 * HOUR, start + n * 3 * HOUR + HOUR) for n in range(300)]
    taken, due = [], start
    for _ in range(200):
        before = stopwatch.process_time()
        due = Clock(time, start=start, budget=Budget(time=1000 * HOUR), pauses=pauses).due
        taken.append(stopwatch.process_time() - before)
    assert due > start + 900 * HOUR
    # The fastest of them, since other work on the machine is not the calendar's. It takes half a millisecond on a quiet
    # machine; a busy one halves what a processor does in a second.
    assert min(taken) < 0.002, min(taken)


# -- what people write ------------------------------------------------------------------------------------------------


def test_an_instant_between_two_seconds_stays_there() -> None:
    time, start = year(2026), datetime(2026, 3, 9, 16, 59, 59, 999_999, tzinfo=UTC)
    assert time.add(start, timedelta(microseconds=1)) == at("2026-03-09 17:00")
    assert time.add(start, timedelta(microseconds=2)) == datetime(2026, 3, 10, 9, 0, 0, 1, tzinfo=UTC)
    assert time.between(start, at("2026-03-10 09:00")) == timedelta(microseconds=1)
