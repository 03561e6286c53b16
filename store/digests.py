"""Digests: pages that wait to be told together, and what became of them.

A page that joins is on record before its ticket hears of it. At most one digest is open for somebody; one that was
closed takes nobody in any more, and what is in it is told once, by one message with an id of its own.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from pydantic import BaseModel
from sqlalchemy import Connection, Row, and_, delete, exists, func, insert, or_, select, text, update

from escalade.messages.activities import Receipt, Snapshot, TicketBrief
from escalade.people.allocation import PRESSING
from escalade.time.instants import Instant, format_instant
from store.numbers import to_lockable
from store.room import Room
from store.tables import deliveries, digest_items, digests, tickets

ItemState = Literal["waiting", "told", "failed", "dropped"]

MOST: Final = 2000
"""Pages in one digest; what comes then opens the next."""

_KEPT: Final = timedelta(days=90)
"""How long digests are kept that are over; the tickets' timelines have what became of them for good."""

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:target, 23))")


class DigestItem(BaseModel):
    """A page that waits to be told in a digest."""

    round_id: str
    target: str
    key: str
    life: str
    rung: int
    version: int = 0
    """Of the ticket's snapshot when it joined: what the projection says is older is not about this page."""
    why: str = ""
    brief: TicketBrief
    any_hour: bool = False
    """Whether its policy pages in quiet hours as by day."""
    joined_at: Instant
    state: ItemState = "waiting"
    detail: str = ""
    """Why it was dropped."""

    @property
    def is_pressing(self) -> bool:
        """Whether it may not wait for room."""
        return self.brief.severity in PRESSING


class StoredDigest(BaseModel):
    """A digest as the store has it."""

    id: str
    target: str
    opened_at: Instant
    leaves_at: Instant
    started: bool
    """Whether somebody is known to wait for its time."""
    closed_at: Instant | None = None
    sent_at: Instant | None = None
    receipts: list[Receipt] = []


