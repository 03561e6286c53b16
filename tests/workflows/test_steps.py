"""Steps: they run beside their ticket, tell it how they ended, and cannot hold it up."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel

from activities.signatures import verify
from escalade.errors import StepError
from escalade.extension import StepContext
from tests.activities.sinks import http_sink
from tests.workflows.conftest import MakeTower

ONE = {"name": "one", "page": ["person:ana"], "acknowledge_within": "15m"}


class Patient(BaseModel):
    """Waits, in real time: a workflow that a ticket starts has a clock of its own."""

    name: ClassVar[str] = "patient"
    version: ClassVar[str] = "1"

    async def run(self, ctx: StepContext) -> str:
        """Wait, and say so."""
        await ctx.note("the wait begins")
        await ctx.wait(timedelta(seconds=2))
        return "two seconds later"


class Clumsy(BaseModel):
    """Fails."""

    name: ClassVar[str] = "clumsy"
    version: ClassVar[str] = "1"

    async def run(self, ctx: StepContext) -> None:
        """Fail."""
        raise StepError("it fell over")


async def test_a_step_tells_people_and_its_outcome_is_in_the_timeline(tower: MakeTower) -> None:
    step = {"use": "notify", "with": {"to": ["person:cleo"], "text": "a ticket is here"}}
    ticket = await (await tower(ONE | {"steps": [step]})).open()
    async with asyncio.timeout(20):
        while "step.done" not in ticket.kinds():
            await asyncio.sleep(0.02)
    assert len(ticket.told("cleo")) == 1
    assert "a ticket is here" in ticket.told("cleo")[0].message.text


async def test_a_step_that_fails_is_written_down_and_the_ladder_goes_on(tower: MakeTower) -> None:
    there = await tower(ONE | {"steps": [{"use": "clumsy"}]}, ONE | {"name": "two"}, steps={"clumsy": Clumsy})
    ticket = await there.open()
    async with asyncio.timeout(20):
        while "step.failed" not in ticket.kinds():
            await asyncio.sleep(0.02)
    [entry] = [e for e in ticket.journal() if e.kind == "step.failed"]
    assert entry.why == "it fell over"
    await ticket.forward(minutes=15)
    assert (await ticket.view()).tier_name == "two"


async def test_a_step_that_waits_outlives_the_tier_and_the_run(tower: MakeTower) -> None:
    there = await tower(ONE | {"steps": [{"use": "patient"}]}, steps={"patient": Patient}, reopen_within="7d")
    ticket = await there.open_with_steps()
    await ticket.does("ana", "resolve")
    await ticket.forward(hours=2)
    async with asyncio.timeout(20):
        while "step.done" not in ticket.kinds():
            await asyncio.sleep(0.02)
    assert "ticket.note" in ticket.kinds()


async def test_the_webhook_step_calls_another_system_signed_and_says_what_it_answered(tower: MakeTower) -> None:
    with http_sink() as sink:
        there = await tower(
            ONE | {"steps": [{"use": "webhook", "with": {"channel": "hook", "data": {"room": 7}}}]},
            channels={"hook": {"use": "webhook", "url": sink.url, "secrets": ["${HOOK_SECRET}"]}},
            env={"HOOK_SECRET": "a shared secret"},
        )
        ticket = await there.open("db down")
        async with asyncio.timeout(20):
            while not any(kind.startswith("step.") for kind in ticket.kinds()):
                await asyncio.sleep(0.02)
        [call] = sink.received
    verify(call.body, call.headers, secrets=["a shared secret"], now=datetime.now(UTC))
    body = json.loads(call.body)
    assert (body["event"], body["ticket"]["title"], body["data"]) == ("tier.entered", "db down", {"room": 7})
    [entry] = [e for e in ticket.journal() if e.kind == "step.done"]
    assert entry.why == "called hook: 200 thank you"
