"""What is left of a ticket when all is over, and everything that can be wrong with it.

`wrongs` is what all kill tests assert with. It knows nothing of how a test went: only what arrived at the receivers,
what the journal and the ledger say, and which pages the policy promises. `doctored` makes it prove itself on every
set of evidence: whatever is taken away or added must be noticed.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple

from escalade.record import Entry
from store import Finding
from store.ledger import StoredDelivery
from tests.kill.receiver import Got

REACHED = ("page.accepted", "page.delivered", "page.crossed")
PERHAPS = (*REACHED, "page.unknown")
_OWN = re.compile(r"[0-9a-f-]{36}/\d+")


class Page(NamedTuple):
    """A page that the policy promises."""

    to: str
    rung: int
    round: int


@dataclass(frozen=True)
class Evidence:
    """All that is known of one ticket."""

    got: list[Got]
    entries: list[Entry]
    deliveries: list[StoredDelivery]
    findings: list[Finding]
    status: str
    """Of its workflow, as Temporal has it."""

    def pages(self) -> list[Got]:
        """The pages among what arrived; notices to watchers are none."""
        return [got for got in self.got if got.purpose != "notice"]

    def kinds(self) -> list[str]:
        """What the journal says happened, in order."""
        return [entry.kind for entry in self.entries]


def wrongs(evidence: Evidence, plan: Sequence[Page], *, kills: int, at_once: int = 1) -> list[str]:
    """Everything that is wrong.

    Args:
        evidence: what is left.
        plan: the pages that the policy promises, each once.
        kills: how often a process was killed: each kill excuses one duplicate of a delivery that was under way.
        at_once: how many deliveries a round of this ticket has under way at a time.

    Returns:
        A sentence for each thing; nothing when all is as promised.
    """
    found = [*_lost(evidence, plan), *_doubled(evidence, kills=kills, at_once=at_once)]
    found += [*_unrecorded(evidence), *_disordered(evidence)]
    found += [f"the journal does not verify: {finding}" for finding in evidence.findings if finding.tampered]
    closed = evidence.kinds().count("ticket.closed")
    if closed != 1 or evidence.status != "COMPLETED":
        found.append(f"it did not close: {closed} entries of it, and its workflow is {evidence.status}")
    return found


def _lost(evidence: Evidence, plan: Sequence[Page]) -> Iterator[str]:
    arrived = {Page(got.to, got.rung, got.round) for got in evidence.pages()}
    for page in plan:
        if page not in arrived:
            yield f"lost: {page} never arrived"
    for page in sorted(arrived - set(plan)):
        yield f"unpromised: {page} arrived"


def _doubled(evidence: Evidence, *, kills: int, at_once: int) -> Iterator[str]:
    ids: dict[Page, set[str]] = {}
    for got in evidence.pages():
        ids.setdefault(Page(got.to, got.rung, got.round), set()).add(got.message_id)
    for page, different in ids.items():
        if len(different) > 1:
            yield f"doubled: {page} arrived under {len(different)} message ids"
    marked = {entry.data["message_id"] for entry in evidence.entries if entry.data.get("possibly_twice")}
    surplus = 0
    for message_id, times in Counter(got.message_id for got in evidence.pages()).items():
        surplus += times - 1
        if times > 1 + kills:
            yield f"doubled: {message_id} arrived {times} times with {kills} kills"
        elif times > 1 and message_id not in marked:
            yield f"doubled: {message_id} arrived {times} times, and nobody says that it may have"
    if surplus > kills * at_once:
        yield f"doubled: {surplus} messages too many with {kills} kills"


def _unrecorded(evidence: Evidence) -> Iterator[str]:
    said = [entry for entry in evidence.entries if entry.kind.startswith("page.")]
    arrived = {got.message_id for got in evidence.got}
    for message_id in sorted(arrived - {e.data["message_id"] for e in said if e.kind in PERHAPS}):
        yield f"unrecorded: {message_id} arrived, and the journal does not know"
    for entry in said:
        if entry.kind in REACHED and entry.data["message_id"] not in arrived:
            yield f"invented: the journal says {entry.what!r}, and nothing arrived"
    for times in Counter(entry.data["message_id"] for entry in said if entry.kind in REACHED).values():
        if times > 1:
            yield f"written twice: one delivery has {times} entries"
    open_ended = [d.message_id for d in evidence.deliveries if d.receipt is None]
    for message_id in open_ended:
        yield f"open-ended: the ledger does not know how {message_id} ended"


def _disordered(evidence: Evidence) -> Iterator[str]:
    runs: dict[str, list[int]] = {}
    own = [e for e in evidence.entries if _OWN.fullmatch(e.entry_id) and not e.kind.startswith(("page.", "journal."))]
    for entry in own:
        run, _, n = entry.entry_id.partition("/")
        runs.setdefault(run, []).append(int(n))
    for numbers in runs.values():
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"out of order, or with gaps: the ticket's own entries are {numbers}"
    if any(later.at < earlier.at for earlier, later in itertools.pairwise(own)):
        yield "out of order: the ticket's own entries go back in time"


def doctored(evidence: Evidence) -> Iterator[tuple[str, Evidence]]:
    """The evidence with something taken away or added, which `wrongs` must notice each time."""
    pages = evidence.pages()
    own = [e for e in evidence.entries if _OWN.fullmatch(e.entry_id)]
    for page in {Page(got.to, got.rung, got.round) for got in pages}:
        left = [got for got in evidence.got if Page(got.to, got.rung, got.round) != page]
        yield f"{page} taken away", replace(evidence, got=left)
    once = Counter(got.message_id for got in pages)
    for got in pages:
        if once[got.message_id] == 1 and not _is_marked(evidence, got.message_id):
            yield f"{got.to}'s page doubled", replace(evidence, got=[*evidence.got, got])
        again = replace(got, message_id="another-id", at=got.at + timedelta(seconds=1))
        yield f"{got.to}'s page doubled under another id", replace(evidence, got=[*evidence.got, again])
    # That a run's last entry is missing shows in the hash chain, and only there.
    last = {entry.entry_id.partition("/")[0]: entry for entry in own}
    for entry in evidence.entries:
        if entry.kind in REACHED or (entry in own and entry not in last.values()):
            yield f"without {entry.kind}", replace(evidence, entries=[e for e in evidence.entries if e is not entry])
    yield "in another order", replace(evidence, entries=[*own[1:], own[0]])
    yield "not closed", replace(evidence, status="RUNNING")


def _is_marked(evidence: Evidence, message_id: str) -> bool:
    return any(e.data.get("possibly_twice") and e.data["message_id"] == message_id for e in evidence.entries)
