"""The delivery ledger: the intent before each attempt, the outcome after it.

Who sends asks `intend` first. `new` means send. `known` means that the outcome is on record: return it and send
nothing. `started` means that somebody began and nobody knows how it ended: send again with the same message id,
which providers that take an idempotency key drop, and mark it as possibly twice (decisions 37 and 45).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, literal, or_, select, update

from escalade.messages.activities import Outcome, Purpose, Receipt
from escalade.people.resolve import Load
from escalade.record import canonical
from escalade.time.instants import Instant
from store.database import insert_if_new
from store.numbers import claim
from store.room import Room
from store.tables import deliveries

_NAMESPACE: Final = uuid.UUID("3f0d0c0a-6d0b-5c55-9f4b-0a8f4f2d6f4e")

_KNOWLEDGE: Final[dict[str, int]] = {
    "unknown": 1,
    "skipped": 2,
    "crossed": 3,
    "accepted": 3,
    "failed": 4,
    "delivered": 4,
}
"""How much is known by an outcome: one that says more replaces one that says less, in whatever order they come."""

_BURDENS: Final = ("round", "responder", "catch_all", "digest")
"""A later contact step belongs to the page of its round, and a ticket in a digest to the digest."""


class Intent(BaseModel):
    """A delivery that is about to be attempted."""

    model_config = ConfigDict(frozen=True)

    key: str
    """The ticket; empty for a page that is about none (a test)."""
    life: str = ""
    round_id: str
    target: str
    method: str
    step: int = 0
    channel: str
    purpose: Purpose = "round"
    at: Instant

    @property
    def message_id(self) -> str:
        """The same for every attempt of this delivery, also when the store cannot be asked.

        It is the message's id and the provider's idempotency key at once.
        """
        name = canonical([self.round_id, self.target, self.method, self.step])
        return str(uuid.uuid5(_NAMESPACE, name.hex()))


class Intended(BaseModel):
    """What the ledger says to an intent."""

    state: Literal["new", "known", "started"]
    message_id: str
    number: int
    """Unique among the open tickets of this target, for answers by SMS and voice; 0 when it is about no ticket."""
    attempts: int
    """How often the delivery was begun, this time included."""
    receipt: Receipt | None = None
    """The outcome on record, when the state is `known`."""


class StoredDelivery(BaseModel):
    """A delivery as the ledger has it."""

    intent: Intent
    message_id: str
    number: int
    attempts: int
    receipt: Receipt | None = None
    """None while nobody knows how it ended."""


class Ledger(Room):
    """Writing and asking the delivery ledger."""

    def intend(self, intent: Intent) -> Intended:
        """Put on record that a delivery is about to be attempted, and learn whether it should be.

        Of several callers at the same instant exactly one hears `new`.
        """
        with self.database.writing() as connection:
            if _insert(connection, intent):
                state: Literal["new", "known", "started"] = "new"
            else:
                begun = and_(_this(intent), deliveries.c.outcome.is_(None))
                # Whoever began it before may still be at it: the flag is for that one's receipt too.
                again = update(deliveries).where(begun).values(attempts=deliveries.c.attempts + 1, possibly_twice=True)
                state = "started" if connection.execute(again).rowcount else "known"
            stored = _stored(connection.execute(select(deliveries).where(_this(intent))).one())
        return Intended(
            state=state,
            message_id=stored.message_id,
            number=stored.number,
            attempts=stored.attempts,
            receipt=stored.receipt,
        )

    def outcome(self, intent: Intent, receipt: Receipt) -> Receipt:
        """Put the outcome of a delivery on record; also for one whose intent could not be written.

        Args:
            intent: the delivery.
            receipt: how it ended, as far as is known now.

        Returns:
            The receipt that stands: what says more (`delivered` more than `accepted`) replaces what says less,
            never the other way round, so outcomes may come twice and in any order.
        """
        with self.database.writing() as connection:
            _insert(connection, intent)
            _record(connection, _this(intent), receipt)
            stored = _stored(connection.execute(select(deliveries).where(_this(intent))).one())
        assert stored.receipt is not None
        return stored.receipt

    def provider_outcome(
        self, provider_id: str, outcome: Outcome, *, at: datetime, detail: str = "", channel: str | None = None
    ) -> StoredDelivery | None:
        """Put on record what a provider reports later about a delivery.

        Returns:
            The delivery as it stands now; None when no delivery has this provider id.
        """
        with self.database.writing() as connection:
            row = connection.execute(_by_provider(provider_id, channel)).first()
            if row is None:
                return None
            stored = _stored(row)
            assert stored.receipt is not None
            news = {"outcome": outcome, "at": at, "detail": detail or stored.receipt.detail}
            _record(connection, _this(stored.intent), stored.receipt.model_copy(update=news))
            return _stored(connection.execute(select(deliveries).where(_this(stored.intent))).one())

    def delivery_of(self, provider_id: str, *, channel: str | None = None) -> StoredDelivery | None:
        """The delivery to which a provider gave this id; the newest when it gave it twice."""
        with self.database.reading() as connection:
            row = connection.execute(_by_provider(provider_id, channel)).first()
        return None if row is None else _stored(row)

    def deliveries(self, key: str, life: str | None = None) -> list[StoredDelivery]:
        """The deliveries about a ticket, in the order in which they were intended; of one life, or of all."""
        about = deliveries.c.key == key if life is None else and_(deliveries.c.key == key, deliveries.c.life == life)
        query = select(deliveries).where(about)
        order = (deliveries.c.intended_at, deliveries.c.round_id, deliveries.c.target, deliveries.c.step)
        with self.database.reading() as connection:
            return [_stored(row) for row in connection.execute(query.order_by(*order, deliveries.c.method))]

    def answered(self, target: str, number: int) -> StoredDelivery | None:
        """The newest delivery to somebody that carried this short number; None when there was none."""
        query = (
            select(deliveries)
            .where(deliveries.c.target == target, deliveries.c.number == number, deliveries.c.number > 0)
            .order_by(deliveries.c.intended_at.desc())
            .limit(1)
        )
        with self.database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else _stored(row)

    def load(self, targets: Iterable[str], since: datetime) -> dict[str, Load]:
        """How much these targets were paged.

        A page is one target told in one round, by however many channels; what failed or was skipped rang nobody,
        and notices and tests are no pages.

        Args:
            targets: `person:ana`, …
            since: from when pages are counted; for `fair`, seven days ago.

        Returns:
            For each target the pages since then, and when it was last paged at all.
        """
        asked = list(dict.fromkeys(targets))
        recent = case((deliveries.c.intended_at >= since, deliveries.c.round_id))
        rang = or_(deliveries.c.outcome.is_(None), deliveries.c.outcome.not_in(["failed", "skipped"]))
        query = (
            select(
                deliveries.c.target,
                func.count(recent.distinct()).label("pages"),
                func.max(deliveries.c.intended_at).label("last"),
            )
            .where(deliveries.c.target.in_(asked), deliveries.c.purpose.in_(_BURDENS), rang)
            .group_by(deliveries.c.target)
        )
        with self.database.reading() as connection:
            found = {row.target: Load(pages=row.pages, last_paged_at=row.last) for row in connection.execute(query)}
        return {target: found.get(target, Load()) for target in asked}


def _this(intent: Intent) -> ColumnElement[bool]:
    return and_(
        deliveries.c.round_id == intent.round_id,
        deliveries.c.target == intent.target,
        deliveries.c.method == intent.method,
        deliveries.c.step == intent.step,
    )


def _insert(connection: Connection, intent: Intent) -> bool:
    if connection.execute(select(deliveries.c.step).where(_this(intent))).first() is not None:
        return False
    values = {
        **intent.model_dump(exclude={"at"}),
        "intended_at": intent.at,
        "number": claim(connection, intent.target, intent.key, intent.life),
        "message_id": intent.message_id,
        "attempts": 1,
        "provider_id": "",
        "detail": "",
        "possibly_twice": False,
        "at_night": False,
    }
    return insert_if_new(connection, deliveries, values)


def _record(connection: Connection, which: ColumnElement[bool], receipt: Receipt) -> None:
    less = [outcome for outcome, known in _KNOWLEDGE.items() if known < _KNOWLEDGE[receipt.outcome]]
    newer = or_(deliveries.c.outcome.is_(None), deliveries.c.outcome.in_(less))
    values: dict[str, Any] = {
        "outcome": receipt.outcome,
        "outcome_at": receipt.at,
        "detail": receipt.detail,
        "possibly_twice": or_(deliveries.c.possibly_twice, literal(receipt.possibly_twice)),
        "at_night": receipt.at_night,
    }
    if receipt.provider_id:
        values["provider_id"] = receipt.provider_id
    connection.execute(update(deliveries).where(which, newer).values(values))


def _by_provider(provider_id: str, channel: str | None) -> Any:
    given = and_(deliveries.c.provider_id == provider_id, deliveries.c.provider_id != "")
    query = select(deliveries).where(given, deliveries.c.outcome.is_not(None))
    if channel is not None:
        query = query.where(deliveries.c.channel == channel)
    return query.order_by(deliveries.c.intended_at.desc()).limit(1)


def _stored(row: Row[Any]) -> StoredDelivery:
    parts = {name: getattr(row, name) for name in ("target", "method", "channel", "step")}
    receipt = None
    if row.outcome is not None:
        receipt = Receipt(
            **parts,
            outcome=row.outcome,
            at=row.outcome_at,
            message_id=row.message_id,
            provider_id=row.provider_id,
            detail=row.detail,
            possibly_twice=row.possibly_twice,
            at_night=row.at_night,
        )
    intent = Intent(**parts, key=row.key, life=row.life, round_id=row.round_id, purpose=row.purpose, at=row.intended_at)
    return StoredDelivery(
        intent=intent, message_id=row.message_id, number=row.number, attempts=row.attempts, receipt=receipt
    )
