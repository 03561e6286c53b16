from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from escalade.messages.activities import Snapshot
from store import Store, TicketQuery
from tests.store.making import KEY, LIFE, NOW, batch, by_hand, entry, put, run_id, snapshot

SECOND = run_id("second life")


def title(store: Store, key: str = KEY) -> str:
    found = store.ticket(key)
    assert found is not None
    return found.title


def keys(store: Store, **query: Any) -> list[str]:
    return [found.key for found in store.tickets(TicketQuery(**query))]


def test_a_snapshot_comes_back_as_it_was(store: Store) -> None:
    given = snapshot(
        paged=["person:ana"],
        labels={"host": "db1"},
        due_at=NOW,
        due_what="tier limit",
        owner="ana",
        tier_name="primary",
    )
    put(store, given)
    assert store.ticket(KEY) == given
    assert store.ticket("unknown") is None


def test_a_snapshot_comes_with_its_entries_or_not_at_all(store: Store) -> None:
    store.write(batch(entry(1), snapshot=snapshot()))
    assert title(store) == "disk full"
    assert len(store.entries(f"ticket/{KEY}")) == 1


def test_an_older_snapshot_never_replaces_a_newer_one(store: Store) -> None:
    put(store, snapshot(version=3, title="third"), snapshot(version=2, title="second"), snapshot(version=3, title="x"))
    assert title(store) == "third"
    put(store, snapshot(version=4, title="fourth"))
    assert title(store) == "fourth"


def test_a_new_life_replaces_the_old_one_whatever_its_version(store: Store) -> None:
    put(store, snapshot(version=9, title="old"), snapshot(version=0, title="new", life=SECOND))
    assert title(store) == "new"


def test_a_row_that_was_lost_comes_back_with_the_next_snapshot(store: Store) -> None:
    put(store, snapshot(version=5))
    with by_hand(store) as connection:
        connection.execute(text("DELETE FROM tickets"))
    assert store.ticket(KEY) is None
    put(store, snapshot(version=6))
    assert store.ticket(KEY) is not None


def test_a_late_snapshot_of_a_life_that_is_over_changes_nothing(store: Store) -> None:
    put(store, snapshot(version=1), snapshot(version=0, title="new", life=SECOND), snapshot(version=99, title="late"))
    assert title(store) == "new"
    put(store, snapshot(version=1, title="newer", life=SECOND))
    assert title(store) == "newer"


# Lists


@pytest.fixture
def many(store: Store) -> Store:
    put(
        store,
        snapshot(
            "aa1", severity="sev3", due_at=NOW + timedelta(hours=1), tier_name="primary", title="Disk full on DB1"
        ),
        snapshot("aa2", severity="sev1", owner="ana", acknowledged=True, team="sre", tier_name="experts"),
        snapshot("ab3", severity="sev1", due_at=NOW + timedelta(minutes=5), paged=["person:ana", "person:bob"]),
        snapshot("ac4", severity="sev1", due_at=NOW + timedelta(minutes=1), service="search", paged=["person:anabel"]),
        snapshot("ad5", severity="sev5", status="closed", policy="payments", labels={"host": "DB1_x%"}),
        snapshot("ae6", severity="sev4", status="snoozed", customer_tier="gold", source="cli"),
    )
    return store


def test_the_worst_come_first_and_then_what_is_due_first(many: Store) -> None:
    assert keys(many) == ["ac4", "ab3", "aa2", "aa1", "ae6", "ad5"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"mine": "ana"}, ["ab3", "aa2"]),
        ({"mine": "person:ana"}, ["ab3", "aa2"]),
        ({"mine": "an"}, []),
        ({"unacknowledged": True, "open_only": True}, ["ac4", "ab3", "aa1", "ae6"]),
        ({"tier": "primary"}, ["aa1"]),
        ({"severities": ["sev3", "sev4"]}, ["aa1", "ae6"]),
        ({"statuses": ["closed", "snoozed"]}, ["ae6", "ad5"]),
        ({"service": "search"}, ["ac4"]),
        ({"policy": "payments"}, ["ad5"]),
        ({"team": "sre"}, ["aa2"]),
        ({"team": "team:sre"}, ["aa2"]),
        ({"due_before": NOW + timedelta(minutes=5)}, ["ac4", "ab3"]),
        ({"open_only": True}, ["ac4", "ab3", "aa2", "aa1", "ae6"]),
        ({"text": "db1"}, ["aa1", "ad5"]),
        ({"text": "FULL disk db1"}, ["aa1", "ad5"]),
        ({"text": "disk on"}, ["aa1"]),
        ({"text": "1_X%"}, ["ad5"]),
        ({"text": "gold"}, ["ae6"]),
        ({"text": "%"}, ["ad5"]),
        ({"severities": ["sev1"], "service": "payments", "mine": "bob"}, ["ab3"]),
        ({"limit": 2}, ["ac4", "ab3"]),
        ({"limit": 2, "offset": 3}, ["aa1", "ae6"]),
        ({"offset": 5}, ["ad5"]),
        ({"limit": 0}, []),
    ],
)
def test_lists_are_narrowed(many: Store, query: dict[str, Any], found: list[str]) -> None:
    assert keys(many, **query) == found


