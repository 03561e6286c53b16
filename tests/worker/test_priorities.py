"""What the keys of Temporal's task queues are for, shown on the real server (decision 21)."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.common import Priority
from temporalio.worker import Worker

from escalade.effects import ResolveRound
from escalade.engine import new_state
from escalade.people.resolve import RoundRequest
from escalade.testing import START
from escalade.ticket import Severity, Ticket
from worker.testing import real_server
from workflows.effects import priority_of_page


def key(severity: str, *, number: int = 1, rung: int = 1, purpose: str = "round", service: str = "x") -> Priority:
    state = new_state(
        Ticket(title="x", severity=Severity(severity), service=service), key="k", life="l", run="r", now=START
    )
    effect = ResolveRound.model_validate(
        {
            "id": "e",
            "rung": rung,
            "round": number,
            "purpose": purpose,
            "request": RoundRequest(targets=["person:ana"]),
            "due_at": START,
        }
    )
    return priority_of_page(state, effect)


@workflow.defn(name="Backlog", sandboxed=False)
class Backlog:
    """Wants many pages at once, in the order it is given."""

    @workflow.run
    async def run(self, pages: list[tuple[str, int, str]], queue: str) -> None:
        """Schedule all of them."""
        await asyncio.gather(
            *(
                workflow.execute_activity(
                    "serve",
                    name,
                    task_queue=queue,
                    start_to_close_timeout=timedelta(seconds=10),
                    priority=Priority(priority_key=rank, fairness_key=service),
                )
                for name, rank, service in pages
            )
        )


async def _waiting(client: Client, queue: str) -> int:
    """How many tasks the queue has by now; those that a workflow has only just wanted are not in it yet."""
    about = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        report_stats=True,
    )
    return (await client.workflow_service.describe_task_queue(about)).stats.approximate_backlog_count


async def test_the_first_page_of_a_ticket_is_served_before_repeats_and_a_flood_of_one_service_starves_no_other() -> (
    None
):
    served: list[str] = []

    @activity.defn(name="serve")
    async def serve(name: str) -> None:
        served.append(name)

    repeat, first, urgent = (
        key("sev3", number=2).priority_key,
        key("sev3").priority_key,
        key("sev1").priority_key,
    )
    assert repeat is not None
    assert first is not None
    assert urgent is not None
    flood = [(f"flood {n}", first, "noisy") for n in range(20)]
    backlog = [
        *((f"repeat {n}", repeat, "x") for n in range(5)),
        *flood,
        ("quiet", first, "quiet"),
        ("outage", urgent, "payments"),
    ]
    queue = f"serve-{uuid.uuid4()}"
    async with real_server() as client, Worker(client, task_queue="backlog", workflows=[Backlog]):
        handle = await client.start_workflow(Backlog.run, args=[backlog, queue], id="backlog", task_queue="backlog")
        async with asyncio.timeout(20):
            while await _waiting(client, queue) < len(backlog):
                await asyncio.sleep(0.05)
        async with Worker(client, task_queue=queue, activities=[serve], max_concurrent_activities=1):
            await handle.result()
    assert served[0] == "outage"
    assert [name for name in served if name.startswith("repeat")] == served[-5:]
    assert served.index("quiet") < 15  # not behind the whole flood


def test_a_repeat_never_goes_before_a_first_page_whatever_its_severity() -> None:
    def rank(*args: str, **more: object) -> int:
        found = key(*args, **more).priority_key  # type: ignore[arg-type]
        assert found is not None
        return found

    assert rank("sev1") < rank("sev5") < rank("sev1", number=2) <= rank("sev1", rung=2)
    assert rank("sev5", number=2) < rank("sev1", purpose="notice")
    assert key("sev1", service="payments").fairness_key == "payments"
