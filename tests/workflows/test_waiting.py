"""Tickets that rest: pauses, reopen windows, continue-as-new into the wait, ends from outside."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import pytest
from temporalio.client import WorkflowFailureError

from escalade.errors import RefusedError
from escalade.ticket import Status, Ticket
from tests.tower import Climber
from tests.workflows.conftest import MakeTower

ONE = {"name": "one", "page": ["person:ana"], "acknowledge_within": "15m", "repeat_every": "10m"}
TWO = {"name": "two", "page": ["person:bob"], "acknowledge_within": "15m"}


async def _run_id(ticket: Climber) -> str:
    return str((await ticket.handle.describe()).run_id)


async def test_a_pending_month_costs_no_events_between_its_first_hour_and_its_return(tower: MakeTower) -> None:
    there = await tower(ONE, TWO)
    ticket = await there.open()
    await ticket.does("ana", "pending", on="vendor", **{"for": timedelta(days=30)})
    await ticket.forward(hours=1, seconds=1)
    waiting, events = await _run_id(ticket), await ticket.events()
    assert events <= 10
    await ticket.forward(days=29, hours=22)
    assert (await _run_id(ticket), await ticket.events()) == (waiting, events)
    await ticket.forward(hours=1)
    assert (await ticket.view()).status is Status.NEW
    assert len(ticket.told("ana")) == 2


async def test_a_resting_ticket_continues_as_new_and_closes_in_time(tower: MakeTower) -> None:
    there = await tower(ONE, reopen_within="2d")
    ticket = await there.open()
    await ticket.does("ana", "resolve")
    before = await _run_id(ticket)
    await ticket.forward(hours=2)
    assert await _run_id(ticket) != before
    await ticket.does("ana", "reopen", reason="it is back")
    assert (await ticket.view()).tier_name == "one"
    await ticket.does("ana", "resolve")
    await ticket.forward(days=2, seconds=1)
    assert await ticket.handle.result() == "closed"


async def test_a_ticket_that_arrives_closed_pages_nobody_and_ends(tower: MakeTower) -> None:
    there = await tower(ONE)
    ticket = await there.open(status="closed")
    assert await ticket.handle.result() == "closed"
    assert there.post.tried == []


async def test_a_cancelled_workflow_says_so_in_the_journal(tower: MakeTower) -> None:
    ticket = await (await tower(ONE)).open()
    await ticket.handle.cancel()
    with pytest.raises(WorkflowFailureError):
        await ticket.handle.result()
    assert ticket.kinds()[-2:] == ["ticket.cancelled", "ticket.closed"]


async def test_an_alert_on_a_key_that_is_closing_is_paged_at_once_and_nothing_of_the_old_life_is_lost(
    tower: MakeTower,
) -> None:
    there = await tower(ONE, reopen_within="0s")
    ticket = await there.open("disk full", dedupe_key="disk")
    first = (await ticket.view()).life
    hold = there.hold_the_store()
    try:
        await ticket.does("ana", "resolve")
        await there.tickets.open(Ticket(title="disk full", dedupe_key="disk", event_id="second"))
        with contextlib.suppress(RefusedError):
            await ticket.does("ana", "acknowledge", life=first)
        async with asyncio.timeout(30):
            while len(ticket.told("ana")) < 2:
                await asyncio.sleep(0.02)
    finally:
        hold.release()
    await ticket.settled()
    assert (await ticket.view()).life != first
    kinds = ticket.kinds()
    assert kinds.count("ticket.opened") == 2
    assert kinds.index("ticket.closed") < len(kinds) - 1 - kinds[::-1].index("ticket.opened")
    assert there.store.verify() == []


async def test_while_the_store_is_away_pages_leave_and_entries_come_later_in_order(tower: MakeTower) -> None:
    there = await tower(ONE, TWO)
    hold = there.hold_the_store()
    try:
        with there.time.standing():
            ticket = there.adopt((await there.tickets.open(Ticket(title="no store"))).key)
        async with asyncio.timeout(20):
            while not ticket.told("ana"):
                await asyncio.sleep(0.01)
        await ticket.does("ana", "note", text="written later")
        assert ticket.journal() == []
    finally:
        hold.release()
    await ticket.settled()
    kinds = ticket.kinds()
    assert kinds[:4] == ["ticket.opened", "ticket.admitted", "tier.entered", "round.started"]
    assert kinds.count("page.accepted") == 1
    assert kinds.count("ticket.note") == 1
    assert there.store.verify() == []
    assert len(ticket.told("ana")) == 1


async def test_two_tickets_merge_and_the_key_of_the_closed_one_leads_to_the_open_one(tower: MakeTower) -> None:
    there = await tower(ONE, TWO)
    goal = await there.open("the cause", severity="sev3", dedupe_key="cause")
    same = await there.open("a symptom", severity="sev1", dedupe_key="symptom")
    await same.does("cleo", "follow")
    await same.does("ana", "merge", into=goal.key)
    assert await same.handle.result() == f"merged into {goal.key}"
    view = await goal.view()
    assert view.ticket.severity == "sev1"
    assert "person:cleo" in view.followers
    paged = len(there.post.sent)
    await there.tickets.open(Ticket(title="a symptom again", dedupe_key="symptom"))
    async with asyncio.timeout(20):
        while (await goal.view()).repeats == 0:
            await asyncio.sleep(0.02)
    await goal.settled()
    assert len(there.post.sent) == paged


async def test_a_merge_into_a_ticket_that_is_gone_changes_nothing(tower: MakeTower) -> None:
    there = await tower(ONE, TWO)
    ticket = await there.open()
    await ticket.does("ana", "merge", into="aaaaaaaaaa")
    await ticket.settled()
    assert ticket.kinds()[-1] == "ticket.merge_failed"
    await ticket.forward(minutes=15)
    assert (await ticket.view()).tier_name == "two"
