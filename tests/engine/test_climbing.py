"""Climbing, returning, exhaustion, and that the ladder neither spins nor ends in silence."""

from __future__ import annotations

from itertools import pairwise

import pytest

from escalade.testing import Climb, person, policy, roster
from escalade.ticket import Severity, Ticket

PEOPLE = roster("ana", "bob", "cyd")


def tier(name: str, *page: str, **more: object) -> dict[str, object]:
    return {"name": name, "page": list(page), "acknowledge_within": "10m", **more}


def three(**rest: object) -> Climb:
    tiers = tier("first", "person:ana"), tier("second", "person:bob"), tier("third", "person:cyd")
    return Climb(policy(*tiers, **rest), PEOPLE)


def entered(climb: Climb) -> list[str]:
    return [entry.data["tier"] for entry in climb.noted("tier.entered")]


def silent(**rest: object) -> Climb:
    """A ladder whose only person cannot be reached."""
    return Climb(policy(tier("first", "person:ghost"), **rest), roster("ana", ghost=person(methods=())))


# -- exhaustion -----------------------------------------------------------------------------------------------------


def test_past_the_last_tier_the_catch_all_is_paged_until_a_person_acts() -> None:
    climb = three()
    climb.forward(minutes=31 + 60)
    assert climb.minutes_of("channel:last-resort") == [30, 31, 33, 37, 45, 60, 75, 90]
    climb.does("ana", "acknowledge")
    climb.forward(days=1)
    assert len(climb.pages_of("channel:last-resort")) == 8


@pytest.mark.parametrize("times", [1, 2, 5])
def test_again_makes_exactly_so_many_extra_passes(times: int) -> None:
    climb = three(again={"from": "second", "times": times})
    climb.forward(days=1)
    assert entered(climb) == ["first", *["second", "third"] * (times + 1), "catch-all"]


def test_again_forever_never_reaches_the_catch_all() -> None:
    climb = three(again={"from": "first", "times": "forever"})
    climb.forward(days=1)
    assert climb.minutes_of("person:ana") == [30 * n for n in range(49)]
    assert not climb.pages_of("channel:last-resort")


def test_an_exhausted_ladder_says_so_each_time() -> None:
    climb = three(again={"from": "second"})
    climb.forward(hours=2)
    assert [entry.what for entry in climb.noted("ladder.exhausted")] == [
        "past the last tier; pass 1 of 1 begins at second",
        "past the last tier; the catch-all is paged until somebody acts",
    ]


def test_the_resolve_limit_of_the_last_tier_pages_the_catch_all() -> None:
    climb = Climb(policy(tier("first", "person:ana", resolve_within="1h")), PEOPLE)
    climb.does("ana", "acknowledge")
    climb.forward(minutes=60)
    assert climb.minutes_of("channel:last-resort") == [60]
    assert not climb.state.is_acknowledged


# -- no hot loop (decision 4) ---------------------------------------------------------------------------------------


def test_a_pass_that_reached_nobody_waits_a_minute_doubling_to_fifteen() -> None:
    climb = silent(again={"from": "first", "times": "forever"})
    climb.forward(minutes=61)
    starts = [entry.at for entry in climb.noted("tier.entered") if entry.data["tier"] == "first"]
    waits = [(after - before).total_seconds() / 60 for before, after in pairwise(starts)]
    assert waits == [1, 2, 4, 8, 15, 15, 15]


def test_the_catch_all_is_told_at_once_while_a_barren_ladder_waits() -> None:
    climb = silent(again={"from": "first", "times": "forever"})
    assert climb.minutes_of("channel:last-resort") == [0]


def test_a_pass_that_reached_somebody_begins_again_without_waiting() -> None:
    tiers = tier("first", "person:ana"), tier("second", "person:ghost")
    climb = Climb(policy(*tiers, again={"from": "first", "times": 2}), roster("ana", ghost=person(methods=())))
    climb.forward(minutes=10)
    assert climb.minutes_of("person:ana") == [0, 10]


def test_the_catch_all_repeats_even_when_it_cannot_be_reached() -> None:
    climb = Climb(policy(tier("first", "person:ana")), roster("ana"), delivers=lambda target, plan, at: False)
    climb.forward(minutes=16)
    assert climb.minutes_of("channel:last-resort") == [0, 1, 3, 7, 15]


def test_a_resolve_limit_in_the_catch_all_uses_the_passes_that_are_left() -> None:
    tiers = tier("first", "person:ghost", resolve_within="1h")
    pinned = policy(tiers, again={"from": "first", "times": "forever"})
    climb = Climb(pinned, roster("ana", ghost=person(methods=())))
    climb.does("ana", "acknowledge")
    climb.roster = roster("ana", "ghost")
    climb.forward(minutes=60)
    assert climb.tier == "first"
    assert climb.minutes_of("person:ghost") == [60]