class Digests(Room):
    """Collecting pages, and handing them out once."""

    def join(self, item: DigestItem, *, leaves_at: datetime) -> StoredDigest:
        """Put a page into the digest that is open for its target, or into a new one.

        A digest that was put off until there is room leaves when it would have at first, or now that this is past,
        once something joins it that may not wait for that; nobody is known to wait for its new time then.

        Args:
            item: the page. The same round again changes nothing.
            leaves_at: when a new one leaves.

        Returns:
            The digest it is in.
        """
        with self.database.writing() as connection:
            this = and_(digest_items.c.round_id == item.round_id, digest_items.c.target == item.target)
            found = connection.execute(select(digest_items.c.digest_id).where(this)).scalar()
            if found is not None:
                return _digest(connection, found)
            row = _open(connection, item.target) or _new(connection, item, leaves_at)
            at_first = max(row.opened_at + (leaves_at - item.joined_at), item.joined_at)
            if at_first < row.leaves_at and _brings_forward(connection, row.id, item):
                this_one = update(digests).where(digests.c.id == row.id)
                connection.execute(this_one.values(leaves_at=at_first, started=False))
            values = {
                **item.model_dump(exclude={"brief"}),
                "digest_id": row.id,
                "severity": item.brief.severity.rank,
                "brief": item.brief.model_dump_json(),
                "reported": False,
            }
            connection.execute(insert(digest_items).values(values))
            size = connection.execute(_count(row.id)).scalar_one()
            if size >= MOST:
                full = update(digests).where(digests.c.id == row.id)
                connection.execute(full.values(closed_at=item.joined_at))
            return _digest(connection, row.id)

    def digest_started(self, digest_id: str, *, leaves_at: datetime) -> None:
        """Put on record that somebody waits for its time; not when that came forward, of which they know nothing."""
        this = and_(digests.c.id == digest_id, digests.c.leaves_at >= leaves_at)
        with self.database.writing() as connection:
            connection.execute(update(digests).where(this).values(started=True))

    def digest(self, digest_id: str) -> StoredDigest | None:
        """A digest; None when there is none."""
        with self.database.reading() as connection:
            row = connection.execute(select(digests).where(digests.c.id == digest_id)).first()
        return None if row is None else _stored(row)

    def put_off(self, digest_id: str, *, leaves_at: datetime, holding: int) -> bool:
        """Put on record that there is no room for a digest before an instant.

        Args:
            digest_id: which.
            leaves_at: the instant.
            holding: how many pages were in it that could wait.

        Returns:
            False when more joined it since: it has to be seen whether they can wait.
        """
        unsent = and_(digests.c.id == digest_id, digests.c.sent_at.is_(None))
        with self.database.writing() as connection:
            # The row is locked before the pages are counted: who joins has it locked until their page is in.
            connection.execute(select(digests.c.id).where(unsent).with_for_update()).first()
            unreported = _count(digest_id).where(digest_items.c.reported.is_(False))
            if connection.execute(unreported).scalar_one() > holding:
                return False
            connection.execute(update(digests).where(unsent).values(leaves_at=leaves_at))
        return True

    def overdue_digests(self, *, due: datetime, told: datetime, most: int = 100) -> list[StoredDigest]:
        """The digests that nobody seems to look after any more, the oldest first.

        Args:
            due: who should have left before it and was not sent. One that is being sent since then is none of them.
            told: who was sent before it, while tickets in it have not heard of that.
            most: how many at most.
        """
        unsent = and_(
            digests.c.sent_at.is_(None),
            digests.c.leaves_at < due,
            or_(digests.c.closed_at.is_(None), digests.c.closed_at < due),
        )
        unheard = exists().where(digest_items.c.digest_id == digests.c.id, digest_items.c.reported.is_(False))
        query = select(digests).where(or_(unsent, and_(digests.c.sent_at < told, unheard)))
        with self.database.reading() as connection:
            found = connection.execute(query.order_by(digests.c.leaves_at, digests.c.id).limit(most))
            return [_stored(row) for row in found]

    def close_digest(self, digest_id: str, *, at: datetime) -> list[DigestItem]:
        """Let nobody in any more, and drop what need not be told: what is left waits to be told now.

        Dropped is a ticket that was acknowledged, paused or ended meanwhile, is in maintenance, or has left the rung:
        the projection says so. Where it says nothing newer, the page stays in. Once the message has been begun, what
        is in it stays: another attempt sends the same.
        """
        with self.database.writing() as connection:
            still_open = and_(digests.c.id == digest_id, digests.c.closed_at.is_(None))
            connection.execute(update(digests).where(still_open).values(closed_at=at))
            items = _items(connection, digest_id)
            begun = connection.execute(select(deliveries.c.step).where(deliveries.c.round_id == digest_id)).first()
            shown = _snapshots(connection, {item.key for item in items}) if begun is None else {}
            for item in items:
                why = _meanwhile(item, shown.get(item.key), at) if item.state == "waiting" else ""
                if why:
                    item.state, item.detail = "dropped", why
                    connection.execute(update(digest_items).where(_this(item)).values(state="dropped", detail=why))
        return items

    def digest_told(self, digest_id: str, receipts: list[Receipt], *, reached: bool, at: datetime) -> None:
        """Put on record what became of the message."""
        state: ItemState = "told" if reached else "failed"
        waiting = and_(digest_items.c.digest_id == digest_id, digest_items.c.state == "waiting")
        said = json.dumps([receipt.model_dump(mode="json") for receipt in receipts])
        with self.database.writing() as connection:
            connection.execute(update(digest_items).where(waiting).values(state=state))
            connection.execute(update(digests).where(digests.c.id == digest_id).values(sent_at=at, receipts=said))

    def unreported(self, digest_id: str) -> list[DigestItem]:
        """The pages whose tickets have not been told yet what became of them."""
        with self.database.reading() as connection:
            return _items(connection, digest_id, digest_items.c.reported.is_(False))

    def reported(self, items: Iterable[DigestItem]) -> None:
        """Put on record that these tickets were told; what is long over is forgotten."""
        with self.database.writing() as connection:
            for item in items:
                connection.execute(update(digest_items).where(_this(item)).values(reported=True))
            over = select(digests.c.id).where(digests.c.sent_at < self.now() - _KEPT)
            connection.execute(delete(digest_items).where(digest_items.c.digest_id.in_(over)))
            connection.execute(delete(digests).where(digests.c.sent_at < self.now() - _KEPT))


