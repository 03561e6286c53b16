"""Tickets that outlive what their calendars were worked out for (decision 32)."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from escalade.engine import next_due, view
from escalade.engine.clockview import why
from escalade.testing import Climb, policy, roster
from escalade.ticket import Ticket
from tests.engine.test_clock_cases import QUIET, climb_with, clock, dues, hours, office, utc

OFFICE = hours("Europe/Paris", monday_friday="09:00-18:00")
PENDING = {"pause_on": ["pending"]}


def test_calendars_are_worked_out_further_long_before_their_horizon() -> None:
    climb = climb_with({"resolution": office("8h", **PENDING)}, utc(2026, 3, 2, 9), OFFICE, pending_at_most="1500d")
    climb.does("ana", "pending", **{"for": "1400d"})
    climb.forward(days=1300)
    assert [e.at.year for e in climb.noted("calendar.extended")] == [2028]
    climb.forward(days=101)
    assert clock(climb, "resolution").due is not None
    assert clock(climb, "resolution").consumed > timedelta(0)


def test_a_target_beyond_the_horizon_is_worked_out_at_once() -> None:
    climb = climb_with({"resolution": office("900bd")}, utc(2026, 3, 2, 9), OFFICE)
    climb.tick()
    due = dues(climb)["resolution"]
    assert due is not None
    assert due.year == 2029


def gone(**more: Any) -> Climb:
    """A ticket that waits for years, whose calendar is taken out of the configuration meanwhile."""
    more = {"tier": {"calendar": "office", "resolve_within": "8h", "acknowledge_within": "8h"}, **more}
    climb = climb_with(
        {"resolution": office("8h", **PENDING)}, utc(2026, 3, 2, 9), OFFICE, pending_at_most="2000d", **more
    )
    climb.does("ana", "pending", **{"for": "1400d"})
    climb.calendars = {}
    return climb


def test_what_is_due_beyond_the_old_horizon_is_right_once_it_is_moved() -> None:
    climb = climb_with({"resolution": office("8h", **PENDING)}, utc(2026, 3, 2, 9), OFFICE, pending_at_most="1500d")
    climb.forward(hours=1)
    climb.does("ana", "pending", until=utc(2029, 12, 7, 15))  # a Friday, at 16:00 in Paris
    climb.forward(days=1400)
    # Seven hours are left: two on that Friday, five on Monday the 10th.
    assert [entry.at for entry in climb.noted("clock.breached")] == [utc(2029, 12, 10, 13)]
    assert climb.noted("calendar.extended")[0].at < utc(2029, 3, 1)


def test_a_calendar_that_is_gone_is_told_each_week_and_why() -> None:
    climb = gone()
    climb.forward(days=1200)
    told = climb.noted("calendar.not_extended")
    assert len(told) > 10
    assert {b.at - a.at for a, b in pairwise(told)} == {timedelta(days=7)}
    assert "office" in told[0].what
    assert told[0].why == "not configured any more: office"


def test_a_calendar_that_comes_back_in_time_makes_up_for_it() -> None:
    climb = gone()
    climb.forward(days=1000)
    assert climb.noted("calendar.not_extended")
    climb.calendars = climb_with({}, climb.now, OFFICE).calendars
    climb.forward(days=500)
    assert climb.noted("calendar.extended")
    assert climb.noted("clock.breached")


def test_a_ticket_whose_calendar_is_gone_for_good_still_pages_climbs_and_can_be_resolved() -> None:
    climb = gone()
    climb.forward(days=1401)  # its horizon ended a year ago, and it came back from pending
    assert climb.now > datetime(2030, 1, 1, tzinfo=climb.now.tzinfo)
    assert climb.pages_of("person:ana", since=utc(2029, 12, 1)), "paged when the pause ended"
    assert climb.tier == "two", "and taken up when nobody answered"
    assert view(climb.state, climb.now).clocks
    due = next_due(climb.state)
    assert due is not None
    assert due > climb.now
    for command, fields in (
        ("acknowledge", {}),
        ("message", {}),
        ("reply", {}),
        ("severity", {"severity": "sev1"}),
        ("snooze", {"for": "1h"}),
        ("resume", {}),
        ("return", {"reason": "no"}),
        ("resolve", {}),
        ("reopen", {}),
        ("resolve", {}),
    ):
        assert climb.does("bob", command, **fields).refusal is None, command
        climb.forward(minutes=5)


@pytest.mark.parametrize("pause", [{}, {"for": "3d"}])
def test_why_a_clock_is_due_is_said_beyond_its_horizon_too(pause: dict[str, Any]) -> None:
    climb = gone()
    climb.forward(days=1390)
    climb.does("ana", "resume")
    if pause:
        climb.does("ana", "pending", **pause)
    found = why(climb.state, "resolution", climb.now)
    assert found is not None
    assert "worked out" in " ".join(found.explanation)
    assert clock(climb, "resolution").state in ("running", "paused")


def test_a_ladder_without_its_calendar_does_not_rush_to_its_end() -> None:
    tiers = [
        {**QUIET, "name": str(n), "calendar": "office", "acknowledge_within": "8h", "page": ["person:ana"]}
        for n in range(4)
    ]
    start = utc(2026, 3, 2, 9)
    pinned = policy(*tiers, calendars={"office": OFFICE}, at=start, pending_at_most="2000d")
    climb = Climb(pinned, roster("ana"), Ticket(title="test"), start=start)
    climb.does("ana", "pending", **{"for": "1400d"})
    climb.forward(days=1400, hours=1)
    assert climb.tier == "0"
    climb.forward(hours=8)
    assert climb.tier == "1"


def test_at_the_very_end_of_its_horizon_nothing_spins_and_repeats_go_on() -> None:
    tier = {
        "name": "one",
        "calendar": "office",
        "acknowledge_within": "never",
        "repeat_every": "2h",
        "page": ["person:ana"],
    }
    start = utc(2026, 3, 2, 9)
    pinned = policy(tier, calendars={"office": OFFICE}, at=start)
    [until] = [calendar.until for calendar in pinned.calendars.values()]
    late = until - timedelta(days=7)
    climb = Climb(pinned, roster("ana"), Ticket(title="test"), start=late)
    climb.forward(days=10)
    since = climb.pages_of("person:ana", since=until + timedelta(days=1))
    assert len(since) == 25, "every two hours of two days, around the clock: nothing says otherwise"
