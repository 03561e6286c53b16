"""A reload that changes a rotation keeps a version, and moves nobody who is on duty (decision 34)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from configuration import Live
from escalade.errors import StoreError
from escalade.people import Person, Roster
from escalade.people.duty import duty_at
from escalade.people.schedule import Schedule
from store import Store
from worker.versions import keep_versions, keep_versions_when_possible

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def roster(*members: str) -> Roster:
    rotation: dict[str, Any] = {"members": list(members), "start": "2026-03-02", "handoff": "monday 09:00"}
    people = {name: Person() for name in ("ana", "bruno", "chloe")}
    return Roster(people=people, schedules={"duty": Schedule.model_validate({"zone": "UTC", "rotation": rotation})})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(f"sqlite:///{tmp_path / 'store.db'}", now=lambda: MONDAY)


def on_duty(store: Store, now: Roster, at: datetime) -> list[str]:
    return duty_at(now, "duty", store.changes(at - 30 * DAY, at + 30 * DAY), at).names


def test_whoever_is_on_duty_stays_to_the_end_of_the_shift(store: Store) -> None:
    before, after = roster("ana", "bruno"), roster("chloe", "ana", "bruno")
    keep_versions(before, store, at=MONDAY, why="started")
    (version,) = keep_versions(after, store, at=MONDAY + 2 * DAY, why="reloaded")
    assert version.at == MONDAY + 2 * DAY
    assert on_duty(store, after, MONDAY + 3 * DAY) == ["ana"]
    assert on_duty(store, after, MONDAY + 8 * DAY) == ["bruno"]
    assert on_duty(store, after, MONDAY + 15 * DAY) == ["chloe"]


def test_the_past_is_answered_by_the_version_of_its_time(store: Store) -> None:
    keep_versions(roster("ana", "bruno"), store, at=MONDAY, why="started")
    now = roster("chloe")
    keep_versions(now, store, at=MONDAY + 10 * DAY, why="reloaded")
    assert on_duty(store, now, MONDAY + DAY) == ["ana"]
    assert on_duty(store, now, MONDAY + 8 * DAY) == ["bruno"]
    assert on_duty(store, now, MONDAY + 11 * DAY) == ["chloe"]


def test_what_has_not_changed_is_no_version(store: Store) -> None:
    same = roster("ana", "bruno")
    keep_versions(same, store, at=MONDAY, why="started")
    before = store.roster_revision()
    assert keep_versions(same, store, at=MONDAY + DAY, why="reloaded") == []
    assert store.roster_revision() == before


async def test_versions_are_kept_as_soon_as_the_store_is_back(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from tests.worker.installation import write_configuration
    from worker.registry import extensions

    write_configuration(tmp_path / "config")
    (tmp_path / "config" / "schedules").mkdir()
    text = 'schedule: duty\nzone: UTC\nrotation: {members: [ana], start: 2026-01-05, handoff: "monday 00:00"}\n'
    (tmp_path / "config" / "schedules" / "duty.yaml").write_text(text)
    found = extensions()
    live = Live(tmp_path / "config", env={}, channels=found.channels, steps=found.steps)
    monkeypatch.setattr("worker.versions._AGAIN", timedelta(0))
    there, failures = store.keep_versions, [StoreError("away"), StoreError("away")]

    def away(*given: Any, **named: Any) -> Any:
        if failures:
            raise failures.pop()
        return there(*given, **named)

    monkeypatch.setattr(store, "keep_versions", away)
    await asyncio.wait_for(keep_versions_when_possible(live, store, at=MONDAY, why="started"), 20)
    assert [version.schedule for version in store.versions()] == ["duty"]
