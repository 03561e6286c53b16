"""The heartbeat of an activity: by it the server learns that it lives, and it learns that it is to stop."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from temporalio import activity

BEAT: Final = timedelta(seconds=1)
"""Its rhythm: a page has to stop within 3 s (decision 7)."""


async def heartbeat() -> None:
    """Beat until cancelled; at once over outside an activity."""
    while activity.in_activity():
        activity.heartbeat()
        await asyncio.sleep(BEAT.total_seconds())
