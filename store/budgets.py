"""Budgets: how many pages somebody has had, and whether there is room for one more.

A page takes one slot of each of the person's windows, by conditional inserts in one transaction: of two tickets that
want the last slot at the same instant exactly one gets it (decision 47). Who was granted a page in a round stays
granted: the activity that is tried again takes no second slot. What was taken for a page that nobody sent is given
back.

A page that is pressed on somebody who is over takes a slot above the last one: the window has more pages than slots
then, and is full until enough of all of them are over.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from escalade.people.capacity import Window
from store.database import insert_if_new
from store.room import Room
from store.tables import deliveries, digests, grants, slots

GrantKind = Literal["page", "digest", "pressed"]
"""Told by a page; told in a digest; paged although everybody was over."""

_KEPT: Final = timedelta(days=8)
"""How long grants are kept: far longer than any attempt at a round lasts."""

_UNSENT: Final = timedelta(minutes=10)
"""So long after its slot was taken a page that no delivery was begun for is not coming any more: its ticket was
acknowledged before, or its worker died and nobody went on."""

_LOOK_BACK: Final = timedelta(days=1)
"""How far back that is looked for: older deliveries may have been pruned, which does not make them unsent."""


class Granted(NamedTuple):
    """Somebody is told in a round."""

    kind: GrantKind
    says: str
    """What led to a digest, or to paging although over; empty for a plain page."""
    instead_of: str = ""
    """For whom they stand in; empty for who was named."""


class Wish(NamedTuple):
    """A page that somebody would be told by."""

    target: str
    windows: Sequence[Window] = ()
    """Whose slots it takes; without any it is granted, and only put on record."""
    collect: Window | None = None
    """The window of digests: when it is full, or a digest is being collected, the page joins one and takes no slot;
    the digest takes them when it leaves. A page that is pressed takes a slot of it, too: it goes out by itself."""
    instead_of: str = ""


class Full(NamedTuple):
    """Somebody has no room."""

    says: str
    """Which limit, and how many pages there were: that of the window that is full for the longest."""
    until: datetime
    """When there is room again."""


class _Turn(NamedTuple):
    """One wish, in its round."""

    round_id: str
    at: datetime
    wish: Wish


class _LostError(Exception):
    """Somebody else took the slot at this instant: a worker of an earlier version, which waits for nobody's turn."""


class Budgets(Room):
    """Taking slots."""

    def granted(self, round_id: str) -> dict[str, Granted]:
        """Who was granted a page in a round so far, by target."""
        query = select(grants).where(grants.c.round_id == round_id).order_by(grants.c.target)
        with self.database.reading() as connection:
            found = connection.execute(query)
            return {row.target: Granted(row.kind, row.says, row.instead_of) for row in found}

    def take(
        self, round_id: str, target: str, windows: Sequence[Window], *, at: datetime, collect: Window | None = None
    ) -> Granted | Full:
        """Take a slot of every window, or none; see `take_all`."""
        return self.take_all(round_id, [Wish(target, windows, collect)], at=at)[0]

    def take_all(self, round_id: str, wishes: Sequence[Wish], *, at: datetime) -> list[Granted | Full]:
        """Take a slot of every window for each who has room in all of theirs; for the others none.

        Args:
            round_id: the round; asked again, it has what it was granted.
            wishes: who would be told. They are granted together: no attempt dies between one and the next.
            at: the instant of the page.

        Returns:
            What each was granted, in their order.
        """
        turns = sorted((_Turn(round_id, at, wish) for wish in wishes), key=lambda turn: turn.wish.target)
        while True:
            try:
                with self.database.writing() as connection:
                    _in_turn(connection, [wish.target for wish in wishes])
                    answers = {turn.wish.target: _take(connection, turn) for turn in turns}
                return [answers[wish.target] for wish in wishes]
            except _LostError:
                continue  # seen at the next look; each turn somebody gets a slot, so it ends

    def force(self, round_id: str, wish: Wish, *, at: datetime, kind: GrantKind, says: str) -> Granted:
        """Grant a page whatever the windows say; unless it joins a digest it counts in each of them, full or not."""
        turn = _Turn(round_id, at, wish)
        while True:
            try:
                with self.database.writing() as connection:
                    _in_turn(connection, [wish.target])
                    return _force(connection, turn, kind, says)
            except _LostError:
                continue  # the other attempt's grant is seen at the next look

    def give_back(self, round_id: str, targets: Sequence[str] | None = None) -> list[str]:
        """Free what a round took for people whom no page of it can have reached.

        Somebody of whom the ledger has a delivery that was taken, that is under way, or of which nobody knows what
        became keeps what they were granted, whoever asks: another attempt may have told them meanwhile. So do those
        in a digest, which took nothing.

        Args:
            round_id: the round, or the digest.
            targets: who; everybody of the round when it is None.

        Returns:
            Whose slots are free again.
        """
        query = select(grants.c.target).where(grants.c.round_id == round_id, grants.c.kind != "digest")
        query = query.where(~_may_have_rung(grants.c.round_id, grants.c.target))
        if targets is not None:
            query = query.where(grants.c.target.in_(targets))
        with self.database.writing() as connection:
            found = list(connection.execute(query.order_by(grants.c.target)).scalars())
            for target in found:
                _release(connection, round_id, target)
        return found


