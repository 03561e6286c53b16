"""What changes duty at run time, as a round asks for it: read from the store, or as last known (decision 25)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from activities.guard import Guard, StoreAwayError
from escalade.people.changes import Changes
from escalade.time.instants import format_instant
from store import RosterRevision, Store

BEHIND: Final = timedelta(days=60)
"""Shifts that are under way are followed back to where they began."""
AHEAD: Final = timedelta(days=430)
"""Whoever comes on duty next is looked for so far ahead, and a month more."""
_AGAIN: Final = timedelta(days=20)
"""So far from the instant it was read for, a window is read anew."""


@dataclass(frozen=True, slots=True)
class _Known:
    revision: RosterRevision
    changes: Changes
    around: datetime
    read_at: datetime


class KnownChanges:
    """Gives each round the changes that are in force at its instant.

    A round costs one row: everything else is read again only when that row says that something has changed.
    """

    def __init__(self, store: Store, guard: Guard, *, within: timedelta) -> None:
        """Keep the way to the store.

        Args:
            store: where they are.
            guard: bounds what a round waits for it.
            within: so long.
        """
        self._store = store
        self._guard = guard
        self._within = within
        self._known: _Known | None = None

    async def at(self, at: datetime, *, now: datetime) -> tuple[Changes, list[str]]:
        """The changes around an instant, and what a reader of the round should know about them.

        Args:
            at: the instant of the round.
            now: the instant of asking.
        """
        known = self._known
        near = known is not None and abs(at - known.around) < _AGAIN
        revision = known.revision if known is not None and near else None
        try:
            current, changes = await self._guard.call(
                lambda: self._store.changes_since(revision, at - BEHIND, at + AHEAD), within=self._within
            )
        except StoreAwayError as error:
            return _last(known, error)
        if changes is not None or known is None:
            known = _Known(current, changes or Changes(), at, now)
            self._known = known
        return known.changes, []


def _last(known: _Known | None, error: StoreAwayError) -> tuple[Changes, list[str]]:
    away = error.message.rstrip(".")
    if known is None:
        return Changes(), [f"{away}; overrides, swaps and time off are not known, the schedules alone decide"]
    when = format_instant(known.read_at.replace(microsecond=0))
    return known.changes, [f"{away}; overrides, swaps and time off are those known at {when}"]
