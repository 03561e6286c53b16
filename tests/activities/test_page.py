from __future__ import annotations

import asyncio
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from temporalio.activity import ActivityCancellationDetails
from temporalio.exceptions import ApplicationError
from temporalio.runtime import BUFFERED_METRIC_KIND_HISTOGRAM, MetricBuffer, Runtime, TelemetryConfig
from temporalio.testing import ActivityEnvironment

from activities.attempt import Patience
from activities.failpoints import Failpoints
from escalade.deliveries import delivery_entry
from escalade.messages.activities import PageResult, Receipt
from store import Intent, Store
from store.database import Database
from tests.activities.making import (
    KEY,
    LIFE,
    NOW,
    PEOPLE,
    ROUND,
    Place,
    brief,
    held,
    outcomes,
    person,
    place,
    request,
    waiting,
)
from tests.activities.sinks import HttpSink, MailSink

STREAM = f"ticket/{KEY}"
SHUTDOWN = ActivityCancellationDetails(worker_shutdown=True)


def intent(target: str, method: str, step: int = 0) -> Intent:
    return Intent(
        key=KEY, life=LIFE, round_id=ROUND, target=f"person:{target}", method=method, step=step, channel=method, at=NOW
    )


def said(store: Store) -> list[tuple[str, str, str]]:
    return [(e.entry.kind, e.entry.what, e.entry.why) for e in store.entries(STREAM)]


async def test_a_page_reaches_everybody_and_is_on_record(
    here: Place, env: ActivityEnvironment, mail: MailSink, web: HttpSink
) -> None:
    sent = await env.run(here.activities.page, request(person("ana", "mail", "hook"), person("bruno", "mail")))
    assert outcomes(sent.receipts) == {
        "ana by mail": "accepted",
        "ana by hook": "accepted",
        "bruno by mail": "accepted",
    }
    assert len(mail.to("ana@example.org")) == len(mail.to("bruno@example.org")) == len(web.received) == 1
    assert sent.written
    assert sent.head == here.store.head(STREAM)
    assert min(said(here.store)) == (
        "page.accepted",
        "person:ana was told by hook (200 thank you)",
        "member of team:both",
    )
    on_record = {(d.intent.target, d.intent.method): d.receipt for d in here.store.deliveries(KEY, LIFE)}
    assert on_record == {(r.target, r.method): r for r in sent.receipts}


async def test_people_and_methods_are_told_at_once(
    here: Place, env: ActivityEnvironment, mail: MailSink, web: HttpSink
) -> None:
    with held(web) as hold:
        page = asyncio.create_task(
            env.run(here.activities.page, request(person("ana", "hook", "mail"), person("bruno", "mail")))
        )
        await hold.arrived()
        # The webhook has no answer yet; the mails do not wait for it.
        while len(mail.mails) < 2:
            await asyncio.to_thread(here.store.ping)
        hold.release()
        assert len((await page).receipts) == 3


async def test_a_method_that_fails_falls_over_to_the_next_unused_one(
    here: Place, env: ActivityEnvironment, mail: MailSink, web: HttpSink
) -> None:
    mail.answers["ana@example.org"] = ["550 no such user"]
    web.answers = [(410, {}, "gone")]
    sent = await env.run(here.activities.page, request(person("ana", "mail", fallbacks=("mail", "hook", "file"))))
    assert [(r.method, r.step, r.outcome) for r in sent.receipts] == [
        ("mail", 0, "failed"),
        ("hook", -1, "failed"),
        ("file", -1, "delivered"),
    ]
    assert "550 no such user" in sent.receipts[0].detail
    assert "to       ana\n" in here.pages.read_text()
    assert [kind for kind, _, _ in said(here.store)] == ["page.failed", "page.failed", "page.delivered"]


async def test_two_methods_that_fail_never_take_the_same_fallback(
    here: Place, env: ActivityEnvironment, mail: MailSink, web: HttpSink
) -> None:
    mail.answers["ana@example.org"] = ["550 no"]
    web.answers = [(410, {}, "gone")]
    sent = await env.run(
        here.activities.page, request(person("ana", "mail", "hook", fallbacks=("mail", "hook", "file")))
    )
    assert outcomes(sent.receipts) == {"ana by mail": "failed", "ana by hook": "failed", "ana by file": "delivered"}
    assert here.pages.read_text().count("to       ana\n") == 1


async def test_a_passing_refusal_is_tried_again_under_the_same_message_id(
    here: Place, env: ActivityEnvironment, web: HttpSink
) -> None:
    web.answers = [(503, {}, ""), (429, {"Retry-After": "0"}, "")]
    sent = await env.run(here.activities.page, request(person("ana", "hook", fallbacks=("file",))))
    assert outcomes(sent.receipts) == {"ana by hook": "accepted"}
    assert len(web.received) == 3
    assert len({received.headers["Escalade-Message-Id"] for received in web.received}) == 1


