"""A worker whose clock is five minutes off the server's: rounds keep to the ticket's time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.kill.evidence import Page
from tests.kill.ladders import write_configuration
from tests.kill.site import Site

pytestmark = [pytest.mark.kill, pytest.mark.xdist_group("kill")]

OFF = """
import sys
from datetime import UTC, datetime, timedelta
import worker.main

worker.main._now = lambda: datetime.now(UTC) + timedelta(minutes={minutes})
sys.exit(worker.main.main())
"""
EARLY, LATE = timedelta(milliseconds=50), timedelta(seconds=6)
"""Far less than five minutes, and enough for a busy machine."""


@pytest.mark.parametrize(
    ("minutes", "handoff", "on_duty"),
    # ana hands over to bob between the two clocks: the worker's would name the other one.
    [(5, timedelta(minutes=2.5), "ana"), (-5, -timedelta(minutes=2.5), "bob")],
    ids=["ahead", "behind"],
)
async def test_rounds_are_neither_early_nor_late_and_reach_who_is_on_duty_then(
    site: Site, minutes: int, handoff: timedelta, on_duty: str, record_property: Callable[[str, object], None]
) -> None:
    write_configuration(site.directory / "config", site.receiver.url, handoff=datetime.now(UTC) + handoff)
    await site.start(program=("-c", OFF.format(minutes=minutes)))
    opened = datetime.now(UTC)
    key = await site.open("duty")
    await site.until_got(key, on_duty, times=3)
    await site.close(key, by=on_duty)
    entered = next(entry for entry in site.entries(key) if entry.kind == "tier.entered")
    first = datetime.fromisoformat(entered.data["t0"])
    assert opened - EARLY <= first <= opened + LATE
    arrived = site.receiver.got(key)
    for n, got in enumerate(arrived):
        due = first + n * timedelta(seconds=2)
        assert due - EARLY <= got.at <= due + LATE
        record_property(f"late_seconds_{n}", (got.at - due).total_seconds())
    rounds = [Page(on_duty, 1, n) for n in range(1, len(arrived) + 1)]
    evidence = await site.proven(key, rounds)
    # What the worker writes down by itself bears its own clock; the order of the journal is the ticket's.
    told = [entry.at for entry in evidence.entries if entry.kind == "page.accepted"]
    assert all(abs(at - got.at - timedelta(minutes=minutes)) < LATE for at, got in zip(told, arrived, strict=True))
    site.verified()
