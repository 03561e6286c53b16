"""What surrounds every handler and page: mistakes become entries, and lateness is measured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from escalade.messages import PageRequest, TicketView
from worker.metrics import ACKNOWLEDGE_LATENCY, PAGE_LATENESS

FAULT: Final = "fault"
"""The type of the ApplicationError a caller gets when a handler failed by a bug of ours."""

ACKNOWLEDGE: Final = "acknowledge"


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


class _Stopwatch(WorkflowInboundInterceptor):
    """Measures how long a rung had been paged when somebody acknowledged."""

    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002 - the SDK's name
        before = _unacknowledged(input.signal)
        await self.next.handle_signal(input)
        _measure(before)

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002 - the SDK's name
        before = _unacknowledged(input.update)
        result = await self.next.handle_update_handler(input)
        _measure(before)
        return result


def _unacknowledged(name: str) -> TicketView | None:
    """The ticket as it stands before an acknowledgement; None when this is none, or there is nothing to stop."""
    if name != ACKNOWLEDGE:
        return None
    look = getattr(workflow.instance(), "view", None)
    view = look() if look is not None else None
    return view if isinstance(view, TicketView) and not view.acknowledged and view.entered_at else None


def _measure(before: TicketView | None) -> None:
    if before is None or before.entered_at is None:
        return
    after = workflow.instance().view()
    if after.acknowledged:
        meter = workflow.metric_meter().with_additional_attributes({"severity": before.ticket.severity.value})
        meter.create_histogram_timedelta(
            ACKNOWLEDGE_LATENCY, "From entering a rung to the acknowledgement that stopped its paging.", "duration"
        ).record(workflow.now() - before.entered_at)


class _PageClock(ActivityInboundInterceptor):
    """Measures how late a page begins."""

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        info = activity.info()
        request = input.args[0] if input.args else None
        # Attempts after the first are late because the first was not well, which is another figure.
        if info.activity_type == "page" and info.attempt == 1 and isinstance(request, PageRequest):
            late = max(datetime.now(UTC) - request.scheduled_at, timedelta(0))
            meter = activity.metric_meter().with_additional_attributes(
                {"severity": request.brief.severity.value, "purpose": request.purpose}
            )
            meter.create_histogram_timedelta(
                PAGE_LATENESS, "From the instant a page was due to the start of its delivery.", "duration"
            ).record(late)
        return await self.next.execute_activity(input)


class MeasureInterceptor(Interceptor):
    """Measures lateness of pages and acknowledgements."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """Around every activity; only pages are measured."""
        return _PageClock(next)

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002, ARG002 - the SDK's name; nothing of it is needed
    ) -> type[WorkflowInboundInterceptor] | None:
        """Around every handler; only acknowledgements are measured."""
        return _Stopwatch
