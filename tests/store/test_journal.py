from __future__ import annotations

import math
from datetime import timedelta

import pytest

from escalade.errors import StoreError
from escalade.record import GENESIS, Head, chain, digest
from store import Store, TicketQuery
from tests.store.making import LIFE, NOW, STREAM, batch, entry, kinds, page_entry, put, run_id, snapshot, whats


def test_entries_come_back_in_the_order_and_words_in_which_they_were_written(store: Store) -> None:
    written = [entry(1), entry(2, data={"nested": {"list": [1, 2.5, None, True]}}), entry(3, why="")]
    store.write(batch(*written))
    assert [stored.entry for stored in store.entries(STREAM)] == written
    assert [stored.seq for stored in store.entries(STREAM)] == [1, 2, 3]


def test_the_head_is_the_chain_over_all_entries(store: Store) -> None:
    head = Head()
    assert store.head(STREAM) == Head(seq=0, hash=GENESIS)
    for number in range(5):
        head = chain(head, entry(number), digest(entry(number).body()))
        assert store.write(batch(entry(number))).head == head
    assert store.head(STREAM) == head


def test_writing_again_changes_nothing_and_answers_the_same_head(store: Store) -> None:
    first = store.write(batch(entry(1), entry(2)))
    again = store.write(batch(entry(1), entry(2)))
    assert again.head == first.head
    assert whats(store) == ["note 1", "note 2"]


def test_a_batch_that_overlaps_another_adds_only_what_is_new(store: Store) -> None:
    store.write(batch(entry(1), entry(2)))
    store.write(batch(entry(2), entry(3), entry(1)))
    assert whats(store) == ["note 1", "note 2", "note 3"]


def test_an_id_that_comes_twice_in_one_batch_is_written_once(store: Store) -> None:
    store.write(batch(entry(1), entry(2), entry(1)))
    assert whats(store) == ["note 1", "note 2"]


def test_streams_have_chains_of_their_own(store: Store) -> None:
    store.write(batch(entry(1)))
    store.write(batch(entry(1, stream="configuration")))
    assert store.streams() == ["configuration", STREAM]
    assert store.streams("ticket/") == [STREAM]
    assert store.head(STREAM).seq == store.head("configuration").seq == 1


def test_a_batch_that_mixes_streams_is_refused_whole(store: Store) -> None:
    with pytest.raises(StoreError, match="configuration"):
        store.write(batch(entry(1), entry(2, stream="configuration")))
    with pytest.raises(StoreError, match="ticket/other"):
        store.write(batch(entry(1), snapshot=snapshot("other")))
    assert store.streams() == []


def test_a_failed_batch_leaves_no_trace(store: Store) -> None:
    broken = snapshot()
    object.__setattr__(broken, "opened_at", "no instant")
    with pytest.raises(Exception):  # noqa: B017, PT011  whatever it is, nothing may be half done
        store.write(batch(entry(1), snapshot=broken))
    assert store.entries(STREAM) == []
    assert store.head(STREAM) == Head()


ODD = [
    "NUL\x00inside",
    "😀 four bytes \U0010ffff",
    "\ufdd00041",
    "\u2028 \r\n\t\x7f",
    "é e\u0301",
    "%s %(x)s :y \\u0000 '",
]


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_any_text_survives(store: Store, text: str) -> None:
    odd = entry(1, data={text: [text]}, what=text, kind=f"odd.{text}", entry_id=text, life=text)
    ack = store.write(batch(odd))
    assert store.write(batch(odd)).head == ack.head
    assert store.entries(STREAM)[0].entry == odd
    assert store.verify() == []
    put(store, snapshot(title=text, service=text, labels={text: text}))
    found = store.tickets(TicketQuery(service=text, text=text.split(maxsplit=1)[0]))
    assert [(each.title, each.service, each.labels) for each in found] == [(text, text, {text: text})]


def test_half_a_surrogate_pair_does_not_stop_the_journal(store: Store) -> None:
    store.write(batch(entry(1, data={"half \ud83d": ["\ud83d"], "é": 1}), entry(2)))
    assert store.entries(STREAM)[0].entry.data == {"half ?": ["?"], "é": 1}
    assert store.verify() == []


def test_a_large_body_and_a_large_batch_survive(store: Store) -> None:
    many = [entry(number, what="x" * 200) for number in range(1200)]
    store.write(batch(*many, entry(9999, data={"text": "é" * 200_000})))
    assert store.head(STREAM).seq == 1201
    assert store.write(batch(*many)).head == store.head(STREAM)
    assert store.verify() == []
    assert len(store.entries(STREAM, after=1190)) == 11
    assert len(store.entries(STREAM, limit=7)) == 7


def test_a_number_that_json_has_no_word_for_does_not_stop_the_journal(store: Store) -> None:
    store.write(batch(entry(1, data={"ratio": math.inf})))
    assert store.entries(STREAM)[0].entry.data == {"ratio": math.inf}


def test_an_entry_with_a_known_id_and_another_body_is_kept_beside_the_first(store: Store) -> None:
    store.write(batch(entry(1, entry_id="round/person:ana/email/0", kind="page.accepted", what="first")))
    second = entry(2, entry_id="round/person:ana/email/0", kind="page.failed", what="second", data={"lost": False})
    store.write(batch(second))
    store.write(batch(second))
    assert whats(store)[0] == "first"
    assert kinds(store) == ["page.accepted", "journal.conflict"]
    refused = store.entries(STREAM)[1].entry.data["refused"]
    assert (refused["what"], refused["kind"], refused["data"]) == ("second", "page.failed", {"lost": False})
    assert store.verify() == []


