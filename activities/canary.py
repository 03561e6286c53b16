"""The canary: a ticket that is opened, paged, acknowledged and closed to prove that all of it works (decision 38)."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

from temporalio import activity

from activities.findings import entry_of, finding_of, spell
from configuration import Live
from escalade.errors import EscaladeError
from escalade.messages import Acknowledge, Command, Resolve, TicketView
from escalade.messages.watch import CanaryReport
from escalade.ticket import Actor, Severity, Ticket, ticket_key

_log = logging.getLogger(__name__)

CANARY_SOURCE: Final = "escalade-canary"
"""The `source` of canary tickets: what a policy matches to have them."""
CANARY_WITHIN: Final = timedelta(seconds=40)
_AS_CANARY: Final = Actor(kind="integration", id="canary", via="watch")


class Tickets(Protocol):
    """Tickets as Temporal holds them, as far as a canary needs them."""

    async def open(self, ticket: Ticket) -> str:
        """Open a ticket; its key."""

    async def view(self, key: str) -> TicketView:
        """Where a ticket stands."""

    async def command(self, key: str, command: Command) -> bool:
        """Send a command; whether a worker confirmed it."""

    async def is_running(self, key: str) -> bool:
        """Whether a ticket's workflow runs: asked of the workflow, not of the index."""


class Canary:
    """Sends the canary."""

    def __init__(
        self,
        *,
        configuration: Live,
        tickets: Tickets,
        now: Callable[[], datetime],
        within: timedelta = CANARY_WITHIN,
    ) -> None:
        """Take what to send it with.

        Args:
            configuration: whom to tell when it does not come through.
            tickets: Temporal's side.
            now: the clock.
            within: how long it may take from its opening to its close.
        """
        self._configuration = configuration
        self._tickets = tickets
        self._now = now
        self._within = within

    @activity.defn(name="canary")
    async def canary(self) -> CanaryReport:
        """Open a ticket, have it paged, acknowledge it, close it, and say how that went."""
        began = self._now()
        step = "be opened"
        key = ""
        try:
            async with asyncio.timeout(self._within.total_seconds()):
                key = await self._tickets.open(
                    Ticket(
                        title="canary",
                        severity=Severity.SEV5,
                        source=CANARY_SOURCE,
                        # One key for all of them: each is a new life, and lists show one row.
                        dedupe_key="canary",
                        event_id=uuid.uuid4().hex,
                        labels={"canary": "true"},
                        opened_by=_AS_CANARY,
                    )
                )
                step = "be paged"
                await self._until(key, lambda view: any(r.reached for told in view.told for r in told.receipts))
                paged = self._now() - began
                step = "be acknowledged"
                await self._acknowledge(key)
                step = "be closed"
                await self._tickets.command(key, Resolve(by=_AS_CANARY, close=True))
                await self._ended(key)
        except (EscaladeError, TimeoutError) as error:
            why = str(error) or f"it took longer than {self._within.total_seconds():g} s"
            text = f"The canary ticket {key} could not {step}: {why}"
            _log.error("%s", text, extra={"ticket": key})
            found = finding_of("canary", key, began, text, began)
            tell = self._configuration.current.catch_all
            return CanaryReport(
                well=False, text=text, key=key, findings=[found], entries=[entry_of(found, began)], tell=tell
            )
        took = self._now() - began
        text = f"The canary was paged after {spell(paged)} and gone after {spell(took)}."
        _log.info("%s", text)
        return CanaryReport(well=True, text=text, key=key)

    async def _acknowledge(self, key: str) -> None:
        if not await self._tickets.command(key, Acknowledge(by=_AS_CANARY)):
            raise EscaladeError("no worker confirmed the acknowledgement.")

    async def _until(self, key: str, seen: Callable[[TicketView], bool]) -> None:
        while not seen(await self._tickets.view(key)):
            activity.heartbeat()
            await asyncio.sleep(0.2)

    async def _ended(self, key: str) -> None:
        while await self._tickets.is_running(key):
            activity.heartbeat()
            await asyncio.sleep(0.2)


def canary_key() -> str:
    """The key that all canaries share."""
    return ticket_key("", CANARY_SOURCE, "canary")
