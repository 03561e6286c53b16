"""Decisions 18, 19, 20 and 25: repetitions, merges, what arrives already over, and a store that is away."""

from __future__ import annotations

import pytest

from escalade.effects import TellTicket, TicketTold
from escalade.engine import Admitted, MergedHere, Opened, new_state, snapshot
from escalade.engine.decide import decide
from escalade.engine.draft import REMEMBERED
from escalade.engine.events import MergeAnswered
from escalade.engine.outbox import MOST, first_slice
from escalade.messages.activities import Admission
from escalade.messages.commands import Acknowledge
from escalade.testing import START, Climb, policy, roster
from escalade.ticket import Actor, Severity, Status, Ticket

ONE = policy({"name": "first", "page": ["person:ana"], "acknowledge_within": "30m", "repeat_every": "5m"})


def ladder(**ticket: object) -> Climb:
    return Climb(ONE, roster("ana", "bob"), Ticket.model_validate({"title": "db down", **ticket}))


# -- repetitions ----------------------------------------------------------------------------------------------------


def test_the_same_event_id_twice_is_the_same_command_once() -> None:
    climb = ladder()
    climb.does("ana", "escalate", reason="x", event_id="one")
    rung, entries = climb.state.rung, len(climb.entries)
    decision = climb.does("ana", "escalate", reason="x", event_id="one")
    assert decision.duplicate
    assert decision.text == "already handled"
    assert (climb.state.rung, len(climb.entries)) == (rung, entries)


def test_commands_without_an_event_id_are_never_taken_for_repetitions() -> None:
    climb = ladder()
    for _ in range(2):
        assert not climb.does("ana", "note", text="x").duplicate
    assert len(climb.noted("ticket.note")) == 2


def test_event_ids_are_kept_hashed_and_in_bounds_for_48_hours() -> None:
    climb = ladder()
    for n in range(REMEMBERED + 10):
        climb.does("ana", "note", text="x", event_id=f"early-{n}")
    assert len(climb.state.handled) == REMEMBERED + 10, "all of them are younger than 48 hours"
    assert "early-0" not in climb.state.handled
    climb.forward(hours=49)
    climb.does("ana", "note", text="x", event_id="late")
    assert len(climb.state.handled) == REMEMBERED
    assert climb.does("ana", "note", text="x", event_id="late").duplicate


def test_event_ids_are_carried_into_the_next_life() -> None:
    climb = ladder()
    climb.hears("alertmanager", "resolve", event_id="one", close=True)
    handled = snapshot(climb.state).handled
    state = new_state(Ticket(title="db down"), key="testticket", life="next", run="next", now=climb.now)
    state = decide(state, Admitted(admission=Admission(policy=ONE, why="test", handled=handled)), climb.now).state
    late = climb.does("ana", "note", text="to make an actor")
    assert late.refusal
    again = Acknowledge(by=Actor(kind="integration", id="alertmanager"), event_id="one")
    assert decide(state, again, climb.now).duplicate


def test_a_request_refused_for_want_of_a_policy_is_new_when_it_comes_again() -> None:
    state = new_state(Ticket(title="x"), key="testticket", life="life", run="run", now=START)
    ack = Acknowledge(by=Actor(kind="person", id="ana"), event_id="one")
    first = decide(state, ack, START)
    assert first.refusal
    admitted = decide(first.state, Admitted(admission=Admission(policy=ONE, why="test")), START).state
    assert decide(admitted, ack, START).state.is_acknowledged


def test_a_command_for_an_earlier_life_is_refused() -> None:
    refusal = ladder().does("ana", "acknowledge", life="another").refusal
    assert refusal
    assert refusal.code == "stale_life"


def test_an_identical_payload_from_the_source_is_counted_and_not_written() -> None:
    climb = ladder()
    for n in range(3):
        climb.happens(Opened(ticket=Ticket(title="db down", event_id=f"{n}")))
    assert climb.state.repeats == 3
    assert not climb.noted("ticket.repeated")


def test_a_changed_payload_is_written_and_pages_nobody() -> None:
    climb = ladder()
    climb.happens(Opened(ticket=Ticket(title="db is on fire", severity=Severity.SEV1)))
    (entry,) = climb.noted("ticket.repeated")
    assert entry.data["changes"] == {"title": "db is on fire", "severity": "sev1"}
    assert len(climb.pages) == 1


