"""Rotations as people write them: who takes turns, and when a turn ends.

What they mean, instant by instant, is in `escalade.people.slots`.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from escalade.people.recurrence import Recurrence, check_rule
from escalade.people.steps import Every, Step
from escalade.time.durations import Duration
from escalade.time.zones import WEEKDAYS, Weekday, at_wall_clock, whole_weekday
from escalade.written import Identifier, Written, is_kept

NINE: Final = time(9)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _local(value: Any) -> Any:
    """`2026-01-05` is a day, `2026-01-05T09:00` an instant of that day: pydantic would make midnight of either."""
    if isinstance(value, datetime | date):
        return value
    text = value.strip() if isinstance(value, str) else ""
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{str(value)[:40]!r} is no date; write it like 2026-01-05 or 2026-01-05T09:00") from None


LocalTime = Annotated[
    datetime | date,
    BeforeValidator(_local),
    WithJsonSchema({"type": "string", "examples": ["2026-01-05", "2026-01-05T09:00"]}),
]
"""A day, or a time of one, on the wall clock of whoever reads it; a time with an offset is the instant it names."""


def on_wall_clock(value: date, zone: ZoneInfo, *, at: time = time(0)) -> datetime:
    """A written local time as naive wall-clock time.

    Args:
        value: a day, a local time, or an aware one.
        zone: whose wall clock is meant.
        at: the time of day where only a day is written.
    """
    if not isinstance(value, datetime):
        return datetime.combine(value, at)
    return value.astimezone(zone).replace(tzinfo=None) if value.tzinfo else value


def _names_offset(value: date) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None


def _wall_clock(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError(f"{value.isoformat()!r} names an offset; write the wall clock of the schedule's zone: 09:00")
    return value


class Handoff(Written):
    """When a turn changes hands, on the wall clock of the schedule's zone."""

    weekday: Weekday | None = None
    """The day of the week, where turns are weeks; Monday without it."""
    at: Annotated[time, AfterValidator(_wall_clock)] | None = None
    """The time of day; 09:00 without it, and midnight where turns are hours."""


def two_digits(clock: str) -> str:
    """A time of day whose hour is written with one digit, as ISO 8601 has it: `9:00` is `09:00`."""
    return f"0{clock}" if clock[1:2] == ":" else clock


def _handoff(value: Any) -> Any:
    """`monday 09:00`, `monday` or `09:00` as people write it."""
    if isinstance(value, dict) and not isinstance(value.get("at", ""), str | time):
        # Pydantic would read a bare 9 as nine seconds past midnight.
        raise ValueError("the time of day is a number; write it like 09:00")  # noqa: TRY004 - pydantic wants it
    if isinstance(value, str):
        day, _, clock = value.strip().lower().partition(" ")
        if day[:1].isdigit() and not clock:
            return {"at": two_digits(day)}
        return {"weekday": whole_weekday(day), **({"at": two_digits(clock.strip())} if clock else {})}
    return value


Member = Identifier | Annotated[list[Identifier], Field(min_length=1)]
"""Whose turn it is: a person of people.yaml, or several together."""


