"""Limits, quiet hours and digests, lived through on the real server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer

from activities.contracts import JOURNAL_QUEUE, digest_workflow_id
from activities.digesting import SIGNAL, signal_with_start
from escalade.messages.activities import DigestDue
from escalade.ticket import workflow_id
from tests.tower import POST, Climber, Tower
from tests.workflows.conftest import MakeTower
from worker.plugin import escalade_plugin
from workflows.digest import DigestWorkflow

HOUR = timedelta(hours=1)
ONE = {"name": "one", "page": ["person:ana"], "acknowledge_within": "3h"}
TWO = {"name": "two", "page": ["person:cleo"], "acknowledge_within": "1h"}


def person(name: str, **more: Any) -> dict[str, Any]:
    return {"methods": {"mail": {"channel": "mail", "address": f"{name}/mail"}}, **more}


def people(**ana: Any) -> dict[str, Any]:
    return {"ana": person("ana", **ana), "bob": person("bob"), "cleo": person("cleo")}


async def _whys(ticket: Climber, kind: str) -> list[str]:
    return [f"{entry.what} ({entry.why})" for entry in ticket.journal() if entry.kind == kind]


def _night(*, begins_in: timedelta) -> dict[str, str]:
    """Quiet hours of somebody who lives in UTC, by the clock of the machine."""
    begins = datetime.now(UTC) + begins_in
    return {"from": f"{begins:%H:%M}", "to": f"{begins + timedelta(hours=9):%H:%M}"}


def _digests_of(who: str) -> list[str]:
    return [
        sent.message.text
        for sent in POST.sent
        if sent.message.data["purpose"] == "digest" and sent.address.startswith(f"{who}/")
    ]


def _standing_digests(there: Tower) -> WorkflowHandle[Any, Any]:
    """Digests whose time stands still until it is moved; the handle of Ana's."""

    async def start(due: DigestDue) -> None:
        with there.time.standing():
            await signal_with_start(due)

    there.activities.digests.start = start
    return there.client.get_workflow_handle(digest_workflow_id("person:ana"))


async def _until(ticket: Climber, kind: str) -> None:
    async with asyncio.timeout(30):
        while kind not in ticket.kinds():
            await asyncio.sleep(0.02)
    await ticket.settled()


async def test_above_the_limit_the_backup_is_paged_and_the_timeline_says_why(tower: MakeTower) -> None:
    limited = people(backup="bob", capacity={"limits": [{"pages": 1, "per": "1h"}]})
    there = await tower(ONE, TWO, people=limited)
    first, second = await there.open("first"), await there.open("second")
    assert [len(first.told(who)) for who in ("ana", "bob")] == [1, 0]
    assert [len(second.told(who)) for who in ("ana", "bob")] == [0, 1]
    [passed] = await _whys(second, "page.passed_over")
    assert "person:ana is not paged; person:bob instead (had 1 page within 1h; no room until" in passed
    told = (await second.view()).told
    assert told[0].why.startswith("instead of person:ana, who had 1 page within 1h")
    assert (await second.does("bob", "acknowledge")).acknowledged


async def test_who_has_no_room_is_paged_at_the_first_instant_with_room(tower: MakeTower) -> None:
    there = await tower(ONE, TWO, people=people(capacity={"limits": [{"pages": 1, "per": "1h"}]}))
    await there.open("first")
    waits = await there.open("second", severity="sev3")
    assert waits.told("ana") == []
    assert "round.waits" in waits.kinds()
    [room] = [due for due in (await waits.view()).upcoming if due.kind == "room"]
    await waits.forward(minutes=59)
    assert waits.told("ana") == []
    await waits.forward(minutes=2)
    assert len(waits.told("ana")) == 1
    assert (await waits.view()).tier_name == "one"
    assert room.why == "everybody here is over a limit"


async def test_at_the_tier_limit_a_round_that_waits_for_room_climbs(tower: MakeTower) -> None:
    short = ONE | {"acknowledge_within": "30m"}
    there = await tower(short, TWO, people=people(capacity={"limits": [{"pages": 1, "per": "1h"}]}))
    await there.open("first")
    waits = await there.open("second", severity="sev3")
    await waits.forward(minutes=31)
    assert waits.told("ana") == []
    assert len(waits.told("cleo")) == 1


async def test_a_sev1_pages_although_everybody_is_over(tower: MakeTower) -> None:
    there = await tower(ONE, TWO, people=people(capacity={"limits": [{"pages": 1, "per": "1h"}]}))
    await there.open("first")
    urgent = await there.open("second", severity="sev1")
    assert len(urgent.told("ana")) == 1
    assert "pages the least burdened anyway" in (await urgent.view()).told[0].why


