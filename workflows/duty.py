"""Duty notices as one durable workflow: it sleeps until the next is due, or until duty was changed.

What is due is worked out by an activity each time, so that overrides made meanwhile count; what was told is carried
along, and the delivery ledger knows it as well.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities import contracts
    from escalade.messages import JournalBatch, PageRequest, TicketBrief
    from escalade.messages.duty import DutyPlan, DutyRequest, DutyState, PreparedNotice
    from escalade.ticket import Severity, Status

LOOK: Final = timedelta(hours=6)
"""It looks again after so long, whatever is due: a change of duty that it was not told of counts then at the latest."""
AGAIN: Final = timedelta(minutes=2)
"""It looks again so soon when a notice could not be sent."""
LONG: Final = 2000
"""Events after which it continues as new; sooner when Temporal suggests it."""


@workflow.defn(name="DutyWorkflow")
class DutyWorkflow:
    """Tells both sides of handoffs, and owners of gaps. One for all schedules. Signal: `duty_changed`."""

    @workflow.init
    def __init__(self, state: DutyState | None = None) -> None:
        """Take up what was told; nothing at first."""
        self._told = dict(state.told) if state is not None else {}
        self._woken = False

    @workflow.run
    async def run(self, state: DutyState | None = None) -> None:  # noqa: ARG002  read in __init__, before any handler
        """Tell what is due, sleep, and go on for ever."""
        while True:
            self._woken = False
            plan = await self._look()
            sent = [await self._tell(notice) for notice in plan.notices]
            now = workflow.now()
            self._told = {name: until for name, until in self._told.items() if until > now}
            info = workflow.info()
            if info.is_continue_as_new_suggested() or info.get_current_history_length() > LONG:
                workflow.continue_as_new(DutyState(told=self._told))
            await self._sleep(plan, failed=not all(sent))

    @workflow.signal(name="duty_changed")
    def duty_changed(self, *_: Any) -> None:
        """Somebody changed who is on duty, or the configuration: look again."""
        self._woken = True

    async def _look(self) -> DutyPlan:
        return await workflow.execute_activity(
            contracts.duty,
            DutyRequest(at=workflow.now(), told=sorted(self._told)),
            task_queue=contracts.JOURNAL_QUEUE,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=1)),
            summary="what is to be told about duty",
        )

    async def _tell(self, notice: PreparedNotice) -> bool:
        """Send a notice; whether it need not be tried again."""
        brief = TicketBrief(
            key="",
            life="",
            title=notice.subject[:200],
            severity=Severity.SEV5,
            status=Status.NEW,
            opened_at=workflow.now(),
        )
        try:
            await workflow.execute_activity(
                contracts.page,
                PageRequest(
                    round_id=notice.id,
                    purpose="notice",
                    form="duty",
                    brief=brief,
                    people=[notice.person],
                    scheduled_at=notice.due,
                    subject=notice.subject,
                    text=notice.text,
                    batch=JournalBatch(stream=notice.entry.stream, life="", entries=[notice.entry]),
                ),
                task_queue=contracts.PAGES_QUEUE,
                start_to_close_timeout=timedelta(seconds=90),
                heartbeat_timeout=timedelta(seconds=3),
                retry_policy=RetryPolicy(maximum_attempts=5),
                priority=Priority(priority_key=5),
                summary=notice.id[:200],
            )
        except ActivityError as error:
            workflow.logger.error("A duty notice could not be sent: %s", error.cause)
            return False
        self._told.update(dict.fromkeys(notice.ids, notice.forget))
        return True

    async def _sleep(self, plan: DutyPlan, *, failed: bool) -> None:
        if plan.next_at is None and not failed and not plan.notices:
            # No schedule asks for notices: whoever changes that says so.
            await workflow.wait_condition(lambda: self._woken)
            return
        now = workflow.now()
        until = min(now + (AGAIN if failed else LOOK), *([plan.next_at] if plan.next_at is not None else []))
        left = max(until - now, timedelta(seconds=1))
        try:
            await workflow.wait_condition(lambda: self._woken, timeout=left, timeout_summary="the next duty notice")
        except asyncio.TimeoutError:  # noqa: UP041  workflow code names it as the SDK raises it
            return
