"""What is handed over to the next life is bounded, and means there what it meant here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from escalade.engine import Event, LeftOut, Opened, Unreadable
from escalade.messages import COMMANDS, read_ticket
from workflows.doorway import FACTS, event_of
from workflows.parked import MOST, MOST_BYTES, Parked

SAID: dict[str, dict[str, Any]] = {
    "snooze": {"for": "5m"},
    "pending": {"on": "vendor", "for": "4h"},
    "note": {"text": "looking"},
    "severity": {"severity": "sev1"},
    "reassign": {"to": "person:bob"},
    "respond": {"who": "person:cleo"},
    "escalate": {"reason": "I cannot"},
    "return": {"reason": "not ours"},
    "status": {"status": "mitigating"},
    "follow": {"who": "person:ana"},
    "merge": {"into": "aaaaaaaaaa"},
    "reopen": {"reason": "it is back"},
    "merged": {"key": "aaaaaaaaaa", "title": "db", "followers": ["person:ana"]},
    "merge_answer": {"key": "aaaaaaaaaa", "taken": True},
    "step_outcome": {"effect": "e1", "outcome": "done"},
    "delivery_failed": {"target": "person:ana", "method": "mail", "detail": "bounced"},
    "digest_told": {"life": "x", "round_id": "r", "target": "person:ana", "outcome": "told"},
}


def handed_over(parked: Parked) -> list[Event]:
    return Parked.model_validate_json(parked.model_dump_json()).events()


def arrival(text: str) -> Opened:
    ticket, problems = read_ticket({"title": text, "labels": {"a": 1}, "opened_at": "2026-03-01T10:00:00Z"})
    return Opened(ticket=ticket, problems=problems)


@pytest.mark.parametrize("name", [*COMMANDS, *FACTS])
def test_every_message_is_the_same_after_it_was_handed_over(name: str) -> None:
    event = event_of(name, [{"by": {"kind": "person", "id": "ana"}, "event_id": "e", **SAID.get(name, {})}])
    assert not isinstance(event, Unreadable)
    parked = Parked()
    parked.add(event)
    parked.add(arrival("again"))
    parked.add(Unreadable(door="signal 'x'", text="no such signal"))
    assert handed_over(parked) == [event, arrival("again"), Unreadable(door="signal 'x'", text="no such signal")]


def test_what_is_too_much_leaves_out_the_oldest_arrivals_and_counts_them() -> None:
    parked = Parked()
    close = event_of("resolve", [{"by": "prom", "close": True}])
    parked.add(close)
    for n in range(3 * MOST):
        parked.add(arrival(f"again {n}"))
    kept = handed_over(parked)
    assert kept[0] == LeftOut(count=2 * MOST + 1)
    assert kept[1] == close, "what closes a ticket is not left out for what only adds to a timeline"
    assert kept[-1] == arrival(f"again {3 * MOST - 1}")


def test_it_is_bounded_in_bytes_whatever_arrives() -> None:
    parked = Parked()
    for n in range(200):
        parked.add(event_of("note", [{"text": f'{n} "' + "é" * 3900}]))
    assert len(json.dumps(parked.model_dump(mode="json"), ensure_ascii=False).encode()) < MOST_BYTES * 1.1
    assert isinstance(handed_over(parked)[0], LeftOut)


def test_a_message_that_another_version_handed_over_wedges_nothing() -> None:
    parked = Parked(messages=[("levitate", {}), ("note", {"text": 7})])
    assert [type(event) for event in parked.events()] == [Unreadable, Unreadable]
