"""The place of an attempt in its channel's queue: it may have to wait for room, and not be wanted any more then."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Final


class NotBegunError(Exception):
    """It was no longer wanted when its turn came: nothing has been sent."""


class Place:
    """One attempt's place; a channel that has no queue begins at once."""

    def __init__(self, *, stopped: Callable[[], bool]) -> None:
        """Args: stopped: whether nothing may begin any more; asked from any thread."""
        self.is_waiting = False
        self.began = asyncio.Event()
        self._stopped = stopped

    def wait(self) -> None:
        """There is no room yet."""
        self.is_waiting = True

    def begin(self) -> None:
        """There is room."""
        self.is_waiting = False
        self.began.set()

    def check(self) -> None:
        """Ask for the last time whether it is wanted; right before something leaves.

        Raises:
            NotBegunError: when it is not.
        """
        if self._stopped():
            raise NotBegunError


PLACE: Final[contextvars.ContextVar[Place | None]] = contextvars.ContextVar("place", default=None)
"""The place of the attempt that is being made."""
