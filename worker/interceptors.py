"""What surrounds every handler and page: mistakes become entries, and acknowledgements are measured."""

from __future__ import annotations

from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.worker import (
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from escalade.messages import TicketView
from worker.metrics import ACKNOWLEDGE_LATENCY

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


class MeasureInterceptor(Interceptor):
    """Measures how long acknowledgements take. Pages measure themselves."""

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002, ARG002 - the SDK's name; nothing of it is needed
    ) -> type[WorkflowInboundInterceptor] | None:
        """Around every handler; only acknowledgements are measured."""
        return _Stopwatch
