from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from escalade.errors import StoreError, TamperedJournalError
from escalade.record import Head
from store import Finding, Store
from store.audit import tampered
from tests.store.making import ANA, KEY, STREAM, batch, by_hand, entry, put, snapshot


@pytest.fixture
def written(store: Store) -> Store:
    """A stream of five entries, and another beside it."""
    store.write(batch(*[entry(number) for number in range(1, 6)], snapshot=snapshot()))
    store.write(batch(entry(1, stream="configuration")))
    assert store.verify() == []
    return store


def found(store: Store) -> list[tuple[str, int, str]]:
    return [(finding.stream, finding.seq, finding.kind) for finding in store.verify()]


HERE = f"stream = '{STREAM}'"


@pytest.mark.parametrize(
    ("statement", "seq", "kind"),
    [
        (f"UPDATE bodies SET body = 'x' WHERE seq = 3 AND {HERE}", 3, "changed_body"),
        (f"DELETE FROM bodies WHERE seq = 3 AND {HERE}", 3, "lost_body"),
        (f"UPDATE bodies SET body = NULL WHERE seq = 3 AND {HERE}", 3, "unrecorded_erasure"),
        (f"UPDATE entries SET kind = 'page.accepted' WHERE seq = 3 AND {HERE}", 3, "broken_link"),
        (f"UPDATE entries SET entry_id = 'other' WHERE seq = 3 AND {HERE}", 3, "broken_link"),
        (f"UPDATE entries SET life = 'other' WHERE seq = 3 AND {HERE}", 3, "broken_link"),
        (f"UPDATE entries SET at = '2026-03-01T08:00:04.000000Z' WHERE seq = 3 AND {HERE}", 3, "broken_link"),
        (f"UPDATE entries SET at = '2026-03-01T08:00:03.000000+00:00' WHERE seq = 3 AND {HERE}", 3, "broken_link"),
        (f"UPDATE entries SET at = 'yesterday' WHERE seq = 3 AND {HERE}", 3, "broken_link"),
        (f"UPDATE entries SET hash = 'x' WHERE seq = 3 AND {HERE}", 3, "broken_link"),
        (f"UPDATE entries SET hash = 'x' WHERE seq = 5 AND {HERE}", 5, "broken_link"),
        (f"UPDATE streams SET hash = 'x' WHERE name = '{STREAM}'", 5, "head_mismatch"),
        (f"UPDATE streams SET seq = 4 WHERE name = '{STREAM}'", 5, "beyond_head"),
        (f"UPDATE streams SET seq = 9 WHERE name = '{STREAM}'", 6, "truncated"),
        (f"DELETE FROM streams WHERE name = '{STREAM}'", 0, "no_head"),
    ],
)
def test_each_kind_of_change_is_found_where_it_was_made(written: Store, statement: str, seq: int, kind: str) -> None:
    with by_hand(written) as connection:
        assert connection.exec_driver_sql(statement).rowcount == 1
    assert found(written) == [(STREAM, seq, kind)]
    assert all(finding.tampered and str(finding).startswith(STREAM) for finding in written.verify())


@pytest.mark.parametrize(
    ("which", "seq", "kind"),
    [
        ("seq = 1", 1, "missing"),
        ("seq IN (3, 4)", 3, "missing"),
        ("seq = 5", 5, "truncated"),
        ("seq > 0", 1, "truncated"),
    ],
)
def test_removed_entries_are_found_wherever_they_stood(written: Store, which: str, seq: int, kind: str) -> None:
    with by_hand(written) as connection:
        connection.execute(text(f"DELETE FROM bodies WHERE {HERE} AND {which}"))
        connection.execute(text(f"DELETE FROM entries WHERE {HERE} AND {which}"))
    assert found(written) == [(STREAM, seq, kind)]


def test_an_entry_whose_body_stayed_behind_is_found(written: Store) -> None:
    with by_hand(written) as connection:
        connection.execute(text(f"DELETE FROM entries WHERE {HERE} AND seq = 5"))
    assert {kind for _, _, kind in found(written)} == {"truncated", "stray_body"}


