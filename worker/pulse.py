"""The pulse of a worker: a file that it touches each second, and whoever started it looks at."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from pathlib import Path
from typing import Final

PULSE: Final = timedelta(seconds=1)


async def beat(pulse: Path) -> None:
    """Touch the file for ever: this process is neither frozen nor stuck in its loop.

    In the loop and in no thread: threads may all be waiting for a store while the loop goes on paging.
    """
    while True:
        # A full disk is no reason to stop paging.
        with contextlib.suppress(OSError):
            pulse.touch()  # noqa: ASYNC240 - microseconds
        await asyncio.sleep(PULSE.total_seconds())


async def made(marker: Path) -> None:
    """Return when a worker has touched its file for the first time."""
    while not marker.exists():  # noqa: ASYNC110, ASYNC240 - another process makes it; looking takes microseconds
        await asyncio.sleep(0.05)


async def still(marker: Path, limit: timedelta) -> None:
    """Return when a worker's pulse has not beaten for a while; the time before its first beat is not counted.

    Counted in looks and not by the clock: a machine that slept, or had no time for us, had none for the worker either.
    """
    look = min(1.0, limit.total_seconds() / 10)
    last, missed = 0, 0.0
    while missed < limit.total_seconds():
        await asyncio.sleep(look)
        try:
            beat = marker.stat().st_mtime_ns  # noqa: ASYNC240 - looking takes microseconds
        except OSError:
            continue
        missed = missed + look if beat == last else 0.0
        last = beat
