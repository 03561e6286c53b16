"""Reading the calendar feeds of schedules, started by a schedule of Temporal's own."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities import contracts
    from escalade.messages.feeds import FeedsReport


@workflow.defn(name="FeedsWorkflow")
class FeedsWorkflow:
    """One look at the feeds that are due. One that fails is looked at again on the next rhythm, not before."""

    @workflow.run
    async def run(self) -> FeedsReport:
        """Look."""
        return await workflow.execute_activity(
            contracts.feeds,
            task_queue=contracts.JOURNAL_QUEUE,
            start_to_close_timeout=timedelta(seconds=50),
            retry_policy=RetryPolicy(maximum_attempts=1),
            summary="read the calendar feeds that are due",
        )