async def test_above_the_rate_tickets_are_told_once_in_a_digest_and_know_it(tower: MakeTower) -> None:
    rule = {"digest": {"above": 1, "per": "1h", "every": "10m"}}
    there = await tower(ONE, TWO, people=people(capacity=rule))
    digest_of_ana = _standing_digests(there)
    alone = await there.open("alone")
    collected = [await there.open(f"collected {n}", severity="sev3") for n in range(3)]
    acknowledged = collected.pop()
    await acknowledged.does("ana", "acknowledge")
    await acknowledged.settled()
    await there.time.forward(digest_of_ana, timedelta(minutes=9))
    assert [sent for sent in POST.sent if sent.message.data["purpose"] == "digest"] == []
    await there.time.forward(digest_of_ana, timedelta(minutes=2))
    for ticket in collected:
        await _until(ticket, "page.accepted")
    assert len(alone.told("ana")) == 1
    digests = [sent for sent in POST.sent if sent.message.data["purpose"] == "digest"]
    [digest] = digests
    assert digest.address == "ana/mail"
    assert [ticket.key in digest.message.text for ticket in (*collected, acknowledged, alone)] == [
        True,
        True,
        False,
        False,
    ]
    for ticket in collected:
        assert ticket.kinds().count("page.digested") == 1
        assert ticket.kinds().count("page.accepted") == 1
        told = (await ticket.view()).told[0]
        assert [(receipt.method, receipt.outcome) for receipt in told.receipts] == [("mail", "accepted")]
        assert told.receipts[0].detail == "in a digest of 2 tickets"
    await _until(acknowledged, "page.dropped")
    assert await _whys(acknowledged, "page.dropped") == [
        "person:ana is not told in the digest (acknowledged meanwhile)"
    ]
    assert await digest_of_ana.result() == 2


async def test_a_digest_that_fails_is_a_failed_round(tower: MakeTower) -> None:
    rule = {"digest": {"above": 0, "per": "1h", "every": "10m"}}
    there = await tower(ONE, TWO, people=people(capacity=rule))
    there.post.refuses = lambda address: address.startswith("ana/")
    ticket = await there.open("digested", severity="sev3")
    await _until(ticket, "round.failed")
    assert (await ticket.view()).tier_name == "two"
    assert len(ticket.told("cleo")) == 1


@pytest.mark.parametrize("severity", ["sev2", "sev3"])
async def test_a_page_that_quiet_hours_do_not_hold_back_takes_a_digest_along_that_they_do(
    tower: MakeTower, severity: str
) -> None:
    rule = {"quiet": [_night(begins_in=timedelta(minutes=5))], "digest": {"above": 1, "per": "1h", "every": "10m"}}
    there = await tower(ONE, TWO, people=people(capacity=rule), ignore_quiet_hours=[severity])
    digest_of_ana = _standing_digests(there)
    await there.open("alone", severity="sev4")
    waits = await there.open("until morning", severity="sev4")
    await there.time.forward(digest_of_ana, timedelta(minutes=11))
    assert _digests_of("ana") == []
    hurries = await there.open("at any hour", severity=severity)
    assert hurries.kinds().count("page.digested") == 1
    # Not one second of the night has to pass for it.
    async with asyncio.timeout(30):
        assert await digest_of_ana.result() == 2
    [told] = _digests_of("ana")
    assert [ticket.key in told for ticket in (waits, hurries)] == [True, True]
    for ticket in (waits, hurries):
        await _until(ticket, "page.accepted")
    await Replayer(workflows=[DigestWorkflow], plugins=[escalade_plugin()]).replay_workflow(
        await digest_of_ana.fetch_history()
    )


async def test_tickets_that_are_hard_to_reach_delay_no_other_digest(tower: MakeTower) -> None:
    rule = {"digest": {"above": 0, "per": "1h", "every": "10m"}}
    there = await tower(ONE, TWO, people=people(capacity=rule))
    digest_of_ana = _standing_digests(there)
    reachable = asyncio.Event()
    first = await there.open("first", severity="sev3")

    async def tell(key: str, said: dict[str, Any]) -> None:
        if key == first.key and not reachable.is_set():
            raise RPCError("it does not take it", RPCStatusCode.UNAVAILABLE, b"")
        with there.time.standing():
            await there.client.get_workflow_handle(workflow_id(key)).signal(SIGNAL, said)

    there.activities.digests.tell = tell
    await there.time.forward(digest_of_ana, timedelta(minutes=11))
    async with asyncio.timeout(30):
        while len(_digests_of("ana")) < 1:
            await asyncio.sleep(0.02)
    second = await there.open("second", severity="sev3")
    assert "page.accepted" not in first.kinds()
    await there.time.forward(digest_of_ana, timedelta(minutes=11))
    await _until(second, "page.accepted")
    assert "page.accepted" not in first.kinds()
    reachable.set()
    await _until(first, "page.accepted")
    await digest_of_ana.result()
    assert len(_digests_of("ana")) == 2


@pytest.mark.parametrize("way", ["continued"])
async def test_a_digest_that_is_joined_again_and_again_goes_on_in_a_new_run_with_all_that_is_due(
    tower: MakeTower,
) -> None:
    there = await tower(ONE, TWO, people=people())
    handle = there.client.get_workflow_handle(digest_workflow_id("person:ana"))
    later = datetime.now(UTC) + timedelta(days=1)
    dues = [DigestDue(target="person:ana", digest_id=name, leaves_at=later) for name in ("first", "second")]
    with there.time.standing():
        began = await there.client.start_workflow("DigestWorkflow", dues[0], id=handle.id, task_queue=JOURNAL_QUEUE)
    async with asyncio.timeout(30):
        while (await handle.describe()).run_id == began.first_execution_run_id:
            await handle.signal("joined", dues[1])
    started = (await handle.fetch_history()).events[0].workflow_execution_started_event_attributes
    carried = await there.client.data_converter.decode(started.input.payloads)
    assert [one["digest_id"] for one in carried] == ["first", "second"]
    await handle.terminate()
