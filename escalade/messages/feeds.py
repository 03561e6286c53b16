"""What a look at the calendar feeds of schedules gives."""

from __future__ import annotations

from pydantic import Field

from escalade.written import Sent


class FeedsReport(Sent):
    """What became of the feeds that were due."""

    looked_at: list[str] = Field(default_factory=list)
    """Schedules whose feed was read, or was tried."""
    changed: list[str] = Field(default_factory=list)
    """Those in which who is on duty may be another now."""
    failed: dict[str, str] = Field(default_factory=dict)
    """Those that could not be read, or were not taken as they are, and why."""
