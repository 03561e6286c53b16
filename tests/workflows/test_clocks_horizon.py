"""Calendars of tickets that outlive their horizon, on the real server in skipped time (decision 32)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.tower import Climber, write_configuration
from tests.workflows.conftest import MakeTower

OFFICE = {"calendar": "office", "zone": "UTC", "hours": {"monday-friday": "08:00-16:00"}}
TIER = {"name": "one", "page": ["person:ana"], "acknowledge_within": "never", "repeat_every": "60d"}
RESOLUTION = {"calendar": "office", "target": "4h", "pause_on": ["pending"]}
POLICY: dict[str, Any] = {"clocks": {"resolution": RESOLUTION}, "pending_at_most": "2000d"}


@pytest.fixture
def way() -> str:
    """Once is enough here: years of idle time are the same to all three ways."""
    return "as is"


def write_office(directory: Path) -> Path:
    path = directory / "calendars" / "office.yaml"
    path.parent.mkdir()
    path.write_text(json.dumps(OFFICE))
    return path


def noted(ticket: Climber, kind: str) -> list[Any]:
    return [entry for entry in ticket.journal() if entry.kind == kind]


async def test_the_calendars_are_worked_out_before_anything_is_due_beyond_them_and_the_due_is_right(
    tower: MakeTower, tmp_path: Path
) -> None:
    write_office(tmp_path)
    there = await tower(TIER, **POLICY)
    ticket = await there.open(status="pending")
    opened = ticket.journal()[0].at
    # The first Monday, at ten, after about four years: three are pinned.
    day = (opened + timedelta(days=1400)).date()
    monday = day + timedelta(days=-day.weekday() % 7)
    until = datetime(monday.year, monday.month, monday.day, 14, tzinfo=UTC)
    await ticket.does("ana", "pending", on="vendor", until=until)
    await ticket.forward(days=1100)
    [extended] = noted(ticket, "calendar.extended")
    assert extended.at < opened + timedelta(days=3 * 365 - 150)
    assert not noted(ticket, "clock.breached")
    await ticket.forward(seconds=(until - await there.time.now(ticket.handle)).total_seconds() + 1)
    [clock] = (await ticket.view()).clocks
    # It has used nothing, and runs from 14:00 on that Monday: two hours then, two on Tuesday.
    assert clock.due is not None
    assert abs(clock.due - (until + timedelta(hours=20))) < timedelta(seconds=1)
    await ticket.forward(days=1)
    [breached] = noted(ticket, "clock.breached")
    assert timedelta(0) <= breached.at - clock.due < timedelta(seconds=1)
    assert there.store.verify() == []


async def test_a_calendar_that_has_left_the_configuration_is_told_and_wedges_nothing(
    tower: MakeTower, tmp_path: Path
) -> None:
    office = write_office(tmp_path)
    there = await tower({**TIER, "calendar": "office"}, **POLICY)
    ticket = await there.open(status="pending")
    await ticket.does("ana", "pending", on="vendor", **{"for": timedelta(days=1200)})
    office.unlink()
    write_configuration(tmp_path, TIER, people={"ana": ["mail"], "bob": ["mail"]})
    assert [problem for problem in there.live.reload() if problem.level == "error"] == []
    await ticket.forward(days=1000)
    told = noted(ticket, "calendar.not_extended")
    assert len(told) > 5
    assert "office" in told[0].what
    assert told[0].why == "not configured any more: office"
    await ticket.forward(days=201)  # past the horizon, and back from pending
    assert len(ticket.told("ana")) == 1, "paged all the same"
    assert [clock.state for clock in (await ticket.view()).clocks] == ["running"]
    for command, fields in (("acknowledge", {}), ("snooze", {"for": timedelta(hours=1)}), ("resume", {})):
        await ticket.does("ana", command, **fields)
    await ticket.does("ana", "resolve", close=True)
    assert await ticket.handle.result() == "closed"
    assert there.store.verify() == []
