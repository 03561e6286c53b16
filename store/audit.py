"""Verifying the journal: everything that can be recomputed is recomputed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel
from sqlalchemy import Connection, Row, and_, select, union

from escalade.errors import InstantError
from escalade.record import Entry, Head, chain, digest, format_exact
from escalade.ticket import SYSTEM
from escalade.time.instants import parse_instant
from store.continuity import is_truncated
from store.room import Room
from store.seal import OPERATIONS, Checkpoint
from store.tables import bodies, checkpoints, entries, streams, tickets

_PAGE: Final = 1000

FindingKind = Literal[
    "changed_body",
    "lost_body",
    "broken_link",
    "missing",
    "head_mismatch",
    "truncated",
    "recorded_truncation",
    "beyond_head",
    "no_head",
    "stray_body",
    "checkpoint_mismatch",
    "unrecorded_erasure",
    "erased",
]


class Finding(BaseModel):
    """Something the verification found."""

    stream: str
    seq: int
    """The position it concerns; 0 for the stream as a whole."""
    kind: FindingKind
    text: str
    tampered: bool = True
    """False for what is in order and only worth telling: an entry erased by the rules."""

    def __str__(self) -> str:
        place = f"{self.stream} entry {self.seq}" if self.seq else self.stream
        return f"{place}: {self.text}"


class Audit(Room):
    """Looking for traces of change."""

    def every_stream(self) -> list[str]:
        """The names of all streams of which anything is left: one does not vanish by removing its head."""
        with self.database.reading() as connection:
            return _every_stream(connection)

    def verify(self, stream: str | None = None, *, known: Mapping[str, Head] | None = None) -> list[Finding]:
        """Recompute the journal and report what does not fit.

        It sees one state of the database, so it may run while others write. A database alone cannot show that
        its newest entries *and* the head that names them were removed together: give it what the tickets
        remember as `known`.

        Args:
            stream: only this stream; all of them otherwise.
            known: heads that somebody else remembers, by stream.

        Returns:
            What was found, in order of stream and position. Nothing is wrong when none is `tampered`.
        """
        with self.database.reading() as connection:
            names = [stream] if stream is not None else _every_stream(connection)
            found = []
            for name in names:
                found += verify_stream(connection, name, known=(known or {}).get(name))
        return found


def verify_stream(connection: Connection, stream: str, *, known: Head | None = None) -> list[Finding]:
    """Verify one stream, as far as this transaction sees it."""
    walk = _Walk(stream)
    floor = walk.begin(_checkpoint(connection, stream), lambda record: _record_body(connection, record))
    at_known: str | None = None
    after = 0
    while page := _page(connection, stream, after):
        for row in page:
            if not isinstance(row.seq, int):  # SQLite keeps what it is given
                walk.add(0, "broken_link", f"the entry {row.entry_id} was changed: its position is no number")
                continue
            walk.step(row)
            if known is not None and row.seq == known.seq:
                at_known = row.hash
        after = page[-1].seq
    end = connection.execute(select(streams.c.seq, streams.c.hash).where(streams.c.name == stream)).one_or_none()
    head = None if end is None else Head(seq=end.seq, hash=end.hash)
    projected = connection.execute(select(tickets.c.key).where(tickets.c.key == stream.removeprefix("ticket/")))
    walk.end(head, projected=stream.startswith("ticket/") and projected.first() is not None)
    for seq in connection.execute(_stray_bodies(stream)).scalars():
        walk.add(seq, "stray_body", "there is a body, and no entry that it belongs to")
    if known is not None and is_truncated(known, Head() if head is None else head, at_known=at_known, floor=floor):
        walk.add(known.seq, "truncated", "somebody remembers this entry, and it is not there as it was")
    return sorted(walk.found, key=lambda finding: finding.seq)


class _Walk:
    """One pass along a stream, carrying the chain."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.found: list[Finding] = []
        # The last head as it is stored, and as it should be. They differ after a change, and the next entry tells
        # which of them it was linked to: so that each change is reported once, where it was made.
        self._stored = self._computed = Head()
        self._blank: list[int] = []
        self._erasures: set[str] = set()

    def add(self, seq: int, kind: FindingKind, text: str, *, tampered: bool = True) -> None:
        self.found.append(Finding(stream=self.stream, seq=seq, kind=kind, text=text, tampered=tampered))

    def begin(self, checkpoint: Checkpoint | None, record_body: Any) -> Head:
        """Start behind the checkpoint, which must be sealed and on record."""
        if checkpoint is None:
            return Head()
        self._stored = self._computed = checkpoint.head
        told = record_body(checkpoint.record) or {}
        on_record = checkpoint.testimony() in told.get("data", {}).get("checkpoints", [])
        if checkpoint.seal != checkpoint.expected_seal():
            self.add(checkpoint.seq, "checkpoint_mismatch", "the checkpoint does not match its own seal")
        elif not on_record:
            self.add(checkpoint.seq, "checkpoint_mismatch", f"the stream {OPERATIONS} knows nothing of this checkpoint")
        return checkpoint.head

    def step(self, row: Row[Any]) -> None:
        """Look at the next entry."""
        gap = row.seq != self._stored.seq + 1
        if gap:
            first, last = self._stored.seq + 1, row.seq - 1
            which = f"entry {first} is" if first == last else f"entries {first} to {last} are"
            self.add(first, "missing", f"{which} missing")
        self._body(row)
        entry = _header(row)
        stored = Head(seq=row.seq, hash=row.hash)
        if entry is None:
            self.add(row.seq, "broken_link", "the entry was changed: its instant cannot be read")
            self._stored = self._computed = stored
            return
        computed = [chain(before, entry, row.digest) for before in (self._stored, self._computed)]
        if stored not in computed and not gap:
            self.add(row.seq, "broken_link", "the entry was changed: its hash does not follow from what it says")
        # Behind a gap nothing can be computed: what is stored is taken on.
        self._stored, self._computed = stored, stored if gap or stored in computed else computed[0]
        if row.kind == "journal.erased":
            self._erasures.add(row.entry_id)
        if row.kind == "journal.truncated":
            # The chain goes on from what was left, so that its hashes are right again; what is gone is not.
            self.add(row.seq, "recorded_truncation", "entries that the ticket remembered were missing when this came")

    def _body(self, row: Row[Any]) -> None:
        if row.body_seq is None:
            self.add(row.seq, "lost_body", "the body was removed")
        elif row.body is None:
            self._blank.append(row.seq)
        elif not isinstance(row.body, bytes) or digest(row.body) != row.digest:
            self.add(row.seq, "changed_body", "the body was changed: it does not match its digest")

    def end(self, head: Head | None, *, projected: bool) -> None:
        """Compare the last entry with the head, and the blanks with the record of erasures."""
        last = self._stored
        if head is None:
            if last.seq or projected:
                self.add(0, "no_head", "the head of the stream was removed")
        elif head.seq > last.seq:
            self.add(last.seq + 1, "truncated", f"entries {last.seq + 1} to {head.seq} are missing at the end")
        elif head.seq < last.seq:
            self.add(head.seq + 1, "beyond_head", "there are entries beyond the head: the writer did not add them")
        elif head.hash not in (last.hash, self._computed.hash):
            self.add(head.seq, "head_mismatch", "the head does not carry the hash of the last entry")
        for seq in self._blank:
            if f"erased/{seq}" in self._erasures:
                self.add(seq, "erased", "erased; its digest is in the chain", tampered=False)
            else:
                self.add(seq, "unrecorded_erasure", "the body was blanked, and no entry says by whom")


