"""Budgets: an amount of business time, in business days and hours: `4h`, `5bd`, `1bd 4h`, `-8h`, `2d`, `PT8H`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from escalade.errors import DurationError
from escalade.time.durations import format_duration, parse_duration

MOST_DAYS: Final = 3660
"""Business days of one budget."""

_MEND: Final = "Write it like 4h, 5bd, 1bd 4h, -8h or PT8H."
_SIGN = re.compile(r"\s*([+\-−])\s*")
_BUSINESS_DAYS = re.compile(r"(\d+)\s*bd\b|(\d+)\s*bd(?=\d)", re.IGNORECASE)
_PLAIN_DAYS = re.compile(r"\d\s*[dw]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Budget:
    """Business days and time of a calendar; the days are stepped first. Both have the same sign."""

    days: int = 0
    """Business days: they keep the time of day."""
    time: timedelta = timedelta(0)
    """Open time: `2d` is 48 h of it."""
    written: str = field(default="", compare=False)
    """As a person wrote it."""

    def __post_init__(self) -> None:
        if self.days * self.time < timedelta(0):
            raise DurationError("Business days and time of a budget point the same way.", mend=_MEND)

    @property
    def negative(self) -> bool:
        """Whether it walks back. Nothing can, too: `-0h` in closed time is the last close, `0h` the next opening."""
        return self.days < 0 or self.time < timedelta(0) or (self.empty and self.written.startswith(("-", "−")))

    @property
    def empty(self) -> bool:
        """Whether it is nothing."""
        return not self.days and not self.time

    @property
    def day_unit(self) -> bool:
        """Whether it counts in business days; nothing at all does, too: it is today."""
        return bool(self.days) or not self.time

    def __neg__(self) -> Budget:
        return Budget(-self.days, -self.time)

    def __str__(self) -> str:
        sign = "-" if self.negative else ""
        days = f"{abs(self.days)}bd" if self.days else ""
        time = format_duration(abs(self.time)) if self.time or not self.days else ""
        return f"{sign}{days}{' ' if days and time else ''}{time}"

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            parse_budget, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "examples": ["4h", "5bd", "1bd 4h", "-8h", "PT8H"]}


def parse_budget(value: object) -> Budget:
    """Read a budget.

    Args:
        value: durations as `parse_duration` reads them, business days `5bd`, both (`1bd 4h`), a sign before all of
            it (`-8h`, `+3bd`), a timedelta, or a budget.

    Raises:
        DurationError: for anything else, and for more than ten years.
    """
    if isinstance(value, Budget):
        return value
    if isinstance(value, timedelta):
        return Budget(time=value)
    if not isinstance(value, str):
        raise DurationError(f"{value!r:.80} is not a duration.", mend=_MEND)
    signed = _SIGN.match(value)
    back = signed is not None and signed[1] != "+"
    rest = value[signed.end() :] if signed else value
    days = [int(found[1] or found[2]) for found in _BUSINESS_DAYS.finditer(rest)]
    time = _BUSINESS_DAYS.sub(" ", rest).strip() if len(days) <= 1 else rest
    if days and days[0] > MOST_DAYS:
        raise DurationError(f"{value!r:.80} is more than {MOST_DAYS} business days.", mend="Write a shorter one.")
    if days and not rest.strip()[0].isdigit():
        raise DurationError(f"{value!r:.80} is not a duration.", mend=_MEND)
    try:
        length = parse_duration(time) if time or not days else timedelta(0)
    except DurationError as wrong:
        what = wrong.message.replace(repr(time), repr(value), 1)
        raise DurationError(what, mend=wrong.mend if "longer" in what else _MEND) from None
    sign = -1 if back else 1
    return Budget(sign * sum(days), sign * length, value.strip())


def _forward(budget: Budget) -> Budget:
    if budget.negative:
        raise DurationError(f"{str(budget)!r} is negative.", mend="A duration here counts forward.")
    return budget


Target = Annotated[Budget, AfterValidator(_forward)]
"""A pydantic field type: a budget of zero or more, as the targets of clocks are."""


def doubtful_days(budget: Budget, *, around_the_clock: bool) -> str | None:
    """What to ask about plain days where business days may be meant; None when nothing is doubtful (decision 23).

    Args:
        budget: as it was written.
        around_the_clock: whether the calendar it is counted in is open all the time.
    """
    if around_the_clock or not _PLAIN_DAYS.search(budget.written.removeprefix("P")) or "bd" in budget.written.lower():
        return None
    hours = format_hours(budget.time)
    return f"{budget.written!r} is {hours} of open time in a business calendar; did you mean bd (business days)?"


def format_hours(length: timedelta) -> str:
    """Open time without days, since a day of it is no day of the calendar: `49h30m`, `15m`, `-2h`."""
    total = abs(length)
    hours, rest = divmod(total, timedelta(hours=1))
    below = format_duration(rest) if rest or not hours else ""
    return f"{'-' if length < timedelta(0) else ''}{f'{hours}h' if hours else ''}{below}"
