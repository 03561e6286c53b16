"""Tickets as a client sees them: open, command, look. Every call is bounded, every failure a sentence."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn, TypeVar

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import Priority, SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.queues import TICKETS_QUEUE
from escalade.errors import EscaladeError, RefusedError, TicketNotFoundError, UnreachableError
from escalade.messages import Answer, ClockWhy, Command, TicketView, Upcoming
from escalade.record import Entry
from escalade.ticket import Severity, Status, Ticket, key_for, workflow_id
from escalade.time.instants import format_instant
from worker import search_attributes
from worker.connection import call_failed, connect
from worker.settings import Settings

TICKET_WORKFLOW: Final = "TicketWorkflow"
OPEN_SIGNAL: Final = "open"

_CALL: Final = timedelta(seconds=5)
"""How long one call that needs no worker may take."""
_MARGIN: Final = timedelta(seconds=1)
"""What the outer bound leaves to the inner one, whose error says more."""

T = TypeVar("T")


class NoWorkerError(UnreachableError):
    """No worker answers for this ticket."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message, mend="Nothing is lost: start one with `escalade up` or `escalade worker`.")


@dataclass(frozen=True)
class Opened:
    """A ticket that Temporal holds now."""

    key: str
    life: str
    """The first run id of its workflow."""
    existed: bool
    """Whether the key was open already: then the ticket was added to its timeline."""
    ticket: Ticket
    """As it was sent, with its event id."""


