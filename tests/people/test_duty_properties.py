"""Duty against a walker of the wall clock that knows nothing of the implementation."""

from __future__ import annotations

import itertools
import os
from datetime import UTC, date, datetime, time, timedelta
from time import process_time
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from escalade.people import Schedule
from escalade.people.changes import Away, Changes, DutySlot, Override, Temporary
from escalade.people.duty import duty_at, gaps, shifts
from tests.people.making import EVERYBODY, NOTHING, ZONES, rotating, scheduled
from tests.people.walker import WEEK, people_at, turn_of

# A few days around a clock change, where there is one.
AROUND = {
    "UTC": (datetime(2026, 3, 28, tzinfo=UTC),),
    "Europe/Paris": (datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)),
    "America/Chicago": (datetime(2026, 3, 7, tzinfo=UTC), datetime(2026, 10, 31, tzinfo=UTC)),
    "America/St_Johns": (datetime(2026, 3, 7, tzinfo=UTC), datetime(2026, 10, 31, tzinfo=UTC)),
    "Australia/Lord_Howe": (datetime(2026, 4, 3, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC)),
    "Africa/Casablanca": (datetime(2026, 2, 14, tzinfo=UTC), datetime(2026, 3, 21, tzinfo=UTC)),
    "America/Sao_Paulo": (datetime(2018, 2, 17, tzinfo=UTC), datetime(2018, 11, 3, tzinfo=UTC)),
    "Pacific/Apia": (datetime(2011, 12, 29, tzinfo=UTC),),
    "Asia/Kathmandu": (datetime(2026, 3, 28, tzinfo=UTC),),
}
CLOCKS = st.sampled_from(["00:00", "01:30", "02:00", "02:30", "08:00", "09:00", "17:00", "20:00", "23:59"])
PEOPLE = st.sampled_from(EVERYBODY)
MEMBERS = st.lists(st.one_of(PEOPLE, st.lists(PEOPLE, min_size=2, max_size=2, unique=True)), min_size=1, max_size=4)
_THOROUGH = os.environ.get("ESCALADE_FUZZ") == "thorough"


def examples(number: int) -> settings:
    return settings(max_examples=number * 20 if _THOROUGH else number, deadline=None, derandomize=not _THOROUGH)


HALVES = st.sampled_from(["00", "30"])
EVERY = st.sampled_from(
    ["1 hour", "2 hours", "3 hours", "12 hours", "36 hours", "1 day", "2 days", "1 week", "2 weeks"]
)
STARTS = st.builds(
    "{:%Y-%m-%d}T{:02}:{}".format, st.dates(date(2010, 1, 1), date(2027, 1, 1)), st.integers(0, 23), HALVES
)


@st.composite
def rotations(draw: st.DrawFn) -> dict[str, Any]:
    made: dict[str, Any] = {"members": draw(MEMBERS), "start": draw(STARTS), "every": draw(EVERY)}
    if draw(st.integers(0, 4)) == 0:
        made["lasts"] = draw(st.sampled_from(["10m", "30m", "90m", "600m"]))
    return made


@st.composite
def restrictions(draw: st.DrawFn) -> dict[str, Any]:
    days = draw(st.lists(st.sampled_from(WEEK), min_size=1, max_size=7, unique=True))
    return {"days": days, "from": draw(CLOCKS), "until": draw(CLOCKS)}


@st.composite
def schedules(draw: st.DrawFn) -> dict[str, Any]:
    layers = [
        {"name": f"l{n}", "rotation": draw(rotations()), "restrictions": draw(st.lists(restrictions(), max_size=2))}
        for n in range(draw(st.integers(1, 3)))
    ]
    return {"zone": draw(st.sampled_from(ZONES)), "layers": layers}


@st.composite
def windows(draw: st.DrawFn, written: dict[str, Any]) -> tuple[datetime, datetime]:
    begin = draw(st.sampled_from(AROUND[written["zone"]])) + timedelta(hours=draw(st.integers(0, 24)))
    return begin, begin + timedelta(hours=draw(st.integers(1, 72)))


