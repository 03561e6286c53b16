"""The watch sees tickets whose workflow has an id that is no ticket's."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from temporalio.worker import Worker

from activities.contracts import TICKETS_QUEUE
from escalade.messages import JournalBatch
from escalade.ticket import workflow_id
from tests.worker.installation import installed, now_in_utc
from tests.worker.watching import Stuck, indexed, look, open_row, soon
from worker.testing import real_server
from workflows.ticket import TicketWorkflow


async def test_a_ticket_under_another_id_that_does_not_answer_is_told_with_it(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path, now=soon) as there:
        # The same key twice, as far as rows go: one is a ticket's, and answers.
        await client.start_workflow(
            "TicketWorkflow", {"title": "fine"}, id="ticket/outage-42", task_queue=TICKETS_QUEUE
        )
        await there.until("outage-42", lambda view: bool(view.told) and not view.unwritten)
        await client.start_workflow("TicketWorkflow", {"title": "db"}, id="outage-42", task_queue="nobody-polls-this")
        await indexed(client, 2)
        report = await look(client)
        assert [(finding.kind, finding.key) for finding in report.fresh] == [("silent", "outage-42")]
        assert "Workflow 'outage-42', which is no ticket's id, does not answer" in there.said()
        assert (await look(client)).fresh == []


async def test_a_ticket_under_another_id_that_cannot_forward_itself_is_told_with_it(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path, now=soon) as there:
        await there.stop_tickets()
        async with Worker(client, task_queue=TICKETS_QUEUE, workflows=[TicketWorkflow]):
            await client.start_workflow("TicketWorkflow", {"title": "db"}, id="outage-42", task_queue=TICKETS_QUEUE)
            await indexed(client, 1)
            report = await look(client, compare=True)
        assert [(finding.kind, finding.key) for finding in report.fresh] == [("unadmitted", "outage-42")]
        assert "Workflow 'outage-42', which is no ticket's id, has no policy" in there.said()
        assert report.reprojected == []


async def test_a_late_ticket_under_another_id_is_found_by_its_row(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path) as there:
        due = now_in_utc() - timedelta(minutes=3)
        row = open_row("outage-42", due - timedelta(minutes=5), next_due_at=due)
        there.store.write(JournalBatch(stream=workflow_id(row.key), life="x", snapshot=row))
        async with Worker(client, task_queue="stuck", workflows=[Stuck]):
            await client.start_workflow("TicketWorkflow", due.isoformat(), id="outage-42", task_queue="stuck")
            await indexed(client, 1)
            report = await look(client, compare=True)
        assert [(finding.kind, finding.key) for finding in report.fresh] == [("late", "outage-42")]


async def test_a_workflow_of_another_kind_stands_for_no_row_of_its_name(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path) as there:
        row = open_row("gonegonego", now_in_utc() - timedelta(hours=1))
        there.store.write(JournalBatch(stream=workflow_id(row.key), life="x", snapshot=row))
        await client.start_workflow("SomethingElse", id="gonegonego", task_queue="nobody-polls-this")
        report = await look(client, compare=True)
        assert [(finding.kind, finding.key) for finding in report.fresh] == [("missing", "gonegonego")]
