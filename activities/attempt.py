"""One delivery through one channel: attempts that are bounded, and that stop when paging stops."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from activities.failpoints import Failpoints
from activities.untrusted import one_line
from escalade.errors import ChannelError
from escalade.extension import Channel, Delivery, Message
from escalade.messages.activities import Outcome

_DETAIL: Final = 300
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a delivery is tried."""

    pauses: tuple[timedelta, ...] = (timedelta(seconds=0.5), timedelta(seconds=2))
    """Before each further attempt after a failure that may pass; there are no more attempts than these."""
    quick: timedelta = timedelta(seconds=5)
    """No attempt starts later than this after the first: the person's next method is the better bet then."""
    attempt: timedelta = timedelta(seconds=15)
    """How long a channel may take; after that nobody can say what became of the message."""
    crossing: timedelta = timedelta(seconds=5)
    """How long a message in the air is waited for once paging has stopped."""
    store: timedelta = timedelta(seconds=1)
    """How long a page waits for one call to the store."""


class Stop:
    """Says that no attempt may start any more, and until when the whole page has to be over."""

    def __init__(self, *, within: timedelta) -> None:
        self._asked = asyncio.Event()
        self._clock: Callable[[], float] = asyncio.get_running_loop().time
        self._end = self._clock() + within.total_seconds()

    @property
    def is_asked(self) -> bool:
        """Whether paging has stopped."""
        return self._asked.is_set()

    @property
    def left(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self._end - self._clock())

    def ask(self) -> None:
        """Stop paging."""
        self._asked.set()

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than until paging stops."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._asked.wait(), seconds)

    async def first(self, task: asyncio.Task[Delivery], seconds: float) -> None:
        """Wait for a task, for paging to stop, or for the time to pass: whichever comes first."""
        asked = asyncio.create_task(self._asked.wait())
        try:
            await asyncio.wait({task, asked}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a delivery."""

    outcome: Outcome
    provider_id: str = ""
    detail: str = ""


NOT_SENT: Final = Result("skipped", detail="paging stopped before it was sent")
NO_TIME: Final = Result("skipped", detail="no time was left in which to deliver")


async def attempt(
    channel: Channel, message: Message, address: str, *, stop: Stop, patience: Patience, failpoints: Failpoints
) -> Result:
    """Try to deliver until the channel takes it, refuses it for good, or the time is up.

    Args:
        channel: how.
        message: the same for every attempt, id included.
        address: where to.
        stop: asked before every attempt.
        patience: how often and how long.
        failpoints: hit before each attempt and after an accepted one.
    """
    began = stop.left
    last: Result | None = None
    for pause in (*patience.pauses, None):
        if stop.is_asked:
            return last or NOT_SENT
        if not stop.left:
            return last or NO_TIME
        failpoints.hit("before_send")
        try:
            result = await _in_the_air(channel, message, address, stop, patience)
        except ChannelError as error:
            last = Result("failed", detail=one_line(str(error), _DETAIL))
            wait = max(pause or timedelta(0), error.retry_after or timedelta(0)).total_seconds()
            spent = began - stop.left
            if error.permanent or pause is None or spent + wait > patience.quick.total_seconds() or wait > stop.left:
                return last
            await stop.pause(wait)
            continue
        if result.outcome in ("accepted", "delivered", "crossed"):
            failpoints.hit("after_accept")
        return result
    raise AssertionError("the last attempt returns")


async def _in_the_air(channel: Channel, message: Message, address: str, stop: Stop, patience: Patience) -> Result:
    """One attempt.

    Raises:
        ChannelError: when it failed.
    """
    task = asyncio.create_task(channel.send(message, address))
    bound = min(patience.attempt.total_seconds(), stop.left)
    try:
        await stop.first(task, bound)
        crossed = stop.is_asked and not task.done()
        if crossed:
            await asyncio.wait({task}, timeout=patience.crossing.total_seconds())
    except asyncio.CancelledError:
        # This process has to let go at once. The ledger has the intent, so whoever takes over sends again.
        await _abandon(task)
        raise
    if not task.done():
        await _abandon(task)
        if crossed:
            return Result("crossed", detail="it was under way when paging stopped, and had no answer yet")
        return Result("unknown", detail=f"no answer within {bound:.3g} s")
    if task.cancelled():
        raise ChannelError("The channel gave up.")
    try:
        delivery = task.result()
    except ChannelError:
        raise
    except Exception as error:
        # A channel of somebody else's may raise anything; the next method is tried all the same.
        _log.exception("A channel of kind %s failed in a way it should not.", channel.use)
        raise ChannelError(f"The channel failed: {type(error).__name__}: {error}", permanent=True) from error
    outcome: Outcome = "crossed" if crossed and delivery.outcome in ("accepted", "delivered") else delivery.outcome
    return Result(outcome, one_line(delivery.provider_id, _DETAIL), one_line(delivery.detail, _DETAIL))


async def _abandon(task: asyncio.Task[Delivery]) -> None:
    """Stop waiting for a channel. One that ignores being cancelled is left behind."""
    task.cancel()
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    await asyncio.wait({task}, timeout=1)
