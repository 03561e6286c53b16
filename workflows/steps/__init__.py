"""The steps that come with Escalade; others are found by the entry point `escalade.steps`."""

from __future__ import annotations

from escalade.extension import Step
from workflows.steps.notify import Notify
from workflows.steps.webhook import Webhook

BUILT_IN: dict[str, type[Step]] = {step.name: step for step in (Notify, Webhook)}
"""By the name that `use:` says."""

__all__ = ["BUILT_IN", "Notify", "Webhook"]
