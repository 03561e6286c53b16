"""Who may say that somebody has it, and that nobody has: names nobody knows, and acknowledgements given up."""

from __future__ import annotations

from escalade.effects import ResolveRound, RoundResolved
from escalade.engine.events import DeliveryFailed
from escalade.people.resolve import ResolvedRound
from escalade.testing import Climb, person, policy, roster

PEOPLE = ("ana", "bob", "cyd", "dan")


def climb(**more: object) -> Climb:
    first = {
        "name": "first",
        "page": ["person:ana", "person:bob"],
        "acknowledge_within": "15m",
        "repeat_every": "5m",
        **more,
    }
    second = {"name": "second", "page": ["person:cyd"], "acknowledge_within": "1h"}
    return Climb(policy(first, second), roster(*PEOPLE))


def notices_to(ticket: Climb, who: str) -> int:
    return len([page for page in ticket.pages_of(f"person:{who}") if page.purpose == "notice"])


def test_an_acknowledgement_by_somebody_the_roster_does_not_know_is_taken_away_and_paging_goes_on() -> None:
    ticket = climb()
    ticket.forward(minutes=1)
    ticket.does("anna-typo", "acknowledge")
    assert not ticket.state.is_acknowledged
    assert ticket.state.owner == ""
    assert "nobody called anna-typo" in ticket.noted("ticket.unacknowledged")[0].why
    assert [page.at for page in ticket.pages_of("person:ana")][-1] == ticket.now
    assert "person:anna-typo" not in ticket.state.followers


def test_a_stranger_beside_the_owner_is_taken_out_and_the_owner_keeps_it() -> None:
    ticket = climb()
    ticket.does("ana", "acknowledge")
    ticket.does("anna-typo", "acknowledge")
    assert ticket.state.is_acknowledged
    assert ticket.state.visit is not None
    assert (ticket.state.owner, [ack.by.id for ack in ticket.state.visit.acks]) == ("ana", ["ana"])


def test_a_stranger_beside_a_machine_is_nobodys_follower() -> None:
    ticket = climb()
    ticket.hears("monitor", "acknowledge")
    ticket.does("anna-typo", "acknowledge")
    assert ticket.state.is_acknowledged
    assert ticket.state.owner == ""
    assert ticket.state.followers == []


def test_somebody_of_the_roster_who_was_not_paged_keeps_what_they_acknowledged() -> None:
    ticket = climb()
    ticket.does("dan", "acknowledge")
    assert ticket.state.owner == "dan"
    assert not ticket.state.pending


def test_a_person_without_a_name_acknowledges_nothing() -> None:
    ticket = climb()
    decision = ticket.does(" ", "acknowledge")
    assert decision.refusal is not None
    assert decision.refusal.code == "nobody"
    assert not ticket.state.is_acknowledged


def test_who_gives_up_leaves_it_with_the_others() -> None:
    ticket = climb()
    ticket.does("ana", "acknowledge")
    ticket.does("bob", "acknowledge")
    ticket.does("ana", "unacknowledge")
    assert ticket.state.is_acknowledged
    assert ticket.state.owner == "bob"
    assert "person:ana" in ticket.state.followers
    assert notices_to(ticket, "bob") == 1
    ticket.does("bob", "unacknowledge")
    assert not ticket.state.is_acknowledged


def test_a_bystander_who_says_that_nobody_has_it_is_heard_and_so_are_those_who_had_it() -> None:
    ticket = climb()
    ticket.does("ana", "acknowledge")
    ticket.does("dan", "acknowledge")
    ticket.does("cyd", "unacknowledge", comment="they are both ill")
    assert not ticket.state.is_acknowledged
    assert (notices_to(ticket, "ana"), notices_to(ticket, "dan")) == (1, 1)
    assert {"person:ana", "person:dan"} <= set(ticket.state.followers)


