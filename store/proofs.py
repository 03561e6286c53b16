"""Which contact methods were proven to work, and when."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import and_, select, update

from escalade.messages.activities import Outcome
from escalade.time.instants import Instant
from store.database import insert_if_new
from store.room import Room
from store.tables import proofs

_PROVEN: tuple[Outcome, ...] = ("accepted", "delivered")


class Proof(BaseModel):
    """The last test of a contact method."""

    person: str
    method: str
    tested_at: Instant
    outcome: Outcome
    """What the last test showed."""
    detail: str = ""
    proven_at: Instant | None = None
    """When a test last succeeded; None when none ever did."""


class Proofs(Room):
    """Keeping what `escalade page test` finds out."""

    def prove(self, person: str, method: str, *, at: datetime, outcome: Outcome, detail: str = "") -> Proof:
        """Keep the outcome of a test. A failure does not forget when the method last worked.

        Returns:
            The proof as it stands now; a test older than the one on record changes nothing.
        """
        this = and_(proofs.c.person == person, proofs.c.method == method)
        values = {"tested_at": at, "outcome": outcome, "detail": detail}
        if outcome in _PROVEN:
            values["proven_at"] = at
        with self.database.writing() as connection:
            if not insert_if_new(connection, proofs, {"person": person, "method": method, **values}):
                connection.execute(update(proofs).where(this, proofs.c.tested_at <= at).values(values))
            row = connection.execute(select(proofs).where(this)).one()
        return Proof.model_validate(dict(row._mapping))  # noqa: SLF001  SQLAlchemy's public name for it

    def proofs(self, person: str | None = None) -> list[Proof]:
        """What is on record, of one person or of everybody, in order of person and method."""
        query = select(proofs).order_by(proofs.c.person, proofs.c.method)
        if person is not None:
            query = query.where(proofs.c.person == person)
        with self.database.reading() as connection:
            return [Proof.model_validate(dict(row._mapping)) for row in connection.execute(query)]  # noqa: SLF001
