"""Clocks that have something to say before it is known whom the first round pages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from escalade.effects import ResolveRound
from escalade.engine import dues, next_due
from escalade.testing import START, Climb, person, policy, roster
from escalade.ticket import Severity, Ticket

TIER = {
    "name": "one",
    "page": ["person:ana", "person:bob"],
    "how": "one_at_a_time",
    "repeat_every": "30m",
    "acknowledge_within": "2h",
}
LATE = Ticket(title="Disk full", severity=Severity.SEV3, opened_at=START - timedelta(minutes=20), backdate=True)


def arrived(**clock: object) -> Climb:
    pinned = policy(TIER, clocks={"first_response": {"target": "15m", **clock}})
    people = roster("cyd", "bob", ana=person("ana"))
    climb = Climb(pinned, people, ticket=LATE, answers=False)
    climb.tick()
    assert climb.noted("clock.breached")
    return climb


def informed(climb: Climb) -> list[str]:
    pending = [effect for effect in climb.state.pending.values() if isinstance(effect, ResolveRound)]
    return [target for effect in pending if effect.purpose == "notice" for target in effect.request.targets]


def test_a_breach_at_arrival_is_told_to_whom_the_first_round_pages_and_to_nobody_else() -> None:
    climb = arrived()
    assert informed(climb) == []
    due = next_due(climb.state)
    assert due is not None
    assert due > climb.now, "it waits for the round, not for time"
    climb.answer_next()
    assert climb.state.visit is not None
    assert list(climb.state.visit.told) == ["person:ana"]
    climb.forward()
    assert informed(climb) == ["person:ana"]
    assert "unheard" not in {due.kind.value for due in dues(climb.state)}


def test_whoever_is_named_hears_of_a_breach_at_arrival_at_once() -> None:
    climb = arrived(on={"breach": [{"notify": ["tier", "person:cyd"]}]})
    assert informed(climb) == ["person:cyd"]
    climb.answer_next()
    climb.forward()
    assert informed(climb) == ["person:cyd", "person:ana"]


@pytest.mark.parametrize("command", ["acknowledge", "resolve"])
def test_what_waits_for_the_round_follows_whoever_has_the_ticket_by_then(command: str) -> None:
    climb = arrived()
    climb.does("bob", command)
    climb.answer_next()
    climb.forward()
    assert informed(climb) == (["person:bob"] if command == "acknowledge" else [])


def test_where_the_round_finds_nobody_whoever_is_paged_instead_hears_of_the_breach() -> None:
    climb = arrived()
    climb.roster = roster("cyd")
    climb.answer_next()
    assert climb.state.in_catch_all
    climb.forward()
    assert informed(climb) == []
    climb.answer_next()
    climb.forward()
    assert informed(climb) == ["channel:last-resort"]
