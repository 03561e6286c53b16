"""The harness of tests that run whole tickets: real server, real workers, real store, channels that obey the test.

tower = Tower(...)
ticket = await tower.open("db down", severity="sev1")
await ticket.forward(minutes=15)
assert ticket.told("bob")
await ticket.does("bob", "acknowledge")
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer, Worker

from activities.channels import CHANNELS
from activities.implementations import Activities
from configuration import Live
from escalade.errors import ChannelError
from escalade.extension import Channel, Delivery, Message, Step
from escalade.messages import COMMANDS, Answer, TicketView
from escalade.record import Entry
from escalade.ticket import Actor, Ticket, workflow_id
from store import Store
from worker.client import TicketClient
from worker.plugin import escalade_plugin
from worker.testing import TicketTime
from workflows.digest import DigestWorkflow
from workflows.duty import DutyWorkflow
from workflows.step import StepWorkflow
from workflows.steps import BUILT_IN, loaded
from workflows.ticket import TicketWorkflow


class Sent(NamedTuple):
    """A message that left."""

    address: str
    """`person/method`, as the test's roster has it."""
    message: Message


@dataclass
class Post:
    """What the scripted channel does, and what it took."""

    sent: list[Sent] = field(default_factory=list)
    tried: list[Sent] = field(default_factory=list)
    refuses: Callable[[str], bool] = lambda address: False
    gate: asyncio.Event | None = None
    """While there is one, deliveries hang in the air until it is set."""

    def release(self) -> None:
        """Let what hangs in the air arrive."""
        if self.gate is not None:
            self.gate.set()
            self.gate = None


POST = Post()


class Scripted(Channel):
    """A channel like any other: its one oddity is that the test decides what it does."""

    use: ClassVar[str] = "scripted"

    class Settings(BaseModel):
        """None."""

    def __init__(self, settings: Any) -> None:
        """Args: settings: none."""

    def check_address(self, address: str) -> str | None:
        """Any address will do."""
        return None if address else "there is no address"

    async def send(self, message: Message, address: str) -> Delivery:
        """Take it, or refuse, as the test says."""
        POST.tried.append(Sent(address, message))
        if POST.gate is not None:
            await POST.gate.wait()
        if POST.refuses(address):
            raise ChannelError(f"{address} is not to be reached", permanent=True)
        POST.sent.append(Sent(address, message))
        return Delivery(provider_id=f"p-{len(POST.sent)}")


def write_configuration(directory: Path, *tiers: Mapping[str, Any], people: Mapping[str, Any], **rest: Any) -> None:
    """A configuration directory with one policy. `people` maps names to lists of methods, or to whole entries."""
    (directory / "policies").mkdir(parents=True, exist_ok=True)
    more = rest.pop("channels", {})
    shared = {
        "default_policy": "test",
        "catch_all": "channel:last-resort",
        "channels": {"mail": {"use": "scripted"}, "chat": {"use": "scripted"}, **more},
        "places": {"last-resort": {"channel": "mail", "address": "last-resort"}},
    }
    everybody = {name: _entry(name, entry) for name, entry in people.items()}
    policy = {"policy": "test", "tiers": list(tiers), **rest}
    # JSON is YAML: no writer needed.
    (directory / "escalade.yaml").write_text(json.dumps(shared))
    (directory / "people.yaml").write_text(json.dumps({"people": everybody}))
    (directory / "policies" / "test.yaml").write_text(json.dumps(policy))


def _entry(name: str, entry: Any) -> dict[str, Any]:
    if isinstance(entry, dict):
        return entry
    return {"methods": {method: {"channel": method, "address": f"{name}/{method}"} for method in entry}}


class Hold:
    """A lock on the whole database, as another program's long transaction would hold it."""

    def __init__(self, database: Path) -> None:
        """Args: database: the SQLite file."""
        self._connection = sqlite3.connect(database, isolation_level=None, timeout=30, check_same_thread=False)
        self._connection.execute("BEGIN EXCLUSIVE")

    def release(self) -> None:
        """Let the others in."""
        self._connection.execute("ROLLBACK")
        self._connection.close()


