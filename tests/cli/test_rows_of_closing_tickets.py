"""Rows whose ticket closes while the file is opened again are known, not opened anew."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from cli.ticket.importing import Handled, event_stamp, open_all
from cli.ticket.reading import Read
from escalade.messages import JournalBatch
from escalade.ticket import Ticket, workflow_id
from store import Store
from tests.cli.making import snapshot
from worker.client import Opened, TicketClient, key_of_new


def row(number: int) -> Read:
    ticket = Ticket(title=f"row {number}", source="import", dedupe_key=f"inc-{number}", event_id=f"event-{number}")
    return Read(line=number, ticket=ticket)


def closes(store: Store, closing: Read) -> None:
    """The last thing a ticket writes: what it has handled."""
    key = key_of_new(closing.ticket)
    last = snapshot(key, status="closed")
    handled = {event_stamp(closing.ticket.event_id or ""): 1}
    batch = JournalBatch(stream=workflow_id(key), life=last.life, snapshot=last.model_copy(update={"handled": handled}))
    store.write(batch)


class Closing:
    """Opens tickets; while it does, the ticket of the next row closes."""

    def __init__(self, store: Store, next_row: Read) -> None:
        self._store, self._next = store, next_row
        self.opened: list[str] = []

    async def open(self, ticket: Ticket) -> Opened:
        self.opened.append(ticket.title)
        closes(self._store, self._next)
        return Opened(key=key_of_new(ticket), life="run", existed=False, ticket=ticket)


async def test_a_ticket_that_closes_while_the_file_is_opened_again_is_known(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'escalade.db'}")
    # Of one ticket, so that they are opened one after the other.
    first, second = row(1), row(1)
    second = Read(line=2, ticket=second.ticket.model_copy(update={"event_id": "event-2"}))
    client, told = Closing(store, second), list[int]()
    handled = Handled(store)
    assert handled(second) is None
    done = await open_all(cast(TicketClient, client), "rows", [first, second], lambda: told.append(1), handled=handled)
    store.close()
    assert [(opening.line, opening.existed) for opening in done.opened] == [(1, False), (2, True)]
    assert client.opened == ["row 1"]
    assert len(told) == 2
