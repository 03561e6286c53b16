"""The pinned calendar: what a ticket keeps of a calendar, so that it never asks for time zones or holidays again.

It holds the pattern (hours of the week on the wall clock), the dates that break it, and the offsets of the zone for
a horizon. It is part of workflow history: a few kilobytes, and it only ever grows by fields with defaults.
`docs/adr/0015-pinned-calendars.md` says why it is not a list of segments.
"""

from __future__ import annotations

import hashlib
from datetime import date
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from escalade.time.hours import Span
from escalade.time.instants import Instant


class Offset(NamedTuple):
    """From this instant on, the wall clock is so far ahead of UTC."""

    at: int
    """Seconds since 1970 in UTC."""
    ahead: int
    """Seconds; negative west of Greenwich."""


class Closure(NamedTuple):
    """Days on which no opening hours begin."""

    first: date
    last: date
    """The last of them; the same as the first for one day."""
    name: str = ""


class Opening(NamedTuple):
    """A day with hours of its own."""

    on: date
    hours: tuple[Span, ...]
    besides: bool = False
    """Besides the hours of the week, not in their place."""
    name: str = ""


class DatedBreak(NamedTuple):
    """A time at which one day is closed."""

    on: date
    hours: tuple[Span, ...]
    name: str = ""


Seven = tuple[tuple[Span, ...], ...]
"""Spans of each weekday, Monday first."""
NO_WEEK: Seven = ((),) * 7


class PinnedCalendar(BaseModel):
    """A calendar as a ticket lives by it."""

    model_config = ConfigDict(frozen=True)

    name: str
    zone: str
    """Only told; nothing looks it up."""
    digest: str = ""
    """SHA-256 of everything else, hex: equal digests, equal answers."""
    version: str = ""
    """SHA-256 of the calendar as it is written: the same from day to day while nobody changes it."""
    since: Instant
    until: Instant
    """The horizon: nothing is answered outside of it."""
    offsets: tuple[Offset, ...]
    """The first is that of the beginning."""
    weekly: Seven = NO_WEEK
    closures: tuple[Closure, ...] = ()
    openings: tuple[Opening, ...] = ()
    weekly_breaks: Seven = NO_WEEK
    breaks: tuple[DatedBreak, ...] = ()

    def sealed(self) -> PinnedCalendar:
        """The same with its digest."""
        return self.model_copy(update={"digest": digest_of(self.model_dump_json(exclude={"digest"}))})


def digest_of(text: str) -> str:
    """SHA-256 of a text, hex."""
    return hashlib.sha256(text.encode()).hexdigest()
