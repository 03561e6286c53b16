"""The one way into the journal: everything that appends goes through here, under the head of its stream."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from escalade.record import Entry, Head, chain, digest, format_exact
from store.database import insert_if_new
from store.stored import Link, body_of
from store.tables import bodies, checkpoints, entries, streams

_CHUNK: Final = 500
_LINK: Final = (entries.c.seq, entries.c.entry_id, entries.c.kind, entries.c.life, entries.c.digest, entries.c.hash)


def lock_head(connection: Connection, stream: str) -> Head:
    """Where a stream ends, held against every other writer until the transaction is over."""
    query = select(streams.c.seq, streams.c.hash).where(streams.c.name == stream).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        empty = Head()
        insert_if_new(connection, streams, {"name": stream, "seq": empty.seq, "hash": empty.hash})
        row = connection.execute(query).one()
    return Head(seq=row.seq, hash=row.hash)


def known_links(connection: Connection, stream: str, entry_ids: Sequence[str], *, seq: int = 0) -> list[Link]:
    """The entries of a stream with one of these ids, and the one at this position."""
    found: list[Link] = []
    for start in range(0, max(len(entry_ids), 1), _CHUNK):
        by_id = entries.c.entry_id.in_(entry_ids[start : start + _CHUNK])
        asked = or_(by_id, entries.c.seq == seq) if seq and not start else by_id
        found += _links(connection, and_(entries.c.stream == stream, asked))
    return found


def links_beyond(connection: Connection, stream: str, life: str, seq: int) -> list[Link]:
    """The entries of one life of a stream above a position, in order."""
    return _links(connection, and_(entries.c.stream == stream, entries.c.seq > seq, entries.c.life == life))


def checkpoint_of(connection: Connection, stream: str) -> Head:
    """Up to where a stream was pruned, with the hash there; the beginning when it never was."""
    row = connection.execute(
        select(checkpoints.c.seq, checkpoints.c.hash).where(checkpoints.c.stream == stream)
    ).one_or_none()
    return Head() if row is None else Head(seq=row.seq, hash=row.hash)


def append(connection: Connection, head: Head, batch: Iterable[Entry]) -> Head:
    """Append entries whose ids are new to a stream whose head is locked.

    Args:
        connection: the transaction that holds the head.
        head: the head.
        batch: the entries, in order, all of one stream.

    Returns:
        The new head.
    """
    links: list[dict[str, object]] = []
    texts: list[dict[str, object]] = []
    stream = ""
    for entry in batch:
        stream = entry.stream
        body = body_of(entry)
        head = chain(head, entry, digest(body))
        links.append(
            {
                "stream": stream,
                "seq": head.seq,
                "entry_id": entry.entry_id,
                "life": entry.life,
                "at": format_exact(entry),
                "kind": entry.kind,
                "digest": digest(body),
                "hash": head.hash,
            }
        )
        texts.append({"stream": stream, "seq": head.seq, "body": body})
    if links:
        connection.execute(insert(entries), links)
        connection.execute(insert(bodies), texts)
        connection.execute(update(streams).where(streams.c.name == stream).values(seq=head.seq, hash=head.hash))
    return head


def _links(connection: Connection, condition: ColumnElement[bool]) -> list[Link]:
    rows = connection.execute(select(*_LINK).where(condition).order_by(entries.c.seq))
    return [Link(seq=r.seq, entry_id=r.entry_id, kind=r.kind, life=r.life, digest=r.digest, hash=r.hash) for r in rows]
