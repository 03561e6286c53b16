"""Digests that may not wait, and tickets that are hard to reach with what became of theirs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.forward import FOR_GOOD
from activities.room import Room
from escalade.messages.activities import DigestDue, DigestRequest
from escalade.people.capacity import Window
from store.budgets import Full, Wish
from tests.activities.making import NOW
from tests.activities.sinks import HttpSink, MailSink
from tests.activities.test_room import DIGEST, Site, reached, site


@pytest.fixture
def collected(tmp_path: Path, mail: MailSink, web: HttpSink, env: ActivityEnvironment) -> Iterator[Site]:
    """Everything in digests."""
    yield from site(tmp_path, mail, web, env, digest=DIGEST)


NIGHT = '{quiet: [{from: "%s", to: "%s"}], digest: {above: 1, per: 1h, every: 10m, except: []}}'


async def _put_off(here: Site) -> DigestDue:
    """A digest with one ticket in it, put off until quiet hours are over that began after it was opened."""
    begins, ends = NOW + timedelta(minutes=5), NOW + timedelta(hours=9)
    here.limit(NIGHT % (begins.strftime("%H:%M"), ends.strftime("%H:%M")))
    assert [reached(await here.page(number)) for number in (1, 2)] == [
        [("person:ana", "delivered")],
        [("person:ana", "digested")],
    ]
    [due] = here.started
    request = DigestRequest(target=due.target, digest_id=due.digest_id, at=due.leaves_at)
    waits = await here.env.run(here.there.activities.send_digest, request)
    assert (waits.again_at, waits.told) == (ends, 0)
    return due


NOT_UNTIL_MORNING: list[dict[str, Any]] = [
    {"severity": "sev2", "ignore_quiet": True},
    {"severity": "sev1", "ignore_quiet": True},
    {"severity": "sev3", "ignore_quiet": True},
    {"severity": "sev2"},
]


@pytest.mark.parametrize("page", NOT_UNTIL_MORNING, ids=str)
async def test_what_may_not_wait_until_morning_does_not_wait_with_a_digest_that_does(
    collected: Site, page: dict[str, Any]
) -> None:
    due = await _put_off(collected)
    found = await collected.page(3, **page)
    assert reached(found) == [("person:ana", "digested")]
    assert found.receipts[0].detail.endswith("it leaves at 2026-03-02T09:10:00Z"), "and the timeline says so"
    assert collected.started[1:] == [due], "whoever waits for it hears that it is due"
    at_night = DigestRequest(target=due.target, digest_id=due.digest_id, at=NOW + timedelta(hours=1))
    sent = await collected.env.run(collected.there.activities.send_digest, at_night)
    assert (sent.again_at, sent.told) == (None, 2)


async def test_what_can_wait_until_morning_does(collected: Site) -> None:
    due = await _put_off(collected)
    found = await collected.page(3)
    assert found.receipts[0].detail.endswith("it leaves at 2026-03-02T18:00:00Z")
    assert collected.started == [due]


async def test_quiet_hours_that_are_ignored_leave_the_limits_in_force(collected: Site) -> None:
    due = await _put_off(collected)
    await collected.page(3, ignore_quiet=True)
    limits = [Window("1h", 1, NOW + timedelta(hours=2), "had {pages} within 1h")]
    collected.there.store.force("other", Wish("person:ana", limits), at=NOW, kind="page", says="")
    night = NIGHT % (NOW.strftime("%H:%M"), (NOW + timedelta(hours=9)).strftime("%H:%M"))
    collected.limit(night.replace("{quiet", "{limits: [{pages: 1, per: 1h}], quiet"))
    request = DigestRequest(target=due.target, digest_id=due.digest_id, at=NOW + timedelta(minutes=10))
    waits = await collected.env.run(collected.there.activities.send_digest, request)
    assert (waits.again_at, waits.why) == (NOW + timedelta(hours=2), "had 1 page within 1h")


async def test_what_joins_while_a_digest_is_found_to_have_no_room_is_told_with_it(
    collected: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = await _put_off(collected)
    ask = Room.for_digest

    async def somebody_joins_meanwhile(self: Room, target: str, digest_id: str, **more: Any) -> Full | None:
        full = await ask(self, target, digest_id, **more)
        monkeypatch.setattr(Room, "for_digest", ask)
        page = collected.request(3, severity="sev2", ignore_quiet=True)
        assert reached(await collected.there.activities.page(page)) == [("person:ana", "digested")]
        return full

    monkeypatch.setattr(Room, "for_digest", somebody_joins_meanwhile)
    request = DigestRequest(target=due.target, digest_id=due.digest_id, at=NOW + timedelta(hours=1))
    sent = await collected.env.run(collected.there.activities.send_digest, request)
    assert (sent.again_at, sent.told) == (None, 2)


async def test_when_nobody_hears_that_a_digest_is_due_sooner_the_page_is_tried_again(collected: Site) -> None:
    due = await _put_off(collected)

    async def refuses(_: DigestDue) -> None:
        raise RPCError("no server", RPCStatusCode.UNAVAILABLE, b"")

    mended, collected.there.activities.digests.start = collected.there.activities.digests.start, refuses
    with pytest.raises(ApplicationError, match="could not be started"):
        await collected.page(3, severity="sev2", ignore_quiet=True)
    collected.there.activities.digests.start = mended
    assert reached(await collected.page(3, severity="sev2", ignore_quiet=True)) == [("person:ana", "digested")]
    assert collected.started[1:] == [due]


async def _sent(here: Site, tickets: int) -> DigestRequest:
    for number in range(tickets):
        await here.page(number)
    [due] = here.started
    request = DigestRequest(target=due.target, digest_id=due.digest_id, at=due.leaves_at)
    await here.env.run(here.there.activities.send_digest, request)
    return request


def _hard_to_reach(here: Site, key: str, status: RPCStatusCode) -> None:
    async def tell(to: str, said: dict[str, Any]) -> None:
        if to == key:
            raise RPCError("it does not take it", status, b"")
        here.said.append((to, said))

    here.there.activities.digests.tell = tell


@pytest.mark.parametrize("status", FOR_GOOD)
async def test_a_ticket_that_can_hear_nothing_any_more_ends_the_telling_of_no_digest(
    collected: Site, status: RPCStatusCode
) -> None:
    request = await _sent(collected, 2)
    _hard_to_reach(collected, "key0000000", status)
    assert await collected.env.run(collected.there.activities.report_digest, request) == 2
    assert [key for key, _ in collected.said] == ["key0000001"]
    assert collected.there.store.unreported(request.digest_id) == []


async def test_a_ticket_that_is_hard_to_reach_keeps_no_other_from_hearing_of_the_digest(
    collected: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.digesting.CHUNK", 2)
    request = await _sent(collected, 5)
    _hard_to_reach(collected, "key0000000", RPCStatusCode.UNAVAILABLE)
    with pytest.raises(RPCError, match="does not take it"):
        await collected.env.run(collected.there.activities.report_digest, request)
    assert sorted(key for key, _ in collected.said) == [f"key000000{n}" for n in range(1, 5)]
    collected.there.activities.digests.tell = collected._tell
    assert await collected.env.run(collected.there.activities.report_digest, request) == 1
    assert [key for key, _ in collected.said][4:] == ["key0000000"]
