"""Whom a round reaches, and why them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from escalade.people import Roster, Rotation, Schedule, Team, Vendor
from escalade.people.capacity import Capacity
from escalade.people.resolve import Load, ResolvedRound, RoundRequest, resolve_round
from escalade.people.roster import parse_target
from escalade.testing import START, person, roster

WEEK = Rotation.model_validate({"members": ["bob", "cyd"], "start": date(2026, 3, 2)})
EVERYBODY = roster("ana", "bob", "cyd", ghost=person(methods=()))
EVERYBODY.teams["sre"] = Team(members=["cyd", "ana", "ghost"])
EVERYBODY.schedules["night"] = Schedule(zone="UTC", rotation=WEEK)
EVERYBODY.vendors["acme"] = Vendor.model_validate(
    person("acme", methods=("mail",)).model_dump(exclude={"logins", "time_zone", "place", "capacity", "backup"})
)


def ask(
    *targets: str, load: dict[str, Load] | None = None, people: Roster = EVERYBODY, **more: object
) -> ResolvedRound:
    request = RoundRequest.model_validate({"targets": targets, **more})
    return resolve_round(people, request, at=START, load=load or {})


def names(found: ResolvedRound) -> list[str]:
    return [recipient.target for recipient in found.recipients]


def test_every_kind_of_target_is_resolved_in_order_and_nobody_twice() -> None:
    found = ask("channel:last-resort", "team:sre", "schedule:night", "person:cyd", "vendor:acme")
    assert names(found) == ["channel:last-resort", "person:cyd", "person:ana", "person:bob", "vendor:acme"]


def test_each_is_told_why_them() -> None:
    whys = {r.target: r.why for r in ask("person:ana", "team:sre", "schedule:night").recipients}
    assert whys["person:ana"] == "named by the tier"
    assert whys["person:cyd"] == "member of team:sre"
    assert whys["person:bob"] == "on duty in schedule:night until 2026-03-09T09:00:00Z (weekly rotation)"


def test_duty_is_that_of_the_instant() -> None:
    request = RoundRequest(targets=["schedule:night"])
    at = [START, START + timedelta(days=7), START + timedelta(days=14), START - timedelta(days=1)]
    found = [names(resolve_round(EVERYBODY, request, at=instant, load={})) for instant in at]
    assert found == [["person:bob"], ["person:cyd"], ["person:bob"], ["person:cyd"]]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("person:ghost", "person:ghost has no contact method"),
        ("person:gone", "person:gone is not in the roster"),
        ("team:gone", "team:gone is not in the roster"),
        ("schedule:gone", "schedule:gone is not in the roster"),
        ("channel:gone", "channel:gone is not in the roster"),
        ("vendor:gone", "vendor:gone is not in the roster"),
    ],
)
def test_when_there_is_nobody_it_says_why(target: str, reason: str) -> None:
    found = ask(target)
    assert not found.recipients
    assert found.nobody == reason
    assert not found.all_acknowledged


def test_who_has_acknowledged_is_left_out() -> None:
    assert names(ask("person:ana", "person:bob", except_for=["person:ana"])) == ["person:bob"]
    everybody = ask("person:ana", except_for=["person:ana"])
    assert everybody.all_acknowledged
    assert everybody.nobody == "everybody here has acknowledged"


def test_one_at_a_time_takes_the_next_who_was_not_told_in_this_turn() -> None:
    targets = ("person:ana", "person:bob", "person:cyd")
    found = ask(*targets, how="one_at_a_time", told=["person:ana"])
    assert (names(found), found.candidates_left, found.wrapped) == (["person:bob"], 1, False)


def test_one_at_a_time_wraps_round_when_all_were_told() -> None:
    found = ask("person:ana", "person:bob", how="one_at_a_time", told=["person:ana", "person:bob"])
    assert (names(found), found.candidates_left, found.wrapped) == (["person:ana"], 1, True)


def test_fair_takes_the_least_paged_then_the_longest_unpaged_then_roster_order() -> None:
    targets = ("person:ana", "person:bob", "person:cyd")
    day = timedelta(days=1)
    busy = Load(pages=3, last_paged_at=START - day)
    assert names(ask(*targets, how="fair")) == ["person:ana"]
    assert names(ask(*targets, how="fair", load={"person:ana": busy})) == ["person:bob"]
    equal = {"person:bob": Load(pages=0, last_paged_at=START - day), "person:ana": Load(pages=0, last_paged_at=START)}
    assert names(ask("person:ana", "person:bob", how="fair", load=equal)) == ["person:bob"]
    assert "least paged lately (0 pages in 7 days)" in ask(*targets, how="fair").recipients[0].why


def test_a_person_is_told_by_their_rules_and_may_fall_back_to_every_method() -> None:
    everything = person(methods=("mail", "sms", "call"), rules={"sms": "5m", "mail": "0s"})
    (found,) = ask("person:dan", people=roster(dan=everything)).recipients
    assert [(plan.method, plan.after) for plan in found.plan] == [("mail", timedelta(0)), ("sms", timedelta(minutes=5))]
    assert [plan.method for plan in found.fallbacks] == ["mail", "sms", "call"]


def test_without_rules_a_person_is_told_by_the_first_method_at_once() -> None:
    (found,) = ask("person:dan", people=roster(dan=person(methods=("sms", "mail")))).recipients
    assert [(plan.method, plan.after) for plan in found.plan] == [("sms", timedelta(0))]


@pytest.mark.parametrize("text", ["ana", "person:", ":ana", "group:ana", ""])
def test_what_names_nobody_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write person:, team:, schedule:, vendor: or channel: and a name"):
        parse_target(text)


def test_a_person_is_found_by_login_unless_two_have_it() -> None:
    people = roster("ana")
    people.people["bob"] = person().model_copy(update={"logins": ["bob@example.com", "shared"]})
    people.people["cyd"] = person().model_copy(update={"logins": ["shared"]})
    assert people.person_of("ANA") == "ana"
    assert people.person_of(" Bob@Example.com ") == "bob"
    assert people.person_of("shared") is None
    assert people.person_of("nobody") is None


def test_with_nobody_on_duty_the_next_instant_somebody_is_comes_along() -> None:
    week = Rotation.model_validate({"members": ["ghost", "bob"], "start": date(2026, 3, 2)})
    rotating = Schedule(zone="UTC", rotation=week)
    people = EVERYBODY.model_copy(update={"schedules": {"night": rotating}})
    found = ask("schedule:night", people=people)
    assert found.nobody == "person:ghost has no contact method"
    assert found.next_duty_at == START.replace(hour=9) + timedelta(weeks=1)
    nobody_ever = rotating.model_copy(update={"rotation": week.model_copy(update={"members": ["ghost"]})})
    people = EVERYBODY.model_copy(update={"schedules": {"night": nobody_ever}})
    assert ask("schedule:night", people=people).next_duty_at is None


def test_who_is_paged_at_the_same_time_is_not_informed_as_well() -> None:
    told = ask("person:ana", "person:bob", "person:cyd", besides=["schedule:night", "person:ana"])
    assert names(told) == ["person:cyd"]
    nobody = ask("person:bob", besides=["schedule:night"])
    assert nobody.nobody == "the page of this round reaches them"
    assert not nobody.all_acknowledged


def test_who_has_limits_is_informed_since_another_may_get_the_page() -> None:
    limited = person("dan").model_copy(
        update={"capacity": Capacity.model_validate({"limits": [{"pages": 1, "per": "1h"}]})}
    )
    people = roster("ana", dan=limited)
    assert names(ask("person:ana", "person:dan", people=people, besides=["person:ana", "person:dan"])) == ["person:dan"]
