"""The part of the doctor that asks Temporal."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    GetSystemInfoRequest,
)
from temporalio.client import Client, ScheduleActionExecutionStartWorkflow, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.contracts import JOURNAL_QUEUE, PAGES_QUEUE, TICKETS_QUEUE
from escalade.errors import EscaladeError
from worker import search_attributes
from worker.connection import call_failed
from worker.watch import SWEEP

Row = tuple[str, Literal["ok", "warning", "error"], str, str]

_CALL: Final = timedelta(seconds=5)
_OLDEST: Final = (1, 25)
"""The first server that keeps what we ask of it: update, signal-with-start with search attributes, task priority."""
_POLLS_WITHIN: Final = timedelta(seconds=100)
"""A worker asks again after a minute without a task; Temporal names it for five minutes after its last question."""
_LOOKS_WITHIN: Final = timedelta(minutes=3)
"""The sweep starts each minute; one that hangs is ended after 55 seconds."""
_POLLED: Final = {
    TICKETS_QUEUE: (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,),
    PAGES_QUEUE: (TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,),
    JOURNAL_QUEUE: (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
}


async def examine_temporal(client: Client, *, now: Callable[[], datetime]) -> list[Row]:
    """Ask a server that answers for everything Escalade needs of it.

    Args:
        client: connected.
        now: the clock that is compared with the server's.
    """
    found: list[Row] = []
    ahead = timedelta(0)
    try:
        ahead, clock = await _clock(client, now)
    except RPCError as error:
        failed = call_failed(client, error)
        clock = ("clock", "error", failed.message, failed.mend or "")
    looks = (
        _version(client),
        _namespace(client),
        _attributes(client),
        _pollers(client, lambda: now() + ahead),
        _watch(client, lambda: now() + ahead),
    )
    for look in looks:
        try:
            found += [row async for row in look]
        except RPCError as error:
            failed = call_failed(client, error)
            found.append(("temporal", "error", failed.message, failed.mend or ""))
        except EscaladeError as error:
            found.append(("temporal", "error", error.message, error.mend or ""))
    if not any(level == "error" and name in ("namespace", "temporal") for name, level, _, _ in found):
        found.append(clock)
    return found


async def _version(client: Client) -> AsyncIterator[Row]:
    info = await client.workflow_service.get_system_info(GetSystemInfoRequest(), timeout=_CALL)
    numbers = tuple(int(part) for part in info.server_version.split(".")[:2] if part.isdigit())
    if numbers and numbers < _OLDEST:
        mend = f"Upgrade it to {_OLDEST[0]}.{_OLDEST[1]} or newer."
        yield "version", "error", f"Temporal server {info.server_version} is too old.", mend
    else:
        yield "version", "ok", f"Temporal server {info.server_version or 'of an unknown version'}", ""


async def _namespace(client: Client) -> AsyncIterator[Row]:
    try:
        there = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=client.namespace), timeout=_CALL
        )
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        mend = f"Make it: temporal operator namespace create {client.namespace}, or set TEMPORAL_NAMESPACE."
        yield "namespace", "error", f"There is no namespace {client.namespace!r}.", mend
        return
    kept: Duration = there.config.workflow_execution_retention_ttl
    days = kept.ToTimedelta() / timedelta(days=1)
    yield "namespace", "ok", f"{client.namespace!r} keeps closed tickets for {days:g} days (the journal keeps all)", ""


async def _attributes(client: Client) -> AsyncIterator[Row]:
    absent = await search_attributes.missing(client)
    if absent:
        mend = f"A worker registers them when it starts; or run: {search_attributes.register_command(absent)}"
        yield "search attributes", "error", f"Not registered: {', '.join(absent)}.", mend
    else:
        yield "search attributes", "ok", f"all {len(search_attributes.ALL)} are registered", ""


async def _pollers(client: Client, now: Callable[[], datetime]) -> AsyncIterator[Row]:
    for queue, kinds in _POLLED.items():
        workers = set()
        absent = []
        gone: dict[str, datetime] = {}
        for kind in kinds:
            there = await client.workflow_service.describe_task_queue(
                DescribeTaskQueueRequest(
                    namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
                ),
                timeout=_CALL,
            )
            asked = now()
            polled = {poller.identity: poller.last_access_time.ToDatetime(UTC) for poller in there.pollers}
            present = {name for name, at in polled.items() if asked - at <= _POLLS_WITHIN}
            gone |= {name: at for name, at in polled.items() if name not in present}
            workers |= present
            if not present:
                absent.append(TaskQueueType.Name(kind).removeprefix("TASK_QUEUE_TYPE_").lower())
        if absent:
            mend = "Start one with `escalade up` or `escalade worker`; tickets wait for it, none is lost."
            last = max(gone.items(), key=lambda one: one[1], default=None)
            was = f" {last[0]} last did at {last[1]:%H:%M:%S}Z: it is frozen, or gone." if last is not None else ""
            yield "workers", "error", f"No worker polls {queue} for {' and '.join(absent)} tasks.{was}", mend
        else:
            yield "workers", "ok", f"{len(workers)} poll {queue}", ""


async def _watch(client: Client, now: Callable[[], datetime]) -> AsyncIterator[Row]:
    try:
        there = await client.get_schedule_handle(SWEEP).describe(rpc_timeout=_CALL)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        mend = "A worker makes it when it starts."
        yield "watch", "warning", f"There is no schedule {SWEEP}: nothing looks for late tickets.", mend
        return
    if there.schedule.state.paused:
        mend = f"temporal schedule toggle --unpause --schedule-id {SWEEP}"
        yield "watch", "error", f"The schedule {SWEEP} is paused: {there.schedule.state.note or 'no reason'}.", mend
        return
    looks = there.info.recent_actions
    last = f", last at {looks[-1].started_at:%H:%M:%S}Z" if looks else ", not yet"
    # Until it has looked for the first time, its age is that of the schedule.
    since = looks[-1].started_at if looks else there.info.created_at
    late = now() - since
    if late > _LOOKS_WITHIN:
        mend = "Its runs need a worker that answers: see the rows of workers, and the worker's log."
        minutes = late // timedelta(minutes=1)
        yield "watch", "error", f"Nothing has looked at the open tickets for {minutes} minutes{last}.", mend
        return
    # Temporal starts it also while no worker runs: what counts is how the last one that is over ended.
    for look in reversed(looks[-3:]):
        assert isinstance(look.action, ScheduleActionExecutionStartWorkflow)
        run = client.get_workflow_handle(look.action.workflow_id, run_id=look.action.first_execution_run_id)
        status = (await run.describe(rpc_timeout=_CALL)).status
        if status == WorkflowExecutionStatus.COMPLETED:
            break
        if status is not None and status != WorkflowExecutionStatus.RUNNING:
            mend = "It needs a worker that answers: see the rows of workers, and the worker's log."
            how = status.name.lower().replace("_", " ")
            yield "watch", "error", f"The look at all open tickets of {look.started_at:%H:%M:%S}Z {how}.", mend
            return
    yield "watch", "ok", f"looks at all open tickets each minute{last}", ""


async def _clock(client: Client, now: Callable[[], datetime]) -> tuple[timedelta, Row]:
    """Compare clocks by the instant the server gives to a workflow that is started for it and ended at once.

    Returns:
        How far the server's clock is ahead of this machine's, and what to say of it.
    """
    before = now()
    handle = await client.start_workflow(
        "DoctorProbe",
        id=f"doctor/{uuid.uuid4().hex}",
        task_queue="escalade-doctor",
        execution_timeout=timedelta(seconds=10),
        rpc_timeout=_CALL,
    )
    after = now()
    there = (await handle.describe(rpc_timeout=_CALL)).start_time
    await handle.terminate("the doctor has read the clock", rpc_timeout=_CALL)
    # What lies between before and after cannot be told apart from the way there.
    skew = max(before - there, there - after, timedelta(0))
    ahead = there - before if there < before else there - after if there > after else timedelta(0)
    says = f"this machine's clock and the server's differ by {skew.total_seconds():.1f} s"
    if skew < timedelta(seconds=2):
        return ahead, ("clock", "ok", says, "")
    level: Literal["warning", "error"] = "warning" if skew < timedelta(seconds=30) else "error"
    return ahead, ("clock", level, f"{says[0].upper()}{says[1:]}.", "Let both take their time from NTP.")
