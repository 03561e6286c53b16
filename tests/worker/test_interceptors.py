"""A bug in a handler never wedges or fails a ticket (decision 41)."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer, Worker

from worker.interceptors import FAULT
from worker.plugin import escalade_plugin


@workflow.defn(name="Buggy", sandboxed=False)
class Buggy:
    """Every handler has a bug."""

    def __init__(self) -> None:
        self._faults: list[str] = []
        self._over = False

    @workflow.run
    async def run(self) -> list[str]:
        await workflow.wait_condition(lambda: self._over)
        return self._faults

    @workflow.signal
    def poke(self, what: str) -> None:
        if what == "end":
            self._over = True
        elif what == "fail":
            raise ApplicationError("a signal may not fail its ticket")
        else:
            raise KeyError(what)

    @workflow.update
    def ask(self, what: str) -> str:
        if what == "refuse":
            raise ApplicationError("no", type="not_allowed")
        raise KeyError(what)

    @ask.validator
    def _check(self, what: str) -> None:
        if what == "invalid":
            raise KeyError(what)

    def record_fault(self, text: str) -> None:
        self._faults.append(text)


async def test_what_a_handler_raises_becomes_a_fault_and_the_ticket_lives_on(temporal: Client) -> None:
    async with Worker(temporal, task_queue="buggy", workflows=[Buggy]):
        handle = await temporal.start_workflow(Buggy.run, id="buggy", task_queue="buggy")
        await handle.signal(Buggy.poke, "typo")
        await handle.signal(Buggy.poke, "fail")
        answers: dict[str, Any] = {}
        for what in ("typo", "invalid", "refuse"):
            with pytest.raises(WorkflowUpdateFailedError) as failed:
                await handle.execute_update(Buggy.ask, what)
            answers[what] = failed.value.cause
        assert (answers["typo"].type, answers["invalid"].type) == (FAULT, FAULT)
        assert (answers["refuse"].type, answers["refuse"].message) == ("not_allowed", "no")
        await handle.signal(Buggy.poke, "end")
        faults = await handle.result()
        assert [fault.split(":")[0] for fault in faults] == [
            "the signal poke could not be handled",
            "the signal poke could not be handled",
            "the update ask could not be handled",
        ]
        history = await handle.fetch_history()
    await Replayer(workflows=[Buggy], plugins=[escalade_plugin()]).replay_workflow(history)
