"""One timer, kept while its due instant is unchanged: a wake-up for anything else costs no timer events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow


def rest_alarm(rests: datetime | None, *, now: datetime, busy: bool) -> datetime | None:
    """When to ring for a ticket that rests, so that it continues as new.

    Args:
        rests: from when on it will have rested long enough; None when it does not rest.
        now: the instant, UTC.
        busy: whether anything is under way. Then it cannot continue as new before that has ended, which wakes it by
            itself: to ring for an instant that has passed would wake it without end.
    """
    if rests is None or rests > now:
        return rests
    return None if busy else now + timedelta(seconds=1)


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