class Rotation(Written):
    """Members take turns, by local wall clock."""

    name: Identifier | None = None
    """What it is called, where a layer has several."""
    members: list[Member] = Field(min_length=1)
    """Persons of people.yaml, in the order of their turns; a list in the list takes its turn together."""
    start: LocalTime
    """A day, or an instant, in the first member's first turn; the rotation is defined before it too."""
    every: Every | None = None
    """The length of a turn: `12h`, `1 day`, `2 weeks`, `1 month`; a week without it."""
    weeks: int | None = Field(None, ge=1, le=52)
    """The length of a turn in weeks; the same as `every: N weeks`."""
    rrule: str | None = Field(None, min_length=1, max_length=500)
    """When turns begin, as an RFC 5545 recurrence rule: `FREQ=WEEKLY;BYDAY=MO,TH`. Instead of `every`."""
    handoff: Handoff | None = None
    """When a turn ends and the next begins, like `monday 09:00` or `09:00`; not with a `start` that says the time."""
    lasts: Duration | None = None
    """How long of its turn a member is on duty, on the wall clock; the whole of it without."""
    from_: LocalTime | None = Field(None, alias="from")
    """Nobody is on duty by this rotation before it; turns are counted all the same."""
    until: LocalTime | None = None
    """Nobody is on duty by this rotation from here on."""

    @field_validator("handoff", mode="before", json_schema_input_type=str | Handoff)
    @classmethod
    def _read_handoff(cls, value: Any) -> Any:
        return _handoff(value)

    @field_validator("members")
    @classmethod
    def _nobody_twice_together(cls, value: list[str | list[str]], info: ValidationInfo) -> list[str | list[str]]:
        for member in () if is_kept(info) else value:
            if isinstance(member, list) and len(set(member)) < len(member):
                raise ValueError(f"{', '.join(member)} are on duty together, and one of them is named twice")
        return value

    @field_validator("lasts")
    @classmethod
    def _of_some_length(cls, value: timedelta | None, info: ValidationInfo) -> timedelta | None:
        if value is not None and not is_kept(info) and value < timedelta(minutes=1):
            raise ValueError("lasts is shorter than a minute; leave it out where the whole turn is meant")
        return value

    @field_validator("rrule")
    @classmethod
    def _is_rule(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and not is_kept(info):
            check_rule(value)
        return value

    @model_validator(mode="after")
    def _fits_together(self, info: ValidationInfo) -> Rotation:
        if not is_kept(info):
            self._judge()
        if self.rrule is not None:
            Recurrence.read(self.rrule, on_wall_clock(self.start, ZoneInfo("UTC")))
        return self

    def _judge(self) -> None:
        lengths = [name for name in ("every", "weeks", "rrule") if getattr(self, name) is not None]
        if len(lengths) > 1:
            raise ValueError(f"{' and '.join(lengths)} say the same thing; write one of them")
        if isinstance(self.start, datetime) and self.handoff is not None:
            raise ValueError("start says the time already; give it a day alone, or leave handoff out")
        if self.handoff and self.handoff.weekday and (self.step is None or self.step.unit != "weeks"):
            raise ValueError("handoff names a weekday and turns are no weeks; write a time of day like 09:00")
        if not self.needs_zone:
            self.check_validity(ZoneInfo("UTC"))

    @property
    def needs_zone(self) -> bool:
        """Whether only somebody who knows the zone can compare `from` and `until`: one of them names an offset."""
        if self.from_ is None or self.until is None:
            return False
        return _names_offset(self.from_) is not _names_offset(self.until)

    def check_validity(self, zone: ZoneInfo) -> None:
        """Look whether there is anything between `from` and `until`.

        Args:
            zone: by whose wall clock it goes; any, unless `needs_zone`.

        Raises:
            ValueError: when nobody would ever be on duty.
        """
        if self.from_ is None or self.until is None:
            return
        begin, end = (at_wall_clock(on_wall_clock(one, zone), zone) for one in (self.from_, self.until))
        if end <= begin:
            raise ValueError("until is not later than from, so that nobody would ever be on duty; turn them round")

    @property
    def step(self) -> Step | None:
        """The length of a turn; None where a rule says when turns begin."""
        if self.rrule is not None:
            return None
        return self.every or Step(self.weeks or 1, "weeks")

    @property
    def turns(self) -> list[tuple[str, ...]]:
        """Who is on duty together in each turn, in order."""
        return [(member,) if isinstance(member, str) else tuple(member) for member in self.members]

    @property
    def title(self) -> str:
        """What to call it in a sentence: `weekly rotation`, `rotation nights`."""
        if self.name:
            return f"rotation {self.name}"
        if self.step is None:
            return "custom rotation"
        return f"{self.step.adjective} rotation" if self.step.adjective else f"rotation of {self.step}"

    def anchor(self, zone: ZoneInfo) -> datetime:
        """The naive local time at which the first member's first turn begins.

        Args:
            zone: of the schedule.
        """
        hours = self.step is not None and self.step.unit in ("hours", "minutes")
        at = (self.handoff.at if self.handoff else None) or (time(0) if hours else NINE)
        first = on_wall_clock(self.start, zone, at=at)
        if isinstance(self.start, datetime) or self.step is None or self.step.unit != "weeks":
            return first
        # The week that contains `start` began on the handoff's weekday on or before it.
        weekday = WEEKDAYS.index((self.handoff.weekday if self.handoff else None) or "monday")
        return first - timedelta(days=(first.weekday() - weekday) % 7)
