"""Tells what happens as it happens: journal entries and messages that arrived, in the order of their instants."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from cli.demonstration.receivers import Post, Received
from cli.demonstration.scene import TIMES
from cli.demonstration.screen import Screen
from escalade.errors import EscaladeError
from escalade.record import Entry
from escalade.ticket import workflow_id
from store import Store
from worker.client import TicketClient

_LOOK: Final = 0.1
_SETTLED: Final = timedelta(seconds=0.5)
"""What is younger waits: entries and messages come by different ways, and are told in one order."""
_ARROWS: Final = {"mail": "✉ mail", "chat": "→ chat", "sms": "→ sms"}


class Narrator:
    """Follows one ticket."""

    def __init__(self, screen: Screen, post: Post, store: Store, client: TicketClient, key: str) -> None:
        """Take what to look at, and where to tell it."""
        self._screen = screen
        self._post = post
        self._store = store
        self._client = client
        self._key = key
        self._seq = 0
        self._messages = 0
        self._waiting: list[tuple[datetime, Callable[[], None]]] = []
        self._signature_told = False
        self.entries: list[Entry] = []
        """Those of the ticket, as far as the journal has them."""

    async def run(self) -> None:
        """Tell until cancelled."""
        looking = asyncio.create_task(self._look())
        try:
            while True:
                self.gather()
                self._flush(before=datetime.now(UTC) - _SETTLED)
                await asyncio.sleep(_LOOK)
        finally:
            looking.cancel()

    async def _look(self) -> None:
        """Keep the panel's view of the ticket fresh. While no worker lives it stays as it was."""
        while True:
            try:
                self._screen.view = await self._client.view(self._key)
            except EscaladeError:
                """Nobody answers at the moment."""
            await asyncio.sleep(0.3)

    def finish(self) -> None:
        """Tell whatever is left."""
        self.gather()
        self._flush(before=datetime.now(UTC))

    def later(self, at: datetime, tell: Callable[[], None]) -> None:
        """Tell something else in its place among the rest."""
        self._waiting.append((at, tell))

    def gather(self) -> None:
        """Take in what is new."""
        for stored in self._store.entries(workflow_id(self._key), after=self._seq):
            self._seq = stored.seq
            self.entries.append(stored.entry)
            self._waiting.append((stored.entry.at, lambda entry=stored.entry: self._entry(entry)))  # type: ignore[misc]
        received = list(self._post.received)
        self._screen.received = len(self._post.taken())
        for one in received[self._messages :]:
            if one.ticket == self._key:
                self._waiting.append((one.at, lambda one=one: self._message(one)))  # type: ignore[misc]
        self._messages = len(received)

    def _flush(self, *, before: datetime) -> None:
        ripe = sorted((item for item in self._waiting if item[0] <= before), key=lambda item: item[0])
        self._waiting = [item for item in self._waiting if item[0] > before]
        for _, tell in ripe:
            tell()

    def _entry(self, entry: Entry) -> None:
        tell, data = self._screen.tell, entry.data
        match entry.kind:
            case "tier.entered":
                verb = f"it enters {data['tier']}" if data["rung"] == 1 else f"it climbs to {data['tier']}"
                why = TIMES if data["rung"] == 1 else entry.why
                tell(f"tier {data['rung']}", verb, why, at=entry.at, style="heading")
            case "round.started" if data["round"] > 1:
                tell(f"round {data['round']}", f"{data['tier']} is paged again", "nobody has answered", at=entry.at)
            case "ticket.acknowledged":
                why = "paging stops, the time to resolve runs"
                tell("✓ answered", f"acknowledged by {entry.actor.id}", why, at=entry.at, style="good")
            case "ticket.resolved":
                tell("✓ resolved", f"by {entry.actor.id} in {data['tier']}", entry.why, at=entry.at, style="good")
            case _:
                """The journal has it; a newcomer need not read everything at once."""

    def _message(self, one: Received) -> None:
        if one.refused:
            why = "the next method, at once"
            self._screen.tell(f"✗ {one.way}", f"to {one.to}, refused: {one.refused}", why, at=one.at, style="bad")
            return
        why = ""
        if one.signed and not self._signature_told:
            self._signature_told, why = True, "its signature is right"
        self._screen.tell(_ARROWS[one.way], f"to {one.to.partition('@')[0]}: {_short(one.subject)}", why, at=one.at)


def _short(subject: str) -> str:
    """A subject without the tier and key that it ends with: both are on the screen already."""
    return subject.rpartition(" (")[0] if subject.endswith(")") else subject
