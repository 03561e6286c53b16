"""A ticket that was started under a workflow id that is no ticket's: somebody is paged, and can answer."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateStage
from temporalio.exceptions import ApplicationError

from activities import implementations
from activities.forward import forward
from escalade.messages.stray import Forwarded, ForwardRequest
from escalade.ticket import Status, event_key, ticket_key
from tests.tower import Climber, Tower
from tests.workflows.conftest import MakeTower

ONE = {"name": "one", "page": ["person:ana"], "acknowledge_within": "15m", "repeat_every": "10m"}


@pytest.fixture
async def there(tower: MakeTower) -> AsyncIterator[Tower]:
    """Its time stands still, also for the tickets that activities open."""
    made = await tower(ONE)
    with made.time.standing():
        yield made


async def start(there: Tower, wrong: str, *args: Any, **more: Any) -> Climber:
    """Start one under an id of one's own."""
    climber = there.adopt(wrong)
    climber.handle = await there.client.start_workflow(
        "TicketWorkflow", args=args, id=wrong, task_queue="escalade-tickets", **more
    )
    return climber


async def forwards(stray: Climber) -> None:
    """It ends: one that has become a ticket of its own would not."""
    assert (await asyncio.wait_for(stray.handle.result(), 20)).startswith("forwarded")


def a_name() -> str:
    return f"outage-{uuid.uuid4().hex}"


async def test_a_ticket_started_under_another_id_pages_from_where_commands_can_reach_it(there: Tower) -> None:
    wrong = a_name()
    stray = await start(there, wrong, {"title": "db down", "severity": "P1", "source": "nagios"})
    key = ticket_key("", "nagios", wrong)
    assert await stray.handle.result() == f"forwarded to ticket/{key}"
    ticket = there.adopt(key)
    await ticket.settled()
    assert len(ticket.told("ana")) == 1
    assert (await ticket.view()).ticket.title == "db down"
    left = await stray.view()
    assert (left.status, left.merged_into) == (Status.CLOSED, key), "nobody has to look after it any more"
    [note] = [entry for entry in ticket.journal() if entry.kind == "ticket.note"]
    assert wrong in note.what
    assert "escalade ticket open" in note.what
    assert (await ticket.does("ana", "acknowledge")).acknowledged


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ({"dedupe_key": "disk"}, ticket_key("", "", "disk")),
        ({"event_id": "alert-7", "tenant": "t"}, event_key("t", "", "alert-7")),
    ],
)
async def test_it_goes_to_the_ticket_of_its_dedupe_key_or_event(there: Tower, said: dict[str, str], key: str) -> None:
    for _ in range(2):
        stray = await start(there, a_name(), {"title": "disk full", **said})
        assert await stray.handle.result() == f"forwarded to ticket/{key}"
    ticket = there.adopt(key)
    await ticket.settled()
    assert len(ticket.told("ana")) == 1


async def test_the_same_wrong_id_again_adds_to_the_same_ticket(there: Tower) -> None:
    wrong = a_name()
    for title in ("disk full", "disk fuller"):
        await (await start(there, wrong, {"title": title})).handle.result()
    ticket = there.adopt(ticket_key("", "", wrong))
    await ticket.settled()
    assert len(ticket.told("ana")) == 1
    assert ticket.kinds().count("ticket.repeated") == 1


async def test_what_was_said_to_the_wrong_id_reaches_the_ticket(there: Tower) -> None:
    wrong = a_name()
    said = {"title": "db down"}
    stray = await start(there, wrong, said, start_signal="open", start_signal_args=[said])
    acknowledge = {"start_signal": "acknowledge", "start_signal_args": [{"by": "nagios"}]}
    await stray.handle.result()
    await (await start(there, wrong, said, **acknowledge)).handle.result()
    await (await start(there, wrong, said, start_signal="gibberish")).handle.result()
    ticket = there.adopt(ticket_key("", "", wrong))
    await ticket.settled()
    assert (await ticket.view()).acknowledged
    assert ticket.kinds().count("ticket.repeated") == 0
    assert any("'gibberish' could not be read" in entry.what for entry in ticket.journal())


