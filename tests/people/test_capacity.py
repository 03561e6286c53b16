"""Capacity as written, and what it says at an instant."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from escalade.people.capacity import Capacity, digest_window, night_until, quiet_until, windows
from escalade.time.zones import WEEKDAYS

PARIS = ZoneInfo("Europe/Paris")
HOUR = timedelta(hours=1)


def capacity(**given: object) -> Capacity:
    return Capacity.model_validate(given)


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


NIGHTS = capacity(quiet=[{"from": "22:00", "to": "07:00"}])
WEEKEND = capacity(
    quiet=[
        {"from": "00:00", "to": "24:00", "days": ["saturday", "sunday"]},
        {"from": "20:00", "to": "08:00", "days": ["sunday"]},
    ]
)


@pytest.mark.parametrize(
    ("quiet", "at", "until"),
    [
        (NIGHTS, "2026-03-04T21:59:59", None),
        (NIGHTS, "2026-03-04T22:00:00", "2026-03-05T07:00:00"),
        (NIGHTS, "2026-03-05T06:59:59", "2026-03-05T07:00:00"),
        (NIGHTS, "2026-03-05T07:00:00", None),
        # The night in which clocks go forward is an hour shorter, and ends at the same wall clock.
        (NIGHTS, "2026-03-28T23:00:00", "2026-03-29T07:00:00"),
        (WEEKEND, "2026-03-06T23:59:59", None),
        # Stretches that follow one another without a break are one: to Monday morning.
        (WEEKEND, "2026-03-07T00:00:00", "2026-03-09T08:00:00"),
        (WEEKEND, "2026-03-09T07:59:59", "2026-03-09T08:00:00"),
        (WEEKEND, "2026-03-09T08:00:00", None),
    ],
)
def test_quiet_hours_go_by_the_wall_clock_and_the_weekday_they_begin_on(
    quiet: Capacity, at: str, until: str | None
) -> None:
    assert quiet_until(quiet, PARIS, paris(at)) == (paris(until) if until else None)


@given(
    start=st.times(),
    stop=st.times(),
    days=st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=3, unique=True),
    at=st.datetimes(datetime(2026, 3, 20), datetime(2026, 4, 5)),  # noqa: DTZ001  a zone is added
)
def test_quiet_hours_agree_with_a_look_at_every_minute(start: time, stop: time, days: list[str], at: datetime) -> None:
    start, stop = start.replace(second=0, microsecond=0), stop.replace(second=0, microsecond=0)
    quiet = capacity(quiet=[{"from": f"{start:%H:%M}", "to": f"{stop:%H:%M}", "days": days}])
    at = at.replace(second=0, microsecond=0, tzinfo=UTC)  # in UTC no minute is skipped or comes twice

    def is_quiet(instant: datetime) -> bool:
        clock, today = instant.time(), WEEKDAYS[instant.weekday()]
        yesterday = WEEKDAYS[(instant.weekday() - 1) % 7]
        if start < stop:
            return today in days and start <= clock < stop
        return (today in days and clock >= start) or (yesterday in days and clock < stop)

    found = quiet_until(quiet, ZoneInfo("UTC"), at)
    walked = at
    while is_quiet(walked):
        walked += timedelta(minutes=1)
    assert found == (walked if walked != at else None)


def test_a_page_takes_a_slot_of_each_window_and_of_the_night_only_by_night() -> None:
    both = capacity(limits=[{"pages": 5, "per": "1h"}, {"pages": 3, "per": "night"}])
    noon, midnight = paris("2026-03-04T12:00"), paris("2026-03-04T23:59")
    assert [(w.name, w.most, w.until) for w in windows(both, PARIS, noon)] == [("1h", 5, noon + HOUR)]
    assert [(w.name, w.until) for w in windows(both, PARIS, midnight)] == [
        ("1h", midnight + HOUR),
        ("night", paris("2026-03-05T07:00")),
    ]
    assert night_until(PARIS, noon) is None


def test_rest_is_one_slot_that_is_longer_after_a_night_page() -> None:
    rested = capacity(rest={"between": "5m", "after_night": "6h"})
    [by_day] = windows(rested, PARIS, noon := paris("2026-03-04T12:00"))
    [by_night] = windows(rested, PARIS, night := paris("2026-03-04T03:00"))
    assert (by_day.most, by_day.until - noon, by_night.until - night) == (1, timedelta(minutes=5), 6 * HOUR)


def test_a_person_takes_what_they_leave_out_from_the_one_for_all() -> None:
    everybody = capacity(limits=[{"pages": 5, "per": "1h"}], rest={"between": "5m"})
    mine = capacity(limits=[]).under(everybody)
    assert (mine.limits, mine.rest.between) == ([], timedelta(minutes=5))
    assert capacity().under(everybody) == everybody
    assert capacity().is_unlimited
    assert not everybody.is_unlimited


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"limits": [{"pages": 5, "per": "1h"}, {"pages": 3, "per": "60m"}]}, "keep the smaller one"),
        ({"limits": [{"pages": 5, "per": "fortnight"}]}, "is not a duration"),
        ({"limits": [{"pages": 0, "per": "1h"}]}, "greater than or equal to 1"),
        ({"quiet": [{"from": "00:00", "to": "24:00"}]}, "cover the whole week"),
        ({"quiet": [{"from": 22, "to": "07:00"}]}, "in quotes"),
        ({"quiet": [{"from": "25:00", "to": "07:00"}]}, "no 25:00 in a day"),
        ({"digest": {"above": 5, "per": "10m", "every": "0s"}}, "out of bounds: 0s; give 1s to 1d"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_mend(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        capacity(**wrong)


def test_e18_above_ten_notices_in_a_quarter_of_an_hour_they_are_collected_for_five_minutes() -> None:
    rule = capacity(digest={"above": 10, "per": "15m", "every": "5m"}).digest
    assert rule is not None
    at = paris("2026-03-04T12:00")
    window = digest_window(rule, at)
    assert (window.most, window.until - at, rule.every) == (10, timedelta(minutes=15), timedelta(minutes=5))
