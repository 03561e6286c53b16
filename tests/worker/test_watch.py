"""The watch (decisions 38 and 49): a ticket goes silent only by a bug, so everything here breaks something."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.worker import Worker

from activities.channels.console import ConsoleChannel
from activities.contracts import JOURNAL_QUEUE, TICKETS_QUEUE, digest_workflow_id
from escalade.errors import ChannelError, StoreError
from escalade.extension import Delivery, Message
from escalade.maintenance.window import WindowSpec
from escalade.messages import Escalate, JournalBatch, Resolve
from escalade.messages.activities import DigestDue, TicketBrief
from escalade.messages.watch import OPERATIONS
from escalade.ticket import Actor, Severity, Status, Ticket, workflow_id
from store.database import Database
from store.digests import DigestItem
from store.projection import _values
from store.tables import lives
from store.tables import tickets as rows
from tests.worker.installation import installed, now_in_utc
from tests.worker.watching import Stuck, indexed, listening, look, open_row, soon
from worker import search_attributes
from worker.testing import real_server
from worker.watch import CANARY, SWEEP, schedule_watch
from workflows import effects
from workflows.ticket import TicketWorkflow


async def test_a_ticket_whose_due_is_past_pages_the_catch_all_once_an_hour(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path) as there:
        due = now_in_utc() - timedelta(minutes=3)
        # A round is no limit: Temporal's index does not show it, only the row does.
        row = open_row("stuckstuck", due - timedelta(minutes=5), next_due_at=due)
        there.store.write(JournalBatch(stream=workflow_id(row.key), life="x", snapshot=row))
        async with Worker(client, task_queue="stuck", workflows=[Stuck]):
            await client.start_workflow(
                "TicketWorkflow", due.isoformat(), id=workflow_id("stuckstuck"), task_queue="stuck"
            )
            first = await look(client)
            assert [finding.kind for finding in first.fresh] == ["late"]
            assert "Ticket stuckstuck is" in there.said()
            assert "last-resort" in there.said()
            assert "escalade doctor" in there.said()
            assert "escalade ticket show" not in there.said(), "the alarm is about no ticket of its own"
            assert (await look(client)).fresh == []
        assert there.said().count("subject") == 1
        written = [stored.entry for stored in there.store.entries(OPERATIONS) if stored.entry.kind == "watch.late"]
        assert [entry.data["key"] for entry in written] == ["stuckstuck"]


async def test_a_ticket_in_the_catch_all_whose_worker_is_gone_is_reported(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path, now=soon) as there:
        opened = await there.tickets.open(Ticket(title="nobody answers"))
        await there.until(opened.key, lambda view: bool(view.told))
        ana = Actor(kind="person", id="ana", via="test")
        await there.tickets.command(opened.key, Escalate(by=ana, reason="I am not here"))
        await there.until(
            opened.key, lambda view: "channel:last-resort" in {t.target for t in view.told} and not view.unwritten
        )
        row = there.store.ticket(opened.key)
        assert row is not None
        assert row.due_at is None, "no limit runs in the catch-all: Temporal's index has nothing of it"
        before = there.said().count("subject")
        await there.stop_tickets()
        report = await look(client)
        assert [(finding.kind, finding.key) for finding in report.fresh] == [("silent", opened.key)]
        assert there.said().count("subject") == before + 1
        assert (await look(client)).fresh == []


async def test_a_page_that_no_worker_takes_up_is_reported_although_nothing_else_lies_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects, "IN_QUEUE", timedelta(seconds=0.5))
    async with listening() as (url, heard), real_server() as client:
        async with installed(client, tmp_path, now=soon, limit="never", heartbeat_url=url) as there:
            await there.workers[1].shutdown()  # of pages
            opened = await there.tickets.open(Ticket(title="db down", severity=Severity.SEV1))
            view = await there.until(opened.key, lambda view: bool(view.policy) and not view.unwritten)
            assert [ahead.kind for ahead in view.upcoming] == ["pages"]
            row = there.store.ticket(opened.key)
            assert row is not None, "lists show it although the page that takes its entries along is not out"
            assert row.next_due_at == view.upcoming[0].at
            report = await look(client)
            assert [(finding.kind, finding.key) for finding in report.fresh] == [("late", opened.key)]
            # The alarm about it is a page as well: that it was not told is on record, and no heartbeat covers it up.
            assert [s.entry.kind for s in there.store.entries(OPERATIONS)] == ["watch.untold"]
            assert heard == []
        async with installed(client, tmp_path, now=soon, limit="never", heartbeat_url=url) as there:
            await there.until(opened.key, lambda view: bool(view.told))
            assert there.store.verify() == []


async def test_a_row_that_is_only_stale_is_no_finding(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path) as there:
        opened = await there.tickets.open(Ticket(title="fine"))
        await there.until(opened.key, lambda view: bool(view.told) and not view.unwritten)
        row = there.store.ticket(opened.key)
        assert row is not None
        stale = row.model_copy(update={"version": row.version + 1, "next_due_at": now_in_utc() - timedelta(hours=1)})
        there.store.write(JournalBatch(stream=workflow_id(row.key), life=row.life, snapshot=stale))
        assert (await look(client)).findings == []


async def test_a_ticket_that_was_never_admitted_is_reported(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path, now=soon) as there:
        await there.stop_tickets()
        # A worker that can decide and cannot look anything up: no ticket gets its policy.
        async with Worker(client, task_queue=TICKETS_QUEUE, workflows=[TicketWorkflow]):
            opened = await there.tickets.open(Ticket(title="db down"))
            await there.until(opened.key, lambda view: view.waiting_for == "its policy")
            await indexed(client, 1)
            assert there.store.ticket(opened.key) is None
            report = await look(client)
        assert [(finding.kind, finding.key) for finding in report.fresh] == [("unadmitted", opened.key)]
        assert "has no policy" in there.said()
        assert "last-resort" in there.said()


async def test_a_ticket_that_does_not_answer_is_told_as_silent(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path) as there:
        due = now_in_utc() - timedelta(minutes=3)
        await client.start_workflow(
            "TicketWorkflow",
            id=workflow_id("mutemutemu"),
            task_queue="nobody-polls-this",
            search_attributes=TypedSearchAttributes([SearchAttributePair(search_attributes.DUE, due)]),
        )
        await indexed(client, 1)
        report = await look(client)
        assert [(finding.kind, finding.key) for finding in report.fresh] == [("silent", "mutemutemu")]
        assert "does not answer" in there.said()


async def test_a_digest_that_was_brought_forward_unheard_is_sent_by_the_watch(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path) as there:
        at = now_in_utc() - timedelta(hours=1)
        digests = [there.store.join(_waiting(key, severity, at), leaves_at=at) for key, severity in PUT_OFF[:1]]
        morning = now_in_utc() + timedelta(hours=9)
        due = DigestDue(target="person:ana", digest_id=digests[0].id, leaves_at=morning)
        there.store.put_off(due.digest_id, leaves_at=morning, holding=1)
        there.store.digest_started(due.digest_id, leaves_at=morning)
        handle = await client.start_workflow(
            "DigestWorkflow", due, id=digest_workflow_id(due.target), task_queue=JOURNAL_QUEUE
        )
        # The worker that put the second into it died before it could say so.
        there.store.join(_waiting(*PUT_OFF[1], at), leaves_at=at)
        report = await look(client)
        assert [(finding.kind, finding.key) for finding in report.fresh] == [("digest", due.digest_id)]
        assert await handle.result() == 2
        assert all(key in there.said() for key, _ in PUT_OFF)


PUT_OFF = [("keptkeptke", "sev3"), ("hurryhurry", "sev2")]


def _waiting(key: str, severity: str, at: datetime) -> DigestItem:
    about = {"key": key, "life": "x", "title": "disk full", "severity": severity, "status": "new", "opened_at": at}
    page = {"round_id": key, "target": "person:ana", "key": key, "life": "x", "rung": 1, "joined_at": at}
    return DigestItem.model_validate({**page, "brief": about})


async def test_an_open_row_without_a_workflow_is_an_entry_and_a_page(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path) as there:
        row = open_row("gonegonego", now_in_utc() - timedelta(hours=1))
        there.store.write(JournalBatch(stream=workflow_id(row.key), life="x", snapshot=row))
        report = await look(client, compare=True)
        assert [(finding.kind, finding.key) for finding in report.fresh] == [("missing", "gonegonego")]
        assert "nobody looks after it any more" in there.said()
        assert [s.entry.kind for s in there.store.entries(OPERATIONS)][:1] == ["watch.missing"]


async def test_a_digest_whose_workflow_is_gone_is_told_of_and_sent_all_the_same(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path) as there:
        at = now_in_utc() - timedelta(hours=1)
        about = {"key": "keptkeptke", "life": "x", "title": "disk full", "severity": "sev3", "status": "new"}
        brief = TicketBrief.model_validate({**about, "opened_at": at})
        page = {"round_id": "r1", "target": "person:ana", "key": brief.key, "life": "x", "rung": 1, "joined_at": at}
        item = DigestItem.model_validate({**page, "brief": brief})
        digest = there.store.join(item, leaves_at=at + timedelta(minutes=5))
        there.store.digest_started(digest.id, leaves_at=digest.leaves_at)
        report = await look(client)
        assert [(finding.kind, finding.key) for finding in report.fresh] == [("digest", digest.id)]
        assert "The digest of person:ana was due at" in there.said()
        assert await client.get_workflow_handle(digest_workflow_id("person:ana")).result() == 1
        assert "disk full" in there.said()
        assert (await look(client)).findings == []


async def test_a_row_that_is_missing_is_written_again_from_the_ticket_itself(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path, now=soon) as there:
        opened = await there.tickets.open(Ticket(title="db down", service="payments"))
        await there.until(opened.key, lambda view: bool(view.told) and not view.unwritten)
        with there.store.database.writing() as connection:
            connection.execute(delete(rows))
            connection.execute(delete(lives))
        assert there.store.ticket(opened.key) is None
        await indexed(client, 1)
        report = await look(client, compare=True)
        assert (report.reprojected, report.findings) == ([opened.key], [])
        row = there.store.ticket(opened.key)
        assert row is not None
        assert (row.title, row.life, row.due_at is not None) == ("db down", opened.life, True)
        # The ticket's own next row replaces it.
        await there.tickets.command(opened.key, Resolve())
        await there.until(opened.key, lambda view: not view.unwritten)
        assert there.store.ticket(opened.key).status is Status.RESOLVED  # type: ignore[union-attr]


async def test_an_alarm_that_reached_nobody_is_told_by_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with real_server() as client, installed(client, tmp_path) as there:
        row = open_row("gonegonego", now_in_utc() - timedelta(hours=1))
        there.store.write(JournalBatch(stream=workflow_id(row.key), life="x", snapshot=row))
        with monkeypatch.context() as broken:
            broken.setattr(ConsoleChannel, "send", _refuse)
            assert [finding.kind for finding in (await look(client, compare=True)).fresh] == ["missing"]
        assert there.said() == ""
        (untold,) = [stored.entry for stored in there.store.entries(OPERATIONS)]
        assert (untold.kind, untold.data["keys"]) == ("watch.untold", ["gonegonego"])
        assert "the mail server is away" in untold.why
        assert [finding.kind for finding in (await look(client, compare=True)).fresh] == ["missing"]
        assert there.said().count("subject") == 1
        assert (await look(client, compare=True)).fresh == []


async def _refuse(self: ConsoleChannel, message: Message, address: str) -> Delivery:
    raise ChannelError("the mail server is away", permanent=True)


async def test_with_the_store_down_the_watch_still_sees_what_temporals_index_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        listening() as (url, heard),
        real_server() as client,
        installed(client, tmp_path, heartbeat_url=url) as there,
    ):
        due = now_in_utc() - timedelta(minutes=3)
        await client.start_workflow(
            "TicketWorkflow",
            id=workflow_id("mutemutemu"),
            task_queue="nobody-polls-this",
            search_attributes=TypedSearchAttributes([SearchAttributePair(search_attributes.DUE, due)]),
        )
        await indexed(client, 1)
        with monkeypatch.context() as away:
            away.setattr(Database, "reading", _down)
            away.setattr(Database, "writing", _down)
            first = await look(client, compare=True)
            assert {finding.kind for finding in first.fresh} == {"store", "silent"}
            assert "The store does not answer" in there.said()
            assert there.said().count("subject") == 1
            assert (await look(client)).fresh == [], "not each minute, while it lasts"
        assert heard == []


def _down(self: Database) -> None:
    raise StoreError("The database is down.")


async def test_a_mass_loss_is_told_in_one_page_that_counts_what_it_does_not_name(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path) as there:
        at = now_in_utc() - timedelta(minutes=10)
        values = [_values(open_row(f"gone{n:06d}", at)) for n in range(1500)]
        with there.store.database.writing() as connection:
            connection.execute(insert(rows), values)
        report = await look(client, compare=True)
        assert len(report.fresh) == 101
        assert report.fresh[-1].text.startswith("1400 more open tickets have no workflow")
        assert there.said().count("subject") == 1


async def test_the_heartbeat_is_called_while_all_is_well_and_not_when_a_ticket_is_late(tmp_path: Path) -> None:
    async with (
        listening() as (url, heard),
        real_server() as client,
        installed(client, tmp_path, heartbeat_url=url) as there,
    ):
        opened = await there.tickets.open(Ticket(title="fine"))
        await there.until(opened.key, lambda view: bool(view.told))
        assert (await look(client)).findings == []
        assert heard == [b"GET /beat HTTP/1.1\r\n"]
        due = now_in_utc() - timedelta(minutes=3)
        await client.start_workflow(
            "TicketWorkflow",
            id=workflow_id("mutemutemu"),
            task_queue="nobody-polls-this",
            search_attributes=TypedSearchAttributes([SearchAttributePair(search_attributes.DUE, due)]),
        )
        await indexed(client, 2)
        assert (await look(client)).findings != []
        assert len(heard) == 1


async def test_schedules_are_made_by_every_worker_and_keep_an_operators_pause(temporal: Client) -> None:
    await schedule_watch(temporal, canary_every=timedelta(minutes=15))
    sweep = temporal.get_schedule_handle(SWEEP)
    await sweep.pause(note="maintenance")
    await schedule_watch(temporal, canary_every=None)
    described = await sweep.describe()
    assert (described.schedule.state.paused, described.schedule.state.note) == (True, "maintenance")
    assert [s.id async for s in await temporal.list_schedules() if s.id == CANARY] in ([], [CANARY])
    await sweep.delete()


async def test_a_ticket_that_was_not_told_of_a_window_is_told_by_the_watch_once(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path) as there:
        opened = await there.tickets.open(Ticket(title="disk full", service="shop"))
        await there.until(opened.key, lambda view: bool(view.told) and not view.unwritten)
        spec = WindowSpec.model_validate({"match": {"service": "shop"}, "start": now_in_utc(), "lasts": "1h"})
        there.store.add_window("patching", spec, by=Actor(kind="person", id="ana"))
        await look(client)
        await there.until(opened.key, lambda view: view.maintenance_until is not None and not view.unwritten)
        events = len((await client.get_workflow_handle(workflow_id(opened.key)).fetch_history()).events)
        await look(client)
        after = len((await client.get_workflow_handle(workflow_id(opened.key)).fetch_history()).events)
        assert after == events
