"""What clocks pass while the tier is closed: a severity that is held to the calendar wakes nobody for it either."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from escalade.effects import ResolveRound
from escalade.engine import Decision, Event, next_due, upcoming
from escalade.testing import Climb, policy, roster
from escalade.ticket import Severity, Ticket
from tests.engine.test_clock_cases import hours, utc

OFFICE = hours("Europe/Paris", monday_friday="09:00-18:00")
FRIDAY_EVENING = utc(2026, 3, 6, 19)
MONDAY = utc(2026, 3, 9, 8)
TIERS = (
    {"name": "one", "page": ["person:ana"], "acknowledge_within": "2h"},
    {"name": "two", "page": ["person:bob"], "acknowledge_within": "2h"},
)
CLOCKS: dict[str, Any] = {
    "resolution": {"target": "4h", "warn_at": [50], "on": {"50%": {"ask_owner": "Will it be done?"}}},
    "update": {"every": "3h"},
}


class Heard(Climb):
    """A ticket of which is kept who was told what by its clocks."""

    def __init__(self, *of: Any, **more: Any) -> None:
        self.notices: list[tuple[datetime, list[str], str]] = []
        super().__init__(*of, **more)

    def happens(self, event: Event) -> Decision:
        decision = super().happens(event)
        self.notices += [
            (self.now, effect.request.targets, effect.text)
            for effect in decision.effects
            if isinstance(effect, ResolveRound) and effect.purpose == "notice"
        ]
        return decision


def opened(at: datetime = FRIDAY_EVENING, *, severity: str = "sev4", clocks: dict[str, Any] = CLOCKS) -> Heard:
    pinned = policy(*TIERS, calendar="office", wake=["sev1"], clocks=clocks, calendars={"office": OFFICE}, at=at)
    return Heard(pinned, roster("ana", "bob"), Ticket(title="t", severity=Severity(severity)), start=at)


def told(climb: Heard, who: str = "person:ana") -> list[datetime]:
    return [at for at, targets, _ in climb.notices if who in targets]


def test_nobody_of_a_closed_tier_is_woken_by_a_clock_and_one_message_tells_all_at_the_opening() -> None:
    climb = opened()
    climb.forward(hours=24)
    assert [e.at for e in climb.noted("clock.breached")] == [FRIDAY_EVENING + timedelta(hours=h) for h in (3, 4)]
    assert not climb.pages
    held = climb.noted("clock.held")
    assert [entry.data["until"] for entry in held] == ["2026-03-09T08:00:00Z"] * 3
    assert held[0].why == "one is closed, and sev4 wakes nobody"
    assert (MONDAY, "unheard") in [(due.at, due.kind) for due in upcoming(climb.state)]
    climb.forward(days=2)
    [(at, targets, text)] = climb.notices
    assert (at, targets) == (MONDAY, ["person:ana"])
    assert [line.split(": ")[0] for line in text.splitlines()] == [
        "resolution",
        "update is missed",
        "resolution is missed",
        "Will it be done?",
    ]


def test_a_severity_that_wakes_is_told_at_once() -> None:
    climb = opened(severity="sev1")
    climb.forward(hours=3)
    assert told(climb)[:1] == [FRIDAY_EVENING + timedelta(hours=2)]
    assert not climb.noted("clock.held")


def test_whoever_is_named_is_told_at_once_in_closed_time_too() -> None:
    climb = opened(clocks={"resolution": {"target": "4h", "on": {"breach": {"notify": ["tier", "person:bob"]}}}})
    climb.forward(hours=5)
    assert told(climb, "person:bob") == [FRIDAY_EVENING + timedelta(hours=4)]
    assert not told(climb)
    climb.forward(days=3)
    assert told(climb) == [MONDAY]


def test_raised_to_a_severity_that_wakes_what_was_kept_is_told() -> None:
    climb = opened()
    climb.forward(hours=5)
    climb.does("bob", "severity", severity="sev1")
    climb.forward(minutes=1)
    assert len(climb.notices) == 1


def test_what_falls_due_with_the_close_is_told_then() -> None:
    climb = opened(utc(2026, 3, 6, 16), clocks={"resolution": {"target": "1h", "calendar": "office"}})
    climb.forward(days=1)
    assert told(climb) == [utc(2026, 3, 6, 17)]


@pytest.mark.parametrize("reopened", [False, True])
def test_what_was_kept_is_not_told_of_a_ticket_that_was_solved_meanwhile(*, reopened: bool) -> None:
    climb = opened()
    climb.forward(hours=5)
    climb.does("bob", "resolve")
    if reopened:
        climb.does("bob", "reopen")
    climb.forward(days=3)
    assert not any("50%" in text for _, _, text in climb.notices)


def test_whoever_slept_through_the_opening_is_not_woken_the_night_after() -> None:
    climb = opened(severity="sev4")
    climb.forward(hours=5)
    climb.does("ana", "acknowledge")
    climb.sleep(days=3)
    climb.forward(hours=1)
    assert climb.now < utc(2026, 3, 10, 8), "a night later"
    assert not climb.notices
    climb.forward(days=1)
    assert told(climb) == [utc(2026, 3, 10, 8)]


def test_what_waits_for_the_opening_is_told_though_the_clock_it_was_of_is_gone() -> None:
    clock = {"target": "1h", "on": {"breach": {"notify": "tier"}}}
    first = {**TIERS[0], "clock": clock}
    pinned = policy(first, TIERS[1], calendar="office", wake=["sev1"], calendars={"office": OFFICE}, at=FRIDAY_EVENING)
    climb = Heard(pinned, roster("ana", "bob"), Ticket(title="t", severity=Severity.SEV4), start=FRIDAY_EVENING)
    climb.forward(hours=2)
    climb.hears("cyd", "escalate", reason="it is theirs")
    climb.forward(hours=(MONDAY - climb.now) / timedelta(hours=1))
    assert climb.state.unheard is None
    due = next_due(climb.state)
    assert due is None or due > climb.now  # nothing is left that would wake it again and again
