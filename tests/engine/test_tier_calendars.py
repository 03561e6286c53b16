"""Tiers that work by a calendar: what waits for the opening, what wakes people all the same, what is left over night.

E13 of the cases (a step outside its time window waits, and says when it goes on) is this.
"""

# ruff: noqa: N802 - tests are named by the ids of their cases

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from escalade.engine import upcoming
from escalade.testing import Climb, policy, roster
from escalade.ticket import Severity, Ticket
from tests.engine.test_clock_cases import forward_to, hours, utc

OFFICE = hours("Europe/Paris", monday_friday="09:00-18:00")
FRIDAY_EVENING = utc(2026, 3, 6, 19)
MONDAY = utc(2026, 3, 9, 8)
"""When the office opens, in winter."""


def opened(at: datetime, *tiers: dict[str, Any], severity: Severity = Severity.SEV3, **rest: Any) -> Climb:
    pinned = policy(*tiers, calendars={"office": OFFICE}, at=at, **rest)
    return Climb(pinned, roster("ana", "bob"), Ticket(title="t", severity=severity), start=at)


def tier(name: str, who: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "page": [f"person:{who}"], "acknowledge_within": "2h", "repeat_every": "30m", **more}


ONE, TWO = tier("one", "ana", calendar="office"), tier("two", "bob")


def times(climb: Climb, who: str) -> list[datetime]:
    return [page.at for page in climb.pages_of(f"person:{who}")]


def test_E13_outside_its_hours_a_tier_waits_and_says_until_when() -> None:
    climb = opened(FRIDAY_EVENING, ONE, TWO)
    assert [entry.at for entry in climb.noted("tier.entered")] == [FRIDAY_EVENING]
    assert "closed until 2026-03-09T08:00:00Z" in climb.noted("tier.entered")[0].what
    assert (upcoming(climb.state)[0].at, upcoming(climb.state)[0].kind) == (MONDAY, "round")
    climb.forward(days=4)
    assert times(climb, "ana") == [MONDAY + timedelta(minutes=30 * n) for n in range(4)]
    assert times(climb, "bob")[0] == MONDAY + timedelta(hours=2)


def test_E13_within_its_hours_it_goes_on_at_once() -> None:
    assert times(opened(MONDAY, ONE, TWO), "ana") == [MONDAY]


def test_a_severity_that_wakes_is_paged_at_any_hour_by_the_wall_clock() -> None:
    climb = opened(FRIDAY_EVENING, {**ONE, "wake": ["sev1"]}, TWO, severity=Severity.SEV1)
    climb.forward(hours=3)
    assert times(climb, "ana")[:2] == [FRIDAY_EVENING, FRIDAY_EVENING + timedelta(minutes=30)]
    assert times(climb, "bob")[0] == FRIDAY_EVENING + timedelta(hours=2)


def test_minor_severities_wake_nobody_where_the_policy_says_so_once_for_all_tiers() -> None:
    plain = tier("one", "ana"), tier("two", "bob")
    for severity, woken in ((Severity.SEV2, True), (Severity.SEV4, False)):
        climb = opened(FRIDAY_EVENING, *plain, severity=severity, calendar="office", wake=["sev1", "sev2"])
        climb.forward(hours=12)
        assert bool(climb.pages) is woken
        climb.forward(days=3)
        assert climb.pages


def test_a_tier_may_work_around_the_clock_where_its_policy_does_not() -> None:
    climb = opened(FRIDAY_EVENING, tier("one", "ana", calendar="always"), TWO, calendar="office")
    assert times(climb, "ana") == [FRIDAY_EVENING]


def test_limits_and_repeats_stand_still_over_night() -> None:
    climb = opened(utc(2026, 3, 5, 16, 15), ONE, TWO)
    climb.forward(days=1)
    assert times(climb, "ana") == [
        utc(2026, 3, 5, 16, 15),
        utc(2026, 3, 5, 16, 45),
        utc(2026, 3, 6, 8, 15),
        utc(2026, 3, 6, 8, 45),
    ]
    assert times(climb, "bob")[0] == utc(2026, 3, 6, 9, 15)


def test_a_repeat_that_would_fall_on_the_close_comes_with_the_opening() -> None:
    climb = opened(utc(2026, 3, 5, 16, 30), ONE, TWO)
    climb.forward(hours=20)
    assert times(climb, "ana")[:2] == [utc(2026, 3, 5, 16, 30), utc(2026, 3, 6, 8)]


