"""The rhythm on which calendar feeds are read: a schedule of Temporal's own, there while some schedule has a feed."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from temporalio.client import Client
from temporalio.service import RPCError

from escalade.people import Roster
from worker.connection import call_failed
from worker.watch import ensure, on_rhythm, remove

_LOG = logging.getLogger(__name__)

FEEDS: Final = "escalade-feeds"
_SHORTEST: Final = timedelta(minutes=1)
_LONGEST: Final = timedelta(minutes=15)
"""Feeds that are read more rarely are not due each time; one that failed is."""


async def schedule_feeds(client: Client, roster: Roster) -> bool:
    """Make Temporal start the reading of feeds on the shortest of their rhythms, and once now.

    Every worker may do it, and again.

    Args:
        client: a worker's client.
        roster: whose schedules may have feeds; without one the rhythm is taken away.

    Returns:
        Whether there is a feed.

    Raises:
        UnreachableError: when Temporal does not take it.
    """
    rhythms = [schedule.feed.refresh for schedule in roster.schedules.values() if schedule.feed is not None]
    try:
        if not rhythms:
            await remove(client, FEEDS)
            return False
        every = min(max(min(rhythms), _SHORTEST), _LONGEST)
        await ensure(client, FEEDS, on_rhythm("FeedsWorkflow", "watch/feeds", [], every))
        # A schedule that has just got its feed knows nobody until it is read.
        await client.get_schedule_handle(FEEDS).trigger(rpc_timeout=timedelta(seconds=5))
    except RPCError as error:
        raise call_failed(client, error) from error
    return True
