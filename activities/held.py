"""Held tickets, and changes of duty they were not told of (decision 15).

Whoever makes a change tells them at once. This catches what slipped through: a change made while Temporal was away,
one made between a ticket's look at the roster and the row that says it waits, and calendar feeds.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

from escalade.errors import EscaladeError
from escalade.messages import Snapshot
from store import RosterRevision

_log = logging.getLogger(__name__)

_SLACK: Final = timedelta(minutes=1)
"""A row is written a moment after its ticket looked, and by another machine's clock."""


class HeldTickets:
    """Tells tickets that wait for somebody to be on duty, once for each change."""

    def __init__(self, tell: Callable[[str], Awaitable[None]]) -> None:
        """Take what tells one ticket."""
        self._tell = tell
        self._told: dict[str, int] = {}

    async def look(self, rows: Sequence[Snapshot], revision: RosterRevision) -> list[str]:
        """Tell those whose row is not clearly younger than the last change.

        Args:
            rows: the open tickets.
            revision: of what changes duty.

        Returns:
            The keys of those that took it. The others are tried again with the next look.
        """
        waiting = {row.key for row in rows if row.holding and row.updated_at - _SLACK <= revision.changed_at}
        self._told = {key: number for key, number in self._told.items() if key in waiting}
        done = []
        for key in sorted(waiting):
            if self._told.get(key) == revision.number:
                continue
            try:
                await self._tell(key)
            except EscaladeError as error:
                _log.warning("Ticket %s was not told of a new roster: %s", key, error.message, extra={"ticket": key})
                continue
            self._told[key] = revision.number
            done.append(key)
        return done
