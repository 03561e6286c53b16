"""Records the histories of the scenarios: `python -m tests.upgrade.record [NAME …]`.

They are recorded with a release and kept until its tickets can no longer be open. A test that says that one does not
replay is right: the change needs a branch on `TicketState.engine`, or `workflow.patched`. Recording anew silences it,
and leaves the open tickets of every installation stuck.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from temporalio.client import WorkflowHistory

from tests.tower import Climber, Tower, tower_of, write_configuration
from tests.upgrade import histories
from tests.upgrade.scenarios import SCENARIOS, Scenario
from worker.testing import TicketTime, skipping_server

PEOPLE = {"ana": ["mail", "chat"], "bob": ["mail"], "cleo": ["mail"]}


async def play(scenario: Scenario, time: TicketTime) -> list[WorkflowHistory]:
    """Let a scenario happen, and fetch the histories of its runs in the order in which they began."""
    with tempfile.TemporaryDirectory() as directory:
        for name, calendar in scenario.calendars.items():
            written = Path(directory) / "calendars" / f"{name}.yaml"
            written.parent.mkdir(exist_ok=True)
            written.write_text(json.dumps(calendar), encoding="utf-8")
        write_configuration(Path(directory), *scenario.tiers, people={**PEOPLE, **scenario.people}, **scenario.policy)
        async with tower_of(time, Path(directory)) as there:
            return [run for climber in await scenario.play(there) for run in await _runs(there, climber)]


async def _runs(there: Tower, climber: Climber) -> list[WorkflowHistory]:
    run_id = (await climber.handle.describe()).run_id
    found: list[WorkflowHistory] = []
    while run_id:
        history = await there.client.get_workflow_handle(climber.handle.id, run_id=run_id).fetch_history()
        found.insert(0, history)
        run_id = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
    return found


async def record(names: list[str]) -> None:
    """Record these scenarios; all of them without names."""
    async with skipping_server() as time, skipping_server(continue_as_new_at=15) as hasty:
        for name in names or sorted(SCENARIOS):
            scenario = SCENARIOS[name]
            path = histories.write(name, await play(scenario, hasty if scenario.hasty else time))
            recorded = histories.read(name)
            sys.stdout.write(f"{path.name}: {path.stat().st_size // 1024} KB, {recorded.results()}\n")
            sys.stdout.write(f"  entries: {recorded.entries()}\n  receipts: {recorded.receipts()}\n")


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1:]))
