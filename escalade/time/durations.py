"""Durations as people write them: `90s`, `5m`, `1h30m`, `2d`, or ISO 8601 (`PT15M`)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from escalade.errors import DurationError

NEVER: Final = "never"
LONGEST: Final = timedelta(days=3660)

_UNITS: Final = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_WRITTEN = re.compile(r"(\d+(?:\.\d+)?)(w|d|h|m|s)")
_ISO = re.compile(
    r"P(?:(?P<w>\d+(?:\.\d+)?)W)?(?:(?P<d>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<h>\d+(?:\.\d+)?)H)?(?:(?P<m>\d+(?:\.\d+)?)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)
_MEND: Final = "Write it like 90s, 5m, 1h30m, 2d or PT15M."


def parse_duration(value: object) -> timedelta:
    """Read a duration.

    Args:
        value: `90s 5m 4h 2d 1w`, sums of them (`1h30m`, `1h 30m`), ISO 8601 without years or months, or a timedelta.

    Raises:
        DurationError: for anything else: bare numbers (no unit), negatives, business days outside a business
            calendar, and more than ten years.
    """
    if isinstance(value, timedelta):
        found = value
    elif not isinstance(value, str):
        raise DurationError(f"{_shown(value)} is not a duration.", mend=_MEND)
    else:
        try:
            found = _parse_text(value)
        except OverflowError:
            found = timedelta.max
    if found < timedelta(0):
        raise DurationError(f"{_shown(value)} is negative.", mend="A duration here counts forward.")
    if found > LONGEST:
        raise DurationError(f"{_shown(value)} is longer than ten years.", mend="Write a shorter one.")
    return found


def _shown(value: object) -> str:
    """What was written, short enough for a sentence."""
    if not isinstance(value, str | int | float | timedelta | None):
        return f"a {type(value).__name__}"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


def _parse_text(text: str) -> timedelta:
    squeezed = "".join(text.split())
    if squeezed.endswith("bd"):
        raise DurationError(
            f"{_shown(text)} counts business days.", mend="They need a calendar: write days (2d) or hours."
        )
    if squeezed and (iso := _ISO.fullmatch(squeezed.upper())) and any(iso.groupdict().values()):
        return timedelta(seconds=sum(float(n) * _UNITS[u] for u, n in iso.groupdict().items() if n))
    parts = _WRITTEN.findall(squeezed)
    if not parts or "".join(n + u for n, u in parts) != squeezed:
        hint = "It has no unit." if squeezed.isdigit() else ""
        raise DurationError(f"{_shown(text)} is not a duration. {hint}".rstrip(), mend=_MEND)
    return timedelta(seconds=sum(float(n) * _UNITS[u] for n, u in parts))


def format_duration(value: timedelta) -> str:
    """Write a duration the way people write it, without loss: `1h30m`, `2d`, `0s`, `1.5s`."""
    total = value.total_seconds()
    sign, total = ("-", -total) if total < 0 else ("", total)
    out = []
    for unit in ("d", "h", "m"):
        count, total = divmod(total, _UNITS[unit])
        if count:
            out.append(f"{int(count)}{unit}")
    if total or not out:
        out.append(f"{total:.6f}".rstrip("0").rstrip(".") + "s")
    return sign + "".join(out)


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["90s", "5m", "1h30m", "2d", "PT15M"]}),
]
"""A pydantic field type: a length of time, zero or more."""


def _limit(value: Any) -> Any:
    return NEVER if value == NEVER else parse_duration(value)


Limit = Annotated[
    timedelta | Literal["never"],
    BeforeValidator(_limit),
    PlainSerializer(lambda v: v if v == NEVER else format_duration(v), return_type=str),
    WithJsonSchema({"type": "string", "examples": ["15m", "never"]}),
]
"""A pydantic field type: a duration, or `never`."""