class Climber:
    """A ticket under test."""

    def __init__(self, tower: Tower, key: str) -> None:
        """Args: tower: where it lives. key: its key."""
        self.tower = tower
        self.key = key
        self.handle: WorkflowHandle[Any, Any] = tower.client.get_workflow_handle(workflow_id(key))

    async def forward(self, **length: float) -> None:
        """Move its time, and see everything that falls due on the way."""
        await self.tower.time.forward(self.handle, timedelta(**length), within=60)
        await self.settled(but=("step",))

    async def settled(self, *, but: tuple[str, ...] = ()) -> None:
        """Wait until nothing is under way, but these: every effect answered, every entry written."""
        async with asyncio.timeout(30):
            while True:
                view = await self.view()
                if view.policy and not view.unwritten and not set(view.under_way) - set(but):
                    return
                await asyncio.sleep(0.01)

    async def does(self, who: str, command: str, /, **fields: Any) -> Answer:
        """A person does something."""
        actor = Actor(kind="person", id=who, via="test")
        return await self.tower.tickets.command(self.key, COMMANDS[command].model_validate({"by": actor, **fields}))

    async def view(self) -> TicketView:
        """Everything it says of itself."""
        shown: TicketView = await self.handle.query("view", result_type=TicketView)
        return shown

    def journal(self) -> list[Entry]:
        """What is written of it."""
        return [stored.entry for stored in self.tower.store.entries(workflow_id(self.key))]

    def kinds(self) -> list[str]:
        """The kinds of what is written of it."""
        return [entry.kind for entry in self.journal()]

    def told(self, who: str) -> list[Sent]:
        """The messages somebody took for this ticket."""
        return [s for s in POST.sent if s.address.split("/")[0] == who and s.message.ticket == self.key]

    async def events(self) -> int:
        """How long its run's history is, without the events that only skipped time makes."""
        history = await self.handle.fetch_history()
        names = [EventType.Name(event.event_type) for event in history.events]
        return len([n for n in names if "TIME_SKIPPING" not in n and "OPTIONS_UPDATED" not in n])


class Tower:
    """A server, a worker and a store with tickets in them."""

    def __init__(self, time: TicketTime, store: Store, activities: Activities, live: Live, database: Path) -> None:
        """Use `tower_of`."""
        self.database = database
        self.time = time
        self.client: Client = time.client
        self.store = store
        self.activities = activities
        self.live = live
        self.post = POST
        self.tickets = TicketClient(self.client, answer_within=timedelta(seconds=20))
        self._opened: list[Climber] = []

    async def open(self, title: str = "test", **fields: Any) -> Climber:
        """Open a ticket whose time stands still until it is moved, and see its first page out."""
        with self.time.standing():
            opened = await self.tickets.open(Ticket(title=title, **fields))
        climber = self.adopt(opened.key)
        await climber.settled()
        return climber

    async def open_with_steps(self, title: str = "test", **fields: Any) -> Climber:
        """Open a ticket whose steps take long: only its pages are awaited."""
        with self.time.standing():
            opened = await self.tickets.open(Ticket(title=title, **fields))
        climber = self.adopt(opened.key)
        await climber.settled(but=("step",))
        return climber

    def hold_the_store(self) -> Hold:
        """Nobody else can use the store until it is released."""
        return Hold(self.database)

    def adopt(self, key: str) -> Climber:
        """A ticket that was opened in another way."""
        climber = Climber(self, key)
        self._opened.append(climber)
        return climber

    @staticmethod
    async def _end(climber: Climber) -> None:
        try:
            await climber.handle.terminate("the test is over")
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # else it ended by itself in between
                raise

    async def clear(self) -> None:
        """End what a test left open, so that the next test's worker does not find it; replay every history."""
        replayer = Replayer(workflows=[TicketWorkflow, StepWorkflow], plugins=[escalade_plugin()])
        for climber in self._opened:
            description = await climber.handle.describe()
            if description.status is WorkflowExecutionStatus.RUNNING:
                await self._end(climber)
            async for run in self.client.list_workflows(f"WorkflowId = '{climber.handle.id}'"):
                history = await self.client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()
                await replayer.replay_workflow(history)


def _now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def tower_of(
    time: TicketTime,
    directory: Path,
    *,
    store_url: str | None = None,
    steps: Mapping[str, type[Step]] | None = None,
    cached: int = 1000,
    now: Callable[[], datetime] = _now,
    env: Mapping[str, str] | None = None,
) -> AsyncIterator[Tower]:
    """Workers on a configuration directory that has been written, until the test is over."""
    POST.sent.clear()
    POST.tried.clear()
    POST.refuses, POST.gate = lambda address: False, None
    known = {**BUILT_IN, **(steps or {})}
    loaded.load(known)
    kinds: dict[str, type[Channel]] = {**CHANNELS, "scripted": Scripted}
    live = Live(directory, env=env or {}, channels=kinds, steps=known)
    store = Store.open(store_url or f"sqlite:///{directory / 'escalade.db'}")
    versions = {name: step.version for name, step in known.items()}
    activities = Activities(live, store, channels=kinds, step_versions=versions, now=now)
    tower = Tower(time, store, activities, live, directory / "escalade.db")
    async with AsyncExitStack() as stack:
        for queue, methods in activities.all().items():
            flows: dict[str, list[type]] = {
                "escalade-tickets": [TicketWorkflow, StepWorkflow],
                "escalade-journal": [DigestWorkflow, DutyWorkflow],
            }
            worker = Worker(
                time.client,
                task_queue=queue,
                workflows=flows.get(queue, []),
                activities=methods,
                max_cached_workflows=cached,
                sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
                graceful_shutdown_timeout=timedelta(seconds=1),
                max_heartbeat_throttle_interval=timedelta(seconds=1),
            )
            await stack.enter_async_context(worker)
        try:
            yield tower
        finally:
            POST.release()
            await tower.clear()
    activities.close()
    store.close()
