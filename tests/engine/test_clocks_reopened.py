"""Clocks of tickets that are reopened, and of the tiers they come back to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from escalade.engine.events import Opened
from escalade.testing import START
from escalade.ticket import Ticket
from tests.engine.test_clock_cases import climb_with, clock, dues
from tests.engine.test_clocks import PENDING


def test_a_ticket_that_arrives_over_has_no_clocks_until_it_is_reopened() -> None:
    climb = climb_with({"resolution": {"target": "1h"}}, START, ticket=Ticket(title="t", status="resolved"))
    climb.forward(hours=5)
    assert dues(climb) == {}
    climb.does("ana", "reopen")
    assert dues(climb)["resolution"] == climb.now + timedelta(hours=1)


def test_reopening_resumes_and_the_time_since_the_resolution_does_not_count() -> None:
    climb = climb_with({"first_response": {"target": "1h"}, "resolution": {"target": "2h"}}, START)
    climb.forward(minutes=30)
    climb.does("ana", "resolve")
    climb.forward(days=1)
    climb.happens(Opened(ticket=Ticket(title="again")))
    assert {name: due and due - climb.now for name, due in dues(climb).items()} == {
        "first_response": timedelta(minutes=30),
        "resolution": timedelta(minutes=90),
    }


def test_a_first_response_that_was_given_stays_given() -> None:
    climb = climb_with({"first_response": {"target": "1h"}}, START)
    climb.does("ana", "reply")
    climb.does("ana", "resolve")
    climb.does("ana", "reopen")
    assert clock(climb, "first_response").state == "met"


@pytest.mark.parametrize(("choice", "left"), [("restart", timedelta(hours=2)), ("keep", None)])
def test_reopening_restarts_or_keeps_the_first_result(choice: str, left: timedelta | None) -> None:
    climb = climb_with({"resolution": {"target": "2h"}, "on_reopen": choice}, START)
    climb.forward(minutes=30)
    climb.does("ana", "resolve")
    climb.forward(hours=1)
    climb.does("ana", "reopen")
    found = clock(climb, "resolution")
    assert (found.due - climb.now if found.due and not found.stopped_at else None) == left
    assert (found.state == "met") == (choice == "keep")


def test_resolved_while_standing_still_it_goes_on_with_what_was_left() -> None:
    climb = climb_with({"resolution": {"target": "2h", **PENDING}}, START)
    climb.forward(minutes=30)
    climb.does("ana", "pending")
    climb.forward(hours=3)
    climb.does("ana", "resolve")
    climb.forward(hours=3)
    climb.does("ana", "reopen")
    assert clock(climb, "resolution").left == timedelta(minutes=90)


def test_the_clock_of_a_tier_begins_with_each_entry_and_is_judged_when_it_is_left() -> None:
    own = {"clock": {"target": "30m"}}
    climb = climb_with({}, START, tier=own)
    climb.forward(minutes=20)
    climb.does("ana", "escalate", reason="x")
    assert climb.noted("clock.met")[0].data["consumed"] == 1200
    assert dues(climb) == {}
    climb.does("bob", "return", reason="y")
    assert dues(climb)["tier"] == climb.now + timedelta(minutes=30)
    climb.forward(minutes=31)
    climb.does("ana", "reassign", to="cyd")
    assert clock(climb, "tier").breached, "who answers for it changed, not the tier"


def test_the_clock_of_a_tier_goes_on_with_what_was_left_when_its_ticket_is_reopened() -> None:
    climb = climb_with({}, START, tier={"clock": {"target": "30m"}})
    climb.forward(minutes=20)
    climb.does("ana", "resolve")
    climb.forward(hours=5)
    climb.does("ana", "reopen")
    assert dues(climb)["tier"] == climb.now + timedelta(minutes=10)
