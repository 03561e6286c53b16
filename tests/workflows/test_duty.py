"""Who is on duty changes while a ticket is open: by a handoff, by an override, and while it waits for somebody."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from activities.held import HeldTickets
from escalade.people.changes import Override
from escalade.ticket import SYSTEM
from tests.tower import Climber, Tower
from tests.workflows.conftest import MakeTower

TIER = {"name": "one", "page": ["schedule:duty"], "acknowledge_within": "never", "repeat_every": "10m"}
HOUR = timedelta(hours=1)


def hourly(directory: Path, *members: str, **more: Any) -> None:
    """A schedule whose members take turns of an hour, on the hour."""
    rotation = {"members": list(members), "start": "2026-01-05", "every": "1h", "handoff": "00:00", **more}
    schedule = {"schedule": "duty", "zone": "UTC", "rotation": rotation}
    (directory / "schedules").mkdir()
    (directory / "schedules" / "duty.yaml").write_text(json.dumps(schedule))


def unreachable(directory: Path) -> None:
    """Ana is on duty for months, whom nothing reaches; Cleo follows."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    hourly(directory, "ana", "cleo", every="100d", start=yesterday.isoformat())


def override(change_id: str, start: datetime, end: datetime, **given: Any) -> Override:
    values: dict[str, Any] = {"id": change_id, "schedule": "duty", "form": "replace", "made_at": start, "by": "cleo"}
    return Override.model_validate({**values, "start": start, "end": end, **given})


async def now_of(ticket: Climber) -> datetime:
    return await ticket.tower.time.now(ticket.handle)


def last_told(there: Tower) -> str:
    return there.post.sent[-1].address.split("/")[0]


async def test_after_a_handoff_the_next_round_pages_who_has_taken_over(tower: MakeTower, tmp_path: Path) -> None:
    hourly(tmp_path, "ana", "bob")
    there = await tower(TIER)
    ticket = await there.open()
    first = last_told(there)
    second = {"ana": "bob", "bob": "ana"}[first]
    assert not ticket.told(second)
    opened = await now_of(ticket)
    left = HOUR - timedelta(minutes=opened.minute, seconds=opened.second, microseconds=opened.microsecond)
    await ticket.forward(seconds=left.total_seconds() + 601)
    told = [sent.address.split("/")[0] for sent in there.post.sent]
    # Every ten minutes: the first one to the end of the hour, and nobody else before or after.
    assert len(told) - 2 <= left // timedelta(minutes=10) + 1 <= len(told)
    assert told == [first] * told.count(first) + [second] * told.count(second)
    assert told[-1] == second
    await ticket.does(second, "acknowledge")
    assert (await ticket.view()).owner == second


async def test_an_override_made_between_two_rounds_is_in_force_for_the_next(tower: MakeTower, tmp_path: Path) -> None:
    hourly(tmp_path, "ana")
    there = await tower(TIER)
    ticket = await there.open()
    assert [len(ticket.told(who)) for who in ("ana", "bob")] == [1, 0]
    start = await now_of(ticket)
    there.store.change(override("o1", start, start + 25 * timedelta(minutes=1), people=["bob"]), by=SYSTEM)
    await ticket.forward(minutes=10, seconds=1)
    assert [len(ticket.told(who)) for who in ("ana", "bob")] == [1, 1]
    assert any("override o1 by cleo" in entry.model_dump_json() for entry in ticket.journal())
    await ticket.forward(minutes=10)
    there.store.remove_change("o1", by=SYSTEM)
    assert [len(ticket.told(who)) for who in ("ana", "bob")] == [1, 2]
    # What was removed is not in force any more, and what ended is not either.
    await ticket.forward(minutes=10)
    assert [len(ticket.told(who)) for who in ("ana", "bob")] == [2, 2]


async def test_a_ticket_that_waits_for_somebody_pages_at_once_whom_an_override_brings(
    tower: MakeTower, tmp_path: Path
) -> None:
    unreachable(tmp_path)
    there = await tower(TIER | {"nobody": "hold"}, people={"ana": [], "bob": ["mail"], "cleo": ["mail"]})
    ticket = await there.open()
    assert there.post.tried == []
    row = there.store.ticket(ticket.key)
    assert row is not None
    assert row.holding
    start = await now_of(ticket)
    there.store.change(override("o1", start, start + HOUR, people=["bob"]), by=SYSTEM)
    held = HeldTickets(lambda _: ticket.handle.signal("roster_changed"))
    assert await held.look([row], there.store.roster_revision()) == [ticket.key]
    async with asyncio.timeout(20):
        while not ticket.told("bob"):
            await asyncio.sleep(0.01)
    await ticket.settled()
    after = there.store.ticket(ticket.key)
    assert after is not None
    assert not after.holding


async def test_a_ticket_that_waits_wakes_when_an_override_begins(tower: MakeTower, tmp_path: Path) -> None:
    unreachable(tmp_path)
    there = await tower(TIER | {"nobody": "hold"}, people={"ana": [], "bob": ["mail"], "cleo": ["mail"]})
    ticket = await there.open()
    start = await now_of(ticket)
    there.store.change(override("o1", start + 3 * HOUR, start + 4 * HOUR, people=["bob"]), by=SYSTEM)
    await ticket.handle.signal("roster_changed")
    await ticket.settled()
    await ticket.forward(hours=2, minutes=59)
    assert there.post.tried == []
    await ticket.forward(minutes=1, seconds=1)
    assert len(ticket.told("bob")) == 1
