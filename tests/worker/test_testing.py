"""The harness that is given to whoever writes a step."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from escalade.errors import StepError
from escalade.extension import StepContext, StepOutcome
from worker.testing import TicketTime, run_step, shared_clock_server, skipping_server
from worker.trial import ticket_brief
from workflows.steps import Notify


class Chase(BaseModel):
    """A newcomer's step: asks twice, a day apart, and looks something up."""

    name: ClassVar[str] = "chase"
    version: ClassVar[str] = "1"
    who: str

    async def run(self, ctx: StepContext) -> StepOutcome:
        for asked in range(2):
            await ctx.page(self.who, subject=f"ask {asked + 1}", text=ctx.ticket.title)
            await ctx.wait(timedelta(days=1))
        owner = await ctx.activity("look_up", Question(service=ctx.ticket.service))
        await ctx.note("looked up", owner=owner)
        if owner == "nobody":
            raise StepError("nobody owns it")
        return StepOutcome(text=f"{owner} owns it", data={"owner": owner})


class Question(BaseModel):
    service: str


@pytest.fixture(scope="module")
async def time() -> AsyncIterator[TicketTime]:
    async with skipping_server() as server:
        yield server


async def test_a_step_that_waits_for_days_is_tried_in_a_moment(time: TicketTime) -> None:
    async def look_up(question: dict[str, Any]) -> str:
        return {"payments": "ana"}[question["service"]]

    run = await run_step(Chase(who="person:bob"), activities={"look_up": look_up}, time=time)
    assert (run.outcome, run.text, run.data) == ("done", "ana owns it", {"owner": "ana"})
    assert run.told() == ["person:bob", "person:bob"]
    assert [page.subject for page in run.pages] == ["ask 1", "ask 2"]
    assert run.notes == ["looked up (owner: ana)"]
    assert run.calls == [("look_up", {"service": "payments"})]
    assert timedelta(days=2) <= run.took < timedelta(days=2, minutes=1)


async def test_a_step_that_fails_says_why(time: TicketTime) -> None:
    async def look_up(_: dict[str, Any]) -> str:
        return "nobody"

    run = await run_step(
        Chase(who="person:bob"), activities={"look_up": look_up}, ticket=ticket_brief(key="another234"), time=time
    )
    assert (run.outcome, run.text) == ("failed", "nobody owns it")


async def test_an_activity_that_was_not_given_is_named(time: TicketTime) -> None:
    run = await run_step(Chase(who="person:bob"), ticket=ticket_brief(key="third23456"), time=time)
    assert run.outcome == "failed"
    assert "no activity 'look_up'" in run.text


async def test_one_line_tries_a_built_in_step_on_a_server_of_its_own() -> None:
    run = await run_step(Notify(to=["person:ana", "channel:war-room"], after=timedelta(hours=2)))
    assert run.told() == ["person:ana", "channel:war-room"]
    assert run.took >= timedelta(hours=2)


async def test_a_notification_that_reaches_nobody_has_failed(time: TicketTime) -> None:
    run = await run_step(
        Notify(to=["person:ana"]), unreachable=["person:ana"], ticket=ticket_brief(key="fourth2345"), time=time
    )
    assert run.outcome == "failed"
    assert "unreachable in this trial" in run.text


async def test_the_shared_clock_of_the_java_server_jumps() -> None:
    async with shared_clock_server() as environment:
        before = await environment.get_current_time()
        await environment.sleep(timedelta(days=3))
        assert await environment.get_current_time() - before >= timedelta(days=3)
