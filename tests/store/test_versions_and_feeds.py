from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from escalade.people.changes import DutySlot, Turn, Version
from store import FeedState, Store
from tests.store.making import NOW, kinds, whats

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def version(*members: str, at: timedelta = timedelta(0)) -> Version:
    turn = Turn(layer="primary", rotation="weekly", position=0, on_duty=members[:1], until=NOW + DAY)
    return Version(schedule="payments", at=NOW + at, written={"members": list(members)}, turns=(turn,))


def test_a_version_is_kept_once_and_recorded(store: Store) -> None:
    wanted = version("ana", "bruno")

    def decide(kept: Sequence[Version]) -> list[Version]:
        return [] if kept and kept[-1].written == wanted.written else [wanted]

    assert store.keep_versions("payments", decide, why="reloaded") == [wanted]
    assert store.keep_versions("payments", decide, why="reloaded") == []
    assert store.versions() == [wanted]
    assert store.changes(NOW, NOW + HOUR).versions == (wanted,)
    assert whats(store, "schedule/payments") == [
        "version 1 of the schedule payments is in force; ana stays on duty in primary until 2026-03-02T08:00:00Z"
    ]
    wanted = version("bruno", at=HOUR)
    store.keep_versions("payments", decide, why="reloaded")
    assert [stored.entry.why for stored in store.entries("schedule/payments")][1] == "reloaded"
    assert [v.written["members"] for v in store.versions("payments")] == [["ana", "bruno"], ["bruno"]]
    assert store.versions("platform") == []


def test_several_workers_that_see_the_same_change_keep_one_version(store: Store) -> None:
    at_once = threading.Barrier(4)

    def look(_: int) -> int:
        at_once.wait()
        return len(store.keep_versions("payments", lambda kept: [] if kept else [version("ana")], why="started"))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(look, range(4))) == 1
    assert len(store.versions()) == 1


def slot(person: str, start: timedelta, length: timedelta = DAY) -> DutySlot:
    return DutySlot(person=person, start=NOW + start, end=NOW + start + length)


def state(**given: Any) -> FeedState:
    values: dict[str, Any] = {
        "schedule": "payments",
        "source": "s1",
        "checked_at": NOW,
        "fetched_at": NOW,
        "text": b"BEGIN",
    }
    return FeedState(**values | given)


def test_what_a_feed_says_is_kept_and_served(store: Store) -> None:
    shifts = [slot("ana", -DAY), slot("bruno", 0 * DAY)]
    assert store.keep_feed(state(unknown=("zoe",)), shifts)
    assert store.feed("payments") == state(unknown=("zoe",))
    assert store.feeds() == [state(unknown=("zoe",), text=None)]
    (found,) = store.changes(NOW - DAY, NOW + DAY).imported
    assert (found.schedule, list(found.shifts), found.fetched_at, found.stale) == ("payments", shifts, NOW, "")
    (later,) = store.changes(NOW, NOW + DAY).imported
    assert [s.person for s in later.shifts] == ["bruno"]
    assert whats(store, "schedule/payments") == [
        "the feed of payments was read: 2 shifts in sight; nobody of people.yaml is called zoe"
    ]


def test_a_look_that_finds_nothing_new_leaves_no_trace(store: Store) -> None:
    store.keep_feed(state(), [slot("ana", 0 * DAY)])
    before = store.roster_revision()
    later = state(checked_at=NOW + HOUR, fetched_at=NOW + HOUR)
    assert not store.keep_feed(later, [slot("ana", 0 * DAY)])
    assert store.feed("payments") == later
    assert store.roster_revision() == before
    assert kinds(store, "schedule/payments") == ["feed.read"]


def test_a_feed_that_fails_goes_on_serving_and_says_so(store: Store) -> None:
    store.keep_feed(state(), [slot("ana", 0 * DAY)])
    failed = state(checked_at=NOW + HOUR, problem="HTTP 503")
    assert not store.keep_feed(failed, None)
    assert not store.keep_feed(failed, None)
    (found,) = store.changes(NOW, NOW + DAY).imported
    assert (len(found.shifts), found.stale, found.fetched_at) == (1, "HTTP 503", NOW)
    store.keep_feed(state(checked_at=NOW + 2 * HOUR), [slot("ana", 0 * DAY)])
    assert store.changes(NOW, NOW + DAY).imported[0].stale == ""
    assert kinds(store, "schedule/payments") == ["feed.read", "feed.failed", "feed.read"]


def test_a_feed_that_nobody_looks_at_is_stale(store: Store) -> None:
    looked = state(checked_at=NOW - 2 * HOUR)
    assert "no worker has looked at it since" in looked.stale(NOW, within=HOUR)
    assert looked.stale(NOW, within=3 * HOUR) == ""
    assert looked.stale(NOW) == ""
    assert looked.stale(NOW + DAY)


def test_a_feed_does_not_rewrite_the_past(store: Store) -> None:
    store.keep_feed(state(), [slot("ana", -2 * DAY), slot("ana", 0 * DAY)])
    assert store.keep_feed(state(checked_at=NOW + HOUR), [slot("carla", -2 * DAY), slot("bruno", 0 * DAY)])
    (found,) = store.changes(NOW - 9 * DAY, NOW + 9 * DAY).imported
    assert [(s.person, s.start - NOW) for s in found.shifts] == [("ana", -2 * DAY), ("bruno", 0 * DAY)]


def test_another_feed_in_its_place_brings_a_past_of_its_own(store: Store) -> None:
    store.keep_feed(state(), [slot("ana", -2 * DAY)])
    store.keep_feed(state(source="s2"), [slot("carla", -3 * DAY)])
    (found,) = store.changes(NOW - 9 * DAY, NOW).imported
    assert [s.person for s in found.shifts] == ["carla"]
