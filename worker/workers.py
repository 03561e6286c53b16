"""The Temporal workers of one process: one per task queue, each with slots of its own (decision 46).

With shared slots 400 stuck journal calls once delayed pages by 37 s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from temporalio.client import Client
from temporalio.worker import Worker

from activities.contracts import JOURNAL_QUEUE, PAGES_QUEUE, TICKETS_QUEUE
from escalade.extension import Step
from workflows.digest import DigestWorkflow
from workflows.duty import DutyWorkflow
from workflows.feeds import FeedsWorkflow
from workflows.step import StepWorkflow
from workflows.steps import loaded
from workflows.ticket import TicketWorkflow
from workflows.watch import CanaryWorkflow, WatchWorkflow

GRACE: Final = timedelta(seconds=25)
"""What is under way gets so long to end when a worker is told to stop."""

_THREADS: Final = 16


@dataclass(frozen=True)
class WorkerOptions:
    """How the workers behave; tests change it."""

    max_cached_tickets: int = 2000
    """0 replays a ticket at every wake-up, which is how tests prove that it can be replayed."""
    tickets: int = 4
    """Workflow tasks at once. They only compute, in one interpreter: more of them would not be done sooner, would keep
    pages from the processor, and what has a slot is out of the reach of priorities."""
    look_ups: int = 50
    """Admissions and look-ups at once."""
    pages: int = 200
    """Pages under way at once; each mostly waits for a provider."""
    journal: int = 16
    """Journal calls at once."""
    grace: timedelta = GRACE


def make_workers(
    client: Client,
    activities: Mapping[str, list[Callable[..., Any]]],
    *,
    steps: Mapping[str, type[Step]],
    watch: list[Callable[..., Any]],
    options: WorkerOptions,
    on_fatal_error: Callable[[BaseException], Any] | None = None,
) -> list[Worker]:
    """Make the workers of tickets, pages and journal; whoever calls runs them.

    Args:
        client: made for workers (`worker.connection.connect(…, worker=True)`).
        activities: those of each queue (`activities.implementations.Activities.all`).
        steps: those this worker has, by name.
        watch: the activities of the watch.
        options: slots and caches.
        on_fatal_error: is told when a worker cannot go on.
    """

    async def fatal(error: BaseException) -> None:
        if on_fatal_error is not None:
            on_fatal_error(error)

    loaded.load(steps)
    shared: dict[str, Any] = {
        "graceful_shutdown_timeout": options.grace,
        # After the death of the worker that had a ticket in memory, its next message waits this long (10 s usually).
        "sticky_queue_schedule_to_start_timeout": timedelta(seconds=2),
        # A cancelled page learns of it with its next heartbeat: decision 7 allows three seconds in all.
        "max_heartbeat_throttle_interval": timedelta(seconds=1),
        "on_fatal_error": fatal,
    }
    tickets = Worker(
        client,
        task_queue=TICKETS_QUEUE,
        workflows=[TicketWorkflow, StepWorkflow],
        activities=activities[TICKETS_QUEUE],
        max_cached_workflows=options.max_cached_tickets,
        max_concurrent_workflow_tasks=max(options.tickets, 2),
        max_concurrent_activities=options.look_ups,
        **shared,
    )
    pages = Worker(
        client,
        task_queue=PAGES_QUEUE,
        activities=activities[PAGES_QUEUE],
        activity_executor=ThreadPoolExecutor(options.pages, thread_name_prefix="pages"),
        max_concurrent_activities=options.pages,
        **shared,
    )
    journal = Worker(
        client,
        task_queue=JOURNAL_QUEUE,
        # The watch sits here: a jam of tickets or pages must not silence what reports it.
        workflows=[WatchWorkflow, CanaryWorkflow, FeedsWorkflow, DigestWorkflow, DutyWorkflow],
        activities=[*activities[JOURNAL_QUEUE], *watch, *_look_ups(activities)],
        activity_executor=ThreadPoolExecutor(_THREADS, thread_name_prefix="journal-activities"),
        max_concurrent_activities=options.journal,
        max_cached_workflows=10 if options.max_cached_tickets else 0,
        **shared,
    )
    return [tickets, pages, journal]


def _look_ups(activities: Mapping[str, list[Callable[..., Any]]]) -> list[Callable[..., Any]]:
    """`resolve`, which the watch runs on its own queue: not where tickets may be jammed."""
    return [one for one in activities[TICKETS_QUEUE] if one.__name__ == "resolve"]
