"""A page: whom it reaches, by which method, and what they read."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from temporalio.runtime import BUFFERED_METRIC_KIND_HISTOGRAM, MetricBuffer, Runtime, TelemetryConfig
from temporalio.testing import ActivityEnvironment

from escalade.messages.activities import Receipt
from store import Intent, Store
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
)
from tests.activities.sinks import HttpSink, MailSink

STREAM = f"ticket/{KEY}"


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


async def test_what_a_provider_may_have_is_not_sent_again_and_the_next_method_is_used_at_once(
    here: Place, env: ActivityEnvironment, mail: MailSink
) -> None:
    mail.is_mute = True
    asked = request(person("ana", "mail", fallbacks=("file",)))
    for _ in range(2):  # nor by another attempt at the page
        sent = await env.run(here.activities.page, asked)
        assert outcomes(sent.receipts) == {"ana by mail": "unknown", "ana by file": "delivered"}
        assert len(mail.mails) == 1
    kind, what, _ = said(here.store)[0]
    assert kind == "page.unknown"
    assert what.startswith("person:ana may have been told by mail")


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
