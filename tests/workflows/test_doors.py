"""What arrives from outside: signals of any shape, updates that repeat, the same key again. Nothing wedges a ticket."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from escalade.errors import RefusedError
from escalade.messages import Acknowledge
from escalade.ticket import Actor, Ticket
from tests.workflows.conftest import MakeTower

ONE = {"name": "one", "page": ["person:ana"], "acknowledge_within": "15m", "repeat_every": "10m"}
TWO = {"name": "two", "page": ["person:bob"], "acknowledge_within": "15m"}

NONSENSE: list[list[Any]] = [
    [],
    [None],
    ["acknowledge me"],
    [17],
    [[1, 2, 3]],
    [{"by": 7, "event_id": {"a": 1}}, "a second argument", 3],
    [{"by": {"kind": "martian"}}],
    [{"rung": "high"}],
    [b"\xff\xfe not json"],
    [{"by": "x" * 5000}],
]


@pytest.mark.parametrize("name", ["acknowledge", "escalate", "open", "merged", "step_outcome", "no_such_signal"])
async def test_no_signal_however_malformed_can_fail_or_wedge_a_ticket(tower: MakeTower, name: str) -> None:
    there = await tower(ONE, TWO)
    ticket = await there.open()
    for arguments in NONSENSE:
        await ticket.handle.signal(name, args=arguments)
    await ticket.does("ana", "note", text="still here")
    await ticket.settled()
    assert "ticket.note" in ticket.kinds()
    # It is not only alive: it goes on climbing, or the nonsense was a valid acknowledgement by nobody in particular.
    await ticket.forward(minutes=15)
    view = await ticket.view()
    assert view.tier_name == "two" or view.acknowledged


async def test_what_cannot_be_read_is_in_the_timeline_with_the_reason(tower: MakeTower) -> None:
    ticket = await (await tower(ONE)).open()
    await ticket.handle.signal("severity", {"severity": "catastrophic"})
    await ticket.settled()
    entry = ticket.journal()[-1]
    assert entry.kind == "message.unreadable"
    assert "sev1" in entry.why


@pytest.mark.parametrize("payload", NONSENSE, ids=str)
async def test_any_start_input_opens_a_ticket(tower: MakeTower, way: str, payload: list[Any]) -> None:
    if way != "as is":
        payload = [{"title": "x", "severity": way, "labels": ["a"]}]
    there = await tower(ONE)
    key = uuid.uuid4().hex[:10]
    with there.time.standing():
        await there.client.start_workflow(
            "TicketWorkflow", args=payload, id=f"ticket/{key}", task_queue="escalade-tickets"
        )
    ticket = there.adopt(key)
    await ticket.settled()
    assert len(ticket.told("ana")) == 1


async def test_a_machine_acknowledges_by_signal_and_does_not_own_the_ticket(tower: MakeTower) -> None:
    ticket = await (await tower(ONE, TWO)).open()
    await ticket.handle.signal("acknowledge", {"by": "statuspage", "event_id": "e1"})
    await ticket.handle.signal("acknowledge", {"by": "statuspage", "event_id": "e1"})
    await ticket.forward(hours=1)
    assert len(ticket.told("ana")) == 1
    assert ticket.kinds().count("ticket.acknowledged") == 1
    assert (await ticket.view()).owner == ""


async def test_the_same_update_twice_is_once_also_across_continue_as_new(tower: MakeTower) -> None:
    there = await tower(ONE, TWO)
    ticket = await there.open()
    command = Acknowledge(by=Actor(kind="person", id="ana"), event_id="slack:17")
    first = await there.tickets.command(ticket.key, command)
    for n in range(8):  # long enough for the run to continue as new where it does so every 15 events
        await ticket.does("ana", "note", text=f"note {n}")
        await ticket.settled()
    await ticket.does("ana", "unacknowledge")
    again = await there.tickets.command(ticket.key, command)
    assert first.acknowledged
    await ticket.settled()
    assert ticket.kinds().count("ticket.acknowledged") == 1
    assert again.duplicate or again.acknowledged  # Temporal's own answer of before, or ours


async def test_a_malformed_update_is_refused_and_costs_no_history(tower: MakeTower) -> None:
    ticket = await (await tower(ONE)).open()
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await ticket.handle.execute_update("snooze", {"for": "five minutes"})
    cause = refused.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == "malformed"
    assert "'five minutes' is not a duration" in str(cause)
    history = await ticket.handle.fetch_history()
    assert not [e for e in history.events if "UPDATE" in EventType.Name(e.event_type).replace("OPTIONS_UPDATED", "")]


async def test_the_same_key_adds_to_the_timeline_and_pages_nobody(tower: MakeTower) -> None:
    there = await tower(ONE)
    ticket = await there.open("disk full", dedupe_key="disk")
    for _ in range(3):
        opened = await there.tickets.open(Ticket(title="disk full", dedupe_key="disk"))
        assert opened.existed
    await there.tickets.open(Ticket(title="disk fuller", dedupe_key="disk"))
    await ticket.does("ana", "note", text="so that all signals are in")
    await ticket.settled()
    assert len(ticket.told("ana")) == 1
    assert ticket.kinds().count("ticket.repeated") == 1
    assert (await ticket.view()).repeats == 4


async def test_the_same_key_within_the_reopen_window_reopens_and_after_it_is_a_new_life(tower: MakeTower) -> None:
    there = await tower(ONE, reopen_within="1h")
    ticket = await there.open("disk full", dedupe_key="disk")
    first = (await ticket.view()).life
    await ticket.does("ana", "resolve")
    await there.tickets.open(Ticket(title="disk full", dedupe_key="disk"))
    await ticket.settled()
    assert "ticket.reopened" in ticket.kinds()
    assert len(ticket.told("ana")) == 2
    await ticket.does("ana", "resolve")
    await ticket.forward(hours=1)
    assert await ticket.handle.result() == "closed"
    second = await there.open("disk full", dedupe_key="disk")
    assert second.key == ticket.key
    assert (await second.view()).life != first
    with pytest.raises(RefusedError) as refused:
        await second.does("ana", "acknowledge", life=first)
    assert refused.value.code == "stale_life"


async def test_an_event_handled_in_an_earlier_life_opens_nothing(tower: MakeTower) -> None:
    there = await tower(ONE, reopen_within="0s")
    ticket = await there.open("disk full", dedupe_key="disk", event_id="row-7")
    await ticket.does("ana", "resolve")
    assert await ticket.handle.result() == "closed"
    again = await there.tickets.open(Ticket(title="disk full", dedupe_key="disk", event_id="row-7"))
    assert not again.existed
    assert await ticket.handle.result() == "closed"
    assert len(ticket.told("ana")) == 1


async def test_the_temporal_command_line_shows_and_moves_a_ticket(tower: MakeTower, way: str) -> None:
    if way != "as is":
        way = "json"  # the door is the same whichever way the run is held
    import asyncio

    from worker.testing import temporal_program

    there = await tower(ONE, TWO)
    ticket = await there.open()
    address = there.client.service_client.config.target_host

    async def temporal(*words: str) -> str:
        process = await asyncio.create_subprocess_exec(
            temporal_program(), "workflow", *words, "--address", address, "-w", ticket.handle.id,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, _ = await process.communicate()
        assert process.returncode == 0
        return output.decode()

    body = json.dumps({"by": {"kind": "person", "id": "ana"}})
    shown = await temporal("update", "execute", "--name", "acknowledge", "--input", body)
    assert "acknowledged" in shown
    await temporal("signal", "--name", "resolve", "--input", json.dumps({"by": "nagios", "event_id": "r1"}))
    await ticket.settled()
    assert ticket.kinds()[-1] == "ticket.resolved"
    assert "resolved" in await temporal("metadata")


async def test_a_signal_that_names_a_person_nobody_knows_does_not_stop_paging(tower: MakeTower) -> None:
    ticket = await (await tower(ONE, TWO)).open()
    await ticket.settled()
    await ticket.handle.signal("acknowledge", {"by": {"kind": "person", "id": "anna-typo"}, "event_id": "e1"})
    await ticket.settled()
    view = await ticket.view()
    assert (view.acknowledged, view.owner) == (False, "")
    assert len(ticket.told("ana")) == 2
    assert "nobody called anna-typo" in next(e.why for e in ticket.journal() if e.kind == "ticket.unacknowledged")
