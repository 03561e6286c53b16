"""Limits as the activities keep to them: claims that are not repeated, a store that is away, digests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.channels.console import ConsoleChannel
from activities.digesting import SIGNAL
from escalade.errors import ChannelError, StoreError
from escalade.messages.activities import DigestDue, DigestRequest, JournalBatch, PageRequest, PageResult, Snapshot
from escalade.people.capacity import Window
from escalade.people.resolve import Pressure, RoundRequest
from escalade.ticket import Severity
from store import Store
from store.budgets import Wish
from store.database import Database
from store.digests import DigestItem
from tests.activities.making import EAGER, NOW, Place, brief, place
from tests.activities.sinks import HttpSink, MailSink

PEOPLE = """
capacity:
  limits: [{{pages: 1, per: 1h}}]
  {digest}
people:
  ana:
    backup: bruno
    methods:
      file: {{channel: file, address: ana}}
  bruno:
    methods:
      file: {{channel: file, address: bruno}}
    capacity: {{limits: []}}
teams:
  both: {{members: [ana, bruno]}}
"""
DIGEST = "digest: {above: 0, per: 1h, every: 10m}"


MIXED = """
people:
  ana:
    methods:
      file: {channel: file, address: ana}
    capacity: {ana}
  bruno:
    backup: ana
    methods:
      file: {channel: file, address: bruno}
teams:
  both: {members: [ana, bruno]}
"""
"""Only Ana has limits, and she is Bruno's backup."""


class Site:
    """A place whose people have limits."""

    def __init__(self, there: Place, env: ActivityEnvironment) -> None:
        """Args: there: the place. env: to run activities in."""
        self.there = there
        self.env = env
        self.started: list[DigestDue] = []
        self.said: list[tuple[str, dict[str, Any]]] = []
        there.activities.digests.start = self._start
        there.activities.digests.tell = self._tell

    async def _start(self, due: DigestDue) -> None:
        self.started.append(due)

    async def _tell(self, key: str, said: dict[str, Any]) -> None:
        self.said.append((key, said))

    def limit(self, ana: str) -> None:
        """Give limits to Ana alone."""
        (self.there.directory / "config" / "people.yaml").write_text(MIXED.replace("{ana}", ana))
        self.there.live.reload()

    def request(
        self, number: int, *, severity: str = "sev3", targets: Sequence[str] = ("person:ana",), **more: Any
    ) -> PageRequest:
        """A round of a ticket of its own."""
        pressure = Pressure(severity=Severity(severity), **more)
        return PageRequest(
            round_id=f"round-{number}",
            brief=brief(key=f"key{number:07}", severity=severity, round=1),
            people=[],
            scheduled_at=NOW,
            request=RoundRequest(targets=list(targets), pressure=pressure),
            asked_at=NOW,
        )

    async def page(self, number: int, **more: Any) -> PageResult:
        """Page Ana in a round of her own, or whoever is asked for."""
        return await self.env.run(self.there.activities.page, self.request(number, **more))


def site(tmp_path: Path, mail: MailSink, web: HttpSink, env: ActivityEnvironment, **given: Any) -> Iterator[Site]:
    """Make one."""
    people = PEOPLE.format(digest=given.pop("digest", ""))
    with place(tmp_path, mail, web, **given) as there:
        (there.directory / "config" / "people.yaml").write_text(people)
        there.live.reload()
        yield Site(there, env)


@pytest.fixture
def limited(tmp_path: Path, mail: MailSink, web: HttpSink, env: ActivityEnvironment) -> Iterator[Site]:
    """One page an hour for Ana."""
    yield from site(tmp_path, mail, web, env)


@pytest.fixture
def collected(tmp_path: Path, mail: MailSink, web: HttpSink, env: ActivityEnvironment) -> Iterator[Site]:
    """Everything in digests."""
    yield from site(tmp_path, mail, web, env, digest=DIGEST)


def reached(result: PageResult) -> list[tuple[str, str]]:
    return [(receipt.target, receipt.outcome) for receipt in result.receipts]


