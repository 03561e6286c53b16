"""Clocks and calendars on the real server: what the pure engine says is what a ticket does (three ways)."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from escalade.messages.views import ClockWhy
from escalade.time.instants import format_instant
from tests.tower import tower_of
from tests.workflows.conftest import MakeTower
from tests.workflows.test_examples import copy_of_the_examples
from worker.testing import TicketTime

QUIET = {"name": "one", "page": ["person:ana"], "acknowledge_within": "never", "repeat_every": "60d"}
CLOCKS = {
    "first_response": {"target": "1h", "warn_at": [50]},
    "update": {"target": "30m"},
    "resolution": {"target": "4h", "pause_on": ["pending"], "on": {"breach": {"climb": "next"}}},
}


async def test_clocks_run_stand_still_warn_and_climb(tower: MakeTower) -> None:
    there = await tower(QUIET, {**QUIET, "name": "two", "page": ["person:bob"]}, clocks=CLOCKS)
    ticket = await there.open()
    await ticket.forward(minutes=31)
    await ticket.does("ana", "reply", text="we look at it")
    await ticket.does("cleo", "message", text="and now?")
    await ticket.does("ana", "pending", on="customer", **{"for": timedelta(days=3)})
    await ticket.forward(days=2)
    await ticket.does("cleo", "message", text="here are the logs")
    view = await ticket.view()
    assert {clock.name: clock.state for clock in view.clocks} == {
        "first_response": "met",
        "update": "running",
        "resolution": "running",
    }
    await ticket.forward(hours=3, minutes=30)
    assert (await ticket.view()).tier_name == "two"
    kinds = ticket.kinds()
    assert kinds.count("clock.warned") == 1
    assert kinds.count("clock.breached") == 2
    assert kinds.index("clock.paused") < kinds.index("clock.resumed")
    now = format_instant(await there.time.now(ticket.handle))
    why = await ticket.handle.query("why", args=["resolution", now], result_type=ClockWhy)
    assert any("stood still" in line for line in why.explanation)
    assert there.store.verify() == []


async def test_a_month_pending_costs_no_more_with_clocks(tower: MakeTower) -> None:
    there = await tower(QUIET, clocks=CLOCKS)
    ticket = await there.open()
    await ticket.does("ana", "reply")
    await ticket.does("ana", "pending", on="vendor", **{"for": timedelta(days=30)})
    await ticket.forward(hours=1, seconds=1)
    events = await ticket.events()
    assert events <= 20
    await ticket.forward(days=29, hours=22)
    assert await ticket.events() == events


@pytest.mark.parametrize("way", ["as is"])
async def test_the_matrix_waits_for_the_office_wherever_the_clocks_stand(
    ticket_time: TicketTime, tmp_path: Path, way: str
) -> None:
    assert way == "as is"
    paris = ZoneInfo("Europe/Paris")
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(tower_of(ticket_time, copy_of_the_examples(tmp_path)))
        ticket = await there.open("it is broken", severity="sev3")
        await ticket.forward(hours=18)
        for _ in range(60):  # until its time is over: how long that takes depends on the day of the test
            if (await ticket.view()).tier_name == "catch-all":
                break
            await ticket.forward(hours=6)
        entered = {e.data["tier"]: e.at for e in ticket.journal() if e.kind == "tier.entered"}
        rounds = [e.at for e in ticket.journal() if e.kind == "round.started" and e.data["tier"] == "executive"]
        arrived = entered["executive"] - ticket.journal()[0].at
        assert timedelta(seconds=round(arrived.total_seconds())) == timedelta(hours=17, minutes=15)
        first = rounds[0].astimezone(paris)
        assert first.weekday() < 5
        assert (9, 0) <= (first.hour, first.minute) < (18, 0)
        assert "catch-all" in entered
        left = entered["catch-all"].astimezone(paris)
        assert left.weekday() < 5
        assert (9, 0) <= (left.hour, left.minute) <= (18, 0)
        assert there.store.verify() == []
