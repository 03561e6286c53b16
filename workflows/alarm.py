"""One timer, kept while its due instant is unchanged: a wake-up for anything else costs no timer events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow


class Alarm:
    """Rings once at an instant, unless it is set to another or to none before."""

    def __init__(self, ring: Callable[[], None]) -> None:
        """Args: ring: called in the workflow when the instant has come."""
        self._ring = ring
        self._due: datetime | None = None
        self._task: asyncio.Task[None] | None = None

    def set(self, due: datetime | None, summary: str) -> bool:
        """Ring at this instant instead of any other; None silences it.

        Args:
            due: UTC; one that has passed rings at once.
            summary: what Temporal's own UI shows beside the timer.

        Returns:
            Whether that changes anything.
        """
        if due == self._due:
            return False
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._due = due
        if due is not None:
            self._task = asyncio.create_task(self._run(due, summary))
        return True

    async def _run(self, due: datetime, summary: str) -> None:
        left = due - workflow.now()
        if left > timedelta(0):
            await workflow.sleep(left, summary=summary[:200])
        self._due = None
        self._task = None
        self._ring()
