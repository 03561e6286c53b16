from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from activities.guard import Guard, StoreAwayError

SHORT = timedelta(seconds=0.05)
LONG = timedelta(seconds=30)


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Database:
    """Something that answers, fails or hangs, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False
        self.release = threading.Event()
        self.hangs = False

    def __call__(self) -> str:
        self.asked += 1
        if self.hangs:
            self.release.wait(30)
        if self.fails:
            raise OSError("disk on fire")
        return "here"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database() -> Iterator[Database]:
    made = Database()
    yield made
    made.release.set()


@pytest.fixture
def guard(clock: Clock) -> Iterator[Guard]:
    made = Guard(failures=3, rest=timedelta(seconds=5), clock=clock)
    yield made
    made.close()


async def fail(guard: Guard, database: Database, *, times: int) -> None:
    database.fails = True
    for _ in range(times):
        with pytest.raises(StoreAwayError):
            await guard.call(database, within=LONG)
    database.fails = False


async def test_an_answer_is_handed_through(guard: Guard, database: Database) -> None:
    assert await guard.call(database, within=LONG) == "here"


async def test_a_failure_says_what_failed(guard: Guard, database: Database) -> None:
    database.fails = True
    with pytest.raises(StoreAwayError, match="disk on fire"):
        await guard.call(database, within=LONG)


async def test_a_call_that_hangs_is_not_waited_for(guard: Guard, database: Database) -> None:
    database.hangs = True
    with pytest.raises(StoreAwayError, match=r"did not answer within 0\.05 s"):
        await guard.call(database, within=SHORT)


async def test_after_failures_in_a_row_the_store_is_left_alone(guard: Guard, database: Database) -> None:
    await fail(guard, database, times=3)
    assert guard.is_open
    with pytest.raises(StoreAwayError, match="left alone"):
        await guard.call(database, within=LONG)
    assert database.asked == 3


async def test_failures_with_an_answer_in_between_leave_it_closed(guard: Guard, database: Database) -> None:
    await fail(guard, database, times=2)
    await guard.call(database, within=LONG)
    await fail(guard, database, times=2)
    assert not guard.is_open
    assert await guard.call(database, within=LONG) == "here"


async def test_after_a_rest_one_call_tries_and_closes_it(guard: Guard, database: Database, clock: Clock) -> None:
    await fail(guard, database, times=3)
    clock.now += 5
    assert await guard.call(database, within=LONG) == "here"
    assert not guard.is_open


async def test_a_trial_that_fails_opens_it_again(guard: Guard, database: Database, clock: Clock) -> None:
    await fail(guard, database, times=3)
    clock.now += 5
    await fail(guard, database, times=1)
    with pytest.raises(StoreAwayError, match="left alone"):
        await guard.call(database, within=LONG)
    assert database.asked == 4


async def test_while_one_call_tries_the_others_go_on_without_the_store(
    guard: Guard, database: Database, clock: Clock
) -> None:
    await fail(guard, database, times=3)
    clock.now += 5
    database.hangs = True
    with pytest.raises(StoreAwayError, match="did not answer"):
        await guard.call(database, within=SHORT)
    with pytest.raises(StoreAwayError, match="left alone"):
        await guard.call(database, within=SHORT)
    assert database.asked == 4


async def hang(guard: Guard) -> None:
    slow = Database()
    slow.hangs = True
    with pytest.raises(StoreAwayError, match="did not answer"):
        await guard.call(slow, within=SHORT)
    slow.release.set()


async def test_a_store_that_is_slow_for_some_and_answers_others_is_busy_and_not_away(
    guard: Guard, database: Database, clock: Clock
) -> None:
    for _ in range(5):
        assert await guard.call(database, within=LONG) == "here"
        await hang(guard)
    assert not guard.is_open
    clock.now += 5
    for _ in range(3):
        await hang(guard)
    assert guard.is_open
