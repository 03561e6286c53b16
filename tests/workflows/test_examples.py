"""The shipped ladders, driven to their end on the real server in skipped time."""

from __future__ import annotations

import shutil
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from escalade.time import parse_duration
from tests.tower import Climber, tower_of
from worker.testing import TicketTime

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def way() -> str:
    """Once is enough here: what the three ways could change is tested with less to wait for."""
    return "as is"


def copy_of_the_examples(directory: Path) -> Path:
    """The examples, delivering by the channel that obeys the test."""
    place = directory / "config"
    shutil.copytree(EXAMPLES, place)
    shared = place / "escalade.yaml"
    shared.write_text(shared.read_text().replace("    use: console", "    use: scripted"))
    return place


def arrivals(ticket: Climber) -> list[tuple[str, timedelta]]:
    """Where it came, and how long after it was opened, to the second."""
    entries = ticket.journal()
    opened = entries[0].at
    found = [(e.data["tier"], e.at - opened) for e in entries if e.kind == "tier.entered"]
    return [(tier, timedelta(seconds=round(after.total_seconds()))) for tier, after in found]


@pytest.mark.parametrize(
    ("fields", "length", "expected"),
    [
        (
            {"severity": "sev1", "service": "platform"},
            timedelta(minutes=81),
            [("primary", "0"), ("backup", "20m"), ("leadership", "50m"), ("backup", "80m")],
        ),
        (
            {"severity": "sev3"},
            timedelta(hours=18),
            [
                ("agent", "0"),
                ("team-lead", "15m"),
                ("service-manager", "1h15m"),
                ("director", "5h15m"),
                ("executive", "17h15m"),
            ],
        ),
    ],
    ids=["B2", "D2"],
)
async def test_a_shipped_ladder_climbs_to_its_end_as_the_requirement_has_it(
    ticket_time: TicketTime,
    tmp_path: Path,
    fields: dict[str, Any],
    length: timedelta,
    expected: list[tuple[str, str]],
) -> None:
    async with AsyncExitStack() as stack:
        tower = await stack.enter_async_context(tower_of(ticket_time, copy_of_the_examples(tmp_path)))
        ticket = await tower.open("it is broken", **fields)
        await ticket.forward(seconds=length.total_seconds())
        assert arrivals(ticket) == [(tier, _length(text)) for tier, text in expected]
        assert tower.store.verify() == []


def _length(text: str) -> timedelta:
    return parse_duration(text) if text != "0" else timedelta(0)