def test_the_same_key_reopens_within_the_reopen_window() -> None:
    climb = ladder()
    climb.does("ana", "resolve")
    climb.forward(days=1)
    climb.happens(Opened(ticket=Ticket(title="db down")))
    assert climb.state.status is Status.TRIAGE
    assert climb.minutes_of("person:ana") == [0, 24 * 60]


def test_the_same_key_that_arrives_over_does_not_reopen() -> None:
    climb = ladder(status="resolved")
    climb.happens(Opened(ticket=Ticket(title="db down", status="resolved")))
    assert climb.state.status is Status.RESOLVED
    assert not climb.pages


# -- merges ---------------------------------------------------------------------------------------------------------


def merging() -> tuple[Climb, TellTicket]:
    climb = ladder()
    climb.does("bob", "follow")
    climb.does("ana", "acknowledge")
    climb.answers = False
    climb.does("ana", "merge", into="aaaaaaaaaa")
    (effect,) = [e for e in climb.state.pending.values() if isinstance(e, TellTicket)]
    return climb, effect


def test_a_merge_tells_the_target_who_follows_and_how_severe_it_is() -> None:
    _, effect = merging()
    assert (effect.key, effect.signal) == ("aaaaaaaaaa", "merged")
    assert effect.payload["followers"] == ["person:ana", "person:bob"]
    assert effect.payload["severity"] == "sev3"


def test_the_source_closes_as_merged_and_pages_nobody() -> None:
    climb, effect = merging()
    climb.does("ana", "unacknowledge")
    climb.happens(TicketTold(effect=effect.id, delivered=True))
    assert climb.state.status.is_open, "delivered is not taken"
    climb.happens(MergeAnswered(key="aaaaaaaaaa", taken=True))
    climb.answers = True
    climb.answer()
    climb.forward(days=1)
    assert climb.state.status is Status.CLOSED
    assert climb.state.merged_into == "aaaaaaaaaa"
    assert len(climb.pages) == 1
    refusal = climb.does("ana", "note", text="x").refusal
    assert refusal
    assert refusal.text == "It is closed (merged into aaaaaaaaaa)."


def test_what_changed_between_asking_and_the_answer_is_told_before_it_closes() -> None:
    climb, asked = merging()
    climb.happens(TicketTold(effect=asked.id, delivered=True))
    climb.does("bob", "severity", severity="sev1")
    climb.does("cyd", "follow")
    climb.happens(MergeAnswered(key="aaaaaaaaaa", taken=True))
    assert climb.state.status is Status.CLOSED
    (last,) = [e for e in climb.state.pending.values() if isinstance(e, TellTicket)]
    assert (last.key, last.signal, last.payload["severity"]) == ("aaaaaaaaaa", "merged", "sev1")
    assert last.payload["followers"] == ["person:ana", "person:bob", "person:cyd"]
    assert last.payload["event_id"] != asked.payload["event_id"]
    climb.happens(TicketTold(effect=last.id, delivered=False, error="it is over"))
    assert climb.noted("ticket.merge_untold")[0].why == "it is over"
    assert climb.state.merged_into == "aaaaaaaaaa"


def test_a_merge_without_a_change_meanwhile_tells_nothing_more() -> None:
    climb, asked = merging()
    climb.happens(TicketTold(effect=asked.id, delivered=True))
    climb.does("bob", "note", text="hm")
    climb.happens(MergeAnswered(key="aaaaaaaaaa", taken=True))
    assert not [e for e in climb.state.pending.values() if isinstance(e, TellTicket)]


def test_the_target_takes_what_changed_meanwhile_and_answers_nothing() -> None:
    climb = ladder()
    climb.happens(MergedHere(key="bbbbbbbbbb", severity=Severity.SEV3, followers=["person:bob"], event_id="1"))
    pending = set(climb.state.pending)
    last = MergedHere(key="bbbbbbbbbb", severity=Severity.SEV1, followers=["person:bob", "person:cyd"], final=True)
    climb.happens(last)
    assert (climb.state.ticket.severity, climb.state.followers) == (Severity.SEV1, ["person:bob", "person:cyd"])
    entries = len(climb.entries)
    climb.happens(last)  # it changes nothing twice
    assert (len(climb.entries), set(climb.state.pending)) == (entries, pending)


