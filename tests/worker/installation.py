"""A small installation in a directory: configuration, store, workers, all real."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker

from activities.canary import Canary
from activities.guard import Guard
from activities.implementations import Activities
from activities.watch import Watch
from configuration import Live
from escalade.messages import TicketView
from store import Store
from worker.client import TicketClient
from worker.registry import extensions
from worker.watch import WatchedTickets
from worker.workers import WorkerOptions, make_workers


def write_configuration(directory: Path, *, canary_channel: str = "paper", limit: str = "1h", **watch: Any) -> Path:
    """Two people, one ladder, a catch-all and a canary; everything is printed into `paper.txt`."""
    (directory / "policies").mkdir(parents=True, exist_ok=True)
    paper = directory / "paper.txt"
    shared = {
        "catch_all": "channel:last-resort",
        "default_policy": "ladder",
        "channels": {
            "paper": {"use": "console", "path": str(paper)},
            "broken": {"use": "console", "path": str(directory / "escalade.yaml" / "no-directory")},
        },
        "places": {
            "last-resort": {"channel": "paper", "address": "last-resort"},
            "quiet": {"channel": canary_channel, "address": "quiet"},
        },
        "watch": watch,
    }
    people = {"people": {"ana": {"name": "Ana", "methods": {"paper": {"channel": "paper", "address": "ana"}}}}}
    tier = {"name": "one", "page": ["person:ana"], "acknowledge_within": limit}
    if limit == "never":
        tier["repeat_every"] = "5m"
    ladder = {"policy": "ladder", "tiers": [tier]}
    canary = {
        "policy": "canary",
        "match": [{"source": "escalade-canary"}],
        "tiers": [{"name": "quiet", "page": ["channel:quiet"], "acknowledge_within": "5m"}],
        "reopen_within": "0s",
    }
    for name, value in {
        "escalade.yaml": shared,
        "people.yaml": people,
        "policies/ladder.yaml": ladder,
        "policies/canary.yaml": canary,
    }.items():
        # JSON is YAML: no writer needed.
        (directory / name).write_text(json.dumps(value), encoding="utf-8")
    return paper


async def until(tickets: TicketClient, key: str, seen: Callable[[TicketView], bool]) -> TicketView:
    """Ask a ticket until it shows something."""
    async with asyncio.timeout(20):
        while True:
            view = await tickets.view(key)
            if seen(view):
                return view
            await asyncio.sleep(0.02)


@dataclass
class Installation:
    """What runs, and what it wrote."""

    client: Client
    tickets: TicketClient
    store: Store
    live: Live
    paper: Path
    workers: list[Worker]
    """Of tickets, pages and journal."""

    async def stop_tickets(self) -> None:
        """Take away the worker of tickets, and leave those of pages and journal."""
        await self.workers[0].shutdown()

    def said(self) -> str:
        """Everything that was printed."""
        return self.paper.read_text(encoding="utf-8") if self.paper.exists() else ""

    async def until(self, key: str, seen: Callable[[TicketView], bool]) -> TicketView:
        """Wait until a ticket shows something."""
        return await until(self.tickets, key, seen)


def now_in_utc() -> datetime:
    """The clock of the machine."""
    return datetime.now(UTC)


@asynccontextmanager
async def installed(
    client: Client,
    directory: Path,
    *,
    now: Callable[[], datetime] = now_in_utc,
    canary_within: timedelta = timedelta(seconds=20),
    **configured: Any,
) -> AsyncIterator[Installation]:
    """Run workers on a configuration of `directory` for the length of a block."""
    paper = write_configuration(directory, **configured)
    found = extensions()
    live = Live(directory, env={}, channels=found.channels, steps=found.steps)
    store = Store.open(f"sqlite:///{directory / 'escalade.db'}")
    guard = Guard()
    activities = Activities(live, store, channels=found.channels, guard=guard)
    watched = WatchedTickets(client, answer_within=timedelta(seconds=1))
    watch = Watch(configuration=live, store=store, tickets=watched, guard=guard, now=now)
    canary = Canary(configuration=live, tickets=watched, now=now, within=canary_within)
    workers = make_workers(
        client,
        activities.all(),
        steps=found.steps,
        watch=[watch.sweep, canary.canary, watch.heartbeat],
        options=WorkerOptions(grace=timedelta(seconds=1)),
    )
    async with AsyncExitStack() as stack:
        for worker in workers:
            await stack.enter_async_context(worker)
        tickets = TicketClient(client, answer_within=timedelta(seconds=10))
        yield Installation(client, tickets, store, live, paper, workers)
    activities.close()
    store.close()
