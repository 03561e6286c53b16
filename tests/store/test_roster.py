from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from escalade.people.changes import Away, Changes, DutySlot, Override, Swap, Temporary
from store import ClashError, NoSuchChangeError, RosterRevision, SenselessChangeError, Store
from store.tables import roster_changes
from tests.store.making import ANA, NOW, kinds, whats

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def override(change_id: str = "o1", *, begin: timedelta = HOUR, length: timedelta = HOUR, **given: Any) -> Override:
    values: dict[str, Any] = {
        "id": change_id,
        "schedule": "payments",
        "start": NOW + begin,
        "end": NOW + begin + length,
        "made_at": NOW,
        "by": "ana",
        "form": "replace",
        "people": ["ana"],
    }
    return Override.model_validate(values | given)


def away(change_id: str = "a1", *, person: str = "bruno", begin: timedelta = HOUR, length: timedelta = DAY) -> Away:
    start = NOW + begin
    return Away(id=change_id, person=person, start=start, end=start + length, made_at=NOW, by="ana", reason="holiday")


def at(store: Store, moment: timedelta) -> Changes:
    return store.changes(NOW + moment, NOW + moment + timedelta(seconds=1))


def test_a_change_is_in_force_at_once_and_on_record(store: Store) -> None:
    made, new = store.change(override(reason="ana asked"), by=ANA)
    assert (made.change, made.until, new) == (override(reason="ana asked"), NOW + 2 * HOUR, True)
    assert store.changes(NOW, NOW + DAY).overrides == (override(reason="ana asked"),)
    (stored,) = store.entries("schedule/payments")
    assert stored.entry.kind == "override.made"
    assert stored.entry.actor == ANA
    assert stored.entry.why == "ana asked"
    assert "ana instead of everybody in payments from 2026-03-01T09:00:00Z" in stored.entry.what
    assert store.verify() == []


def test_every_kind_of_change_comes_back_as_it_was(store: Store) -> None:
    slots = [DutySlot(person=who, start=NOW + n * HOUR, end=NOW + (n + 1) * HOUR) for n, who in enumerate(("ana", "b"))]
    shared: dict[str, Any] = {"schedule": "payments", "start": NOW, "end": NOW + 2 * HOUR, "made_at": NOW, "by": "ana"}
    temporary = Temporary(id="t1", shifts=tuple(slots), **shared)
    swap = Swap(id="s1", first=slots[0], second=slots[1], **shared)
    for change in (override(), temporary, swap, away()):
        store.change(change, by=ANA)
    found = store.changes(NOW, NOW + DAY)
    assert found == Changes(overrides=(override(),), temporaries=(temporary,), swaps=(swap,), aways=(away(),))
    assert kinds(store, "person/bruno") == ["away.made"]


def test_a_window_is_closed_below_and_open_above(store: Store) -> None:
    store.change(override(), by=ANA)
    second = timedelta(seconds=1)
    assert [bool(at(store, HOUR + shift).overrides) for shift in (-second, 0 * second, HOUR - second, HOUR)] == [
        False,
        True,
        True,
        False,
    ]


def test_the_same_change_twice_is_one(store: Store) -> None:
    store.change(override("first"), by=ANA)
    kept, new = store.change(override("second", reason="again"), by=ANA)
    assert (kept.change.id, new) == ("first", False)
    assert len(store.kept_changes()) == 1
    assert len(whats(store, "schedule/payments")) == 1


def test_overrides_may_overlap_and_absences_of_one_person_may_not(store: Store) -> None:
    store.change(override("o1"), by=ANA)
    store.change(override("o2", begin=HOUR + HOUR / 2), by=ANA)
    store.change(away("a1"), by=ANA)
    store.change(away("a2", person="carla"), by=ANA)
    store.change(away("a3", begin=HOUR + DAY), by=ANA)
    with pytest.raises(ClashError, match="overlaps with away a1: bruno is away") as refused:
        store.change(away("a4", begin=2 * HOUR), by=ANA)
    assert refused.value.mend is not None
    assert "oncall away remove a1" in refused.value.mend
    assert {kept.change.id for kept in store.kept_changes()} == {"o1", "o2", "a1", "a2", "a3"}


def test_what_is_removed_before_it_begins_was_never_in_force(store: Store) -> None:
    store.change(override(), by=ANA)
    kept, removed = store.remove_change("o1", by=ANA, why="not needed")
    assert (removed, kept.removed_at, kept.in_force) == (True, NOW, None)
    assert store.changes(NOW, NOW + DAY) == Changes()
    assert kinds(store, "schedule/payments") == ["override.made", "override.removed"]
    assert store.kept_changes() == []
    assert [k.removed_at for k in store.kept_changes(removed=True)] == [NOW]