def test_the_last_word_of_a_ticket_that_was_never_taken_in_changes_nothing() -> None:
    climb = ladder()
    climb.happens(MergedHere(key="bbbbbbbbbb", severity=Severity.SEV1, followers=["person:cyd"], final=True))
    assert (climb.state.ticket.severity, climb.state.followers) == (Severity.SEV3, [])
    assert climb.noted("ticket.merge_refused")


def test_a_merge_into_a_ticket_that_is_gone_goes_on_here() -> None:
    climb, effect = merging()
    climb.happens(TicketTold(effect=effect.id, delivered=False, error="no such ticket"))
    assert climb.state.status.is_open
    assert climb.noted("ticket.merge_failed")[0].why == "no such ticket"


def test_it_closes_once_when_its_target_is_told_after_its_end() -> None:
    climb, effect = merging()
    climb.does("ana", "resolve", close=True)
    climb.happens(TicketTold(effect=effect.id, delivered=True))
    climb.happens(MergeAnswered(key="aaaaaaaaaa", taken=True))
    assert len(climb.noted("ticket.closed")) == 1
    assert climb.state.merged_into == "aaaaaaaaaa"


def test_a_ticket_cannot_be_merged_into_itself_or_twice() -> None:
    climb, _ = merging()
    refusal = climb.does("ana", "merge", into="bbbbbbbbbb").refusal
    assert refusal
    assert refusal.code == "merging"


def test_the_target_takes_the_watchers_and_the_higher_severity_once() -> None:
    climb = ladder()
    event = MergedHere(key="bbbbbbbbbb", title="also down", severity=Severity.SEV1, followers=["person:bob"])
    climb.happens(event)
    climb.happens(event)
    assert climb.state.ticket.severity is Severity.SEV1
    assert climb.state.followers == ["person:bob"]
    assert len(climb.noted("ticket.merged_here")) == 1
    climb.happens(MergedHere(key="cccccccccc", severity=Severity.SEV4))
    assert climb.state.ticket.severity is Severity.SEV1


def test_a_target_that_is_over_or_does_not_know_it_refuses_and_the_source_goes_on() -> None:
    climb, effect = merging()
    climb.happens(TicketTold(effect=effect.id, delivered=True))
    climb.happens(MergeAnswered(key="aaaaaaaaaa", taken=False, reason="aaaaaaaaaa is resolved"))
    assert climb.state.status.is_open
    assert climb.noted("ticket.merge_failed")[0].why == "aaaaaaaaaa is resolved"


def answers(climb: Climb) -> list[tuple[str, bool]]:
    told = [e for e in climb.state.pending.values() if isinstance(e, TellTicket) and e.signal == "merge_answer"]
    return [(e.key, e.payload["taken"]) for e in told]


def test_a_resolved_ticket_takes_nothing_in() -> None:
    climb = ladder()
    climb.does("ana", "resolve")
    climb.answers = False
    climb.happens(MergedHere(key="bbbbbbbbbb"))
    assert answers(climb) == [("bbbbbbbbbb", False)]
    assert climb.noted("ticket.merge_refused")


@pytest.mark.parametrize(("other", "stays"), [("zzzzzzzzzz", True), ("aaaaaaaaaa", False)])
def test_of_two_tickets_merged_into_each_other_one_stays(other: str, *, stays: bool) -> None:
    climb = ladder()
    climb.answers = False
    climb.does("ana", "merge", into=other)
    climb.happens(MergedHere(key=other))
    assert answers(climb) == [(other, stays)]
    assert (climb.state.merging == "") is stays


def test_a_flood_of_watchers_keeps_the_ticket_small() -> None:
    climb = ladder()
    for n in range(5):
        climb.happens(MergedHere(key=f"other{n}", followers=[f"person:p{n}-{m}" for m in range(200)]))
    climb.happens(MergedHere(key="bad", followers=["nobody in particular"]))
    assert len(climb.state.followers) == 200
    for n in range(300):
        climb.happens(Acknowledge(by=Actor(kind="integration", id=f"machine-{n}")))
    assert climb.state.visit
    assert len(climb.state.visit.acks) == 1


