"""Pruning and erasing by command: what went is gone, and the journal still verifies."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from escalade.messages import JournalBatch
from escalade.record import Entry
from escalade.ticket import SYSTEM
from store import Store
from tests.cli.conftest import Run

STREAM = "ticket/abcdefghij"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def url(place: Path) -> str:
    (place / "state").mkdir()
    url = f"sqlite:///{place / 'state' / 'escalade.db'}"
    entries = [
        Entry(entry_id=f"r/{n}", stream=STREAM, at=LONG_AGO, actor=SYSTEM, kind="ticket.note", what=f"text {n}")
        for n in range(3)
    ]
    with Store.open(url) as store:
        store.write(JournalBatch(stream=STREAM, life="r", entries=entries))
    return url


def test_an_erased_entry_says_nothing_and_the_journal_verifies(escalade: Run, program: Run, url: str) -> None:
    asked = ("--reason", "asked for", "--yes", "--as", "ana")
    assert program("journal", "erase", "abcdefghij", "9", *asked).code == 2
    done = program("journal", "erase", "abcdefghij", "2", *asked)
    assert done.code == 0, done.err
    with Store.open(url) as store:
        assert store.entries(STREAM)[1].erased
    assert escalade("journal", "verify").code == 0


def test_a_pruned_journal_verifies_and_says_that_it_was_pruned(program: Run, url: str) -> None:
    old = ("journal", "prune", "--older-than", "1095d", "--reason", "kept for three years", "--as", "ana")
    assert program(*old).code == 2  # there is nobody to confirm it
    done = program(*old, "--yes")
    assert done.code == 0, done.err
    assert "3 entries" in done.out
    with Store.open(url) as store:
        assert store.entries(STREAM) == []
        assert [finding for finding in store.verify() if finding.tampered] == []
        assert store.entries("operations")[-1].entry.kind == "journal.pruned"