async def test_an_attempt_that_is_repeated_takes_no_second_slot_and_tells_the_same_person(limited: Site) -> None:
    first = await limited.page(1)
    assert reached(first) == reached(await limited.page(1)) == [("person:ana", "delivered")]
    assert reached(await limited.page(2)) == reached(await limited.page(2)) == [("person:bruno", "delivered")]
    assert len(limited.there.store.deliveries("key0000001")) == 1


async def test_with_the_store_away_nobody_has_a_limit_and_the_entry_says_so(
    tmp_path: Path, mail: MailSink, web: HttpSink, env: ActivityEnvironment
) -> None:
    away = Store(Database("postgresql+psycopg://escalade@127.0.0.1:1/none"), lambda: NOW)
    for there in site(tmp_path, mail, web, env, store=away, digest=DIGEST):
        for number in range(3):
            result = await there.page(number)
            assert reached(result) == [("person:ana", "delivered")]
            assert result.resolved is not None
            assert any("limits and budgets are not counted" in note for note in result.resolved.notes)


async def test_a_page_joins_a_digest_once_and_somebody_waits_for_its_time(collected: Site) -> None:
    first = await collected.page(1)
    assert reached(first) == [("person:ana", "digested")]
    assert "it leaves at" in first.receipts[0].detail
    assert await collected.page(1) == first
    await collected.page(2)
    [due] = collected.started  # the second knew that it was started
    assert due.leaves_at == NOW + timedelta(minutes=10)
    assert len(collected.there.store.unreported(due.digest_id)) == 2


async def test_when_nobody_can_wait_for_a_digest_the_page_is_tried_again(collected: Site) -> None:
    async def refuses(_: DigestDue) -> None:
        raise RPCError("no server", RPCStatusCode.UNAVAILABLE, b"")

    mended, collected.there.activities.digests.start = collected.there.activities.digests.start, refuses
    with pytest.raises(ApplicationError, match="could not be started"):
        await collected.page(1)
    collected.there.activities.digests.start = mended
    assert reached(await collected.page(1)) == [("person:ana", "digested")]
    assert len(collected.started) == 1


async def test_a_digest_is_sent_once_however_often_it_is_tried_and_every_ticket_is_told(collected: Site) -> None:
    for number in (1, 2):
        await collected.page(number)
    [due] = collected.started
    request = DigestRequest(target=due.target, digest_id=due.digest_id, at=due.leaves_at)
    sent = await collected.env.run(collected.there.activities.send_digest, request)
    assert (sent.told, sent.failed, sent.dropped) == (2, 0, 0)
    assert (await collected.env.run(collected.there.activities.send_digest, request)).told == 0
    assert collected.there.pages.read_text().count("2 tickets for you") >= 1
    assert len(collected.there.store.deliveries("")) == 1
    assert await collected.env.run(collected.there.activities.report_digest, request) == 2
    assert await collected.env.run(collected.there.activities.report_digest, request) == 0
    assert {key for key, _ in collected.said} == {"key0000001", "key0000002"}
    assert {said["outcome"] for _, said in collected.said} == {"told"}
    assert SIGNAL == "digest_told"


async def test_a_digest_waits_for_room_unless_something_in_it_may_not_wait(collected: Site) -> None:
    store = collected.there.store
    await collected.page(1)
    [due] = collected.started
    store.force("other", Wish("person:ana"), at=NOW, kind="page", says="")
    slots = collected.there.live.current.roster.capacity_of("person:ana")
    assert slots.limits
    await collected.page(9, severity="sev1")  # sev1 is excepted from digests, and takes the hour's only slot
    request = DigestRequest(target=due.target, digest_id=due.digest_id, at=NOW + timedelta(minutes=10))
    waits = await collected.env.run(collected.there.activities.send_digest, request)
    assert (waits.again_at, waits.why) == (NOW + timedelta(hours=1), "had 1 page within 1h")
    put_off = store.digest(due.digest_id)
    assert put_off is not None
    assert put_off.leaves_at == waits.again_at
    urgent = DigestItem(
        round_id="urgent",
        target="person:ana",
        key="urgent",
        life="life",
        rung=1,
        brief=brief(key="urgent", severity="sev2"),
        joined_at=NOW,
    )
    store.join(urgent, leaves_at=NOW)
    sent = await collected.env.run(collected.there.activities.send_digest, request)
    assert (sent.again_at, sent.told) == (None, 2)


