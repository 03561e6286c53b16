"""Signals that wait for their turn: a workflow task decides so many at a time and leaves the others to the next.

Temporal hands all that arrived while no worker ran to one workflow task, up to 10,000 signals, and takes a task that
computes for two seconds for a deadlock: it would fail, and be tried again with the same, for ever.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from temporalio.common import RawValue

from escalade.engine import Event
from escalade.messages import COMMANDS

AT_ONCE: Final = 200
"""Signals decided in one workflow task."""

PATIENCE: Final = timedelta(seconds=10)
"""How long paging waits for commands among those that wait; a flood that does not end must not silence a ticket."""


class Backlog:
    """What has arrived and is not decided yet, in order."""

    def __init__(self, events: Sequence[Event] = (), *, read: Callable[[str, Sequence[RawValue]], Event]) -> None:
        """Keep what waits.

        Args:
            events: what the run before handed over.
            read: makes an event of a signal's name and arguments; never raises.
        """
        self.read = read
        self._waiting: deque[Event | tuple[str, Sequence[RawValue]]] = deque(events)
        self._commands = sum(self._is_command(one) for one in self._waiting)
        self._expected = 0
        self._since: datetime | None = None
        self._task = 0
        self._taken = 0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def passes(self, task: int) -> bool:
        """Whether a signal that has just arrived is decided at once; it counts then.

        Args:
            task: which workflow task this is, by the length of its history.
        """
        if self._waiting or not self._left(task):
            return False
        self._taken += 1
        return True

    def add(self, name: str, args: Sequence[RawValue]) -> None:
        """Let a signal wait. It is not read yet: reading thousands takes its time as well."""
        self._waiting.append((name, args))
        self._commands += name in COMMANDS

    def turn(self, task: int) -> list[Event]:
        """Those whose turn it is, read.

        Args:
            task: which workflow task this is, by the length of its history.
        """
        most = min(len(self._waiting), self._left(task))
        self._taken += most
        return [self.next() for _ in range(most)]

    def next(self) -> Event:
        """The oldest, read."""
        one = self._waiting.popleft()
        self._commands -= self._is_command(one)
        return self.read(*one) if isinstance(one, tuple) else one

    @property
    def has_commands(self) -> bool:
        """Whether somebody's command is among those that wait: whoever gives another one waits behind it."""
        return self._commands > 0

    @contextmanager
    def expecting(self) -> Iterator[None]:
        """Somebody's command waits for the length of the block, elsewhere than here."""
        self._expected += 1
        try:
            yield
        finally:
            self._expected -= 1

    def holds_paging(self, now: datetime) -> bool:
        """Whether somebody's command waits: perhaps it is an acknowledgement, which is in hand already (decision 2).

        Args:
            now: the instant, UTC.
        """
        if not self._commands and not self._expected:
            self._since = None
            return False
        self._since = self._since or now
        return now - self._since < PATIENCE

    def _left(self, task: int) -> int:
        if task != self._task:
            self._task, self._taken = task, 0
        return AT_ONCE - self._taken

    @staticmethod
    def _is_command(one: Event | tuple[str, Sequence[RawValue]]) -> bool:
        return (one[0] if isinstance(one, tuple) else getattr(one, "name", "")) in COMMANDS
