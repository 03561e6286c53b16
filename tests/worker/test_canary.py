"""The canary goes through the whole engine, and is missed when it does not."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from activities.canary import canary_key
from activities.contracts import JOURNAL_QUEUE
from escalade.messages.watch import OPERATIONS, CanaryReport
from escalade.ticket import Status
from tests.worker.installation import installed, now_in_utc
from tests.worker.watching import look
from worker.testing import real_server


async def test_a_canary_runs_through_the_whole_engine_and_wakes_nobody(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path, canary_every="15m") as there:
        for _ in range(2):
            report = await client.execute_workflow(
                "CanaryWorkflow", id="watch/canary", task_queue=JOURNAL_QUEUE, result_type=CanaryReport
            )
            assert report.well, report.text
        assert there.said().count("to       quiet") == 2
        assert "last-resort" not in there.said()
        row = there.store.ticket(canary_key())
        assert row is not None
        assert (row.status, row.labels, row.policy) == (Status.CLOSED, {"canary": "true"}, "canary")


async def test_a_canary_that_cannot_be_paged_pages_the_catch_all(tmp_path: Path) -> None:
    within = timedelta(seconds=2)
    async with (
        real_server() as client,
        installed(client, tmp_path, canary_within=within, canary_channel="broken", canary_every="15m") as there,
    ):
        report = await client.execute_workflow(
            "CanaryWorkflow", id="watch/canary", task_queue=JOURNAL_QUEUE, result_type=CanaryReport
        )
        assert not report.well
        assert f"The canary ticket {canary_key()} could not be paged" in there.said()
        assert "watch.canary" in [stored.entry.kind for stored in there.store.entries(OPERATIONS)]


async def test_a_canary_that_has_not_run_for_long_is_found_by_the_sweep(tmp_path: Path) -> None:
    def in_an_hour() -> datetime:
        return now_in_utc() + timedelta(hours=1)

    async with (
        real_server() as client,
        installed(client, tmp_path, now=in_an_hour, canary_every="15m"),
    ):
        await client.execute_workflow("CanaryWorkflow", id="watch/canary", task_queue=JOURNAL_QUEUE)
        report = await look(client)
        assert [finding.kind for finding in report.findings] == ["canary"]
        assert "last seen 60 min ago" in report.findings[0].text
