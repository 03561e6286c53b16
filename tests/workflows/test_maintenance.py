"""Maintenance windows on the real server: made by command, from a file, ended early, and learned by a ticket."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from escalade.errors import RefusedError
from escalade.maintenance.window import WindowSpec
from escalade.ticket import Actor
from tests.tower import Climber, Tower
from tests.workflows.conftest import MakeTower
from worker.maintenance import tell_tickets

ONE = {"name": "one", "page": ["person:ana"], "acknowledge_within": "30m", "repeat_every": "10m"}
TWO = {"name": "two", "page": ["person:bob"], "acknowledge_within": "30m"}
ANA = Actor(kind="person", id="ana", via="test")


def add(there: Tower, name: str, begin: timedelta, length: timedelta, **written: Any) -> None:
    values = {"match": {"service": "shop"}, "start": datetime.now(UTC) + begin, "lasts": length}
    there.store.add_window(name, WindowSpec.model_validate(values | written), by=ANA)


async def tell(there: Tower, ticket: Climber) -> None:
    assert there.store.unaware(there.store.windows_in_force(there.live.current.windows), datetime.now(UTC)) == [
        ticket.key
    ]
    assert await tell_tickets(there.client, [ticket.key]) == 1
    await ticket.settled()


async def test_a_ticket_opened_in_a_window_is_paged_at_its_end_and_not_before(tower: MakeTower) -> None:
    there = await tower(ONE, TWO)
    add(there, "patching", timedelta(0), timedelta(hours=1))
    ticket = await there.open(service="shop")
    with pytest.raises(RefusedError) as refused:
        await ticket.does("bob", "escalate", reason="now")
    assert refused.value.code == "maintenance"
    await ticket.forward(minutes=50)
    assert there.post.tried == []
    await ticket.forward(minutes=11)
    assert len(ticket.told("ana")) == 1
    assert ticket.told("bob") == []
    await ticket.forward(minutes=31)
    assert (await ticket.view()).tier_name == "two"
    assert there.store.verify() == []


async def test_a_window_made_by_command_reaches_an_open_ticket_and_ending_it_pages(tower: MakeTower) -> None:
    there = await tower(ONE, TWO)
    ticket = await there.open(service="shop")
    other = await there.open(service="mail")
    # So long because the test server loses some time at each continue-as-new.
    add(there, "patching", timedelta(0), timedelta(days=20))
    await tell(there, ticket)
    assert (await ticket.view()).maintenance_until is not None
    row = there.store.ticket(ticket.key)
    assert row is not None
    assert [known.id for known in row.windows] == ["patching"]
    await ticket.forward(minutes=40)
    await other.forward(minutes=10)
    assert (len(ticket.told("ana")), len(other.told("ana"))) == (1, 2)
    (window,) = there.store.windows_in_force()
    assert there.store.end_window(window, by=ANA) is not None
    await tell(there, ticket)
    assert len(ticket.told("ana")) == 2
    assert there.store.unaware(there.store.windows_in_force(), datetime.now(UTC)) == []


async def test_a_recurring_window_of_the_file_is_lived_through_by_the_ticket_alone(tower: MakeTower, way: str) -> None:
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    there = await tower({**ONE, "acknowledge_within": "never"}, TWO)
    spec = {"match": {"service": "shop"}, "start": f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M}", "lasts": "2h"}
    file = {"windows": {"nightly": {**spec, "recurrence": "FREQ=DAILY"}}}
    (there.live.current.directory / "maintenance.yaml").write_text(json.dumps(file))
    assert [problem for problem in there.live.reload() if problem.level == "error"] == []
    ticket = await there.open(service="shop")
    paged = len(ticket.told("ana"))
    await ticket.forward(minutes=70)
    during = len(ticket.told("ana"))
    assert paged < during <= 7
    await ticket.forward(hours=1, minutes=40)
    assert len(ticket.told("ana")) == during
    await ticket.forward(minutes=20)
    assert len(ticket.told("ana")) > during
    kinds = ticket.kinds()
    assert kinds.count("maintenance.began") == kinds.count("maintenance.ended") == 1


async def test_an_acknowledged_ticket_sleeps_through_a_week_of_nights_without_an_event(tower: MakeTower) -> None:
    there = await tower(ONE, TWO)
    add(there, "nightly", timedelta(hours=2), timedelta(hours=1), recurrence="FREQ=DAILY")
    ticket = await there.open(service="shop")
    await ticket.does("ana", "acknowledge")
    await ticket.settled()
    events = await ticket.events()
    await ticket.forward(days=7)
    assert await ticket.events() == events


async def test_a_ticket_admitted_while_the_store_was_away_learns_of_the_window_when_it_is_back(
    tower: MakeTower,
) -> None:
    there = await tower(ONE, TWO)
    add(there, "patching", timedelta(0), timedelta(hours=1))
    hold = there.hold_the_store()
    try:
        with there.time.standing():
            from escalade.ticket import Ticket

            opened = await there.tickets.open(Ticket(title="t", service="shop"))
        ticket = there.adopt(opened.key)
        view = await ticket.view()
        while not view.policy:
            view = await ticket.view()
    finally:
        hold.release()
    await ticket.settled()
    assert (await ticket.view()).maintenance_until is not None
