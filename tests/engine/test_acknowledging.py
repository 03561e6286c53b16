"""Acknowledging: who may, quorum, and that paging stops."""

from __future__ import annotations

from escalade.effects import PagesSent, ResolveRound, RoundResolved, SendPages
from escalade.engine import next_due, snapshot
from escalade.messages.activities import Outcome, Receipt
from escalade.people.resolve import resolve_round
from escalade.people.roster import Person
from escalade.testing import START, Climb, person, policy, roster


def tier(name: str, *page: str, **more: object) -> dict[str, object]:
    return {"name": name, "page": list(page), "acknowledge_within": "30m", "repeat_every": "5m", **more}


def ladder(*, answers: bool = True, ana: Person | None = None, **more: object) -> Climb:
    pinned = policy(tier("first", "person:ana", **more), tier("second", "person:bob"))
    return Climb(pinned, roster("bob", "cyd", "dan", ana=ana or person("ana")), answers=answers)


def quorum(**more: object) -> Climb:
    people = ("person:ana", "person:bob", "person:cyd")
    pinned = policy(tier("first", *people, acknowledge_by=2, **more), tier("second", "person:dan"))
    return Climb(pinned, roster("ana", "bob", "cyd", "dan"))


def in_flight(climb: Climb) -> list[SendPages]:
    """Leave the next round in the air, and give its page."""
    climb.answers = False
    climb.forward(minutes=5)
    climb._answer(climb._queue.pop(0))
    return [effect for effect in climb.state.pending.values() if isinstance(effect, SendPages)]


def test_any_known_person_may_acknowledge_and_the_first_is_the_owner() -> None:
    climb = ladder()
    climb.does("dan", "acknowledge")
    climb.does("ana", "acknowledge")
    assert climb.state.is_acknowledged
    assert climb.state.owner == "dan"


def test_who_was_not_paged_is_told_that_theirs_does_not_count_to_the_quorum() -> None:
    climb = quorum()
    assert "0 of 2" in (told := climb.does("dan", "acknowledge").text)
    assert "you were not paged here" in told
    assert climb.does("ana", "acknowledge").text.startswith("acknowledged; 1 of 2")
    assert not climb.state.is_acknowledged


def test_nobody_is_paged_after_the_acknowledgement() -> None:
    climb = ladder()
    climb.forward(minutes=6)
    climb.does("ana", "acknowledge")
    climb.forward(days=3)
    assert climb.minutes_of("person:ana") == [0, 5]
    assert not climb.pages_of("person:bob")


def test_a_page_in_flight_is_cancelled_and_what_crossed_is_recorded() -> None:
    climb = ladder()
    (page,) = in_flight(climb)
    climb.does("ana", "acknowledge")
    assert climb.state.pending == {page.id: page.model_copy(update={"cancelled": True})}
    crossed = Receipt(target="person:ana", method="mail", channel="mail", outcome="crossed", at=climb.now)
    climb.happens(PagesSent(effect=page.id, receipts=[crossed]))
    assert climb.noted("page.crossed")[0].what == "person:ana was told by mail while somebody acknowledged"
    assert not climb.state.pending


def _told_in_one(climb: Climb, outcome: Outcome) -> None:
    """The sender asked the roster itself and told ana; the answer comes now."""
    (effect,) = [e for e in climb.state.pending.values() if isinstance(e, ResolveRound)]
    resolved = resolve_round(climb.roster, effect.request, at=START, load={})
    receipt = Receipt(target="person:ana", method="mail", channel="mail", outcome=outcome, at=START)
    sent = PagesSent(effect=effect.id, receipts=[receipt])
    climb.happens(RoundResolved(effect=effect.id, resolved=resolved, sent=sent))


def test_who_acknowledged_while_being_told_counts_as_told() -> None:
    climb = ladder(answers=False)
    climb.does("ana", "acknowledge")
    _told_in_one(climb, "crossed")
    assert climb.noted("page.crossed")
    assert snapshot(climb.state).paged == ["person:ana"]
    assert not climb.state.pending
    assert next_due(climb.state) is None


def test_who_was_told_while_it_was_snoozed_keeps_their_later_steps() -> None:
    rules = {"mail": "0s", "call": "20m"}
    climb = ladder(answers=False, ana=person(methods=tuple(rules), rules=rules))
    climb.does("bob", "snooze", **{"for": "1h"})
    _told_in_one(climb, "crossed")
    climb.answers = True
    climb.forward(minutes=81)
    assert [(climb.minute(p), p.method) for p in climb.pages_of("person:ana")][-1] == (80, "call")


