"""Whole tickets on the real server, in skipped time; the suite runs three ways (decision 52)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity

from activities.implementations import Activities
from escalade.messages import AdmitRequest
from escalade.messages.activities import Admission
from tests.tower import Tower, tower_of, write_configuration
from worker.testing import TicketTime, skipping_server

MakeTower = Callable[..., Awaitable[Tower]]
"""`await tower(tier, tier, people={…}, **policy)`."""

OFTEN = 15
"""Events after which a run continues as new, in the third way."""


@pytest.fixture(scope="session")
async def ticket_time() -> AsyncIterator[TicketTime]:
    """One server for the run."""
    async with skipping_server() as time:
        yield time


@pytest.fixture(scope="session")
async def hasty_time() -> AsyncIterator[TicketTime]:
    """One server that suggests continue-as-new all the time."""
    async with skipping_server(continue_as_new_at=OFTEN) as time:
        yield time


@pytest.fixture(params=["as is", "uncached", "continued"])
def way(request: pytest.FixtureRequest) -> str:
    """How tickets are run: as is; replayed from the start at each task; continued as new every 15 events."""
    return str(request.param)


@pytest.fixture
def admission(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """What is set lets tickets get their policy; until then all that arrives waits for it."""
    gate, everything = asyncio.Event(), Activities.all

    def with_a_gate(here: Activities) -> dict[str, list[Callable[..., Any]]]:
        @activity.defn(name="admit")
        async def held(request: AdmitRequest) -> Admission:
            await gate.wait()
            return await here.admit(request)

        found = everything(here)
        return {queue: [held if one == here.admit else one for one in those] for queue, those in found.items()}

    monkeypatch.setattr(Activities, "all", with_a_gate)
    return gate


@pytest.fixture
async def tower(ticket_time: TicketTime, hasty_time: TicketTime, way: str, tmp_path: Path) -> AsyncIterator[MakeTower]:
    """Make the tower of a test: its tiers, its people, the rest of its policy. Afterwards every history replays."""
    async with AsyncExitStack() as stack:

        async def make(*tiers: dict[str, Any], people: dict[str, Any] | None = None, **rest: Any) -> Tower:
            options = {name: rest.pop(name) for name in ("steps", "store_url", "now", "env") if name in rest}
            names = people or {"ana": ["mail"], "bob": ["mail"], "cleo": ["mail"]}
            write_configuration(tmp_path, *tiers, people=names, **rest)
            time = hasty_time if way == "continued" else ticket_time
            cached = 0 if way == "uncached" else 1000
            return await stack.enter_async_context(tower_of(time, tmp_path, cached=cached, **options))

        yield make
