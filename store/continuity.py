"""Whether what a ticket remembers and what the journal holds belong to one history.

Pure: the writer asks, under the head of the stream, before it appends. Three things can be wrong, and none of
them keeps an entry from being written.

**Truncated.** The batch carries `known`, the head its ticket last saw. The stream must hold exactly that head:
at or above its position, with its hash. Shorter, or another hash there, means that the store lost or exchanged
history (a restored backup, a hand on the database). Behind a checkpoint there is nothing to compare, and that is
not a truncation.

**Reset.** The head being ahead of `known` is normal: a page writes into the same stream at the same time, a batch
is tried again after its answer was lost, and a batch may be overtaken by a later one that contains it. It is not
normal that the *workflow itself* is behind what it wrote. An entry of the workflow's own is called
`<run id>/<n>`; with continue-as-new the run id changes, but what the former run had written is then either
acknowledged (at or below `known`) or carried into the batch. So history was reset when a batch brings a new own
entry, and above `known` the same life has own entries of a run that the batch does not name. Entries of kind
`page.*` are the sender's and those of kind `journal.*` the store's: neither counts.

**Conflict.** An entry id that is known already with another body or kind: the first one stays, and the refused
one is kept whole inside a `journal.conflict` entry. For an own entry this means a reset too, of a workflow that
used its numbers again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from escalade.record import Entry, Head, digest, format_exact
from escalade.ticket import SYSTEM
from store.stored import Link, body_of

_OWN: Final = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/\d+", re.ASCII)


def run_of(entry_id: str, kind: str) -> str | None:
    """The run that an entry of a workflow's own belongs to; None for the entries of others."""
    if kind.startswith(("page.", "journal.")):
        return None
    own = _OWN.fullmatch(entry_id)
    return own[1] if own else None


def is_truncated(known: Head | None, head: Head, *, at_known: str | None, floor: Head) -> bool:
    """Whether the stream lacks the head that the ticket remembers.

    Args:
        known: what the ticket remembers.
        head: where the stream ends.
        at_known: the hash stored at the remembered position; None when there is no entry.
        floor: the checkpoint of the stream: entries at and below it are gone by retention.
    """
    if known is None or known.seq == 0:
        return False
    if known.seq > head.seq:
        return True
    if known.seq == head.seq:
        return known.hash != head.hash
    if at_known is not None:
        return known.hash != at_known
    return known.seq > floor.seq or (known.seq == floor.seq and known.hash != floor.hash)


def conflicts(entries: Iterable[Entry], known: dict[str, Link]) -> list[Entry]:
    """The entries of a batch whose id is known with something else in it."""
    found = []
    for entry in entries:
        link = known.get(entry.entry_id)
        if link is not None and (link.digest, link.kind) != (digest(body_of(entry)), entry.kind):
            found.append(entry)
    return found


def foreign_runs(entries: Iterable[Entry], beyond: Iterable[Link]) -> list[str]:
    """The runs above the remembered head that a batch does not name, in the order of the journal."""
    named = {run for entry in entries if (run := run_of(entry.entry_id, entry.kind))}
    return list(dict.fromkeys(run for link in beyond if (run := run_of(link.entry_id, link.kind)) and run not in named))


def truncation_note(stream: str, life: str, known: Head, head: Head, *, at: datetime) -> Entry:
    """The entry that says that history is missing; the same for every batch that finds the same."""
    return Entry(
        entry_id=f"truncated/{known.seq}/{known.hash[:16]}",
        stream=stream,
        life=life,
        at=at,
        actor=SYSTEM,
        kind="journal.truncated",
        what=f"The journal lost entries: the ticket remembers entry {known.seq}, which is not there as it was",
        why="the store was restored from an older copy, or changed by hand",
        data={"remembered": known.model_dump(), "found": head.model_dump()},
    )


def reset_note(
    stream: str, life: str, known: Head, head: Head, *, run: str, others: Sequence[str], at: datetime
) -> Entry:
    """The entry that says that the workflow went back in its history."""
    return Entry(
        entry_id=f"reset/{run}/{known.seq}",
        stream=stream,
        life=life,
        at=at,
        actor=SYSTEM,
        kind="journal.history_reset",
        what=f"History was reset: the workflow goes on from entry {known.seq}, and the journal has {head.seq}",
        why="the workflow was reset in Temporal; what it did after that point stays on record",
        data={"remembered": known.model_dump(), "found": head.model_dump(), "run": run, "other_runs": list(others)},
    )


def conflict_note(refused: Entry, kept: Link, *, at: datetime) -> Entry:
    """The entry that keeps what could not be written because its id was taken."""
    body = digest(body_of(refused))
    return Entry(
        entry_id=f"conflict/{refused.entry_id}/{body[:16]}",
        stream=refused.stream,
        life=refused.life,
        at=at,
        actor=SYSTEM,
        kind="journal.conflict",
        what=f"A second entry came with the id of entry {kept.seq}; the first one stands",
        why="an id is written once; a workflow that was reset uses its numbers again",
        data={
            "seq": kept.seq,
            "refused": {
                "entry_id": refused.entry_id,
                "at": format_exact(refused),
                "kind": refused.kind,
                "actor": refused.actor.model_dump(),
                "what": refused.what,
                "why": refused.why,
                "data": refused.data,
            },
        },
    )
