"""A ticket that another system opened under a key of its own making can be read and answered like any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.exits import ExitCode
from cli.keys import find_key
from escalade.errors import AmbiguousKeyError, TicketNotFoundError
from tests.cli.conftest import Run
from tests.cli.making import entry, fill, snapshot

STRANGE = ("db7-disk", "db7-disk-full", "INC0000045", "broken00aa")


@pytest.fixture
def strange(place: Path) -> Path:
    """A store with tickets whose workflows somebody named by hand."""
    fill(place, *(snapshot(key) for key in STRANGE), entries=[entry(key, 1, "it began") for key in STRANGE])
    return place


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("broken00aa", "broken00aa"),
        ("broken0", "broken00aa"),
        ("brok", "broken00aa"),
        ("INC0000045", "INC0000045"),
        ("ticket/INC0000045", "INC0000045"),
        ("db7-disk", "db7-disk"),
        ("db7-disk-", "db7-disk-full"),
    ],
)
def test_a_key_made_elsewhere_names_its_ticket(strange: Path, written: str, key: str) -> None:
    assert find_key(written) == key


def test_its_beginning_is_ambiguous_like_any_other(strange: Path) -> None:
    with pytest.raises(AmbiguousKeyError, match="2 tickets start with 'db7-'"):
        find_key("db7-")


@pytest.mark.parametrize("written", ["db7-disc", "two words", "quo'te", ""])
def test_what_names_no_ticket_is_no_key(strange: Path, written: str) -> None:
    with pytest.raises(TicketNotFoundError, match="is not a ticket's key"):
        find_key(written)


def test_its_journal_can_be_read(escalade: Run, strange: Path) -> None:
    done = escalade("journal", "show", "INC0000045")
    assert (done.code, done.err) == (ExitCode.OK, "")
    assert "it began" in done.out