class TicketClient:
    """Opens tickets and sends them commands.

    Use it inside the event loop it was made in, and await every call before the process ends: a process that ends
    with a call in flight can abort (temporalio/sdk-python#300).
    """

    def __init__(
        self, client: Client, *, queue: str = TICKETS_QUEUE, answer_within: timedelta = timedelta(seconds=5)
    ) -> None:
        """Take a connected client.

        Args:
            client: made with Escalade's plugin (`worker.connection.connect`).
            queue: where the workers of tickets poll.
            answer_within: how long a command or a question waits for a worker.
        """
        self.client = client
        self.queue = queue
        self.answer_within = answer_within

    async def open(self, ticket: Ticket) -> Opened:
        """Open a ticket, or add to the open one of the same key. Needs no worker.

        Args:
            ticket: what it says; an event id is given to it when it has none.

        Raises:
            UnreachableError: when Temporal did not take it.
        """
        mend = _mend_of_opening(ticket)
        ticket = ticket.model_copy(update={"event_id": ticket.event_id or uuid.uuid4().hex})
        key = key_of_new(ticket)
        attributes: list[SearchAttributePair[Any]] = [
            SearchAttributePair(search_attributes.STATUS, Status.NEW.value),
            SearchAttributePair(search_attributes.SEVERITY, ticket.severity.value),
        ]
        if ticket.service:
            attributes.append(SearchAttributePair(search_attributes.SERVICE, ticket.service))
        if ticket.tags:
            attributes.append(SearchAttributePair(search_attributes.TAGS, ticket.tags))
        handle = await self._call(
            self.client.start_workflow(
                TICKET_WORKFLOW,
                ticket,
                id=workflow_id(key),
                task_queue=self.queue,
                start_signal=OPEN_SIGNAL,
                start_signal_args=[ticket],
                search_attributes=TypedSearchAttributes(attributes),
                static_summary=f"{ticket.severity.value} {ticket.title}"[:200],
                priority=priority_of(ticket),
                rpc_timeout=_CALL,
            ),
            mend=mend,
        )
        # The SDK gives the first run id also when the workflow existed; only the server's answer tells them apart.
        started = bool(handle._start_workflow_response.started)  # type: ignore[union-attr] # noqa: SLF001
        return Opened(key=key, life=handle.first_execution_run_id or "", existed=not started, ticket=ticket)

    async def command(self, key: str, command: Command) -> Answer:
        """Send a command and wait for the answer; without a worker in time, leave it with Temporal.

        Args:
            key: the whole key of the ticket.
            command: what is asked; an event id is given to it when it has none.

        Returns:
            The answer. `confirmed` is False when no worker has handled it yet: it will be, once, when one runs.

        Raises:
            RefusedError: when the ticket refuses, with its code; `closed` when it is over.
            TicketNotFoundError: when there never was one.
            UnreachableError: when Temporal did not take it.
        """
        mend = _mend_of_command(key, command)
        command = command.model_copy(update={"event_id": command.event_id or uuid.uuid4().hex})
        handle = self._handle(key)
        try:
            return await self._update(handle, command)
        except WorkflowUpdateFailedError as error:
            raise _refusal(error) from None
        except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError):
            return await self._leave_with_temporal(key, command, mend)
        except RPCError as error:
            # Not ready: the run was just continuing as new, or its task failed once. A signal cannot be lost to
            # that, and the event id makes it the same command.
            if error.status in (*_UNANSWERED, *_NOT_READY):
                return await self._leave_with_temporal(key, command, mend)
            raise await self._explain(key, error) from None

    async def _update(self, handle: WorkflowHandle[Any, Any], command: Command) -> Answer:
        for left in (2, 1, 0):
            try:
                return await self._bounded(
                    handle.execute_update(
                        command.name,
                        command,
                        id=command.event_id,
                        result_type=Answer,
                        rpc_timeout=self.answer_within,
                    ),
                    within=self.answer_within,
                )
            except RPCError as error:
                if error.status not in _NOT_READY or not left:
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def signal(self, key: str, command: Command) -> Answer:
        """Leave a command with Temporal, as a system does: it is handled once, when a worker runs."""
        mend = _mend_of_command(key, command)
        command = command.model_copy(update={"event_id": command.event_id or uuid.uuid4().hex})
        return await self._leave_with_temporal(key, command, mend)

    async def view(self, key: str, *, at: datetime | None = None) -> TicketView:
        """Where a ticket stands; also of a closed one, while Temporal keeps it.

        Args:
            key: its key.
            at: the instant its clocks are read at; that of its last change when omitted.

        Raises:
            NoWorkerError: when none answers in time.
            TicketNotFoundError: when there is none.
        """
        return await self._query(key, "view", TicketView, *([format_instant(at)] if at is not None else []))

    async def why(self, key: str, clock: str, *, at: datetime) -> ClockWhy | None:
        """Why a clock is due when it is, as of an instant; None when the ticket has no such clock."""
        return await self._query(key, "why", ClockWhy | None, clock, format_instant(at))  # type: ignore[arg-type]  # mypy takes a union for no type

    async def running(self, key: str) -> Status | None:
        """How a ticket stands whose workflow runs, None when none does. Needs no worker, and so may be a little late.

        Raises:
            UnreachableError: when Temporal does not answer.
        """
        try:
            there = await self._bounded(self._handle(key).describe(rpc_timeout=_CALL), within=_CALL)
        except TimeoutError:
            raise UnreachableError(f"Temporal did not say whether ticket {key} is open.") from None
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND and "amespace" not in error.message:
                return None
            raise call_failed(self.client, error) from None
        if there.status != WorkflowExecutionStatus.RUNNING:
            return None
        return Status(there.typed_search_attributes.get(search_attributes.STATUS) or Status.NEW)

    async def timeline(self, key: str) -> list[Entry]:
        """The newest entries of a ticket; the journal has all of them."""
        return await self._query(key, "timeline", list[Entry])

    async def upcoming(self, key: str) -> list[Upcoming]:
        """What happens next, when, and why."""
        return await self._query(key, "upcoming", list[Upcoming])

    async def _query(self, key: str, name: str, kind: type[T], *args: str) -> T:
        try:
            return await self._bounded(
                self._handle(key).query(name, args=args, result_type=kind, rpc_timeout=self.answer_within),
                within=self.answer_within,
            )
        except WorkflowQueryFailedError as error:
            raise EscaladeError(f"Ticket {key} could not be read: {error}.") from None
        except TimeoutError:
            raise NoWorkerError(f"No worker answers for ticket {key}.") from None
        except RPCError as error:
            if error.status in _UNANSWERED or error.status == RPCStatusCode.FAILED_PRECONDITION:
                raise NoWorkerError(f"No worker answers for ticket {key}.") from None
            raise await self._explain(key, error) from None

    async def _leave_with_temporal(self, key: str, command: Command, mend: str) -> Answer:
        handle = self._handle(key)
        try:
            await self._bounded(handle.signal(command.name, command, rpc_timeout=_CALL), within=_CALL)
            described = await self._bounded(handle.describe(rpc_timeout=_CALL), within=_CALL)
        except TimeoutError:
            raise UnreachableError(
                f"Temporal did not say whether it took {command.name} for ticket {key}.", mend=mend
            ) from None
        except RPCError as error:
            raise await self._explain(key, error) from None
        known = described.typed_search_attributes
        return Answer(
            key=key,
            text=f"Accepted, not yet confirmed: no worker has handled {command.name} so far. It will be when one runs.",
            # The index may lag and knows no owner: it is what can be said without a worker.
            status=Status(known.get(search_attributes.STATUS) or Status.NEW),
            severity=Severity(known.get(search_attributes.SEVERITY) or Severity.SEV3),
            confirmed=False,
        )

    async def _explain(self, key: str, error: RPCError) -> EscaladeError:
        if error.status == RPCStatusCode.NOT_FOUND and "amespace" not in error.message:
            if "already completed" in error.message:
                return RefusedError(f"Ticket {key} is closed.", code="closed", mend="Open a new one.")
            return TicketNotFoundError(f"There is no ticket {key}.", mend="`escalade ticket list` shows what there is.")
        return call_failed(self.client, error)

    def _handle(self, key: str) -> WorkflowHandle[Any, Any]:
        # Never with a run id: a handle to one run fails after continue-as-new.
        return self.client.get_workflow_handle(workflow_id(key))

    async def _call(self, call: Awaitable[T], *, mend: str) -> T:
        address = self.client.service_client.config.target_host
        late = UnreachableError(f"Temporal at {address} did not answer within {_CALL.total_seconds():g} s.", mend=mend)
        try:
            return await self._bounded(call, within=_CALL)
        except TimeoutError:
            raise late from None
        except RPCError as error:
            if error.status in _UNANSWERED:
                raise late from None
            raise call_failed(self.client, error) from None

    @staticmethod
    async def _bounded(call: Awaitable[T], *, within: timedelta) -> T:
        # rpc_timeout bounds one attempt; the SDK's retries are bounded here.
        return await asyncio.wait_for(call, (within + _MARGIN).total_seconds())