async def test_a_person_who_commands_the_wrong_id_is_told_the_right_one(
    tower: MakeTower, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = asyncio.Event()

    @activity.defn(name="forward")
    async def held(request: ForwardRequest) -> Forwarded:
        await gate.wait()
        return await forward(request)

    monkeypatch.setattr(implementations, "forward", held)
    there, wrong = await tower(ONE), a_name()
    there.adopt(ticket_key("", "", wrong))
    with there.time.standing():
        stray = await start(there, wrong, {"title": "db down"})
        command = {"by": {"kind": "person", "id": "ana"}}
        asked = await stray.handle.start_update("acknowledge", command, wait_for_stage=WorkflowUpdateStage.ACCEPTED)
        gate.set()
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await asked.result()
        cause = refused.value.cause
        assert isinstance(cause, ApplicationError)
        assert cause.type == "forwarded"
        assert ticket_key("", "", wrong) in str(cause)
        assert (await stray.handle.result()).startswith("forwarded")


async def test_where_forwarding_fails_it_pages_people_all_the_same(
    tower: MakeTower, monkeypatch: pytest.MonkeyPatch
) -> None:
    @activity.defn(name="forward")
    async def refused(request: ForwardRequest) -> Forwarded:
        raise ApplicationError("the namespace is full", non_retryable=True)

    monkeypatch.setattr(implementations, "forward", refused)
    there, wrong = await tower(ONE), a_name()
    with there.time.standing():
        stray = await start(there, wrong, {"title": "db down"})
    await stray.settled()
    assert len(stray.told("ana")) == 1
    [admitted] = [entry for entry in (await stray.view()).timeline if entry.kind == "ticket.admitted"]
    assert "could not be forwarded to ticket/" in admitted.why
    await stray.handle.signal("acknowledge", {"by": {"kind": "person", "id": "ana"}})
    await stray.settled()
    assert (await stray.view()).acknowledged


async def test_a_ticket_that_was_opened_though_the_answer_was_lost_is_paged_once(
    tower: MakeTower, monkeypatch: pytest.MonkeyPatch
) -> None:
    @activity.defn(name="forward")
    async def unanswered(request: ForwardRequest) -> Forwarded:
        told = await forward(request)
        if request.ticket is not None:
            raise ApplicationError("the answer got lost", non_retryable=True)
        return told

    monkeypatch.setattr(implementations, "forward", unanswered)
    there, wrong = await tower(ONE), a_name()
    with there.time.standing():
        stray = await start(there, wrong, {"title": "db down"})
        await forwards(stray)
    ticket = there.adopt(ticket_key("", "", wrong))
    await ticket.settled()
    assert [len(stray.told("ana")), len(ticket.told("ana"))] == [0, 1]
    assert ticket.kinds().count("ticket.repeated") == 0


async def test_what_cannot_be_passed_on_is_counted_and_pages_nobody_again(
    tower: MakeTower, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    @activity.defn(name="forward")
    async def half(request: ForwardRequest) -> Forwarded:
        if request.signals:
            raise ApplicationError("the network is gone", non_retryable=True)
        return await forward(request)

    monkeypatch.setattr(implementations, "forward", half)
    there, wrong = await tower(ONE), a_name()
    with there.time.standing():
        acknowledge = {"start_signal": "acknowledge", "start_signal_args": [{"by": "nagios"}]}
        stray = await start(there, wrong, {"title": "db down"}, **acknowledge)
        await forwards(stray)
    ticket = there.adopt(ticket_key("", "", wrong))
    await ticket.settled()
    assert [len(stray.told("ana")), len(ticket.told("ana"))] == [0, 1]
    # The acknowledgement, and why it was forwarded.
    assert "2 messages could not be passed on" in caplog.text


async def test_a_long_failure_to_pass_on_signals_loses_none_of_them(
    tower: MakeTower, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = 0

    @activity.defn(name="forward")
    async def flaky(request: ForwardRequest) -> Forwarded:
        nonlocal failures
        if request.signals and failures < 15:
            failures += 1
            raise ApplicationError("the network is gone")
        return await forward(request)

    monkeypatch.setattr(implementations, "forward", flaky)
    there, wrong = await tower(ONE), a_name()
    with there.time.standing():
        acknowledge = {"start_signal": "acknowledge", "start_signal_args": [{"by": "nagios"}]}
        stray = await start(there, wrong, {"title": "db down"}, **acknowledge)
        await there.time.forward(stray.handle, timedelta(minutes=30))
        await forwards(stray)
    ticket = there.adopt(ticket_key("", "", wrong))
    await ticket.settled()
    assert (await ticket.view()).acknowledged


async def test_many_signals_are_passed_on_in_small_lots_and_in_order(
    tower: MakeTower, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, lots = asyncio.Event(), []

    @activity.defn(name="forward")
    async def held(request: ForwardRequest) -> Forwarded:
        await gate.wait()
        told = await forward(request)
        lots.append((request.ticket is not None, len(request.signals), told.done))
        return told

    monkeypatch.setattr(implementations, "forward", held)
    there, wrong = await tower(ONE), a_name()
    with there.time.standing():
        stray = await start(there, wrong, {"title": "db down"})
        for n in range(45):
            await stray.handle.signal("note", {"text": f"note {n}", "by": "nagios"})
        gate.set()
        await forwards(stray)
    ticket = there.adopt(ticket_key("", "", wrong))
    await ticket.settled()
    assert lots[0] == (True, 0, 0)
    # A server may refuse one for the moment: the next lot begins with it. The first is why it was forwarded.
    assert sum(done for _, _, done in lots) == 46
    assert max(size for _, size, _ in lots) <= 20
    said = [entry.what for entry in ticket.journal() if entry.kind == "ticket.note"][1:]
    assert len(said) == 45
    assert all(f"note {n}" in what for n, what in enumerate(said))
