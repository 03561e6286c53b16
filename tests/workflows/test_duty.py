"""Duty notices on the real server: told in time, once, in the reader's words, whatever is changed or restarted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.worker import Replayer

from activities.contracts import JOURNAL_QUEUE
from escalade.people.changes import Override
from escalade.ticket import Actor
from tests.tower import Tower
from tests.workflows.conftest import MakeTower
from worker.plugin import escalade_plugin
from workflows.duty import DutyWorkflow

ONE = {"name": "one", "page": ["schedule:duty"], "acknowledge_within": "never", "repeat_every": "12h"}
DAY = timedelta(days=1)


def people() -> dict[str, Any]:
    french = {"language": "fr", "methods": {"mail": {"channel": "mail", "address": "bob/mail"}}}
    return {"ana": ["mail", "chat"], "bob": {"name": "Bob", **french}, "cleo": ["mail"]}


def schedule(directory: Path, change: datetime, **more: Any) -> None:
    """Ana until `change`, then Bob, each for two days."""
    rotation = {
        "members": ["ana", "bob"],
        "start": f"{change - 2 * DAY:%Y-%m-%dT%H:%M}",
        "every": "2 days",
    }
    written = {"schedule": "duty", "name": "Payments duty", "zone": "UTC", "rotation": rotation, **more}
    (directory / "schedules").mkdir(exist_ok=True)
    (directory / "schedules/duty.yaml").write_text(json.dumps(written))


@asynccontextmanager
async def telling(there: Tower, name: str) -> AsyncIterator[WorkflowHandle[Any, Any]]:
    with there.time.standing():
        handle = await there.client.start_workflow("DutyWorkflow", id=f"duty/{name}", task_queue=JOURNAL_QUEUE)
    try:
        yield handle
    finally:
        await handle.terminate("the test is over")
    replayer = Replayer(workflows=[DutyWorkflow], plugins=[escalade_plugin()])
    async for run in there.client.list_workflows(f"WorkflowId = '{handle.id}'"):
        history = await there.client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()
        await replayer.replay_workflow(history)


async def forward(there: Tower, handle: WorkflowHandle[Any, Any], by: timedelta) -> None:
    await there.time.forward(handle, by, within=60)


def told(there: Tower, who: str) -> list[str]:
    return [
        sent.message.subject for sent in there.post.sent if sent.address == f"{who}/mail" and not sent.message.ticket
    ]


async def until_told(there: Tower, number: int) -> None:
    async with asyncio.timeout(20):
        while len([sent for sent in there.post.sent if not sent.message.ticket]) < number:
            await asyncio.sleep(0.02)


@pytest.fixture
def soon() -> datetime:
    """When duty changes hands."""
    return datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=5)


async def make(tower: MakeTower, tmp_path: Path, change: datetime, **more: Any) -> Tower:
    there = await tower({**ONE, "page": ["person:ana"]}, people=people())
    schedule(tmp_path, change, **more)
    problems = [problem for problem in there.live.reload() if problem.level == "error"]
    assert problems == []
    return there


async def test_both_sides_are_told_ahead_and_at_the_change_with_the_open_tickets(
    tower: MakeTower, tmp_path: Path, soon: datetime, way: str
) -> None:
    there = await make(tower, tmp_path, soon, handoff={"ahead": "1h"})
    ticket = await there.open("db down")
    async with telling(there, way) as handle:
        await forward(there, handle, timedelta(hours=3, minutes=30))
        assert told(there, "ana") == told(there, "bob") == []
        await forward(there, handle, timedelta(hours=1))
        await until_told(there, 2)
        (ana,), (bob,) = told(there, "ana"), told(there, "bob")
        assert ana.startswith("Your duty ends: Payments duty")
        assert bob.startswith("Vous prenez l’astreinte : Payments duty")
        texts = [sent.message.text for sent in there.post.sent if not sent.message.ticket]
        assert all(ticket.key in text and "db down" in text for text in texts)
        await forward(there, handle, timedelta(hours=1))
        await until_told(there, 4)
        await forward(there, handle, timedelta(hours=5))
        assert (len(told(there, "ana")), len(told(there, "bob"))) == (2, 2)
        assert told(there, "ana")[1] == "Your duty is over: Payments duty"
    kinds = [kept.entry.kind for kept in there.store.entries("schedule/duty")]
    assert kinds.count("handoff.told") == 4
    assert kinds.count("page.accepted") == 4
    assert there.store.verify() == []


async def test_an_override_made_after_the_first_notice_counts_and_a_new_workflow_tells_nobody_twice(
    tower: MakeTower, tmp_path: Path, soon: datetime, way: str
) -> None:
    there = await make(tower, tmp_path, soon, handoff={"ahead": "6h"})
    async with telling(there, f"first-{way}"):
        await until_told(there, 2)
    async with telling(there, f"second-{way}") as handle:
        override = Override(
            id="o1",
            schedule="duty",
            start=soon,
            end=soon + DAY,
            made_at=datetime.now(UTC),
            form="replace",
            whom="bob",
            people=("cleo",),
        )
        there.store.change(override, by=Actor(kind="person", id="ana", via="test"))
        await handle.signal("duty_changed")
        await until_told(there, 3)
        await forward(there, handle, timedelta(hours=5, minutes=1))
        await until_told(there, 5)
        assert (len(told(there, "ana")), len(told(there, "bob")), len(told(there, "cleo"))) == (2, 1, 2)


async def test_the_owner_of_a_schedule_hears_of_a_gap_when_it_is_found_and_when_it_is_near(
    tower: MakeTower, tmp_path: Path, soon: datetime, way: str
) -> None:
    rotation = {"members": ["ana"], "start": "2026-01-05", "until": f"{soon + 3 * DAY:%Y-%m-%dT%H:%M}"}
    there = await make(tower, tmp_path, soon, rotation=rotation, owner="cleo")
    async with telling(there, way) as handle:
        await until_told(there, 1)
        assert told(there, "cleo")[0].startswith("Nobody is on duty at times: Payments duty")
        await forward(there, handle, timedelta(days=1))
        assert len(told(there, "cleo")) == 1
        await forward(there, handle, timedelta(days=1, hours=6))
        await until_told(there, 2)
        assert told(there, "cleo")[1].startswith("Soon nobody is on duty: Payments duty")


async def test_nobody_is_told_of_a_schedule_that_does_not_ask_for_it(
    tower: MakeTower, tmp_path: Path, soon: datetime, way: str
) -> None:
    there = await make(tower, tmp_path, soon)
    async with telling(there, way) as handle:
        await forward(there, handle, timedelta(days=3))
        assert there.post.sent == []
        history = await handle.fetch_history()
        names = [event for event in history.events if event.HasField("timer_started_event_attributes")]
        assert names == []


async def test_a_handoff_while_a_ticket_climbs_pages_whoever_comes_from_the_next_round_on(
    tower: MakeTower, tmp_path: Path, soon: datetime
) -> None:
    schedule(tmp_path, soon)
    tier = {"name": "one", "page": ["schedule:duty"], "acknowledge_within": "9h", "repeat_every": "2h"}
    last = {"name": "two", "page": ["person:cleo"], "acknowledge_within": "9h"}
    there = await tower(tier, last, people=people())
    ticket = await there.open("db down")
    await ticket.forward(hours=4, minutes=30)
    # At 0, 2 and 4 h; duty changes hands at about 5 h, in the middle of the tier's time.
    assert (len(ticket.told("ana")), len(ticket.told("bob"))) == (3, 0)
    await ticket.forward(hours=2)
    assert (len(ticket.told("ana")), len(ticket.told("bob"))) == (3, 1)
    on_duty = [f"{entry.what} {entry.why}" for entry in ticket.journal() if "on duty in schedule:duty" in entry.why]
    assert [f"until {soon:%Y-%m-%dT%H:%M:%SZ}" in said for said in on_duty] == [True, True, True, False]
    assert [("ana" in said, "bob" in said) for said in on_duty] == [(True, False)] * 3 + [(False, True)]
    # Whoever was paged in this tier may still take it, and then nobody is paged any more.
    answer = await ticket.does("ana", "acknowledge")
    assert answer.owner == "ana"
    await ticket.forward(hours=5)
    assert (len(ticket.told("ana")), len(ticket.told("bob"))) == (3, 1)
    assert (await ticket.view()).tier_name == "one"
    assert there.store.verify() == []
