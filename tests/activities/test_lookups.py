from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment

from activities import contracts
from activities.signatures import verify
from escalade.maintenance.pinned import AskWindows
from escalade.maintenance.window import WindowSpec
from escalade.messages.activities import AdmitRequest, Receipt, ResolveRequest, Snapshot, WebhookRequest
from escalade.people.resolve import RoundRequest
from escalade.ticket import Actor, Severity, Status, Ticket
from store import Intent, Store
from tests.activities.making import KEY, LIFE, NOW, Place, place, waiting
from tests.activities.sinks import HttpSink, MailSink

ADMIT = AdmitRequest(key=KEY, life="next", ticket=Ticket(title="x"))


def snapshot(key: str, **given: object) -> Snapshot:
    values = {
        "key": key,
        "life": LIFE,
        "version": 1,
        "title": "x",
        "severity": Severity.SEV3,
        "status": Status.NEW,
        "opened_at": NOW,
        "updated_at": NOW,
    }
    return Snapshot.model_validate(values | given)


def write(store: Store, about: Snapshot) -> None:
    batch = waiting().model_copy(update={"stream": f"ticket/{about.key}", "snapshot": about})
    store.write(batch)


def resolve(how: str = "everyone", *targets: str) -> ResolveRequest:
    asked = {"targets": list(targets) or ["team:both"], "how": how}
    return ResolveRequest(key=KEY, round_id="r1", request=RoundRequest.model_validate(asked))


def test_every_queue_gets_the_activities_of_the_contract(here: Place) -> None:
    registered = {queue: [fn.__name__ for fn in functions] for queue, functions in here.activities.all().items()}
    assert registered == {
        contracts.TICKETS_QUEUE: ["admit", "resolve", "calendars", "windows", "forward", "forward_goal"],
        contracts.PAGES_QUEUE: ["page", "webhook", "send_digest"],
        contracts.JOURNAL_QUEUE: ["journal", "feeds", "report_digest", "duty"],
    }


async def test_a_ticket_is_admitted_to_its_policy_with_the_reason(here: Place, env: ActivityEnvironment) -> None:
    admission = await env.run(here.activities.admit, ADMIT)
    assert admission.policy.name == "only"
    assert admission.why
    assert (admission.merged_into, admission.handled, admission.notes) == (None, {}, [])


async def test_admission_knows_what_happened_to_the_key_before(here: Place, env: ActivityEnvironment) -> None:
    write(here.store, snapshot("target0000"))
    last = snapshot(KEY, status=Status.CLOSED, merged_into="target0000", handled={"e1": 1})
    write(here.store, last)
    admission = await env.run(here.activities.admit, ADMIT)
    assert admission.merged_into == "target0000"
    assert admission.handled == {"e1": 1}


async def test_a_ticket_is_admitted_while_the_database_is_down(away: Place, env: ActivityEnvironment) -> None:
    admission = await env.run(away.activities.admit, ADMIT)
    assert admission.policy.name == "only"
    assert admission.notes[0].endswith("and maintenance by command, were not looked up")
    assert admission.ask_windows


async def test_admission_pins_the_versions_of_the_steps_this_worker_has(
    tmp_path: Path, mail: MailSink, web: HttpSink, env: ActivityEnvironment
) -> None:
    with place(tmp_path, mail, web, step_versions={"notify": "1"}) as here:
        admission = await env.run(here.activities.admit, ADMIT)
        assert admission.policy == here.live.current.pinned("only", {"notify": "1"})


async def test_a_round_is_resolved_by_the_roster_in_force_now(here: Place, env: ActivityEnvironment) -> None:
    assert [r.target for r in (await env.run(here.activities.resolve, resolve())).recipients] == [
        "person:ana",
        "person:bruno",
    ]
    people = here.directory / "config" / "people.yaml"
    people.write_text(people.read_text().replace("members: [ana, bruno]", "members: [bruno]"))
    here.live.reload()
    assert [r.target for r in (await env.run(here.activities.resolve, resolve())).recipients] == ["person:bruno"]


async def test_fair_pages_whom_the_ledger_says_was_paged_least(here: Place, env: ActivityEnvironment) -> None:
    intent = Intent(
        key=KEY, round_id="r0", target="person:ana", method="mail", channel="mail", at=NOW - timedelta(days=1)
    )
    told = Receipt(target="person:ana", method="mail", channel="mail", outcome="accepted", at=NOW)
    here.store.outcome(intent, told)
    resolved = await env.run(here.activities.resolve, resolve("fair"))
    assert [r.target for r in resolved.recipients] == ["person:bruno"]
    assert resolved.notes == []


async def test_fair_goes_by_roster_order_while_the_database_is_down(away: Place, env: ActivityEnvironment) -> None:
    resolved = await env.run(away.activities.resolve, resolve("fair"))
    assert [r.target for r in resolved.recipients] == ["person:ana"]
    assert resolved.notes[0].endswith("who was paged lately is not known, roster order decides")


async def test_other_rounds_never_ask_the_database(away: Place, env: ActivityEnvironment) -> None:
    assert (await env.run(away.activities.resolve, resolve("one_at_a_time"))).notes == []


