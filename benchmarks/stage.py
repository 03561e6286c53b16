"""Where lives are measured: the server of `escalade up`, this process as worker and client, a store on SQLite."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import psutil
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from activities.channels import CHANNELS
from activities.contracts import TICKETS_QUEUE
from activities.implementations import Activities
from benchmarks.bare import BareTimer, BareWorkflow
from configuration import Live
from escalade.extension import Channel
from escalade.messages import PageRequest, PageResult
from store import Store
from worker.client import TicketClient
from worker.embedded import EmbeddedServer
from worker.plugin import escalade_plugin
from worker.workers import WorkerOptions, make_workers
from workflows.steps import BUILT_IN

BARE_QUEUE: Final = "bare-tickets"


class CountedActivities(Activities):
    """The real ones; who waits for a page is told when it has left, so that no query disturbs what is measured."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Args and kwargs: the real ones' own."""
        super().__init__(*args, **kwargs)
        self.paged: dict[tuple[str, int, int], asyncio.Event] = defaultdict(asyncio.Event)
        """By ticket, rung and round."""
        self.late: dict[str, list[float]] = defaultdict(list)
        """Seconds from the instant a page was due to the start of its activity, by ticket."""

    @activity.defn(name="page")
    async def page(self, request: PageRequest) -> PageResult:
        """Send pages, and say so."""
        self.late[request.brief.key].append(time.time() - request.scheduled_at.timestamp())
        result = await super().page(request)
        self.paged[request.brief.key, request.brief.rung, request.brief.round].set()
        return result


@dataclass
class Stage:
    """Everything that a life needs."""

    client: Client
    tickets: TicketClient
    activities: CountedActivities
    store: Store
    messages: Path
    server: psutil.Process | None = None

    def cpu(self) -> float:
        """Seconds of CPU that this process (worker and client) and the server have used so far."""
        if self.server is None:
            return time.process_time()
        server = self.server.cpu_times()
        return time.process_time() + server.user + server.system


def write_configuration(directory: Path, *tiers: dict[str, Any], **rest: Any) -> Path:
    """A configuration directory: one policy, two people by the console channel, which writes to a file.

    Returns:
        Where the messages go.
    """
    messages = directory / "messages.txt"
    shared = {
        "default_policy": "bench",
        "catch_all": "person:bob",
        "channels": {"console": {"use": "console", "path": str(messages)}},
    }
    people = {
        name: {"methods": {"console": {"channel": "console", "address": name}}, "time_zone": "Europe/Paris"}
        for name in ("ana", "bob")
    }
    (directory / "policies").mkdir(parents=True, exist_ok=True)
    (directory / "server").mkdir(exist_ok=True)
    # JSON is YAML: no writer needed.
    (directory / "escalade.yaml").write_text(json.dumps(shared), encoding="utf-8")
    (directory / "people.yaml").write_text(json.dumps({"people": people}), encoding="utf-8")
    policy = {"policy": "bench", "tiers": list(tiers), **rest}
    (directory / "policies" / "bench.yaml").write_text(json.dumps(policy), encoding="utf-8")
    return messages


def two_tiers(*, repeat: str, climb: str) -> list[dict[str, Any]]:
    """Ana, then Bob: one person by one channel each."""
    times = {"repeat_every": repeat, "acknowledge_within": climb, "resolve_within": "1h"}
    return [{"name": "first", "page": ["person:ana"], **times}, {"name": "second", "page": ["person:bob"], **times}]


@asynccontextmanager
async def real_time(directory: Path) -> AsyncIterator[tuple[Client, psutil.Process]]:
    """The server that `escalade up` starts, with its flags and its file, and a client of it.

    Args:
        directory: an existing one, for its file.
    """
    server = await EmbeddedServer.start(directory, port=0, env=dict(os.environ))
    try:
        client = await Client.connect(server.record.address, plugins=[escalade_plugin()])
        yield client, psutil.Process(server.record.process.pid)
    finally:
        await server.stop()


@asynccontextmanager
async def stage_on(
    client: Client,
    directory: Path,
    messages: Path,
    *,
    server: psutil.Process | None = None,
    channels: Mapping[str, type[Channel]] = CHANNELS,
) -> AsyncIterator[Stage]:
    """Workers for tickets and for bare workflows, side by side.

    Args:
        client: of the server.
        directory: has the configuration; the store is put there too.
        messages: where the console channel writes.
        server: its process, when its CPU counts.
        channels: the kinds there are.
    """
    live = Live(directory, env={}, channels=dict(channels), steps=BUILT_IN)
    store = Store.open(f"sqlite:///{directory / 'escalade.db'}")
    versions = {name: step.version for name, step in BUILT_IN.items()}
    activities = CountedActivities(live, store, channels=channels, step_versions=versions)
    options = WorkerOptions(grace=timedelta(seconds=1))
    workers = make_workers(client, activities.all(), steps=BUILT_IN, watch=[], options=options)
    bare = Worker(
        client,
        task_queue=BARE_QUEUE,
        workflows=[BareWorkflow, BareTimer],
        activities=activities.all()[TICKETS_QUEUE],
        max_cached_workflows=options.max_cached_tickets,
        max_concurrent_workflow_tasks=options.tickets,
        max_concurrent_activities=options.tickets,
        graceful_shutdown_timeout=options.grace,
    )
    async with AsyncExitStack() as stack:
        for worker in (*workers, bare):
            await stack.enter_async_context(worker)
        tickets = TicketClient(client, answer_within=timedelta(seconds=20))
        yield Stage(client, tickets, activities, store, messages, server)
    activities.close()
    store.close()