def _in_turn(connection: Connection, targets: Sequence[str]) -> None:
    """Wait until nobody else counts the pages of these people; SQLite has one writer at a time anyway.

    The slots alone are not enough: who is pressed may take any of them, so that another who counts at this instant
    need not meet it.
    """
    if connection.dialect.name == "sqlite":
        return
    # In one order everywhere, so that no two wait for each other.
    for key in sorted({_number_of(target) for target in targets}):
        connection.execute(select(func.pg_advisory_xact_lock(key)))


def _number_of(target: str) -> int:
    return int.from_bytes(hashlib.sha256(f"escalade budget {target}".encode()).digest()[:8], signed=True)


def _take(connection: Connection, turn: _Turn) -> Granted | Full:
    before = _before(connection, turn)
    if before is not None:
        return before
    wish = turn.wish
    used = _used(connection, wish)
    if _full(used, turn) and _reclaim(connection, turn):
        used = _used(connection, wish)
    if full := _full(used, turn):
        return max(full, key=lambda one: one.until)
    if wish.collect is not None:
        if _collecting(connection, wish.target):
            return _grant(connection, turn, "digest", "a digest is being collected")
        if len(pages := _live(used, wish.collect, turn.at)) >= wish.collect.most:
            return _grant(connection, turn, "digest", wish.collect.says(len(pages)))
    _count(connection, turn, used)
    return _grant(connection, turn, "page", "")


def _force(connection: Connection, turn: _Turn, kind: GrantKind, says: str) -> Granted:
    before = _before(connection, turn)
    if before is not None:
        return before
    if kind != "digest":
        _count(connection, turn, _used(connection, turn.wish))
    return _grant(connection, turn, kind, says)


def _count(connection: Connection, turn: _Turn, used: _Used) -> None:
    """Take the lowest free slot of every window: one above the last when all of them are taken."""
    for window in sorted(_wanted(turn.wish)):
        n = next(n for n in itertools.count(1) if used.get((window.name, n), turn.at) <= turn.at)
        if not _insert(connection, turn, window, n):
            raise _LostError


def _before(connection: Connection, turn: _Turn) -> Granted | None:
    this = and_(grants.c.round_id == turn.round_id, grants.c.target == turn.wish.target)
    row = connection.execute(select(grants.c.kind, grants.c.says, grants.c.instead_of).where(this)).first()
    return None if row is None else Granted(row.kind, row.says, row.instead_of)


