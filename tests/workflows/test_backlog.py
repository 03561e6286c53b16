"""Signals that wait for their turn: bounded in each workflow task, in order, and none lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.converter import DataConverter

from escalade.engine import Opened
from escalade.ticket import Ticket
from workflows import doorway
from workflows.backlog import AT_ONCE, PATIENCE, Backlog

NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)

read = partial(doorway.event, foreign=True)


def said(body: dict[str, Any]) -> list[RawValue]:
    payload: Payload = DataConverter.default.payload_converter.to_payload(body)
    return [RawValue(payload)]


def test_a_workflow_task_decides_so_many_signals_and_the_next_one_goes_on() -> None:
    backlog = Backlog(read=read)
    assert sum(backlog.passes(7) for _ in range(AT_ONCE + 5)) == AT_ONCE
    assert backlog.turn(7) == []
    for n in range(AT_ONCE + 3):
        backlog.add("open", said({"title": f"{n}"}))
    assert backlog.turn(7) == []  # this one has decided enough
    assert not backlog.passes(12)  # nothing overtakes those that wait
    assert len(backlog.turn(12)) == AT_ONCE
    assert len(backlog.turn(12)) == 0
    assert [event.ticket.title for event in backlog.turn(17) if isinstance(event, Opened)] == [
        str(n) for n in range(AT_ONCE, AT_ONCE + 3)
    ]
    assert backlog.passes(17)


def test_paging_waits_for_commands_in_the_backlog_but_not_for_ever() -> None:
    backlog = Backlog([Opened(ticket=Ticket(title="handed over"))], read=read)
    assert not backlog.holds_paging(NOW)
    backlog.add("acknowledge", said({"by": "ana"}))
    assert backlog.holds_paging(NOW)
    assert backlog.holds_paging(NOW + PATIENCE - timedelta(seconds=1))
    assert not backlog.holds_paging(NOW + PATIENCE)
    assert len(backlog.turn(3)) == 2
    assert not backlog.holds_paging(NOW)


def test_paging_waits_for_a_command_that_waits_elsewhere() -> None:
    backlog = Backlog(read=read)
    with backlog.expecting():
        assert backlog.holds_paging(NOW)
        assert not backlog.has_commands
    assert not backlog.holds_paging(NOW)
