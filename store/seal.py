"""The seal of a checkpoint: what stands in for the entries that retention removed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from escalade.record import Head, canonical, digest
from escalade.time.instants import Instant

OPERATIONS = "operations"
"""The stream in which the store records what was done to the journal. It is never pruned."""


class Checkpoint(BaseModel):
    """Up to where a stream was pruned, and the hash there: the chain goes on from it."""

    stream: str
    seq: int
    hash: str
    before: Instant
    """Entries older than this were removed."""
    sealed_at: Instant
    record: str
    """The entry of the stream `operations` that says who pruned and why, and repeats position, hash and seal."""
    seal: str = ""

    @property
    def head(self) -> Head:
        """The head as it was after the last removed entry."""
        return Head(seq=self.seq, hash=self.hash)

    def sealed(self) -> Checkpoint:
        """The same with its seal: a hash over all the rest."""
        return self.model_copy(update={"seal": self.expected_seal()})

    def expected_seal(self) -> str:
        """What the seal must be."""
        covered: dict[str, Any] = {
            "stream": self.stream,
            "seq": self.seq,
            "hash": self.hash,
            "before": _exact(self.before),
            "sealed_at": _exact(self.sealed_at),
            "record": self.record,
        }
        return digest(canonical(covered))

    def testimony(self) -> dict[str, Any]:
        """What the record in `operations` repeats."""
        return {"stream": self.stream, "seq": self.seq, "hash": self.hash, "seal": self.seal}


def _exact(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")