def test_who_is_being_found_for_a_round_is_not_paged_after_the_acknowledgement() -> None:
    climb = ladder()
    climb.answers = False
    climb.forward(minutes=5)
    climb.does("ana", "acknowledge")
    climb.answers = True
    climb.answer()
    assert climb.minutes_of("person:ana") == [0]


def test_an_acknowledgement_from_an_older_rung_is_valid_while_it_is_unacknowledged() -> None:
    climb = ladder()
    climb.forward(minutes=31)
    decision = climb.does("ana", "acknowledge", rung=1)
    assert decision.refusal is None
    assert climb.state.is_acknowledged
    assert climb.tier == "second"


def test_an_acknowledgement_by_an_integration_stops_paging_and_makes_no_owner() -> None:
    climb = ladder(resolve_within="1h")
    climb.hears("alertmanager", "acknowledge")
    climb.forward(minutes=59)
    assert climb.minutes_of("person:ana") == [0]
    assert climb.state.owner == ""
    climb.forward(minutes=1)
    assert climb.tier == "second", "the resolve limit ran from it"


def test_an_acknowledgement_by_an_integration_never_counts_toward_a_quorum() -> None:
    climb = quorum()
    climb.hears("alertmanager", "acknowledge")
    assert climb.state.is_acknowledged
    assert climb.state.visit
    assert [ack.counts for ack in climb.state.visit.acks] == [False]


def test_the_person_after_an_integration_is_the_owner_and_is_told_so() -> None:
    climb = ladder()
    climb.hears("alertmanager", "acknowledge")
    decision = climb.does("ana", "acknowledge")
    assert climb.state.owner == "ana"
    assert decision.text == "acknowledged; it is yours now"


# -- quorum ---------------------------------------------------------------------------------------------------------


def test_rounds_go_on_to_those_who_have_not_acknowledged() -> None:
    climb = quorum()
    climb.does("ana", "acknowledge")
    climb.forward(minutes=11)
    assert climb.minutes_of("person:ana") == [0]
    assert climb.minutes_of("person:bob") == climb.minutes_of("person:cyd") == [0, 5, 10]


def test_the_quorumth_acknowledgement_stops_paging_and_starts_the_resolve_limit() -> None:
    climb = quorum(resolve_within="1h")
    climb.does("ana", "acknowledge")
    climb.forward(minutes=6)
    climb.does("bob", "acknowledge")
    climb.forward(minutes=59)
    assert climb.minutes_of("person:cyd") == [0, 5]
    assert climb.tier == "first"
    climb.forward(minutes=1)
    assert climb.tier == "second"


def test_a_quorum_not_met_climbs_at_the_limit() -> None:
    climb = quorum()
    climb.does("ana", "acknowledge")
    climb.forward(minutes=30)
    assert climb.tier == "second"


def test_only_those_paged_on_the_current_rung_count_for_its_quorum() -> None:
    climb = quorum()
    climb.does("dan", "acknowledge")
    climb.does("ana", "acknowledge")
    assert not climb.state.is_acknowledged
    assert climb.state.owner == "dan", "the first is the owner all the same"
    climb.does("bob", "acknowledge")
    assert climb.state.is_acknowledged


def test_one_acknowledging_twice_is_one_of_the_quorum() -> None:
    climb = quorum()
    climb.does("ana", "acknowledge")
    climb.does("ana", "acknowledge")
    assert not climb.state.is_acknowledged


def test_a_page_in_flight_goes_on_without_the_one_who_acknowledged() -> None:
    climb = quorum()
    (page,) = in_flight(climb)
    climb.does("ana", "acknowledge")
    cancelled, rest = (e for e in climb.state.pending.values() if isinstance(e, SendPages))
    assert (cancelled.id, cancelled.cancelled) == (page.id, True)
    assert (rest.round_id, rest.cancelled) == (page.round_id, False)
    assert [who.target for who in rest.people] == ["person:bob", "person:cyd"]


def test_a_round_whose_rest_failed_after_one_of_it_acknowledged_has_not_failed() -> None:
    climb = quorum()
    climb.delivers = lambda target, plan, at: at == START
    in_flight(climb)
    climb.does("ana", "acknowledge")
    climb.answers = True
    climb.answer()
    assert climb.tier == "first"


def test_climbing_forgets_who_acknowledged_below() -> None:
    people = ("person:ana", "person:bob")
    pinned = policy(tier("first", *people, acknowledge_by=2), tier("second", *people, acknowledge_by=2))
    climb = Climb(pinned, roster("ana", "bob"))
    climb.does("ana", "acknowledge")
    climb.forward(minutes=30)
    assert [climb.minute(page) for page in climb.pages_of("person:ana") if page.purpose == "round"] == [0, 30]
