"""Decision 5: a person's own rules, counted from their first page in this visit of the tier."""

from __future__ import annotations

from escalade.engine.events import DeliveryFailed
from escalade.people.roster import ContactMethod, ContactRule, Person
from escalade.testing import Climb, person, policy, roster


def ana(rules: dict[str, str]) -> Person:
    return person(methods=tuple(rules), rules=rules)


def ladder(rules: dict[str, str], **more: object) -> Climb:
    first = {"name": "first", "page": ["person:ana"], "acknowledge_within": "1h", **more}
    second = {"name": "second", "page": ["person:bob"], "acknowledge_within": "1h"}
    return Climb(policy(first, second), roster("bob", ana=ana(rules)))


def told(climb: Climb) -> list[tuple[float, str]]:
    return [(climb.minute(page), page.method) for page in climb.pages_of("person:ana")]


def test_a_rule_with_a_delay_is_used_after_it_unless_acknowledged() -> None:
    climb = ladder({"mail": "0s", "sms": "5m", "call": "15m"})
    climb.forward(minutes=10)
    climb.does("ana", "acknowledge")
    climb.forward(hours=2)
    assert told(climb) == [(0, "mail"), (5, "sms")]


def test_repeats_neither_restart_nor_cancel_them() -> None:
    climb = ladder({"mail": "0s", "call": "25m"}, repeat_every="10m")
    climb.forward(minutes=35)
    assert told(climb) == [(0, "mail"), (10, "mail"), (20, "mail"), (25, "call"), (30, "mail")]


def test_leaving_the_tier_cancels_them() -> None:
    climb = ladder({"mail": "0s", "call": "25m"})
    climb.does("ana", "escalate", reason="x")
    climb.forward(minutes=59)
    assert told(climb) == [(0, "mail")]


def test_entering_the_tier_anew_begins_them_anew() -> None:
    climb = ladder({"mail": "0s", "call": "25m"})
    climb.does("ana", "escalate", reason="x")
    climb.forward(minutes=10)
    climb.does("bob", "return", reason="y")
    climb.forward(minutes=25)
    assert told(climb)[-2:] == [(10, "mail"), (35, "call")]


def test_one_due_together_with_a_repeat_is_one_message_per_channel() -> None:
    rules = [ContactRule(use="sms"), ContactRule.model_validate({"use": "sms", "after": "10m"})]
    everything = Person(methods={"sms": ContactMethod(channel="sms", address="1")}, rules=rules)
    first = {"name": "first", "page": ["person:ana"], "acknowledge_within": "1h", "repeat_every": "10m"}
    climb = Climb(policy(first), roster(ana=everything))
    climb.forward(minutes=12)
    assert told(climb) == [(0, "sms"), (10, "sms")]


def test_several_overdue_are_one_page_with_one_message_per_channel() -> None:
    rules = [ContactRule.model_validate({"use": use, "after": after}) for use, after in _TWICE]
    methods = {name: ContactMethod(channel=name) for name in ("mail", "sms", "call")}
    first = {"name": "first", "page": ["person:ana"], "acknowledge_within": "2h"}
    climb = Climb(policy(first), roster(ana=Person(methods=methods, rules=rules)))
    climb.sleep(minutes=30)
    climb.forward(minutes=0)
    assert told(climb) == [(0, "mail"), (30, "sms"), (30, "call")]


_TWICE = [("mail", "0s"), ("sms", "5m"), ("sms", "10m"), ("call", "15m")]


def test_somebody_no_longer_in_the_round_still_gets_what_their_rules_promised() -> None:
    first = {
        "name": "first",
        "page": ["person:ana", "person:bob"],
        "how": "one_at_a_time",
        "repeat_every": "10m",
        "acknowledge_within": "30m",
    }
    climb = Climb(policy(first), roster("bob", ana=ana({"mail": "0s", "call": "10m"})))
    climb.forward(minutes=12)
    assert told(climb) == [(0, "mail"), (10, "call")]
    assert climb.minutes_of("person:bob") == [10]


# -- after an acknowledgement is lost -------------------------------------------------------------------------------


def test_they_count_anew_from_the_first_page_after_an_acknowledgement_was_given_up() -> None:
    climb = ladder({"mail": "0s", "call": "5m"})
    climb.forward(minutes=2)
    climb.does("bob", "acknowledge")
    climb.forward(minutes=10)
    climb.does("bob", "unacknowledge")
    climb.forward(minutes=30)
    assert told(climb) == [(0, "mail"), (12, "mail"), (17, "call")]


def test_they_count_anew_from_the_first_page_after_an_acknowledgement_expired() -> None:
    climb = ladder({"mail": "0s", "call": "5m"}, acknowledgement_lasts="30m")
    climb.forward(minutes=6)
    climb.does("bob", "acknowledge")
    climb.forward(minutes=60)
    assert told(climb) == [(0, "mail"), (5, "call"), (36, "mail"), (41, "call")]


def test_repeats_neither_restart_nor_cancel_them_after_an_acknowledgement_was_lost() -> None:
    climb = ladder({"mail": "0s", "call": "25m"}, repeat_every="10m")
    climb.does("bob", "acknowledge")
    climb.forward(minutes=60)
    climb.does("bob", "unacknowledge")
    climb.forward(minutes=35)
    assert told(climb)[1:] == [(60, "mail"), (70, "mail"), (80, "mail"), (85, "call"), (90, "mail")]


def test_one_of_a_quorum_who_gives_it_up_is_told_by_their_own_rules_again() -> None:
    first = {
        "name": "first",
        "page": ["person:ana", "person:bob", "person:cyd"],
        "acknowledge_by": 3,
        "acknowledge_within": "2h",
        "repeat_every": "10m",
    }
    climb = Climb(policy(first), roster("bob", "cyd", ana=ana({"mail": "0s", "call": "5m"})))
    climb.forward(minutes=1)
    climb.does("ana", "acknowledge")
    climb.does("bob", "acknowledge")
    climb.does("ana", "unacknowledge")
    climb.forward(minutes=18)
    assert told(climb) == [(0, "mail"), (10, "mail"), (15, "call")]


def test_what_was_taken_back_after_an_acknowledgement_was_lost_falls_over_as_ever() -> None:
    climb = ladder({"mail": "0s", "call": "5m"})
    climb.does("bob", "acknowledge")
    climb.does("bob", "unacknowledge")
    climb.happens(DeliveryFailed(target="person:ana", method="mail", detail="bounced"))
    assert told(climb) == [(0, "mail"), (0, "mail"), (0, "call")]
