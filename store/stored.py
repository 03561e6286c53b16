"""Entries as they are stored: the rows, and the way back from a row to an entry."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy import Row

from escalade.record import Entry
from escalade.ticket import Actor
from escalade.time.instants import parse_instant

ERASED: Final = Actor(kind="system", id="erased")
"""Stands where an actor was erased together with the rest of a body."""


class StoredEntry(BaseModel):
    """An entry of the journal with its place in the chain."""

    seq: int
    hash: str
    entry: Entry
    erased: bool = False
    """True when the body was erased: actor, what, why and data are gone, their digest is still in the chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A row of the journal without its body."""

    seq: int
    entry_id: str
    kind: str
    life: str
    digest: str
    hash: str


def read_entry(row: Row[Any]) -> StoredEntry:
    """An entry from a row of `entries` joined with its body."""
    body: dict[str, Any] | None = None if row.body is None else json.loads(row.body)
    entry = Entry(
        entry_id=row.entry_id,
        stream=row.stream,
        life=row.life,
        at=parse_instant(row.at),
        kind=row.kind,
        actor=ERASED if body is None else Actor.model_validate(body["actor"]),
        what="(erased)" if body is None else body["what"],
        why="" if body is None else body["why"],
        data={} if body is None else body["data"],
    )
    return StoredEntry(seq=row.seq, hash=row.hash, entry=entry, erased=body is None)
