"""Access to the store that never holds up a page.

Calls run on threads of their own and are bounded in time; after several failures in a row the store is left alone
for a while (decisions 25 and 46). As many run at once as there are threads, the most urgent first: in a storm a store
that is busy must not be taken for one that is away, or nobody would have a limit just when it matters.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final, TypeVar

from activities.turns import Turns
from escalade.errors import StoreError

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

FAILURES: Final = 3
"""So many failures in a row, and the store is left alone."""
REST: Final = timedelta(seconds=5)
"""So long; then one call tries again."""


class StoreAwayError(StoreError):
    """The store does not answer."""


class Guard:
    """A circuit breaker around calls to the store, shared by everything in a process that must not wait for it."""

    def __init__(
        self,
        *,
        threads: int = 4,
        failures: int = FAILURES,
        rest: timedelta = REST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin closed: the store is taken to be there.

        Args:
            threads: how many calls run at once.
            failures: how many in a row open the breaker.
            rest: how long it stays open.
            clock: seconds that only go forward.
        """
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="store")
        self._turns = Turns(threads)
        self._most = failures
        self._rest = rest.total_seconds()
        self._clock = clock
        self._failed = 0
        self._closed_again_at = 0.0
        self._answered_at = float("-inf")

    @property
    def is_open(self) -> bool:
        """Whether the store is being left alone right now."""
        return self._failed >= self._most and self._clock() < self._closed_again_at

    async def call(self, work: Callable[[], _T], *, within: timedelta) -> _T:
        """Run a blocking call to the store.

        Args:
            work: what to do; it may finish after the time is up, unseen, so it has to be safe to repeat.
            within: how long to wait for it, once it is its turn.

        Raises:
            StoreAwayError: when it failed, took too long, or the store is being left alone.
        """
        async with self._turns.turn():
            return await self._call(work, within)

    async def _call(self, work: Callable[[], _T], within: timedelta) -> _T:
        if self.is_open:  # perhaps only since it began to wait for its turn: then all who wait go on without it
            raise StoreAwayError("The store is left alone for a moment: it failed several times in a row.")
        if self._failed >= self._most:
            # This call tries whether it is back. The others go on without it until this one knows.
            self._closed_again_at = self._clock() + self._rest
        try:
            async with asyncio.timeout(within.total_seconds()):
                result = await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except TimeoutError as error:
            sentence = f"The store did not answer within {within.total_seconds():g} s."
            if self._failed < self._most and self._clock() - self._answered_at < self._rest:
                # It answers others: it is busy, not away. To leave it alone would lift everybody's limits.
                raise StoreAwayError(sentence) from error
            raise self._failure(sentence) from error
        except Exception as error:
            # Whatever it is, the page has to go out: what is wrong with the store is the journal's matter.
            raise self._failure(f"The store failed: {error}") from error
        if self._failed >= self._most:
            _log.info("The store answers again.")
        self._failed = 0
        self._answered_at = self._clock()
        return result

    def close(self) -> None:
        """Let the threads go. What is running is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _failure(self, sentence: str) -> StoreAwayError:
        self._failed += 1
        if self._failed >= self._most:
            self._closed_again_at = self._clock() + self._rest
            if self._failed == self._most:
                _log.warning("%s Pages go out without it; it is tried again every %g s.", sentence, self._rest)
        return StoreAwayError(sentence)
