"""Clocks that stand still in maintenance windows, on the real server (three ways)."""

from __future__ import annotations

from datetime import timedelta

from tests.tower import Climber
from tests.workflows.conftest import MakeTower
from tests.workflows.test_maintenance import add, tell

QUIET = {"name": "one", "page": ["person:ana"], "acknowledge_within": "never", "repeat_every": "60d"}
STANDS = {"target": "2h", "warn_at": [50], "pause_on": ["maintenance"]}
CLOCKS = {"resolution": STANDS, "first_response": {"target": "2h"}}
HOUR = timedelta(hours=1)


def since_opened(ticket: Climber, kind: str, clock: str) -> list[timedelta]:
    """When a clock said something, to the second."""
    entries = ticket.journal()
    found = [e.at - entries[0].at for e in entries if e.kind == kind and e.data.get("clock") == clock]
    return [timedelta(seconds=round(each.total_seconds())) for each in found]


async def test_a_clock_that_says_so_stands_still_in_a_window_and_another_runs_on(tower: MakeTower) -> None:
    there = await tower(QUIET, clocks=CLOCKS)
    ticket = await there.open(service="shop")
    add(there, "patching", timedelta(minutes=30), HOUR)
    await tell(there, ticket)
    await ticket.forward(minutes=85)
    assert {clock.name: clock.state for clock in (await ticket.view()).clocks} == {
        "resolution": "paused",
        "first_response": "running",
    }
    await ticket.forward(hours=2)
    assert since_opened(ticket, "clock.breached", "first_response") == [2 * HOUR]
    assert since_opened(ticket, "clock.warned", "resolution") == [2 * HOUR]
    assert since_opened(ticket, "clock.breached", "resolution") == [3 * HOUR]
    assert there.store.verify() == []


async def test_a_window_that_covers_a_paused_ticket_stops_the_clock_that_runs_through_the_pause(
    tower: MakeTower,
) -> None:
    there = await tower(QUIET, clocks=CLOCKS)
    ticket = await there.open(service="shop")
    add(there, "patching", timedelta(minutes=30), HOUR)
    await tell(there, ticket)
    await ticket.does("ana", "snooze", **{"for": timedelta(hours=5)})
    await ticket.forward(hours=4)
    assert since_opened(ticket, "clock.warned", "resolution") == [2 * HOUR]
    assert since_opened(ticket, "clock.breached", "resolution") == [3 * HOUR]
    assert there.store.verify() == []
