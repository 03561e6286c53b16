"""A full ticket against a bare workflow with the same activities, timers and updates: CPU, and lives per second.

Unpaired runs differ by a factor of three on a shared machine: only ratios within a pair of runs mean anything. Runs
alternate on one server, and the median of the ratios counts.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import psutil

from benchmarks.life import Kind, TooLateError, check_whole, events, handle_of, live, name_of
from benchmarks.report import Row
from benchmarks.stage import Stage, real_time, stage_on, two_tiers, write_configuration

REPEAT, CLIMB, LENGTH = "6s", "11s", 11.8
"""The times of the ladder, and so the seconds that a life takes on an idle machine."""
FULL: Final = 1.15
"""So much more is asked of the machine than it can do: it is what limits, and yet a repeat does not come later than
the climb, which would make a life incomplete."""
THROWN: Final = 3
"""Pairs that may be thrown away because a life in them came too late to be whole."""
SAME: Final = {
    "ACTIVITY_TASK_SCHEDULED": "activities",
    "TIMER_STARTED": "timers",
    "WORKFLOW_EXECUTION_UPDATE_COMPLETED": "updates",
    "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES": "upserts",
    "WORKFLOW_TASK_COMPLETED": "workflow tasks",
}
"""What both do equally often."""


@dataclass(frozen=True)
class Run:
    """Many lives of one kind."""

    cpu: float
    """Milliseconds per life."""
    rate: float
    """Lives per second."""


async def run(stage: Stage, kind: Kind, lives: int, *, at_once: int) -> Run:
    """Live so many lives, as many at once as keep the machine busy, and check every one."""
    ended: list[float] = []
    left = iter(range(lives))

    async def slot(number: int) -> list[str]:
        # Spread over the length of a life: all at once would first be a storm of openings, then one of timers.
        await asyncio.sleep(number * LENGTH / at_once)
        keys = []
        for _ in left:
            keys.append(await live(stage, kind, between=0.2))
            ended.append(time.perf_counter())
        return keys

    used = stage.cpu()
    keys = await asyncio.gather(*(slot(number) for number in range(at_once)))
    cost = stage.cpu() - used
    for key in itertools.chain(*keys):
        await check_whole(stage, key)
    return Run(cpu=cost / lives * 1000, rate=_steady(ended, at_once))


def _steady(ended: list[float], at_once: int) -> float:
    """Lives per second while every slot was taken: neither the first nor the last ones."""
    first, last = at_once // 2, len(ended) - at_once // 2 - 1
    return (last - first) / (ended[last] - ended[first]) if last > first else len(ended) / (ended[-1] - ended[0])


async def _as_many_as_fill(stage: Stage) -> int:
    """So many lives at once as this machine, as busy as it is with other things, is full with."""
    busy = await asyncio.to_thread(psutil.cpu_percent, 2.0) / 100
    cores = os.cpu_count() or 1
    # However busy it is, half of it is had: others give way as much as these lives do.
    idle = cores * (1 - busy)
    first = [await run(stage, kind, 20, at_once=20) for kind in ("bare", "ticket")]
    cost = max(one.cpu for one in first) / 1000
    return round(min(max(idle, cores / 2) / cost * LENGTH * FULL, 250))


async def throughput(directory: Path, *, pairs: int) -> list[Row]:
    """Compare.

    Args:
        directory: an empty one.
        pairs: how many.
    """
    messages = write_configuration(directory, *two_tiers(repeat=REPEAT, climb=CLIMB))
    runs: list[tuple[Run, Run]] = []
    thrown = 0
    async with (
        real_time(directory / "server") as (client, server),
        stage_on(client, directory, messages, server=server) as on,
    ):
        alone = {kind: await live(on, kind, between=1) for kind in ("ticket", "bare")}
        counts = {kind: Counter(map(name_of, await events(handle_of(client, key)))) for kind, key in alone.items()}
        at_once = await _as_many_as_fill(on)
        while len(runs) < pairs:
            order: list[Kind] = ["ticket", "bare"] if len(runs) % 2 else ["bare", "ticket"]
            try:
                found = {kind: await run(on, kind, 2 * at_once, at_once=at_once) for kind in order}
            except TooLateError:
                # The machine has become busier with other things: the whole pair is thrown away, and less is asked.
                if thrown == THROWN:
                    raise
                thrown, at_once = thrown + 1, max(at_once * 2 // 3, 10)
                continue
            runs.append((found["ticket"], found["bare"]))
    different = sum(abs(counts["ticket"][name] - counts["bare"][name]) for name in SAME)
    told = ", ".join(f"{counts['bare'][name]} {word}" for name, word in SAME.items())
    rates, costs = [full.rate / bare.rate for full, bare in runs], [bare.cpu / full.cpu for full, bare in runs]
    return [
        Row("lives per second, of the bare workflow's", median(rates), "", 0.85, "at least", _spread(rates)),
        Row("bare workflow's CPU, of the ticket's", median(costs), "", 0.85, "at least", _spread(costs)),
        Row("what the two do not do equally often", different, "", 0, note=told),
        Row("  ticket: lives per second", median(full.rate for full, _ in runs)),
        Row("  bare: lives per second", median(bare.rate for _, bare in runs)),
        Row("  ticket: CPU per life", median(full.cpu for full, _ in runs), "ms", note="worker, client and server"),
        Row("  bare: CPU per life", median(bare.cpu for _, bare in runs), "ms"),
        Row(
            "  lives at once",
            at_once,
            note=f"twice as many in each run, each of them whole; {thrown} pairs thrown away",
        ),
    ]


def _spread(values: list[float]) -> str:
    return "pairs: " + ", ".join(f"{value:.2f}" for value in values)