def test_a_pause_over_a_close_leaves_what_was_left_in_open_time() -> None:
    climb = opened(utc(2026, 3, 6, 15), {**ONE, "acknowledge_within": "4h", "repeat_every": {}}, TWO)
    forward_to(climb, utc(2026, 3, 6, 16))
    climb.does("ana", "snooze", until=utc(2026, 3, 9, 8, 30))
    climb.forward(days=5)
    assert times(climb, "ana") == [utc(2026, 3, 6, 15), utc(2026, 3, 9, 8, 30)]
    assert times(climb, "bob")[0] == utc(2026, 3, 9, 11, 30)


def test_a_pause_that_ends_at_night_pages_at_the_opening() -> None:
    climb = opened(utc(2026, 3, 6, 15), ONE, TWO)
    climb.does("ana", "snooze", until=utc(2026, 3, 7, 3))
    climb.forward(days=3)
    assert times(climb, "ana")[:2] == [utc(2026, 3, 6, 15), MONDAY]


def test_an_acknowledgement_given_back_at_night_pages_at_the_opening() -> None:
    climb = opened(utc(2026, 3, 6, 15), ONE, TWO)
    climb.does("ana", "acknowledge")
    forward_to(climb, utc(2026, 3, 7, 2))
    climb.does("ana", "unacknowledge")
    climb.forward(days=3)
    assert times(climb, "ana")[1] == MONDAY


def test_a_limit_in_business_days_keeps_the_time_of_day() -> None:
    days = {**ONE, "acknowledge_within": "2bd", "repeat_every": "1bd"}
    climb = opened(utc(2026, 3, 5, 10), days, TWO)
    climb.forward(days=7)
    assert times(climb, "ana") == [utc(2026, 3, 5, 10), utc(2026, 3, 6, 10)]
    assert times(climb, "bob")[0] == utc(2026, 3, 9, 10)


def test_a_resolve_limit_in_business_days_survives_a_pause_whole() -> None:
    days = {**ONE, "resolve_within": "1bd"}
    climb = opened(utc(2026, 3, 5, 10), days, TWO)
    climb.does("ana", "acknowledge")
    forward_to(climb, utc(2026, 3, 5, 12))
    climb.does("ana", "pending", on="vendor", until=utc(2026, 3, 9, 9))
    climb.forward(days=10)
    # Nine open hours, two of them used before the pause.
    assert times(climb, "bob")[0] == utc(2026, 3, 9, 16)


def test_raised_at_night_it_is_paged_at_once_and_has_its_whole_time() -> None:
    woken = {**ONE, "wake": ["sev1"], "acknowledge_within": {"sev1": "10m", "default": "2h"}}
    climb = opened(FRIDAY_EVENING, woken, TWO)
    climb.forward(hours=8)
    raised = climb.now
    climb.does("bob", "severity", severity="sev1", reason="all of it is down")
    climb.forward(minutes=9)
    assert (times(climb, "ana"), climb.tier) == ([raised], "one")
    climb.forward(minutes=1)
    assert climb.tier == "two"


def test_lowered_at_night_nobody_is_woken_any_more() -> None:
    climb = opened(FRIDAY_EVENING, {**ONE, "wake": ["sev1"]}, TWO, severity=Severity.SEV1)
    climb.forward(minutes=5)
    climb.does("ana", "severity", severity="sev4", reason="one customer")
    climb.forward(days=4)
    assert times(climb, "ana")[1] >= MONDAY


def test_a_climb_at_the_close_pages_the_next_tier_when_it_opens() -> None:
    second = tier("two", "bob", calendar="office")
    climb = opened(utc(2026, 3, 6, 15), {**ONE, "repeat_every": {}}, second)
    climb.forward(days=4)
    assert [entry.at for entry in climb.noted("tier.entered")][1] == utc(2026, 3, 6, 17)
    assert times(climb, "bob")[0] == MONDAY


def test_nobody_on_duty_is_looked_for_again_when_the_tier_opens() -> None:
    from escalade.engine import RosterChanged

    climb = opened(utc(2026, 3, 6, 16), {**ONE, "page": ["team:empty"], "nobody": "hold"}, TWO)
    forward_to(climb, utc(2026, 3, 7, 3))
    assert climb.state.status.is_open
    before = len(climb.noted("round.started"))
    if climb.state.visit is not None and climb.state.visit.holding:
        climb.happens(RosterChanged())
        assert len(climb.noted("round.started")) == before
        climb.forward(days=3)
        assert climb.noted("round.started")[before].at == MONDAY


def test_the_catch_all_knows_no_closed_time() -> None:
    climb = opened(utc(2026, 3, 6, 15), {**ONE, "repeat_every": {}})
    climb.forward(hours=3)
    assert [page.at for page in climb.pages if page.purpose == "catch_all"][:2] == [
        utc(2026, 3, 6, 17),
        utc(2026, 3, 6, 17, 1),
    ]
