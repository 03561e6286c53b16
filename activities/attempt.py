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
from activities.place import PLACE, NotBegunError, Place
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
    turn: timedelta = timedelta(seconds=15)
    """How long a channel's room is waited for where the person has another method left."""
    crossing: timedelta = timedelta(seconds=5)
    """How long a message in the air is waited for once paging has stopped."""
    store: timedelta = timedelta(seconds=1)
    """How long a page waits for one call to the store."""


class Stop:
    """Says that no attempt may start any more, and until when the whole page has to be over."""

    def __init__(self, *, within: timedelta) -> None:
        self._asked = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + within.total_seconds()

    @property
    def is_asked(self) -> bool:
        """Whether paging has stopped."""
        return self._asked.is_set()

    @property
    def left(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self._end - self._loop.time())

    def ask(self) -> None:
        """Stop paging."""
        self._asked.set()

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than until paging stops."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._asked.wait(), seconds)

    async def first(self, task: asyncio.Task[Delivery], seconds: float, *also: asyncio.Event) -> None:
        """Wait for a task, for paging to stop, for something else, or for the time to pass: whichever comes first."""
        others = [asyncio.create_task(event.wait()) for event in (self._asked, *also)]
        try:
            await asyncio.wait({task, *others}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for other in others:
                other.cancel()


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a delivery."""

    outcome: Outcome
    provider_id: str = ""
    detail: str = ""


NOT_SENT: Final = Result("skipped", detail="paging stopped before it was sent")
NO_TIME: Final = Result("skipped", detail="no time was left in which to deliver")
NO_ROOM: Final = Result("skipped", detail="other messages were under way by this channel, and its turn did not come")


async def attempt(
    channel: Channel,
    message: Message,
    address: str,
    *,
    stop: Stop,
    patience: Patience,
    failpoints: Failpoints,
    otherwise: Callable[[], bool] = lambda: False,
) -> Result:
    """Try to deliver until the channel takes it, refuses it for good, or the time is up.

    A channel that sends only so many at once lets the others wait: that is no attempt yet, and takes nothing from the
    time that one may take.

    Args:
        channel: how.
        message: the same for every attempt, id included.
        address: where to.
        stop: asked before every attempt.
        patience: how often and how long.
        failpoints: hit before each attempt and after an accepted one.
        otherwise: asked when the channel had no room for a while; whether there is a better way than to wait on.
    """
    began = stop.left
    last: Result | None = None
    for pause in (*patience.pauses, None):
        if stop.is_asked:
            return last or NOT_SENT
        if not stop.left:
            return last or NO_TIME
        failpoints.hit("before_send")
        place = Place(stopped=lambda: stop.is_asked)
        task = asyncio.create_task(_send(channel, message, address, place))
        before = stop.left
        try:
            if (waited := await _no_room(task, place, stop, patience, otherwise)) is not None:
                return last or waited
            began -= before - stop.left
            result = await _in_the_air(task, place, stop, patience)
        except ChannelError as error:
            last = Result("failed", detail=one_line(str(error), _DETAIL))
            wait = max(pause or timedelta(0), error.retry_after or timedelta(0)).total_seconds()
            spent = began - stop.left
            if error.permanent or pause is None or spent + wait > patience.quick.total_seconds() or wait > stop.left:
                return last
            await stop.pause(wait)
            continue
        except NotBegunError:
            return last or NOT_SENT
        if result.outcome in ("accepted", "delivered", "crossed"):
            failpoints.hit("after_accept")
        return result
    raise AssertionError("the last attempt returns")


async def _send(channel: Channel, message: Message, address: str, place: Place) -> Delivery:
    PLACE.set(place)
    try:
        return await channel.send(message, address)
    except (ChannelError, NotBegunError):
        raise
    except Exception as error:
        # A channel of somebody else's may raise anything; the next method is tried all the same.
        _log.exception("A channel of kind %s failed in a way it should not.", channel.use)
        raise ChannelError(f"The channel failed: {type(error).__name__}: {error}", permanent=True) from error


async def _no_room(
    task: asyncio.Task[Delivery], place: Place, stop: Stop, patience: Patience, otherwise: Callable[[], bool]
) -> Result | None:
    """Wait until the channel has room; what to say instead when it never had any."""
    try:
        await asyncio.sleep(0)  # the channel begins, or finds that it has to wait
        if place.is_waiting:
            await stop.first(task, min(patience.turn.total_seconds(), stop.left), place.began)
        if place.is_waiting and not stop.is_asked and not otherwise():
            await stop.first(task, stop.left, place.began)
    except asyncio.CancelledError:
        await _abandon(task)
        raise
    if not place.is_waiting or task.done():
        return None
    await _abandon(task)
    return NOT_SENT if stop.is_asked else NO_ROOM


async def _in_the_air(task: asyncio.Task[Delivery], place: Place, stop: Stop, patience: Patience) -> Result:
    """One attempt.

    Raises:
        ChannelError: when it failed.
        NotBegunError: when paging stopped before anything was sent.
    """
    bound = min(patience.attempt.total_seconds(), stop.left)
    try:
        await stop.first(task, bound)
        crossed = stop.is_asked and not task.done() and not place.is_waiting
        if crossed:
            await asyncio.wait({task}, timeout=patience.crossing.total_seconds())
    except asyncio.CancelledError:
        # This process has to let go at once. The ledger has the intent, so whoever takes over sends again.
        await _abandon(task)
        raise
    if not task.done():
        await _abandon(task)
        if place.is_waiting:
            return NOT_SENT if stop.is_asked else NO_ROOM
        if crossed:
            return Result("crossed", detail="it was under way when paging stopped, and had no answer yet")
        return Result("unknown", detail=f"no answer within {bound:.3g} s")
    if task.cancelled():
        raise ChannelError("The channel gave up.")
    delivery = task.result()
    may_have_it = delivery.outcome in ("accepted", "delivered", "unknown")
    outcome: Outcome = "crossed" if crossed and may_have_it else delivery.outcome
    return Result(outcome, one_line(delivery.provider_id, _DETAIL), one_line(delivery.detail, _DETAIL))


async def _abandon(task: asyncio.Task[Delivery]) -> None:
    """Stop waiting for a channel. One that ignores being cancelled is left behind."""
    task.cancel()
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    await asyncio.wait({task}, timeout=1)
