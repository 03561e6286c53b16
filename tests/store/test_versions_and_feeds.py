from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from escalade.people.changes import DutySlot, Turn, Version
from escalade.ticket import Actor
from store import FeedState, Store
from store.tables import schedule_versions
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


def test_a_version_that_cannot_be_read_is_told_once_and_leaves_the_others(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = version("ana").model_copy(update={"written": {"spiral": store.database.engine.dialect.name}})
    sound = wanted.model_copy(update={"at": NOW + HOUR, "written": {"zone": "UTC", "feed": {"url": "feed"}}})
    store.keep_versions("payments", lambda kept: [wanted, sound][len(kept) : 2], why="reloaded")
    with store.database.writing() as connection:
        row = {"schedule": "payments", "number": 3, "at": NOW, "body": json.dumps([store.database.engine.dialect.name])}
        connection.execute(insert(schedule_versions).values(row))
    caplog.clear()
    for _ in range(2):
        assert store.versions() == [wanted, sound]
    said = [record.message.partition(" and is left")[0] for record in caplog.records]
    assert said == [f"The version {number} of the schedule payments cannot be read" for number in (1, 3)]


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
    assert store.keep_feed(state(unknown=("zoe",)), shifts).moved
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
    assert not store.keep_feed(later, [slot("ana", 0 * DAY)]).moved
    assert store.feed("payments") == later
    assert store.roster_revision() == before
    assert kinds(store, "schedule/payments") == ["feed.read"]


def test_a_feed_that_fails_goes_on_serving_and_says_so(store: Store) -> None:
    store.keep_feed(state(), [slot("ana", 0 * DAY)])
    failed = state(checked_at=NOW + HOUR, problem="HTTP 503")
    assert not store.keep_feed(failed, None).moved
    assert not store.keep_feed(failed, None).moved
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
    assert store.keep_feed(state(checked_at=NOW + HOUR), [slot("carla", -2 * DAY), slot("bruno", 0 * DAY)]).moved
    (found,) = store.changes(NOW - 9 * DAY, NOW + 9 * DAY).imported
    assert [(s.person, s.start - NOW, s.end - NOW) for s in found.shifts] == [
        ("ana", -2 * DAY, -DAY),
        ("ana", 0 * DAY, HOUR),
        ("bruno", HOUR, DAY),
    ]
    assert whats(store, "schedule/payments")[1] == (
        "the feed of payments was read: 2 shifts in sight; on duty by it is now bruno, and was ana"
    )


def test_another_feed_in_its_place_rewrites_no_past_either(store: Store) -> None:
    store.keep_feed(state(), [slot("ana", -2 * DAY)])
    store.keep_feed(state(source="s2"), [slot("carla", -3 * DAY), slot("carla", 0 * DAY)])
    (found,) = store.changes(NOW - 9 * DAY, NOW + DAY).imported
    assert [s.person for s in found.shifts] == ["ana", "carla"]


def test_a_feed_that_falls_silent_takes_nobody_off_duty_and_says_so(store: Store) -> None:
    store.keep_feed(state(etag="v1"), [slot("ana", 0 * DAY), slot("bruno", DAY)])
    later = NOW + HOUR
    empty = state(checked_at=later, fetched_at=later, etag="v2", text=b"EMPTY", unknown=("zoe",))
    kept = store.keep_feed(empty, [], unreadable=["duty: it has no start"])
    said = (
        "It names nobody from now on, and said 2 shifts before."
        " Besides, nobody of people.yaml is called zoe; left out was duty: it has no start."
    )
    assert (kept.moved, kept.problem) == (False, said)
    (found,) = store.changes(NOW, NOW + 9 * DAY).imported
    assert [s.person for s in found.shifts] == ["ana", "bruno"]
    assert (found.stale, found.fetched_at) == (said, NOW)
    # Asked for again next time: what is known is what was read before.
    known = store.feed("payments")
    assert known is not None
    assert (known.etag, known.text, known.checked_at) == ("v1", b"BEGIN", later)
    assert whats(store, "schedule/payments")[1] == f"the feed of payments is not taken as it is: {said}"
    store.keep_feed(empty, [])
    assert store.changes(NOW, NOW + 9 * DAY).imported[0].shifts == found.shifts


def test_whoever_is_on_duty_stays_when_only_their_shift_is_dropped(store: Store) -> None:
    store.keep_feed(state(), [slot("ana", 0 * DAY), slot("bruno", DAY)])
    later = state(checked_at=NOW + HOUR, fetched_at=NOW + HOUR)
    for _ in range(2):
        kept = store.keep_feed(later, [slot("bruno", DAY)])
        assert "ana stays on duty until 2026-03-02T08:00:00Z" in kept.problem
        (found,) = store.changes(NOW, NOW + 9 * DAY).imported
        assert [(s.person, s.start - NOW) for s in found.shifts] == [("ana", 0 * DAY), ("bruno", DAY)]
        assert found.fetched_at == NOW
    over = NOW + DAY + HOUR
    assert store.keep_feed(state(checked_at=over, fetched_at=over), [slot("bruno", DAY)]).problem == ""
    assert kinds(store, "schedule/payments") == ["feed.read", "feed.failed", "feed.read"]


def test_a_feed_that_somebody_accepted_may_leave_nobody_on_duty(store: Store) -> None:
    store.keep_feed(state(), [slot("ana", 0 * DAY)])
    later = state(checked_at=NOW + HOUR, fetched_at=NOW + HOUR)
    store.keep_feed(later, [])
    chloe = Actor(kind="person", id="chloe")
    kept = store.keep_feed(later, [], accepted_by=chloe)
    assert (kept.moved, kept.problem) == (True, "")
    (found,) = store.changes(NOW, NOW + DAY).imported
    assert [(s.person, s.end - NOW) for s in found.shifts] == [("ana", HOUR)]
    entry = list(store.entries("schedule/payments"))[-1].entry
    assert (entry.actor, entry.why) == (chloe, "it was accepted as it is")
    assert entry.what.endswith("on duty by it is now nobody, and was ana")
