"""What a ticket may cost in workflow events (`make bench` prints the figures), and that a broken limit is a failure."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from benchmarks.__main__ import PARTS, main
from benchmarks.histories import further_repeat, pending, whole_life
from benchmarks.report import Row
from benchmarks.stage import Stage, stage_on, two_tiers, write_configuration
from worker.testing import TicketTime, skipping_server

MakeStage = Callable[[str], Awaitable[tuple[TicketTime, Stage]]]

# The server and the queues are this file's own, but the machine is shared: one worker of pytest runs all of it.
pytestmark = pytest.mark.xdist_group("benchmarks")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[MakeStage]:
    async with AsyncExitStack() as stack:

        async def make(climb: str) -> tuple[TicketTime, Stage]:
            messages = write_configuration(tmp_path, *two_tiers(repeat="10m", climb=climb))
            time = await stack.enter_async_context(skipping_server())
            return time, await stack.enter_async_context(stage_on(time.client, tmp_path, messages))

        yield make


async def test_a_life_from_open_to_close_with_a_repeat_and_a_climb_takes_at_most_90_events(stage: MakeStage) -> None:
    assert await whole_life(*await stage("15m")) <= 90


async def test_each_further_repeat_takes_at_most_14_events(stage: MakeStage) -> None:
    assert await further_repeat(*await stage("never")) <= 14


async def test_30_days_pending_take_at_most_20_events_and_none_between_the_first_hour_and_the_return(
    stage: MakeStage,
) -> None:
    pause = await pending(*await stage("15m"))
    assert pause.waiting <= 20
    assert pause.between == 0


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (Row("events", 90, limit=90), 0),
        (Row("events", 91, limit=90), 1),
        (Row("ratio", 0.85, limit=0.85, sense="at least"), 0),
        (Row("ratio", 0.84, limit=0.85, sense="at least"), 1),
        (Row("told only", 1e9), 0),
    ],
)
def test_a_figure_beyond_its_limit_fails_the_run(
    row: Row, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(PARTS, "events", ("Events", lambda _: [row]))
    assert main(["--quick"]) == code
    assert ("FAIL" in capsys.readouterr().out) == bool(code)
