"""A month of a calendar, day by day: the hours that are open after all, and why a day is different."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from escalade.time.budgets import format_hours
from escalade.time.business import BusinessTime
from escalade.time.explaining import in_zone
from escalade.time.hours import DAY, format_span
from escalade.time.open_time import OpenTime
from escalade.time.segments import EPOCH_DAY, SECOND, instant

_ONE: Final = timedelta(days=1)


class MonthDay(NamedTuple):
    """What a calendar says about one date."""

    on: date
    hours: list[str]
    """As `09:00-12:30`, on the wall clock; past midnight it is the next morning."""
    length: timedelta
    """Real time: a day on which the clocks change has more or less of it."""
    notes: list[str]
    """Holidays, special openings and clock changes."""


def month_of(time: OpenTime, year: int, month: int) -> list[MonthDay]:
    """Every day of a month; hours belong to the day on which they begin."""
    assert isinstance(time, BusinessTime)
    days, day = [], date(year, month, 1)
    while day.month == month:
        days.append(_day(time, day))
        day += _ONE
    return days


def _day(time: BusinessTime, day: date) -> MonthDay:
    ordinal = day.toordinal()
    open_ = time.day_on(ordinal)
    pieces = open_.pieces if open_ else []
    notes = []
    closure, opening = time.pattern.closure(ordinal), time.pattern.opening(ordinal)
    if closure is not None:
        notes.append(closure.name or "holiday")
    elif opening is not None:
        notes.append(opening.name or "special opening")
    notes += [note for closed in time.pinned.breaks if closed.on == day for note in [_break(closed.name, closed.hours)]]
    notes += _changes(time, day)
    hours = [_piece(time, day, start, end) for start, end in pieces]
    return MonthDay(day, hours, timedelta(microseconds=sum(end - start for start, end in pieces)), notes)


def _break(name: str, hours: tuple[tuple[int, int], ...]) -> str:
    return f"{name or 'break'} {', '.join(format_span(span) for span in hours)}"


def _piece(time: BusinessTime, day: date, start: int, end: int) -> str:
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 (a wall clock has no zone)
    first, last = (in_zone(time, instant(at)).replace(tzinfo=None) - midnight for at in (start, end))
    return format_span((first // timedelta(seconds=1), last // timedelta(seconds=1)))


def _changes(time: BusinessTime, day: date) -> list[str]:
    midnight = (day.toordinal() - EPOCH_DAY) * DAY * SECOND
    if time.wall.first(midnight) == time.wall.first(midnight + DAY * SECOND):
        return ["left out: there was no such day here"]
    found = []
    for n, at in enumerate(time.wall.changes):
        if n and in_zone(time, instant(at - 1)).date() == day:
            jump = time.wall.shift(n)
            length = format_hours(timedelta(seconds=abs(jump) // SECOND))
            found.append(f"clocks go {'forward' if jump > 0 else 'back'} by {length}")
    return found