def test_two_bodies_with_one_id_in_one_batch_are_both_kept(store: Store) -> None:
    store.write(batch(entry(1), entry(1, what="other")))
    assert whats(store)[0] == "note 1"
    assert store.entries(STREAM)[-1].entry.data["refused"]["what"] == "other"


# What the ticket remembers


def test_a_stream_shorter_than_the_ticket_remembers_is_told_and_recorded_once(store: Store) -> None:
    store.write(batch(entry(1)))
    remembered = Head(seq=7, hash="f" * 64)
    assert store.write(batch(entry(2), known=remembered)).truncated
    assert store.write(batch(entry(2), known=remembered)).truncated
    assert kinds(store) == ["ticket.noted", "journal.truncated", "ticket.noted"]
    assert store.entries(STREAM)[1].entry.data["remembered"]["seq"] == 7


@pytest.mark.parametrize("position", [1, 2])
def test_another_history_of_the_same_length_is_a_truncation(store: Store, position: int) -> None:
    store.write(batch(entry(1), entry(2)))
    assert store.write(batch(entry(3), known=Head(seq=position, hash="f" * 64))).truncated


def test_a_ticket_that_remembers_what_is_there_is_not_told_anything(store: Store) -> None:
    first = store.write(batch(entry(1))).head
    second = store.write(batch(entry(2), known=first))
    assert not second.truncated
    assert not store.write(batch(entry(3), known=first)).truncated
    assert kinds(store) == ["ticket.noted"] * 3


def test_pages_writing_at_the_same_time_are_no_reset(store: Store) -> None:
    head = store.write(batch(entry(1))).head
    store.write(batch(page_entry(run_id("round"), "person:ana"), known=head))
    store.write(batch(page_entry(run_id("round"), "person:bob"), entry(2), known=head))
    store.write(batch(entry(2), entry(3), known=head))
    assert "journal.history_reset" not in kinds(store)


def test_an_outbox_carried_through_continue_as_new_is_no_reset(store: Store) -> None:
    head = store.write(batch(entry(1))).head
    store.write(batch(entry(2), entry(3), known=head))  # committed, and the answer lost
    carried = [entry(2), entry(3), entry(0, run=run_id("second"))]
    head = store.write(batch(*carried, known=head)).head
    store.write(batch(entry(2), known=Head()))  # the first run's last attempt, late
    store.write(batch(entry(1, run=run_id("second")), known=head))
    assert "journal.history_reset" not in kinds(store)


def test_a_reset_workflow_is_recorded_as_history_reset(store: Store) -> None:
    kept = store.write(batch(entry(1))).head
    store.write(batch(entry(2), entry(3), known=kept))
    again = batch(entry(4, run=run_id("reset")), known=kept)
    ack = store.write(again)
    assert not ack.truncated
    assert kinds(store) == ["ticket.noted"] * 3 + ["journal.history_reset", "ticket.noted"]
    note = store.entries(STREAM)[3].entry
    assert note.data["other_runs"] == [LIFE]
    assert (note.data["remembered"]["seq"], note.data["found"]["seq"]) == (1, 3)
    assert store.write(again).head == ack.head
    store.write(batch(entry(5, run=run_id("reset")), known=ack.head))
    assert kinds(store).count("journal.history_reset") == 1


def test_a_reset_to_before_anything_was_acknowledged_is_seen(store: Store) -> None:
    store.write(batch(entry(1)))
    store.write(batch(entry(1, run=run_id("reset"))))
    assert kinds(store) == ["ticket.noted", "journal.history_reset", "ticket.noted"]


def test_a_reset_workflow_that_uses_its_numbers_again_loses_no_entry(store: Store) -> None:
    kept = store.write(batch(entry(1))).head
    store.write(batch(entry(2), known=kept))
    store.write(batch(entry(2, what="another turn"), known=kept))
    assert kinds(store) == ["ticket.noted", "ticket.noted", "journal.history_reset", "journal.conflict"]
    assert store.entries(STREAM)[3].entry.data["refused"]["what"] == "another turn"


def test_a_new_life_on_an_old_key_is_no_reset(store: Store) -> None:
    store.write(batch(entry(1)))
    other = run_id("second life")
    store.write(batch(entry(1, run=other, life=other), life=other))
    assert kinds(store) == ["ticket.noted", "ticket.noted"]


# Export


def test_the_export_has_every_entry_of_every_stream_in_order(store: Store) -> None:
    for stream in ("configuration", STREAM, "ticket/zz"):
        store.write(batch(*[entry(number, stream=stream) for number in range(600)]))
    exported = [(stored.entry.stream, stored.seq) for stored in store.iter_entries()]
    assert exported == [(s, n) for s in ("configuration", STREAM, "ticket/zz") for n in range(1, 601)]
    assert len(list(store.iter_entries(STREAM))) == 600


def test_the_export_can_be_narrowed_to_a_time(store: Store) -> None:
    store.write(batch(*[entry(number) for number in range(10)]))
    some = store.iter_entries(since=NOW + timedelta(seconds=3), until=NOW + timedelta(seconds=6))
    assert [stored.entry.what for stored in some] == ["note 3", "note 4", "note 5"]


def test_the_export_goes_on_while_others_write(store: Store) -> None:
    store.write(batch(*[entry(number) for number in range(501)]))
    export = store.iter_entries()
    next(export)
    store.write(batch(entry(1000)))
    assert len(list(export)) == 501
