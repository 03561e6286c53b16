"""A ticket's life on the real server: what the shell adds to the engine's rules."""

from __future__ import annotations

import asyncio

import pytest

from escalade.errors import RefusedError
from escalade.ticket import Status
from tests.workflows.conftest import MakeTower

ONE = {
    "name": "one",
    "page": ["person:ana"],
    "acknowledge_within": "15m",
    "repeat_every": "10m",
    "resolve_within": "1h",
}
TWO = {"name": "two", "page": ["person:bob"], "acknowledge_within": "15m", "resolve_within": "1h"}


async def test_a_ticket_pages_repeats_climbs_is_acknowledged_resolved_and_closed(tower: MakeTower) -> None:
    there = await tower(ONE, TWO)
    ticket = await there.open("db down", severity="sev1", service="payments")
    assert len(ticket.told("ana")) == 1
    await ticket.forward(minutes=10)
    assert len(ticket.told("ana")) == 2
    await ticket.forward(minutes=5)
    assert len(ticket.told("bob")) == 1
    assert (await ticket.does("bob", "acknowledge")).acknowledged
    assert (await ticket.does("bob", "resolve", comment="restarted it")).status is Status.RESOLVED
    await ticket.does("bob", "close")
    assert await ticket.handle.result() == "closed"
    assert [kind for kind in ticket.kinds() if kind != "page.accepted"] == [
        "ticket.opened",
        "ticket.admitted",
        "tier.entered",
        "round.started",
        "round.started",
        "tier.left",
        "tier.entered",
        "round.started",
        "ticket.acknowledged",
        "tier.first_work",
        "ticket.resolved",
        "ticket.closed",
    ]
    assert there.store.verify() == []


async def test_a_stale_escalation_is_refused_on_the_record(tower: MakeTower) -> None:
    ticket = await (await tower(ONE, TWO)).open()
    await ticket.forward(minutes=15)
    with pytest.raises(RefusedError) as refused:
        await ticket.does("ana", "escalate", reason="too much for me", rung=1)
    assert refused.value.code == "stale_rung"
    await ticket.settled()
    assert ticket.kinds()[-1] == "escalate.refused"


async def test_a_query_in_the_middle_of_a_round_leaves_a_history_that_replays(tower: MakeTower) -> None:
    there = await tower(ONE, TWO)
    ticket = await there.open()

    async def look() -> None:
        while True:
            await ticket.handle.query("view")

    lookers = [asyncio.create_task(look()) for _ in range(3)]
    for n in range(12):
        await ticket.handle.signal("reassign", {"by": "ana", "to": "person:bob" if n % 2 else "person:ana"})
        await ticket.does("ana", "note", text="in between")
    for looker in lookers:
        looker.cancel()
    await asyncio.gather(*lookers, return_exceptions=True)
    await ticket.settled()
    # Who is overtaken by the next reassignment need not be told any more. The harness replays every history.
    assert (await ticket.view()).rung == 13
    assert ticket.told("bob")
