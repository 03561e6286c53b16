"""The page activity as a server sees it: heartbeats, cancellation, and an attempt that its worker dropped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.worker import Worker

from activities import contracts
from activities.attempt import Patience
from escalade.messages.activities import PageRequest, PageResult
from tests.activities.making import held, outcomes, person, place, request
from tests.activities.sinks import HttpSink, MailSink
from worker.testing import real_server

HEARTBEAT = timedelta(seconds=3)


@workflow.defn(sandboxed=False)
class OnePage:
    """Pages, and stops paging when it is told so, as a ticket does."""

    def __init__(self) -> None:
        self._stopped = False

    @workflow.run
    async def run(self, asked: PageRequest) -> PageResult:
        handle = workflow.start_activity(
            contracts.page,
            asked,
            task_queue=contracts.PAGES_QUEUE,
            start_to_close_timeout=timedelta(minutes=2),
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=10)),
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        await workflow.wait_condition(lambda: self._stopped or handle.done())
        handle.cancel()
        return await handle

    @workflow.signal
    def stop(self) -> None:
        self._stopped = True


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[Client]:
    async with real_server() as connected:
        yield connected


def pages(client: Client, functions: list[Callable[..., Any]], *, grace: timedelta = timedelta(0)) -> Worker:
    """A worker for pages, set up as ours are."""
    return Worker(
        client,
        task_queue=contracts.PAGES_QUEUE,
        activities=functions,
        max_heartbeat_throttle_interval=timedelta(seconds=1),
        graceful_shutdown_timeout=grace,
    )


async def test_no_attempt_starts_later_than_three_seconds_after_paging_stopped(
    client: Client, tmp_path: Path, mail: MailSink, web: HttpSink
) -> None:
    attempts: list[datetime] = []
    web.arrived = lambda received: attempts.append(datetime.now(UTC))
    web.answers = [(503, {}, "")] * 1000
    stubborn = Patience(pauses=(timedelta(seconds=0.1),) * 1000, quick=timedelta(minutes=1))
    with place(tmp_path, mail, web, patience=stubborn) as here:
        tickets = Worker(client, task_queue=contracts.TICKETS_QUEUE, workflows=[OnePage])
        async with tickets, pages(client, [here.activities.page]):
            ticket = await client.start_workflow(
                OnePage.run, request(person("ana", "hook")), id="stops", task_queue=contracts.TICKETS_QUEUE
            )
            while not attempts:
                await asyncio.to_thread(here.store.ping)
            await ticket.signal(OnePage.stop)
            stopped = datetime.now(UTC)
            sent = await ticket.result()
    assert outcomes(sent.receipts) == {"ana by hook": "failed"}
    assert sent.written
    assert len(attempts) > 1
    assert attempts[-1] - stopped < timedelta(seconds=3)


async def test_a_page_goes_on_elsewhere_when_its_worker_stops(
    client: Client, tmp_path: Path, mail: MailSink, web: HttpSink
) -> None:
    tickets = Worker(client, task_queue=contracts.TICKETS_QUEUE, workflows=[OnePage])
    with place(tmp_path, mail, web) as here, held(web) as hold:
        async with tickets:
            async with pages(client, [here.activities.page]):
                ticket = await client.start_workflow(
                    OnePage.run, request(person("ana", "hook", "file")), id="moves", task_queue=contracts.TICKETS_QUEUE
                )
                await hold.arrived()
            # That worker is gone, with the webhook in the air.
            hold.release()
            async with pages(client, [here.activities.page]):
                sent = await ticket.result()
    assert {r.method: r.reached for r in sent.receipts} == {"hook": True, "file": True}
    assert next(r for r in sent.receipts if r.method == "hook").possibly_twice
    assert len({received.headers["Escalade-Message-Id"] for received in web.received}) == 1
