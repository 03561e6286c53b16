"""Turns: a bounded number at once, and the most urgent of those who wait first."""

from __future__ import annotations

import asyncio

from activities.turns import Turns, urgency


async def test_the_most_urgent_who_waits_is_next_and_equals_keep_their_order() -> None:
    turns = Turns(1)
    served: list[str] = []
    go = asyncio.Event()

    async def holder() -> None:
        async with turns.turn():
            await go.wait()

    async def one(name: str, rank: int) -> None:
        urgency.set(rank)
        async with turns.turn():
            served.append(name)

    first = asyncio.create_task(holder())
    await asyncio.sleep(0)
    asked = (("a", 5), ("b", 3), ("sev1", 1), ("c", 3), ("notice", 8))
    waiting = [asyncio.create_task(one(name, rank)) for name, rank in asked]
    await asyncio.sleep(0)
    go.set()
    await asyncio.gather(first, *waiting)
    assert served == ["sev1", "b", "c", "a", "notice"]


async def test_no_more_than_so_many_are_at_it_and_who_gives_up_takes_nobodys_turn() -> None:
    turns = Turns(2)
    now = most = 0

    async def one() -> None:
        nonlocal now, most
        async with turns.turn():
            now += 1
            most = max(most, now)
            await asyncio.sleep(0)
            now -= 1

    tasks = [asyncio.create_task(one()) for _ in range(20)]
    await asyncio.sleep(0)
    for task in tasks[5:10]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert most == 2
    async with turns.turn(), turns.turn():
        pass


async def test_who_is_cancelled_in_the_instant_of_its_turn_passes_it_on() -> None:
    turns = Turns(1)
    held = asyncio.Event()

    async def hold() -> None:
        async with turns.turn():
            await held.wait()

    async def wait() -> None:
        async with turns.turn():
            pass

    first = asyncio.create_task(hold())
    await asyncio.sleep(0)
    second, third = asyncio.create_task(wait()), asyncio.create_task(wait())
    await asyncio.sleep(0)
    held.set()
    await first  # the second has been called, and has not run yet
    second.cancel()
    await asyncio.wait_for(third, 1)
