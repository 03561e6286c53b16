"""The watch's place in Temporal: two schedules, and tickets as the watch asks them."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any, Final

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    WorkflowExecutionStatus,
    WorkflowHandle,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.contracts import JOURNAL_QUEUE
from escalade.errors import EscaladeError, TicketNotFoundError
from escalade.messages import Command, TicketView, Upcoming
from escalade.messages.watch import WatchRequest
from escalade.people import Roster
from escalade.ticket import WORKFLOW_PREFIX, Ticket, key_of, workflow_id
from worker.client import TICKET_WORKFLOW, TicketClient
from worker.connection import call_failed
from worker.duty import wake_duty
from worker.maintenance import tell_ticket

_LOG = logging.getLogger(__name__)

SWEEP: Final = "escalade-sweep"
CANARY: Final = "escalade-canary"
_CALL: Final = timedelta(seconds=10)
_TICKETS: Final = f"WorkflowType = '{TICKET_WORKFLOW}' AND ExecutionStatus = 'Running'"


async def schedule_watch(client: Client, *, canary_every: timedelta | None) -> None:
    """Make Temporal start the watch each minute, and the canary on its rhythm. Every worker may do it, and again.

    Args:
        client: a worker's client.
        canary_every: the canary's rhythm; None takes its schedule away.

    Raises:
        UnreachableError: when Temporal does not take it.
    """
    try:
        await ensure(client, SWEEP, on_rhythm("WatchWorkflow", "watch/sweep", [WatchRequest()], timedelta(minutes=1)))
        if canary_every is not None:
            await ensure(client, CANARY, on_rhythm("CanaryWorkflow", "watch/canary", [], canary_every))
        else:
            await remove(client, CANARY)
    except RPCError as error:
        raise call_failed(client, error) from error


def on_rhythm(workflow: str, workflow_id_: str, args: list[WatchRequest], every: timedelta) -> Schedule:
    """A schedule that starts a workflow of the journal's queue on a rhythm, one at a time."""
    return Schedule(
        action=ScheduleActionStartWorkflow(
            workflow,
            args=args,
            id=workflow_id_,
            task_queue=JOURNAL_QUEUE,
            # Ended before the next one: with overlaps skipped, a run that hangs would otherwise be the last.
            execution_timeout=min(every, timedelta(minutes=2)) - timedelta(seconds=5),
            static_summary="looks after the tickets",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        # Missed looks are not made up for: the next one sees the same.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)),
    )


async def ensure(client: Client, name: str, schedule: Schedule) -> None:
    """Make a schedule, or change the one of this name."""
    try:
        await client.create_schedule(name, schedule, rpc_timeout=_CALL)
    except ScheduleAlreadyRunningError:
        handle = client.get_schedule_handle(name)
        there = await handle.describe(rpc_timeout=_CALL)
        # An operator's pause is left as it is.
        schedule.state = there.schedule.state
        await handle.update(lambda _: ScheduleUpdate(schedule), rpc_timeout=_CALL)


async def remove(client: Client, name: str) -> None:
    """Take a schedule away, if it is there."""
    try:
        await client.get_schedule_handle(name).delete(rpc_timeout=_CALL)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise


class _AnyTickets(TicketClient):
    """Tickets by the id of their workflow, which need not be that of a ticket."""

    def _handle(self, key: str) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(key)


class WatchedTickets:
    """`activities.watch.Tickets` and `activities.canary.Tickets`, on Temporal."""

    def __init__(self, client: Client, *, answer_within: timedelta = timedelta(seconds=5)) -> None:
        """Take a worker's client; a ticket that does not answer so soon is silent."""
        self._client = client
        self._tickets = TicketClient(client, answer_within=answer_within)
        self._strays = _AnyTickets(client, answer_within=answer_within)

    async def overdue(self, before: datetime) -> list[str]:
        """Open tickets that the index calls due before an instant, or whose workflow tasks fail."""
        found = await self._ids(f"{_TICKETS} AND TicketDue < '{before.isoformat()}'")
        try:
            found += await self._ids(f"{_TICKETS} AND TemporalReportedProblems IS NOT NULL")
        except EscaladeError:
            # Servers before 1.29 do not know that attribute.
            _LOG.debug("The server does not report problems of workflows.")
        return sorted(set(found))

    async def unadmitted(self, before: datetime) -> list[str]:
        """Tickets that run since before an instant, and have not written their policy into the index."""
        return await self._ids(f"{_TICKETS} AND StartTime < '{before.isoformat()}' AND TicketPolicy IS NULL")

    async def running(self) -> list[str]:
        """All tickets whose workflow runs."""
        return await self._ids(_TICKETS)

    async def is_running(self, key: str) -> bool:
        """Whether a ticket's workflow runs."""
        return await self.runs(workflow_id(key))

    async def runs(self, workflow: str) -> bool:
        """Whether a workflow runs, and is a ticket's."""
        try:
            there = await self._client.get_workflow_handle(workflow).describe(rpc_timeout=_CALL)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return False
            raise call_failed(self._client, error) from error
        return there.status == WorkflowExecutionStatus.RUNNING and there.workflow_type == TICKET_WORKFLOW

    async def view(self, key: str) -> TicketView:
        """Where a ticket stands."""
        return await self._tickets.view(key)

    async def standing(self, workflow: str) -> TicketView:
        """Where the ticket of a workflow stands."""
        tickets, key = self._addressed(workflow)
        return await tickets.view(key)

    async def upcoming(self, workflow: str) -> list[Upcoming]:
        """What falls due next for a ticket that is open; nothing lies ahead of one that just closed."""
        tickets, key = self._addressed(workflow)
        upcoming = await tickets.upcoming(key)
        if upcoming and not await self.runs(workflow):
            raise TicketNotFoundError(f"Ticket {key} is closed.")
        return upcoming

    def _addressed(self, workflow: str) -> tuple[TicketClient, str]:
        """How a workflow is asked."""
        if workflow.startswith(WORKFLOW_PREFIX):
            return self._tickets, key_of(workflow)
        return self._strays, workflow

    async def open(self, ticket: Ticket) -> str:
        """Open a ticket; its key."""
        return (await self._tickets.open(ticket)).key

    async def command(self, key: str, command: Command) -> bool:
        """Send a command; whether a worker confirmed it."""
        return (await self._tickets.command(key, command)).confirmed

    async def maintenance_changed(self, key: str) -> bool:
        """Make a ticket ask which maintenance windows concern it; whether it took that."""
        return await tell_ticket(self._client, key)

    async def duty_changed(self, roster: Roster) -> None:
        """Make the workflow of duty notices look again."""
        await wake_duty(self._client, roster)

    async def roster_changed(self, key: str) -> None:
        """Make a ticket that waits for somebody on duty look again; one that is over has nothing to look for."""
        try:
            await self._client.get_workflow_handle(workflow_id(key)).signal("roster_changed", rpc_timeout=_CALL)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise call_failed(self._client, error) from error

    async def _ids(self, query: str) -> list[str]:
        try:
            return [found.id async for found in self._client.list_workflows(query, rpc_timeout=_CALL)]
        except RPCError as error:
            raise call_failed(self._client, error) from error
