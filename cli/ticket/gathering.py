"""Everything a ticket's page needs: what the ticket says of itself, and its whole timeline."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from escalade.errors import StoreError

if TYPE_CHECKING:
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
    notices: list[str] = field(default_factory=list)


async def gather(client: TicketClient, key: str) -> Gathered:
    """Ask the ticket, and read its timeline from the journal and, for what is not written yet, from the ticket."""
    view = await client.view(key)
    try:
        written = await asyncio.to_thread(journal_of, key)
    except StoreError as error:
        notice = f"The journal cannot be read, so this is the ticket's own tail of it: {error.message}"
        return Gathered(view, list(view.timeline), complete=False, notices=[notice])
    return Gathered(view, merged(written, view.timeline))


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
