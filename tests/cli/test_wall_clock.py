"""Times of day at the command line, read on the clock of the machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cli.wall_clock import read_past, read_until
from escalade.errors import InstantError

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def clock(at: datetime) -> str:
    return f"{at.astimezone():%H:%M:%S}"


@pytest.mark.parametrize("away", [timedelta(seconds=15), timedelta(hours=3, seconds=30)])
def test_a_time_of_day_is_read_with_seconds_as_timelines_write_it(away: timedelta) -> None:
    assert read_past(clock(NOW - away), now=NOW) == NOW - away
    assert read_until(clock(NOW + away), now=NOW) == NOW + away
    assert read_past(clock(NOW - away)[:5], now=NOW).second == 0


@pytest.mark.parametrize("text", ["24:00:00", "08:30:61", "8:3", "08:30:1"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    for read in (read_past, read_until):
        with pytest.raises(InstantError):
            read(text, now=NOW)
