"""Time zones and their wall clocks."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def whole_weekday(word: str) -> str:
    """The whole name of a day of the week that is written short: `mon` is `monday`; anything else stays as it is."""
    return next((day for day in WEEKDAYS if len(word) >= 3 and day.startswith(word)), word)


@functools.cache
def _zones() -> frozenset[str]:
    # Asked once: it looks through some 600 files.
    return frozenset(available_timezones())


def _zone(name: str) -> str:
    if name not in _zones():
        raise ValueError(f"{name!r} is not an IANA time zone; write it like Europe/Paris")
    return name


Zone = Annotated[str, AfterValidator(_zone)]
"""The name of an IANA time zone."""


def at_wall_clock(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a naive local time: the first of two, or the first existing one after a gap.

    Args:
        local: naive wall-clock time.
        zone: the zone whose wall clock is meant.

    Returns:
        The instant, in UTC.
    """
    instant = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local:
        return instant
    # The time was skipped. fold=0 read it with the offset before the gap, so the gap ends at the transition
    # between the two readings; PEP 495 puts that transition where the later offset begins.
    late = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    low, high = min(instant, late), max(instant, late)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset():
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