async def test_a_refusal_that_does_not_pass_ends_in_the_fallback(
    here: Place, env: ActivityEnvironment, web: HttpSink
) -> None:
    web.answers = [(503, {}, "")] * 3
    sent = await env.run(here.activities.page, request(person("ana", "hook", fallbacks=("file",))))
    assert outcomes(sent.receipts) == {"ana by hook": "failed", "ana by file": "delivered"}
    assert len(web.received) == 3


async def test_a_provider_that_wants_to_be_left_alone_for_long_is_not_waited_for(
    here: Place, env: ActivityEnvironment, web: HttpSink
) -> None:
    web.answers = [(429, {"Retry-After": "3600"}, "")]
    sent = await env.run(here.activities.page, request(person("ana", "hook", fallbacks=("file",))))
    assert outcomes(sent.receipts) == {"ana by hook": "failed", "ana by file": "delivered"}
    assert len(web.received) == 1


async def test_the_same_page_twice_is_sent_once(here: Place, env: ActivityEnvironment, mail: MailSink) -> None:
    asked = request(person("ana", "mail"))
    first = await env.run(here.activities.page, asked)
    second = await env.run(here.activities.page, asked)
    assert first.receipts == second.receipts
    assert len(mail.mails) == 1
    assert first.head == second.head
    assert len(said(here.store)) == 1


async def test_a_delivery_started_and_never_recorded_is_sent_again_under_the_same_message_id(
    here: Place, env: ActivityEnvironment, mail: MailSink
) -> None:
    before = here.store.intend(intent("ana", "mail"))
    sent = await env.run(here.activities.page, request(person("ana", "mail")))
    assert sent.receipts[0].possibly_twice
    assert mail.mails[0]["Message-ID"] == f"<{before.message_id}@example.org>"
    assert "perhaps twice" in said(here.store)[0][1]


async def test_a_failure_on_record_is_not_tried_again_but_its_fallback_is(
    here: Place, env: ActivityEnvironment, mail: MailSink
) -> None:
    known = Receipt(target="person:ana", method="mail", channel="mail", outcome="failed", at=NOW)
    here.store.outcome(intent("ana", "mail"), known)
    sent = await env.run(here.activities.page, request(person("ana", "mail", fallbacks=("file",))))
    assert outcomes(sent.receipts) == {"ana by mail": "failed", "ana by file": "delivered"}
    assert mail.mails == []


async def test_what_was_skipped_is_sent_when_the_page_goes_on(
    here: Place, env: ActivityEnvironment, mail: MailSink
) -> None:
    skipped = Receipt(target="person:ana", method="mail", channel="mail", outcome="skipped", at=NOW)
    here.store.outcome(intent("ana", "mail"), skipped)
    sent = await env.run(here.activities.page, request(person("ana", "mail")))
    assert outcomes(sent.receipts) == {"ana by mail": "accepted"}
    assert len(mail.mails) == 1


async def test_paging_that_stops_hands_back_what_crossed(here: Place, env: ActivityEnvironment, web: HttpSink) -> None:
    with held(web) as hold:
        page = asyncio.create_task(env.run(here.activities.page, request(person("ana", "hook", fallbacks=("file",)))))
        await hold.arrived()
        env.cancel()
        hold.release()
        sent = await page
    assert outcomes(sent.receipts) == {"ana by hook": "crossed"}
    assert sent.written
    assert said(here.store)[0][:2] == (
        "page.crossed",
        "person:ana was told by hook while somebody acknowledged (200 thank you)",
    )


async def test_a_failure_after_paging_stopped_has_no_fallback(
    here: Place, env: ActivityEnvironment, web: HttpSink
) -> None:
    web.answers = [(503, {}, "")]
    with held(web) as hold:
        page = asyncio.create_task(env.run(here.activities.page, request(person("ana", "hook", fallbacks=("file",)))))
        await hold.arrived()
        env.cancel()
        hold.release()
        sent = await page
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


async def test_a_page_is_over_when_the_time_to_deliver_is(here: Place, env: ActivityEnvironment, web: HttpSink) -> None:
    asked = request(person("ana", "hook", fallbacks=("file",)), deliver_within=timedelta(seconds=0.3))
    with held(web):
        sent = await env.run(here.activities.page, asked)
    assert outcomes(sent.receipts) == {"ana by hook": "unknown", "ana by file": "skipped"}
    assert sent.receipts[1].detail == "no time was left in which to deliver"
    assert sent.written


