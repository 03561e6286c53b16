"""A storm: thousands of tickets at once on one schedule, and some sev1 in the middle of it.

Shown are three promises: every ticket is told once, by a page or in a digest; nobody gets more pages than their limit
allows; and a sev1 reaches its person within seconds all the same.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any, ClassVar, Final

from pydantic import BaseModel
from temporalio.client import Client

from activities.channels import CHANNELS
from benchmarks.report import Row
from benchmarks.stage import Stage, real_time, stage_on
from escalade.extension import Channel, Delivery, Message
from escalade.ticket import Severity, Ticket
from store import Store

PAGES: Final = 40
"""The limit of each person, per hour."""
ABOVE: Final = 5
"""Pages that go out one by one within ten minutes."""
SOON: Final = 5.0
"""Seconds in which a sev1 is to reach its person, at p95."""
AT_ONCE: Final = 40
"""Calls that open tickets at a time."""


@dataclass
class Log:
    """What left, and when."""

    left: list[tuple[float, str, list[str]]] = field(default_factory=list)
    """When (seconds since the epoch), to whom, about which tickets."""


LOG = Log()


class Recorder(Channel):
    """A channel that keeps what it is given."""

    use: ClassVar[str] = "recorder"

    class Settings(BaseModel):
        """None."""

    def __init__(self, settings: Any) -> None:
        """Args: settings: none."""

    def check_address(self, address: str) -> str | None:
        """Any address will do."""
        return None if address else "there is no address"

    async def send(self, message: Message, address: str) -> Delivery:
        """Keep it."""
        LOG.left.append((time.time(), address, message.data.get("tickets") or [message.ticket]))
        return Delivery(provider_id=str(len(LOG.left)))


@dataclass(frozen=True)
class Storm:
    """What became of a storm."""

    tickets: int
    """Opened, the urgent ones included."""
    opening: float
    """Seconds until the last was opened."""
    all_told: float
    """Seconds from the first opening until every ticket was told."""
    all_known: float
    """Seconds until every ticket knew of it."""
    urgent: list[float]
    """Seconds from opening to reaching somebody, of each sev1."""
    told: Counter[str]
    """How often each ticket was told of."""
    most_in_an_hour: int
    """The most messages anybody got within any hour."""
    messages: int
    digests: int

    @property
    def p95(self) -> float:
        """Of the urgent ones."""
        return quantiles(self.urgent, n=20, method="inclusive")[-1] if len(self.urgent) > 1 else self.urgent[0]


def write_configuration(directory: Path, *, every: str) -> None:
    """One schedule of three people with limits and digests, one policy."""
    shared = {"default_policy": "storm", "catch_all": "person:cleo", "channels": {"phone": {"use": "recorder"}}}
    people = {name: {"methods": {"phone": {"channel": "phone", "address": name}}} for name in ("ana", "bob", "cleo")}
    capacity = {
        "limits": [{"pages": PAGES, "per": "1h"}],
        "digest": {"above": ABOVE, "per": "10m", "every": every},
    }
    schedule = {
        "schedule": "duty",
        "zone": "UTC",
        "rotation": {"members": ["ana", "bob", "cleo"], "start": "2026-01-05"},
    }
    tier = {"name": "first", "page": ["schedule:duty"], "acknowledge_within": "4h"}
    (directory / "policies").mkdir(parents=True, exist_ok=True)
    (directory / "schedules").mkdir(exist_ok=True)
    (directory / "server").mkdir(exist_ok=True)
    # JSON is YAML: no writer needed.
    (directory / "escalade.yaml").write_text(json.dumps(shared), encoding="utf-8")
    (directory / "people.yaml").write_text(json.dumps({"people": people, "capacity": capacity}), encoding="utf-8")
    (directory / "schedules" / "duty.yaml").write_text(json.dumps(schedule), encoding="utf-8")
    (directory / "policies" / "storm.yaml").write_text(json.dumps({"policy": "storm", "tiers": [tier]}), "utf-8")


async def storm(client: Client, directory: Path, *, tickets: int, urgent: int, every: str, within: float) -> Storm:
    """Let it break, and wait until everybody has been told.

    Args:
        client: of a server in real time.
        directory: an existing one, for the configuration and the store.
        tickets: sev3, opened as fast as it goes.
        urgent: sev1, opened one by one in the middle of it.
        every: how long digests collect.
        within: seconds until it is given up.
    """
    write_configuration(directory, every=every)
    LOG.left.clear()
    kinds: dict[str, type[Channel]] = {**CHANNELS, "recorder": Recorder}
    async with AsyncExitStack() as stack:
        on = await stack.enter_async_context(stage_on(client, directory, directory / "none", channels=kinds))
        began = time.time()
        middle = asyncio.Event()
        opening = asyncio.create_task(_open(on, tickets, middle))
        await middle.wait()
        opened = await _open_urgent(on, urgent)
        keys = await opening
        over = time.time()
        async with asyncio.timeout(within):
            wanted = {*keys, *opened}
            while wanted - {key for _, _, about in LOG.left for key in about}:  # noqa: ASYNC110  it watches a list
                await asyncio.sleep(0.1)
            all_told = time.time()
            while not await asyncio.to_thread(_all_known, on.store, sorted(wanted)):  # noqa: ASYNC110  and a store
                await asyncio.sleep(0.25)
        reached = {key: at for at, _, about in reversed(LOG.left) for key in about}
        return Storm(
            tickets=len(wanted),
            opening=over - began,
            all_told=all_told - began,
            all_known=time.time() - began,
            urgent=[reached[key] - at for key, at in opened.items()],
            told=Counter(key for _, _, about in LOG.left for key in about),
            most_in_an_hour=max(_most_in_an_hour(LOG.left, who) for who in ("ana", "bob", "cleo")),
            messages=len(LOG.left),
            digests=sum(len(about) > 1 for _, _, about in LOG.left),
        )


async def _open(on: Stage, tickets: int, middle: asyncio.Event) -> list[str]:
    left = iter(range(tickets))
    keys: list[str] = []

    async def slot() -> None:
        for number in left:
            opened = await on.tickets.open(Ticket(title=f"alert {number}", service=f"service-{number % 10}"))
            keys.append(opened.key)
            if len(keys) >= tickets // 2:
                middle.set()

    await asyncio.gather(*(slot() for _ in range(AT_ONCE)))
    return keys


async def _open_urgent(on: Stage, urgent: int) -> dict[str, float]:
    opened = {}
    for number in range(urgent):
        at = time.time()
        ticket = Ticket(title=f"outage {number}", severity=Severity.SEV1, service="payments")
        opened[(await on.tickets.open(ticket)).key] = at
        await asyncio.sleep(0.1)
    return opened


def _all_known(store: Store, keys: Sequence[str]) -> bool:
    """Whether every ticket's own timeline says that it was told."""
    return all(any(stored.entry.kind == "page.accepted" for stored in store.entries(f"ticket/{key}")) for key in keys)


