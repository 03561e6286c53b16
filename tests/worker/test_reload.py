"""A changed configuration reaches the tickets that wait for it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from escalade.messages import Acknowledge
from escalade.ticket import Actor, Ticket
from tests.worker.installation import Installation, installed, now_in_utc
from worker.reload import reload_configuration, tell_of_windows, wake_held
from worker.testing import real_server

PAPER = {"paper": {"channel": "paper", "address": "cleo"}}


def duty(directory: Path, methods: dict[str, Any]) -> None:
    """Cleo is on duty this week, and Ana next week; the ladder waits for somebody who can be told."""
    today = now_in_utc().date()
    people = json.loads((directory / "people.yaml").read_text())["people"] | {
        "cleo": {"name": "Cleo", "methods": methods}
    }
    start = today - timedelta(days=today.weekday())
    rotation = {"members": ["cleo", "ana"], "start": start.isoformat(), "handoff": "monday 00:00"}
    tier = {"name": "one", "page": ["schedule:duty"], "acknowledge_within": "1h", "nobody": "hold"}
    (directory / "schedules").mkdir(exist_ok=True)
    for name, value in {
        "people.yaml": {"people": people},
        "schedules/duty.yaml": {"schedule": "duty", "zone": "UTC", "rotation": rotation},
        "policies/ladder.yaml": {"policy": "ladder", "tiers": [tier]},
    }.items():
        (directory / name).write_text(json.dumps(value))


async def reload(there: Installation) -> bool:
    return await reload_configuration(there.client, there.live, there.store, now=now_in_utc)


async def test_a_ticket_that_holds_pages_at_once_whom_a_reload_brings_on_duty(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path) as there:
        duty(tmp_path, methods={})
        assert await reload(there)
        opened = await there.tickets.open(Ticket(title="db down"))
        held = await there.until(opened.key, lambda view: "on duty" in view.waiting_for and not view.unwritten)
        assert held.told == []
        row = there.store.ticket(opened.key)
        assert row is not None
        assert (row.holding, row.due_at) == (True, None)
        assert row.next_due_at == held.upcoming[0].at
        duty(tmp_path, methods=PAPER)
        assert await reload(there)
        told = await there.until(opened.key, lambda view: bool(view.told))
        assert [one.target for one in told.told] == ["person:cleo"]


async def test_only_tickets_that_hold_are_told_of_a_new_roster(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path) as there:
        opened = await there.tickets.open(Ticket(title="somebody is paged"))
        await there.until(opened.key, lambda view: bool(view.told) and not view.unwritten)
        assert await wake_held(client, there.store) == 0
        duty(tmp_path, methods={})
        assert await reload(there)
        held = await there.tickets.open(Ticket(title="nobody is there"))
        await there.until(held.key, lambda view: "on duty" in view.waiting_for and not view.unwritten)
        assert await wake_held(client, there.store) == 1
        await there.tickets.command(held.key, Acknowledge(by=Actor(kind="person", id="ana", via="test")))
        await there.until(held.key, lambda view: view.acknowledged and not view.unwritten)
        assert await wake_held(client, there.store) == 0


async def test_whatever_the_store_holds_of_windows_the_reload_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    def windows_in_force(_configured: object) -> None:
        raise ValueError("a row of another time")

    away: Any = None
    live: Any = SimpleNamespace(current=SimpleNamespace(windows=()))
    store: Any = SimpleNamespace(windows_in_force=windows_in_force)
    assert await tell_of_windows(away, live, store, now_in_utc()) == 0
    assert "Tickets were not told of maintenance windows: a row of another time" in caplog.text
