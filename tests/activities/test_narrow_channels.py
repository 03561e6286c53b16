"""A channel that sends only so many at once: waiting for a turn is no attempt, and what waits can still be stopped."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from activities.attempt import NO_ROOM, NOT_SENT, Patience, Result, Stop, attempt
from activities.channels.threads import Threads
from activities.failpoints import Failpoints
from activities.place import PLACE, NotBegunError, Place
from activities.turns import urgency
from escalade.extension import Channel, Delivery, Message


class Narrow(Channel):
    """Sends one at a time, by a library that blocks."""

    use: ClassVar[str] = "narrow"
    Settings: ClassVar[type[BaseModel]] = BaseModel

    def __init__(self, settings: Any = None) -> None:
        self.threads = Threads("narrow", most=1)
        self.called: list[str] = []
        self.gate = threading.Event()
        self.takes = 0.0

    def check_address(self, address: str) -> str | None:
        return None

    async def send(self, message: Message, address: str) -> Delivery:
        await self.threads.run(lambda: self._call(address))
        return Delivery(outcome="accepted")

    def _call(self, address: str) -> None:
        self.called.append(address)
        if self.takes:
            time.sleep(self.takes)
        else:
            self.gate.wait(30)

    async def begun(self, number: int) -> None:
        """Wait until so many calls have begun."""
        async with asyncio.timeout(10):
            while len(self.called) < number:
                await asyncio.sleep(0.001)


@pytest.fixture
def narrow() -> Iterator[Narrow]:
    channel = Narrow()
    yield channel
    channel.gate.set()


def sending(
    channel: Channel,
    address: str,
    *,
    stop: Stop | None = None,
    patience: Patience = Patience(),  # noqa: B008  frozen
    otherwise: Callable[[], bool] = lambda: False,
) -> asyncio.Task[Result]:
    message = Message(id=address, subject="s", text="t", severity="sev3", ticket="k")
    stop = stop or Stop(within=timedelta(seconds=60))
    return asyncio.create_task(
        attempt(channel, message, address, stop=stop, patience=patience, failpoints=Failpoints(), otherwise=otherwise)
    )


async def waiting(channel: Narrow, number: int) -> None:
    """Wait until so many wait for their turn."""
    async with asyncio.timeout(10):
        while len(channel.threads._turns._waiting) < number:
            await asyncio.sleep(0)


async def test_what_waits_for_its_turn_is_not_taken_for_an_attempt_without_answer(narrow: Narrow) -> None:
    narrow.takes = 0.1
    brief = Patience(attempt=timedelta(seconds=0.6))
    results = await asyncio.gather(*(sending(narrow, f"a{n}", patience=brief) for n in range(10)))
    assert {result.outcome for result in results} == {"accepted"}


async def test_what_waits_when_paging_stops_is_never_sent(narrow: Narrow) -> None:
    first = sending(narrow, "first")
    await narrow.begun(1)
    stop = Stop(within=timedelta(seconds=60))
    second = sending(narrow, "second", stop=stop)
    await waiting(narrow, 1)
    stop.ask()
    assert await second == NOT_SENT
    narrow.gate.set()
    assert (await first).outcome == "accepted"
    assert (await sending(narrow, "third")).outcome == "accepted"
    assert narrow.called == ["first", "third"]


async def test_nothing_begins_in_a_thread_once_paging_has_stopped(narrow: Narrow) -> None:
    PLACE.set(Place(stopped=lambda: True))
    with pytest.raises(NotBegunError):
        await narrow.threads.run(lambda: narrow.called.append("late"))
    PLACE.set(None)
    narrow.gate.set()
    assert (await sending(narrow, "next")).outcome == "accepted"
    assert narrow.called == ["next"]


async def test_without_a_turn_in_all_its_time_a_delivery_is_skipped_and_says_so(narrow: Narrow) -> None:
    first = sending(narrow, "first")
    await narrow.begun(1)
    result = await sending(narrow, "second", stop=Stop(within=timedelta(seconds=0.1)))
    assert result == NO_ROOM
    narrow.gate.set()
    await first
    assert narrow.called == ["first"]


async def test_whoever_has_another_method_does_not_wait_for_ever(narrow: Narrow) -> None:
    first = sending(narrow, "first")
    await narrow.begun(1)
    soon = Patience(turn=timedelta(seconds=0.05))
    assert await sending(narrow, "second", patience=soon, otherwise=lambda: True) == NO_ROOM
    third = sending(narrow, "third", patience=soon)
    await waiting(narrow, 1)
    narrow.gate.set()
    assert (await third).outcome == "accepted"
    await first


async def test_the_most_urgent_go_first_and_otherwise_whoever_came_first(narrow: Narrow) -> None:
    tasks = [sending(narrow, "first")]
    await narrow.begun(1)
    for address, rank in [("a", 3), ("b", 3), ("c", 1), ("d", 2)]:
        urgency.set(rank)
        tasks.append(sending(narrow, address))
        await waiting(narrow, len(tasks) - 1)
    narrow.gate.set()
    await asyncio.gather(*tasks)
    assert narrow.called == ["first", "c", "d", "a", "b"]


async def test_a_call_that_was_given_up_keeps_its_thread_until_it_ends(narrow: Narrow) -> None:
    hasty = Patience(attempt=timedelta(seconds=0.05))
    assert (await sending(narrow, "hangs", patience=hasty)).outcome == "unknown"
    second = sending(narrow, "second")
    await waiting(narrow, 1)
    narrow.gate.set()
    assert (await second).outcome == "accepted"
    assert narrow.called == ["hangs", "second"]
