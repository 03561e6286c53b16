"""Dates as people write them: one day (`2026-05-08`), the same day every year (`12-25`), and ranges of both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_FIXED = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_YEARLY = re.compile(r"(?:--)?(\d{1,2})-(\d{1,2})")
_LIKE = "write it like 2026-05-08, or 05-08 for every year"


class Day(NamedTuple):
    """A date, or the same one every year."""

    year: int | None
    """None means every year."""
    month: int
    day: int

    def __str__(self) -> str:
        return (
            f"{self.month:02}-{self.day:02}" if self.year is None else f"{self.year:04}-{self.month:02}-{self.day:02}"
        )

    def of(self, year: int) -> date | None:
        """The date in a year; None when it has none: 02-29 exists in leap years only."""
        if self.year not in (None, year):
            return None
        try:
            return date(year, self.month, self.day)
        except ValueError:
            return None

    def falls_on(self, day: date) -> bool:
        """Whether a date is this one."""
        return (self.month, self.day) == (day.month, day.day) and self.year in (None, day.year)


def parse_day(value: object) -> Day:
    """Read a date or yearly date.

    Raises:
        ValueError: when it is none, like 2026-02-30.
    """
    if isinstance(value, Day):
        return value
    if isinstance(value, date):
        return Day(value.year, value.month, value.day)
    text = value.strip() if isinstance(value, str) else ""
    if found := _FIXED.fullmatch(text):
        out = Day(int(found[1]), int(found[2]), int(found[3]))
    elif found := _YEARLY.fullmatch(text):
        out = Day(None, int(found[1]), int(found[2]))
    else:
        raise ValueError(f"{value!r:.60} is no date; {_LIKE}")
    if out.of(out.year or 2000) is None:  # 2000 was a leap year
        raise ValueError(f"{text!r} does not exist; {_LIKE}")
    return out


class Range(NamedTuple):
    """A day or several in a row; of yearly ones the last may lie in the next year."""

    first: Day
    last: Day

    def within(self, start: date, end: date) -> Iterator[tuple[date, date]]:
        """Its occurrences that touch the days from `start` to `end`."""
        if self.first.year is not None:
            spans = [(_date(self.first), _date(self.last))]
        else:
            spans = list(self._yearly(range(start.year - 1, end.year + 1)))
        yield from (span for span in spans if span[0] <= end and span[1] >= start)

    def _yearly(self, years: range) -> Iterator[tuple[date, date]]:
        wraps = (self.last.month, self.last.day) < (self.first.month, self.first.day)
        for year in years:
            first, last = self.first.of(year), self.last.of(year + wraps)
            if self.first == self.last:
                if first:
                    yield first, first
            elif wraps or first or last:
                # A range that begins or ends on 29 February still has its other days in other years.
                yield first or date(year, 3, 1), last or date(year + wraps, 3, 1) - timedelta(days=1)


def _date(day: Day) -> date:
    assert day.year is not None
    return date(day.year, day.month, day.day)


DayField = Annotated[
    Day,
    BeforeValidator(parse_day),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["2026-05-08", "05-08"]}),
]
"""A pydantic field type: a date, or a yearly one."""


def _one_day(value: Any) -> Day:
    day = parse_day(value)
    if day.year is None:
        raise ValueError(f"{value!r:.60} names no year; write it like 2026-05-08")
    return day


DatedField = Annotated[
    Day,
    BeforeValidator(_one_day),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-05-08"]}),
]
"""A pydantic field type: one date."""
