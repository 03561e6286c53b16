"""Decision 12: a raised severity makes nothing later; a lowered one is derived from the same starts."""

from __future__ import annotations

from escalade.testing import Climb, policy, roster
from escalade.ticket import Severity, Ticket

LIMITS = {"sev1": "10m", "sev2": "2h", "default": "1h"}


def ladder(severity: Severity = Severity.SEV3, **more: object) -> Climb:
    first = {"name": "first", "page": ["person:ana"], "acknowledge_within": LIMITS, **more}
    second = {"name": "second", "page": ["person:bob"], "acknowledge_within": "1h"}
    return Climb(policy(first, second), roster("ana", "bob"), Ticket(title="x", severity=severity))


def test_a_raise_derives_the_limit_from_the_same_start() -> None:
    climb = ladder()
    climb.forward(minutes=4)
    climb.hears("monitor", "severity", severity="sev1")
    climb.forward(minutes=6)
    assert climb.minutes_of("person:bob") == [10]


def test_a_limit_already_passed_is_due_now_and_once() -> None:
    climb = ladder()
    climb.forward(minutes=40)
    climb.hears("monitor", "severity", severity="sev1")
    climb.forward(minutes=1)
    assert climb.minutes_of("person:bob") == [40]


def test_a_raise_to_a_longer_duration_keeps_the_earlier_instant() -> None:
    climb = ladder()
    climb.hears("monitor", "severity", severity="sev2")
    climb.forward(minutes=60)
    assert climb.tier == "second"


def test_a_raise_to_an_absent_repeat_keeps_the_round_that_was_pending() -> None:
    climb = ladder(repeat_every={"sev3": "20m"})
    climb.forward(minutes=5)
    climb.hears("monitor", "severity", severity="sev2")
    climb.forward(minutes=54)
    assert climb.minutes_of("person:ana") == [0, 20]


def test_a_raise_to_a_shorter_repeat_pages_what_is_overdue_once() -> None:
    climb = ladder(repeat_every={"sev2": "5m", "default": "30m"})
    climb.forward(minutes=17)
    climb.hears("monitor", "severity", severity="sev2")
    climb.forward(minutes=9)
    assert climb.minutes_of("person:ana") == [0, 17, 20, 25]


def test_a_lowered_severity_is_derived_from_the_same_starts() -> None:
    climb = ladder(Severity.SEV1)
    climb.forward(minutes=5)
    climb.hears("monitor", "severity", severity="sev3")
    climb.forward(minutes=54)
    assert climb.tier == "first"
    climb.forward(minutes=1)
    assert climb.tier == "second"


def test_a_raise_brings_the_resolve_limit_forward() -> None:
    climb = ladder(resolve_within={"sev1": "30m", "default": "4h"})
    climb.does("ana", "acknowledge")
    climb.forward(minutes=20)
    climb.hears("monitor", "severity", severity="sev1")
    climb.forward(minutes=10)
    assert climb.tier == "second"


def test_a_raise_goes_at_once_to_the_tier_where_that_severity_starts() -> None:
    people = ("a", "ana"), ("b", "bob")
    tiers = [{"name": name, "page": [f"person:{who}"], "acknowledge_within": "1h"} for name, who in people]
    climb = Climb(policy(*tiers, start_at={"sev1": "b"}), roster("ana", "bob"))
    climb.forward(minutes=5)
    climb.does("ana", "severity", severity="sev1", reason="customers cannot pay")
    assert climb.minutes_of("person:bob") == [5]
    assert climb.noted("tier.entered")[-1].why == "sev1 starts at b"


def test_what_a_raise_brought_forward_stands_still_during_a_pause_too() -> None:
    climb = ladder()
    climb.hears("monitor", "severity", severity="sev2")
    climb.forward(minutes=20)
    climb.does("ana", "pending", **{"for": "1h"})
    climb.forward(minutes=60 + 39)
    assert climb.tier == "first"
    climb.forward(minutes=1)
    assert climb.tier == "second"


def test_the_same_severity_again_changes_nothing() -> None:
    climb = ladder()
    before = climb.state.visit
    assert climb.hears("monitor", "severity", severity="sev3").text == "it is sev3 already"
    assert climb.state.visit == before


def clocked(*actions: dict[str, str]) -> Climb:
    tiers = [
        {"name": name, "page": [f"person:{who}"], "acknowledge_within": "9h"}
        for name, who in (("a", "ana"), ("b", "bob"), ("c", "cyd"))
    ]
    clocks = {"resolution": {"target": "1h", "on": {"breach": list(actions)}}}
    pinned = policy(*tiers, start_at={"sev1": "b"}, clocks=clocks)
    return Climb(pinned, roster("ana", "bob", "cyd"), Ticket(title="x", severity=Severity.SEV3))


def test_a_clock_that_raises_it_and_asks_for_a_climb_makes_one_climb_to_the_higher_tier() -> None:
    climb = clocked({"raise_severity": "sev1"}, {"climb": "c"})
    climb.forward(hours=1)
    assert (climb.tier, climb.state.rung) == ("c", 2)
    assert climb.minutes_of("person:bob") == []
    why = climb.noted("tier.entered")[-1].why
    assert why.startswith("sev1 starts at b; ")
    assert why.endswith(" passed breach")


def test_a_clock_that_raises_it_goes_to_where_that_severity_starts_and_keeps_a_pause_that_it_does_not_end() -> None:
    climb = clocked({"raise_severity": "sev1"})
    climb.forward(hours=1)
    assert (climb.tier, climb.state.rung) == ("b", 2)
    waiting = clocked({"raise_severity": "sev1"})
    waiting.does("ana", "pending", **{"for": "2h"})
    waiting.forward(hours=1)
    assert (waiting.tier, waiting.state.status.value, waiting.minutes_of("person:bob")) == ("b", "pending", [])
    waiting.forward(hours=1)
    assert waiting.minutes_of("person:bob") == [120]
    lifted = clocked({"raise_severity": "sev1"}, {"climb": "next"})
    lifted.does("ana", "pending", **{"for": "2h"})
    lifted.forward(hours=1)
    assert (lifted.tier, lifted.state.rung, lifted.state.pause) == ("b", 2, None)
