"""Escalade's wiring of Temporal in one plugin, used by every client, worker and replay alike (style of the SDK).

Given to a client it reaches the worker made from it; a Replayer is given it by itself.
"""

from __future__ import annotations

import dataclasses
from typing import Final

from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.plugin import SimplePlugin
from temporalio.worker import WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from worker.interceptors import FaultInterceptor, MeasureInterceptor

PASSED_THROUGH: Final = (
    "escalade",
    "activities.contracts",
    "workflows.alarm",
    "workflows.attributes",
    "workflows.backlog",
    "workflows.doorway",
    "workflows.effects",
    "workflows.lives",
    "workflows.parked",
    "workflows.steps",
    "workflows.stray",
)
"""Modules a workflow shares with its process: pure, so that sharing is safe, and costly to load per ticket.
`workflows.steps` has to be shared: the steps that were found are kept in it. The workflows themselves stay inside the
sandbox, which tells when they reach for a clock."""


def _share_modules(runner: WorkflowRunner | None) -> WorkflowRunner:
    runner = runner or SandboxedWorkflowRunner()
    if not isinstance(runner, SandboxedWorkflowRunner):
        return runner
    return dataclasses.replace(runner, restrictions=runner.restrictions.with_passthrough_modules(*PASSED_THROUGH))


def escalade_plugin() -> SimplePlugin:
    """The plugin: pydantic payloads, the sandbox with our pure modules shared, what surrounds handlers and pages."""
    return SimplePlugin(
        "escalade",
        data_converter=pydantic_data_converter,
        interceptors=[FaultInterceptor(), MeasureInterceptor()],
        workflow_runner=_share_modules,
    )
