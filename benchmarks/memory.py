"""What a ticket that waits costs its worker: memory, and the CPU until it waits, beside a bare workflow that waits.

Each kind gets a process of its own, which opens so many and sees them all paged; both processes do it on one server.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import Final

import psutil
from temporalio.client import Client

from benchmarks.life import IncompleteError, Kind, handle_of, open_one
from benchmarks.report import Row
from benchmarks.stage import Stage, real_time, stage_on, two_tiers, write_configuration
from worker.plugin import escalade_plugin

FIRST: Final = 40
"""Opened before anything is measured: what a process loads once is not a ticket's."""


async def memory(directory: Path, *, tickets: int, pairs: int) -> list[Row]:
    """Measure.

    Args:
        directory: an empty one.
        tickets: so many wait in each process.
        pairs: how often.
    """
    write_configuration(directory, *two_tiers(repeat="1h", climb="2h"))
    found: dict[Kind, list[dict[str, float]]] = {"ticket": [], "bare": []}
    async with real_time(directory / "server") as (client, _):
        for number in range(pairs):
            order: list[Kind] = ["ticket", "bare"] if number % 2 else ["bare", "ticket"]
            for kind in order:
                found[kind].append(await _process(client, kind, directory, tickets))
    size = {kind: median(one["bytes"] for one in runs) / 1024 for kind, runs in found.items()}
    cpu = {kind: median(one["cpu"] for one in runs) * 1000 for kind, runs in found.items()}
    return [
        Row(
            "memory of a waiting ticket, of a bare one's", size["ticket"] / size["bare"], "×", 2, note=f"{tickets} each"
        ),
        Row("CPU until it waits, of a bare one's", cpu["ticket"] / cpu["bare"], "×", 1.5),
        Row("  ticket: memory", size["ticket"], "KiB"),
        Row("  bare: memory", size["bare"], "KiB"),
        Row("  ticket: CPU until it waits", cpu["ticket"], "ms", note="worker and client"),
        Row("  bare: CPU until it waits", cpu["bare"], "ms"),
    ]


async def _process(client: Client, kind: Kind, directory: Path, tickets: int) -> dict[str, float]:
    address = client.service_client.config.target_host
    argv = [sys.executable, "-m", "benchmarks.memory", kind, address, str(directory), str(tickets)]
    child = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    told, _ = await child.communicate()
    if child.returncode:
        raise IncompleteError(f"The process of {kind} ended with {child.returncode}.")
    found: dict[str, float] = json.loads(told.splitlines()[-1])
    return found


async def _wait_many(stage: Stage, kind: Kind, tickets: int) -> list[str]:
    keys = []
    for start in range(0, tickets, 20):
        some = await asyncio.gather(*(open_one(stage, kind) for _ in range(start, min(start + 20, tickets))))
        await asyncio.gather(*(stage.activities.paged[key, 1, 1].wait() for key in some))
        keys += some
    # The workflow task that takes in the last page.
    await asyncio.gather(*(handle_of(stage.client, key).describe() for key in keys))
    return keys


async def _measure(kind: Kind, address: str, directory: Path, tickets: int) -> None:
    client = await Client.connect(address, plugins=[escalade_plugin()])
    async with stage_on(client, directory, directory / "messages.txt") as stage:
        keys = await _wait_many(stage, kind, FIRST)
        gc.collect()
        used, size = time.process_time(), psutil.Process().memory_info().rss
        keys += await _wait_many(stage, kind, tickets)
        cpu = time.process_time() - used
        gc.collect()
        grown = psutil.Process().memory_info().rss - size
        print(json.dumps({"bytes": grown / tickets, "cpu": cpu / tickets}))
        for key in keys:
            await handle_of(client, key).terminate("measured")


if __name__ == "__main__":
    kind: Kind = "ticket" if sys.argv[1] == "ticket" else "bare"
    asyncio.run(_measure(kind, sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])))