def _most_in_an_hour(left: Sequence[tuple[float, str, list[str]]], who: str) -> int:
    at = sorted(instant for instant, address, _ in left if address == who)
    return max((sum(first <= other < first + 3600 for other in at) for first in at), default=0)


async def rows(directory: Path, *, tickets: int, urgent: int) -> list[Row]:
    """Measure it at full size, on the server of `escalade up`.

    Args:
        directory: an empty one.
        tickets: so many.
        urgent: so many sev1 among them.
    """
    (directory / "server").mkdir(parents=True, exist_ok=True)
    async with real_time(directory / "server") as (client, _):
        found = await storm(client, directory, tickets=tickets, urgent=urgent, every="30s", within=1200)
    twice = sum(times > 1 for times in found.told.values())
    return [
        Row("sev1 in the middle: p95 until its person has it", found.p95, "s", SOON, note=f"{urgent} of them"),
        Row("tickets never told", found.tickets - len(found.told), "", 0, note=f"of {found.tickets}"),
        Row("tickets told twice", twice, "", 0),
        Row("most pages of anybody in an hour", found.most_in_an_hour, "", PAGES, note="their limit"),
        Row("  messages in all", found.messages, note=f"{found.digests} of them digests"),
        Row("  until the last was opened", found.opening, "s"),
        Row("  until every ticket was told", found.all_told, "s"),
        Row("  until every timeline says so", found.all_known, "s"),
        Row("  sev1: worst", max(found.urgent), "s"),
    ]
