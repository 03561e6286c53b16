"""Time as the rules need it: aware instants, durations people write, and (later) calendars and clocks."""

from __future__ import annotations

from escalade.time.durations import NEVER, Duration, Limit, format_duration, parse_duration
from escalade.time.instants import Instant, format_instant, parse_instant

__all__ = [
    "NEVER",
    "Duration",
    "Instant",
    "Limit",
    "format_duration",
    "format_instant",
    "parse_duration",
    "parse_instant",
]
