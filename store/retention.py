"""The two ways in which something leaves the journal: by age, behind a sealed checkpoint, and by erasure.

Both are entries themselves, and neither breaks the chain.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, select, update

from escalade.errors import StoreError, TamperedJournalError
from escalade.record import Entry, Head
from escalade.ticket import Actor
from escalade.time.instants import format_instant
from store.audit import Finding, tampered, verify_stream
from store.room import Room
from store.seal import OPERATIONS, Checkpoint
from store.tables import bodies, checkpoints, deliveries, entries, stored_instant, streams, tickets
from store.writer import append, checkpoint_of, known_links, lock_head

_AT_ONCE: Final = 100
"""Streams pruned in one transaction: their heads are held meanwhile."""


class Pruned(BaseModel):
    """What a pruning removed."""

    streams: int = 0
    entries: int = 0
    deliveries: int = 0
    refused: list[Finding] = Field(default_factory=list)
    """Streams left as they are, because they do not verify: a checkpoint would hide what was done to them."""


class Retention(Room):
    """Removing and erasing, by the rules."""

    def prune(self, *, before: datetime, by: Actor, why: str) -> Pruned:
        """Remove entries older than an instant, and what the ledger knows about deliveries as old.

        Of each stream the beginning goes, up to the first entry that is young enough, and a sealed checkpoint
        keeps the hash there. Open tickets are left alone, and so is the stream `operations`, in which the
        pruning is recorded. It works in small transactions and may be interrupted and run again.

        Args:
            before: entries older than this go.
            by: who asks for it.
            why: the reason, for the record.

        Returns:
            What went, and which streams were refused because they do not verify.
        """
        done = Pruned()
        after = ""
        while names := self._candidates(after, before):
            after = names[-1]
            with self.database.writing() as connection:
                self._prune_some(connection, names, done, before=before, by=by, why=why)
        with self.database.writing() as connection:
            gone = connection.execute(
                delete(deliveries).where(deliveries.c.intended_at < before, ~_is_open(deliveries.c.key))
            )
            done.deliveries = gone.rowcount
        self.database.scrub()
        return done

    def erase(self, stream: str, which: int | str, *, by: Actor, why: str) -> Entry:
        """Erase what an entry says; that it was there, and its digest, stay in the chain.

        Args:
            stream: the stream.
            which: the entry's position or its id.
            by: who asks for it.
            why: the reason, for the record.

        Returns:
            The entry that records the erasure; erasing again gives the first one.

        Raises:
            StoreError: when there is no such entry, or the stream is `operations`, whose entries carry the seals.
            TamperedJournalError: when the entry's body is not there although no erasure is on record.
        """
        if stream == OPERATIONS:
            raise StoreError(
                f"Entries of the stream {OPERATIONS} cannot be erased.",
                mend="They hold the seals of checkpoints; keep personal data out of the reasons given there.",
            )
        with self.database.writing() as connection:
            head = lock_head(connection, stream)
            here = entries.c.seq == which if isinstance(which, int) else entries.c.entry_id == which
            row = connection.execute(select(entries).where(entries.c.stream == stream, here)).one_or_none()
            if row is None:
                raise StoreError(
                    f"The stream {stream} has no entry {which}.", mend="`escalade journal show` lists them."
                )
            note = _erasure(stream, row.seq, row.entry_id, row.digest, life=row.life, at=self.now(), by=by, why=why)
            if known_links(connection, stream, [note.entry_id]):
                return note
            this = and_(bodies.c.stream == stream, bodies.c.seq == row.seq, bodies.c.body.is_not(None))
            if not connection.execute(update(bodies).where(this).values(body=None)).rowcount:
                raise TamperedJournalError(
                    f"Entry {row.seq} of {stream} has no body, and no erasure is on record.",
                    mend="Run `escalade journal verify`.",
                )
            append(connection, head, [note])
        self.database.scrub()
        return note

    def _candidates(self, after: str, before: datetime) -> list[str]:
        first = entries.alias("first")
        lowest = (
            select(func.min(entries.c.seq))
            .where(entries.c.stream == streams.c.name)
            .correlate(streams)
            .scalar_subquery()
        )
        query = (
            select(streams.c.name)
            .select_from(streams.join(first, and_(first.c.stream == streams.c.name, first.c.seq == lowest)))
            .where(streams.c.name > after, streams.c.name != OPERATIONS, first.c.at < stored_instant(before))
            .order_by(streams.c.name)
            .limit(_AT_ONCE)
        )
        with self.database.reading() as connection:
            return list(connection.execute(query).scalars())

    def _prune_some(
        self, connection: Connection, names: list[str], done: Pruned, *, before: datetime, by: Actor, why: str
    ) -> None:
        at, record = self.now(), f"pruned/{uuid.uuid4()}"
        sealed: list[Checkpoint] = []
        for name in names:
            head = lock_head(connection, name)
            cut = _cut(connection, name, head, before)
            if cut <= checkpoint_of(connection, name).seq:
                continue
            # A loss that is on record is no secret that a checkpoint could hide: pruning it is how it is accepted.
            found = verify_stream(connection, name)
            wrong = [finding for finding in tampered(found) if finding.kind != "recorded_truncation"]
            if wrong:
                done.refused += wrong
                continue
            this = and_(entries.c.stream == name, entries.c.seq == cut)
            reached = connection.execute(select(entries.c.hash).where(this)).scalar_one()
            point = Checkpoint(stream=name, seq=cut, hash=reached, before=before, sealed_at=at, record=record)
            sealed.append(point.sealed())
        if not sealed:
            return
        # On record first: whoever sees the checkpoint can see who made it.
        append(connection, lock_head(connection, OPERATIONS), [_pruning(record, sealed, at=at, by=by, why=why)])
        for point in sealed:
            done.streams += 1
            done.entries += _remove(connection, point)


def _remove(connection: Connection, point: Checkpoint) -> int:
    values = point.model_dump()
    moved = connection.execute(update(checkpoints).where(checkpoints.c.stream == point.stream).values(values)).rowcount
    if not moved:
        connection.execute(insert(checkpoints).values(values))
    connection.execute(delete(bodies).where(bodies.c.stream == point.stream, bodies.c.seq <= point.seq))
    gone = delete(entries).where(entries.c.stream == point.stream, entries.c.seq <= point.seq)
    return connection.execute(gone).rowcount


def _cut(connection: Connection, stream: str, head: Head, before: datetime) -> int:
    """The last position that may go; 0 when the ticket is open or nothing is old enough."""
    if connection.execute(select(_is_open(stream.removeprefix("ticket/")))).scalar():
        return 0
    young = select(func.min(entries.c.seq)).where(entries.c.stream == stream, entries.c.at >= stored_instant(before))
    first = connection.execute(young).scalar()
    return head.seq if first is None else first - 1


def _is_open(key: str | ColumnElement[str]) -> ColumnElement[bool]:
    return exists().where(tickets.c.key == key, tickets.c.is_open.is_(True))


def _erasure(
    stream: str, seq: int, entry_id: str, digest: str, *, life: str, at: datetime, by: Actor, why: str
) -> Entry:
    return Entry(
        entry_id=f"erased/{seq}",
        stream=stream,
        life=life,
        at=at,
        actor=by,
        kind="journal.erased",
        what=f"The text of entry {seq} was erased",
        why=why,
        data={"seq": seq, "entry_id": entry_id, "digest": digest},
    )


def _pruning(record: str, sealed: list[Checkpoint], *, at: datetime, by: Actor, why: str) -> Entry:
    return Entry(
        entry_id=record,
        stream=OPERATIONS,
        at=at,
        actor=by,
        kind="journal.pruned",
        what=f"Entries older than {format_instant(sealed[0].before)} were removed from {len(sealed)} streams",
        why=why,
        data={"checkpoints": [point.testimony() for point in sealed]},
    )
