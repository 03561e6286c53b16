"""Journal entries: their shape, the bytes that are hashed, and the chain.

An entry says when, who, what and **why**, also for what did not happen. Its id is given by the workflow
(run id and number), so that writing it twice is writing it once.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Any, Final

from pydantic import BaseModel, Field

from escalade.ticket import Actor
from escalade.time.instants import Instant, format_instant

GENESIS: Final = "0" * 64
"""The hash before the first entry of a stream."""


UNSAID: Final = "no reason was given"
"""Why somebody did something who did not say why: every entry says it, also this."""


class Entry(BaseModel):
    """One thing that happened, or did not, and why."""

    entry_id: str
    """`<run id>/<n>` for a ticket's own entries, `<round id>/<n>` for those of a paging round."""
    stream: str
    """`ticket/<key>`, `configuration`, `roster`, …"""
    life: str = ""
    """The first run id of the ticket's workflow: a new ticket on an old key is a new life."""
    at: Instant
    actor: Actor
    kind: str
    """A dotted name, see `docs/reference/journal.md`: `tier.entered`, `page.accepted`, `round.nobody`, …"""
    what: str
    why: str = ""
    data: dict[str, Any] = Field(default_factory=dict)

    def body(self) -> bytes:
        """The bytes whose digest the chain covers: canonical JSON, UTF-8, keys sorted, no spaces."""
        return canonical({"actor": self.actor.model_dump(), "what": self.what, "why": self.why, "data": self.data})

    @cached_property
    def weight(self) -> int:
        """About how many bytes it takes as JSON; worked out once, for outboxes are weighed with each new entry."""
        return 4 * (len(self.what) + len(self.why)) + 2 * len(str(self.data)) + 300


class Head(BaseModel):
    """Where a stream ends."""

    seq: int = 0
    hash: str = GENESIS


def canonical(value: Any) -> bytes:
    """Canonical JSON: the same value gives the same bytes everywhere."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str).encode()


def digest(body: bytes) -> str:
    """The digest of an entry's body, hex."""
    return hashlib.sha256(body).hexdigest()


def chain(previous: Head, entry: Entry, body_digest: str) -> Head:
    """The head after an entry.

    The hash covers the previous hash, the position, everything of the entry that is not in its body, and the
    body's digest, so a body can be erased (retention, a person's right) without breaking the chain.
    """
    seq = previous.seq + 1
    link = canonical(
        {
            "previous": previous.hash,
            "seq": seq,
            "stream": entry.stream,
            "entry_id": entry.entry_id,
            "life": entry.life,
            "at": format_exact(entry),
            "kind": entry.kind,
            "body": body_digest,
        }
    )
    return Head(seq=seq, hash=hashlib.sha256(link).hexdigest())


def format_exact(entry: Entry) -> str:
    """The instant of an entry as it is hashed and stored: UTC with microseconds."""
    return entry.at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def render(entry: Entry) -> str:
    """One entry as a line of a timeline, instant in UTC."""
    why = f" — {entry.why}" if entry.why else ""
    who = "" if entry.actor.kind == "system" else f" [{entry.actor.id}{', claimed' if entry.actor.claimed else ''}]"
    return f"{format_instant(entry.at)}{who} {entry.what}{why}"
