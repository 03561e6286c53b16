"""Opening many tickets: a bounded number at once, each told as it comes, the bad ones not stopping the good ones."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cli.ticket.reading import Read
from escalade.errors import EscaladeError, Problem

if TYPE_CHECKING:
    from store import Store
    from worker.client import TicketClient

AT_ONCE = 16
"""Openings in flight. The embedded server takes about a hundred a second, however many wait."""
GIVE_UP_AFTER = 5
"""Openings failed in a row before the rest is left alone: the server is gone, and each would wait for it."""
PATIENCE = 1.0
"""Seconds before a progress bar is worth the flicker."""


@dataclass(slots=True)
class Opening:
    """A ticket that Temporal holds now."""

    line: int
    key: str
    title: str
    existed: bool
    """Whether it was there before: open, or opened by this very row and closed since."""


@dataclass(slots=True)
class Imported:
    """What became of the rows."""

    opened: list[Opening] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    left: int = 0
    """Rows that were not tried, because the server did not answer."""

    @property
    def failed(self) -> bool:
        """Whether anything is missing."""
        return bool(self.problems or self.left)


def knows_nothing(row: Read) -> Opening | None:  # noqa: ARG001 - the shape of `Handled`
    """No row was opened before."""
    return None


async def open_all(
    client: TicketClient,
    name: str,
    rows: Sequence[Read],
    progress: Callable[[], None],
    *,
    handled: Callable[[Read], Opening | None] = knows_nothing,
) -> Imported:
    """Open every ticket.

    Args:
        client: how to reach them.
        name: what the file is called in problems.
        rows: the good rows.
        progress: is called after each.
        handled: says which rows were opened before, by a ticket that is over.
    """
    result = Imported()
    waiting = iter(_by_ticket(rows))
    failures = 0

    async def open_one(row: Read) -> None:
        nonlocal failures
        if failures >= GIVE_UP_AFTER:
            result.left += 1
            return
        before = handled(row)
        if before is not None:
            result.opened.append(before)
            progress()
            return
        try:
            opened = await client.open(row.ticket)
        except EscaladeError as error:
            failures += 1
            mend = error.mend or "Run the same again: what was opened is not opened twice."
            result.problems.append(Problem(name, row.line, "", error.message, mend))
        else:
            failures = 0
            result.opened.append(Opening(row.line, opened.key, row.ticket.title, opened.existed))
        progress()

    async def take() -> None:
        for same_ticket in waiting:
            for row in same_ticket:
                await open_one(row)

    await asyncio.gather(*(take() for _ in range(AT_ONCE)))
    result.opened.sort(key=lambda opening: opening.line)
    return result


class Handled:
    """Which rows a ticket that is over had been opened by: opening them again would begin another life of it.

    A ticket so begun would close itself, since it learns what its key has handled; this spares it. Without a store
    there is nothing to be spared. Asked right before each opening, since the tickets of a run just before this one
    may be closing meanwhile.
    """

    def __init__(self, store: Store | None) -> None:
        """Args: store: what remembers it; None knows nothing."""
        self._store = store

    def __call__(self, row: Read) -> Opening | None:
        """The opening that this row was, if it was one."""
        from escalade.errors import StoreError
        from worker.client import key_of_new

        if self._store is None:
            return None
        key = key_of_new(row.ticket)
        try:
            known = event_stamp(row.ticket.event_id or "") in self._store.handled(key)
        except StoreError:
            self._store = None
            return None
        return Opening(row.line, key, row.ticket.title, existed=True) if known else None


def event_stamp(event_id: str) -> str:
    """An event id as tickets remember it; a test holds this equal to what the engine does."""
    return hashlib.sha256(event_id.encode("utf-8", "replace")).hexdigest()[:16]


def _by_ticket(rows: Sequence[Read]) -> list[list[Read]]:
    """Rows of one ticket stay in their order, whatever is in flight beside them."""
    found: dict[tuple[str, str, str | None], list[Read]] = {}
    for row in rows:
        ticket = row.ticket
        found.setdefault((ticket.tenant, ticket.source, ticket.dedupe_key), []).append(row)
    return list(found.values())


class Progress:
    """A bar on standard error, on a terminal only, and only when it takes long enough to be worth one."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        """`quiet` never shows it."""
        import time

        self._total = total
        self._done = 0
        self._clock = time.monotonic
        self._began = self._clock()
        self._wanted = not quiet and sys.stderr.isatty()
        self._bar: object | None = None

    def __call__(self) -> None:
        """One more is done."""
        self._done += 1
        if not self._wanted:
            return
        if self._bar is None:
            if self._clock() - self._began < PATIENCE:
                return
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            from cli.render.paper import console, redraws

            paper = console(stderr=True)
            if not redraws(paper):
                self._wanted = False
                return
            columns = (TextColumn("opening"), BarColumn(), MofNCompleteColumn())
            bar = Progress(*columns, console=paper, transient=True)
            self._task = bar.add_task("", total=self._total)
            bar.start()
            self._bar = bar
        self._update()

    def _update(self) -> None:
        bar = self._bar
        if bar is not None:
            bar.update(self._task, completed=self._done)  # type: ignore[attr-defined]

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()  # type: ignore[attr-defined]
