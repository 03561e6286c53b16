from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.suspects import in_turn, key_in, name_of, suspects
from escalade.messages import Snapshot

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=2)


def row(key: str = "a", **more: Any) -> Snapshot:
    told = {"title": "x", "severity": "sev1", "status": "triage", "opened_at": LONG_AGO, "updated_at": LONG_AGO}
    return Snapshot.model_validate({"key": key, "life": "l", "version": 1, **told, **more})


@pytest.mark.parametrize(
    ("told", "since"),
    [
        ({"next_due_at": NOW - timedelta(seconds=61)}, NOW - timedelta(seconds=61)),
        ({"next_due_at": NOW - timedelta(seconds=60)}, None),
        ({"due_at": NOW - timedelta(minutes=5)}, NOW - timedelta(minutes=5)),
        ({"due_at": NOW + timedelta(minutes=5), "next_due_at": NOW - timedelta(minutes=2)}, NOW - timedelta(minutes=2)),
        ({"next_due_at": NOW + timedelta(minutes=5)}, None),
        ({}, LONG_AGO),
        ({"updated_at": NOW}, None),
        ({"acknowledged": True}, None),
    ],
)
def test_a_row_is_suspect_when_its_next_due_is_past_or_nothing_lies_ahead(
    told: dict[str, Any], since: datetime | None
) -> None:
    assert suspects([row(**told)], [], NOW) == ({} if since is None else {"ticket/a": since})


def test_what_the_index_noticed_is_suspect_since_the_same_instant_for_an_hour() -> None:
    fine = row("b", next_due_at=NOW + timedelta(hours=1))
    found = suspects([fine], ["ticket/b", "ticket/c"], NOW)
    assert found == {"ticket/b": LONG_AGO, "ticket/c": NOW.replace(minute=0)}
    assert suspects([fine], ["ticket/b", "ticket/c"], NOW + timedelta(minutes=29)) == found


def test_one_look_asks_only_so_many_and_in_turn_everybody() -> None:
    found = {f"{n:03}": LONG_AGO + timedelta(seconds=n) for n in range(97)}
    asked: set[str] = set()
    for minute in range(20):
        look = in_turn(found, NOW + timedelta(minutes=minute), most=20)
        assert len(look) == len(set(look)) == 20
        assert look[:10] == sorted(found)[:10], "those that wait longest are asked in every look"
        asked.update(look)
    assert asked == set(found)


def test_few_suspects_are_all_asked() -> None:
    found = {"b": NOW, "a": NOW, "c": LONG_AGO}
    assert in_turn(found, NOW, most=3) == ["c", "a", "b"]


def test_a_workflow_that_was_noticed_under_a_key_is_asked_beside_the_ticket_of_its_row() -> None:
    late = row("outage-42", next_due_at=LONG_AGO)
    assert suspects([late], [], NOW) == {"ticket/outage-42": LONG_AGO}
    assert suspects([late], ["outage-42"], NOW) == {"ticket/outage-42": LONG_AGO, "outage-42": LONG_AGO}


@pytest.mark.parametrize(
    ("workflow", "key", "name"),
    [
        ("ticket/abcdefghij", "abcdefghij", "Ticket abcdefghij"),
        ("outage-42", "outage-42", "Workflow 'outage-42', which is no ticket's id,"),
        ("ticket/ABCDEFGHIJ", "ticket/ABCDEFGHIJ", "Workflow 'ticket/ABCDEFGHIJ', which is no ticket's id,"),
        ("a\nb", "a\nb", "Workflow 'a\\nb', which is no ticket's id,"),
    ],
)
def test_a_workflow_under_an_id_that_is_no_tickets_is_called_by_it(workflow: str, key: str, name: str) -> None:
    assert (key_in(workflow), name_of(workflow)) == (key, name)