async def test_a_target_that_names_nobody_takes_nobody_else_down(here: Place, env: ActivityEnvironment) -> None:
    found = await env.run(here.activities.resolve, resolve("everyone", "who:knows"))
    assert "'who:knows' names nobody" in found.nobody


async def test_the_journal_is_written_once_however_often_it_is_asked(here: Place, env: ActivityEnvironment) -> None:
    first = await env.run(here.activities.journal, waiting("one", "two"))
    assert first == await env.run(here.activities.journal, waiting("one", "two"))
    assert first.head == here.store.head(f"ticket/{KEY}")
    assert first.head.seq == 2


async def test_a_journal_that_cannot_be_written_is_tried_again(away: Place, env: ActivityEnvironment) -> None:
    with pytest.raises(ApplicationError, match="cannot be reached") as failed:
        await env.run(away.activities.journal, waiting("one"))
    assert not failed.value.non_retryable
    assert failed.value.category is ApplicationErrorCategory.BENIGN


async def test_the_journal_does_not_wait_for_the_breaker_of_pages(
    tmp_path: Path, mail: MailSink, web: HttpSink, env: ActivityEnvironment
) -> None:
    with place(tmp_path, mail, web) as here:
        file = here.directory / "store.db"
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("ALTER TABLE deliveries RENAME TO gone")
        other.close()
        for _ in range(3):
            await env.run(here.activities.resolve, resolve("fair"))
        assert "left alone" in (await env.run(here.activities.resolve, resolve("fair"))).notes[0]
        assert (await env.run(here.activities.journal, waiting("one"))).head.seq == 1


def call(web: HttpSink, *, secret_name: str = "hook", message_id: str = "m1") -> WebhookRequest:
    return WebhookRequest(url=f"{web.url}/step", body={"a": 1}, message_id=message_id, secret_name=secret_name)


async def test_a_webhook_step_is_signed_with_the_channel_it_names(
    here: Place, env: ActivityEnvironment, web: HttpSink
) -> None:
    assert await env.run(here.activities.webhook, call(web)) == "200 thank you"
    (request,) = web.received
    assert verify(request.body, request.headers, secrets=["s3cret"], now=NOW) == "m1"
    assert json.loads(request.body) == {"a": 1}


async def test_the_id_of_a_step_becomes_a_message_id_that_can_be_signed(
    here: Place, env: ActivityEnvironment, web: HttpSink
) -> None:
    assert await env.run(here.activities.webhook, call(web, message_id="0af3.12")) == "200 thank you"
    (request,) = web.received
    assert verify(request.body, request.headers, secrets=["s3cret"], now=NOW) == "0af3-12"


async def test_a_webhook_step_without_a_name_is_unsigned(here: Place, env: ActivityEnvironment, web: HttpSink) -> None:
    assert await env.run(here.activities.webhook, call(web, secret_name="")) == "200 thank you"
    assert "Escalade-Signature" not in web.received[0].headers


@pytest.mark.parametrize(("name", "says"), [("nobody", "not configured"), ("mail", "no webhook")])
async def test_a_webhook_step_that_cannot_be_signed_is_not_sent(
    here: Place, env: ActivityEnvironment, web: HttpSink, name: str, says: str
) -> None:
    with pytest.raises(ApplicationError, match=says) as refused:
        await env.run(here.activities.webhook, call(web, secret_name=name))
    assert refused.value.non_retryable
    assert web.received == []


async def test_a_webhook_step_is_tried_again_when_its_receiver_asks(
    here: Place, env: ActivityEnvironment, web: HttpSink
) -> None:
    web.answers = [(429, {"Retry-After": "7"}, "busy"), (404, {}, "no")]
    with pytest.raises(ApplicationError, match="429 busy") as later:
        await env.run(here.activities.webhook, call(web))
    assert not later.value.non_retryable
    assert later.value.next_retry_delay == timedelta(seconds=7)
    with pytest.raises(ApplicationError, match="404 no") as never:
        await env.run(here.activities.webhook, call(web))
    assert never.value.non_retryable


WINDOW = WindowSpec.model_validate({"match": {"service": "payments"}, "start": "2040-01-01", "lasts": "1d"})


async def test_a_ticket_gets_the_windows_that_may_concern_it(here: Place, env: ActivityEnvironment) -> None:
    here.store.add_window("patching", WINDOW, by=Actor(kind="person", id="ana"))
    at = datetime(2040, 1, 1, 12, tzinfo=UTC)
    ours, theirs = Ticket(service="payments"), Ticket(service="mail")
    admission = await env.run(here.activities.admit, ADMIT.model_copy(update={"ticket": ours, "at": at}))
    assert [window.id for window in admission.windows] == ["patching"]
    asked = AskWindows(key=KEY, ticket=theirs, at=at)
    assert (await env.run(here.activities.windows.windows, asked)).windows == []


async def test_a_ticket_asks_again_while_the_store_is_away(away: Place, env: ActivityEnvironment) -> None:
    with pytest.raises(ApplicationError) as refused:
        await env.run(away.activities.windows.windows, AskWindows(key=KEY, ticket=Ticket(), at=datetime.now(UTC)))
    assert not refused.value.non_retryable
