"""Steps of a rotation: how far apart its handoffs are, on the wall clock."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

Unit = Literal["minutes", "hours", "days", "weeks", "months"]

_WORDS: Final[dict[str, Unit]] = {
    **dict.fromkeys(("m", "min", "minute", "minutes"), "minutes"),
    **dict.fromkeys(("h", "hour", "hours"), "hours"),
    **dict.fromkeys(("d", "day", "days"), "days"),
    **dict.fromkeys(("w", "week", "weeks"), "weeks"),
    **dict.fromkeys(("mo", "month", "months"), "months"),
}
_NAMED: Final[dict[str, Unit]] = {"hourly": "hours", "daily": "days", "weekly": "weeks", "monthly": "months"}
_IN_ISO: Final[dict[str, Unit]] = {"W": "weeks", "D": "days", "M": "months"}
_IN_ISO_TIME: Final[dict[str, Unit]] = {"H": "hours", "M": "minutes"}
_WRITTEN: Final = re.compile(r"(\d{0,5}) ?([a-z]+)", re.ASCII)
_ISO: Final = re.compile(r"P(?:(\d{1,5})([DWM])|T(\d{1,5})([HM]))", re.ASCII)
_MOST: Final[dict[Unit, int]] = {"minutes": 60 * 24 * 366, "hours": 24 * 366, "days": 366, "weeks": 104, "months": 24}
_ALLOWED: Final = "write it like 12h, 1 day, 2 weeks or 1 month, or hourly, daily, weekly, monthly"


class Step(NamedTuple):
    """So many hours, days, weeks or months: a month is a month of the calendar, whatever its length."""

    number: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.number} {self.unit.removesuffix('s') if self.number == 1 else self.unit}"

    @property
    def adjective(self) -> str:
        """`weekly` and the like; empty where there is no such word."""
        return next((word for word, unit in _NAMED.items() if self == (1, unit)), "")


def parse_step(value: object) -> Step:
    """Read a step.

    Args:
        value: `12h`, `1 day`, `2 weeks`, `monthly`, `P1M`.

    Raises:
        ValueError: for anything else, nothing at all, and more than two years.
    """
    if isinstance(value, Step):
        return value
    text = value.strip() if isinstance(value, str) else ""
    found = _read(text)
    if found is None:
        raise ValueError(f"{str(value)[:40]!r} is no step of a rotation; {_ALLOWED}")
    if not 1 <= found.number <= _MOST[found.unit]:
        raise ValueError(f"a step of {found} is none; it is at least one minute and at most two years long")
    return found


def _read(text: str) -> Step | None:
    if text.lower() in _NAMED:
        return Step(1, _NAMED[text.lower()])
    if found := _WRITTEN.fullmatch(text.lower()):
        unit = _WORDS.get(found[2])
        return Step(int(found[1] or 1), unit) if unit else None
    if found := _ISO.fullmatch(text.upper()):
        units, count, letter = (_IN_ISO, found[1], found[2]) if found[1] else (_IN_ISO_TIME, found[3], found[4])
        return Step(int(count), units[letter])
    return None


def _validate(value: Any) -> Step:
    return parse_step(value)


Every = Annotated[
    Step,
    PlainValidator(_validate),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["weekly", "12h", "1 day", "2 weeks", "1 month"]}),
]
"""A pydantic field type: the step of a rotation."""
