"""Pages under way: beside the clock, stopped by an acknowledgement, falling over to the next channel."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from temporalio.api.enums.v1 import PendingActivityState

from escalade.ticket import Ticket
from tests.tower import Climber
from tests.workflows.conftest import MakeTower

ONE = {"name": "one", "page": ["person:ana"], "acknowledge_within": "15m", "repeat_every": "10m"}
TWO = {"name": "two", "page": ["person:bob"], "acknowledge_within": "15m"}
BOTH_WAYS = {"ana": ["mail", "chat"], "bob": ["mail"]}


async def _tried(ticket: Climber, number: int) -> None:
    async with asyncio.timeout(20):
        while len([s for s in ticket.tower.post.tried if s.message.ticket == ticket.key]) < number:
            await asyncio.sleep(0.01)


async def _told_to_stop(ticket: Climber) -> None:
    """Wait until the page under way has heard that paging stopped: it hears so in the answer to a heartbeat."""

    async def beat() -> tuple[bool, str]:
        description = await ticket.handle.describe()
        [page] = [a for a in description.raw_description.pending_activities if a.activity_type.name == "page"]
        return page.state == PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED, str(page.last_heartbeat_time)

    async with asyncio.timeout(20):
        while not (asked := await beat())[0]:
            await asyncio.sleep(0.01)
        for _ in range(2):  # the one under way may have been answered before; the next one is not
            while (latest := await beat())[1] == asked[1]:
                await asyncio.sleep(0.01)
            asked = latest


async def test_a_failed_channel_falls_over_to_the_persons_next_one_at_once(tower: MakeTower) -> None:
    there = await tower(ONE, TWO, people=BOTH_WAYS)
    there.post.refuses = lambda address: address == "ana/mail"
    ticket = await there.open()
    assert [s.address for s in ticket.told("ana")] == ["ana/chat"]
    assert [k for k in ticket.kinds() if k.startswith("page.")] == ["page.failed", "page.accepted"]
    assert (await ticket.view()).tier_name == "one"


async def test_a_round_nobody_accepted_leaves_the_tier_at_once(tower: MakeTower) -> None:
    there = await tower(ONE, TWO, people=BOTH_WAYS)
    there.post.refuses = lambda address: address.startswith("ana/")
    ticket = await there.open()
    assert (await ticket.view()).tier_name == "two"
    assert len(ticket.told("bob")) == 1
    assert "round.failed" in ticket.kinds()


async def test_a_channel_that_hangs_does_not_hold_up_the_next_tier(tower: MakeTower) -> None:
    there = await tower(ONE | {"repeat_every": {}}, TWO, deliver_within="10m")
    there.post.gate = asyncio.Event()
    with there.time.standing():
        ticket = there.adopt((await there.tickets.open(Ticket(title="in the air"))).key)
    await _tried(ticket, 1)
    # Skipped time stands still while an activity runs, so this is measured in real time.
    started = time.monotonic()
    await ticket.does("ana", "escalate", reason="the mail server hangs")
    await _tried(ticket, 2)
    assert time.monotonic() - started < 5
    assert (await ticket.view()).tier_name == "two"
    there.post.release()
    await ticket.settled()


async def test_after_an_acknowledgement_what_was_in_the_air_is_recorded_as_crossed(tower: MakeTower) -> None:
    there = await tower(ONE, TWO, people=BOTH_WAYS)
    there.post.gate = asyncio.Event()
    with there.time.standing():
        ticket = there.adopt((await there.tickets.open(Ticket(title="in the air"))).key)
    await _tried(ticket, 1)
    await ticket.does("bob", "acknowledge")
    await _told_to_stop(ticket)
    there.post.release()
    await ticket.settled()
    assert "page.crossed" in ticket.kinds()
    tries = len(there.post.tried)
    await ticket.forward(hours=2)
    assert len(there.post.tried) == tries


async def test_nobody_is_paged_after_a_resolution_or_a_snooze(tower: MakeTower) -> None:
    there = await tower(ONE, TWO)
    for command, fields in (("resolve", {}), ("snooze", {"for": timedelta(hours=3)})):
        ticket = await there.open()
        await ticket.does("ana", command, **fields)
        await ticket.forward(hours=2)
        assert len(ticket.told("ana")) == 1
        assert ticket.told("bob") == []


async def test_a_snooze_that_ends_pages_at_once_and_goes_on_where_it_was(tower: MakeTower) -> None:
    there = await tower(ONE, TWO)
    ticket = await there.open()
    await ticket.forward(minutes=5)
    await ticket.does("ana", "snooze", **{"for": timedelta(hours=3)})
    await ticket.forward(hours=3, seconds=1)
    assert len(ticket.told("ana")) == 2
    await ticket.forward(minutes=9, seconds=50)
    assert (await ticket.view()).tier_name == "one"
    await ticket.forward(seconds=15)
    assert (await ticket.view()).tier_name == "two"


async def test_a_responder_is_called_in_while_somebody_has_it(tower: MakeTower) -> None:
    ticket = await (await tower(ONE, TWO)).open()
    await ticket.does("ana", "acknowledge")
    await ticket.does("ana", "respond", who="cleo", reason="knows the database")
    await ticket.settled()
    assert len(ticket.told("cleo")) == 1
    assert (await ticket.view()).responders == ["person:cleo"]


async def test_watchers_are_told_of_a_climb_and_of_the_resolution(tower: MakeTower) -> None:
    ticket = await (await tower(ONE, TWO)).open()
    await ticket.does("cleo", "follow")
    await ticket.forward(minutes=15)
    assert len(ticket.told("cleo")) == 1
    await ticket.does("bob", "resolve")
    await ticket.settled()
    assert [s.message.subject for s in ticket.told("cleo")] == ["test: now with two", "test: resolved"]


async def test_later_contact_steps_come_when_they_are_due_until_somebody_acknowledges(tower: MakeTower) -> None:
    methods = {m: {"channel": m, "address": f"ana/{m}"} for m in ("mail", "chat")}
    rules = [{"use": "mail"}, {"use": "chat", "after": "5m"}]
    people = {"ana": {"methods": methods, "rules": rules}, "bob": ["mail"]}
    there = await tower(ONE, TWO, people=people)
    first, second = await there.open(), await there.open()
    await second.does("bob", "acknowledge")
    await first.forward(minutes=5)
    await second.forward(minutes=5)
    assert [s.address for s in first.told("ana")] == ["ana/mail", "ana/chat"]
    assert [s.address for s in second.told("ana")] == ["ana/mail"]