def test_reassigning_the_exhausted_ticket_to_somebody_unreachable_falls_back_to_the_catch_all() -> None:
    climb = three()
    climb.forward(minutes=30)
    climb.roster = roster("ana", ghost=person(methods=()))
    climb.does("ana", "reassign", to="ghost")
    climb.forward(minutes=1)
    assert climb.minutes_of("channel:last-resort") == [30, 30]


def test_an_exhausted_ticket_whose_assignee_does_not_get_its_pages_falls_back_to_the_catch_all() -> None:
    climb = three()
    climb.forward(minutes=30)
    climb.delivers = lambda target, plan, at: target != "person:ana"
    climb.does("ana", "reassign", to="ana")
    climb.forward(minutes=1)
    assert len(climb.pages_of("channel:last-resort")) == 2


# -- people move it (decisions 3, 9, 10) ----------------------------------------------------------------------------


def test_several_reasons_at_once_are_one_climb_with_all_of_them() -> None:
    first = tier("first", "person:ana", resolve_within="10m", resolve_from="entry")
    climb = Climb(policy(first, tier("second", "person:bob"), tier("third", "person:cyd")), PEOPLE)
    climb.forward(minutes=10)
    assert entered(climb) == ["first", "second"]
    assert climb.noted("tier.entered")[-1].why == (
        "nobody acknowledged within 10m (sev3); not resolved within 10m (sev3)"
    )


def test_escalate_goes_to_the_next_tier_at_once_unacknowledged() -> None:
    climb = three()
    climb.does("ana", "acknowledge")
    climb.forward(minutes=5)
    climb.does("ana", "escalate", reason="a database matter")
    assert climb.minutes_of("person:bob") == [5]
    assert not climb.state.is_acknowledged
    assert "a database matter" in climb.noted("tier.entered")[-1].why


def test_escalate_to_a_named_tier_skips_those_between() -> None:
    climb = three()
    climb.does("ana", "escalate", to="third", reason="vip")
    assert climb.tier == "third"
    assert not climb.pages_of("person:bob")


def test_escalate_past_the_last_tier_counts_as_exhaustion() -> None:
    climb = three(again={"from": "first"})
    climb.does("ana", "escalate", to="third", reason="vip")
    climb.does("ana", "escalate", reason="more")
    assert climb.tier == "first"
    assert climb.state.passes == 1


def test_escalate_to_a_lower_tier_is_refused_with_use_return() -> None:
    climb = three()
    climb.forward(minutes=10)
    refusal = climb.does("ana", "escalate", to="first", reason="down").refusal
    assert refusal is not None
    assert refusal.text == "first is lower; use return."
    assert climb.noted("escalate.refused")


def test_an_escalation_to_an_unknown_tier_names_those_there_are() -> None:
    refusal = three().does("ana", "escalate", to="nowhere", reason="x").refusal
    assert refusal is not None
    assert refusal.text == "There is no tier 'nowhere'; there are first, second, third."


def test_an_escalation_asked_from_an_older_rung_is_refused_and_changes_nothing() -> None:
    climb = three()
    climb.forward(minutes=10)
    before = climb.state.visit
    refusal = climb.does("ana", "escalate", reason="slow link", rung=1).refusal
    assert refusal is not None
    assert refusal.code == "stale_rung"
    assert climb.state.visit == before
    assert climb.does("ana", "escalate", reason="on time", rung=2).refusal is None


@pytest.mark.parametrize("to", ["first", "second", None])
def test_a_machines_request_for_the_current_or_a_lower_tier_changes_nothing_and_is_recorded(to: str | None) -> None:
    climb = three()
    climb.forward(minutes=10 if to else 30)
    before = climb.state.visit
    decision = climb.hears("rules", "escalate", to=to, reason="keyword")
    assert decision.refusal is None
    assert climb.state.visit == before
    assert climb.noted("escalate.ignored")


def test_return_goes_down_with_its_reason_and_is_counted() -> None:
    climb = three()
    climb.forward(minutes=20)
    climb.does("cyd", "return", to="first", reason="not for us")
    assert climb.tier == "first"
    assert climb.minutes_of("person:ana") == [0, 20]
    assert climb.state.bounces == 1
    assert climb.noted("ticket.returned")[0].why == "not for us"


def test_return_goes_one_down_unless_a_tier_is_named() -> None:
    climb = three()
    climb.forward(minutes=20)
    climb.does("cyd", "return", reason="not for us")
    assert climb.tier == "second"


def test_return_from_the_lowest_tier_or_upwards_is_refused() -> None:
    climb = three()
    for fields in ({}, {"to": "first"}, {"to": "third"}):
        assert climb.does("ana", "return", reason="x", **fields).refusal is not None
    assert climb.state.rung == 1


def test_return_leaves_the_catch_all_for_the_last_tier() -> None:
    climb = three()
    climb.forward(minutes=30)
    climb.does("cyd", "return", reason="we have it")
    assert climb.tier == "third"


def test_a_tier_entered_anew_has_its_whole_limit_and_a_new_rung() -> None:
    climb = three()
    climb.forward(minutes=15)
    climb.does("bob", "return", reason="yours")
    climb.forward(minutes=9)
    assert (climb.tier, climb.state.rung) == ("first", 3)
    climb.forward(minutes=1)
    assert climb.tier == "second"


