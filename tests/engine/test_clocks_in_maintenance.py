"""Clocks and maintenance windows: a clock runs on, unless its `pause_on` lists them (decision 14)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from escalade.engine import dues
from escalade.engine.due import DueKind
from escalade.testing import START, Climb, policy, roster
from escalade.ticket import Ticket
from tests.engine.test_clock_cases import QUIET, clock
from tests.engine.test_maintenance import window

STANDS = {"pause_on": ["maintenance"]}


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


def covered(*windows: Any, **clock: Any) -> Climb:
    pinned = policy(QUIET, {**QUIET, "name": "two"}, clocks={"resolution": {"target": "1h", "warn_at": [50], **clock}})
    return Climb(pinned, roster("ana"), Ticket(title="test", service="shop"), windows=windows)


def told(climb: Climb) -> list[tuple[str, datetime]]:
    return [(entry.kind, entry.at) for entry in climb.entries if entry.kind in ("clock.warned", "clock.breached")]


def test_a_clock_runs_through_a_window_unless_it_says_otherwise() -> None:
    climb = covered(window(10, 70))
    climb.forward(hours=3)
    assert told(climb) == [("clock.warned", minute(30)), ("clock.breached", minute(60))]


def test_a_clock_that_stands_still_in_windows_is_due_later_by_their_length_and_silent_meanwhile() -> None:
    climb = covered(window(10, 70), window(100, 110, "again"), **STANDS)
    climb.forward(minutes=69)
    assert told(climb) == []
    found = clock(climb, "resolution")
    assert (found.state, found.paused_on, found.due) == ("paused", "maintenance", None)
    climb.forward(minutes=31)
    assert told(climb) == [("clock.warned", minute(90))]
    climb.forward(minutes=30)
    assert told(climb)[1:] == [("clock.breached", minute(130))]
    assert [pause.on for pause in climb.state.clocks["resolution"].pauses] == ["maintenance", "maintenance"]


def test_a_ticket_opened_in_a_window_has_used_nothing_at_its_end() -> None:
    climb = covered(window(-30, 45), **STANDS)
    climb.forward(minutes=45)
    found = clock(climb, "resolution")
    assert (found.state, found.consumed, found.due) == ("running", timedelta(0), minute(105))


def test_windows_that_passed_while_nobody_looked_count_as_if_somebody_had() -> None:
    climb = covered(window(10, 40), window(50, 60, "again"), **STANDS)
    climb.sleep(minutes=75)
    climb.tick()
    found = clock(climb, "resolution")
    assert (found.consumed, found.due) == (timedelta(minutes=35), minute(100))
    assert [e.data["thresholds"] for e in climb.noted("clock.warned")] == [["50%"]]


def test_a_window_that_is_ended_early_lets_the_clock_run_from_then() -> None:
    climb = covered(window(10, 600), **STANDS)
    climb.forward(minutes=30)
    climb.changes_windows()
    assert clock(climb, "resolution").due == minute(80)


def test_a_resolution_in_a_window_is_judged_by_what_was_used_before_it() -> None:
    climb = covered(window(10, 600), **STANDS)
    climb.forward(minutes=200)
    climb.does("ana", "resolve")
    found = clock(climb, "resolution")
    assert (found.met, found.consumed) == (True, timedelta(minutes=10))


def test_a_clock_that_waits_for_the_customer_and_for_windows_stands_still_once_for_both() -> None:
    climb = covered(window(30, 60), pause_on=["maintenance", "pending"])
    climb.forward(minutes=10)
    climb.does("ana", "pending", on="customer", **{"for": "40m"})
    climb.forward(minutes=70)
    found = clock(climb, "resolution")
    assert (found.consumed, found.due) == (timedelta(minutes=30), minute(110))


@pytest.mark.parametrize("command", ["pending", "snooze"])
def test_a_window_during_a_pause_stops_a_clock_that_runs_on_through_the_pause(command: str) -> None:
    climb = covered(window(20, 50), **STANDS)
    climb.forward(minutes=10)
    climb.does("ana", command, **{"for": "2h"})
    climb.forward(minutes=15)
    assert clock(climb, "resolution").state == "paused"
    climb.forward(minutes=55)
    assert told(climb) == [("clock.warned", minute(60))]
    climb.forward(minutes=60)
    assert told(climb)[1:] == [("clock.breached", minute(90))]


def test_windows_during_a_pause_cost_nothing_where_the_pause_stops_the_clock_already() -> None:
    climb = covered(window(20, 50), pause_on=["maintenance", "pending"])
    climb.does("ana", "pending", **{"for": "2h"})
    assert [due.kind for due in dues(climb.state)] == [DueKind.PAUSE_ENDS]


def test_a_window_that_outlasts_the_pause_in_which_it_began_stops_the_clock_until_its_own_end() -> None:
    climb = covered(window(20, 90), **STANDS)
    climb.does("ana", "snooze", **{"for": "40m"})
    climb.forward(minutes=80)
    found = clock(climb, "resolution")
    assert (found.state, found.consumed) == ("paused", timedelta(minutes=20))
    climb.forward(minutes=11)
    assert clock(climb, "resolution").due == minute(130)


def test_a_window_in_a_pause_that_nobody_looked_at_counts_all_the_same() -> None:
    climb = covered(window(20, 50), **STANDS)
    climb.does("ana", "snooze", **{"for": "60m"})
    climb.sleep(minutes=85)
    climb.tick()
    assert told(climb) == [("clock.warned", minute(85))]
    assert clock(climb, "resolution").due == minute(90)


def test_a_window_that_is_taken_away_during_a_pause_lets_the_clock_run_from_then() -> None:
    climb = covered(window(20, 90), **STANDS)
    climb.does("ana", "snooze", **{"for": "4h"})
    climb.forward(minutes=30)
    climb.changes_windows()
    assert clock(climb, "resolution").due == minute(70)
    climb.changes_windows(window(40, 50))
    climb.forward(minutes=15)
    assert clock(climb, "resolution").state == "paused"
    climb.forward(minutes=6)
    assert clock(climb, "resolution").due == minute(80)


def test_a_window_that_is_prolonged_during_a_pause_has_stopped_what_is_heard_of_later_from_its_beginning() -> None:
    promises = {"resolution": {"target": "1h", **STANDS}, "update": {"target": "1h", **STANDS}}
    ticket = Ticket(title="test", service="shop")
    climb = Climb(policy(QUIET, clocks=promises), roster("ana"), ticket, windows=[window(10, 90)])
    climb.does("ana", "snooze", **{"for": "4h"})
    climb.forward(minutes=30)
    climb.changes_windows(window(10, 120))
    climb.forward(minutes=10)
    climb.does("ana", "message", text="still broken", at=minute(20))
    found = clock(climb, "update")
    assert (found.state, found.paused_on, found.consumed) == ("paused", "maintenance", timedelta(0))
    climb.forward(minutes=85)
    assert clock(climb, "update").due == minute(180)


def test_resolving_and_reopening_in_a_pause_with_a_window_leaves_nothing_standing() -> None:
    climb = covered(window(20, 90), **STANDS)
    climb.does("ana", "snooze", **{"for": "4h"})
    climb.forward(minutes=30)
    climb.does("ana", "resolve")
    climb.forward(minutes=90)
    climb.does("ana", "reopen")
    assert clock(climb, "resolution").due == minute(160)
