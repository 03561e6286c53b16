"""Recorded histories: where they are, and what is in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

HOME = Path(__file__).parent / "histories"
_IDENTITY = re.compile(r'("identity": )"[^"]*"')
_STICKY = re.compile(r'("name": )"\d+@[^"]*"')
"""A worker's own queue is named after its process and its machine."""


@dataclass(frozen=True)
class Recorded:
    """The runs of a scenario, in the order in which they began."""

    runs: list[WorkflowHistory]

    def entries(self) -> list[str]:
        """The kinds of the entries that its tickets wrote, pages left out: those are in `receipts`."""
        found: dict[str, str] = {}
        for run in self.runs:
            for event in run.events:
                scheduled = event.activity_task_scheduled_event_attributes
                for given in _plain(scheduled.input.payloads):
                    for entry in (given.get("batch") or given).get("entries", []):
                        found[entry["entry_id"]] = entry["kind"]
        return [kind for kind in found.values() if not kind.startswith("page.")]

    def receipts(self) -> list[str]:
        """What became of every delivery: `person:ana by mail: accepted`."""
        return [
            f"{receipt['target']} by {receipt['method']}: {receipt['outcome']}"
            for run in self.runs
            for event in run.events
            for result in _plain(event.activity_task_completed_event_attributes.result.payloads)
            for receipt in result.get("receipts", [])
        ]

    def engines(self) -> set[int]:
        """By which rules its tickets were admitted."""
        return {
            result["engine"]
            for run in self.runs
            for event in run.events
            for result in _plain(event.activity_task_completed_event_attributes.result.payloads)
            if "engine" in result
        }

    def results(self) -> list[str]:
        """How each run ended."""
        return [_end(run) for run in self.runs]


def _plain(payloads: Any) -> Iterator[dict[str, Any]]:
    for payload in payloads:
        value = json.loads(payload.data) if payload.data else None
        if isinstance(value, dict):
            yield value


def _end(run: WorkflowHistory) -> str:
    last = run.events[-1]
    if last.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
        done: list[Payload] = list(last.workflow_execution_completed_event_attributes.result.payloads)
        value = json.loads(done[0].data)
        return value if isinstance(value, str) else "completed"
    return EventType.Name(last.event_type).removeprefix("EVENT_TYPE_WORKFLOW_EXECUTION_").lower()


def write(name: str, runs: list[WorkflowHistory]) -> Path:
    """Keep the histories of a scenario, without the names of the machine they were made on."""
    HOME.mkdir(exist_ok=True)
    kept = [{"workflow_id": run.workflow_id, "history": json.loads(run.to_json())} for run in runs]
    path = HOME / f"{name}.json"
    text = json.dumps(kept, indent=None)
    for name_of_machine in (_IDENTITY, _STICKY):
        text = name_of_machine.sub(r'\1"recorder"', text)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def read(name: str) -> Recorded:
    """The histories of a scenario."""
    kept = json.loads((HOME / f"{name}.json").read_text(encoding="utf-8"))
    return Recorded([WorkflowHistory.from_json(run["workflow_id"], run["history"]) for run in kept])


def names() -> list[str]:
    """The scenarios that are recorded."""
    return sorted(path.stem for path in HOME.glob("*.json"))