def test_severity_names_the_tier_where_it_starts() -> None:
    tiers = tier("first", "person:ana"), tier("second", "person:bob")
    pinned = policy(*tiers, start_at={"sev1": "second"})
    assert Climb(pinned, PEOPLE, Ticket(title="x", severity=Severity.SEV1)).minutes_of("person:bob") == [0]
    assert Climb(pinned, PEOPLE, Ticket(title="x", severity=Severity.SEV2)).minutes_of("person:ana") == [0]


def test_reassigning_pages_the_assignee_in_the_same_tier_with_a_new_limit() -> None:
    climb = three()
    climb.forward(minutes=5)
    climb.does("ana", "reassign", to="cyd")
    assert climb.minutes_of("person:cyd") == [5]
    climb.forward(minutes=9)
    assert climb.tier == "first"
    climb.forward(minutes=1)
    assert climb.tier == "second"


def test_reassigning_to_somebody_unreachable_pages_the_tiers_own_people() -> None:
    climb = Climb(policy(tier("first", "person:ana")), roster("ana", ghost=person(methods=())))
    climb.forward(minutes=1)
    climb.does("ana", "reassign", to="ghost")
    climb.forward(minutes=1)
    assert climb.minutes_of("person:ana") == [0, 1]


def test_reassigning_to_nonsense_is_refused() -> None:
    refusal = three().does("ana", "reassign", to="nobody:x").refusal
    assert refusal is not None
    assert refusal.code == "unknown_target"


def test_a_responder_is_called_besides_the_tier_even_after_the_acknowledgement() -> None:
    climb = three()
    climb.does("ana", "acknowledge")
    climb.does("ana", "respond", who="cyd", reason="needs a dba")
    assert [(page.target, page.purpose) for page in climb.pages[1:]] == [("person:cyd", "responder")]
    assert climb.state.is_acknowledged


def test_a_responders_call_in_the_air_is_stopped_by_the_resolution() -> None:
    climb = three()
    climb.answers = False
    climb.does("ana", "respond", who="cyd")
    climb.does("ana", "resolve")
    climb.answers = True
    climb.answer()
    assert not climb.pages_of("person:cyd")


def test_followers_are_told_when_it_climbs_and_when_it_is_resolved() -> None:
    climb = three()
    climb.does("cyd", "follow")
    climb.forward(minutes=10)
    climb.does("bob", "resolve")
    assert [(page.purpose, climb.minute(page)) for page in climb.pages_of("person:cyd")] == [
        ("notice", 10),
        ("notice", 10),
    ]


def test_leaving_a_tier_cancels_what_is_pending_for_it() -> None:
    climb = three()
    climb.answers = False
    climb.does("ana", "escalate", reason="x")
    climb.does("ana", "escalate", reason="y", to="third")
    climb.answers = True
    climb.answer()
    assert not climb.pages_of("person:bob")
    assert climb.minutes_of("person:cyd") == [0]


def test_every_move_says_why() -> None:
    climb = three(again={"from": "second"})
    climb.forward(days=1)
    moves = climb.noted("tier.entered") + climb.noted("tier.left")
    assert all(entry.why for entry in moves)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("everyone", "round 1 pages person:ana, person:bob"),
        ("one_at_a_time", "round 1 pages the next of person:ana, person:bob"),
        ("fair", "round 1 pages the least paged of person:ana, person:bob"),
    ],
)
def test_a_round_names_only_whom_it_pages(how: str, says: str) -> None:
    one = {"name": "one", "page": ["person:ana", "person:bob"], "how": how, "repeat_every": "5m"}
    climb = Climb(policy({**one, "acknowledge_within": "1h"}), roster("ana", "bob"))
    assert climb.noted("round.started")[0].what == says


def test_a_tier_that_reached_nobody_told_nobody() -> None:
    two = [
        {"name": name, "page": [f"person:{who}"], "acknowledge_within": "1h"}
        for name, who in (("a", "ana"), ("b", "bob"))
    ]
    climb = Climb(policy(*two), roster("ana", "bob"), delivers=lambda target, *_: target != "person:ana")
    climb.forward(hours=2)
    assert [left.data["told"] for left in climb.noted("tier.left")][:2] == [[], ["person:bob"]]


def test_nobody_is_informed_of_what_they_did_themselves() -> None:
    one = {"name": "a", "page": ["person:ana"], "acknowledge_within": "1h"}
    two = {"name": "b", "page": ["person:bob"], "acknowledge_within": "1h"}
    climb = Climb(policy(one, two), roster("ana", "bob", "cyd"))
    for who in ("ana", "cyd"):
        climb.does(who, "follow")
    climb.does("cyd", "escalate", reason="needs a database expert")
    climb.does("ana", "resolve")
    notices = [(page.target, page.purpose) for page in climb.pages if page.purpose == "notice"]
    assert notices == [("person:ana", "notice"), ("person:cyd", "notice")]
