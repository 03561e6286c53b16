"""Operators reset and terminate workflows, and long tickets continue as new: each with a page in the air."""

from __future__ import annotations

import asyncio
import subprocess

import pytest
from temporalio.api.enums.v1 import EventType

from activities.contracts import JOURNAL_QUEUE
from escalade.messages.watch import OPERATIONS, WatchReport, WatchRequest
from tests.kill.evidence import Page, wrongs
from tests.kill.site import Site
from worker.testing import temporal_program

pytestmark = [pytest.mark.kill, pytest.mark.xdist_group("kill")]

LATER = """
import sys
from datetime import UTC, datetime, timedelta
import worker.main

worker.main._now = lambda: datetime.now(UTC) + timedelta(minutes=2)
sys.exit(worker.main.main())
"""
"""A worker two minutes later, for the watch, which gives a ticket a minute."""


def temporal(site: Site, *arguments: str) -> None:
    """Temporal's own command line, as an operator uses it."""
    argv = [temporal_program(), "workflow", *arguments, "--address", site.address]
    done = subprocess.run(argv, env=site.env, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


async def test_a_ticket_that_is_reset_goes_on_and_the_journal_says_that_it_was(site: Site) -> None:
    await site.start()
    key = await site.open("calm")
    await site.until_written(key, "page.accepted")
    await site.until(lambda: site.settled(key), "the round is over")
    tasks = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    point = [e.event_id async for e in site.handle(key).fetch_history_events() if e.event_type == tasks][-1]
    before = (await site.handle(key).describe()).run_id
    await site.does("ana", "note", key, text="written before the reset")
    await site.until_written(key, "ticket.note")
    site.receiver.hold("bob")
    await site.does("ana", "escalate", key, reason="too much for me")
    await site.until_got(key, "bob")

    reset = ("reset", "--workflow-id", f"ticket/{key}", "--event-id", str(point), "--reapply-exclude", "All")
    await asyncio.to_thread(temporal, site, *reset, "--reason", "an operator's try")
    assert (await site.handle(key).describe()).run_id != before
    # What was done after the point is undone: it stands in the first tier again, and knows nothing of bob.
    assert (await site.view(key)).tier_name == "one"
    await site.does("ana", "note", key, text="written after the reset")
    await site.until_written(key, "journal.history_reset")
    site.receiver.release()
    await site.close(key)

    evidence = await site.evidence(key)
    kinds = evidence.kinds()
    assert kinds.count("journal.history_reset") == 1
    assert [e.what for e in evidence.entries if e.kind == "ticket.note"] == [
        "ana: written before the reset",
        "ana: written after the reset",
    ]
    # What the undone part did stays on record: bob was told, and nobody pretends that he was not.
    assert kinds.count("tier.entered") == 2
    assert [got.to for got in evidence.pages()] == ["ana", "bob"]
    assert not [finding for finding in evidence.findings if finding.tampered]
    site.verified()


async def test_a_ticket_that_is_terminated_is_missed_within_minutes_and_the_catch_all_is_paged(site: Site) -> None:
    await site.start(program=("-c", LATER))
    site.receiver.hold("cleo")
    key = await site.open("held")
    await site.until_got(key, "cleo")
    await asyncio.to_thread(temporal, site, "terminate", "--workflow-id", f"ticket/{key}", "--reason", "by mistake")
    site.receiver.release()
    assert site.client is not None
    report: WatchReport = await site.client.execute_workflow(
        "WatchWorkflow",
        WatchRequest(compare=True),
        id="watch/test",
        task_queue=JOURNAL_QUEUE,
        result_type=WatchReport,
    )
    assert [(finding.kind, finding.key) for finding in report.fresh] == [("missing", key)]
    await site.until_got("watch", "last-resort")
    [told] = [stored.entry for stored in site.store.entries(OPERATIONS) if stored.entry.kind == "watch.missing"]
    assert told.data["key"] == key
    # The checker is not deceived: the ticket was not closed.
    assert wrongs(await site.evidence(key), [Page("cleo", 1, 1)], kills=0)
    site.verified()


async def test_a_ticket_that_continues_as_new_with_a_page_in_the_air_loses_and_doubles_nothing_unsaid(
    site: Site,
) -> None:
    await site.start(options=("--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=10"))
    site.receiver.hold("cleo")
    key = await site.open("held")
    await site.until_got(key, "cleo")
    first = (await site.handle(key).describe()).run_id
    notes = 0
    while (await site.handle(key).describe()).run_id == first:
        await site.does("ana", "note", key, text=f"note {notes}")
        notes += 1
    await site.until_got(key, "cleo", times=2)
    site.receiver.release()
    await site.until(lambda: site.settled(key), "the round is over")
    await site.close(key)
    # As after a kill: what had left and was not recorded leaves once more, marked.
    site.kills = 1
    evidence = await site.proven(key, [Page("cleo", 1, 1)])
    assert [e.what for e in evidence.entries if e.kind == "ticket.note"] == [f"ana: note {n}" for n in range(notes)]
    assert "journal.history_reset" not in evidence.kinds()
    site.verified()
