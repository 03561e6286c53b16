"""What people read of clocks: a line for each, and why one is due when it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cli.render.clocks import clock_lines, used_lines, why_page
from cli.render.moments import Moments, moments
from escalade.engine import view
from escalade.engine.clockview import why
from escalade.testing import START, Climb, policy, roster

TIER = {"name": "one", "page": ["person:ana"], "acknowledge_within": "never", "repeat_every": "9d"}
CLOCKS = {
    "first_response": {"target": "1h"},
    "resolution": {"target": "4h", "warn_at": [75], "pause_on": ["pending"]},
}


def climb() -> Climb:
    """A ticket that was answered, and waits."""
    found = Climb(policy(TIER, clocks=CLOCKS), roster("ana"))
    found.forward(minutes=20)
    found.does("ana", "reply")
    found.forward(minutes=10)
    return found


def lines(ticket: Climb) -> list[str]:
    when = moments(ticket.now, utc=True)
    return [line.plain for line in clock_lines(view(ticket.state, ticket.now).clocks, when)]


def test_each_clock_says_its_state_what_is_used_and_what_is_left() -> None:
    ticket = climb()
    assert lines(ticket) == [
        "first response  met  20m of 1h used, due 10:00:00, stopped 10m ago (09:20:00) by reply",
        "resolution  running  30m of 4h used, due in 3h30m (13:00:00), 3h30m left, 75% in 2h30m (12:00:00)",
    ]


def test_a_clock_that_stands_still_says_since_when_and_why() -> None:
    ticket = climb()
    ticket.does("ana", "pending", on="vendor")
    ticket.forward(hours=5)
    assert lines(ticket)[1] == "resolution  paused  30m of 4h used, 3h30m left, standing still since 09:30:00 (pending)"


def test_an_overdue_clock_says_by_how_much() -> None:
    ticket = climb()
    ticket.forward(hours=4)
    assert lines(ticket)[1] == "resolution  overdue  4h30m of 4h used, due 30m ago (13:00:00), 30m over"


def test_why_names_thresholds_and_the_time_used_is_by_tier() -> None:
    ticket = climb()
    told = why(ticket.state, "resolution", ticket.now)
    assert told is not None
    text = [line.plain for line in why_page(told, moments(ticket.now, utc=True))]
    assert "       75%  in 2h30m (12:00:00)" in text
    assert "resolution: 4h (around the clock), from 09:00:00." in text
    assert [line.plain for line in used_lines(view(ticket.state, ticket.now).used)] == ["one  30m"]
    assert START + timedelta(minutes=30) == ticket.now


def test_what_is_used_and_what_is_left_add_up_and_agree_with_the_journal() -> None:
    ticket = climb()
    ticket.forward(seconds=12.6)
    assert lines(ticket)[1].startswith("resolution  running  30m13s of 4h used")
    assert ", 3h29m left" in lines(ticket)[1]
    short = Climb(policy(TIER, clocks={"first_response": {"target": "1m"}}), roster("ana"))
    short.forward(seconds=12.6)
    assert lines(short)[0].startswith("first response  running  13s of 1m used")
    assert "47s left" in lines(short)[0]


def test_a_threshold_after_the_stop_is_not_reached_and_never_becomes_passed() -> None:
    ticket = climb()
    ticket.does("ana", "resolve")
    ticket.forward(hours=9)
    told = why(ticket.state, "resolution", ticket.now)
    assert told is not None
    assert not any(each.passed for each in told.thresholds)
    text = [line.plain for line in why_page(told, moments(ticket.now, utc=True))]
    assert "       75%  not reached: it had stopped" in text
    assert "    breach  not reached: it had stopped" in text


@pytest.mark.parametrize(
    ("zone", "said"),
    [("UTC", "UTC"), ("Europe/Paris", "CET (UTC+01:00)"), ("America/Sao_Paulo", "UTC-03:00")],
)
def test_a_zone_without_a_name_is_called_by_its_offset(zone: str, said: str) -> None:
    assert Moments(datetime(2026, 3, 2, tzinfo=UTC), ZoneInfo(zone)).zone_name == said
