"""`escalade worker`: one process that does the work of tickets, pages and journal until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio.client import Client
from temporalio.worker import Worker

from activities.canary import Canary
from activities.failpoints import Failpoints
from activities.guard import Guard
from activities.implementations import Activities
from activities.watch import Watch
from configuration import Live
from escalade.errors import EscaladeError, UnreachableError
from store import Store
from worker import search_attributes
from worker.client import leave
from worker.connection import connect, destination
from worker.duty import wake_duty
from worker.feeds import schedule_feeds
from worker.health import Check, application, serve
from worker.logs import set_up_logging
from worker.metrics import runtime
from worker.pulse import beat
from worker.registry import Extensions, extensions
from worker.reload import reload_configuration
from worker.served import say_when_possible
from worker.settings import Settings
from worker.stores import open_store
from worker.versions import keep_versions_when_possible
from worker.watch import WatchedTickets, schedule_watch
from worker.workers import WorkerOptions, make_workers

# By name: run as a program this module is called __main__.
_LOG = logging.getLogger("worker.main")

_TEMPORAL_WITHIN: Final = timedelta(seconds=20)
"""A worker that is started together with its server waits so long for it."""
_END_WITHIN: Final = timedelta(seconds=8)
"""What shutting down may take beyond the grace of what is under way."""


def _now() -> datetime:
    return datetime.now(UTC)


class WorkerProcess:
    """Everything a worker process holds, from start to end."""

    def __init__(self, settings: Settings, env: Mapping[str, str], *, options: WorkerOptions | None = None) -> None:
        """Prepare; `run` does it.

        Args:
            settings: this process's settings.
            env: the environment: Temporal's own configuration, the secrets of channels.
            options: slots and caches; from the settings when omitted.
        """
        self._settings = settings
        self._env = env
        self._options = options or WorkerOptions(max_cached_tickets=settings.max_cached_tickets)
        self._stop = asyncio.Event()
        self._failure: BaseException | None = None
        self._workers: list[Worker] = []

    def stop(self) -> None:
        """Ask it to end what is under way, and then itself."""
        self._stop.set()

    async def run(self) -> None:
        """Work until told to stop.

        Raises:
            ConfigurationError: when the configuration is invalid, or pins a step that this worker lacks.
            EscaladeError: when Temporal or the store cannot be used, or a worker cannot go on.
        """
        found = extensions()
        live = Live(self._settings.config, env=self._env, channels=found.channels, steps=found.steps)
        failpoints = Failpoints.read(self._env)
        async with AsyncExitStack() as stack:
            store = await stack.enter_async_context(open_store(self._settings.store, now=_now))
            client = await self._connect()
            await search_attributes.register(client)
            workers = stack.enter_context(self._made(client, live, store, found, failpoints))
            await schedule_watch(client, canary_every=live.current.watch.canary_every)
            await schedule_feeds(client, live.current.roster)
            await wake_duty(client, live.current.roster)
            why = "a worker started"
            versions = asyncio.create_task(keep_versions_when_possible(live, store, at=_now(), why=why))
            stack.callback(versions.cancel)
            served = asyncio.create_task(say_when_possible(live, store, now=_now))
            stack.callback(served.cancel)
            if self._settings.health is not None:
                app = application(alive=self._alive, checks=self._checks(client, live, store))
                where = await stack.enter_async_context(serve(app, self._settings.health))
                _LOG.info("Health is answered at http://%s/ready.", where)
            stack.enter_context(self._reload_on_hangup(client, live, store))
            await self._work(workers)

    async def _connect(self) -> Client:
        metered = runtime(self._settings.metrics)
        identity = f"escalade-worker {os.getpid()}@{socket.gethostname()}"
        deadline = asyncio.get_running_loop().time() + _TEMPORAL_WITHIN.total_seconds()
        while True:
            try:
                return await connect(self._settings, self._env, runtime=metered, worker=True, identity=identity)
            except UnreachableError:
                if self._stop.is_set() or asyncio.get_running_loop().time() > deadline:
                    raise
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), 0.3)

    @contextlib.contextmanager
    def _made(
        self, client: Client, live: Live, store: Store, found: Extensions, failpoints: Failpoints
    ) -> Iterator[list[Worker]]:
        guard = Guard()
        activities = Activities(
            live,
            store,
            channels=found.channels,
            step_versions={name: step.version for name, step in found.steps.items()},
            now=_now,
            failpoints=failpoints,
            guard=guard,
        )
        tickets = WatchedTickets(client)
        watch = Watch(configuration=live, store=store, tickets=tickets, guard=guard, now=_now)
        canary = Canary(configuration=live, tickets=tickets, now=_now)
        self._workers = make_workers(
            client,
            activities.all(),
            steps=found.steps,
            watch=[watch.sweep, canary.canary, watch.heartbeat],
            options=self._options,
            on_fatal_error=self._fail,
        )
        try:
            yield self._workers
        finally:
            activities.close()

    def _fail(self, error: BaseException) -> None:
        self._failure = error
        self._stop.set()

    def _alive(self) -> bool:
        return self._failure is None and all(worker.is_running for worker in self._workers)

    async def _work(self, workers: list[Worker]) -> None:
        running = [asyncio.create_task(worker.run()) for worker in workers]
        for task in running:
            task.add_done_callback(lambda _: self._stop.set())
        ready = self._settings.ready_file
        pulse = asyncio.create_task(beat(ready)) if ready is not None else None
        where = destination(self._settings, self._env)
        _LOG.info("Working for %s at %s.", where.namespace, where.address)
        await self._stop.wait()
        _LOG.info("Stopping: what is under way gets %g s to end.", self._options.grace.total_seconds())
        ending = asyncio.gather(*(worker.shutdown() for worker in workers if worker.is_running), return_exceptions=True)
        try:
            await asyncio.wait_for(ending, (self._options.grace + _END_WITHIN).total_seconds())
        except TimeoutError:
            # The server is gone and the SDK waits for it: whatever was under way is another worker's now.
            _LOG.error("The workers do not end; this process does.")
            leave(1)
        if pulse is not None:
            pulse.cancel()
        outcomes = await asyncio.gather(*running, return_exceptions=True)
        failure = self._failure or next((o for o in outcomes if isinstance(o, Exception)), None)
        if failure is not None:
            raise EscaladeError(f"A worker could not go on: {failure}.", mend="The log has all of it.") from failure
        _LOG.info("Stopped.")

    def _checks(self, client: Client, live: Live, store: Store) -> list[Check]:
        async def temporal() -> str:
            await client.service_client.check_health(timeout=timedelta(seconds=2))
            return "serves"

        async def stored() -> str:
            await asyncio.to_thread(store.ping)
            return "answers"

        async def configured() -> str:
            errors = [problem for problem in live.problems if problem.level == "error"]
            if errors:
                raise EscaladeError(f"the last reload was refused: {errors[0]}")
            return f"digest {live.current.digest[:12]}"

        return [
            Check("temporal", temporal),
            # Without the store pages go out all the same (decision 25), so it is no reason to be taken for dead.
            Check("store", stored, kind="degraded"),
            Check("configuration", configured, kind="degraded"),
        ]

    @contextlib.contextmanager
    def _reload_on_hangup(self, client: Client, live: Live, store: Store) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        tasks: set[asyncio.Task[bool]] = set()

        def hang_up() -> None:
            task = asyncio.create_task(reload_configuration(client, live, store, now=_now))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        loop.add_signal_handler(signal.SIGHUP, hang_up)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGHUP)


@asynccontextmanager
async def stopped_by_signals(process: WorkerProcess) -> AsyncIterator[None]:
    """SIGTERM and SIGINT end the process gently. As process 1 of a container it would otherwise not hear them."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, process.stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def work(settings: Settings, env: Mapping[str, str]) -> None:
    """Run a worker until SIGTERM or SIGINT.

    Raises:
        EscaladeError: when it cannot start or go on.
    """
    process = WorkerProcess(settings, env)
    async with stopped_by_signals(process):
        await process.run()


def main() -> int:
    """Run a worker as a program; the exit code."""
    try:
        settings = Settings.from_env(os.environ)
        set_up_logging(settings.log, settings.log_level)
        asyncio.run(work(settings, os.environ))
    except EscaladeError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:  # before the workers were there to be stopped gently
        return 130
    except Exception:  # noqa: BLE001 - whatever it is, it is logged whole and told by the exit code
        # For whoever mends it; the log of a worker is where it belongs.
        _LOG.exception("The worker ended by a mistake of its own.")
        return 1
    return 0


if __name__ == "__main__":
    leave(main())