@st.composite
def spans(draw: st.DrawFn, window: tuple[datetime, datetime]) -> dict[str, Any]:
    length = int((window[1] - window[0]).total_seconds() // 60)
    start = draw(st.integers(-100, length))
    end = draw(st.integers(start + 1, length + 100))
    return {"start": window[0] + timedelta(minutes=start), "end": window[0] + timedelta(minutes=end)}


@st.composite
def changed(draw: st.DrawFn, window: tuple[datetime, datetime]) -> Changes:
    overrides = []
    for n in range(draw(st.integers(0, 4))):
        form = draw(st.sampled_from(["add", "remove", "replace"]))
        people = tuple(draw(st.lists(PEOPLE, min_size=1, max_size=2, unique=True))) if form != "remove" else ()
        override = {
            "schedule": "s",
            "form": form,
            "whom": draw(PEOPLE) if form == "remove" else None,
            "people": people,
            "priority": draw(st.integers(0, 1)),
            "made_at": window[0] + timedelta(seconds=draw(st.integers(0, 3))),
            **draw(spans(window)),
        }
        overrides.append(Override.model_validate({"id": f"o{n}", **override}))
    aways = [
        Away(id=f"a{n}", person=draw(PEOPLE), made_at=window[0], **draw(spans(window)))
        for n in range(draw(st.integers(0, 3)))
    ]
    temporaries = []
    for n in range(draw(st.integers(0, 1))):
        span = draw(spans(window))
        slots = tuple(DutySlot(person=draw(PEOPLE), **draw(spans(window))) for _ in range(draw(st.integers(0, 2))))
        temporaries.append(Temporary(id=f"t{n}", schedule="s", shifts=slots, made_at=window[0], **span))
    return Changes(overrides=tuple(overrides), aways=tuple(aways), temporaries=tuple(temporaries))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[dict[str, Any], Changes, tuple[datetime, datetime], list[datetime]]:
    written = draw(schedules())
    window = draw(windows(written))
    minutes = int((window[1] - window[0]).total_seconds() // 60)
    asked = [
        window[0] + timedelta(minutes=n) for n in draw(st.lists(st.integers(0, minutes - 1), min_size=1, max_size=5))
    ]
    return written, draw(changed(window)), window, asked


def on_duty(found: list[Any], at: datetime) -> list[str]:
    return sorted(shift.person for shift in found if shift.start <= at < shift.end)


@examples(250)
@given(worlds())
def test_duty_is_what_the_walker_of_the_wall_clock_finds(
    world: tuple[dict[str, Any], Changes, tuple[datetime, datetime], list[datetime]],
) -> None:
    written, changes, window, asked = world
    people = scheduled(**written)
    found = shifts(people, "s", changes, *window)
    edges = {at for shift in found for at in (shift.start, shift.end) if window[0] <= at < window[1]}
    second = timedelta(seconds=1)
    beside = [at + step for at in sorted(edges)[:12] for step in (-second, timedelta(0), second)]
    for at in [*asked, *(at for at in beside if window[0] <= at < window[1])]:
        assert on_duty(found, at) == people_at(written, changes, at), at


@examples(60)
@given(worlds())
def test_duty_shifts_and_gaps_agree_at_every_boundary(
    world: tuple[dict[str, Any], Changes, tuple[datetime, datetime], list[datetime]],
) -> None:
    written, changes, window, asked = world
    people = scheduled(**written)
    found = shifts(people, "s", changes, *window)
    empty = gaps(people, "s", changes, *window)
    both = [(s.start, s.end) for s in found] + [(gap.start, gap.end) for gap in empty]
    edges = {at for pair in both for at in pair if window[0] <= at < window[1]}
    for at in [*sorted(edges)[:6], *asked[:2]]:
        for instant in (at - timedelta(seconds=1), at, at + timedelta(seconds=1)):
            if not window[0] <= instant < window[1]:
                continue
            duty = duty_at(people, "s", changes, instant)
            assert sorted(duty.names) == on_duty(found, instant)
            assert bool(duty.nobody) == any(gap.start <= instant < gap.end for gap in empty) == (not duty.people)
            for shift in duty.people:
                assert shift in found
            away = {a.person for a in changes.aways if a.start <= instant < a.end}
            assert not away & set(duty.names)
            assert all(shift.because for shift in duty.people)


@examples(400)
@given(rotations(), st.sampled_from(ZONES), st.data())
def test_a_rotation_has_exactly_one_turn_at_every_instant_and_the_walker_knows_which(
    rotation: dict[str, Any], zone: str, data: st.DataObject
) -> None:
    rotation.pop("lasts", None)
    begin = data.draw(st.sampled_from(AROUND[zone]))
    people = rotating(zone, **rotation)
    found = shifts(people, "s", NOTHING, begin, begin + timedelta(days=3))
    turns = [sorted(m) if isinstance(m, list) else [m] for m in rotation["members"]]
    for minutes in data.draw(st.lists(st.integers(0, 3 * 24 * 60 - 1), min_size=4, max_size=4)):
        at = begin + timedelta(minutes=minutes)
        turn = turn_of(rotation, at, ZoneInfo(zone))
        assert turn is not None
        assert on_duty(found, at) == turns[turn[0] % len(turns)]
    starts = sorted({shift.start for shift in found})
    ends = {start: {s.end for s in found if s.start == start} for start in starts}
    for start, following in itertools.pairwise(starts):
        assert ends[start] == {following}


@examples(50)
@given(worlds(), st.sampled_from(ZONES))
def test_the_zone_of_whoever_asks_changes_nothing(
    world: tuple[dict[str, Any], Changes, tuple[datetime, datetime], list[datetime]], observer: str
) -> None:
    written, changes, window, asked = world
    people = scheduled(**written)
    there = ZoneInfo(observer)
    moved = (window[0].astimezone(there), window[1].astimezone(there))
    assert shifts(people, "s", changes, *moved) == shifts(people, "s", changes, *window)
    assert (
        duty_at(people, "s", changes, asked[0].astimezone(there)).people
        == duty_at(people, "s", changes, asked[0]).people
    )


def test_a_night_that_would_begin_on_a_day_that_a_zone_left_out_counts_for_nobody() -> None:
    rotation = {"members": ["ana"], "start": "2011-12-01"}
    nights = [{"from": "20:00", "until": "08:00"}]
    people = scheduled(zone="Pacific/Apia", layers=[{"name": "n", "rotation": rotation, "restrictions": nights}])
    begin = datetime(2011, 12, 29, 12, tzinfo=ZoneInfo("Pacific/Apia"))
    found = shifts(people, "s", NOTHING, begin, begin + timedelta(days=3))
    times = [f"{at.astimezone(ZoneInfo('Pacific/Apia')):%d %H:%M}" for s in found for at in (s.start, s.end)]
    assert times == ["29 20:00", "31 00:00", "31 20:00", "01 08:00"]
    # A part of the week that begins on such a day goes on over the days that there were.
    weekend = [{"from": "friday 18:00", "until": "sunday 08:00"}]
    people = scheduled(zone="Pacific/Apia", layers=[{"name": "w", "rotation": rotation, "restrictions": weekend}])
    (shift,) = shifts(people, "s", NOTHING, begin, begin + timedelta(days=2))
    assert f"{shift.start.astimezone(ZoneInfo('Pacific/Apia')):%d %H:%M}" == "31 00:00"


def test_a_year_of_an_hourly_rotation_takes_well_under_a_second() -> None:
    people = rotating("Europe/Paris", start="2026-01-05T00:00", every="1 hour")
    # Seconds of processor: what else the machine does is not its fault.
    began = process_time()
    found = shifts(people, "s", NOTHING, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert process_time() - began < 0.9
    # A slot is lost in spring, and the one of the autumn that lasts two hours stands for two.
    assert len(found) == 365 * 24 - 1


@examples(150)
@given(
    st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    st.integers(1, 13),
    st.sampled_from(["UTC", "Europe/Paris", "America/Chicago"]),
    st.integers(-40, 40),
)
def test_months_step_from_the_day_they_started_on_and_clamp_to_the_month(
    start: date, months: int, zone: str, number: int
) -> None:
    rotation = {"members": ["ana", "bob", "cyd"], "start": start.isoformat(), "every": f"{months} months"}
    schedule = Schedule.model_validate({"zone": zone, "rotation": rotation})
    month = start.year * 12 + start.month - 1 + number * months
    following = month + 1
    last = (date(following // 12, following % 12 + 1, 1) - timedelta(days=1)).day
    expected = datetime.combine(date(month // 12, month % 12 + 1, min(start.day, last)), time(9), ZoneInfo(zone))
    people = scheduled(zone=zone, rotation=rotation)
    (shift,) = duty_at(people, "s", NOTHING, expected).people
    assert shift.start == expected
    assert shift.person == ["ana", "bob", "cyd"][number % 3]
    assert schedule.tzinfo == ZoneInfo(zone)
