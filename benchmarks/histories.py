"""How many events a ticket costs, counted in skipped time on the real server.

What only a server that skips time writes (its jumps, and the orders to jump) is not counted: in real time there is
none of it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from temporalio.client import Client, WorkflowHandle

from benchmarks.life import BOB, IncompleteError, a_ticket, check_whole, events, handle_of, name_of
from benchmarks.report import Row
from benchmarks.stage import Stage, stage_on, two_tiers, write_configuration
from escalade.messages import Acknowledge, Close, Pending, Resolve, TicketView
from escalade.ticket import Status, workflow_id
from worker.testing import TicketTime, skipping_server

LONG: Final = timedelta(days=30)
SECOND: Final = timedelta(seconds=1)
BESIDE: Final = timedelta(seconds=30)
"""Time is moved to instants at which nothing is due: work that is under way at its target lets the server overshoot."""


async def whole_life(time: TicketTime, stage: Stage) -> int:
    """Events of open, page, repeat, climb, acknowledge, resolve, close: one second between human steps.

    The journal is included, and checked.
    """
    key = await _opened(time, stage)
    handle = handle_of(stage.client, key)
    await time.forward(handle, timedelta(minutes=10) + BESIDE)
    await stage.activities.paged[key, 1, 2].wait()
    await _settled(handle)
    await time.forward(handle, timedelta(minutes=5))
    await stage.activities.paged[key, 2, 1].wait()
    for command in (Acknowledge(by=BOB), Resolve(by=BOB), Close(by=BOB)):
        await _settled(handle)
        await time.forward(handle, SECOND)
        await stage.tickets.command(key, command)
    await handle.result()
    await check_whole(stage, key)
    return len(await events(handle))


async def further_repeat(time: TicketTime, stage: Stage) -> int:
    """The most events that one of five further repeats costs, in a tier that repeats until somebody answers."""
    key = await _opened(time, stage)
    handle = handle_of(stage.client, key)
    counts = []
    await time.forward(handle, BESIDE)
    for number in range(6):
        await time.forward(handle, timedelta(minutes=10))
        await stage.activities.paged[key, 1, number + 2].wait()
        await _settled(handle)
        counts.append(len(await events(handle)))
    rounds = [stored.entry for stored in stage.store.entries(workflow_id(key)) if stored.entry.kind == "page.delivered"]
    if len(rounds) != 7:
        raise IncompleteError(f"{key} was paged {len(rounds)} times instead of 7.")
    await handle.terminate("counted")
    return max(later - sooner for sooner, later in pairwise(counts))


@dataclass(frozen=True)
class Pause:
    """What a ticket costs that is pending for 30 days."""

    waiting: int
    """From its being pending (the command answered, its entries in the journal) to its return: continuing as new,
    the timers, and the workflow task that finds that the time is over. Over all runs."""
    with_command: int
    """The same with the command itself and its journal."""
    between: int
    """Between one hour after the command and the return."""


async def pending(time: TicketTime, stage: Stage) -> Pause:
    """Leave a ticket pending for 30 days, and see it come back and page."""
    key = await _opened(time, stage)
    handle = handle_of(stage.client, key)
    before = len(await events(handle))
    await stage.tickets.command(key, Pending.model_validate({"by": BOB, "for": "30d"}))
    await _settled(handle)
    asked = len(await events(handle))
    began = await time.now(handle)
    await time.forward(handle, timedelta(hours=2))
    await time.forward(handle_of(stage.client, key), LONG - timedelta(hours=3))
    view: TicketView = await handle_of(stage.client, key).query("view", result_type=TicketView)
    if view.status is not Status.PENDING:
        raise IncompleteError(f"{key} is {view.status.value} an hour before its time.")
    await time.forward(handle_of(stage.client, key), timedelta(hours=1))
    view = await handle_of(stage.client, key).query("view", result_type=TicketView)
    if view.status is not Status.NEW:
        raise IncompleteError(f"{key} is {view.status.value}, and should have come back.")
    chain = await _chain(stage.client, handle_of(stage.client, key))
    back = _return_of(chain)
    quiet = [at for at in map(_at, chain[asked:back]) if at > began + timedelta(hours=1, minutes=1)]
    await handle_of(stage.client, key).terminate("counted")
    # The return: its timer, and the workflow task that sees it. What it pages then is a round like any other.
    return Pause(waiting=back + 4 - asked, with_command=back + 4 - before, between=len(quiet))


def _return_of(chain: list[Any]) -> int:
    """Where the timer of the return fires."""
    return max(n for n, event in enumerate(chain) if name_of(event) == "TIMER_FIRED")


def _at(event: Any) -> datetime:
    at: datetime = event.event_time.ToDatetime(tzinfo=UTC)
    return at


async def _chain(client: Client, handle: WorkflowHandle[Any, Any]) -> list[Any]:
    """The events of all runs of a ticket, oldest first."""
    chain: list[Any] = []
    run: str | None = (await handle.describe()).run_id
    while run:
        found = await events(client.get_workflow_handle(handle.id, run_id=run))
        chain = [*found, *chain]
        run = found[0].workflow_execution_started_event_attributes.continued_execution_run_id or None
    return chain


async def _settled(handle: WorkflowHandle[Any, Any]) -> None:
    """Wait until nothing of a ticket is under way: a query costs no event."""
    async with asyncio.timeout(20):
        while True:
            view: TicketView = await handle.query("view", result_type=TicketView)
            if not view.under_way and not view.unwritten:
                return
            await asyncio.sleep(0.01)


async def _opened(time: TicketTime, stage: Stage) -> str:
    with time.standing():
        key = (await stage.tickets.open(a_ticket())).key
    await stage.activities.paged[key, 1, 1].wait()
    await _settled(handle_of(stage.client, key))
    return key


async def histories(directory: Path) -> list[Row]:
    """Count all of it.

    Args:
        directory: an empty one.
    """
    async with skipping_server() as time:
        messages = write_configuration(directory, *two_tiers(repeat="10m", climb="15m"))
        async with stage_on(time.client, directory, messages) as stage:
            life, pause = await whole_life(time, stage), await pending(time, stage)
        messages = write_configuration(directory, *two_tiers(repeat="10m", climb="never"))
        async with stage_on(time.client, directory, messages) as stage:
            repeat = await further_repeat(time, stage)
    command = f"{pause.with_command} with the command itself and its journal"
    return [
        Row("events of a whole life, journal included", life, "", 90),
        Row("events of each further repeat", repeat, "", 14),
        Row("events of 30 days pending, over all runs", pause.waiting, "", 20, note=command),
        Row("  of them between hour 1 and the return", pause.between, "", 0),
    ]