def test_the_count_ignores_the_limit(many: Store) -> None:
    assert many.count(TicketQuery(open_only=True, limit=1)) == 5
    assert many.count() == 6


def test_a_filter_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValidationError, match="severity"):
        TicketQuery.model_validate({"severity": "sev1"})


def test_keys_are_found_by_prefix_exactly(many: Store) -> None:
    put(many, snapshot("AA9"), snapshot("a_x"), snapshot("a\U0010fffe"))
    assert many.keys("aa") == ["aa1", "aa2"]
    assert many.keys("a", limit=2) == ["a_x", "aa1"]
    assert many.keys("a_") == ["a_x"]
    assert many.keys("ad5") == ["ad5"]
    assert many.keys("ad5x") == []
    assert len(many.keys("")) == 9


# Merges


def merged(key: str, into: str) -> Snapshot:
    return snapshot(key, status="closed", merged_into=into)


def test_a_merged_key_routes_to_the_open_ticket_at_the_end_of_the_chain(store: Store) -> None:
    put(store, merged("one", "two"), merged("two", "three"), snapshot("three"))
    assert store.merged_into("one") == store.merged_into("two") == "three"
    assert store.merged_into("three") is None
    assert store.merged_into("unknown") is None


@pytest.mark.parametrize("status", ["resolved", "closed"])
def test_a_merged_key_routes_nowhere_once_the_target_is_over(store: Store, status: str) -> None:
    put(store, merged("one", "two"), snapshot("two", status=status))
    assert store.merged_into("one") is None


def test_a_merge_into_something_unknown_routes_nowhere(store: Store) -> None:
    put(store, merged("one", "two"))
    assert store.merged_into("one") is None


def test_a_circle_of_merges_routes_nowhere(store: Store) -> None:
    put(store, merged("one", "two"), merged("two", "three"), merged("three", "two"))
    assert store.merged_into("one") is None


def test_a_key_that_lives_again_is_merged_no_more(store: Store) -> None:
    put(store, merged("one", "two"), snapshot("two"), snapshot("one", life=SECOND))
    assert store.merged_into("one") is None


# Handled events


def test_handled_events_are_kept_for_the_next_life(store: Store) -> None:
    put(store, snapshot(version=1), snapshot(version=2, status="closed", handled={"e1": 100, "e2": 200}))
    assert store.handled(KEY) == {"e1": 100, "e2": 200}
    put(store, snapshot(life=SECOND))
    assert store.handled(KEY) == {"e1": 100, "e2": 200}
    assert store.handled("unknown") == {}


def test_a_life_that_never_learned_of_them_does_not_lose_them(store: Store) -> None:
    put(store, snapshot(handled={"e1": 100}), snapshot(life=SECOND, handled={"e2": 200}))
    assert store.handled(KEY) == {"e1": 100, "e2": 200}


def test_a_late_snapshot_brings_no_events_back(store: Store) -> None:
    put(store, snapshot(), snapshot(life=SECOND), snapshot(version=9, handled={"late": 1}))
    assert store.handled(KEY) == {}


def test_handled_events_are_bounded_by_number_and_never_younger_than_two_days(store: Store) -> None:
    day = 86400
    old = {f"old{n}": n for n in range(2500)}
    put(store, snapshot(handled=old))
    assert len(store.handled(KEY)) == 2500  # all of them within two days of the newest
    put(store, snapshot(version=2, handled={f"new{n}": 10 * day + n for n in range(1500)}))
    kept = store.handled(KEY)
    assert len(kept) == 2000
    assert min(at for event, at in kept.items() if event.startswith("old")) == 2000
    put(store, snapshot(version=3, handled={f"storm{n}": 20 * day for n in range(3000)}))
    assert len(store.handled(KEY)) == 3000


def test_lives_have_no_order_of_their_own(store: Store) -> None:
    for life in sorted([LIFE, SECOND, run_id("third")], reverse=True):
        put(store, snapshot(life=life, title=life))
        assert title(store) == life


def test_a_request_refused_a_moment_ago_stays_known_among_many_that_were_handled(store: Store) -> None:
    now = int(NOW.timestamp())
    handled = {f"{n:016x}": now - 60 * 60 * 24 * 400 + n for n in range(2500)}
    put(store, snapshot(status="closed", handled=handled | {"refused": -now}))
    known = store.handled(KEY)
    assert known["refused"] == -now
    assert len(known) < 2500