_UNANSWERED: Final = (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)
_NOT_READY: Final = (RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.ABORTED)


def key_of_new(ticket: Ticket) -> str:
    """The key a ticket gets: of its dedupe key, or of the event that opens it."""
    return key_for(ticket.model_copy(update={"event_id": ticket.event_id or uuid.uuid4().hex}))


def _mend_of_opening(ticket: Ticket) -> str:
    """What to do when nobody knows whether an opening was taken."""
    if ticket.dedupe_key is not None:
        return "Try again: the same dedupe key is never two tickets."
    if ticket.event_id:
        return "Try again with the same event id: it is never handled twice."
    return "It may have been taken: `escalade ticket list` shows it; try again only if it is not there."


def _mend_of_command(key: str, command: Command) -> str:
    if command.event_id:
        return "Send it again with the same event id: it is never handled twice."
    return f"It may have been taken: `escalade ticket show {key}` shows it; send it again only if it is not there."


def priority_of(ticket: Ticket) -> Priority:
    """Worst severities first, and services fairly beside one another."""
    return Priority(priority_key=ticket.severity.rank, fairness_key=ticket.service[:60] or None)


def _refusal(error: WorkflowUpdateFailedError) -> RefusedError:
    cause = error.cause
    if isinstance(cause, ApplicationError):
        return RefusedError(cause.message, code=cause.type or "refused")
    return RefusedError(str(cause))


@asynccontextmanager
async def ticket_client(
    settings: Settings, env: Mapping[str, str], *, answer_within: timedelta = timedelta(seconds=5)
) -> AsyncIterator[TicketClient]:
    """Connect for the length of a block.

    Raises:
        UnreachableError: when nothing answers.
    """
    yield TicketClient(await connect(settings, env), answer_within=answer_within)


def leave(code: int) -> NoReturn:
    """End a process that has talked to Temporal at once, with its logs written.

    An ordinary end would wait for the callback of a call in flight in a loop that is gone, and abort
    (temporalio/sdk-python#300).
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        # Nobody may be reading any more, and the code says more than that.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)
