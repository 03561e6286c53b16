"""A server on its SQLite file, a worker, a store, a receiver: each real, each a process that can be killed alone.

site = Site(directory, receiver)
await site.start()
key = await site.open("calm")
site.kill_worker()
await site.start_worker()
"""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle

from cli.exits import ExitCode
from escalade.errors import UnreachableError
from escalade.messages import COMMANDS, Acknowledge, Answer, TicketView
from escalade.record import Entry
from escalade.ticket import Actor, Ticket, workflow_id
from store import Store
from tests.kill.evidence import Evidence, Page, doctored, wrongs
from tests.kill.ladders import write_configuration
from tests.kill.receiver import SECRET, SECRET_NAME, Receiver
from worker import leash
from worker.client import TicketClient
from worker.connection import connect, serving
from worker.embedded import arguments, free_port
from worker.running import DATABASE, read_up
from worker.settings import Settings
from worker.testing import temporal_program

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = Path(sys.executable).with_name("escalade")
WITHIN = 45.0
"""Seconds after which a condition is given up. The machine that runs this may be busy."""

WORKER = ("-m", "worker.main")


@dataclass
class Site:
    """Use the fixture `site`; whatever is started is ended by `end`."""

    directory: Path
    receiver: Receiver
    store_url: str = ""
    address: str = ""
    server: subprocess.Popen[bytes] | None = None
    worker: subprocess.Popen[bytes] | None = None
    client: Client | None = None
    up: subprocess.Popen[bytes] | None = None
    serves: bool = False
    kills: int = 0
    _store: Store | None = None
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self.store_url = self.store_url or f"sqlite:///{self.directory / 'escalade.db'}"
        write_configuration(self.directory / "config", self.receiver.url)

    # -- processes ------------------------------------------------------------------------------------------------

    @property
    def env(self) -> dict[str, str]:
        """The environment of every process here."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ESCALADE_", "TEMPORAL_"))}
        return kept | {
            SECRET_NAME: SECRET,
            "ESCALADE_CONFIG": str(self.directory / "config"),
            "ESCALADE_STATE": str(self.directory),
            "ESCALADE_STORE": self.store_url,
            "TEMPORAL_ADDRESS": self.address,
            "TEMPORAL_CONFIG_FILE": os.devnull,
            "TZ": "UTC",
        }

    async def start(self, *, options: Sequence[str] = (), **worker: Any) -> None:
        """Start the server and the worker."""
        await self.start_server(*options)
        await self.start_worker(**worker)

    async def start_server(self, *options: str) -> None:
        """Start the server on its file, and wait until it serves."""
        port = int(self.address.rpartition(":")[2])
        argv = [*arguments(Path(temporal_program()), port=port, database=self.directory / DATABASE), *options]
        self.server = self._popen(argv, "temporal.log")
        assert await serving(self.address, within=timedelta(seconds=WITHIN)), self.log("temporal.log")
        await self._serving()

    async def start_up(self) -> None:
        """Start both by `escalade up`, and wait until the worker works."""
        # Counted, because a new `up` removes the marker of the worker only when it starts its own.
        before = self.log("up.log").count("works.")
        env = self.env | {"ESCALADE_PORT": self.address.rpartition(":")[2], "PYTHONUNBUFFERED": "1"}
        self.up = self._popen([str(PROGRAM), "up"], "up.log", env=env, cwd=self.directory)
        await self.until(lambda: self.log("up.log").count("works.") > before, "`up` says that the worker works")
        await self._serving()

    async def _serving(self) -> None:
        self.serves = True
        if self.client is None:
            self.client = await connect(Settings.from_env(self.env), self.env)

    async def start_worker(
        self, *, failpoint: str = "", program: Sequence[str] = WORKER, root: Path = ROOT, ready: bool = True
    ) -> None:
        """Start a worker, and wait until it works.

        Args:
            failpoint: where it is to kill itself.
            program: what Python is to run.
            root: the source it is taken from.
            ready: False returns at once.
        """
        marker = self.directory / "ready"
        marker.unlink(missing_ok=True)
        env = self.env | {"ESCALADE_READY_FILE": str(marker), "ESCALADE_FAILPOINT": failpoint, "PYTHONPATH": str(root)}
        self.worker = self._popen([sys.executable, *program], "worker.log", env=env, cwd=root)
        if ready:
            await self.until(marker.exists, "the worker works")

    def _popen(self, argv: list[str], log: str, *, env: dict[str, str] | None = None, cwd: Path = ROOT) -> Any:
        with (self.directory / log).open("ab") as output:
            process = subprocess.Popen(
                leash.command(argv),
                env=env or self.env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self._started.append(process)
        return process

    def kill_worker(self) -> None:
        """End the worker as a power cut would."""
        self._kill(self.worker)

    def kill_server(self) -> None:
        """End the server as a power cut would."""
        self.serves = False
        self._kill(self.server)

    def kill_up(self) -> None:
        """End `escalade up`, its server and its worker at one instant."""
        up, record = self.up, read_up(self.directory)
        assert up is not None
        assert record is not None
        # It must not see its children die: it would start them again.
        up.send_signal(signal.SIGSTOP)
        assert len(record.processes) == 2
        for mark in record.processes:
            assert mark.alive
            os.kill(mark.pid, signal.SIGKILL)
        self.serves = False
        self._kill(up)

    def _kill(self, process: subprocess.Popen[bytes] | None) -> None:
        assert process is not None
        assert process.poll() is None, "it was dead already: this test would prove nothing"
        process.kill()
        assert process.wait(10) == -signal.SIGKILL
        self.kills += 1

    async def worker_killed_itself(self) -> None:
        """Wait until a failpoint has ended the worker."""
        worker = self.worker
        assert worker is not None
        await self.until(lambda: worker.poll() is not None, "the failpoint ends the worker")
        assert worker.returncode == -signal.SIGKILL, self.log()
        self.kills += 1

    def end(self) -> None:
        """End whatever still runs."""
        left = read_up(self.directory)
        for mark in left.processes if left is not None else []:
            mark.end(within=timedelta(0))
        for process in reversed(self._started):
            if process.poll() is None:
                process.kill()
            process.wait()
        if self._store is not None:
            self._store.close()

    def log(self, name: str = "worker.log") -> str:
        """The end of a log, for the message of a failure."""
        path = self.directory / name
        return path.read_text(encoding="utf-8", errors="replace")[-4000:] if path.exists() else f"there is no {name}"

    def run(self, *arguments_: str) -> subprocess.CompletedProcess[str]:
        """Run the command line."""
        argv = [str(PROGRAM), *arguments_]
        return subprocess.run(
            argv, env=self.env, cwd=self.directory, capture_output=True, text=True, timeout=60, check=False
        )

    # -- tickets --------------------------------------------------------------------------------------------------

    @property
    def tickets(self) -> TicketClient:
        """A client with little patience: a test knows when nobody can answer."""
        assert self.client is not None
        return TicketClient(self.client, answer_within=timedelta(seconds=4))

    async def open(self, service: str, **more: Any) -> str:
        """Open a ticket on the ladder of this name; its key."""
        return (await self.tickets.open(Ticket(title=f"a {service} ticket", service=service, **more))).key

    async def does(self, who: str, command: str, key: str, /, **fields: Any) -> Answer:
        """A person does something, and has an answer from a worker."""
        asked = COMMANDS[command].model_validate({"by": Actor(kind="person", id=who, via="test"), **fields})
        assert self.client is not None
        return await TicketClient(self.client, answer_within=timedelta(seconds=WITHIN)).command(key, asked)

    async def acknowledges(self, who: str, key: str, *, event_id: str) -> Answer:
        """A person acknowledges where no worker can answer, and has little patience."""
        by = Actor(kind="person", id=who, via="test")
        return await self.tickets.command(key, Acknowledge(by=by, event_id=event_id))

    async def settled(self, key: str) -> bool:
        """Whether nothing of a ticket is under way, and everything is written."""
        view = await self.view(key)
        return not view.under_way and not view.unwritten

    def handle(self, key: str) -> WorkflowHandle[Any, Any]:
        """The ticket in Temporal."""
        assert self.client is not None
        return self.client.get_workflow_handle(workflow_id(key))

    async def view(self, key: str) -> TicketView:
        """What the ticket says of itself, asked again while no worker answers.

        After a kill the question may lie in the dead worker's own queue, or on a machine that is busy starting things.
        """
        deadline = asyncio.get_running_loop().time() + WITHIN
        while True:
            try:
                return await self.tickets.view(key)
            except UnreachableError:
                if asyncio.get_running_loop().time() > deadline:
                    raise

    @property
    def store(self) -> Store:
        """The store, as another process sees it."""
        self._store = self._store or Store.open(self.store_url)
        return self._store

    def entries(self, key: str) -> list[Entry]:
        """The journal of a ticket."""
        return [stored.entry for stored in self.store.entries(workflow_id(key))]

    def kinds(self, key: str) -> list[str]:
        """What the journal says happened to a ticket."""
        return [entry.kind for entry in self.entries(key)]

    async def timers_fired(self, key: str) -> int:
        """How many timers of the present run have fired: also those that no worker has seen yet."""
        fired = EventType.EVENT_TYPE_TIMER_FIRED
        return sum([event.event_type == fired async for event in self.handle(key).fetch_history_events()])

    async def until(self, holds: Callable[[], bool | Awaitable[bool]], what: str) -> datetime:
        """Look again and again until something holds; the instant at which it was seen to."""
        deadline = asyncio.get_running_loop().time() + WITHIN
        while True:
            seen = holds()
            if await seen if inspect.isawaitable(seen) else seen:
                return datetime.now(UTC)
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"In {WITHIN:g} s it never came true that {what}. The worker said: {self.log()}")
            await asyncio.sleep(0.02)

    async def until_written(self, key: str, kind: str, *, times: int = 1) -> datetime:
        """Wait for an entry in the journal."""
        return await self.until(lambda: self.kinds(key).count(kind) >= times, f"{kind} is written {times} times")

    async def until_got(self, key: str, to: str, *, times: int = 1) -> datetime:
        """Wait for a message at the receiver."""
        return await self.until(lambda: len(self.receiver.got(key, to=to)) >= times, f"{to} gets {times} messages")

    # -- proof ----------------------------------------------------------------------------------------------------

    async def evidence(self, key: str) -> Evidence:
        """All that is known of a ticket now."""
        status = "UNREACHABLE"
        if self.serves:
            described = (await self.handle(key).describe()).status
            status = described.name if described is not None else "UNKNOWN"
        stream = workflow_id(key)
        return Evidence(
            got=self.receiver.got(key),
            entries=self.entries(key),
            deliveries=self.store.deliveries(key),
            findings=self.store.verify(stream),
            status=status,
        )

    async def unproven(self, key: str, plan: Sequence[Page]) -> None:
        """Control: as things stand, before anything was started again, the checker must not be content."""
        assert wrongs(await self.evidence(key), plan, kills=self.kills), (
            "the checker sees nothing wrong without recovery"
        )

    async def close(self, key: str, *, by: str = "ana") -> None:
        """Acknowledge, resolve and close a ticket, and wait until all of it is written."""
        if not (await self.view(key)).acknowledged:
            await self.does(by, "acknowledge", key)
        await self.does(by, "resolve", key, close=True)
        assert await asyncio.wait_for(self.handle(key).result(), WITHIN) == "closed"

    async def proven(self, key: str, plan: Sequence[Page], *, at_once: int = 1) -> Evidence:
        """Nothing is wrong with a closed ticket; and whatever is changed about the evidence, something would be."""
        evidence = await self.evidence(key)
        assert wrongs(evidence, plan, kills=self.kills, at_once=at_once) == []
        for what, false in doctored(evidence):
            assert wrongs(false, plan, kills=self.kills, at_once=at_once), f"{what}, and nobody noticed"
        return evidence

    def verified(self) -> None:
        """The operator's own check of the whole journal."""
        done = self.run("journal", "verify")
        assert done.returncode == ExitCode.OK, done.stdout + done.stderr
