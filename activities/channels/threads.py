"""Threads for channels whose libraries block: each channel has its own, so one that hangs delays no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")


class Threads:
    """A bounded pool that starts its threads when they are first needed."""

    def __init__(self, name: str, *, most: int) -> None:
        """Name the pool and bound it.

        Args:
            name: the threads are called after it.
            most: how many calls run at once; the others wait for their turn.
        """
        self._pool = ThreadPoolExecutor(max_workers=most, thread_name_prefix=name)

    async def run(self, call: Callable[[], _T]) -> _T:
        """Run a blocking call beside the event loop. Cancelling the wait does not stop a call that began."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)
