"""Decisions 1 and 2: looking more often, looking late, and who goes first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from escalade.engine import Tick, decide, next_due
from escalade.testing import START, Climb, policy, roster


def ladder(**more: object) -> Climb:
    tiers = [
        {"name": name, "page": [f"person:{who}"], "acknowledge_within": "30m", "repeat_every": "5m", **more}
        for name, who in (("first", "ana"), ("second", "bob"), ("third", "cyd"))
    ]
    return Climb(policy(*tiers), roster("ana", "bob", "cyd"))


def test_looking_at_extra_instants_up_to_the_next_due_changes_nothing() -> None:
    often, seldom = ladder(), ladder()
    seldom.forward(hours=3)
    for _ in range(3 * 60 * 6):
        often.forward(seconds=10)
        often.tick()
        often.tick()
    assert often.state == seldom.state
    assert often.pages == seldom.pages
    assert often.entries == seldom.entries


def test_missed_rounds_of_a_tier_collapse_into_one() -> None:
    climb = ladder()
    climb.sleep(minutes=27)
    climb.tick()
    climb.forward(minutes=2)
    assert climb.minutes_of("person:ana") == [0, 27]


@pytest.mark.parametrize("outage", [timedelta(hours=1), timedelta(hours=5), timedelta(days=30)])
def test_an_outage_of_any_length_climbs_once_and_skips_no_tier(outage: timedelta) -> None:
    climb = ladder()
    climb.sleep(seconds=outage.total_seconds())
    climb.forward(minutes=0)
    assert climb.tier == "second"
    assert [page.at for page in climb.pages_of("person:bob")] == [START + outage]
    climb.forward(minutes=29)
    assert climb.tier == "second", "it has its whole limit from then on"


def test_handled_within_five_seconds_a_limit_counts_from_when_it_was_due() -> None:
    climb = ladder()
    climb.sleep(minutes=30, seconds=5)
    climb.tick()
    assert climb.state.visit
    assert climb.state.visit.t0 == START + timedelta(minutes=30)


def test_handled_later_than_five_seconds_a_limit_counts_from_when_it_is_handled() -> None:
    climb = ladder()
    climb.sleep(minutes=30, seconds=5.001)
    climb.tick()
    assert climb.state.visit
    assert climb.state.visit.t0 == climb.now


@pytest.mark.parametrize("more", [{}, {"resolve_from": "entry", "resolve_within": "1s"}])
def test_limits_of_a_second_found_seconds_late_climb_over_nobody(more: dict[str, str]) -> None:
    climb = ladder(acknowledge_within="1s", repeat_every={}, **more)
    climb.sleep(seconds=4)
    climb.forward(minutes=0)
    assert climb.tier == "second"
    assert climb.pages_of("person:bob")


def test_a_command_in_hand_is_applied_before_a_limit_that_is_overdue() -> None:
    climb = ladder()
    climb.sleep(minutes=45)
    climb.does("ana", "acknowledge")
    climb.forward(minutes=1)
    assert climb.tier == "first"
    assert not climb.pages_of("person:bob")


def test_a_command_at_the_very_instant_of_the_limit_goes_first() -> None:
    climb = ladder()
    climb.sleep(minutes=30)
    climb.does("ana", "acknowledge")
    climb.tick()
    assert climb.tier == "first"


def test_a_reopening_in_hand_is_applied_before_an_overdue_closing() -> None:
    climb = ladder()
    climb.does("ana", "resolve")
    climb.sleep(days=4)
    assert climb.does("ana", "reopen").refusal is None
    assert climb.tier == "first"


def test_decide_leaves_the_state_it_is_given_alone() -> None:
    climb = ladder()
    before = climb.state.model_dump_json()
    due = next_due(climb.state)
    assert due
    decide(climb.state, Tick(), due)
    assert climb.state.model_dump_json() == before
