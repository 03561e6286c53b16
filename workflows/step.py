"""A step in a workflow of its own: it can neither wedge nor slow its ticket, and may wait for days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

from activities import contracts
from escalade.effects import StepFinished
from escalade.errors import EscaladeError
from escalade.extension import StepOutcome
from escalade.messages import PageRequest, PageResult, TicketBrief
from escalade.messages.activities import StepRequest
from escalade.people.resolve import RoundRequest
from escalade.ticket import Actor, workflow_id
from workflows.steps import loaded

DAY: Final = timedelta(days=1)
DELIVER: Final = timedelta(seconds=60)


class Context:
    """`escalade.extension.StepContext`, on Temporal."""

    def __init__(self, request: StepRequest) -> None:
        """Args: request: what the ticket asked for."""
        self._request = request
        self._pages = 0

    @property
    def ticket(self) -> TicketBrief:
        """The ticket as it stood when the step began."""
        return self._request.brief

    @property
    def step_id(self) -> str:
        """Unique to this run of the step."""
        return self._request.step_id

    def now(self) -> datetime:
        """The instant, in UTC, as the workflow sees it."""
        return workflow.now()

    async def activity(self, name: str, argument: BaseModel | None = None, *, timeout: timedelta = DAY) -> Any:
        """Run a registered activity by name, retried until the timeout has passed."""
        return await workflow.execute_activity(
            name,
            *([] if argument is None else [argument]),
            task_queue=contracts.PAGES_QUEUE,
            start_to_close_timeout=min(timedelta(minutes=1), timeout),
            schedule_to_close_timeout=timeout,
            retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=5)),
        )

    async def page(self, *targets: str, subject: str, text: str) -> PageResult:
        """Tell people something, now."""
        self._pages += 1
        result = await workflow.execute_activity(
            contracts.page,
            PageRequest(
                round_id=f"{self.step_id}.{self._pages}",
                purpose="notice",
                brief=self.ticket,
                people=[],
                request=RoundRequest(targets=list(targets)),
                asked_at=workflow.now(),
                scheduled_at=workflow.now(),
                subject=subject,
                text=text,
            ),
            task_queue=contracts.PAGES_QUEUE,
            start_to_close_timeout=DELIVER + timedelta(seconds=30),
            heartbeat_timeout=timedelta(seconds=3),
        )
        if result.resolved is None or not result.resolved.recipients:
            reason = result.resolved.nobody if result.resolved else "no answer"
            raise ApplicationError(f"nobody to tell: {reason}", type="nobody", non_retryable=True)
        return result

    async def note(self, text: str, **data: Any) -> None:
        """Write into the ticket's timeline."""
        if data:
            text = f"{text} ({', '.join(f'{key}: {value}' for key, value in data.items())})"
        by = Actor(kind="system", id=f"step:{self._request.use}").model_dump()
        handle = workflow.get_external_workflow_handle(workflow_id(self.ticket.key))
        await handle.signal("note", {"text": text[:4000], "by": by})

    async def wait(self, duration: timedelta) -> None:
        """Wait; days are fine."""
        await workflow.sleep(duration, summary=f"{self._request.use} waits")


@workflow.defn(name="StepWorkflow")
class StepWorkflow:
    """One run of one step for one ticket; its outcome goes to the ticket as a signal with an id."""

    @workflow.run
    async def run(self, request: StepRequest) -> StepFinished:
        """Run the step, and tell the ticket what came of it, whatever came of it."""
        finished = await self._outcome(request)
        handle = workflow.get_external_workflow_handle(workflow_id(request.brief.key))
        try:
            await handle.signal("step_outcome", finished)
        except ApplicationError as error:
            workflow.logger.info("the ticket is closed and does not hear of its step: %s", error)
        return finished

    async def _outcome(self, request: StepRequest) -> StepFinished:
        kind = loaded.find(request.use)
        if kind is None:
            known = ", ".join(loaded.names())
            return self._failed(request, f"this worker has no step {request.use!r}; it has {known}")
        try:
            step = kind(**request.config)
            outcome = await step.run(Context(request))
        except ValidationError as error:
            return self._failed(request, f"its settings are not valid: {error.errors()[0]['msg']}")
        except ActivityError as error:
            return self._failed(request, str(error.cause or error))
        except (ApplicationError, EscaladeError) as error:
            return self._failed(request, str(error))
        if not isinstance(outcome, StepOutcome):
            outcome = StepOutcome(text=outcome or "")
        return StepFinished(effect=request.step_id, outcome="done", text=outcome.text, data=outcome.data)

    @staticmethod
    def _failed(request: StepRequest, text: str) -> StepFinished:
        return StepFinished(effect=request.step_id, outcome="failed", text=text[:2000])
