"""Replays every recorded history: `python -m tests.upgrade.replay [--changed]`, a process of its own.

The last line it prints is a JSON object: each run, and what was wrong with it. The hash seed is its starter's.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys

from temporalio.worker import Replayer

from tests.upgrade import histories
from tests.upgrade.changed import Changed
from worker.client import leave
from worker.plugin import escalade_plugin
from workflows.digest import DigestWorkflow
from workflows.step import StepWorkflow
from workflows.steps import BUILT_IN, loaded
from workflows.ticket import TicketWorkflow


async def replay(ticket: type[TicketWorkflow]) -> dict[str, str]:
    """Replay with this class of tickets; what was wrong, by scenario and number of the run."""
    loaded.load(BUILT_IN)
    replayer = Replayer(workflows=[ticket, StepWorkflow, DigestWorkflow], plugins=[escalade_plugin()])
    found = {}
    for name in histories.names():
        for n, run in enumerate(histories.read(name).runs):
            result = await replayer.replay_workflow(run, raise_on_replay_failure=False)
            failure = result.replay_failure
            found[f"{name}/{n} {run.workflow_id.partition('/')[0]}"] = (
                f"{type(failure).__name__}: {failure}" if failure else ""
            )
    return found


if __name__ == "__main__":
    logging.disable()
    said = asyncio.run(replay(Changed if "--changed" in sys.argv else TicketWorkflow))
    sys.stdout.write(json.dumps(said) + "\n")
    leave(0)  # an ordinary end can abort in Temporal's runtime (temporalio/sdk-python#300)
