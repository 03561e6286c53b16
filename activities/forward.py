"""Forwards to a ticket what was said to a workflow under another id."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import Priority
from temporalio.service import RPCError, RPCStatusCode

from activities.contracts import TICKETS_QUEUE
from escalade.messages.stray import Forwarded, ForwardRequest
from escalade.ticket import Ticket, workflow_id

_CALL: Final = timedelta(seconds=5)

_WHILE: Final = 3.0
"""Seconds after which no further signal is passed on: the attempt ends in time to say how far it came."""

FOR_GOOD: Final = (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT)
"""What a server says to a signal that it will never take: the ticket is over, or its run has had all it may have."""

_log = logging.getLogger(__name__)


@activity.defn(name="forward")
async def forward(request: ForwardRequest) -> Forwarded:
    """Open the ticket, or add to it; pass on signals, as many as there is time for.

    Event ids make a second attempt the same as the first.

    Returns:
        How far it came: whoever asked goes on from there.

    Raises:
        RPCError: when not even the first could be done.
    """
    if request.ticket is not None:
        await _open(activity.client(), request.key, request.ticket, request.ticket)
    return await pass_on(activity.client(), request)


async def pass_on(client: Client, request: ForwardRequest, *, clock: Callable[[], float] = time.monotonic) -> Forwarded:
    """Pass on signals; see `forward`.

    Args:
        client: where the ticket is.
        request: what to pass on.
        clock: seconds that only go forward.
    """
    told = Forwarded()
    until = clock() + _WHILE
    for name, payload in request.signals:
        if told.done and clock() >= until:
            break
        try:
            if name == "open":
                await _open(client, request.key, payload, None)
            else:
                await client.get_workflow_handle(workflow_id(request.key)).signal(name, payload, rpc_timeout=_CALL)
        except RPCError as error:
            if error.status not in FOR_GOOD:
                if told.done:
                    break  # the next attempt begins with this one, and fails if it must
                raise
            told.refused += 1
            _log.warning("%s was not taken: %s", name, error, extra={"ticket": request.key})
        told.done += 1
    return told


@activity.defn(name="forward_goal")
async def forward_goal(request: ForwardRequest) -> bool:
    """Whether the ticket is there and open. The server's own word: no worker has to be asked."""
    try:
        found = await activity.client().get_workflow_handle(workflow_id(request.key)).describe(rpc_timeout=_CALL)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return False
    return found.status is WorkflowExecutionStatus.RUNNING


async def _open(client: Client, key: str, payload: Ticket | dict[str, Any], ticket: Ticket | None) -> None:
    # The loudest and in no queue of a service, where it is not known: a page must not wait for that.
    rank, service = (ticket.severity.rank, ticket.service[:60]) if ticket else (1, "")
    await client.start_workflow(
        "TicketWorkflow",
        payload,
        id=workflow_id(key),
        task_queue=TICKETS_QUEUE,
        start_signal="open",
        start_signal_args=[payload],
        static_summary=f"{ticket.severity.value} {ticket.title}"[:200] if ticket else None,
        priority=Priority(priority_key=rank, fairness_key=service or None),
        rpc_timeout=_CALL,
    )
