"""Turns: so many at once, the most urgent of those who wait first.

In a storm what waits inside a worker is out of the server's reach: its priorities end where a slot is taken. So who
waits in here, for the store or for a thread of a channel, is put in order again.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

CALM: Final = 9
"""The rank of what says nothing of itself."""

urgency: Final[contextvars.ContextVar[int]] = contextvars.ContextVar("urgency", default=CALM)
"""How urgent what runs here is: the lower, the sooner. Tasks inherit it from whoever made them."""


class Turns:
    """A semaphore whose waiters are ordered by urgency, and by their arrival among equals."""

    def __init__(self, most: int) -> None:
        """Args: most: how many have their turn at once."""
        self._free = most
        self._arrivals = itertools.count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []

    @property
    def are_taken(self) -> bool:
        """Whether whoever comes now has to wait."""
        return not self._free

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it for the length of the block."""
        await self.take()
        try:
            yield
        finally:
            self.pass_on()

    async def take(self) -> None:
        """Wait for a turn; whoever has it has to pass it on. Nobody has it when this is cancelled."""
        if self._free:
            self._free -= 1
            return
        call: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (urgency.get(), next(self._arrivals), call))
        try:
            await call
        except asyncio.CancelledError:
            if call.done() and not call.cancelled():
                self.pass_on()  # it was called in the very instant in which it went away
            raise

    def pass_on(self) -> None:
        """Call the next."""
        while self._waiting:
            call = heapq.heappop(self._waiting)[2]
            if not call.done():
                call.set_result(None)
                return
        self._free += 1
