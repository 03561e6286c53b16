"""Entries as they are stored: the rows, and the way back from a row to an entry."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from sqlalchemy import Row

from escalade.errors import EscaladeError, TamperedJournalError
from escalade.record import Entry
from escalade.ticket import Actor
from escalade.time.instants import parse_instant

ERASED: Final = Actor(kind="system", id="erased")
"""Stands where an actor was erased together with the rest of a body."""


_GONE: Final[dict[str, Any]] = {"actor": ERASED, "what": "(erased)"}
_CHANGED: Final[dict[str, Any]] = {
    "actor": ERASED.model_copy(update={"id": "unreadable"}),
    "what": "(this entry was changed and cannot be read: run `escalade journal verify`)",
}


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


def body_of(entry: Entry) -> bytes:
    """The bytes of an entry's body, whatever others have put into its data.

    Half a surrogate pair, which JSON can carry and UTF-8 cannot, becomes a question mark: it must not keep the
    entry, and all that wait behind it, out of the journal.
    """
    try:
        return entry.body()
    except UnicodeEncodeError:
        whole = json.dumps(entry.data, ensure_ascii=False, default=str).encode(errors="replace")
        return entry.model_copy(update={"data": json.loads(whole)}).body()


def read_entry(row: Row[Any]) -> StoredEntry:
    """An entry from a row of `entries` joined with its body.

    A body that somebody changed so that it cannot be read must not hide the entries around it.

    Raises:
        TamperedJournalError: when the rest of the row cannot be read.
    """
    said = _GONE if row.body is None else _read_body(row.body)
    try:
        entry = Entry(
            entry_id=row.entry_id, stream=row.stream, life=row.life, at=parse_instant(row.at), kind=row.kind, **said
        )
    except (EscaladeError, ValidationError) as error:
        raise TamperedJournalError(
            f"Entry {row.seq} of {row.stream} cannot be read: it was changed.", mend="Run `escalade journal verify`."
        ) from error
    return StoredEntry(seq=row.seq, hash=row.hash, entry=entry, erased=row.body is None)


def _read_body(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
        return {**{name: said[name] for name in ("what", "why", "data")}, "actor": Actor.model_validate(said["actor"])}
    except (ValueError, TypeError, LookupError):
        return _CHANGED
