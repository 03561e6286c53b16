"""The journal: append-only, hash-chained per stream, one writer path."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, literal, select, tuple_

from escalade.errors import StoreError
from escalade.messages.activities import JournalAck, JournalBatch
from escalade.record import Entry, Head
from store import continuity
from store.projection import project
from store.room import Room
from store.stored import Link, StoredEntry, read_entry
from store.tables import Exact, bodies, entries, starts_with, streams
from store.writer import append, checkpoint_of, known_links, links_beyond, lock_head

_PAGE: Final = 500


class Journal(Room):
    """Writing and reading entries."""

    def write(self, batch: JournalBatch) -> JournalAck:
        """Write entries and the projection, in one transaction under the head of the stream.

        Writing the same batch again changes nothing. Entries whose id is known are left out; when such an id
        comes with another body the first one stays and the second is kept in a `journal.conflict` entry. What
        the ticket remembers is compared with what is stored: see `store.continuity` for what counts as truncated
        and what as reset; both are recorded in the stream. The snapshot is taken when it is newer than the one
        stored: a higher version in the same life, or a life that was never seen before.

        Args:
            batch: the entries, in order, the state after them, and the head that the ticket last saw.

        Returns:
            The head of the stream after the batch, and whether the stream lacked what the ticket remembers.

        Raises:
            StoreError: when the store cannot be used, or the batch mixes streams. Nothing is written then.
        """
        _refuse_mixed(batch)
        with self.database.writing() as connection:
            head = lock_head(connection, batch.stream)
            first, again = _split(batch.entries)
            head, truncated = self._write(connection, head, batch.model_copy(update={"entries": first}))
            if again:
                head, _ = self._write(connection, head, batch.model_copy(update={"entries": again}))
            if batch.snapshot is not None:
                project(connection, batch.snapshot)
        return JournalAck(head=head, truncated=truncated)

    def head(self, stream: str) -> Head:
        """Where a stream ends; the beginning when nothing was written yet."""
        with self.database.reading() as connection:
            row = connection.execute(
                select(streams.c.seq, streams.c.hash).where(streams.c.name == stream)
            ).one_or_none()
        return Head() if row is None else Head(seq=row.seq, hash=row.hash)

    def streams(self, prefix: str = "") -> list[str]:
        """The names of the streams that have entries, or had some before they were pruned, in order."""
        query = select(streams.c.name).where(streams.c.seq > 0, starts_with(streams.c.name, prefix))
        with self.database.reading() as connection:
            return list(connection.execute(query.order_by(streams.c.name)).scalars())

    def entries(self, stream: str, *, after: int = 0, limit: int | None = None) -> list[StoredEntry]:
        """The entries of a stream in order.

        Args:
            stream: the stream, as `ticket/<key>`.
            after: only those beyond this position.
            limit: at most so many.
        """
        query = _joined().where(entries.c.stream == stream, entries.c.seq > after).order_by(entries.c.seq).limit(limit)
        with self.database.reading() as connection:
            return [read_entry(row) for row in connection.execute(query)]

    def iter_entries(
        self, stream: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[StoredEntry]:
        """Every entry, stream by stream, in order: the export.

        It reads page by page and holds no connection between pages, so it may take as long as its reader likes.

        Args:
            stream: only this stream.
            since: only entries at or after this instant.
            until: only entries before this instant.
        """
        place: tuple[str, int] = ("", 0)
        while True:
            query = _joined().where(
                tuple_(entries.c.stream, entries.c.seq) > tuple_(literal(place[0], Exact()), place[1])
            )
            if stream is not None:
                query = _joined().where(entries.c.stream == stream, entries.c.seq > place[1])
            query = query.order_by(entries.c.stream, entries.c.seq).limit(_PAGE)
            with self.database.reading() as connection:
                found = [read_entry(row) for row in connection.execute(query)]
            for each in found:
                if (since is None or each.entry.at >= since) and (until is None or each.entry.at < until):
                    yield each
            if len(found) < _PAGE:
                return
            place = (found[-1].entry.stream, found[-1].seq)

    def _write(self, connection: Connection, head: Head, batch: JournalBatch) -> tuple[Head, bool]:
        remembered = batch.known or Head()
        asked = remembered.seq if 0 < remembered.seq < head.seq else 0
        links = known_links(connection, batch.stream, [e.entry_id for e in batch.entries], seq=asked)
        known = {link.entry_id: link for link in links}
        at_known = next((link.hash for link in links if link.seq == asked), None)
        missing = asked and at_known is None
        floor = checkpoint_of(connection, batch.stream) if missing else Head()
        truncated = continuity.is_truncated(batch.known, head, at_known=at_known, floor=floor)
        fresh = [entry for entry in batch.entries if entry.entry_id not in known]
        notes = self._notes(connection, batch, head, fresh, known, truncated=truncated)
        if notes:
            taken = {link.entry_id for link in known_links(connection, batch.stream, [n.entry_id for n in notes])}
            notes = [note for note in notes if note.entry_id not in taken]
        return append(connection, head, [*notes, *fresh]), truncated

    def _notes(
        self,
        connection: Connection,
        batch: JournalBatch,
        head: Head,
        fresh: list[Entry],
        known: dict[str, Link],
        *,
        truncated: bool,
    ) -> list[Entry]:
        at, remembered = self.now(), batch.known or Head()
        notes = []
        if truncated:
            notes.append(continuity.truncation_note(batch.stream, batch.life, remembered, head, at=at))
        refused = continuity.conflicts(batch.entries, known)
        reused = [run for e in refused if (run := continuity.run_of(e.entry_id, e.kind))]
        own = [run for e in fresh if (run := continuity.run_of(e.entry_id, e.kind))]
        others: list[str] = []
        if own and head.seq > remembered.seq:
            beyond = links_beyond(connection, batch.stream, batch.life, remembered.seq)
            others = continuity.foreign_runs(batch.entries, beyond)
        if others or reused:
            run = (reused or own)[0]
            notes.append(
                continuity.reset_note(batch.stream, batch.life, remembered, head, run=run, others=others, at=at)
            )
        notes += [continuity.conflict_note(entry, known[entry.entry_id], at=at) for entry in refused]
        return list({note.entry_id: note for note in notes}.values())


def _joined() -> Select[Any]:
    here = and_(bodies.c.stream == entries.c.stream, bodies.c.seq == entries.c.seq)
    return select(entries, bodies.c.body).select_from(entries.outerjoin(bodies, here))


def _split(batch: list[Entry]) -> tuple[list[Entry], list[Entry]]:
    # An id that comes twice in one batch: the second is treated as if it had come later.
    first: dict[str, Entry] = {}
    again = [entry for entry in batch if first.setdefault(entry.entry_id, entry) is not entry]
    return list(first.values()), again


def _refuse_mixed(batch: JournalBatch) -> None:
    others = sorted({entry.stream for entry in batch.entries} - {batch.stream})
    if batch.snapshot is not None and batch.stream != f"ticket/{batch.snapshot.key}":
        others.append(f"ticket/{batch.snapshot.key}")
    if others:
        raise StoreError(
            f"A batch for the stream {batch.stream} also brings {', '.join(others)}.",
            mend="Write one batch per stream: each has a chain of its own.",
        )
