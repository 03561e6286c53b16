"""The steps this worker has. This module is shared with the sandbox, so what the worker loads, workflows see."""

from __future__ import annotations

from collections.abc import Mapping

from escalade.extension import Step
from workflows.steps import BUILT_IN

_STEPS: dict[str, type[Step]] = dict(BUILT_IN)


def load(steps: Mapping[str, type[Step]]) -> None:
    """Make these steps, besides the built-in ones, known to `StepWorkflow`; once, before the worker starts.

    Args:
        steps: by the name that `use:` says; found by the entry point `escalade.steps`.
    """
    _STEPS.update(steps)


def find(name: str) -> type[Step] | None:
    """The step of that name; None when this worker has none."""
    return _STEPS.get(name)


def names() -> list[str]:
    """What this worker has."""
    return sorted(_STEPS)
