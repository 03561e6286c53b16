"""The five-row matrix across a weekend, a change of the clocks and French holidays, on the real server in skipped time.

A ticket's time begins with the present: it waits for its customer until the Friday before the change that comes next.
Where it is expected then is counted here, with the days of the `holidays` library and without the calendars of the
house.
"""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays
import pytest

from escalade.record import Entry
from tests.tower import Climber, tower_of
from tests.workflows.test_examples import copy_of_the_examples
from worker.testing import TicketTime

PARIS = ZoneInfo("Europe/Paris")
CLOCKS = """
clocks:
  resolution: {calendar: paris-office, target: 10h, warn_at: [50, -1h], pause_on: [pending]}
"""


@pytest.fixture
def way() -> str:
    """Once is enough here: what the three ways could change is tested with less to wait for."""
    return "as is"


def friday_before_a_change(month: int) -> date:
    """The Friday before the next time that the clocks change in a month: on its last Sunday, which has 31 days."""
    today = datetime.now(UTC).date()
    for year in (today.year, today.year + 1):
        last = date(year, month, 31)
        friday = last - timedelta(days=(last.weekday() + 1) % 7 + 2)
        if friday > today + timedelta(days=1):
            return friday
    raise AssertionError("there is one every year")


def works(day: date) -> bool:
    """Whether the office of the examples works on a day in March, April, October or November."""
    return day.weekday() < 5 and day not in holidays.country_holidays("FR")


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """An instant by the wall clock of Paris."""
    return datetime.combine(day, time(hour, minute), PARIS).astimezone(UTC)


def whole(instant: datetime) -> datetime:
    """To the nearest second: what is due is never early, and on this server milliseconds late."""
    return (instant + timedelta(milliseconds=500)).replace(microsecond=0).astimezone(UTC)


def entries(ticket: Climber, *kinds: str) -> list[Entry]:
    return [entry for entry in ticket.journal() if entry.kind in kinds]


@pytest.mark.parametrize("month", [3, 10], ids=["an hour less", "an hour more"])
async def test_D2_a_whole_climb_over_a_weekend_with_a_change_of_the_clocks_and_holidays(  # noqa: N802 - by its id
    ticket_time: TicketTime, tmp_path: Path, month: int
) -> None:
    friday = friday_before_a_change(month)
    days = [day for n in range(1, 15) if works(day := friday + timedelta(days=n))]
    sunday = friday + timedelta(days=2)
    assert at(sunday, 23) - at(sunday, 0) != timedelta(hours=23), "the clocks change in it"
    directory = copy_of_the_examples(tmp_path)
    policy = directory / "policies" / "matrix.yaml"
    policy.write_text(re.sub("pending_at_most: .*", "pending_at_most: 400d", policy.read_text()) + CLOCKS)
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(tower_of(ticket_time, directory))
        ticket = await there.open("it is broken", severity="sev3", status="pending")
        now = await there.time.now(ticket.handle)
        await ticket.forward(seconds=(at(friday, 16) - now).total_seconds())
        assert there.post.sent == [], "nobody is told while it waits for its customer"
        await ticket.does("cleo", "message", text="here are the logs")
        await ticket.settled()
        [back] = entries(ticket, "pending.ended")
        assert at(friday, 16) <= back.at < at(friday, 16) + timedelta(minutes=1)
        now = await there.time.now(ticket.handle)
        await ticket.forward(seconds=(at(days[2], 9) - now).total_seconds() + 60)

        rows = {
            entry.data["tier"]: whole(entry.at - back.at + at(friday, 16)) for entry in entries(ticket, "tier.entered")
        }
        rows.pop("agent")  # when it was opened
        assert rows == {
            "team-lead": at(friday, 16, 15),
            "service-manager": at(friday, 17, 15),
            "director": at(friday, 21, 15),
            "executive": at(friday + timedelta(days=1), 9, 15),
            "catch-all": whole(at(days[2], 9) - back.at + at(friday, 16)),
        }
        rounds = [whole(e.at) for e in entries(ticket, "round.started") if e.data["tier"] == "executive"]
        # Twice a day of the office, on the wall clock after the change.
        assert rounds == [at(day, hour) for day in days[:2] for hour in (9, 14)]

        # Ten hours of the office: one on Friday, which is short, eight on the next working day, one on that after it;
        # the message came a moment after four, and all of it is that moment later: nine hours are over after the close.
        late = back.at - at(friday, 16)
        told = {
            (tuple(e.data["thresholds"]), whole(e.at - late)) for e in entries(ticket, "clock.warned", "clock.breached")
        }
        assert told == {
            (("50%",), at(days[0], 14)),
            (("-1h",), at(days[1], 9)),
            (("breach",), at(days[1], 10)),
        }
        assert there.store.verify() == []
