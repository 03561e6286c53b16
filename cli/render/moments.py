"""Instants for people: how far away, and what a clock on the wall would show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

_INSTANT = re.compile(r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z")


@dataclass(frozen=True, slots=True)
class Moments:
    """Writes instants as seen from `now`, on the wall clock of a zone."""

    now: datetime
    zone: tzinfo | None = None
    """None is the machine's own zone."""

    def local(self, at: datetime) -> datetime:
        """The instant on the wall clock of the zone."""
        return at.astimezone(self.zone)

    def clock(self, at: datetime) -> str:
        """`14:02:11`, with the date when it is another day."""
        there = self.local(at)
        today = self.local(self.now).date()
        return f"{there:%H:%M:%S}" if there.date() == today else f"{there:%Y-%m-%d %H:%M:%S}"

    def relative(self, at: datetime) -> str:
        """`in 4m10s`, `12m ago`, `now`."""
        away = at - self.now
        if abs(away) < timedelta(seconds=1):
            return "now"
        return f"in {rough(away)}" if away > timedelta(0) else f"{rough(-away)} ago"

    def both(self, at: datetime) -> str:
        """`in 4m10s (14:06:21)`."""
        return f"{self.relative(at)} ({self.clock(at)})"

    def localised(self, text: str) -> str:
        """A text with its instants on the clock the reader chose.

        What is kept for good names instants in UTC; a reader should not have to convert them.
        """
        return _INSTANT.sub(lambda found: self.clock(datetime.fromisoformat(found[0])), text)

    @property
    def zone_name(self) -> str:
        """`UTC`, `CET (UTC+01:00)`, `UTC-03:00` where the zone has no name of its own."""
        here = self.local(self.now)
        if here.utcoffset() == timedelta(0):
            return "UTC"
        offset = f"{here:%z}"
        offset = f"UTC{offset[:3]}:{offset[3:5]}"
        name = here.tzname() or ""
        return f"{name} ({offset})" if name.isalpha() else offset


def moments(now: datetime, *, utc: bool) -> Moments:
    """The machine's wall clock, or UTC."""
    return Moments(now, UTC if utc else None)


def rough(length: timedelta) -> str:
    """A length in its two largest units: `4m10s`, `2h5m`, `3d4h`. Short enough for a table."""
    seconds = int(length.total_seconds())
    if seconds < 60:
        return f"{seconds}s"
    for large, small, size, part in (("m", "s", 60, 1), ("h", "m", 3600, 60), ("d", "h", 86400, 3600)):
        if seconds < size * (60 if large == "m" else 24 if large == "h" else 10**6):
            whole, rest = divmod(seconds, size)
            rest //= part
            return f"{whole}{large}{rest}{small}" if rest else f"{whole}{large}"
    raise AssertionError("days are the largest unit")
