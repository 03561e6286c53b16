"""Hours of a day as people write them: `09:00-12:30`, `22:00-06:00`, `00:00-24:00`, and the days they are for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

from escalade.time.zones import WEEKDAYS, Weekday, whole_weekday
from escalade.written import shown

DAY: Final = 86400
"""Seconds of a day on the wall clock."""

Span = tuple[int, int]
"""From and to, in seconds of the wall clock since the midnight a day begins with; past 86400 is the next day."""

_SPAN = re.compile(r"(?P<start>[0-9:h]+)\s*(?:-|–|—|to)\s*(?P<end>[0-9:h]+)", re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,2})(?:[:h](\d{2})(?::(\d{2}))?|h)?", re.IGNORECASE)
_LIKE: Final = "write it like 09:00-12:30, 22:00-06:00 or 00:00-24:00"
_LAST_MINUTE: Final = (23 * 3600 + 59 * 60, DAY - 1)
"""23:59 and 23:59:59: how other systems write 24:00."""

_GROUPS: Final[dict[str, tuple[Weekday, ...]]] = {
    "every day": WEEKDAYS,
    "everyday": WEEKDAYS,
    "daily": WEEKDAYS,
    "weekdays": WEEKDAYS[:5],
    "weekend": WEEKDAYS[5:],
    "weekends": WEEKDAYS[5:],
}
_DAYS: Final = "write monday … sunday, a range like monday-friday, a list like monday, thursday, or every day"


def parse_spans(value: object) -> tuple[Span, ...]:
    """Read the open hours of a day.

    Args:
        value: `09:00-12:30`, several with commas or as a list; `closed` or an empty list is no hours. An end at or
            before its start is on the next day. 23:59 as an end means 24:00.

    Returns:
        The spans in order; those that touch or overlap are one.

    Raises:
        ValueError: when something is no hours.
    """
    if value == "closed" or value is None:
        return ()
    if isinstance(value, str):
        return united(_span(part.strip()) for part in value.split(","))
    if isinstance(value, list | tuple):
        return united(_read(part) for part in value)
    raise ValueError(f"{shown(value)} is no hours; {_LIKE}")


def _read(value: object) -> Span:
    if isinstance(value, str):
        return _span(value.strip())
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(part, int) for part in value):
        return value
    raise ValueError(f"{shown(value)} is no hours; {_LIKE}")


def _span(text: str) -> Span:
    written = _SPAN.fullmatch(text)
    if written is None:
        raise ValueError(f"{text!r} is no hours; {_LIKE}")
    start, end = _clock(written["start"]), _clock(written["end"])
    if start is None or start >= DAY or end is None:
        raise ValueError(f"{text!r} names no time of day; {_LIKE}, from 00:00 to 24:00")
    if end in _LAST_MINUTE:
        end = DAY
    if start == end:
        raise ValueError(f"{text!r} lasts no time; the whole day is 00:00-24:00")
    return start, end if end > start else end + DAY


def _clock(text: str) -> int | None:
    """Seconds since midnight, 24:00 included; None when it is no time of day."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = hours * 3600 + minutes * 60 + seconds
    return total if minutes < 60 and seconds < 60 and total <= DAY else None


def united(spans: Any) -> tuple[Span, ...]:
    """Spans in order, those that touch or overlap joined, empty ones left out."""
    out: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return tuple(out)


def without(spans: tuple[Span, ...], removed: tuple[Span, ...]) -> tuple[Span, ...]:
    """Spans less other spans; both in order and disjoint."""
    out: list[Span] = []
    for start, end in spans:
        here = start
        for gone, back in removed:
            if back <= here or gone >= end:
                continue
            if gone > here:
                out.append((here, gone))
            here = max(here, back)
        if here < end:
            out.append((here, end))
    return tuple(out)


def format_clock(seconds: int) -> str:
    """A time of day as people write it: `09:00`, `24:00`; past midnight of the next day from 00:01 again."""
    within = seconds if seconds <= DAY else seconds - DAY
    hours, rest = divmod(within, 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours:02}:{minutes:02}" + (f":{second:02}" if second else "")


def format_span(span: Span) -> str:
    """A span as people write it: `09:00-12:30`."""
    return f"{format_clock(span[0])}-{format_clock(span[1])}"


def parse_days(text: str) -> tuple[Weekday, ...]:
    """Read days of the week: `monday`, `mon-fri`, `saturday-monday`, `monday, thursday`, `every day`, `weekend`.

    Raises:
        ValueError: when something is no day.
    """
    out: list[Weekday] = []
    for part in text.lower().split(","):
        words = " ".join(part.split())
        if words in _GROUPS:
            out += _GROUPS[words]
            continue
        first, dash, last = (word.strip() for word in re.sub("[–—]", "-", words).partition("-"))
        begin, end = _day(first, text), _day(last if dash else first, text)
        out += [WEEKDAYS[n % 7] for n in range(begin, end + 1 if end >= begin else end + 8)]
    return tuple(dict.fromkeys(out))


def _day(word: str, text: str) -> int:
    day = whole_weekday(word)
    if day not in WEEKDAYS:
        raise ValueError(f"{text!r} is no day of the week; {_DAYS}")
    return WEEKDAYS.index(day)


def by_day(hours: Mapping[str, tuple[Span, ...]]) -> dict[Weekday, tuple[Span, ...]]:
    """The hours of each day, from hours by groups of days.

    Raises:
        ValueError: when a day is given twice.
    """
    out: dict[Weekday, tuple[Span, ...]] = {}
    given: dict[Weekday, str] = {}
    for key, spans in hours.items():
        for day in parse_days(key):
            if day in given:
                raise ValueError(f"{day} is in {given[day]!r} and in {key!r}; give each day once")
            given[day], out[day] = key, spans
    return out


def _days_text(value: str) -> str:
    parse_days(value)
    return value


def _write_spans(spans: tuple[Span, ...]) -> list[str]:
    return [format_span(span) for span in spans]


_HOURS_SCHEMA: Final = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    "examples": ["09:00-12:30, 13:30-18:00", "22:00-06:00", "00:00-24:00", "closed"],
}

Hours = Annotated[
    tuple[Span, ...],
    BeforeValidator(parse_spans),
    PlainSerializer(_write_spans, return_type=list[str]),
    WithJsonSchema(_HOURS_SCHEMA),
]
"""A pydantic field type: the open hours of a day."""

DaysText = Annotated[str, AfterValidator(_days_text)]
"""A pydantic field type: days of the week, kept as they are written."""

Days = Annotated[
    tuple[Weekday, ...],
    BeforeValidator(lambda value: parse_days(value) if isinstance(value, str) else value),
    PlainSerializer(", ".join, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["every day", "monday-friday", "monday, thursday"]}),
]
"""A pydantic field type: days of the week."""