async def test_tickets_that_come_up_because_a_channel_is_down_are_told_in_one_digest_but_not_a_sev1(
    limited: Site,
) -> None:
    assert reached(await limited.page(1, failed_by=["mail"])) == [("person:ana", "delivered")]
    for _ in range(5):
        limited.there.activities.outlets.heard("mail", reached=False)
    roster = limited.there.live.current.roster
    assert roster.capacity_of("person:bruno").digest is None
    [receipt] = (await limited.page(2, failed_by=["mail"])).receipts
    assert (receipt.target, receipt.outcome) == ("person:bruno", "digested")
    assert "mail is down" in receipt.detail
    [due] = limited.started
    assert due.leaves_at == NOW + timedelta(minutes=1)
    assert reached(await limited.page(3, failed_by=["mail"], severity="sev1")) == [("person:bruno", "delivered")]
    limited.there.activities.outlets.heard("mail", reached=True)
    assert reached(await limited.page(4, failed_by=["mail"])) == [("person:bruno", "delivered")]


async def test_a_sender_that_dies_between_the_providers_yes_and_the_record_sends_no_second_digest(
    collected: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        await collected.page(number)
    [due] = collected.started
    request = DigestRequest(target=due.target, digest_id=due.digest_id, at=due.leaves_at)

    def dies(*_: Any, **__: Any) -> None:
        raise StoreError("the worker died here")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "digest_told", dies)
        with pytest.raises(ApplicationError, match="the worker died here"):
            await collected.env.run(collected.there.activities.send_digest, request)
    once = collected.there.pages.read_text()
    assert (await collected.env.run(collected.there.activities.send_digest, request)).told == 2
    assert collected.there.pages.read_text() == once
    [delivery] = collected.there.store.deliveries("")
    assert (delivery.intent.purpose, delivery.attempts) == ("digest", 1)
    # A digest is one page of its person, however many tickets are in it.
    assert collected.there.store.load(["person:ana"], NOW - timedelta(days=7))["person:ana"].pages == 1


async def test_a_round_that_is_asked_again_passes_over_nobody_who_has_no_limits(limited: Site) -> None:
    limited.limit("{limits: [{pages: 5, per: 1h}]}")
    first = await limited.page(1, targets=["team:both"])
    assert reached(first) == [("person:ana", "delivered"), ("person:bruno", "delivered")]
    assert set(limited.there.store.granted("round-1")) == {"person:ana", "person:bruno"}
    again = await limited.page(1, targets=["team:both"])
    assert reached(again) == reached(first)
    assert again.resolved is not None
    assert again.resolved.passed == []


async def test_a_sev1_that_is_sent_over_the_limit_counts_for_the_next_page(limited: Site) -> None:
    limited.limit("{limits: [{pages: 1, per: 1h}]}")
    for number, severity in ((1, "sev3"), (2, "sev1"), (3, "sev2")):
        assert reached(await limited.page(number, severity=severity)) == [("person:ana", "delivered")]
    found = (await limited.page(4)).resolved
    assert found is not None
    assert found.recipients == []
    assert "person:ana had 3 pages within 1h" in found.nobody
    assert found.room_at == NOW + timedelta(hours=1)


