"""The writer against a model: batches duplicated, reordered, overlapping and concurrent."""

from __future__ import annotations

import itertools
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalade.messages.activities import JournalBatch, Snapshot
from escalade.record import Entry, Head, chain, digest
from store import Store
from tests.store.making import batch, entry, run_id, snapshot

RUNS = [run_id("one"), run_id("two")]
_names = itertools.count()

relaxed = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass
class Model:
    """What the journal and the projection promise, in the fewest words."""

    kept: dict[str, Entry] = field(default_factory=dict)
    refused: set[tuple[str, str]] = field(default_factory=set)
    snapshot: Snapshot | None = None
    lives: list[str] = field(default_factory=list)

    def write(self, given_batch: JournalBatch) -> None:
        for each in given_batch.entries:
            first = self.kept.setdefault(each.entry_id, each)
            if first.body() != each.body():
                self.refused.add((each.entry_id, each.what))
        new = given_batch.snapshot
        if new is None:
            return
        if new.life not in self.lives:
            self.lives.append(new.life)
            self.snapshot = new
        elif self.snapshot is not None and self.snapshot.life == new.life and self.snapshot.version < new.version:
            self.snapshot = new


def check(store: Store, stream: str, model: Model) -> None:
    stored = store.entries(stream)
    own = [each.entry for each in stored if not each.entry.kind.startswith("journal.")]
    assert own == list(model.kept.values())
    refused = [each.entry.data["refused"] for each in stored if each.entry.kind == "journal.conflict"]
    assert len(refused) == len(model.refused)
    assert {(each["entry_id"], each["what"]) for each in refused} == model.refused
    head = Head()
    for each in stored:
        head = chain(head, each.entry, digest(each.entry.body()))
        assert (each.seq, each.hash) == (head.seq, head.hash)
    assert store.head(stream) == head
    assert store.verify(stream) == []
    assert store.ticket(stream.removeprefix("ticket/")) == model.snapshot


@st.composite
def batches(draw: st.DrawFn) -> list[tuple[list[tuple[int, int, str]], tuple[int, int] | None, int]]:
    """Batches as plain values: entries (run, number, body), a snapshot (life, version), and how old `known` is."""
    an_entry = st.tuples(st.integers(0, 1), st.integers(0, 6), st.sampled_from(["a", "a", "a", "b\x00", "é😀"]))
    a_snapshot = st.none() | st.tuples(st.integers(0, 2), st.integers(0, 4))
    a_batch = st.tuples(st.lists(an_entry, max_size=5), a_snapshot, st.integers(0, 9))
    once = draw(st.lists(a_batch, min_size=1, max_size=8))
    again = draw(st.lists(st.sampled_from(once), max_size=6))
    return draw(st.permutations([*once, *again]))


@relaxed
@given(batches())
def test_duplicated_and_reordered_batches_give_what_the_model_says(
    store: Store, written: list[tuple[list[tuple[int, int, str]], tuple[int, int] | None, int]]
) -> None:
    key = f"model{next(_names)}"
    stream, model = f"ticket/{key}", Model()
    heads: list[Head | None] = [None]
    for parts, state, age in written:
        entries = [entry(n, run=RUNS[run], what=what, stream=stream) for run, n, what in parts]
        snap = None if state is None else snapshot(key, life=run_id(str(state[0])), version=state[1])
        given_batch = batch(*entries, stream=stream, known=heads[max(0, len(heads) - 1 - age)], snapshot=snap)
        model.write(given_batch)
        ack = store.write(given_batch)
        assert not ack.truncated
        assert store.write(given_batch) == ack
        heads.append(ack.head)
    check(store, stream, model)


def test_concurrent_batches_give_one_chain_with_every_entry_once(store: Store) -> None:
    stream, numbers = "ticket/concurrent", list(range(60))
    at_once = threading.Barrier(6)

    def run(seed: int) -> list[Head]:
        mine, chance = [], random.Random(seed)
        at_once.wait()
        for _ in range(15):
            some = chance.sample(numbers, 8)
            snap = snapshot("concurrent", version=max(some))
            mine.append(store.write(batch(*[entry(n, stream=stream) for n in some], snapshot=snap)).head)
        return mine

    with ThreadPoolExecutor(6) as pool:
        heads = [head for mine in pool.map(run, range(6)) for head in mine]
    stored = store.entries(stream)
    assert len({each.entry.entry_id for each in stored}) == len(stored)
    assert {each.entry.kind for each in stored} == {"ticket.noted"}
    by_seq = {each.seq: each.hash for each in stored}
    assert all(by_seq[head.seq] == head.hash for head in heads)
    assert store.verify() == []
    found = store.ticket("concurrent")
    assert found is not None
    assert found.version == max(each.entry.data["n"] for each in stored)


def test_concurrent_conflicts_keep_exactly_one_and_lose_none(store: Store) -> None:
    stream, at_once = "ticket/conflict", threading.Barrier(6)

    def run(number: int) -> None:
        at_once.wait()
        store.write(batch(entry(1, stream=stream, entry_id="round/x/y/0", what=f"body {number}")))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(run, range(6)))
    first, *others = [each.entry for each in store.entries(stream)]
    assert [each.kind for each in others] == ["journal.conflict"] * 5
    assert sorted([first.what, *(each.data["refused"]["what"] for each in others)]) == [f"body {n}" for n in range(6)]


def test_verifying_while_others_write_finds_nothing(store: Store) -> None:
    stop = threading.Event()

    def write() -> None:
        for number in itertools.count():
            if stop.is_set():
                return
            store.write(batch(entry(number, stream="ticket/busy")))

    findings = []
    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        while store.head("ticket/busy").seq < 40:
            findings += store.verify()
        stop.set()
        writer.result()
    assert findings == []
