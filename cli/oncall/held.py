"""Tickets that wait for somebody to be on duty: they are told when duty changed."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from escalade.errors import EscaladeError

if TYPE_CHECKING:
    from store import Store

_WITHIN = timedelta(seconds=8)


@dataclass(frozen=True, slots=True)
class Held:
    """What became of telling them."""

    waiting: int = 0
    told: int = 0
    why_not: str = ""
    """Why some were not told; empty when all were."""

    def __str__(self) -> str:
        """As people are told; empty when no ticket waits."""
        if not self.waiting:
            return ""
        tickets = "1 ticket that waits" if self.waiting == 1 else f"{self.waiting} tickets that wait"
        if not self.why_not:
            return f"{tickets} for somebody on duty: told to look again now."
        looks = "looks" if self.waiting == 1 else "look"
        return (
            f"{tickets} for somebody on duty could not be told now ({self.why_not.rstrip('.')}): {looks} again within "
            "a minute of a worker running, because the watch tells them."
        )


def tell_held(store: Store) -> Held:
    """Tell every ticket that is held to look at the roster again. Without one, Temporal is not asked for.

    The change is in the store whatever becomes of this; the watch of the workers tells those that were missed.
    """
    from store import TicketQuery

    waiting = sum(row.holding for row in store.tickets(TicketQuery(open_only=True)))
    if not waiting:
        return Held()
    try:
        told = asyncio.run(asyncio.wait_for(_wake(store), _WITHIN.total_seconds()))
    except EscaladeError as error:
        return Held(waiting, 0, error.message)
    except TimeoutError:
        return Held(waiting, 0, "Temporal does not answer")
    return Held(waiting, told, "" if told >= waiting else f"{waiting - told} did not take it")


async def _wake(store: Store) -> int:
    from cli.doors import settings
    from worker.client import ticket_client
    from worker.reload import wake_held

    async with ticket_client(settings(), dict(os.environ)) as tickets:
        return await wake_held(tickets.client, store)
