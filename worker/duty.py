"""The workflow of duty notices: there while some schedule asks for notices, and told when duty was changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from activities.contracts import JOURNAL_QUEUE
from escalade.people import Roster
from escalade.people.notices import wants_notices
from worker.connection import call_failed

DUTY: Final = "duty/notices"
SIGNAL: Final = "duty_changed"
_CALL: Final = timedelta(seconds=5)


async def wake_duty(client: Client, roster: Roster) -> bool:
    """See that duty notices are looked after, and looked at now. Every worker may do it, and again.

    Args:
        client: a worker's client.
        roster: whose schedules may ask for notices.

    Returns:
        Whether some schedule does.

    Raises:
        UnreachableError: when Temporal does not take it.
    """
    wanted = wants_notices(roster)
    try:
        if wanted:
            await client.start_workflow(
                "DutyWorkflow",
                id=DUTY,
                task_queue=JOURNAL_QUEUE,
                start_signal=SIGNAL,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                static_summary="tells who comes on duty and who goes",
                rpc_timeout=_CALL,
            )
        else:
            await client.get_workflow_handle(DUTY).signal(SIGNAL, rpc_timeout=_CALL)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise call_failed(client, error) from error
    return wanted