def _every_stream(connection: Connection) -> list[str]:
    # Asked of every table: a stream does not vanish by removing its head.
    projected = [f"ticket/{key}" for key in connection.execute(select(tickets.c.key)).scalars()]
    named = union(select(streams.c.name), select(entries.c.stream), select(bodies.c.stream))
    return sorted({*connection.execute(named).scalars(), *projected})


def _page(connection: Connection, stream: str, after: int) -> list[Row[Any]]:
    here = and_(bodies.c.stream == entries.c.stream, bodies.c.seq == entries.c.seq)
    query = (
        select(entries, bodies.c.seq.label("body_seq"), bodies.c.body)
        .select_from(entries.outerjoin(bodies, here))
        .where(entries.c.stream == stream, entries.c.seq > after)
        .order_by(entries.c.seq)
        .limit(_PAGE)
    )
    return list(connection.execute(query))


def _stray_bodies(stream: str) -> Any:
    here = and_(bodies.c.stream == entries.c.stream, bodies.c.seq == entries.c.seq)
    without = bodies.outerjoin(entries, here)
    return select(bodies.c.seq).select_from(without).where(bodies.c.stream == stream, entries.c.seq.is_(None))


def _checkpoint(connection: Connection, stream: str) -> Checkpoint | None:
    row = connection.execute(select(checkpoints).where(checkpoints.c.stream == stream)).one_or_none()
    return None if row is None else Checkpoint.model_validate(dict(row._mapping))  # noqa: SLF001


def _record_body(connection: Connection, record: str) -> dict[str, Any] | None:
    here = and_(bodies.c.stream == entries.c.stream, bodies.c.seq == entries.c.seq)
    query = (
        select(bodies.c.body, entries.c.digest)
        .select_from(entries.join(bodies, here))
        .where(entries.c.stream == OPERATIONS, entries.c.entry_id == record)
    )
    row = connection.execute(query).one_or_none()
    if row is None or not isinstance(row.body, bytes) or digest(row.body) != row.digest:
        return None
    found: dict[str, Any] = json.loads(row.body)
    return found


def _header(row: Row[Any]) -> Entry | None:
    """The entry without its body, exactly as stored; None when it cannot have been written by us."""
    try:
        at = parse_instant(row.at)
    except InstantError:
        return None
    entry = Entry(entry_id=row.entry_id, stream=row.stream, life=row.life, at=at, actor=SYSTEM, kind=row.kind, what="")
    return entry if format_exact(entry) == row.at else None


def tampered(findings: Iterable[Finding]) -> list[Finding]:
    """Those that mean that somebody changed the journal."""
    return [finding for finding in findings if finding.tampered]
