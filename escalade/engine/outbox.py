"""Entries on their way to the journal: bounded in number and in bytes, and handed over in slices.

Temporal takes no payload over 2 MB. A ticket whose store is away, or that other systems flood, must stay far below
that in everything it hands over and carries along, or it could neither page nor go on.
"""

from __future__ import annotations

from typing import Final

from escalade.record import Entry
from escalade.ticket import SYSTEM

MOST: Final = 500
"""Entries kept while the store is away; older ones are summarised with their count (decision 25)."""

MOST_BYTES: Final = 600_000
"""What they may take together."""

SLICE_BYTES: Final = 250_000
"""What one activity takes along."""

_FEW: Final = 40
"""So few entries, each bounded, stay below the limits without being weighed."""


def first_slice(entries: list[Entry]) -> list[Entry]:
    """The oldest entries that go together in one activity; at least one."""
    if len(entries) <= _FEW // 4:
        return list(entries)
    total = 0
    for n, entry in enumerate(entries):
        total += entry.weight
        if total > SLICE_BYTES and n:
            return entries[:n]
    return list(entries)


def overflow(entries: list[Entry]) -> int:
    """How many of the oldest have to go; a summary takes their place."""
    if len(entries) <= _FEW:
        return 0
    total = 0
    for kept, entry in enumerate(reversed(entries)):
        total += entry.weight
        if total > MOST_BYTES or kept == MOST:
            return len(entries) - kept + 1
    return 0


def summary(entry: Entry, *, entry_id: str, first: Entry, count: int) -> Entry:
    """The entry that stands for those that were not kept.

    Args:
        entry: the newest one; its stream and life are taken.
        entry_id: the id of the summary.
        first: the oldest of those that went.
        count: how many went so far.
    """
    return Entry(
        entry_id=entry_id,
        stream=entry.stream,
        life=entry.life,
        at=first.at,
        actor=SYSTEM,
        kind="journal.summarised",
        what=f"{count} entries are not kept one by one",
        why=f"the store was away; at most {MOST} entries are kept, and {MOST_BYTES // 1000} KB",
        data={"count": count},
    )
