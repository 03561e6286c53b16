"""A page and the store: what it writes down, and what it does without one."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path

from temporalio.testing import ActivityEnvironment

from activities.attempt import Patience
from activities.failpoints import Failpoints
from escalade.deliveries import delivery_entry
from escalade.messages.activities import PageResult
from store import Store
from store.database import Database
from tests.activities.making import (
    KEY,
    LIFE,
    NOW,
    ROUND,
    Place,
    held,
    outcomes,
    person,
    place,
    request,
    waiting,
)
from tests.activities.sinks import HttpSink, MailSink

STREAM = f"ticket/{KEY}"


def said(store: Store) -> list[tuple[str, str, str]]:
    return [(e.entry.kind, e.entry.what, e.entry.why) for e in store.entries(STREAM)]


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
