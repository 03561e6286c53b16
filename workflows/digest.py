"""The digests of one person: waits for their time, sends them when there is room, and tells their tickets.

What is in a digest is in the store; this only keeps when each is due. It ends when none is left, and is started again
with the next page that joins one. Before its history is full it goes on in a new run. It runs on the journal's queue,
where a jam of tickets cannot delay it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

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


@workflow.defn(name="DigestWorkflow")
class DigestWorkflow:
    """One person's digests, one after the other."""

    @workflow.init
    def __init__(self, *start: Any) -> None:
        """Take up the digest it is started for, or those that the run before had left."""
        self._due: dict[str, DigestDue] = {}
        for due in start:
            self._add(due)

    @workflow.run
    async def run(self, *start: Any) -> int:  # noqa: ARG002  read in __init__, before any handler
        """Send what is due until nothing is left.

        Returns:
            How many tickets were told of, by this run.
        """
        told = 0
        while self._due:
            if self._is_long():
                workflow.continue_as_new(args=list(self._due.values()))
            due = min(self._due.values(), key=lambda one: (one.leaves_at, one.digest_id))
            if due.leaves_at > workflow.now():
                await self._until(due.leaves_at)
                continue
            sent = await self._send(due)
            if sent.again_at is not None:
                # It stays open meanwhile: what comes joins it.
                at = max(sent.again_at, workflow.now() + timedelta(seconds=1))
                self._due[due.digest_id] = due.model_copy(update={"leaves_at": at})
                continue
            told += sent.told
            await workflow.execute_activity(
                contracts.report_digest,
                DigestRequest(target=due.target, digest_id=due.digest_id, at=workflow.now()),
                task_queue=contracts.JOURNAL_QUEUE,
                start_to_close_timeout=timedelta(minutes=10),
                heartbeat_timeout=HEARTBEAT,
                retry_policy=FOREVER,
                summary="tell its tickets",
            )
            del self._due[due.digest_id]
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
        self._due.setdefault(due.digest_id, due)

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

    async def _send(self, due: DigestDue) -> DigestSent:
        return await workflow.execute_activity(
            contracts.send_digest,
            DigestRequest(target=due.target, digest_id=due.digest_id, at=workflow.now()),
            task_queue=contracts.PAGES_QUEUE,
            start_to_close_timeout=timedelta(minutes=3),
            heartbeat_timeout=HEARTBEAT,
            retry_policy=FOREVER,
            priority=FIRST,
            summary="send the digest",
        )