def test_giving_up_what_the_quorum_needs_pages_again() -> None:
    ticket = climb(acknowledge_by=2, page=["person:ana", "person:bob", "person:cyd"])
    ticket.does("ana", "acknowledge")
    ticket.does("bob", "acknowledge")
    decided = ticket.does("bob", "unacknowledge")
    assert decided.text == "un-acknowledged; paging again"
    assert not ticket.state.is_acknowledged


def test_a_failed_round_does_not_leave_a_tier_in_which_somebody_has_acknowledged() -> None:
    ticket = climb(acknowledge_by=2)
    ticket.does("ana", "acknowledge")
    ticket.delivers = lambda target, plan, at: False
    ticket.forward(minutes=5)
    assert ticket.tier == "first"
    ticket.forward(minutes=10)
    assert ticket.tier == "catch-all"


def test_an_empty_tier_whose_catch_all_cannot_be_told_leads_on_at_once() -> None:
    empty = {"name": "empty", "page": ["person:gone"], "acknowledge_within": "4h", "nobody": "catch_all"}
    second = {"name": "second", "page": ["person:bob"], "acknowledge_within": "1h"}
    ticket = Climb(
        policy(empty, second),
        roster("bob"),
        delivers=lambda target, plan, at: target == "person:bob",
    )
    assert ticket.tier == "second"
    assert ticket.minutes_of("person:bob") == [0]


def test_an_empty_tier_whose_catch_all_has_nobody_leads_on_at_once() -> None:
    empty = {"name": "empty", "page": ["person:gone"], "acknowledge_within": "4h", "nobody": "catch_all"}
    second = {"name": "second", "page": ["person:bob"], "acknowledge_within": "1h"}
    ticket = Climb(policy(empty, second), roster("bob"), answers=False)
    for purpose in ("round", "catch_all"):
        [asked] = [effect for effect in ticket.state.pending.values() if isinstance(effect, ResolveRound)]
        assert (asked.purpose, ticket.tier) == (purpose, "empty")
        ticket.happens(RoundResolved(effect=asked.id, resolved=ResolvedRound(nobody="nobody is on duty")))
    assert ticket.tier == "second"
    assert "nor in the catch-all: nobody is on duty" in ticket.noted("tier.entered")[-1].why
    [asked] = [effect for effect in ticket.state.pending.values() if isinstance(effect, ResolveRound)]
    assert asked.request.targets == ["person:bob"]


def test_a_provider_takes_back_the_message_it_names_and_no_other() -> None:
    two = policy(
        {"name": "first", "page": ["person:ana"], "acknowledge_within": "1h", "repeat_every": "5m"},
        {"name": "second", "page": ["person:bob"], "acknowledge_within": "1h"},
    )
    ticket = Climb(two, roster("bob", ana=person("ana")))
    ticket.forward(minutes=5)
    visit = ticket.state.visit
    assert visit is not None
    told = visit.told["person:ana"]
    receipts = [r.model_copy(update={"provider_id": f"m{n}"}) for n, r in enumerate(told.receipts, 1)]
    visit.told["person:ana"] = told.model_copy(update={"receipts": receipts})
    ticket.happens(DeliveryFailed(target="person:ana", method="mail", provider_id="m1", detail="bounced"))
    assert ticket.tier == "first"
    ticket.happens(DeliveryFailed(target="person:ana", method="mail", provider_id="of another visit", detail="bounced"))
    assert ticket.tier == "first"
    ticket.happens(DeliveryFailed(target="person:ana", method="mail", provider_id="m2", detail="bounced"))
    assert ticket.tier == "second"


def test_who_gives_no_reason_or_no_name_is_refused_on_the_record() -> None:
    ticket = climb()
    ticket.forward(minutes=1)
    for by, name, fields, code in (
        ("ana", "escalate", {"reason": " \n "}, "no_reason"),
        ("ana", "return", {"reason": "\t"}, "no_reason"),
        ("  ", "acknowledge", {}, "nobody"),
    ):
        refusal = ticket.does(by, name, **fields).refusal
        assert refusal is not None
        assert refusal.code == code
        assert ticket.entries[-1].kind.endswith("refused")
    assert ticket.tier == "first"
    assert not ticket.state.is_acknowledged
