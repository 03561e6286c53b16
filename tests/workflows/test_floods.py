"""Floods: nothing that others send can make a ticket too large to go on."""

from __future__ import annotations

import asyncio

import pytest

from escalade.ticket import Ticket
from tests.workflows.conftest import MakeTower

ONE = {"name": "one", "page": ["person:ana"], "acknowledge_within": "15m", "repeat_every": "10m"}
TWO = {"name": "two", "page": ["person:bob"], "acknowledge_within": "15m"}


@pytest.fixture
def way() -> str:
    """Once is enough: a flood is the same whichever way the run is held."""
    return "as is"


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
