"""Budgets: how many pages somebody has had, and whether there is room for one more.

A page takes one slot of each of the person's windows, by conditional inserts in one transaction: of two tickets that
want the last slot at the same instant exactly one gets it (decision 47). Who was granted a page in a round stays
granted: the activity that is tried again takes no second slot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Connection, and_, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from escalade.people.capacity import Window
from store.database import insert_if_new
from store.room import Room
from store.tables import digests, grants, slots

GrantKind = Literal["page", "digest", "pressed"]
"""Told by a page; told in a digest; paged although everybody was over."""

_KEPT: Final = timedelta(days=8)
"""How long grants are kept: far longer than any attempt at a round lasts."""


class Granted(NamedTuple):
    """Somebody is told in a round."""

    kind: GrantKind
    says: str
    """What led to a digest, or to paging although over; empty for a plain page."""


class Full(NamedTuple):
    """Somebody has no room."""

    says: str
    """Which limit: that of the window that is full for the longest."""
    until: datetime
    """When there is room again."""


class _Wish(NamedTuple):
    """A page that somebody would be told by."""

    round_id: str
    target: str
    at: datetime


class _LostError(Exception):
    """Somebody else took the slot at this instant."""


class Budgets(Room):
    """Taking slots."""

    def granted(self, round_id: str) -> dict[str, Granted]:
        """Who was granted a page in a round so far, by target."""
        query = select(grants).where(grants.c.round_id == round_id).order_by(grants.c.target)
        with self.database.reading() as connection:
            return {row.target: Granted(row.kind, row.says) for row in connection.execute(query)}

    def take(
        self, round_id: str, target: str, windows: Sequence[Window], *, at: datetime, collect: Window | None = None
    ) -> Granted | Full:
        """Take a slot of every window, or none.

        Args:
            round_id: the round; asked again, it has what it was granted.
            target: who would be told.
            windows: whose slots a page takes.
            at: the instant of the page.
            collect: the window of digests: when it is full, or a digest is being collected, the page joins one and
                takes no slot; the digest takes them when it leaves.
        """
        wish = _Wish(round_id, target, at)
        while True:
            try:
                with self.database.writing() as connection:
                    return _take(connection, wish, sorted(windows), collect)
            except _LostError:
                continue  # seen at the next look; each turn somebody gets a slot, so it ends

    def force(
        self, round_id: str, target: str, windows: Sequence[Window], *, at: datetime, kind: GrantKind, says: str
    ) -> Granted:
        """Grant a page whatever the windows say; it takes the slots that are free."""
        wish = _Wish(round_id, target, at)
        with self.database.writing() as connection:
            before = _before(connection, wish)
            if before is not None:
                return before
            if kind != "digest":
                used = _used(connection, target, windows)
                for window in sorted(windows):
                    if (n := _free(used, window, at)) is not None:
                        _insert(connection, wish, window, n)
            return _grant(connection, wish, Granted(kind, says))


def _take(connection: Connection, wish: _Wish, windows: Sequence[Window], collect: Window | None) -> Granted | Full:
    before = _before(connection, wish)
    if before is not None:
        return before
    wanted = [*windows, collect] if collect is not None else [*windows]
    used = _used(connection, wish.target, wanted)
    full = [Full(window.says, _free_at(used, window)) for window in windows if _free(used, window, wish.at) is None]
    if full:
        return max(full, key=lambda one: one.until)
    if collect is not None:
        if _collecting(connection, wish.target):
            return _grant(connection, wish, Granted("digest", "a digest is being collected"))
        if _free(used, collect, wish.at) is None:
            return _grant(connection, wish, Granted("digest", collect.says))
    for window in wanted:
        n = _free(used, window, wish.at)
        assert n is not None
        if not _insert(connection, wish, window, n):
            raise _LostError
    return _grant(connection, wish, Granted("page", ""))


def _before(connection: Connection, wish: _Wish) -> Granted | None:
    this = and_(grants.c.round_id == wish.round_id, grants.c.target == wish.target)
    row = connection.execute(select(grants.c.kind, grants.c.says).where(this)).first()
    return None if row is None else Granted(row.kind, row.says)


_Used = Mapping[tuple[str, int], datetime]
"""By window and slot: when it is free again."""


def _used(connection: Connection, target: str, windows: Sequence[Window]) -> _Used:
    names = [window.name for window in windows]
    if not names:
        return {}
    query = select(slots.c.window, slots.c.n, slots.c.free_at)
    query = query.where(slots.c.target == target, slots.c.window.in_(names))
    return {(row.window, row.n): row.free_at for row in connection.execute(query)}


def _free(used: _Used, window: Window, at: datetime) -> int | None:
    """The lowest slot that is free; None when there is none."""
    numbers = range(1, window.most + 1)
    return next((n for n in numbers if used.get((window.name, n), at) <= at), None)


def _free_at(used: _Used, window: Window) -> datetime:
    """When a full window has a free slot again; a window without slots never has, and says so by its own length."""
    taken = [used[window.name, n] for n in range(1, window.most + 1)]
    return min(taken, default=window.until)


def _insert(connection: Connection, wish: _Wish, window: Window, n: int) -> bool:
    """Take a slot, unless somebody else has it by now."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {"round_id": wish.round_id, "taken_at": wish.at, "free_at": window.until}
    insert = dialect.insert(slots).values(target=wish.target, window=window.name, n=n, **values)
    free = slots.c.free_at <= wish.at
    taken = insert.on_conflict_do_update(index_elements=list(slots.primary_key), set_=values, where=free)
    return connection.execute(taken.returning(slots.c.n)).first() is not None


def _collecting(connection: Connection, target: str) -> bool:
    open_one = and_(digests.c.target == target, digests.c.closed_at.is_(None))
    return connection.execute(select(digests.c.id).where(open_one)).first() is not None


def _grant(connection: Connection, wish: _Wish, granted: Granted) -> Granted:
    old = and_(grants.c.target == wish.target, grants.c.at < wish.at - _KEPT)
    connection.execute(delete(grants).where(old))
    values = {**wish._asdict(), "kind": granted.kind, "says": granted.says}
    if not insert_if_new(connection, grants, values):
        raise _LostError  # another attempt at the same round, at this instant: it says what was granted
    return granted
