"""Maintenance windows for tickets: which concern one, and who has not heard of them yet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.guard import Guard, StoreAwayError
from configuration import Live
from escalade.maintenance.pinned import AskWindows, KnownWindows, PinnedWindow
from escalade.maintenance.window import pinned_windows
from escalade.ticket import Ticket
from store import Store

WITHIN: Final = timedelta(seconds=2)
"""How long a look-up waits for the store; a ticket asks again until it is answered."""
MOST: Final = 500
"""So many tickets are told in one look; the others with the next."""


class Windows:
    """The windows of the configuration, and those made by command."""

    def __init__(self, configuration: Live, store: Store, guard: Guard) -> None:
        """Args: configuration: asked anew each time. store: those made by command. guard: the way to the store."""
        self._configuration = configuration
        self._store = store
        self._guard = guard

    def configured(self, ticket: Ticket, at: datetime) -> list[PinnedWindow]:
        """What is known without the store."""
        return pinned_windows(self._configuration.current.windows, ticket, at)

    def known(self, ticket: Ticket, at: datetime) -> list[PinnedWindow]:
        """Those that may concern a ticket, now and later. Reads the store.

        Raises:
            StoreError: when it cannot be read.
        """
        return pinned_windows(self._store.windows_in_force(self._configuration.current.windows), ticket, at)

    @activity.defn(name="windows")
    async def windows(self, request: AskWindows) -> KnownWindows:
        """Find out which windows may concern a ticket; tried again until the store answers."""
        try:
            found = await self._guard.call(lambda: self.known(request.ticket, request.at), within=WITHIN)
        except StoreAwayError as error:
            raise ApplicationError(
                str(error), type=type(error).__name__, category=ApplicationErrorCategory.BENIGN
            ) from error
        return KnownWindows(windows=found)

    async def tell(self, told: Callable[[str], Awaitable[bool]], now: datetime) -> list[str]:
        """Tell the tickets that know other windows than there are: a command found Temporal away, a file changed.

        Args:
            told: tells one; whether it took it.
            now: the instant of the look.

        Returns:
            The keys of those that took it.
        """
        keys = await self._guard.call(lambda: self._unaware(now), within=timedelta(seconds=10))
        return [key for key in keys[:MOST] if await told(key)]

    def _unaware(self, now: datetime) -> list[str]:
        return self._store.unaware(self._store.windows_in_force(self._configuration.current.windows), now)
