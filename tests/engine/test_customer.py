"""What is said to the customer and by the customer, in the order it was said and not the one it was heard in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from escalade.engine.exchange import KEPT
from escalade.testing import START, Climb, policy, roster
from escalade.ticket import Status, Ticket
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
    found = clock(climb, "update")
    assert (found.state, found.consumed) == ("met", timedelta(minutes=2))


EXCHANGES = [
    ("m10", "m25", "r40"),
    ("m10", "r20", "m30"),
    ("m10", "r20", "m30", "r95"),
    ("r5", "m10", "m12", "r80", "m90"),
    ("m10", "r15", "r20", "m25", "m26"),
    ("m10", "m11", "r75", "m76", "r77"),
]
"""What was said at which minute."""


def last_wait(exchange: Sequence[str]) -> tuple[int, int | None]:
    """From the first message after the last answered one to the next reply: counted by hand, in order."""
    since, waits = None, []
    for each in exchange:
        at = int(each[1:])
        if each[0] == "m":
            since = at if since is None else since
        elif since is not None:
            waits.append((since, at))
            since = None
    return (since, None) if since is not None else waits[-1]


@pytest.mark.parametrize("exchange", EXCHANGES, ids="-".join)
def test_the_update_clock_is_the_same_in_whatever_order_what_was_said_is_heard_of(exchange: tuple[str, ...]) -> None:
    since, until = last_wait(exchange)
    for order in permutations(exchange):
        climb = climb_with(UPDATES, START)
        climb.forward(minutes=100)
        for said in order:
            (writes if said[0] == "m" else answers)(climb, at=int(said[1:]))
        run = climb.state.clocks["update"]
        assert (run.started_at, run.stopped_at) == (minute(since), None if until is None else minute(until)), order
        assert run.met is (None if until is None else until - since <= 60), order


@pytest.mark.parametrize("order", list(permutations(("m10", "r30", "m40", "r45"))), ids="-".join)
def test_each_wait_is_judged_by_what_ended_it_in_whatever_order_it_is_heard_of(order: tuple[str, ...]) -> None:
    climb = climb_with({"update": {"target": "8m"}}, START)
    climb.forward(minutes=50)
    for said in order:
        (writes if said[0] == "m" else answers)(climb, at=int(said[1:]))
    told = {e.data["consumed"]: e.kind for e in climb.entries if e.kind in ("clock.met", "clock.missed")}
    assert told[20 * 60] == "clock.missed"
    assert told[5 * 60] == "clock.met"


def test_an_answer_heard_of_late_makes_met_what_a_later_one_had_missed() -> None:
    climb = climb_with({**UPDATES, "first_response": {"target": "1h"}}, START)
    writes(climb)
    climb.forward(minutes=80)
    answers(climb)
    assert {clock(climb, name).met for name in ("update", "first_response")} == {False}
    climb.forward(minutes=10)
    answers(climb, at=30)
    assert {clock(climb, name).met for name in ("update", "first_response")} == {True}
    assert clock(climb, "first_response").stopped_at == minute(30)
    assert "heard of only now" in climb.noted("clock.met")[-1].why


def test_an_answer_heard_of_after_the_resolution_is_what_ended_the_wait() -> None:
    climb = climb_with(UPDATES, START)
    writes(climb)
    climb.forward(minutes=70)
    climb.does("ana", "resolve")
    assert clock(climb, "update").met is False
    climb.hears("mail", "reply", at=minute(50))
    found = clock(climb, "update")
    assert (found.met, found.stopped_by, found.stopped_at) == (True, "reply", minute(50))


def test_a_message_heard_of_late_that_makes_the_wait_longer_warns_of_what_has_passed() -> None:
    climb = climb_with({"update": {"target": "1h", "warn_at": [50]}}, START)
    climb.forward(minutes=40)
    writes(climb)
    writes(climb, at=5)
    climb.forward(minutes=20)
    assert [e.at for e in climb.noted("clock.warned")] == [minute(40)]
    assert dues(climb)["update"] == minute(65)


def test_what_a_machine_says_was_answered_before_the_ticket_began_is_recorded_and_stops_nothing() -> None:
    climb = climb_with({**UPDATES, "first_response": {"target": "1h"}}, START)
    writes(climb)
    said = climb.hears("mail", "reply", text="long ago", at=minute(-60))
    assert said.refusal is None
    assert "before the ticket began" in said.text
    assert "before the ticket began" in climb.noted("customer.answered")[0].why
    assert {clock(climb, name).state for name in ("update", "first_response")} == {"running"}
    assert climb.state.replied_at is None


def test_a_ticket_that_is_dated_back_can_have_been_answered_since_then() -> None:
    ticket = Ticket(title="test", opened_at=minute(-120), backdate=True)
    climb = climb_with({"first_response": {"target": "1h"}}, START, ticket=ticket)
    answers(climb, at=-90)
    found = clock(climb, "first_response")
    assert (found.met, found.consumed) == (True, timedelta(minutes=30))
    early = climb_with({"first_response": {"target": "1h"}}, START, ticket=ticket)
    assert climb.does("ana", "reply", at=minute(-121)).refusal is not None
    assert clock(early, "first_response").met is None


def test_a_message_from_before_the_ticket_began_waits_from_its_beginning() -> None:
    climb = climb_with(UPDATES, START)
    climb.forward(minutes=5)
    writes(climb, at=-30)
    assert dues(climb)["update"] == minute(60)


def test_the_opening_that_counts_as_a_message_is_the_first_and_is_answered_like_one() -> None:
    climb = climb_with({"update": {"target": "1h", "opening_counts": True}}, START)
    climb.forward(minutes=30)
    writes(climb, at=10)
    assert dues(climb)["update"] == minute(60)
    answers(climb, at=5)
    assert dues(climb)["update"] == minute(70)


def test_a_wait_does_not_lose_the_standstill_that_lay_in_it() -> None:
    climb = climb_with({"update": {"target": "1h", "pause_on": ["pending"]}}, START)
    writes(climb)
    climb.forward(minutes=10)
    climb.does("ana", "pending", on="vendor", **{"for": "20m"})
    climb.forward(minutes=35)
    writes(climb, at=8)
    answers(climb, at=6)
    assert dues(climb)["update"] == minute(8 + 60 + 20)


def test_what_was_said_before_a_pause_and_is_heard_of_in_it_counts_until_the_pause_began() -> None:
    climb = climb_with({"update": {"target": "1h", "pause_on": ["pending"]}}, START)
    climb.forward(minutes=30)
    climb.does("ana", "pending", on="vendor", **{"for": "5h"})
    climb.forward(minutes=10)
    writes(climb, at=20)
    found = clock(climb, "update")
    assert (found.state, found.consumed) == ("paused", timedelta(minutes=10))


@pytest.mark.parametrize(("choice", "due"), [("resume", 150), ("restart", 180), ("keep", None)])
def test_a_reopening_brings_no_old_message_back_to_life(choice: str, due: int | None) -> None:
    climb = climb_with({**UPDATES, "on_reopen": choice}, START)
    writes(climb)
    climb.forward(minutes=30)
    climb.does("ana", "resolve")
    climb.forward(minutes=90)
    climb.does("ana", "reopen")
    found = clock(climb, "update")
    assert (found.due if found.state == "running" else None) == (None if due is None else minute(due))
    climb.forward(minutes=10)
    writes(climb)
    assert dues(climb)["update"] == minute(due or 190), "the message after the reopening, or the wait it belongs to"
    answers(climb)
    assert clock(climb, "update").state == "met"
    climb.forward(days=1)
    assert not climb.noted("clock.breached")


@pytest.mark.parametrize("choice", ["resume", "restart", "keep"])
def test_what_the_customer_wrote_while_it_was_resolved_is_waited_for_from_the_reopening(choice: str) -> None:
    climb = climb_with({**UPDATES, "on_reopen": choice}, START)
    writes(climb)
    answers(climb)
    climb.forward(minutes=30)
    climb.does("ana", "resolve")
    climb.forward(minutes=10)
    writes(climb)
    assert clock(climb, "update").state == "met"
    climb.forward(minutes=50)
    climb.does("ana", "reopen")
    assert dues(climb)["update"] == minute(90 + 60)


def test_a_long_exchange_is_bounded_and_never_forgets_who_waits() -> None:
    climb = climb_with({"update": {"target": "10d"}}, START)
    for _ in range(40):
        climb.forward(minutes=1)
        writes(climb)
        answers(climb)
    climb.forward(minutes=1)
    for _ in range(80):
        writes(climb)
        climb.forward(minutes=1)
    assert len(climb.state.said) <= 50
    assert climb.state.clocks["update"].started_at == minute(41)
    writes(climb, at=40.5)
    assert climb.state.clocks["update"].started_at == minute(40.5)


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


@pytest.mark.parametrize("reopens", ["resume", "restart", "keep"])
def test_a_ticket_that_flaps_remembers_no_more_than_it_needs(reopens: str) -> None:
    pinned = policy(
        {"name": "one", "page": ["person:ana"], "acknowledge_within": "2h"},
        clocks={"update": {"target": "4h"}, "on_reopen": reopens},
    )
    climb = Climb(pinned, roster("ana"))
    for _ in range(KEPT + 20):
        climb.forward(minutes=1)
        climb.hears("monitor", "resolve")
        climb.forward(minutes=1)
        climb.hears("monitor", "reopen")
    assert len(climb.state.said) <= KEPT


def test_many_later_answers_do_not_move_the_one_that_counted() -> None:
    climb = climb_with(UPDATES, START)
    climb.forward(minutes=10)
    writes(climb)
    climb.forward(minutes=1)
    answers(climb)
    for _ in range(KEPT + 10):
        climb.forward(minutes=2)
        answers(climb)
    writes(climb, at=9)  # a mail from a minute before, heard of late
    assert clock(climb, "update").consumed == timedelta(minutes=2)


def test_a_message_from_before_a_pending_takes_none_of_the_used_time_back() -> None:
    pinned = policy(
        {"name": "one", "page": ["person:ana"], "acknowledge_within": "8h"},
        clocks={"first_response": {"target": "4h", "pause_on": ["pending"]}},
    )
    climb = Climb(pinned, roster("ana"))
    climb.forward(minutes=31)
    climb.does("ana", "pending", on="customer", **{"for": "1h"})
    climb.forward(minutes=40)
    writes(climb, at=20)
    [resumed] = climb.noted("clock.resumed")
    assert "(31m of 4h used" in resumed.what
