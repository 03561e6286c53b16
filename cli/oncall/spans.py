"""From when until when: instants as people type them, on the wall clock of a schedule's or person's zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from cli.oncall.complaints import Complaints
from escalade.errors import DurationError, InstantError
from escalade.time.durations import parse_duration
from escalade.time.instants import format_instant, parse_instant
from escalade.time.zones import at_wall_clock

LATENESS: Final = timedelta(minutes=5)
"""A start so little in the past means now: somebody looked at a clock and typed."""
_ZONE: Final = re.compile(r"\s*\[([\w+\-/]+)\]$|\s+([A-Za-z][\w+\-/]+)$", re.ASCII)
"""The name of a zone behind a local time: `2026-12-24T18:00[Asia/Tokyo]`, as RFC 9557 writes it, or behind a space."""
_MIDNIGHT: Final = re.compile(r"(?<=^\d{4}-\d\d-\d\d[T ])24:00(:00)?(?!\d)")
"""The end of a day, as ISO 8601 may write the beginning of the next."""
_CLOCK: Final = re.compile(r"(\d?\d)(:\d\d(?::\d\d)?)", re.ASCII)
"""A time of day: 9:00, 18:00, and 18:00:30 as the timelines write it."""
LONGEST: Final = timedelta(days=5 * 366)
"""What lasts longer, or begins later, is a slip of the keyboard, or belongs into the configuration."""
_FORMS: Final = "Write 2026-12-24T18:00 (there), 18:00 (the next one there), 2026-12-24, now, or with an offset."


def span_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--from`, `--to` and `--for`."""
    begin = click.option(
        "--from", "begin", metavar="INSTANT", help="From then: 2026-12-24T18:00+01:00, or local.  [default: now]"
    )
    end = click.option("--to", "end", metavar="INSTANT", help="Until then (excluded).")
    length = click.option("--for", "length", metavar="DURATION", help="For so long: 90m, 8h, 2d.")
    return begin(end(length(function)))


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant (included) to another (excluded)."""

    start: datetime
    end: datetime


def read_span(
    complaints: Complaints,
    *,
    begin: str | None,
    end: str | None,
    length: str | None,
    zone: ZoneInfo,
    now: datetime,
    recurring: bool = False,
) -> Span | None:
    """Read a window that is not over yet.

    Args:
        complaints: takes what is wrong.
        begin: `--from`; now without it.
        end: `--to`.
        length: `--for`.
        zone: by whose wall clock local times are meant.
        now: the instant of asking.
        recurring: it is the first of several, and may be over: the others are counted from it.

    Returns:
        The window; None when something was wrong with it.
    """
    before = len(complaints)
    # Whole seconds, which is what calendars can say.
    now = now.replace(microsecond=0)
    start = now if begin is None else _read(complaints, "--from", begin, zone, now)
    if (end is None) == (length is None):
        complaints.add("It has no end." if end is None else "--to and --for cannot be combined.", "Give --to or --for.")
        stop = None
    elif end is not None:
        # A time of day means the first one behind the start, which may be past midnight.
        stop = _read(complaints, "--to", end, zone, now, after=start)
    else:
        stop = _add(complaints, length or "", start)
    if start is None or stop is None:
        return None
    if stop == start:
        complaints.add(f"It ends when it begins, at {format_instant(stop)}: nothing lies between.", "Give a later end.")
    elif stop < start:
        complaints.add(
            f"It ends ({format_instant(stop)}) before it begins ({format_instant(start)}).", "Turn them round."
        )
    elif recurring and start < now - LONGEST:
        complaints.add(f"It begins more than five years ago, at {format_instant(start)}.", "Look at the year.")
    elif stop <= now and not recurring:
        complaints.add(f"It is over already: it ends at {format_instant(stop)}.", "What was is not changed afterwards.")
    elif start < now - LATENESS and not recurring:
        mend = "What was is not changed afterwards; --from now begins now."
        complaints.add(f"It begins in the past, at {format_instant(start)}.", mend)
    elif start - now > LONGEST:
        complaints.add(f"It begins more than five years ahead, at {format_instant(start)}.", "Look at the year.")
    elif stop - start > LONGEST:
        mend = "Look at the year of its end; what is meant for good belongs into the configuration."
        complaints.add("It is longer than five years.", mend)
    return Span(start if recurring else max(start, now), stop) if len(complaints) == before else None


def read_local(text: str, zone: ZoneInfo, now: datetime, *, after: datetime | None = None) -> datetime:
    """Read an instant, on the wall clock of a zone unless it names an offset.

    Args:
        text: an ISO 8601 instant or local time, a date (its midnight), a time of day (the next one, with or
            without seconds), or `now`; with the name of another zone behind it (`2026-12-24T18:00 Asia/Tokyo`, or
            in brackets) on that wall clock.
        zone: whose wall clock.
        now: the instant of asking.
        after: a time of day is the next one behind this, instead of behind the instant of asking.

    Raises:
        InstantError: when it is none.
    """
    written = text.strip()
    if written.lower() == "now":
        return now
    if named := _ZONE.search(written):
        written, zone = written[: named.start()], _zone(text, named[1] or named[2])
    if written[-1:] == "z":
        written = written[:-1] + "Z"
    try:
        if clock := _CLOCK.fullmatch(written):
            return _next(time.fromisoformat(clock[1].zfill(2) + clock[2]), zone, now if after is None else after)
        if len(written) == 10:
            return at_wall_clock(datetime.combine(date.fromisoformat(written), time()), zone)
        midnight = _MIDNIGHT.sub("00:00", written)
        value = datetime.fromisoformat(midnight) + (midnight != written) * timedelta(days=1)
        written = value.isoformat()
    except ValueError:
        raise InstantError(f"{text!r} is not an instant.", mend=_FORMS) from None
    return at_wall_clock(value, zone) if value.tzinfo is None else parse_instant(written)


def is_local(text: str) -> bool:
    """Whether an instant is one of some wall clock only: it names neither an offset nor a zone."""
    written = text.strip()
    if written.lower() == "now" or _ZONE.search(written):
        return False
    try:
        return datetime.fromisoformat(written.replace("z", "Z")).tzinfo is None
    except ValueError:
        return True


def _zone(text: str, name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InstantError(f"{text!r} names no time zone that is known.", mend=_FORMS) from None


def _next(clock: time, zone: ZoneInfo, now: datetime) -> datetime:
    here = now.astimezone(zone).date()
    found = at_wall_clock(datetime.combine(here, clock), zone)
    return found if found > now else at_wall_clock(datetime.combine(here + timedelta(days=1), clock), zone)


def _read(
    complaints: Complaints, option: str, text: str, zone: ZoneInfo, now: datetime, *, after: datetime | None = None
) -> datetime | None:
    try:
        return read_local(text, zone, now, after=after)
    except InstantError as error:
        complaints.add(f"{option}: {error.message}", error.mend)
        return None


def _add(complaints: Complaints, length: str, start: datetime | None) -> datetime | None:
    try:
        return (start + parse_duration(length)) if start is not None else None
    except DurationError as error:
        complaints.add(f"--for: {error.message}", error.mend)
    except OverflowError:
        complaints.add(f"--for: {length} is too long.", "Give a date with --to.")
    return None