def test_an_alert_on_a_key_that_is_just_closing_is_the_next_life_and_not_a_repetition() -> None:
    climb = ladder()
    climb.does("ana", "resolve", close=True)
    climb.happens(Opened(ticket=Ticket(title="db down again", event_id="second")))
    climb.does("ana", "acknowledge")
    climb.happens(Opened(ticket=Ticket(title="and again", event_id="third")))
    assert climb.state.next_ticket is not None
    assert climb.state.next_ticket.event_id == "second"
    state = new_state(climb.state.next_ticket, key="testticket", life="next", run="next", now=climb.now)
    state.handled = climb.state.handled
    begun = decide(state, Admitted(admission=Admission(policy=ONE, why="test")), climb.now)
    assert begun.state.tier_name == "first"


def test_a_refused_command_that_comes_again_does_not_look_as_if_it_had_been_done() -> None:
    climb = ladder()
    first = climb.does("ana", "escalate", reason="x", rung=7, event_id="late")
    again = climb.does("ana", "escalate", reason="x", rung=7, event_id="late")
    assert first.refusal
    assert again.refusal
    assert again.refusal.code == "already_refused"


def test_a_flood_of_long_entries_stays_far_below_what_temporal_takes() -> None:
    climb = ladder()
    for n in range(400):
        climb.does("ana", "note", text=f"{n} " + "x" * 3900)
    assert len(climb.state.model_dump_json()) < 1_500_000
    assert len("".join(entry.model_dump_json() for entry in first_slice(climb.state.outbox))) < 400_000
    assert climb.state.outbox[0].kind == "journal.summarised"


def test_a_key_merged_elsewhere_is_forwarded_and_pages_nobody() -> None:
    climb = Climb(ONE, roster("ana"), answers=False)
    state = new_state(Ticket(title="x"), key="testticket", life="next", run="next", now=START)
    admission = Admission(policy=ONE, why="test", merged_into="aaaaaaaaaa")
    decision = decide(state, Admitted(admission=admission), climb.now)
    (effect,) = decision.effects
    assert isinstance(effect, TellTicket)
    gone = decide(decision.state, TicketTold(effect=effect.id, delivered=False), climb.now)
    assert gone.state.tier_name == "first", "the target is gone: the ticket is paged here after all"
    told = decide(decision.state, TicketTold(effect=effect.id, delivered=True), climb.now)
    assert told.state.status is Status.CLOSED


# -- already over ---------------------------------------------------------------------------------------------------


def test_an_imported_ticket_that_is_over_pages_nobody() -> None:
    for status, now in (("resolved", Status.RESOLVED), ("closed", Status.CLOSED)):
        climb = ladder(status=status)
        climb.forward(hours=5)
        assert climb.state.status is now
        assert not climb.pages


def test_the_ladder_of_a_late_ticket_starts_when_it_arrives() -> None:
    climb = ladder(opened_at="2025-01-01T00:00Z")
    assert climb.minutes_of("person:ana") == [0]
    climb.forward(minutes=29)
    assert climb.tier == "first"


# -- a store that is away -------------------------------------------------------------------------------------------


def test_entries_wait_in_order_within_a_bound_and_the_rest_are_counted() -> None:
    climb = ladder()
    for n in range(2 * MOST):
        climb.does("ana", "note", text=f"{n}")
    first, *rest = climb.state.outbox
    assert len(climb.state.outbox) <= MOST
    assert first.kind == "journal.summarised"
    assert first.data["count"] + len(rest) == len(climb.entries)
    assert rest == climb.entries[-len(rest) :]


def test_a_second_outage_is_counted_anew_under_an_id_of_its_own() -> None:
    climb = ladder()
    summaries = []
    for _ in range(2):
        for n in range(2 * MOST):
            climb.does("ana", "note", text=f"{n}")
        summaries.append(climb.state.outbox[0])
        climb.written()
        assert not climb.state.outbox
    assert summaries[0].entry_id != summaries[1].entry_id
    assert summaries[1].data["count"] < 1.1 * summaries[0].data["count"]


def test_entry_ids_are_the_run_and_a_number_and_never_come_twice() -> None:
    climb = ladder()
    climb.forward(hours=3)
    ids = [entry.entry_id for entry in climb.entries]
    assert len(set(ids)) == len(ids)
    assert ids[0] == "run/1"
