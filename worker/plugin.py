"""Escalade's wiring of Temporal in one plugin, used by every client, worker and replay alike (style of the SDK).

Given to a client it reaches the worker made from it; a Replayer is given it by itself.
"""

from __future__ import annotations

import dataclasses
import logging
from typing import Any, Final

from temporalio import workflow
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.plugin import SimplePlugin
from temporalio.worker import (
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowRunner,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

_LOG = logging.getLogger(__name__)

FAULT: Final = "fault"
"""The type of the ApplicationError a caller gets when a handler failed by a bug of ours."""

PASSED_THROUGH: Final = (
    "escalade",
    "activities.contracts",
    "workflows.alarm",
    "workflows.attributes",
    "workflows.doorway",
    "workflows.effects",
    "workflows.steps",
)
"""Modules a workflow shares with its process: pure, so that sharing is safe, and costly to load per ticket. The
workflows themselves stay inside the sandbox, which tells when they reach for a clock."""


class _FaultGuard(WorkflowInboundInterceptor):
    """Whatever a handler raises by mistake becomes an entry, and never fails or wedges a ticket (decision 41)."""

    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002 - the SDK's name
        try:
            await self.next.handle_signal(input)
        except Exception as error:  # noqa: BLE001 - an exception here would wedge or fail the ticket
            _note_fault(f"the signal {input.signal}", error)

    def handle_update_validator(self, input: HandleUpdateInput) -> None:  # noqa: A002 - the SDK's name
        try:
            self.next.handle_update_validator(input)
        except FailureError:
            raise
        except Exception as error:
            # Nothing may be noted here: a validator must leave no trace in the state.
            raise ApplicationError(_text(f"the update {input.update}", error), type=FAULT) from error

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002 - the SDK's name
        try:
            return await self.next.handle_update_handler(input)
        except FailureError:
            raise
        except Exception as error:
            text = _note_fault(f"the update {input.update}", error)
            raise ApplicationError(text, type=FAULT) from error


def _text(what: str, error: Exception) -> str:
    return f"{what} could not be handled: {type(error).__name__}: {error}"[:500]


def _note_fault(what: str, error: Exception) -> str:
    text = _text(what, error)
    workflow.logger.error(text, exc_info=error)
    record = getattr(workflow.instance(), "record_fault", None)
    if record is not None:
        record(text)
    return text


class FaultInterceptor(Interceptor):
    """Puts the guard around every workflow's handlers."""

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002, ARG002 - the SDK's name; the guard needs nothing of it
    ) -> type[WorkflowInboundInterceptor] | None:
        """The guard."""
        return _FaultGuard


def _share_modules(runner: WorkflowRunner | None) -> WorkflowRunner:
    runner = runner or SandboxedWorkflowRunner()
    if not isinstance(runner, SandboxedWorkflowRunner):
        return runner
    return dataclasses.replace(runner, restrictions=runner.restrictions.with_passthrough_modules(*PASSED_THROUGH))


def escalade_plugin() -> SimplePlugin:
    """The plugin: pydantic payloads, the sandbox with our pure modules shared, the guard around handlers."""
    return SimplePlugin(
        "escalade",
        data_converter=pydantic_data_converter,
        interceptors=[FaultInterceptor()],
        workflow_runner=_share_modules,
    )
