"""Corners where two rules meet: quorums and their last man, machines and expiry, early failures, late rounds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from escalade.effects import PagesSent, ResolveRound, RoundResolved, SendPages
from escalade.engine.events import DeliveryFailed
from escalade.messages.activities import Receipt
from escalade.messages.commands import Acknowledge
from escalade.people import Rotation, Schedule
from escalade.people.resolve import resolve_round
from escalade.testing import START, Climb, person, policy, roster
from escalade.ticket import Actor


def tier(name: str, *page: str, **rest: Any) -> dict[str, Any]:
    return {"name": name, "page": [who if ":" in who else f"person:{who}" for who in page], **rest}


def test_a_machine_does_not_keep_a_persons_acknowledgement_alive() -> None:
    lasting = tier("one", "ana", acknowledge_within="1h", acknowledgement_lasts="30m")
    climb = Climb(policy(lasting), roster("ana"))
    climb.does("ana", "acknowledge")
    for _ in range(3):
        climb.forward(minutes=11)
        climb.happens(Acknowledge(by=Actor(kind="integration", id="monitor")))
    assert "ticket.expired" in climb.kinds()


def test_a_quorum_nobody_is_left_to_make_up_counts_as_met() -> None:
    alone = tier("one", "ana", acknowledge_by=2, acknowledge_within="never", repeat_every="5m", resolve_within="1h")
    climb = Climb(policy(alone, tier("two", "bob", acknowledge_within="1h")), roster("ana", "bob"))
    climb.does("ana", "acknowledge")
    climb.forward(hours=2)
    assert climb.tier == "two"
    assert [page.purpose for page in climb.pages_of("person:ana")] == ["round", "notice"]


def test_those_left_of_a_quorum_are_told_only_when_the_page_they_were_in_has_come_back() -> None:
    two = tier("one", "ana", "bob", acknowledge_by=2, acknowledge_within="1h")
    climb = Climb(policy(two), roster("ana", "bob"), answers=False)
    climb.answer_next()
    climb.does("ana", "acknowledge")
    before, after = [effect for effect in climb.state.pending.values() if isinstance(effect, SendPages)]
    assert before.cancelled
    assert after.after == before.id
    assert [who.target for who in after.people] == ["person:bob"]


def test_who_comes_on_duty_after_a_hold_has_the_tiers_whole_time_also_after_a_raise() -> None:
    held = tier("one", "schedule:night", nobody="hold", acknowledge_within={"sev1": "30m", "default": "2h"})
    week = Rotation.model_validate({"members": ["ghost", "bob"], "start": START.date()})
    people = roster("bob", "cyd", ghost=person(methods=()))
    people.schedules["night"] = Schedule(zone="UTC", rotation=week)
    climb = Climb(policy(held, tier("two", "cyd", acknowledge_within="1h")), people)
    climb.does("cyd", "severity", severity="sev1")
    climb.forward(days=7)
    assert climb.pages_of("person:bob")
    assert climb.tier == "one"
    climb.forward(minutes=31)
    assert climb.tier == "two"


def test_a_failure_reported_before_the_pages_own_outcome_counts() -> None:
    two_ways = person(methods=("sms", "mail"))
    climb = Climb(policy(tier("one", "ana", acknowledge_within="1h")), roster(ana=two_ways), answers=False)
    (effect,) = [e for e in climb.state.pending.values() if isinstance(e, ResolveRound)]
    climb.happens(DeliveryFailed(target="person:ana", method="sms", detail="no such number"))
    resolved = resolve_round(climb.roster, effect.request, at=climb.now, load={})
    receipt = Receipt(target="person:ana", method="sms", channel="sms", outcome="accepted", at=climb.now)
    climb.happens(
        RoundResolved(effect=effect.id, resolved=resolved, sent=PagesSent(effect="", receipts=[receipt], written=True))
    )
    (page,) = [e for e in climb.state.pending.values() if isinstance(e, SendPages)]
    assert [plan.method for plan in page.people[0].methods] == ["mail"]


def test_no_repeat_comes_on_the_heels_of_the_page_that_ends_a_snooze() -> None:
    climb = Climb(policy(tier("one", "ana", acknowledge_within="2h", repeat_every="15m")), roster("ana"))
    climb.forward(minutes=14, seconds=59)
    climb.does("ana", "snooze", **{"for": timedelta(hours=1)})
    climb.forward(hours=1, seconds=30)
    assert len(climb.pages) == 2
    climb.forward(minutes=15)
    assert len(climb.pages) == 3