def test_two_exchanged_bodies_are_found(written: Store) -> None:
    swap = (
        "UPDATE bodies SET body = (SELECT body FROM bodies b WHERE b.stream = bodies.stream AND b.seq = 5 - bodies.seq)"
    )
    with by_hand(written) as connection:
        connection.execute(text(f"{swap} WHERE {HERE} AND seq IN (2, 3)"))
    assert {(seq, kind) for _, seq, kind in found(written)} >= {(2, "changed_body")}


def test_an_added_entry_is_found(written: Store) -> None:
    copy = "INSERT INTO entries SELECT stream, 6, 'added', life, at, kind, digest, hash FROM entries"
    with by_hand(written) as connection:
        connection.execute(text(f"{copy} WHERE {HERE} AND seq = 5"))
    assert {kind for _, _, kind in found(written)} == {"broken_link", "lost_body", "beyond_head"}


def test_several_changes_are_each_reported(written: Store) -> None:
    with by_hand(written) as connection:
        connection.execute(text(f"UPDATE entries SET kind = 'x' WHERE {HERE} AND seq IN (2, 4)"))
        connection.execute(text("UPDATE bodies SET body = 'x' WHERE stream = 'configuration'"))
    assert found(written) == [
        ("configuration", 1, "changed_body"),
        (STREAM, 2, "broken_link"),
        (STREAM, 4, "broken_link"),
    ]
    assert [finding.stream for finding in written.verify("configuration")] == ["configuration"]


def test_a_whole_stream_that_vanished_is_missed_by_the_projection(written: Store) -> None:
    with by_hand(written) as connection:
        for table, column in (("bodies", "stream"), ("entries", "stream"), ("streams", "name")):
            connection.execute(text(f"DELETE FROM {table} WHERE {column} = '{STREAM}'"))
    assert found(written) == [(STREAM, 0, "no_head")]


def test_a_tail_removed_together_with_its_head_shows_to_whoever_remembers_it(written: Store) -> None:
    remembered = written.head(STREAM)
    assert written.verify(known={STREAM: remembered}) == []
    with by_hand(written) as connection:
        connection.execute(text(f"DELETE FROM bodies WHERE {HERE} AND seq = 5"))
        connection.execute(text(f"DELETE FROM entries WHERE {HERE} AND seq = 5"))
        fourth = f"(SELECT hash FROM entries WHERE {HERE} AND seq = 4)"
        connection.execute(text(f"UPDATE streams SET seq = 4, hash = {fourth} WHERE name = '{STREAM}'"))
    assert written.verify() == []
    assert [finding.kind for finding in written.verify(known={STREAM: remembered})] == ["truncated"]
    assert written.verify(known={STREAM: Head()}) == []


def test_a_ticket_known_only_by_its_state_is_in_order(store: Store) -> None:
    put(store, snapshot(KEY))
    assert store.verify() == []


def test_an_unknown_stream_has_no_findings(store: Store) -> None:
    assert store.verify("ticket/nobody") == []


def test_a_long_stream_is_verified_page_by_page(store: Store) -> None:
    store.write(batch(*[entry(number) for number in range(2500)]))
    with by_hand(store) as connection:
        connection.execute(text("UPDATE entries SET kind = 'x' WHERE seq IN (1000, 1001, 2500)"))
    assert [seq for _, seq, _ in found(store)] == [1000, 1001, 2500]


# Erasure


def test_an_erased_entry_keeps_its_place_and_its_digest_in_the_chain(written: Store) -> None:
    record = written.erase(STREAM, 3, by=ANA, why="asked for by the customer")
    assert (record.kind, record.data["seq"], record.actor) == ("journal.erased", 3, ANA)
    stored = written.entries(STREAM)
    assert stored[2].erased
    assert "note 3" not in stored[2].model_dump_json()
    assert stored[5].entry == record
    assert [(f.seq, f.kind, f.tampered) for f in written.verify()] == [(3, "erased", False)]


def test_erasing_by_id_and_erasing_again_leave_one_record(written: Store) -> None:
    which = entry(2).entry_id
    written.erase(STREAM, which, by=ANA, why="asked")
    written.erase(STREAM, 2, by=ANA, why="asked again")
    assert [stored.erased for stored in written.entries(STREAM)] == [False, True, False, False, False, False]


