"""How late rounds leave, beside how late a bare timer of Temporal wakes its workflow at the same time."""

from __future__ import annotations

import asyncio
import random
import uuid
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from benchmarks.bare import BareTimer
from benchmarks.life import BOB, a_ticket, handle_of
from benchmarks.report import Row
from benchmarks.stage import BARE_QUEUE, Stage, real_time, stage_on, write_configuration
from escalade.messages import Resolve

EVERY: Final = timedelta(seconds=8)


async def lateness(directory: Path, *, tickets: int, repeats: int) -> list[Row]:
    """Measure.

    Args:
        directory: an empty one.
        tickets: so many, and as many bare timers, opened at random instants.
        repeats: of each.
    """
    every = f"{EVERY.total_seconds():g}s"
    tier = {"name": "first", "page": ["person:ana"], "repeat_every": every, "acknowledge_within": "never"}
    messages = write_configuration(directory, tier)
    async with real_time(directory / "server") as (client, _), stage_on(client, directory, messages) as on:
        chance = random.Random(7)
        waits = [chance.uniform(0, EVERY.total_seconds()) for _ in range(2 * tickets)]
        timers = asyncio.gather(*(_timer(on, wait, repeats) for wait in waits[tickets:]))
        keys = await asyncio.gather(*(_ticket(on, wait, repeats) for wait in waits[:tickets]))
        bare = [late for one in await timers for late in one]
        # The first round has no timer: it leaves when the ticket arrives.
        rounds = [late for key in keys for late in on.activities.late[key][1 : repeats + 1]]
    middle, worst = median(rounds) - median(bare), _p99(rounds) - _p99(bare)
    return [
        Row("rounds: median beyond a bare timer's", middle, "s", 0.1, note=f"{len(rounds)} rounds, as many timers"),
        Row("rounds: p99 beyond a bare timer's", worst, "s", 0.5),
        Row("rounds: earliest", min(rounds), "s", 0, "at least", "never early"),
        Row(
            "  rounds: median lateness", median(rounds), "s", note="from the due instant until the page's activity runs"
        ),
        Row("  rounds: p99", _p99(rounds), "s"),
        Row("  bare timer: median lateness", median(bare), "s", note="until its workflow runs"),
        Row("  bare timer: p99", _p99(bare), "s"),
    ]


async def _timer(stage: Stage, wait: float, repeats: int) -> list[float]:
    await asyncio.sleep(wait)
    late: list[float] = await stage.client.execute_workflow(
        BareTimer.run, args=[EVERY.total_seconds(), repeats], id=f"timer/{uuid.uuid4()}", task_queue=BARE_QUEUE
    )
    return late


async def _ticket(stage: Stage, wait: float, repeats: int) -> str:
    await asyncio.sleep(wait)
    key = (await stage.tickets.open(a_ticket())).key
    await stage.activities.paged[key, 1, repeats + 1].wait()
    await stage.tickets.command(key, Resolve(by=BOB, close=True))
    await handle_of(stage.client, key).result()
    return key


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100)[98]
