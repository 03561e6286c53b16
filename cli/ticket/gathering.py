"""Everything a ticket's page needs: what the ticket says of itself, and its whole timeline."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from escalade.errors import StoreError, UnreachableError
from escalade.time.instants import format_instant

if TYPE_CHECKING:
    from datetime import datetime

    from escalade.messages import Snapshot
    from escalade.messages.views import TicketView
    from escalade.record import Entry
    from worker.client import TicketClient


@dataclass(slots=True)
class Gathered:
    """A ticket and its timeline, and what the reader should know about how complete they are."""

    view: TicketView
    entries: list[Entry]
    complete: bool = True
    """False when the store could not be read: then `entries` are the newest ones, from the ticket itself."""
    asked: bool = True
    """False when the ticket could not be asked: then this is what the store last heard of it."""
    notices: list[str] = field(default_factory=list)


async def ask(key: str, *, at: datetime | None = None) -> Gathered:
    """The ticket and its timeline; when nothing answers for it, what the store last heard of it.

    Args:
        key: the ticket's.
        at: the instant its clocks are read at; that of its last change when omitted.

    Raises:
        UnreachableError: when the store has not heard of it either.
    """
    from cli.doors import tickets

    try:
        async with tickets() as client:
            return await gather(client, key, at=at)
    except UnreachableError as error:
        return await last_heard(key, error)


async def gather(client: TicketClient, key: str, *, at: datetime | None = None) -> Gathered:
    """Ask the ticket, and read its timeline from the journal and, for what is not written yet, from the ticket."""
    view = await client.view(key, at=at)
    try:
        written = await asyncio.to_thread(journal_of, key)
    except StoreError as error:
        notice = f"The journal cannot be read, so this is the ticket's own tail of it: {error.message}"
        return Gathered(view, list(view.timeline), complete=False, notices=[notice])
    return Gathered(view, merged(written, view.timeline))


async def last_heard(key: str, error: UnreachableError) -> Gathered:
    """What the store last heard of a ticket that cannot be asked."""
    try:
        known, written = await asyncio.to_thread(_stored, key)
    except StoreError:
        raise error from None
    if known is None:
        raise error
    notice = f"{error.message} This is what the store last heard, at {format_instant(known.updated_at)}."
    return Gathered(view_of(known), written, asked=False, notices=[notice])


def _stored(key: str) -> tuple[Snapshot | None, list[Entry]]:
    from cli.doors import store

    with store() as opened:
        known = opened.ticket(key)
    return known, journal_of(key)


def view_of(known: Snapshot) -> TicketView:
    """A row of the list as far as it makes a page."""
    from escalade.messages.views import TicketView, Upcoming
    from escalade.ticket import Ticket

    due = known.due_at
    return TicketView(
        key=known.key,
        life=known.life,
        ticket=Ticket(
            title=known.title,
            severity=known.severity,
            service=known.service,
            source=known.source,
            labels=known.labels,
            customer_tier=known.customer_tier,
        ),
        status=known.status,
        status_name=known.status.value,
        policy=known.policy,
        tier=known.tier,
        tier_name=known.tier_name,
        rung=known.rung,
        owner=known.owner,
        acknowledged=known.acknowledged,
        followers=known.followers,
        opened_at=known.opened_at,
        merged_into=known.merged_into,
        upcoming=[Upcoming(at=due, kind="due", what=known.due_what, why="")] if due else [],
    )


def journal_of(key: str) -> list[Entry]:
    """The journal of a ticket, oldest first."""
    from cli.doors import store
    from escalade.ticket import workflow_id

    with store() as opened:
        return [stored.entry for stored in opened.entries(workflow_id(key))]


def merged(written: list[Entry], tail: list[Entry]) -> list[Entry]:
    """The journal, and after it what the ticket has and the journal does not yet."""
    known = {entry.entry_id for entry in written}
    late = [entry for entry in tail if entry.entry_id not in known]
    # sorted() is stable: entries of one instant keep the order in which they were written.
    return sorted([*written, *late], key=lambda entry: entry.at)
