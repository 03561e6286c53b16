"""Forwards to a ticket what was said to a workflow under another id."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any, Final

from temporalio import activity
from temporalio.client import Client
from temporalio.common import Priority
from temporalio.service import RPCError, RPCStatusCode

from activities.contracts import TICKETS_QUEUE
from escalade.messages.stray import ForwardRequest
from escalade.ticket import Ticket, workflow_id

_CALL: Final = timedelta(seconds=5)
_log = logging.getLogger(__name__)


@activity.defn(name="forward")
async def forward(request: ForwardRequest) -> None:
    """Open the ticket, or add to it, and pass on the signals; event ids make a second attempt the same as the first."""
    client = activity.client()
    if request.ticket is not None:
        await _open(client, request.key, request.ticket, request.ticket)
    for name, payload in request.signals:
        if name == "open":
            await _open(client, request.key, payload, request.ticket)
            continue
        try:
            await client.get_workflow_handle(workflow_id(request.key)).signal(name, payload, rpc_timeout=_CALL)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            _log.warning("%s was not taken: the ticket is over.", name, extra={"ticket": request.key})


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
