"""Hours, days and budgets as people write them, and how a clock explains itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from escalade.errors import DurationError
from escalade.time.budgets import doubtful_days, parse_budget
from escalade.time.calendar import CalendarSpec
from escalade.time.clocks import Clock, Pause, parse_threshold
from escalade.time.explaining import explain
from escalade.time.hours import parse_days, parse_spans
from tests.time.calendars import at, business, named, spec
from tests.time.test_calendars import FRANCE, HOUR, year


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("09:00-12:30, 13:30-18:00", [(32400, 45000), (48600, 64800)]),
        ("9-17", [(32400, 61200)]),
        ("9h30 – 17h", [(34200, 61200)]),
        ("22:00-06:00", [(79200, 108000)]),
        ("0-24", [(0, 86400)]),
        ("08:00-23:59", [(28800, 86400)]),
        ("08:00-12:00, 12:00-14:00, 13:00-15:00", [(28800, 54000)]),
        ("closed", []),
    ],
)
def test_hours(text: str, spans: list[tuple[int, int]]) -> None:
    assert list(parse_spans(text)) == spans


@pytest.mark.parametrize("text", ["", "9", "09:00", "24:00-25:00", "09:60-10:00", "09:00-09:00", "nine-five", "24-8"])
def test_what_is_no_hours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="; "):
        parse_spans(text)


def test_days() -> None:
    assert parse_days("Mon-Fri") == parse_days("weekdays") == parse_days("monday – friday")
    assert parse_days("sat-mon") == ("saturday", "sunday", "monday")
    assert parse_days("monday, thursday, monday") == ("monday", "thursday")
    assert len(parse_days("every day")) == 7
    for wrong in ("", "mo", "funday", "monday-", "monday to friday"):
        with pytest.raises(ValueError, match="no day of the week"):
            parse_days(wrong)


@pytest.mark.parametrize(
    ("text", "days", "hours"),
    [
        ("5bd", 5, 0),
        ("1bd 4h", 1, 4),
        ("1bd4h", 1, 4),
        ("4h 1bd", 1, 4),
        ("-8h", 0, -8),
        ("-1bd 4h", -1, -4),
        ("+3bd", 3, 0),
        ("2d", 0, 48),
        ("P2DT4H", 0, 52),
        ("-PT8H", 0, -8),
        ("0bd", 0, 0),
    ],
)
def test_budgets(text: str, days: int, hours: int) -> None:
    budget = parse_budget(text)
    assert (budget.days, budget.time) == (days, hours * HOUR)
    assert parse_budget(str(budget)) == budget


@pytest.mark.parametrize(
    "text", ["", "5", "bd", "1.5bd", "1bd 2bd", "--8h", "1bd -4h", "9999bd", "1bd x", "- ", None, 5]
)
def test_what_is_no_budget_is_refused(text: object) -> None:
    with pytest.raises(DurationError):
        parse_budget(text)


def test_plain_days_in_a_calendar_that_closes_are_asked_about() -> None:
    said = doubtful_days(parse_budget("2d"), around_the_clock=False)
    assert said == "'2d' is 48h of open time in a business calendar; did you mean bd (business days)?"
    assert doubtful_days(parse_budget("P1W"), around_the_clock=False) is not None
    for fine in ("48h", "2bd", "1bd 4h", "PT48H"):
        assert doubtful_days(parse_budget(fine), around_the_clock=False) is None
    assert doubtful_days(parse_budget("2d"), around_the_clock=True) is None


def test_a_clock_explains_itself() -> None:
    time = business(spec(**FRANCE, calendar="office"), since=at("2026-01-01"), until=at("2027-01-01"))
    pauses = [
        Pause(at("2026-03-27T16:00Z"), at("2026-03-28T16:00Z")),
        Pause(at("2026-03-28T10:00Z"), at("2026-03-28T11:00Z")),
    ]
    clock = Clock(time, start=at("2026-03-27T15:30Z"), budget=parse_budget("20h"), pauses=pauses)
    assert explain(clock) == [
        "Budget: 20h of office (Europe/Paris).",
        "Start: Fri 2026-03-27 16:30+01:00, in open time.",
        "Open: Fri 2026-03-27 16:30 – 18:00, 1h30m.",
        "Open: Mon 2026-03-30 09:00 – 12:30, 3h30m.",
        "Open: Mon 2026-03-30 13:30 – 18:00, 4h30m.",
        "Open: Tue 2026-03-31 09:00 – 12:30, 3h30m.",
        "Open: Tue 2026-03-31 13:30 – 18:00, 4h30m.",
        "Open: Wed 2026-04-01 09:00 – 12:30, 3h30m.",
        "Pause: Fri 2026-03-27 17:00 – Sat 2026-03-28 17:00, 1h of open time that does not count.",
        "Pause: Sat 2026-03-28 11:00 – 12:00, in closed time: changes nothing.",
        "Clocks: Sun 2026-03-29 02:00 → 03:00, forward by 1h.",
        "Due: Wed 2026-04-01 12:30+02:00, exactly at the close.",
    ]
    assert clock.at(parse_threshold("50%")) == at("2026-03-31T08:30Z")  # Friday 30 min, Monday 8 h, Tuesday 1 h 30


def test_an_explanation_says_of_the_end_of_a_day_that_pauses_moved_it() -> None:
    time, start = named("F8", "Europe/Berlin"), at("2016-02-01 10:00", "Europe/Berlin")
    plain = Clock(time, start=start, budget=parse_budget("1bd"), end_of_day=True)
    assert explain(plain)[-1] == "Due: Tue 2016-02-02 18:00+01:00, the end of that business day."
    pauses = [Pause(start, start + timedelta(hours=2)), Pause(start, start)]
    moved = Clock(time, start=start, budget=parse_budget("1bd"), end_of_day=True, pauses=pauses)
    assert explain(moved)[-1] == "Due: Wed 2016-02-03 10:00+01:00, the end of a business day moved on by pauses."
    assert explain(moved)[-2].endswith("ends when it begins: changes nothing.")


def test_the_end_of_a_day_is_that_of_the_day_on_which_a_budget_falls_due() -> None:
    time = year(2026, hours={"monday-thursday": "09:00-18:00", "friday": "09:00-17:00"})
    for begun, due, end in (
        ("2026-01-08 16:59", "2026-01-09 16:59", "2026-01-09 17:00"),
        # Friday is over by then: it falls due when Monday opens, and Monday's end is meant.
        ("2026-01-08 17:01", "2026-01-12 09:00", "2026-01-12 18:00"),
    ):
        assert Clock(time, start=at(begun), budget=parse_budget("1bd")).due == at(due)
        assert Clock(time, start=at(begun), budget=parse_budget("1bd"), end_of_day=True).due == at(end)


def test_a_long_explanation_is_cut_in_the_middle() -> None:
    time = year(2026, zone="UTC", holidays=["2026-05-01"])
    lines = explain(Clock(time, start=at("2026-01-02"), budget=parse_budget("1200h")))
    assert len(lines) < 40
    assert any("more stretches of open time" in line for line in lines)
    assert "Holiday: Fri 2026-05-01." in lines


def test_a_written_calendar_is_checked_by_its_model() -> None:
    with pytest.raises(ValueError, match="given in one way"):
        CalendarSpec.model_validate({"calendar": "a", "zone": "UTC", "holidays": [{"name": "nothing"}]})