def _this(item: DigestItem) -> Any:
    return and_(digest_items.c.round_id == item.round_id, digest_items.c.target == item.target)


def _count(digest_id: str) -> Any:
    return select(func.count()).select_from(digest_items).where(digest_items.c.digest_id == digest_id)


def _open(connection: Connection, target: str) -> Row[Any] | None:
    # The locks keep two from opening one at once, and it from being closed before this page is in it; SQLite has one
    # writer at a time anyway.
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"target": to_lockable(target)})
    query = select(digests).where(digests.c.target == target, digests.c.closed_at.is_(None)).with_for_update()
    return connection.execute(query.order_by(digests.c.n.desc())).first()


def _brings_forward(connection: Connection, digest_id: str, item: DigestItem) -> bool:
    """Whether a digest that waits for room leaves sooner with this page in it."""
    if item.is_pressing:
        return True
    # With one in it already it was put off for a limit, which holds for this one as well.
    another = and_(digest_items.c.digest_id == digest_id, digest_items.c.any_hour)
    return item.any_hour and connection.execute(select(digest_items.c.key).where(another)).first() is None


def _new(connection: Connection, item: DigestItem, leaves_at: datetime) -> Row[Any]:
    last = select(func.coalesce(func.max(digests.c.n), 0)).where(digests.c.target == item.target)
    values = {
        "id": uuid.uuid4().hex,
        "target": item.target,
        "n": connection.execute(last).scalar_one() + 1,
        "opened_at": item.joined_at,
        "leaves_at": leaves_at,
        "started": False,
        "receipts": "[]",
    }
    return connection.execute(insert(digests).values(values).returning(digests)).one()


def _digest(connection: Connection, digest_id: str) -> StoredDigest:
    return _stored(connection.execute(select(digests).where(digests.c.id == digest_id)).one())


def _stored(row: Row[Any]) -> StoredDigest:
    given = dict(row._mapping)  # noqa: SLF001  SQLAlchemy's public name for it
    return StoredDigest.model_validate({**given, "receipts": json.loads(row.receipts)})


def _items(connection: Connection, digest_id: str, *more: Any) -> list[DigestItem]:
    query = select(digest_items).where(digest_items.c.digest_id == digest_id, *more)
    order = (digest_items.c.severity, digest_items.c.joined_at, digest_items.c.round_id)
    found = []
    for row in connection.execute(query.order_by(*order)):
        given = dict(row._mapping)  # noqa: SLF001
        found.append(DigestItem.model_validate({**given, "brief": json.loads(row.brief)}))
    return found


def _snapshots(connection: Connection, keys: set[str]) -> dict[str, Snapshot]:
    found: dict[str, Snapshot] = {}
    wanted = sorted(keys)
    for first in range(0, len(wanted), 500):  # SQLite takes some thousand values in one statement
        part = tickets.c.key.in_(wanted[first : first + 500])
        for row in connection.execute(select(tickets.c.key, tickets.c.snapshot).where(part)):
            found[row.key] = Snapshot.model_validate_json(row.snapshot)
    return found


def _meanwhile(item: DigestItem, shown: Snapshot | None, at: datetime) -> str:
    """Why a page need not be told any more; empty when it has to be."""
    if shown is None:
        return ""
    if shown.life != item.life:
        # The row may be late and show the life before: only one that began afterwards says that this one is over.
        return "the ticket ended meanwhile" if shown.opened_at > item.joined_at else ""
    if shown.version <= item.version:
        return ""
    if not shown.status.is_open:
        return "the ticket ended meanwhile"
    if shown.rung != item.rung:
        return f"it moved on to {shown.tier_name} meanwhile"
    if shown.acknowledged or item.target in shown.spared:
        return "acknowledged meanwhile"
    if shown.status.is_paused:
        return f"{shown.status.value} meanwhile"
    if shown.maintenance_until is not None and shown.maintenance_until > at:
        return f"in maintenance until {format_instant(shown.maintenance_until)}"  # whose end pages it anew
    return ""
