from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from activities.held import HeldTickets
from escalade.errors import UnreachableError
from escalade.messages import Snapshot
from escalade.ticket import Severity, Status
from store import RosterRevision

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = RosterRevision(4, NOW + timedelta(minutes=5))


def row(key: str, **given: Any) -> Snapshot:
    values: dict[str, Any] = {"life": "x", "version": 1, "title": "t", "severity": Severity.SEV1, "holding": True}
    return Snapshot.model_validate(
        {"key": key, "status": Status.NEW, "opened_at": NOW, "updated_at": NOW, **values, **given}
    )


class Told:
    def __init__(self) -> None:
        self.keys: list[str] = []
        self.away = False

    async def __call__(self, key: str) -> None:
        if self.away:
            raise UnreachableError
        self.keys.append(key)


async def test_a_ticket_that_waits_hears_of_a_change_it_was_not_told_of_once() -> None:
    told = Told()
    held = HeldTickets(told)
    for _ in range(3):
        await held.look([row("a"), row("b", holding=False)], LATER)
    assert told.keys == ["a"]
    await held.look([row("a")], RosterRevision(5, NOW + timedelta(minutes=9)))
    assert told.keys == ["a", "a"]


async def test_a_ticket_that_looked_after_the_change_is_left_alone() -> None:
    told = Told()
    assert await HeldTickets(told).look([row("a", updated_at=NOW + timedelta(minutes=7))], LATER) == []
    assert await HeldTickets(told).look([row("a")], RosterRevision()) == []
    assert told.keys == []


async def test_a_row_written_a_moment_after_the_change_may_be_of_a_look_before_it() -> None:
    told = Told()
    assert await HeldTickets(told).look([row("a", updated_at=LATER.changed_at + timedelta(seconds=20))], LATER) == ["a"]


async def test_a_ticket_that_cannot_be_told_is_told_with_the_next_look() -> None:
    told = Told()
    held = HeldTickets(told)
    told.away = True
    assert await held.look([row("a")], LATER) == []
    told.away = False
    assert await held.look([row("a")], LATER) == ["a"]
