"""A calendar as people write it in `calendars/*.yaml`.

Who wins where several apply: a holiday before a break, a break before a special opening, that before the hours of
the week. A holiday takes away the hours that begin on it, not the tail of the night before (decision 31).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from escalade.time.dates import DayField, Range
from escalade.time.hours import Days, DaysText, Hours, Span, by_day
from escalade.time.zones import WEEKDAYS, Weekday, Zone
from escalade.written import Identifier, Written, shown

_COUNTRY: Final = re.compile(r"([A-Za-z]{2})(?:-([A-Za-z0-9]{1,3}))?")
"""A country, or a part of one, by its code of ISO 3166."""


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


DayList = Annotated[
    list[DayField], BeforeValidator(_as_list, json_schema_input_type=DayField | list[DayField])  # one needs no brackets
]


class HolidaySpec(Written):
    """Days on which no opening hours begin: named dates, a range, or the public holidays of a country."""

    name: str = Field("", max_length=128)
    """What people call it; told wherever it moves something."""
    on: DayList = Field(default_factory=list)
    """Dates (`2026-05-08`), or the same ones every year (`12-25`). 02-29 is one in leap years only."""
    from_: DayField | None = Field(None, alias="from")
    """The first day of a range: a date, or a yearly one."""
    to: DayField | None = None
    """The last day of the range."""
    country: str | None = Field(None, max_length=64)
    """A country whose public holidays are meant, by its ISO 3166 code (`FR`)."""
    subdivision: str | None = Field(None, max_length=32)
    """A part of it that has more of them, by its ISO 3166-2 code (`57` or `FR-57`, `BY` of DE)."""
    except_: Annotated[list[str], BeforeValidator(_as_list, json_schema_input_type=str | list[str])] = Field(
        default_factory=list, alias="except"
    )
    """Which of the country's holidays are working days here: dates, yearly dates or names."""

    @model_validator(mode="before")
    @classmethod
    def _place(cls, value: Any) -> Any:
        """`FR-57` is the code of ISO 3166-2 as well as `57`, and a place may be written in one."""
        if not isinstance(value, dict):
            return value
        code = _COUNTRY.fullmatch(str(value.get("country")).strip())
        written = value.get("subdivision")
        if code is None or (code[2] and written is not None):
            return value
        country = code[1].upper()
        found = {**value, "country": country}
        if code[2]:
            found["subdivision"] = code[2].upper()
        elif isinstance(written, str) and written.strip().upper().startswith(f"{country}-"):
            found["subdivision"] = written.strip().upper().removeprefix(f"{country}-")
        return found

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        ways = [bool(self.on), self.from_ is not None or self.to is not None, self.country is not None]
        if sum(ways) != 1:
            raise ValueError("a holiday is given in one way; write `on:`, or `from:` and `to:`, or `country:`")
        if (self.from_ is None) != (self.to is None):
            raise ValueError("a range has a first and a last day; write both `from:` and `to:`")
        if self.from_ and self.to and (self.from_.year is None) != (self.to.year is None):
            raise ValueError("one end of the range is yearly, the other is not; write both with the year, or neither")
        if self.from_ and self.to and self.from_.year and self.to < self.from_:
            raise ValueError(f"the range ends on {self.to}, before it begins; swap `from:` and `to:`")
        if self.country is None and (self.subdivision or self.except_):
            raise ValueError("`subdivision` and `except` belong to a country; write `country:` too")
        return self

    def ranges(self) -> list[Range]:
        """The days that are written; none for a country."""
        if self.from_ and self.to:
            return [Range(self.from_, self.to)]
        return [Range(day, day) for day in self.on]


def _holiday(value: Any) -> Any:
    """`12-25` and `2026-12-24/2027-01-01` as people write them."""
    if isinstance(value, str):
        first, slash, last = value.partition("/")
        return {"from": first, "to": last} if slash else {"on": [value]}
    if isinstance(value, dict | HolidaySpec):
        return value
    raise ValueError(f"{shown(value)} is no holiday; write 12-25, 2026-12-24/2027-01-01, or `key: value` lines")


class OpeningSpec(Written):
    """A day with opening hours of its own, in place of those of the week."""

    name: str = Field("", max_length=128)
    """What people call it."""
    on: DayList = Field(min_length=1)
    """The dates, or yearly dates."""
    hours: Hours = Field(min_length=1)
    """When it is open, like `09:00-12:00`."""
    besides: bool = False
    """Besides the hours of the week instead of in their place."""


class BreakSpec(Written):
    """Time in which it is closed although the hours say otherwise: lunch, or one afternoon."""

    name: str = Field("", max_length=128)
    """What people call it."""
    every: Days = ()
    """The days of the week it is on; every day when neither this nor `on` is given."""
    on: DayList = Field(default_factory=list)
    """Dates instead, or yearly dates."""
    hours: Hours = Field(min_length=1)
    """From when to when, like `13:00-14:00`."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.every and self.on:
            raise ValueError("a break is weekly or on dates; write `every:` or `on:`, or two breaks")
        return self

    @property
    def weekdays(self) -> tuple[str, ...]:
        """The days of the week it is on; none when it is on dates."""
        return () if self.on else self.every or WEEKDAYS


class CalendarSpec(Written):
    """When somebody is at work: hours of the week, and the days that are different."""

    calendar: Identifier
    """What clocks and tiers call it."""
    name: str = Field("", max_length=128)
    """What people call it."""
    zone: Zone
    """The time zone whose wall clock the hours are."""
    hours: dict[DaysText, Hours] = Field(default_factory=dict)
    """By day: `monday-friday: 09:00-12:30, 13:30-18:00`. Days that are not named are closed; `22:00-06:00` ends the
    next morning; `every day: 00:00-24:00` is always open."""
    breaks: list[BreakSpec] = Field(default_factory=list)
    """Closed within the hours."""
    holidays: list[Annotated[HolidaySpec, BeforeValidator(_holiday, json_schema_input_type=str | HolidaySpec)]] = Field(
        default_factory=list
    )
    """Closed all day. `12-25` alone is a yearly one, `2026-12-24/2027-01-01` a range."""
    openings: list[OpeningSpec] = Field(default_factory=list)
    """Open on days, or at times, that are not in the hours of the week."""

    @field_validator("hours")
    @classmethod
    def _each_day_once(cls, value: dict[str, tuple[Span, ...]]) -> dict[str, tuple[Span, ...]]:
        by_day(value)
        return value

    @field_validator("calendar")
    @classmethod
    def _not_always(cls, value: str) -> str:
        if value == "always":
            raise ValueError("'always' is the calendar that is open around the clock; give yours another name")
        return value

    @property
    def week(self) -> dict[Weekday, tuple[Span, ...]]:
        """The hours of each day that has some."""
        return by_day(self.hours)
