"""A page that stops: by an acknowledgement, with its worker, or when its time is over."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.activity import ActivityCancellationDetails
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.attempt import Patience
from escalade.messages.activities import PageResult
from store import Store
from tests.activities.making import (
    KEY,
    Held,
    Place,
    held,
    outcomes,
    person,
    place,
    request,
)
from tests.activities.sinks import HttpSink, MailSink, Received

STREAM = f"ticket/{KEY}"
SHUTDOWN = ActivityCancellationDetails(worker_shutdown=True)


def skip(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Let the event loop's time be so much later from now on: whatever waits for less than that has waited enough."""
    loop = asyncio.get_running_loop()
    time = loop.time
    monkeypatch.setattr(loop, "time", lambda: time() + by.total_seconds())


def said(store: Store) -> list[tuple[str, str, str]]:
    return [(e.entry.kind, e.entry.what, e.entry.why) for e in store.entries(STREAM)]


async def stopped(here: Place, env: ActivityEnvironment, hold: Held) -> PageResult:
    """A page of Ana by hook, with another method to fall back to, which is stopped while the hook has it."""
    page = asyncio.create_task(env.run(here.activities.page, request(person("ana", "hook", fallbacks=("file",)))))
    await hold.arrived()
    env.cancel()
    hold.release()
    return await page


async def test_paging_that_stops_hands_back_what_crossed(here: Place, env: ActivityEnvironment, web: HttpSink) -> None:
    with held(web) as hold:
        sent = await stopped(here, env, hold)
    assert outcomes(sent.receipts) == {"ana by hook": "crossed"}
    assert sent.written
    assert said(here.store)[0][:2] == (
        "page.crossed",
        "person:ana was told by hook while somebody acknowledged (200 thank you)",
    )


async def test_what_a_provider_has_and_never_answers_for_crossed_when_paging_stopped(
    here: Place, env: ActivityEnvironment, web: HttpSink
) -> None:
    def hangs_up(received: Received) -> None:
        hold(received)
        raise ConnectionAbortedError

    with held(web) as hold:
        web.arrived = hangs_up
        sent = await stopped(here, env, hold)
    assert outcomes(sent.receipts) == {"ana by hook": "crossed"}
    assert len(web.received) == 1


async def test_a_failure_after_paging_stopped_has_no_fallback(
    here: Place, env: ActivityEnvironment, web: HttpSink
) -> None:
    web.answers = [(503, {}, "")]
    with held(web) as hold:
        sent = await stopped(here, env, hold)
    assert outcomes(sent.receipts) == {"ana by hook": "failed"}
    assert len(web.received) == 1
    assert not here.pages.exists()


async def test_a_message_without_an_answer_counts_as_crossed_when_paging_stopped(
    tmp_path: Path, mail: MailSink, web: HttpSink, env: ActivityEnvironment
) -> None:
    brisk = Patience(crossing=timedelta(seconds=0.05), store=timedelta(seconds=10))
    with place(tmp_path, mail, web, patience=brisk) as here, held(web) as hold:
        page = asyncio.create_task(env.run(here.activities.page, request(person("ana", "hook"))))
        await hold.arrived()
        env.cancel()
        sent = await page
    assert [(r.outcome, r.detail) for r in sent.receipts] == [
        ("crossed", "it was under way when paging stopped, and had no answer yet")
    ]


async def test_no_attempt_starts_after_paging_stopped(
    tmp_path: Path, mail: MailSink, web: HttpSink, env: ActivityEnvironment
) -> None:
    # The pause before the second attempt is where most of the time goes; stopping ends it at once.
    web.answers = [(503, {}, "")] * 3
    slow = Patience(pauses=(timedelta(seconds=60),) * 2, quick=timedelta(minutes=5), store=timedelta(seconds=10))
    with place(tmp_path, mail, web, patience=slow) as here, held(web) as hold:
        page = asyncio.create_task(env.run(here.activities.page, request(person("ana", "hook", fallbacks=("file",)))))
        await hold.arrived()
        hold.release()
        env.cancel()
        sent = await page
        assert outcomes(sent.receipts) == {"ana by hook": "failed"}
        assert len(web.received) == 1
        assert not here.pages.exists()


async def test_what_paging_stopped_before_it_was_sent_is_skipped(
    here: Place, env: ActivityEnvironment, mail: MailSink
) -> None:
    # The intent waits for the store, and the acknowledgement comes while it does.
    other = sqlite3.connect(here.directory / "store.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    page = asyncio.create_task(env.run(here.activities.page, request(person("ana", "mail"))))
    for _ in range(20):
        await asyncio.sleep(0)
    env.cancel()
    for _ in range(20):
        await asyncio.sleep(0)
    other.execute("ROLLBACK")
    other.close()
    sent = await page
    assert outcomes(sent.receipts) == {"ana by mail": "skipped"}
    assert mail.mails == []
    assert said(here.store)[0][0] == "page.skipped"


async def test_a_stopped_worker_lets_go_and_the_next_attempt_goes_on(
    here: Place, env: ActivityEnvironment, web: HttpSink
) -> None:
    asked = request(person("ana", "hook", "file"))
    with held(web) as hold:
        page = asyncio.create_task(env.run(here.activities.page, asked))
        await hold.arrived()
        env.cancel(SHUTDOWN)
        with pytest.raises(ApplicationError, match="worker was stopped") as stopped:
            await page
    assert not stopped.value.non_retryable
    sent = await ActivityEnvironment().run(here.activities.page, asked)
    twice = {r.method: r.possibly_twice for r in sent.receipts}
    assert twice["hook"]
    assert len({received.headers["Escalade-Message-Id"] for received in web.received}) == 1
    assert all(r.reached for r in sent.receipts)


async def test_a_page_heartbeats_so_that_it_hears_of_an_acknowledgement(
    here: Place, env: ActivityEnvironment, web: HttpSink
) -> None:
    beats: list[object] = []
    env.on_heartbeat = lambda *details: beats.append(details)
    await env.run(here.activities.page, request(person("ana", "hook")))
    assert beats


async def test_a_page_is_over_when_the_time_to_deliver_is(
    here: Place, env: ActivityEnvironment, web: HttpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = request(person("ana", "hook", fallbacks=("file",)), deliver_within=timedelta(minutes=1))
    with held(web) as hold:
        page = asyncio.create_task(env.run(here.activities.page, asked))
        await hold.arrived()
        skip(monkeypatch, timedelta(minutes=1))
        sent = await page
    assert outcomes(sent.receipts) == {"ana by hook": "unknown", "ana by file": "skipped"}
    assert sent.receipts[1].detail == "no time was left in which to deliver"
    assert sent.written


async def test_a_channel_that_hangs_is_given_up_for_the_next_one(
    tmp_path: Path, mail: MailSink, web: HttpSink, env: ActivityEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    brisk = Patience(attempt=timedelta(minutes=1), store=timedelta(minutes=5))
    with place(tmp_path, mail, web, patience=brisk) as here, held(web) as hold:
        asked = request(person("ana", "hook", fallbacks=("file",)), deliver_within=timedelta(minutes=5))
        page = asyncio.create_task(env.run(here.activities.page, asked))
        await hold.arrived()
        skip(monkeypatch, timedelta(minutes=1))
        sent = await page
    assert outcomes(sent.receipts) == {"ana by hook": "unknown", "ana by file": "delivered"}