async def test_a_channel_that_hangs_is_given_up_for_the_next_one(
    tmp_path: Path, mail: MailSink, web: HttpSink, env: ActivityEnvironment
) -> None:
    brisk = Patience(attempt=timedelta(seconds=0.5), store=timedelta(seconds=10))
    with place(tmp_path, mail, web, patience=brisk) as here, held(web):
        sent = await env.run(here.activities.page, request(person("ana", "hook", fallbacks=("file",))))
    assert outcomes(sent.receipts) == {"ana by hook": "unknown", "ana by file": "delivered"}


async def test_entries_taken_along_do_not_wait_for_deliveries(
    here: Place, env: ActivityEnvironment, web: HttpSink
) -> None:
    with held(web) as hold:
        page = asyncio.create_task(
            env.run(here.activities.page, request(person("ana", "hook"), batch=waiting("one", "two")))
        )
        await hold.arrived()
        while len(said(here.store)) < 2:
            await asyncio.to_thread(here.store.ping)
        assert [what for _, what, _ in said(here.store)] == ["one", "two"]
        hold.release()
        sent = await page
    assert [kind for kind, _, _ in said(here.store)] == ["ticket.noted", "ticket.noted", "page.accepted"]
    assert sent.head == here.store.head(STREAM)
    assert sent.written
    assert here.store.verify(STREAM) == []


async def test_a_page_to_nobody_still_writes_what_it_takes_along(here: Place, env: ActivityEnvironment) -> None:
    sent = await env.run(here.activities.page, request(batch=waiting("one")))
    assert (sent.receipts, sent.written) == ([], True)
    assert sent.head == here.store.head(STREAM)
    assert len(said(here.store)) == 1


async def test_a_page_goes_out_while_the_database_is_down(
    tmp_path: Path, mail: MailSink, web: HttpSink, env: ActivityEnvironment
) -> None:
    away = Store(Database("postgresql+psycopg://escalade@127.0.0.1:1/none"), lambda: NOW)
    asked = request(person("ana", "mail", "hook"), batch=waiting("one"))
    with place(tmp_path, mail, web, store=away) as here:
        sent = await env.run(here.activities.page, asked)
    assert outcomes(sent.receipts) == {"ana by mail": "accepted", "ana by hook": "accepted"}
    assert not sent.written
    assert sent.head is None
    assert "cannot be reached" in sent.notes[0]
    # The other attempt, when the database is back, knows the same messages by the same ids.
    with place(tmp_path, mail, web) as back:
        again = await ActivityEnvironment().run(back.activities.page, asked)
    assert {r.message_id for r in again.receipts} == {r.message_id for r in sent.receipts}


async def test_deliveries_of_a_dark_hour_come_into_journal_and_ledger_by_way_of_the_ticket(
    tmp_path: Path, mail: MailSink, web: HttpSink, env: ActivityEnvironment
) -> None:
    away = Store(Database("postgresql+psycopg://escalade@127.0.0.1:1/none"), lambda: NOW)
    mail.answers["ana@example.org"] = ["550 no such user"]
    asked = request(person("ana", "mail", "hook", fallbacks=("file",)))
    with place(tmp_path, mail, web, store=away) as here:
        sent = await env.run(here.activities.page, asked)
    assert not sent.written
    batch = waiting("meanwhile")
    batch.entries += [
        delivery_entry(
            receipt,
            stream=STREAM,
            life=LIFE,
            round_id=ROUND,
            rung=1,
            round_number=2,
            purpose="round",
            why="member of team:both",
        )
        for receipt in sent.receipts
    ]
    with place(tmp_path, mail, web) as back:
        await env.run(back.activities.journal, batch)
        await env.run(back.activities.journal, batch)
        on_record = {d.intent.method: d.receipt for d in back.store.deliveries(KEY, LIFE)}
        assert on_record == {receipt.method: receipt for receipt in sent.receipts}
        assert len(said(back.store)) == 4
        # An attempt of the same page that comes this late sends nothing again, and changes nothing.
        late = await ActivityEnvironment().run(back.activities.page, asked)
        assert {r.method: r for r in late.receipts} == {r.method: r for r in sent.receipts}
        assert late.head == back.store.head(STREAM)
        assert len(said(back.store)) == 4
    assert len(web.received) == 1


