"""Named points at which a process kills itself, so that tests can prove what a kill at the worst instant costs.

A worker reads `ESCALADE_FAILPOINT` (for example `after_accept:1`) and hands the result to the activities. At the
n-th hit of the named point the process gets SIGKILL: no cleanup, no flush, as when the machine loses power.
Without the variable nothing here does anything.

The points, in the order of a page:

- `before_send`: the intent is in the ledger, nothing has been sent.
- `after_accept`: the provider has accepted, and nobody has recorded it.
- `before_record`: the ledger knows the outcomes, the journal does not.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping
from typing import Final

from escalade.errors import EscaladeError

VARIABLE: Final = "ESCALADE_FAILPOINT"
POINTS: Final = ("before_send", "after_accept", "before_record")


def _kill_this_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Failpoints:
    """Counts the hits of one named point and ends the process at the n-th."""

    def __init__(self, point: str = "", *, at: int = 1, end: Callable[[], None] = _kill_this_process) -> None:
        """Arm a point.

        Args:
            point: one of `POINTS`; empty arms none.
            at: the hit that ends the process, counted from 1.
            end: what ends it.

        Raises:
            EscaladeError: when there is no such point.
        """
        if point and point not in POINTS:
            raise EscaladeError(f"{point!r} is no failpoint.", mend=f"There are {', '.join(POINTS)}.")
        self._point = point
        self._left = at
        self._end = end
        self._lock = threading.Lock()

    @classmethod
    def read(cls, env: Mapping[str, str]) -> Failpoints:
        """Read `ESCALADE_FAILPOINT`: `point` or `point:n`.

        Raises:
            EscaladeError: when it cannot be read: a kill test that kills nothing would prove nothing.
        """
        written = env.get(VARIABLE, "").strip()
        point, _, count = written.partition(":")
        if (written and not point) or (count and not (count.isascii() and count.isdigit() and int(count) > 0)):
            raise EscaladeError(f"{VARIABLE}={written!r} cannot be read.", mend="Write it like after_accept:1.")
        return cls(point, at=int(count or 1))

    def hit(self, point: str) -> None:
        """Say that this point was passed."""
        if point != self._point:
            return
        with self._lock:
            self._left -= 1
            ends = self._left == 0
        if ends:
            self._end()
