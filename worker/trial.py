"""A step tried out in skipped time, with nothing real around it: what `worker.testing.run_step` does."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from pydantic import BaseModel
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from activities.contracts import PAGES_QUEUE, TICKETS_QUEUE
from escalade.effects import StepFinished
from escalade.extension import Step
from escalade.messages import PageRequest, PageResult, Receipt, TicketBrief
from escalade.messages.activities import PagePerson, StepRequest
from escalade.people.resolve import ContactPlan, Recipient, ResolvedRound
from escalade.ticket import Severity, Status, workflow_id
from workflows.step import StepWorkflow
from workflows.steps import loaded

Stand = Callable[..., Awaitable[Any]]
"""What stands for an activity in a trial: an async function of the argument, or of nothing."""

_METHOD: Final = "trial"


@dataclass
class StepRun:
    """What a step did."""

    outcome: Literal["done", "failed", "lost"] = "lost"
    text: str = ""
    """What it says in the timeline."""
    data: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What it wrote into the timeline on its way."""
    pages: list[PageRequest] = field(default_factory=list)
    """What it had people told, in order."""
    calls: list[tuple[str, Any]] = field(default_factory=list)
    """The other activities it ran, with their arguments."""
    took: timedelta = timedelta(0)
    """How long it took in its own time."""

    def told(self) -> list[str]:
        """Who was told, in order."""
        return [person.target for page in self.pages for person in page.people]


def ticket_brief(**fields: Any) -> TicketBrief:
    """A ticket for a trial; every field can be given."""
    given: dict[str, Any] = {
        "key": "trialtrial",
        "life": "trial",
        "title": "a ticket",
        "severity": Severity.SEV2,
        "status": Status.TRIAGE,
        "service": "payments",
        "tier": "primary",
        "tier_number": 1,
        "rung": 1,
        "opened_at": datetime.now(UTC),
    }
    return TicketBrief(**(given | fields))


@workflow.defn(name="TrialTicket", sandboxed=False)
class TrialTicket:
    """Stands for the ticket: hears what its step says."""

    def __init__(self) -> None:
        self._notes: list[str] = []
        self._over = False

    @workflow.run
    async def run(self) -> list[str]:
        """Listen until the step is over."""
        await workflow.wait_condition(lambda: self._over)
        return self._notes

    @workflow.signal(name="note")
    def note(self, said: dict[str, Any]) -> None:
        """Keep a note."""
        self._notes.append(str(said.get("text", "")))

    @workflow.signal(name="step_outcome")
    def over(self, finished: StepFinished) -> None:
        """The step is over."""
        del finished
        self._over = True


async def try_step(
    client: Client,
    step: Step,
    *,
    standing: Callable[[], Any],
    ticket: TicketBrief | None = None,
    activities: Mapping[str, Stand] | None = None,
    unreachable: Sequence[str] = (),
    within: float = 30,
) -> StepRun:
    """Run a step on a server that skips time; see `worker.testing.run_step`."""
    brief = ticket or ticket_brief()
    run = StepRun()
    loaded.load({step.name: type(step)})
    stand_ins = _StandIns(run, dict(activities or {}), set(unreachable))
    config = step.model_dump(mode="json", by_alias=True) if isinstance(step, BaseModel) else {}
    request = StepRequest(step_id="trial-step", use=step.name, version=step.version, config=config, brief=brief)
    async with AsyncExitStack() as stack:
        for queue, workflows, methods in (
            (TICKETS_QUEUE, [StepWorkflow, TrialTicket], []),
            (PAGES_QUEUE, [], [stand_ins.page, stand_ins.other]),
        ):
            await stack.enter_async_context(
                Worker(client, task_queue=queue, workflows=workflows, activities=methods)  # type: ignore[arg-type]
            )
        with standing():
            listener = await client.start_workflow(TrialTicket.run, id=workflow_id(brief.key), task_queue=TICKETS_QUEUE)
        handle = await client.start_workflow(
            StepWorkflow.run, request, id=f"step/{brief.key}/trial-step", task_queue=TICKETS_QUEUE
        )
        async with asyncio.timeout(within):
            finished = await handle.result()
        run.notes = await listener.result()
        described = await handle.describe()
    run.outcome, run.text, run.data = finished.outcome, finished.text, finished.data
    if described.close_time is not None:
        run.took = described.close_time - described.start_time
    return run


class _StandIns:
    """Stand for everything outside."""

    def __init__(self, run: StepRun, others: dict[str, Stand], unreachable: set[str]) -> None:
        self._run = run
        self._others = others
        self._unreachable = unreachable

    @activity.defn(name="page")
    async def page(self, request: PageRequest) -> PageResult:
        """Every target is a person of its own, and is reached but for those who are not to be."""
        plan = [ContactPlan(step=0, method=_METHOD, channel=_METHOD)]
        targets = request.request.targets if request.request else []
        recipients = [Recipient(target=target, why="named by the step", plan=plan) for target in targets]
        people = [PagePerson(target=who.target, why=who.why, methods=plan) for who in recipients]
        request = request.model_copy(update={"people": [*request.people, *people]})
        self._run.pages.append(request)
        now = datetime.now(UTC)
        return PageResult(
            receipts=[
                Receipt(
                    target=person.target,
                    method=_METHOD,
                    channel=_METHOD,
                    outcome="failed" if person.target in self._unreachable else "accepted",
                    detail="unreachable in this trial" if person.target in self._unreachable else "",
                    at=now,
                )
                for person in request.people
            ],
            resolved=ResolvedRound(recipients=recipients),
        )

    @activity.defn(dynamic=True)
    async def other(self, args: Sequence[RawValue]) -> Any:
        """Whatever else the step runs by name."""
        name = activity.info().activity_type
        argument = activity.payload_converter().from_payload(args[0].payload) if args else None
        self._run.calls.append((name, argument))
        stand = self._others.get(name)
        if stand is None:
            known = ", ".join(self._others) or "none"
            sentence = f"This trial has no activity {name!r} (it has {known}); give it in activities=."
            raise ApplicationError(sentence, non_retryable=True)
        return await (stand(argument) if inspect.signature(stand).parameters else stand())
