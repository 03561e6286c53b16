"""Digests that nobody sends: started again, and told of.

A digest's workflow may be gone before its time: ended by hand, lost with Temporal's file, or never started because the
worker died that put the first page into it. What is in the digest is in the store all the same.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

from temporalio.service import RPCError

from activities.digesting import LATE, Start, signal_with_start
from activities.guard import Guard
from escalade.messages.activities import DigestDue
from escalade.time.instants import format_instant
from store import Store
from store.digests import StoredDigest

_WITHIN: Final = timedelta(seconds=10)
_HEARD_WITHIN: Final = timedelta(minutes=10)
"""How long it may take until the last ticket of a digest knows what became of it: there may be thousands in it."""


class OverdueDigests:
    """Looks for digests that nobody sends."""

    def __init__(self, store: Store, guard: Guard) -> None:
        """Args: store: where digests are. guard: the way to it."""
        self._store = store
        self._guard = guard
        self.start: Start = signal_with_start
        """Has somebody wait for a digest; who does already takes no notice."""

    async def look(self, now: datetime) -> list[tuple[StoredDigest, str]]:
        """Start them again.

        Returns:
            Each with a sentence about it.

        Raises:
            StoreAwayError: when the store cannot be asked.
        """
        late = await self._guard.call(
            lambda: self._store.overdue_digests(due=now - LATE, told=now - _HEARD_WITHIN), within=_WITHIN
        )
        did = await asyncio.gather(*(self._again(digest) for digest in late))
        return [(digest, f"{_what(digest)} {sentence}") for digest, sentence in zip(late, did, strict=True)]

    async def _again(self, digest: StoredDigest) -> str:
        due = DigestDue(target=digest.target, digest_id=digest.id, leaves_at=digest.leaves_at)
        try:
            await self.start(due)
        except RPCError as error:
            return f"It cannot be started again: {error}"
        return "It is started again."


def _what(digest: StoredDigest) -> str:
    if digest.sent_at is None:
        return f"The digest of {digest.target} was due at {format_instant(digest.leaves_at)} and was not sent."
    at = format_instant(digest.sent_at)
    return f"The digest of {digest.target} was told at {at}, and tickets in it have not heard of that."
