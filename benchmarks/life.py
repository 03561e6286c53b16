"""One life: opened, paged, repeated, climbed, acknowledged, resolved, closed; driven the same way, then checked."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from typing import Any, Final, Literal

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from benchmarks.stage import BARE_QUEUE, Stage
from escalade.errors import EscaladeError
from escalade.messages import Acknowledge, Answer, Close, Command, Resolve
from escalade.ticket import Actor, Severity, Ticket, key_from_bytes, workflow_id
from worker.client import priority_of
from worker.search_attributes import SERVICE, SEVERITY, STATUS

Kind = Literal["ticket", "bare"]
BOB: Final = Actor(kind="person", id="bob", via="cli", claimed=True)

WRITTEN: Final = (
    "ticket.opened",
    "ticket.admitted",
    "tier.entered",
    "round.started",
    "page.delivered",
    "round.started",
    "page.delivered",
    "tier.left",
    "tier.entered",
    "round.started",
    "page.delivered",
    "ticket.acknowledged",
    "tier.first_work",
    "ticket.resolved",
    "ticket.closed",
)
"""What the journal of a whole life holds."""

_SKIPPED: Final = ("WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED", "WORKFLOW_EXECUTION_OPTIONS_UPDATED")
"""What only a server that skips time writes: one at each jump, one at each order to jump."""


class IncompleteError(EscaladeError):
    """A life was not lived whole: what was measured says nothing."""


class TooLateError(IncompleteError):
    """A repeat came so late that the climb took its place: the machine is too busy for these times."""


_LATE: Final = Counter({"round.started": 1, "page.delivered": 1})


def a_ticket(title: str = "checkout returns 502 for one request in five") -> Ticket:
    """A ticket as an alert has it."""
    return Ticket(
        title=title,
        description="Since 14:02 the error rate of the payment gateway is above its objective. " * 3,
        severity=Severity.SEV2,
        service="payments",
        source="alertmanager",
        dedupe_key=uuid.uuid4().hex,
        event_id=uuid.uuid4().hex,
        labels={"cluster": "eu-west-1", "team": "payments", "alertname": "HighErrorRate"},
        opened_by=Actor(kind="integration", id="alertmanager"),
    )


async def open_one(stage: Stage, kind: Kind) -> str:
    """Open a ticket, or start a bare workflow the way the client opens a ticket; its key."""
    ticket = a_ticket()
    if kind == "ticket":
        return (await stage.tickets.open(ticket)).key
    key = key_from_bytes(uuid.uuid4().bytes)
    given: list[SearchAttributePair[Any]] = [
        SearchAttributePair(STATUS, "new"),
        SearchAttributePair(SEVERITY, ticket.severity.value),
        SearchAttributePair(SERVICE, ticket.service),
    ]
    await stage.client.start_workflow(
        "BareWorkflow",
        ticket,
        id=workflow_id(key),
        task_queue=BARE_QUEUE,
        start_signal="open",
        start_signal_args=[ticket],
        search_attributes=TypedSearchAttributes(given),
        static_summary=f"{ticket.severity.value} {ticket.title}",
        priority=priority_of(ticket),
    )
    return key


async def live(stage: Stage, kind: Kind, *, between: float, within: float = 120) -> str:
    """Live one life.

    Args:
        stage: where.
        kind: of what.
        between: seconds between two things that people do.
        within: seconds after which it counts as stuck.

    Returns:
        Its key.

    Raises:
        IncompleteError: when it is not over in time.
    """
    try:
        async with asyncio.timeout(within):
            key = await open_one(stage, kind)
            await stage.activities.paged[key, 2, 1].wait()
            for command in (Acknowledge(by=BOB), Resolve(by=BOB), Close(by=BOB)):
                await asyncio.sleep(between)
                await _do(stage.client, key, command)
            await handle_of(stage.client, key).result()
    except TimeoutError:
        raise IncompleteError(f"A {kind} was not over after {within:g} s.") from None
    return key


async def _do(client: Client, key: str, command: Command) -> Answer:
    command = command.model_copy(update={"event_id": uuid.uuid4().hex})
    handle = handle_of(client, key)
    answer: Answer = await handle.execute_update(command.name, command, id=command.event_id, result_type=Answer)
    return answer


def handle_of(client: Client, key: str) -> WorkflowHandle[Any, Any]:
    """The workflow of a key."""
    return client.get_workflow_handle(workflow_id(key))


async def check_whole(stage: Stage, key: str) -> None:
    """Make sure that a life was lived whole: closed, every entry in the journal, every message in the file.

    Raises:
        TooLateError: when all that is missing is the repeat.
        IncompleteError: when anything else is missing.
    """
    status = (await handle_of(stage.client, key).describe()).status
    kinds = Counter(stored.entry.kind for stored in stage.store.entries(workflow_id(key)))
    sent = [stored.entry.data["message_id"] for stored in stage.store.entries(workflow_id(key)) if _is_page(stored)]
    said = stage.messages.read_text(encoding="utf-8")
    if status is not WorkflowExecutionStatus.COMPLETED or kinds != Counter(WRITTEN):
        lacks, has = Counter(WRITTEN) - kinds, kinds - Counter(WRITTEN)
        kind = TooLateError if lacks == _LATE and not has else IncompleteError
        raise kind(f"{key} is {status}; its journal lacks {dict(lacks)}, and has {dict(has)} too many.")
    if any(said.count(f"id       {message}") != 1 for message in sent):
        raise IncompleteError(f"{key}: not every message is in the file exactly once.")


def _is_page(stored: Any) -> bool:
    return bool(stored.entry.kind == "page.delivered")


async def events(handle: WorkflowHandle[Any, Any]) -> list[Any]:
    """The events of a run, those left out that only a server that skips time writes."""
    history = await handle.fetch_history()
    return [event for event in history.events if name_of(event) not in _SKIPPED]


def name_of(event: Any) -> str:
    """What an event is called."""
    return EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