def test_what_is_removed_while_in_force_keeps_its_past(store: Store) -> None:
    store.change(override(begin=-HOUR, length=3 * HOUR), by=ANA)
    kept, _ = store.remove_change("o1", by=ANA)
    assert kept.until == NOW
    (cut,) = store.changes(NOW - DAY, NOW + DAY).overrides
    assert (cut.start, cut.end) == (NOW - HOUR, NOW)
    assert at(store, timedelta(0)).overrides == ()


def test_removing_again_changes_nothing_and_makes_room(store: Store) -> None:
    store.change(away("a1"), by=ANA)
    assert [store.remove_change("a1", by=ANA)[1] for _ in range(2)] == [True, False]
    assert kinds(store, "person/bruno") == ["away.made", "away.removed"]
    assert store.change(away("a2"), by=ANA)[1]


def test_what_was_is_not_removed_afterwards(store: Store) -> None:
    store.change(override(begin=-3 * HOUR), by=ANA)
    with pytest.raises(NoSuchChangeError, match="is over since 2026-03-01T06:00:00Z"):
        store.remove_change("o1", by=ANA)
    with pytest.raises(NoSuchChangeError, match="no change o9"):
        store.remove_change("o9", by=ANA)


def test_lists_are_narrowed(store: Store) -> None:
    for change in (override("o1"), override("o2", schedule="platform"), away("a1"), override("x", begin=-DAY)):
        store.change(change, by=ANA)

    def ids(**given: Any) -> list[str]:
        return [kept.change.id for kept in store.kept_changes(**given)]

    assert ids(kinds=["override"], after=NOW) == ["o1", "o2"]
    assert ids(about="platform") == ["o2"]
    assert ids(about="bruno") == ["a1"]
    assert ids(prefix="o") == ["o1", "o2"]
    assert ids() == ["x", "a1", "o1", "o2"]


def test_the_revision_tells_whether_a_copy_is_good(store: Store) -> None:
    assert store.roster_revision() == RosterRevision()
    store.change(override(), by=ANA)
    first, changes = store.changes_since(None, NOW, NOW + DAY)
    assert first == (1, NOW)
    assert changes is not None
    assert store.changes_since(first, NOW, NOW + DAY) == (first, None)
    store.change(override("o2"), by=ANA)  # the same: nothing changes
    assert store.roster_revision() == first
    store.remove_change("o1", by=ANA)
    assert store.changes_since(first, NOW, NOW + DAY) == ((2, NOW), Changes())


def test_of_many_who_make_the_same_at_once_one_makes_it(store: Store) -> None:
    at_once = threading.Barrier(6)

    def make(number: int) -> bool:
        at_once.wait()
        return store.change(override(f"o{number}"), by=ANA)[1]

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(make, range(6))) == [False] * 5 + [True]
    assert len(store.kept_changes()) == 1
    assert store.roster_revision().number == 1


def test_of_absences_that_clash_at_once_one_is_taken(store: Store) -> None:
    at_once = threading.Barrier(4)

    def make(number: int) -> bool:
        at_once.wait()
        try:
            return store.change(away(f"a{number}", begin=number * HOUR), by=ANA)[1]
        except ClashError:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(make, range(4))) == 1
    assert len(whats(store, "person/bruno")) == 1
    assert store.verify() == []


def test_a_swap_of_somebody_with_themselves_is_refused_when_it_is_made_and_read_when_it_was_kept(store: Store) -> None:
    first, second = (DutySlot(person="ana", start=NOW + n * HOUR, end=NOW + (n + 1) * HOUR) for n in range(2))
    window: dict[str, Any] = {"start": NOW, "end": NOW + 2 * HOUR, "made_at": NOW}
    swap = Swap(id="s1", schedule="payments", first=first, second=second, **window)
    with pytest.raises(SenselessChangeError, match="those of ana"):
        store.change(swap, by=ANA)
    keep(store, swap.model_dump_json())
    store.change(override(), by=ANA)
    assert store.changes(NOW, NOW + DAY) == Changes(overrides=(override(),), swaps=(swap,))


def test_a_change_that_cannot_be_read_is_told_once_and_leaves_the_others(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    dialect = store.database.engine.dialect.name
    keep(store, f'{{"kind": "swap", "database": "{dialect}"}}')
    store.change(override(), by=ANA)
    store.change(away(), by=ANA)
    for _ in range(2):
        assert store.changes(NOW, NOW + DAY) == Changes(overrides=(override(),), aways=(away(),))
    (record,) = caplog.records
    assert record.message.startswith("The swap s1 cannot be read")


def keep(store: Store, body: str) -> None:
    """As an Escalade of another time kept a swap, whatever the model says today."""
    row = {"id": "s1", "kind": "swap", "schedule": "payments", "person": "", "start": NOW, "until": NOW + 2 * HOUR}
    with store.database.writing() as connection:
        connection.execute(insert(roster_changes).values(body=body, made_at=NOW, removed_at=None, **row))
