from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from escalade.record import Head
from store import Store
from store.seal import Checkpoint
from store.tables import checkpoints
from tests.store.making import (
    ANA,
    KEY,
    LIFE,
    NOW,
    STREAM,
    batch,
    by_hand,
    entry,
    intent,
    kinds,
    put,
    receipt,
    snapshot,
    whats,
)

CUT = NOW + timedelta(seconds=4)


def fill(store: Store, stream: str = STREAM, count: int = 6) -> Head:
    return store.write(batch(*[entry(number, stream=stream) for number in range(count)])).head


def test_pruning_removes_what_is_old_and_leaves_a_chain_that_verifies(store: Store) -> None:
    fill(store)
    done = store.prune(before=CUT, by=ANA, why="kept one year")
    assert (done.streams, done.entries, done.refused) == (1, 4, [])
    assert whats(store) == ["note 4", "note 5"]
    assert store.verify() == []
    store.write(batch(entry(9)))
    assert [stored.seq for stored in store.entries(STREAM)] == [5, 6, 7]
    assert store.verify() == []


def test_pruning_is_an_entry_that_says_who_why_and_up_to_which_hash(store: Store) -> None:
    fill(store)
    fourth = store.entries(STREAM)[3].hash
    store.prune(before=CUT, by=ANA, why="kept one year")
    [record] = store.entries("operations")
    assert (record.entry.kind, record.entry.actor, record.entry.why) == ("journal.pruned", ANA, "kept one year")
    [point] = record.entry.data["checkpoints"]
    assert (point["stream"], point["seq"], point["hash"]) == (STREAM, 4, fourth)


def test_pruning_everything_keeps_the_head(store: Store) -> None:
    head = fill(store)
    store.prune(before=NOW + timedelta(days=1), by=ANA, why="old")
    assert store.entries(STREAM) == []
    assert store.head(STREAM) == head
    assert store.verify() == []
    assert not store.write(batch(entry(9), known=head)).truncated
    assert [stored.seq for stored in store.entries(STREAM)] == [7]
    assert store.verify() == []


def test_pruning_again_moves_the_checkpoint_on(store: Store) -> None:
    fill(store)
    store.prune(before=NOW + timedelta(seconds=2), by=ANA, why="old")
    assert store.prune(before=NOW + timedelta(seconds=2), by=ANA, why="old").entries == 0
    assert store.prune(before=CUT, by=ANA, why="older").entries == 2
    assert whats(store) == ["note 4", "note 5"]
    assert store.verify() == []
    assert kinds(store, "operations") == ["journal.pruned"] * 2


def test_a_young_entry_keeps_everything_behind_it(store: Store) -> None:
    store.write(batch(entry(1), entry(100), entry(2)))
    store.prune(before=NOW + timedelta(seconds=50), by=ANA, why="old")
    assert whats(store) == ["note 100", "note 2"]


def test_open_tickets_and_the_record_of_pruning_are_left_alone(store: Store) -> None:
    fill(store)
    put(store, snapshot(status="investigating"))
    fill(store, "operations")
    assert store.prune(before=NOW + timedelta(days=1), by=ANA, why="old").streams == 0
    put(store, snapshot(status="closed", version=2))
    assert store.prune(before=NOW + timedelta(days=1), by=ANA, why="old").streams == 1
    assert whats(store, "operations")[:6] == [f"note {n}" for n in range(6)]


def test_many_streams_are_pruned_in_several_transactions(store: Store) -> None:
    for number in range(120):
        fill(store, f"ticket/many{number:03}", 2)
    done = store.prune(before=NOW + timedelta(days=1), by=ANA, why="old")
    assert (done.streams, done.entries) == (120, 240)
    assert kinds(store, "operations") == ["journal.pruned"] * 2
    assert store.verify() == []


def test_a_stream_that_does_not_verify_is_not_pruned(store: Store) -> None:
    fill(store)
    fill(store, "ticket/other")
    with by_hand(store) as connection:
        connection.execute(text(f"UPDATE entries SET kind = 'x' WHERE seq = 2 AND stream = '{STREAM}'"))
    done = store.prune(before=CUT, by=ANA, why="old")
    assert (done.streams, [finding.stream for finding in done.refused]) == (1, [STREAM])
    assert len(store.entries(STREAM)) == 6


def test_erased_entries_may_be_pruned_too(store: Store) -> None:
    fill(store)
    store.erase(STREAM, 2, by=ANA, why="asked")
    store.prune(before=CUT, by=ANA, why="old")
    assert store.verify() == []


def test_a_checkpoint_changed_by_hand_is_found(store: Store) -> None:
    fill(store)
    store.prune(before=CUT, by=ANA, why="old")
    with by_hand(store) as connection:
        connection.execute(text("UPDATE checkpoints SET seal = 'x'"))
    assert [finding.kind for finding in store.verify()] == ["checkpoint_mismatch"]


def test_a_checkpoint_made_by_hand_is_found_even_when_well_sealed(store: Store) -> None:
    fill(store)
    fourth = store.entries(STREAM)[3].hash
    forged = Checkpoint(stream=STREAM, seq=4, hash=fourth, before=CUT, sealed_at=NOW, record="pruned/none").sealed()
    with store.database.writing() as connection:
        connection.execute(checkpoints.insert().values(forged.model_dump()))
        connection.execute(text("DELETE FROM bodies WHERE seq <= 4"))
        connection.execute(text("DELETE FROM entries WHERE seq <= 4"))
    assert [finding.kind for finding in store.verify()] == ["checkpoint_mismatch"]


def test_a_removed_checkpoint_shows_as_missing_entries(store: Store) -> None:
    fill(store)
    store.prune(before=CUT, by=ANA, why="old")
    with by_hand(store) as connection:
        connection.execute(text("DELETE FROM checkpoints"))
    assert [(finding.seq, finding.kind) for finding in store.verify()] == [(1, "missing")]


def test_what_the_ticket_remembers_at_the_checkpoint_is_compared_with_it(store: Store) -> None:
    fill(store)
    fourth = store.entries(STREAM)[3]
    store.prune(before=CUT, by=ANA, why="old")
    known = Head(seq=4, hash=fourth.hash)
    assert not store.write(batch(entry(10), known=known)).truncated
    assert store.write(batch(entry(11), known=known.model_copy(update={"hash": "f" * 64}))).truncated


def test_old_deliveries_go_with_the_entries_unless_the_ticket_is_open(store: Store) -> None:
    put(store, snapshot(KEY, status="new"), snapshot("closedone", status="closed"))
    for key in (KEY, "closedone"):
        old = intent(key=key, life=LIFE, round_id=f"round-{key}")
        store.outcome(old, receipt(old))
    young = intent(key="closedone", round_id="young", at=NOW + timedelta(days=2))
    store.intend(young)
    assert store.prune(before=NOW + timedelta(days=1), by=ANA, why="old").deliveries == 1
    assert len(store.deliveries(KEY)) == 1
    assert [found.intent.round_id for found in store.deliveries("closedone")] == ["young"]
