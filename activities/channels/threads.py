"""Threads for channels whose libraries block: each channel has its own, so one that hangs delays no other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from activities.place import PLACE
from activities.turns import Turns

_T = TypeVar("_T")


class Threads:
    """A bounded pool that starts its threads when they are first needed."""

    def __init__(self, name: str, *, most: int) -> None:
        """Name the pool and bound it.

        Args:
            name: the threads are called after it.
            most: how many calls run at once; the others wait for their turn, the most urgent first.
        """
        self._pool = ThreadPoolExecutor(max_workers=most, thread_name_prefix=name)
        self._turns = Turns(most)

    async def run(self, call: Callable[[], _T]) -> _T:
        """Run a blocking call beside the event loop, once a thread is free for it.

        Cancelling the wait does not stop a call that began: it keeps its thread until it ends.

        Raises:
            NotBegunError: when the delivery was not wanted any more by the time a thread had it.
        """
        place = PLACE.get()
        if place is not None and self._turns.are_taken:
            place.wait()
        await self._turns.take()
        if place is not None:
            place.begin()
        loop = asyncio.get_running_loop()

        def begin() -> _T:
            if place is not None:
                place.check()
            return call()

        def done(_: Future[_T]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is gone, and with it everybody who waited
                loop.call_soon_threadsafe(self._turns.pass_on)

        running = self._pool.submit(begin)
        running.add_done_callback(done)
        return await asyncio.wrap_future(running)
