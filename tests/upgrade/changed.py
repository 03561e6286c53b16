"""A ticket whose code was changed without a branch for those that are open: the replay of any history must fail."""

from __future__ import annotations

from typing import Any

from temporalio import workflow

from workflows.ticket import TicketWorkflow


@workflow.defn(name="TicketWorkflow")
class Changed(TicketWorkflow):
    """One command more than what is recorded."""

    @workflow.init
    def __init__(self, *start: Any) -> None:
        super().__init__(*start)

    @workflow.run
    async def run(self, *start: Any) -> str:
        workflow.upsert_memo({"changed": True})
        return await super().run(*start)
