"""What the tests of the watch share: a look, tickets that do not answer, and somebody who listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.client import Client

from activities.contracts import JOURNAL_QUEUE
from escalade.messages import Upcoming
from escalade.messages.activities import Snapshot
from escalade.messages.watch import WatchReport, WatchRequest
from escalade.ticket import Severity, Status
from tests.worker.installation import now_in_utc


def soon() -> datetime:
    return now_in_utc() + timedelta(minutes=5)


@workflow.defn(name="TicketWorkflow", sandboxed=False)
class Stuck:
    """A ticket with a bug: what is due never happens."""

    @workflow.run
    async def run(self, due: str) -> None:
        self._due = due
        await workflow.wait_condition(lambda: False)

    @workflow.query
    def upcoming(self) -> list[Upcoming]:
        return [Upcoming(at=self._due, kind="round", what="round 2", why="un-acknowledged")]  # type: ignore[arg-type]


async def look(client: Client, *, compare: bool = False) -> WatchReport:
    report: WatchReport = await client.execute_workflow(
        "WatchWorkflow",
        WatchRequest(compare=compare),
        id="watch/test",
        task_queue=JOURNAL_QUEUE,
        result_type=WatchReport,
    )
    return report


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[str, list[bytes]]]:
    """An HTTP server that answers 200 and keeps the request lines."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readline())
        while (await reader.readline()).strip():
            pass
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/beat", heard


def open_row(key: str, at: datetime, **more: Any) -> Snapshot:
    """What the store knows of an open ticket."""
    told = {"title": "db down", "severity": Severity.SEV1, "status": Status.TRIAGE, "opened_at": at, "updated_at": at}
    return Snapshot.model_validate({"key": key, "life": "x", "version": 1, **told, **more})


async def indexed(client: Client, tickets: int) -> None:
    """Wait until Temporal's index shows as many tickets."""
    async with asyncio.timeout(10):
        # Temporal's index tells nobody when it has caught up.
        while (await client.count_workflows("WorkflowType = 'TicketWorkflow'")).count < tickets:
            await asyncio.sleep(0.02)
