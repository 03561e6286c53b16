"""Digests in the store: what joins is told once, or dropped with a reason."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from escalade.messages.activities import TicketBrief
from escalade.ticket import Severity
from escalade.time.instants import format_instant
from store import Store
from store.digests import DigestItem
from tests.store.making import LIFE, NOW, intent, put, receipt, snapshot

ANA = "person:ana"
SOON = NOW + timedelta(minutes=10)
LATER = NOW + timedelta(hours=4)


def item(key: str = "aaaaaaaaaa", number: int = 1, **given: object) -> DigestItem:
    brief = TicketBrief.model_validate(
        {"key": key, "life": LIFE, "title": key, "severity": "sev3", "status": "new", "opened_at": NOW}
    )
    values = {"round_id": f"{key}/{number}", "target": ANA, "key": key, "life": LIFE, "rung": 1, "joined_at": NOW}
    return DigestItem.model_validate({**values, "brief": brief, "version": 1, **given})


def test_pages_join_the_open_digest_and_its_time_is_that_of_the_first(store: Store) -> None:
    first = store.join(item("aaaaaaaaaa"), leaves_at=SOON)
    second = store.join(item("bbbbbbbbbb"), leaves_at=SOON + timedelta(minutes=5))
    assert (first.id, first.leaves_at, first.started) == (second.id, second.leaves_at, False)
    store.digest_started(first.id, leaves_at=SOON)
    found = store.digest(first.id)
    assert found is not None
    assert (found.started, found.leaves_at) == (True, SOON)


def test_the_same_round_joins_once(store: Store) -> None:
    digest = store.join(item(), leaves_at=SOON)
    store.close_digest(digest.id, at=SOON)
    assert store.join(item(), leaves_at=SOON + timedelta(hours=1)).id == digest.id
    assert len(store.unreported(digest.id)) == 1


def test_at_one_instant_all_join_one_digest(store: Store) -> None:
    with ThreadPoolExecutor(10) as pool:
        joined = list(pool.map(lambda n: store.join(item(f"key{n:07}"), leaves_at=SOON).id, range(30)))
    assert len(set(joined)) == 1
    assert len(store.unreported(joined[0])) == 30


def test_who_joins_while_it_closes_is_in_it_or_in_the_next(store: Store) -> None:
    first = store.join(item("aaaaaaaaaa"), leaves_at=SOON)
    with ThreadPoolExecutor(8) as pool:
        joins = [pool.submit(store.join, item(f"key{n:07}"), leaves_at=SOON) for n in range(20)]
        closed = pool.submit(store.close_digest, first.id, at=SOON)
        told = {one.key for one in closed.result()}
        later = {join.result().id for join in joins} - {first.id}
    left = {one.key for digest in later for one in store.unreported(digest)}
    assert told | left == {"aaaaaaaaaa", *(f"key{n:07}" for n in range(20))}
    assert not told & left
    assert len(later) <= 1


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        ({"version": 2, "rung": 1, "acknowledged": True}, "acknowledged meanwhile"),
        ({"version": 2, "rung": 1, "spared": [ANA]}, "acknowledged meanwhile"),
        ({"version": 2, "rung": 1, "spared": ["person:bob"]}, ""),
        ({"version": 2, "rung": 1, "status": "resolved"}, "the ticket ended meanwhile"),
        ({"version": 2, "rung": 1, "status": "snoozed"}, "snoozed meanwhile"),
        ({"version": 2, "rung": 2, "tier_name": "experts"}, "it moved on to experts meanwhile"),
        ({"life": "another", "opened_at": NOW + timedelta(minutes=1)}, "the ticket ended meanwhile"),
        ({"version": 99, "life": "the one before", "status": "closed", "opened_at": NOW - timedelta(days=1)}, ""),
        ({"version": 2, "rung": 1, "maintenance_until": LATER}, f"in maintenance until {format_instant(LATER)}"),
        ({"version": 2, "rung": 1, "maintenance_until": SOON}, ""),
        ({"version": 1, "rung": 1, "acknowledged": True}, ""),
        ({"version": 2, "rung": 1}, ""),
        (None, ""),
    ],
)
def test_what_need_not_be_told_any_more_is_dropped(store: Store, shown: dict[str, Any] | None, why: str) -> None:
    digest = store.join(item(), leaves_at=SOON)
    if shown is not None:
        put(store, snapshot("aaaaaaaaaa", **shown))
    [closed] = store.close_digest(digest.id, at=SOON)
    assert (closed.state, closed.detail) == (("dropped", why) if why else ("waiting", ""))


def test_what_is_in_a_message_that_was_begun_stays_in_it(store: Store) -> None:
    digest = store.join(item(), leaves_at=SOON)
    store.close_digest(digest.id, at=SOON)
    store.intend(intent(round_id=digest.id, key=""))
    put(store, snapshot("aaaaaaaaaa", version=2, rung=1, acknowledged=True))
    assert [one.state for one in store.close_digest(digest.id, at=SOON)] == ["waiting"]


def test_what_became_of_the_message_becomes_of_every_page_in_it(store: Store) -> None:
    digest = store.join(item("aaaaaaaaaa"), leaves_at=SOON)
    store.join(item("bbbbbbbbbb"), leaves_at=SOON)
    put(store, snapshot("bbbbbbbbbb", version=2, rung=1, acknowledged=True))
    store.close_digest(digest.id, at=SOON)
    of = intent(round_id=digest.id)
    store.digest_told(digest.id, [receipt(of)], reached=True, at=SOON)
    found = store.unreported(digest.id)
    assert {one.key: one.state for one in found} == {"aaaaaaaaaa": "told", "bbbbbbbbbb": "dropped"}
    sent = store.digest(digest.id)
    assert sent is not None
    assert (sent.sent_at, [one.outcome for one in sent.receipts]) == (SOON, ["accepted"])
    store.reported(found)
    assert store.unreported(digest.id) == []


def test_a_digest_that_reached_nobody_says_so_to_every_page_in_it(store: Store) -> None:
    digest = store.join(item(), leaves_at=SOON)
    store.close_digest(digest.id, at=SOON)
    store.digest_told(digest.id, [receipt(intent(round_id=digest.id), "failed")], reached=False, at=SOON)
    assert [one.state for one in store.unreported(digest.id)] == ["failed"]


def test_a_digest_that_is_full_makes_room_for_the_next(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.digests.MOST", 2)
    ids = [store.join(item(f"key{n:07}"), leaves_at=SOON).id for n in range(5)]
    assert [ids.count(one) for one in dict.fromkeys(ids)] == [2, 2, 1]


def test_a_digest_that_nobody_sent_is_found_a_while_after_its_time(store: Store) -> None:
    digest = store.join(item(), leaves_at=SOON)
    assert _overdue(store, SOON) == []
    just_after = SOON + timedelta(seconds=1)
    assert _overdue(store, just_after) == [digest.id]
    store.close_digest(digest.id, at=just_after)  # it is being sent
    assert _overdue(store, just_after) == []
    assert _overdue(store, just_after + timedelta(seconds=1)) == [digest.id]
    store.digest_told(digest.id, [], reached=True, at=just_after)
    assert _overdue(store, LATER, told=just_after) == []
    assert _overdue(store, LATER, told=LATER) == [digest.id]  # its ticket has not heard of it
    store.reported(store.unreported(digest.id))
    assert _overdue(store, LATER, told=LATER) == []


def test_a_digest_that_is_put_off_for_room_is_not_overdue_before_there_is_room(store: Store) -> None:
    digest = store.join(item(), leaves_at=SOON)
    store.put_off(digest.id, leaves_at=LATER, holding=1)
    assert _overdue(store, LATER) == []
    assert _overdue(store, LATER + timedelta(seconds=1)) == [digest.id]
    assert store.join(item("bbbbbbbbbb"), leaves_at=SOON).leaves_at == LATER


def urgent(key: str = "cccccccccc") -> DigestItem:
    brief = item(key).brief.model_copy(update={"severity": Severity.SEV2})
    return item(key, brief=brief)


MAY_NOT_WAIT = [urgent(), item("cccccccccc", any_hour=True)]


@pytest.mark.parametrize("page", MAY_NOT_WAIT, ids=["pressing", "at any hour"])
def test_a_digest_that_was_put_off_leaves_when_it_would_have_with_something_in_it_that_may_not_wait(
    store: Store, page: DigestItem
) -> None:
    digest = store.join(item(), leaves_at=SOON)
    store.digest_started(digest.id, leaves_at=SOON)
    assert store.put_off(digest.id, leaves_at=LATER, holding=1)
    joined = store.join(page, leaves_at=SOON)
    assert (joined.id, joined.leaves_at, joined.started) == (digest.id, SOON, False)
    # Who is tried again is told to have it waited for until that is on record.
    assert store.join(page, leaves_at=LATER) == joined
    store.digest_started(digest.id, leaves_at=SOON)
    assert store.join(item("dddddddddd"), leaves_at=SOON).started


def test_a_digest_whose_first_time_is_past_leaves_at_once(store: Store) -> None:
    digest = store.join(item(), leaves_at=SOON)
    store.put_off(digest.id, leaves_at=LATER, holding=1)
    at = NOW + timedelta(hours=1)
    page = urgent().model_copy(update={"joined_at": at})
    assert store.join(page, leaves_at=at + timedelta(minutes=10)).leaves_at == at


def test_what_may_not_wait_makes_a_digest_leave_no_sooner_than_it_would_have(store: Store) -> None:
    digest = store.join(item(), leaves_at=SOON)
    for page in (urgent(), item("dddddddddd", any_hour=True)):
        at = NOW + timedelta(minutes=5)
        joined = store.join(page.model_copy(update={"joined_at": at}), leaves_at=at + timedelta(minutes=10))
        assert (joined.id, joined.leaves_at) == (digest.id, SOON)


def test_a_digest_that_waits_for_a_limit_is_brought_forward_once_by_those_that_only_ignore_quiet_hours(
    store: Store,
) -> None:
    digest = store.join(item(any_hour=True), leaves_at=SOON)
    store.put_off(digest.id, leaves_at=LATER, holding=1)
    assert store.join(item("bbbbbbbbbb", any_hour=True), leaves_at=SOON).leaves_at == LATER
    assert store.join(urgent(), leaves_at=SOON).leaves_at == SOON


def test_a_digest_is_not_put_off_by_who_has_not_seen_all_that_is_in_it(store: Store) -> None:
    digest = store.join(item(), leaves_at=SOON)
    store.join(urgent(), leaves_at=SOON)
    assert not store.put_off(digest.id, leaves_at=LATER, holding=1)
    assert store.join(item("bbbbbbbbbb"), leaves_at=SOON).leaves_at == SOON
    assert store.put_off(digest.id, leaves_at=LATER, holding=3)


def test_who_joins_while_a_digest_is_put_off_is_seen_or_brings_it_forward(store: Store) -> None:
    for n in range(10):
        target = f"person:p{n}"
        digest = store.join(item(f"first{n:05}", target=target), leaves_at=SOON)
        page = urgent(f"urgent{n:04}").model_copy(update={"target": target})
        with ThreadPoolExecutor(2) as pool:
            joins = pool.submit(store.join, page, leaves_at=SOON)
            put_off = pool.submit(store.put_off, digest.id, leaves_at=LATER, holding=1)
            joins.result()
            put_off.result()
        found = store.digest(digest.id)
        assert found is not None
        assert found.leaves_at == SOON


def test_who_waits_for_the_time_before_is_not_taken_for_who_waits_for_the_new_one(store: Store) -> None:
    digest = store.join(item(), leaves_at=SOON)
    store.put_off(digest.id, leaves_at=LATER, holding=1)
    assert not store.join(urgent(), leaves_at=SOON).started
    store.digest_started(digest.id, leaves_at=LATER)
    assert not store.join(urgent(), leaves_at=SOON).started


def test_a_digest_that_was_brought_forward_is_overdue_when_nobody_sends_it_then(store: Store) -> None:
    digest = store.join(item(), leaves_at=SOON)
    store.put_off(digest.id, leaves_at=LATER, holding=1)
    store.join(urgent(), leaves_at=SOON)
    assert _overdue(store, SOON + timedelta(seconds=1)) == [digest.id]


def _overdue(store: Store, due: datetime, *, told: datetime = NOW) -> list[str]:
    return [digest.id for digest in store.overdue_digests(due=due, told=told)]
