"""Instants: absolute, aware, UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

from escalade.errors import InstantError


def _to_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("it lies outside the years 1 to 9999") from None


Instant = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A pydantic field type: an aware datetime, kept in UTC. A naive one is refused."""


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant that names its offset (`2026-03-01T09:00:00+01:00`, `…Z`).

    Returns:
        The instant in UTC.

    Raises:
        InstantError: when the text is no instant, or names no offset.
    """
    try:
        value = datetime.fromisoformat(text.strip())
        if value.tzinfo is not None:
            return value.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InstantError(
            f"{text!r} is not an instant.",
            mend="Write it like 2026-03-01T09:00:00+01:00 or 2026-03-01T08:00Z.",
        ) from None
    raise InstantError(f"{text!r} names no time zone.", mend="Add an offset: Z, +01:00, …")


def format_instant(value: datetime) -> str:
    """Write an instant as ISO 8601 in UTC with a trailing Z, to the second where it is whole."""
    utc = value.astimezone(UTC)
    spec = "seconds" if utc.microsecond == 0 else "milliseconds"
    return utc.isoformat(timespec=spec).replace("+00:00", "Z")