def test_writing_an_erased_entry_again_does_not_bring_it_back(written: Store) -> None:
    written.erase(STREAM, 2, by=ANA, why="asked")
    written.write(batch(entry(2)))
    assert written.entries(STREAM)[1].erased
    assert len(written.entries(STREAM)) == 6


def test_erased_text_is_gone_from_the_files_of_sqlite(tmp_path: Path) -> None:
    def bytes_on_disk() -> bytes:
        return b"".join(each.read_bytes() for each in tmp_path.iterdir())

    secret = "a-name-nobody-may-read"
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as store:
        store.write(batch(entry(77, what=secret)))
        assert secret.encode() in bytes_on_disk()
        store.erase(STREAM, entry(77).entry_id, by=ANA, why="asked")
        assert secret.encode() not in bytes_on_disk()


def test_entries_around_a_changed_one_can_still_be_read(written: Store) -> None:
    with by_hand(written) as connection:
        connection.execute(text(f"UPDATE bodies SET body = 'no json' WHERE {HERE} AND seq = 2"))
    said = [stored.entry.what for stored in written.entries(STREAM)]
    assert said[0] == "note 1"
    assert "escalade journal verify" in said[1]
    assert said[2:] == ["note 3", "note 4", "note 5"]


def test_an_entry_without_a_readable_instant_is_an_error_that_names_it(written: Store) -> None:
    with by_hand(written) as connection:
        connection.execute(text(f"UPDATE entries SET at = 'yesterday' WHERE {HERE} AND seq = 2"))
    with pytest.raises(TamperedJournalError, match=f"Entry 2 of {STREAM}"):
        written.entries(STREAM)


Refusal = Callable[[Store], object]


@pytest.mark.parametrize(
    ("attempt", "says"),
    [
        (lambda store: store.erase(STREAM, 99, by=ANA, why=""), "no entry 99"),
        (lambda store: store.erase("ticket/nobody", "x", by=ANA, why=""), "no entry x"),
        (lambda store: store.erase("operations", 1, by=ANA, why=""), "cannot be erased"),
    ],
)
def test_what_cannot_be_erased_is_refused_with_a_reason(written: Store, attempt: Refusal, says: str) -> None:
    with pytest.raises(StoreError, match=says):
        attempt(written)
    assert written.verify() == []


def test_a_body_blanked_by_hand_is_not_passed_off_as_erased(written: Store) -> None:
    with written.database.engine.begin() as connection:
        connection.execute(text(f"UPDATE bodies SET body = NULL WHERE {HERE} AND seq = 2"))
    assert found(written) == [(STREAM, 2, "unrecorded_erasure")]
    with pytest.raises(TamperedJournalError):
        written.erase(STREAM, 2, by=ANA, why="cover up")
    assert found(written) == [(STREAM, 2, "unrecorded_erasure")]


def test_only_what_was_tampered_with_counts_as_tampered() -> None:
    told = Finding(stream=STREAM, seq=1, kind="erased", text="", tampered=False)
    wrong = Finding(stream=STREAM, seq=2, kind="missing", text="")
    assert tampered([told, wrong]) == [wrong]


def test_a_loss_that_is_on_record_is_a_finding_although_the_hashes_are_right(written: Store) -> None:
    gone = Head(seq=written.head(STREAM).seq + 5, hash="f" * 64)
    assert written.write(batch(entry(90), known=gone)).truncated
    (finding,) = written.verify(STREAM)
    assert (finding.kind, finding.tampered) == ("recorded_truncation", True)
    assert written.entries(STREAM)[finding.seq - 1].entry.kind == "journal.truncated"
    put(written, snapshot(version=2, status="closed"))
    done = written.prune(before=datetime(2100, 1, 1, tzinfo=UTC), by=ANA, why="the restore was ours")
    assert done.refused == []
    assert written.verify() == []


def test_a_stream_that_lost_its_head_and_entries_is_still_one_of_all(written: Store) -> None:
    assert written.every_stream() == written.streams()