async def test_a_page_goes_out_while_the_database_hangs(
    tmp_path: Path, mail: MailSink, web: HttpSink, env: ActivityEnvironment
) -> None:
    brisk = Patience(store=timedelta(seconds=0.05))
    with place(tmp_path, mail, web, patience=brisk) as here:
        other = sqlite3.connect(here.directory / "store.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        sent = await env.run(here.activities.page, request(person("ana", "file")))
        other.execute("ROLLBACK")
        other.close()
    assert outcomes(sent.receipts) == {"ana by file": "delivered"}
    assert not sent.written
    assert "did not answer within 0.05 s" in sent.notes[0]


async def test_night_is_where_the_person_is(
    tmp_path: Path, mail: MailSink, web: HttpSink, env: ActivityEnvironment
) -> None:
    in_tokyo_it_is_ten_in_the_evening = datetime.fromisoformat("2026-03-02T13:00:00+00:00")
    with place(tmp_path, mail, web, now=lambda: in_tokyo_it_is_ten_in_the_evening) as here:
        sent = await env.run(here.activities.page, request(person("ana", "mail"), person("bruno", "mail")))
    assert {r.target: r.at_night for r in sent.receipts} == {"person:ana": False, "person:bruno": True}


async def test_each_reads_in_their_own_language_and_zone(here: Place, env: ActivityEnvironment, mail: MailSink) -> None:
    await env.run(here.activities.page, request(person("ana", "mail"), person("bruno", "mail")))
    english, french = (str(mail.to(f"{name}@example.org")[0].get_body(("plain",))) for name in ("ana", "bruno"))
    assert "Why you" in english
    assert "2026-03-02 10:10 CET" in english
    assert "Pourquoi vous" in french
    assert "2026-03-02 18:10 JST" in french


async def test_a_title_cannot_smuggle_a_header_into_a_mail(
    here: Place, env: ActivityEnvironment, mail: MailSink
) -> None:
    evil = brief(title="down\r\nBcc: everybody@example.org\r\n\r\nHello \u202eevil\x00\u2028there")
    sent = await env.run(here.activities.page, request(person("ana", "mail"), brief=evil))
    assert outcomes(sent.receipts) == {"ana by mail": "accepted"}
    (arrived,) = mail.mails
    assert arrived["Bcc"] is None
    assert arrived["Subject"].strip() == "[sev1] down Bcc: everybody@example.org Hello evil there (primary, abcdefghij)"
    assert b"\r\nBcc:" not in mail.raw[0]


async def test_a_person_or_method_that_a_reload_removed_is_a_failure_and_the_next_method_goes(
    here: Place, env: ActivityEnvironment
) -> None:
    people = here.directory / "config" / "people.yaml"
    people.write_text(PEOPLE.replace("      mail: {channel: mail, address: ana@example.org}\n", ""))
    assert [problem for problem in here.live.reload() if problem.level == "error"] == []
    asked = request(person("ana", "mail", fallbacks=("file",)), person("carl", "mail", fallbacks=("file",)))
    sent = await env.run(here.activities.page, asked)
    assert outcomes(sent.receipts) == {
        "ana by mail": "failed",
        "ana by file": "delivered",
        "carl by mail": "failed",
        "carl by file": "failed",
    }
    assert next(r.detail for r in sent.receipts if r.target == "person:carl").startswith("the roster has no mail")


async def test_a_shared_place_is_told_like_a_person(here: Place, env: ActivityEnvironment) -> None:
    sent = await env.run(here.activities.page, request(person("channel:room", "file")))
    assert outcomes(sent.receipts) == {"room by file": "delivered"}
    assert "to       #room\n" in here.pages.read_text()


async def test_a_page_measures_how_late_it_was(here: Place) -> None:
    buffer = MetricBuffer(1000)
    runtime = Runtime(telemetry=TelemetryConfig(metrics=buffer))
    env = ActivityEnvironment()
    env.metric_meter = runtime.metric_meter
    await env.run(here.activities.page, request(person("ana", "file"), scheduled_at=NOW - timedelta(seconds=2)))
    updates = buffer.retrieve_updates()
    (late,) = [u for u in updates if u.metric.name == "escalade_page_lateness"]
    assert late.metric.kind == BUFFERED_METRIC_KIND_HISTOGRAM
    assert late.value == 2000
    assert {"purpose": "round", "severity": "sev1"}.items() <= late.attributes.items()
    assert [u.value for u in updates if u.metric.name == "escalade_deliveries"] == [1]


async def test_the_failpoints_lie_where_they_say(
    tmp_path: Path, mail: MailSink, web: HttpSink, env: ActivityEnvironment
) -> None:
    class Spy(Failpoints):
        def hit(self, point: str) -> None:
            stored = here.store.deliveries(KEY, LIFE)
            passed.append((point, len(mail.mails), [d.receipt is not None for d in stored], len(said(here.store))))

    passed: list[tuple[str, int, list[bool], int]] = []
    with place(tmp_path, mail, web, failpoints=Spy()) as here:
        await env.run(here.activities.page, request(person("ana", "mail")))
    assert passed == [
        ("before_send", 0, [False], 0),
        ("after_accept", 1, [False], 0),
        ("before_record", 1, [True], 0),
    ]


async def test_the_result_survives_the_wire(here: Place, env: ActivityEnvironment) -> None:
    sent = await env.run(here.activities.page, request(person("ana", "file"), batch=waiting("one")))
    assert PageResult.model_validate_json(sent.model_dump_json()) == sent
