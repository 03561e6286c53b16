"""A ticket whose signals take several workflow tasks: none of them is lost, overtaken, or fatal to it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateStage

from escalade.engine import receipts
from escalade.ticket import Ticket, workflow_id
from tests.worker.installation import until
from tests.workflows.conftest import MakeTower
from worker.client import Opened, TicketClient
from worker.testing import TicketTime
from workflows.backlog import AT_ONCE

ONE = {"name": "one", "page": ["person:ana"], "acknowledge_within": "15m"}
MANY = AT_ONCE + 50

Handle = WorkflowHandle[Any, Any]


@pytest.fixture
def way() -> str:
    """Where it matters how the run is held, the test says so."""
    return "as is"


async def opened(time: TicketTime) -> tuple[Opened, Handle]:
    """A ticket that waits for a worker, or for its policy, and so does what is said to it."""
    with time.standing():
        ticket = await TicketClient(time.client).open(Ticket(title="disk full"))
    return ticket, time.client.get_workflow_handle(workflow_id(ticket.key))


async def flood(handle: Handle) -> None:
    """More repetitions than one workflow task takes."""
    for n in range(MANY):
        await handle.signal("open", {"title": "disk full", "labels": {"n": f"{n}"}, "event_id": f"e{n}"})


async def test_the_next_ticket_on_a_key_hears_also_what_waited_for_its_turn_when_the_last_one_closed(
    ticket_time: TicketTime, tower: MakeTower
) -> None:
    last, handle = await opened(ticket_time)
    await handle.signal("resolve", {"by": "prom", "close": True, "event_id": "r1"})
    await flood(handle)
    await handle.signal("note", {"by": "prom", "text": "the newest"})
    there = await tower(ONE)
    ticket = there.adopt(last.key)
    # One of the flood is the next ticket; the others repeat it.
    view = await until(there.tickets, last.key, lambda view: view.repeats == MANY - 1 and not view.unwritten)
    assert view.life != last.life
    notes = [entry for entry in ticket.journal() if entry.kind == "ticket.note"]
    assert [entry.life for entry in notes] == [view.life]


@pytest.mark.parametrize("way", ["continued"])
async def test_a_run_continues_as_new_only_when_everything_that_has_come_had_its_turn(
    hasty_time: TicketTime, tower: MakeTower
) -> None:
    this, handle = await opened(hasty_time)
    await flood(handle)
    await handle.signal("acknowledge", {"by": "ana", "event_id": "a1"})
    there = await tower(ONE)
    ticket = there.adopt(this.key)
    view = await until(there.tickets, this.key, lambda view: view.repeats == MANY and not view.unwritten)
    assert view.acknowledged
    assert not ticket.told("ana")


async def test_an_update_does_not_overtake_a_command_that_waits_for_its_turn(
    admission: asyncio.Event, tower: MakeTower
) -> None:
    there = await tower(ONE)
    this, handle = await opened(there.time)
    ticket = there.adopt(this.key)
    await flood(handle)
    await handle.signal("note", {"by": "ana", "text": "first"})
    second = {"by": {"kind": "person", "id": "ana"}, "text": "second"}
    asked = await handle.start_update("note", second, wait_for_stage=WorkflowUpdateStage.ACCEPTED)
    admission.set()
    await asked.result()
    await until(there.tickets, this.key, lambda view: view.repeats == MANY and not view.unwritten)
    assert [entry.what for entry in ticket.journal() if entry.kind == "ticket.note"] == [
        "ana: first",
        "ana: second",
    ]


async def test_a_bug_in_what_follows_from_a_signal_that_waited_is_in_the_timeline_and_wedges_nothing(
    monkeypatch: pytest.MonkeyPatch, ticket_time: TicketTime, tower: MakeTower
) -> None:
    def bug(*_: object, **__: object) -> None:
        raise LookupError("a bug")

    monkeypatch.setattr(receipts, "delivery_failed", bug)
    this, handle = await opened(ticket_time)
    for n in range(2):  # the first is taken when the policy is there, the second in its turn
        failed = {"target": "person:ana", "method": "mail", "detail": f"bounced {n}"}
        await handle.signal("delivery_failed", failed)
    await handle.signal("note", {"by": "ana", "text": "still here"})
    there = await tower(ONE)
    ticket = there.adopt(this.key)
    await ticket.settled()
    faults = [entry.why for entry in ticket.journal() if entry.kind == "message.unreadable"]
    assert faults == ["a signal could not be handled: LookupError: a bug"] * 2
    assert "ticket.note" in ticket.kinds()
    await ticket.forward(minutes=15)
    assert (await ticket.view()).tier_name == "catch-all"