def _wanted(wish: Wish) -> list[Window]:
    return [*wish.windows, wish.collect] if wish.collect is not None else [*wish.windows]


def _full(used: _Used, turn: _Turn) -> list[Full]:
    """The windows that have no room, each with the instant at which enough of its pages are over."""
    found = []
    for window in turn.wish.windows:
        pages = _live(used, window, turn.at)
        if len(pages) >= window.most:
            # A window without slots never has room, and says so by its own length.
            until = pages[-window.most] if window.most else window.until
            found.append(Full(window.says(len(pages)), until))
    return found


def _live(used: _Used, window: Window, at: datetime) -> list[datetime]:
    """When each page that counts in a window is over, in order."""
    return sorted(until for (name, _), until in used.items() if name == window.name and until > at)


def _reclaim(connection: Connection, turn: _Turn) -> bool:
    """Free what rounds took for somebody whom they never told; whether there was any."""
    target = turn.wish.target
    query = select(slots.c.round_id).where(slots.c.target == target, slots.c.round_id != turn.round_id)
    query = query.where(slots.c.taken_at < turn.at - _UNSENT, slots.c.taken_at > turn.at - _LOOK_BACK)
    query = query.where(slots.c.free_at > turn.at, ~_may_have_rung(slots.c.round_id, slots.c.target))
    found = list(connection.execute(query.distinct()).scalars())
    for round_id in found:
        _release(connection, round_id, target)
    return bool(found)


def _may_have_rung(round_id: ColumnElement[str], target: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the ledger has a delivery of a round to somebody that may have arrived."""
    this = and_(deliveries.c.round_id == round_id, deliveries.c.target == target)
    in_vain = and_(deliveries.c.outcome.in_(("skipped", "failed")), deliveries.c.possibly_twice.is_(False))
    return exists().where(this, or_(deliveries.c.outcome.is_(None), ~in_vain))


def _release(connection: Connection, round_id: str, target: str) -> None:
    connection.execute(delete(slots).where(slots.c.target == target, slots.c.round_id == round_id))
    connection.execute(delete(grants).where(grants.c.round_id == round_id, grants.c.target == target))


_Used = Mapping[tuple[str, int], datetime]
"""By window and slot: when it is free again."""


def _used(connection: Connection, wish: Wish) -> _Used:
    names = [window.name for window in _wanted(wish)]
    if not names:
        return {}
    query = select(slots.c.window, slots.c.n, slots.c.free_at)
    query = query.where(slots.c.target == wish.target, slots.c.window.in_(names))
    return {(row.window, row.n): row.free_at for row in connection.execute(query)}


def _insert(connection: Connection, turn: _Turn, window: Window, n: int) -> bool:
    """Take a slot, unless somebody else has it by now."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {"round_id": turn.round_id, "taken_at": turn.at, "free_at": window.until}
    insert = dialect.insert(slots).values(target=turn.wish.target, window=window.name, n=n, **values)
    free = slots.c.free_at <= turn.at
    taken = insert.on_conflict_do_update(index_elements=list(slots.primary_key), set_=values, where=free)
    return connection.execute(taken.returning(slots.c.n)).first() is not None


def _collecting(connection: Connection, target: str) -> bool:
    open_one = and_(digests.c.target == target, digests.c.closed_at.is_(None))
    return connection.execute(select(digests.c.id).where(open_one)).first() is not None


def _grant(connection: Connection, turn: _Turn, kind: GrantKind, says: str) -> Granted:
    wish = turn.wish
    old = and_(grants.c.target == wish.target, grants.c.at < turn.at - _KEPT)
    connection.execute(delete(grants).where(old))
    granted = Granted(kind, says, wish.instead_of)
    this = {"round_id": turn.round_id, "target": wish.target, "at": turn.at}
    if not insert_if_new(connection, grants, {**this, **granted._asdict()}):
        raise _LostError  # another attempt at the same round, at this instant: it says what was granted
    return granted
