"""Floods: nothing that others send can make a ticket too large to go on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle, WorkflowUpdateStage

from escalade.ticket import Severity, Ticket, workflow_id
from tests.worker.installation import installed
from tests.workflows.conftest import MakeTower
from worker.client import TicketClient
from worker.testing import real_server
from workflows.backlog import AT_ONCE

ONE = {"name": "one", "page": ["person:ana"], "acknowledge_within": "15m", "repeat_every": "10m"}
TWO = {"name": "two", "page": ["person:bob"], "acknowledge_within": "15m"}


@pytest.fixture
def way() -> str:
    """Once is enough: a flood is the same whichever way the run is held."""
    return "as is"


async def asked_for(handle: WorkflowHandle[Any, Any]) -> list[str]:
    """The activities that a ticket has asked for, in order."""
    wanted = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    events = [event async for event in handle.fetch_history_events() if event.event_type == wanted]
    return [event.activity_task_scheduled_event_attributes.activity_type.name for event in events]


async def test_a_flood_while_the_store_is_away_wedges_nothing(tower: MakeTower) -> None:
    there = await tower(ONE, TWO)
    ticket = await there.open("flood", dedupe_key="flood")
    hold = there.hold_the_store()
    try:
        for n in range(150):
            flood = Ticket(title=f"flood {n}", description=f"{n} " + "x" * 14000, dedupe_key="flood")
            await ticket.handle.signal("open", flood)
        await ticket.handle.signal("merged", {"key": "aaaaaaaaaa", "title": "x" * 1_200_000})
        await ticket.does("ana", "note", text="alive")
        await ticket.does("ana", "escalate", reason="time stands still while the journal is being tried")
        async with asyncio.timeout(30):
            while not ticket.told("bob"):
                await asyncio.sleep(0.02)
    finally:
        hold.release()
    await ticket.settled()
    kinds = ticket.kinds()
    assert "message.unreadable" in kinds
    assert kinds.count("ticket.repeated") == 150
    assert there.store.verify() == []


async def test_a_flood_while_a_ticket_ends_does_not_wedge_the_next_one(tmp_path: Path) -> None:
    async with real_server() as client:
        async with installed(client, tmp_path) as there:
            opened = await there.tickets.open(Ticket(title="disk full", dedupe_key="disk", source="prom"))
            await there.until(opened.key, lambda view: bool(view.told) and not view.unwritten)
        # With the worker away, all of it waits for one workflow task: the alert resolves, which closes the ticket,
        # and flaps.
        handle = client.get_workflow_handle(workflow_id(opened.key))
        await handle.signal("resolve", {"by": "prom", "close": True, "event_id": "r1"})
        for n in range(24):
            body = {"title": f"disk full {n}", "severity": "sev1", "annotations": f"{n} " + "x" * 110_000}
            await handle.signal("open", body)
        for n in range(40):
            await handle.signal("open", {"title": "disk full", "description": f"{n} " + "x" * 14_000})
        await handle.signal("open", {"title": "x" * 1_200_000})
        await handle.signal("note", {"by": "prom", "text": "the newest"})
        async with installed(client, tmp_path) as there:
            view = await there.until(
                opened.key, lambda view: view.life != opened.life and bool(view.told) and not view.unwritten
            )
            stored = [stored.entry for stored in there.store.entries(workflow_id(opened.key))]
        entries = [entry for entry in stored if entry.life == view.life]
        assert (view.ticket.title, view.ticket.severity) == ("disk full 0", "sev1")
        left_out = next(entry for entry in entries if entry.kind == "message.left_out")
        again = [entry for entry in entries if entry.kind == "ticket.repeated"]
        assert len(again) + left_out.data["count"] == 23 + 40
        assert [entry.kind for entry in entries].count("message.unreadable") == 1
        assert "ticket.note" in [entry.kind for entry in entries]


async def test_thousands_of_signals_that_no_worker_saw_delay_the_first_page_and_wedge_nothing(tmp_path: Path) -> None:
    many = 10 * AT_ONCE
    async with real_server() as client:
        first = Ticket(title="disk full", severity=Severity.SEV1, dedupe_key="disk", source="prom")
        opened = await TicketClient(client).open(first)
        handle = client.get_workflow_handle(workflow_id(opened.key))
        left = iter(range(many))

        async def sender() -> None:
            for n in left:
                await handle.signal(
                    "open", {"title": f"disk full {n}", "labels": {"host": f"h{n}"}, "event_id": f"e{n}"}
                )

        await asyncio.gather(*(sender() for _ in range(20)))
        async with installed(client, tmp_path) as there:
            view = await there.until(opened.key, lambda view: bool(view.told) and view.repeats == many)
            assert view.ticket.severity is Severity.SEV1
        failed = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
        assert not [event async for event in handle.fetch_history_events() if event.event_type == failed]


async def test_an_acknowledgement_behind_a_flood_is_in_hand_before_anybody_is_paged(tmp_path: Path) -> None:
    async with real_server() as client:
        opened = await TicketClient(client).open(Ticket(title="disk full", dedupe_key="disk", source="prom"))
        handle = client.get_workflow_handle(workflow_id(opened.key))
        for n in range(AT_ONCE + 20):
            await handle.signal("open", {"title": f"disk full {n}", "event_id": f"e{n}"})
        await handle.signal("acknowledge", {"by": "ana", "event_id": "a1"})
        async with installed(client, tmp_path) as there:
            view = await there.until(
                opened.key, lambda view: view.acknowledged and view.repeats == AT_ONCE + 20 and not view.unwritten
            )
            stored = [stored.entry.kind for stored in there.store.entries(workflow_id(opened.key))]
        assert (view.told, there.said()) == ([], "")
        assert not [kind for kind in stored if kind.startswith("page.")]
        # Not even for the moment between two of its workflow tasks: whoever is fast would have sent it by then.
        assert "page" not in await asked_for(handle)


async def test_an_update_that_comes_with_a_flood_is_decided_before_anybody_is_paged(
    tmp_path: Path, admission: asyncio.Event
) -> None:
    async with real_server() as client, installed(client, tmp_path) as there:
        opened = await there.tickets.open(Ticket(title="disk full", dedupe_key="disk", source="prom"))
        handle = client.get_workflow_handle(workflow_id(opened.key))
        for n in range(AT_ONCE + 20):
            await handle.signal("open", {"title": f"disk full {n}", "event_id": f"e{n}"})
        command = {"by": {"kind": "person", "id": "ana"}}
        asked = await handle.start_update("acknowledge", command, wait_for_stage=WorkflowUpdateStage.ACCEPTED)
        admission.set()
        await asked.result()
        view = await there.until(
            opened.key, lambda view: view.acknowledged and view.repeats == AT_ONCE + 20 and not view.unwritten
        )
        stored = [stored.entry.kind for stored in there.store.entries(workflow_id(opened.key))]
        assert (view.told, there.said()) == ([], "")
        assert not [kind for kind in stored if kind.startswith("page.")]
        assert "page" not in await asked_for(handle)
