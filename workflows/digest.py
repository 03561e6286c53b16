"""The digests of one person: waits for their time, sends them when there is room, and tells their tickets.

What is in a digest is in the store; this only keeps when each is due. It ends when none is left, and is started again
with the next page that joins one. Before its history is full it goes on in a new run. It runs on the journal's queue,
where a jam of tickets cannot delay it; that the tickets of one digest are hard to reach delays no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from pydantic import ValidationError
from temporalio import workflow
from temporalio.common import Priority, RawValue, RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities import contracts
    from escalade.messages.activities import DigestDue, DigestRequest, DigestSent

HEARTBEAT: Final = timedelta(seconds=3)
FOREVER: Final = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))
"""What waits in the store is not given up: its tickets climb by their own limits meanwhile."""
FIRST: Final = Priority(priority_key=1)

_PATCH: Final = "a long run of digests goes on in a new one"
"""Runs that were long before went on as they were: they keep doing so."""

_SOONER: Final = "a digest leaves at the earliest time that was said"
"""Runs that had heard of an earlier time before kept to the later one."""

_BESIDE: Final = "tickets hear of one digest while the next is sent"
"""Runs that had told tickets before while another digest was due sent that one afterwards."""


class _Report(NamedTuple):
    """The tickets of a digest that was sent hear of it."""

    due: DigestDue
    task: asyncio.Task[None]


@workflow.defn(name="DigestWorkflow")
class DigestWorkflow:
    """One person's digests, one after the other."""

    @workflow.init
    def __init__(self, *start: Any) -> None:
        """Take up the digest it is started for, or those that the run before had left."""
        self._due: dict[str, DigestDue] = {}
        self._sooner: dict[str, datetime] = {}
        """Times that were said of digests since their last attempt began."""
        self._reports: dict[str, _Report] = {}
        for due in start:
            self._add(due)

    @workflow.run
    async def run(self, *start: Any) -> int:  # noqa: ARG002  read in __init__, before any handler
        """Send what is due until nothing is left.

        Returns:
            How many tickets were told of, by this run.
        """
        told = 0
        while await self._has_next():
            if self._is_long():
                # Of one whose tickets are being told nothing is sent again; the next run goes on with telling them.
                told_of = [report.due for report in self._reports.values() if not report.task.done()]
                workflow.continue_as_new(args=[*self._due.values(), *told_of])
            due = min(self._due.values(), key=lambda one: (one.leaves_at, one.digest_id))
            if due.leaves_at > workflow.now():
                await self._until(due.leaves_at)
                continue
            self._sooner.pop(due.digest_id, None)
            sent = await self._send(due)
            if sent.again_at is not None:
                self._put_off(due, sent.again_at)
                continue
            told += sent.told
            del self._due[due.digest_id]
            self._reports[due.digest_id] = _Report(due, asyncio.create_task(self._report(due)))
        return told

    @workflow.signal(dynamic=True)
    def on_signal(self, name: str, args: Sequence[RawValue]) -> None:
        """A page joined a digest; what cannot be read is none of ours."""
        for value in args[:1]:
            try:
                self._add(workflow.payload_converter().from_payload(value.payload))
            except Exception:  # noqa: BLE001  whatever a foreign encoding raises, nothing here may wedge
                workflow.logger.warning("A signal %r cannot be read.", name[:64])

    def _add(self, given: Any) -> None:
        try:
            due = DigestDue.model_validate(given.model_dump() if isinstance(given, DigestDue) else given)
        except (ValidationError, ValueError, RecursionError):
            workflow.logger.warning("This names no digest.")
            return
        known = self._due.get(due.digest_id)
        if due.digest_id in self._reports:
            return
        if known is None:
            self._due[due.digest_id] = due
            return
        self._sooner[due.digest_id] = min(due.leaves_at, self._sooner.get(due.digest_id, due.leaves_at))
        if due.leaves_at < known.leaves_at and workflow.patched(_SOONER):
            self._due[due.digest_id] = due

    def _put_off(self, due: DigestDue, again_at: datetime) -> None:
        """Wait until there is room. It stays open meanwhile: what comes joins it, and may bring its time forward."""
        at = max(again_at, workflow.now() + timedelta(seconds=1))
        sooner = self._sooner.get(due.digest_id, at)  # said while it was found out that there is no room
        if sooner < at and workflow.patched(_SOONER):
            at = sooner
        self._due[due.digest_id] = due.model_copy(update={"leaves_at": at})

    async def _has_next(self) -> bool:
        """Whether a digest is due, now or later; with none it is waited for those whose tickets are being told."""
        while True:
            for digest_id, report in list(self._reports.items()):
                if report.task.done():
                    del self._reports[digest_id]
                    await report.task  # what it raised is raised here
            if not self._reports or self._goes_on_beside():
                return bool(self._due)
            await workflow.wait_condition(
                lambda: any(report.task.done() for report in self._reports.values()) or self._goes_on_beside()
            )

    def _goes_on_beside(self) -> bool:
        # Asked for last: a run with one digest at a time, as most are, has no mark of it in its history.
        return bool(self._due) and workflow.patched(_BESIDE)

    @staticmethod
    def _is_long() -> bool:
        # Asked for last: a run that never gets long, as most are, has no mark of it in its history.
        return workflow.info().is_continue_as_new_suggested() and workflow.patched(_PATCH)

    async def _until(self, at: datetime) -> None:
        """Wait for an instant, or for a digest that is due earlier."""
        wait = asyncio.create_task(workflow.sleep(at - workflow.now()))
        earlier = asyncio.create_task(
            workflow.wait_condition(lambda: self._is_long() or any(due.leaves_at < at for due in self._due.values()))
        )
        try:
            await workflow.wait([wait, earlier], return_when=asyncio.FIRST_COMPLETED)
        finally:
            wait.cancel()
            earlier.cancel()

    async def _report(self, due: DigestDue) -> None:
        await workflow.execute_activity(
            contracts.report_digest,
            _request(due),
            task_queue=contracts.JOURNAL_QUEUE,
            start_to_close_timeout=timedelta(minutes=10),
            heartbeat_timeout=HEARTBEAT,
            retry_policy=FOREVER,
            summary="tell its tickets",
        )

    async def _send(self, due: DigestDue) -> DigestSent:
        return await workflow.execute_activity(
            contracts.send_digest,
            _request(due),
            task_queue=contracts.PAGES_QUEUE,
            start_to_close_timeout=timedelta(minutes=3),
            heartbeat_timeout=HEARTBEAT,
            retry_policy=FOREVER,
            priority=FIRST,
            summary="send the digest",
        )


def _request(due: DigestDue) -> DigestRequest:
    return DigestRequest(target=due.target, digest_id=due.digest_id, at=workflow.now())
