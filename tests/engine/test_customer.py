"""What is said to the customer and by the customer, in the order it was said and not the one it was heard in."""

from __future__ import annotations

from datetime import datetime, timedelta

from escalade.testing import START, Climb
from escalade.ticket import Status
from tests.engine.test_clock_cases import climb_with, clock, dues

UPDATES = {"update": {"target": "1h"}}


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


def writes(climb: Climb, at: float | None = None) -> None:
    climb.does("ana", "message", text="still broken", **({} if at is None else {"at": minute(at)}))


def answers(climb: Climb, at: float | None = None) -> str:
    return climb.does("ana", "reply", text="on it", **({} if at is None else {"at": minute(at)})).text


def test_an_answer_given_before_the_customer_wrote_is_no_answer_to_it() -> None:
    climb = climb_with(UPDATES, START)
    climb.forward(minutes=20)
    writes(climb)
    climb.forward(minutes=1)
    assert "waits for an answer" in answers(climb, at=15)
    assert clock(climb, "update").state == "running"
    assert dues(climb)["update"] == minute(80)


def test_the_clock_counts_from_the_first_message_in_whatever_order_they_are_heard_of() -> None:
    climb = climb_with(UPDATES, START)
    climb.forward(minutes=20)
    writes(climb, at=18)
    writes(climb, at=17)
    writes(climb, at=19)
    assert dues(climb)["update"] == minute(77)


def test_what_was_written_after_an_answer_is_waited_for_when_that_answer_is_heard_of_later() -> None:
    climb = climb_with(UPDATES, START)
    climb.forward(minutes=5)
    writes(climb)
    climb.forward(minutes=5)
    writes(climb)
    climb.forward(minutes=5)
    answers(climb, at=7)
    assert [entry.data["met"] for entry in climb.noted("clock.met")] == [True]
    assert dues(climb)["update"] == minute(70)
    answers(climb)
    assert clock(climb, "update").state == "met"


def test_a_message_written_before_the_last_answer_is_answered_when_it_is_heard_of() -> None:
    climb = climb_with(UPDATES, START)
    climb.forward(minutes=10)
    answers(climb)
    climb.forward(minutes=5)
    writes(climb, at=8)
    assert "update" not in dues(climb)


def test_nobody_answered_before_the_ticket_began() -> None:
    climb = climb_with({"first_response": {"target": "1h"}}, START)
    climb.forward(minutes=5)
    refused = climb.does("ana", "reply", text="long ago", at=minute(-60)).refusal
    assert refused is not None
    assert refused.code == "too_early"
    assert clock(climb, "first_response").state == "running"
    assert not climb.noted("customer.answered")


def test_a_message_ends_a_wait_for_the_customer_and_not_one_for_a_vendor() -> None:
    for on, status in (("customer", Status.NEW), ("vendor", Status.PENDING)):
        climb = climb_with({"update": {"target": "1h"}}, START)
        climb.does("ana", "pending", on=on)
        climb.hears("mail", "message", text="here you are")
        assert climb.state.status is status
        assert dues(climb)["update"] == START + timedelta(hours=1)


def test_a_rhythm_runs_from_each_update_to_the_next() -> None:
    climb = climb_with({"update": {"every": {"default": "1h"}}}, START)
    climb.forward(minutes=45)
    climb.does("ana", "reply", text="still on it")
    assert dues(climb)["update"] == START + timedelta(minutes=105)
    climb.forward(hours=3)
    assert len(climb.noted("clock.breached")) == 1
    climb.does("ana", "reply", text="sorry")
    assert [e.kind for e in climb.entries if e.kind in ("clock.met", "clock.missed")] == ["clock.met", "clock.missed"]


def test_the_same_reply_twice_is_one() -> None:
    climb = climb_with({"update": {"target": "1h"}}, START)
    for _ in range(2):
        climb.hears("mail", "message", text="?", event_id="m1")
    climb.hears("mail", "reply", event_id="r1")
    climb.hears("mail", "message", event_id="m2")
    climb.hears("mail", "reply", event_id="r1")
    assert clock(climb, "update").state == "running"
    assert len(climb.noted("customer.message")) == 2
