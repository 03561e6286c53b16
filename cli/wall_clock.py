"""Instants as people type them: ISO 8601 with an offset, or a time on the local wall clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Final

from escalade.errors import InstantError

_CLOCK: Final = re.compile(r"(\d+):(\d\d)(?::(\d\d))?", re.ASCII)
"""A time of day: 8:30, 17:00, and 17:00:30 as the timelines write it."""


def read_until(text: str, *, now: datetime) -> datetime:
    """Read the end of something that begins now.

    Args:
        text: `17:30` or `17:30:15` (the next one on the local wall clock), `2026-03-01T09:00` (local), or with an
            offset.
        now: the instant of asking.

    Returns:
        The instant, in UTC.

    Raises:
        InstantError: when it is none, or not later than now.
    """
    written = text.strip()
    clock = _clock(written)
    if clock is not None:
        here = now.astimezone()
        found = _local(datetime.combine(here.date(), clock))
        if found <= now:
            found = _local(datetime.combine(here.date() + timedelta(days=1), clock))
        return found
    try:
        value = datetime.fromisoformat(written)
    except ValueError:
        raise InstantError(f"{text!r} is not an instant.", mend="Write 17:30, or 2026-03-01T09:00+01:00.") from None
    found = _local(value) if value.tzinfo is None else value.astimezone(UTC)
    if found <= now:
        raise InstantError(f"{text!r} is past.", mend="Give an end that is still to come, or --for 2h.")
    return found


def read_past(text: str, *, now: datetime) -> datetime:
    """Read when something happened.

    Args:
        text: `14:05` or `14:05:30` (the last one on the local wall clock), `2026-03-01T09:00` (local), or with an
            offset.
        now: the instant of asking.

    Returns:
        The instant, in UTC.

    Raises:
        InstantError: when it is none, or later than now.
    """
    written = text.strip()
    clock = _clock(written)
    if clock is not None:
        here = now.astimezone()
        found = _local(datetime.combine(here.date(), clock))
        return found if found <= now else _local(datetime.combine(here.date() - timedelta(days=1), clock))
    try:
        value = datetime.fromisoformat(written)
    except ValueError:
        raise InstantError(f"{text!r} is not an instant.", mend="Write 14:05, or 2026-03-01T09:00+01:00.") from None
    found = _local(value) if value.tzinfo is None else value.astimezone(UTC)
    if found > now:
        raise InstantError(f"{text!r} is still to come.", mend="Give an instant that has passed.")
    return found


def _clock(text: str) -> time | None:
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    try:
        return time(int(found[1]), int(found[2]), int(found[3] or 0))
    except ValueError:
        raise InstantError(f"{text!r} is not a time of day.", mend="Write it like 08:30 or 17:00.") from None


def _local(naive: datetime) -> datetime:
    # A naive datetime's astimezone() reads it on the machine's wall clock, which is what is meant.
    return naive.astimezone().astimezone(UTC)
