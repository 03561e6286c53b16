"""What the pure engine decides is what the workflow does: random lives give the same journal (decision 52)."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalade.errors import RefusedError
from escalade.messages.commands import COMMANDS
from escalade.testing import Climb, policy, roster
from escalade.ticket import Ticket
from tests.tower import Tower
from tests.workflows.conftest import MakeTower

TIERS: list[dict[str, Any]] = [
    {
        "name": "one",
        "page": ["person:ana", "person:cleo"],
        "acknowledge_within": {"sev1": "10m", "default": "30m"},
        "repeat_every": {"sev1": "5m", "default": "10m"},
        "resolve_within": "2h",
        "acknowledgement_lasts": "1h",
    },
    {"name": "two", "page": ["person:bob"], "acknowledge_within": "20m", "repeat_every": "15m", "how": "one_at_a_time"},
    {"name": "three", "page": ["person:ana", "person:bob"], "acknowledge_within": "20m", "acknowledge_by": 2},
]
REST: dict[str, Any] = {
    "again": {"from": "two", "times": 1},
    "reopen_within": "6h",
    "clocks": {
        # They tell nobody: a notice and a round that leave at one instant are written in any order.
        "first_response": {"target": "45m", "on": {"50%": [], "breach": []}, "pause_on": ["snoozed"]},
        "update": {"target": "20m", "on": {"breach": {"climb": "next"}}},
        "resolution": {"target": {"sev1": "30m", "default": "3h"}, "on": {"breach": []}, "pause_on": ["pending"]},
    },
}

_people = st.sampled_from(["ana", "bob", "cleo"])
_lengths = st.sampled_from([timedelta(minutes=m) for m in (1, 5, 10, 29, 61)])
_commands = st.one_of(
    st.tuples(st.just("acknowledge"), st.just({})),
    st.tuples(st.just("unacknowledge"), st.just({})),
    st.tuples(st.just("escalate"), st.just({"reason": "needed"})),
    st.tuples(st.just("return"), st.just({"reason": "not for us"})),
    st.tuples(st.just("snooze"), st.builds(lambda length: {"for": length}, _lengths)),
    st.tuples(st.just("pending"), st.builds(lambda length: {"for": length}, _lengths)),
    st.tuples(st.just("resume"), st.just({})),
    st.tuples(st.just("severity"), st.sampled_from([{"severity": "sev1"}, {"severity": "sev4"}])),
    st.tuples(st.just("resolve"), st.just({})),
    st.tuples(st.just("reopen"), st.just({})),
    st.tuples(st.just("note"), st.just({"text": "a note"})),
    st.tuples(st.just("reply"), st.just({"text": "an answer"})),
    st.tuples(st.just("message"), st.just({"text": "a question"})),
)
_lives = st.lists(st.one_of(_lengths, st.tuples(_people, _commands)), min_size=3, max_size=8)


def _pure(life: list[Any]) -> list[str]:
    climb = Climb(policy(*TIERS, **REST), roster("ana", "bob", "cleo"), Ticket(title="test"))
    for step in life:
        if isinstance(step, timedelta):
            climb.forward(seconds=step.total_seconds())
        else:
            who, (command, fields) = step
            climb.does(who, command, **fields)
    return _words([(entry.kind, entry.data.get("tier"), entry.data.get("target", "")) for entry in climb.entries])


async def _durable(tower: Tower, life: list[Any]) -> list[str]:
    ticket = await tower.open()
    for step in life:
        if isinstance(step, timedelta):
            await ticket.forward(seconds=step.total_seconds())
        else:
            who, (command, fields) = step
            assert command in COMMANDS
            with contextlib.suppress(RefusedError):  # the engine alone refuses it just as well
                await ticket.does(who, command, **fields)
            await ticket.settled()
    return _words([(entry.kind, entry.data.get("tier"), entry.data.get("target", "")) for entry in ticket.journal()])


def _words(entries: list[tuple[str, Any, Any]]) -> list[str]:
    """Entries as words. Deliveries of one round come in any order, and the sender does not know the tier's name."""
    lines = [f"{kind} {target}" if kind.startswith("page.") else f"{kind} {tier}" for kind, tier, target in entries]
    ordered: list[str] = []
    for line in lines:
        at = len(ordered)
        while line.startswith("page.") and at and ordered[at - 1].startswith("page.") and ordered[at - 1] > line:
            at -= 1
        ordered.insert(at, line)
    return ordered


@pytest.mark.timeout(300)
async def test_random_lives_give_the_same_journal_in_the_engine_and_in_the_workflow(tower: MakeTower) -> None:
    there = await tower(*TIERS, people={"ana": ["mail"], "bob": ["mail"], "cleo": ["mail"]}, **REST)
    lives: list[list[Any]] = []

    @settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    @given(_lives)
    def collect(life: list[Any]) -> None:
        lives.append(life)

    collect()
    for life in lives:
        assert await _durable(there, life) == _pure(life), life
