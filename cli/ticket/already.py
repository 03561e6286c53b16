"""What a dry run cannot see in the configuration: whether a ticket is open already under the same key."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from escalade.ticket import Ticket
    from worker.client import TicketClient

AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Already:
    """The ticket that is there already."""

    key: str
    what: str
    """What opening it again would do: `add to` it, `reopen` it, `forward to` it, since the key was merged there, or
    `leave` it, since this very row opened it before and it is over."""
    sentence: str
    """The same for people, who would be paged included."""


@dataclass(slots=True)
class Looked:
    """What was found, by the place of each ticket."""

    found: dict[int, Already] = field(default_factory=dict)
    away: str = ""
    """Why nothing could be looked up."""


def look(tickets: Sequence[Ticket]) -> Looked:
    """Look for the open tickets that these would be added to. Asks Temporal, and no worker.

    Args:
        tickets: as they would be opened; those without a dedupe key cannot be there already.
    """
    from escalade.errors import EscaladeError

    looked = Looked()
    numbers = [n for n, ticket in enumerate(tickets) if ticket.dedupe_key is not None]
    if not numbers:
        return looked
    try:
        looked.found = asyncio.run(_look({n: tickets[n] for n in numbers}))
    except EscaladeError as error:
        looked.away = error.message
    _beside(tickets, numbers, looked)
    return looked


async def _look(tickets: dict[int, Ticket]) -> dict[int, Already]:
    from cli.doors import tickets as through

    waiting = iter(tickets.items())
    found: dict[int, Already] = {}
    async with through() as client:

        async def take() -> None:
            for n, ticket in waiting:
                if (there := await _one(client, ticket)) is not None:
                    found[n] = there

        # All of them end before the client does, also when one fails.
        done = await asyncio.gather(*(take() for _ in range(AT_ONCE)), return_exceptions=True)
        for failure in done:
            if isinstance(failure, BaseException):
                raise failure
    return found


async def _one(client: TicketClient, ticket: Ticket) -> Already | None:
    from escalade.ticket import Status
    from worker.client import key_of_new

    key = key_of_new(ticket)
    status = await client.running(key)
    if status is None:
        return await asyncio.to_thread(_stored, key, ticket.event_id)
    if status is Status.CLOSED:
        return None
    if status is Status.RESOLVED and ticket.status in ("new", "pending"):
        text = f"Ticket {key} is resolved: this would reopen it, and page the tier in which it was resolved anew."
        return Already(key, "reopen", text)
    over = f"is {status.value}" if status is Status.RESOLVED else "is open"
    return Already(key, "add to", f"Ticket {key} {over}: this would be added to its timeline, and page nobody.")


def merged_into(key: str) -> str | None:
    """The open ticket into which that of a key was merged, as far as the store knows."""
    from cli.doors import store
    from escalade.errors import StoreError

    try:
        with store() as opened:
            return opened.merged_into(key)
    except StoreError:
        return None


def _stored(key: str, event_id: str | None) -> Already | None:
    """What the store knows of a key whose workflow is over."""
    from cli.doors import store
    from cli.ticket.importing import event_stamp
    from escalade.errors import StoreError

    try:
        with store() as opened:
            into, handled = opened.merged_into(key), opened.handled(key)
    except StoreError:
        return None
    if event_id and event_stamp(event_id) in handled:
        return Already(
            key, "leave", f"Ticket {key} was opened by this very event, and is over: nothing would be opened."
        )
    if into is None:
        return None
    text = f"Ticket {key} was merged into {into}: this would be added to that one, and page nobody."
    return Already(into, "forward to", text)


def _beside(tickets: Sequence[Ticket], numbers: list[int], looked: Looked) -> None:
    """Of several with one key only the first opens a ticket."""
    from worker.client import key_of_new

    first: dict[str, Ticket] = {}
    for n in numbers:
        key = key_of_new(tickets[n])
        before = first.setdefault(key, tickets[n])
        if n in looked.found or before is tickets[n] or before.status in ("resolved", "closed"):
            continue
        text = f"An earlier row opens ticket {key}: this would be added to its timeline, and page nobody."
        looked.found[n] = Already(key, "add to", text)