async def test_a_page_that_was_refused_takes_nothing_from_who_was_to_be_told(
    limited: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuses(*_: Any) -> None:
        raise ChannelError("no such address", permanent=True)

    with monkeypatch.context() as patched:
        patched.setattr(ConsoleChannel, "send", refuses)
        assert reached(await limited.page(1)) == [("person:ana", "failed")]
    assert limited.there.store.granted("round-1") == {}
    assert reached(await limited.page(2)) == [("person:ana", "delivered")]
    assert reached(await limited.page(3)) == [("person:bruno", "delivered")]


async def test_a_page_of_which_nobody_knows_what_became_keeps_its_place(
    tmp_path: Path, mail: MailSink, web: HttpSink, env: ActivityEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(*_: Any) -> None:
        await asyncio.Event().wait()

    impatient = replace(EAGER, attempt=timedelta(milliseconds=50), crossing=timedelta(0))
    for there in site(tmp_path, mail, web, env, patience=impatient):
        with monkeypatch.context() as patched:
            patched.setattr(ConsoleChannel, "send", hangs)
            assert reached(await there.page(1)) == [("person:ana", "unknown")]
        assert reached(await there.page(2)) == [("person:bruno", "delivered")]


async def test_what_was_taken_for_a_page_that_ended_before_it_began_is_given_back(limited: Site) -> None:
    store = limited.there.store
    slots = [Window("1h", 1, NOW + timedelta(hours=1), "full")]
    store.take("round-1", "person:ana", slots, at=NOW)  # its ticket was acknowledged while it waited for a worker
    asked = limited.request(1).model_copy(update={"only_find_out": True})
    assert (await limited.env.run(limited.there.activities.page, asked)).receipts == []
    assert reached(await limited.page(2)) == [("person:ana", "delivered")]


async def test_a_digest_that_cannot_be_started_holds_back_nobody_who_has_room(collected: Site) -> None:
    collected.limit(DIGEST.replace("digest: ", "{digest: ") + "}")

    async def refuses(_: DigestDue) -> None:
        raise RPCError("busy", RPCStatusCode.RESOURCE_EXHAUSTED, b"")

    mended, collected.there.activities.digests.start = collected.there.activities.digests.start, refuses
    for _ in range(2):
        with pytest.raises(ApplicationError, match="could not be started"):
            await collected.page(1, targets=["team:both"])
        [told] = collected.there.store.deliveries("key0000001")
        assert (told.intent.target, told.attempts) == ("person:bruno", 1)
    collected.there.activities.digests.start = mended
    found = await collected.page(1, targets=["team:both"])
    assert sorted(reached(found)) == [("person:ana", "digested"), ("person:bruno", "delivered")]


async def test_a_page_that_joins_a_digest_whose_time_is_past_has_it_started_again_once_a_minute(
    tmp_path: Path, mail: MailSink, web: HttpSink, env: ActivityEnvironment
) -> None:
    times = [NOW]
    for there in site(tmp_path, mail, web, env, digest=DIGEST, now=lambda: times[-1]):
        await there.page(1)
        times.append(NOW + timedelta(minutes=10, seconds=59))
        await there.page(2)
        assert len(there.started) == 1
        times.append(NOW + timedelta(days=1))
        for number in (3, 4):
            await there.page(number)
        assert [due.digest_id for due in there.started] == [there.started[0].digest_id] * 2
        times.append(NOW + timedelta(days=1, minutes=2))
        await there.page(5)
        assert len(there.started) == 3


async def test_a_digest_in_which_nothing_is_left_to_tell_is_no_page_of_its_person(collected: Site) -> None:
    store = collected.there.store
    await collected.page(1)
    [due] = collected.started
    shown = Snapshot.model_validate(
        {
            "key": "key0000001",
            "life": brief().life,
            "version": 2,
            "title": "x",
            "severity": "sev3",
            "status": "new",
            "rung": 1,
            "acknowledged": True,
            "opened_at": NOW,
            "updated_at": NOW,
        }
    )
    store.write(JournalBatch(stream="ticket/key0000001", life=shown.life, snapshot=shown))
    request = DigestRequest(target=due.target, digest_id=due.digest_id, at=due.leaves_at)
    sent = await collected.env.run(collected.there.activities.send_digest, request)
    assert (sent.told, sent.dropped) == (0, 1)
    assert store.granted(due.digest_id) == {}
    assert reached(await collected.page(2, severity="sev1")) == [("person:ana", "delivered")]
