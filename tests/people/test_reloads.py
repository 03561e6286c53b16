"""Whatever is reloaded, swapped and overridden in a row: the past stays, nobody is moved, and every answer agrees."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from escalade.people import Roster
from escalade.people.changes import Away, Changes, DutySlot, Override, Swap
from escalade.people.duty import DutyShift, duty_at, gaps, shifts
from escalade.people.versions import settled
from tests.people.making import EVERYBODY, NOTHING, ZONES, rotating
from tests.people.test_duty_properties import AROUND, examples

HOUR = timedelta(hours=1)
MEMBERS = st.lists(st.sampled_from(EVERYBODY), min_size=1, max_size=4, unique=True)
EVERY = st.sampled_from(["2 hours", "7 hours", "12 hours", "1 day", "3 days"])
RULES = st.sampled_from(["FREQ=DAILY;BYHOUR=2,14", "FREQ=DAILY;BYDAY=MO,WE,FR,SU"])


@st.composite
def rotations(draw: st.DrawFn) -> dict[str, Any]:
    length = {"every": draw(EVERY)} if draw(st.booleans()) else {"rrule": draw(RULES)}
    start = f"{draw(st.dates(date(2015, 1, 1), date(2026, 1, 1)))}T{draw(st.integers(0, 23)):02}:30"
    return {"start": start, **length}


@st.composite
def reloads(draw: st.DrawFn) -> tuple[list[Roster], list[datetime]]:
    """Configurations of one schedule, one after the other, and when each was loaded."""
    zone = draw(st.sampled_from(ZONES))
    begin = draw(st.sampled_from(AROUND[zone]))
    written = draw(rotations())
    rosters, loaded = [], []
    for _ in range(draw(st.integers(2, 4))):
        written = draw(rotations()) if draw(st.integers(0, 3)) == 0 else written
        rosters.append(rotating(zone, *draw(MEMBERS), **written))
        loaded.append(begin)
        begin += timedelta(minutes=draw(st.integers(0, 40 * 60)))
    return rosters, loaded


def cut(found: list[DutyShift], at: datetime) -> list[tuple[str, datetime, datetime]]:
    """Shifts up to an instant; of one that a reload split, the parts are one."""
    parts: list[tuple[str, datetime, datetime]] = []
    for shift in found:
        if parts and parts[-1][0] == shift.person and parts[-1][2] == shift.start:
            parts[-1] = (shift.person, parts[-1][1], min(shift.end, at))
        else:
            parts.append((shift.person, shift.start, min(shift.end, at)))
    return parts


@examples(40)
@given(reloads())
def test_a_reload_changes_no_past_instant_and_moves_nobody_who_is_still_a_member(
    made: tuple[list[Roster], list[datetime]],
) -> None:
    rosters, loaded = made
    changes = settled(rosters[0], NOTHING, loaded[0])
    for before, after, at in zip(rosters, rosters[1:], loaded[1:], strict=False):
        was, known = duty_at(before, "s", changes, at), changes
        changes = settled(after, known, at)
        # Whole shifts reach into the future, which may change; who had them until now may not.
        past = (at - 60 * HOUR, at)
        assert cut(shifts(after, "s", changes, *past), at) == cut(shifts(before, "s", known, *past), at)
        (one,) = was.people
        (now,) = duty_at(after, "s", changes, at).people
        members = after.schedules["s"].members()
        if one.person in members:
            assert now.person == one.person
            # Somebody alone hands off to themselves: that is no end of a shift.
            if len(before.schedules["s"].members()) > 1 and len(members) > 1:
                assert now.end >= one.end
                (then,) = duty_at(after, "s", changes, one.end).people
                order = members[members.index(one.person) :] + members[: members.index(one.person)]
                # Turns that Apia's left-out day swallowed pass their members over.
                assert then.person in order[:2] or after.schedules["s"].zone == "Pacific/Apia"
        assert gaps(after, "s", changes, at - 60 * HOUR, at + 60 * HOUR) == []


@st.composite
def changes_around(draw: st.DrawFn, people: Roster, at: datetime) -> Changes:
    def span() -> dict[str, Any]:
        start = at + timedelta(minutes=draw(st.integers(-3000, 3000)))
        return {"start": start, "end": start + timedelta(minutes=draw(st.integers(1, 3000)))}

    def change(letter: str, n: int) -> dict[str, Any]:
        return {"id": f"{letter}{n}", "schedule": "s", "made_at": at + timedelta(seconds=draw(st.integers(0, 3)))}

    person = st.sampled_from(EVERYBODY)
    overrides = []
    for n in range(draw(st.integers(0, 3))):
        whom, comes = draw(st.lists(person, min_size=2, max_size=2, unique=True))
        values = {"form": "replace", "whom": whom, "people": (comes,), "priority": draw(st.integers(0, 1))}
        overrides.append(Override.model_validate({**change("o", n), **values, **span()}))
    row = list(shifts(people, "s", NOTHING, at - 72 * HOUR, at + 72 * HOUR))
    swaps = []
    for n in range(draw(st.integers(0, 2))):
        one, other = draw(st.sampled_from(row)), draw(st.sampled_from(row))
        if one.person != other.person:
            halves = [DutySlot(person=s.person, start=s.start, end=s.end) for s in (one, other)]
            ends: dict[str, Any] = {"start": min(s.start for s in halves), "end": max(s.end for s in halves)}
            swaps.append(Swap(**change("s", n), **ends, first=halves[0], second=halves[1]))
    aways = [Away(id=f"a{n}", person=draw(person), made_at=at, **span()) for n in range(draw(st.integers(0, 2)))]
    return Changes(overrides=tuple(overrides), swaps=tuple(swaps), aways=tuple(aways))


@examples(50)
@given(st.sampled_from(ZONES), MEMBERS, rotations(), st.data())
def test_who_preview_and_gaps_say_the_same_whatever_was_changed(
    zone: str, members: list[str], written: dict[str, Any], data: st.DataObject
) -> None:
    at = data.draw(st.sampled_from(AROUND[zone]))
    people = rotating(zone, *members, **written)
    changes = data.draw(changes_around(people, at))
    since, until = at - 24 * HOUR, at + 48 * HOUR
    found = shifts(people, "s", changes, since, until)
    empty = gaps(people, "s", changes, since, until)
    pairs = [(s.start, s.end) for s in found] + [(gap.start, gap.end) for gap in empty]
    edges = [edge for pair in pairs for edge in pair if since <= edge < until]
    for instant in [*edges[:8], at, at + timedelta(minutes=data.draw(st.integers(0, 2800)))]:
        for asked in (instant - timedelta(seconds=1), instant):
            if not since <= asked < until:
                continue
            here = {s.person for s in found if s.start <= asked < s.end}
            duty = duty_at(people, "s", changes, asked)
            assert set(duty.names) == here
            assert bool(here) != any(gap.start <= asked < gap.end for gap in empty)
            assert all(shift in found for shift in duty.people)
            assert not here & {a.person for a in changes.aways if a.start <= asked < a.end}
            assert duty.until is None or duty.until > asked


@examples(40)
@given(
    st.sampled_from(ZONES),
    st.sampled_from(
        [
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
            "FREQ=MONTHLY;BYDAY=1MO",
            "FREQ=MONTHLY;BYMONTHDAY=-1",
            "FREQ=MONTHLY;BYMONTHDAY=31",
            "FREQ=DAILY;INTERVAL=3",
            "FREQ=DAILY;BYDAY=MO,WE",
        ]
    ),
    st.dates(date(2010, 1, 1), date(2027, 1, 1)),
    st.data(),
)
def test_the_members_of_a_rule_take_turns_without_gap_and_the_first_has_the_start(
    zone: str, rule: str, start: Any, data: st.DataObject
) -> None:
    people = rotating(zone, "ana", "bob", "cyd", start=f"{start}T02:30", rrule=rule)
    begin = data.draw(st.sampled_from([*AROUND[zone], datetime(start.year, start.month, start.day, 18, tzinfo=UTC)]))
    found = shifts(people, "s", NOTHING, begin, begin + timedelta(days=200))
    order = ["ana", "bob", "cyd"]
    for one, other in itertools.pairwise(found):
        assert one.end == other.start
        step = 1 if zone != "Pacific/Apia" else 2  # a turn that the left-out day swallowed passes its member over
        assert (order.index(other.person) - order.index(one.person)) % 3 in range(1, step + 1)
    anchor = datetime.combine(
        start, datetime.min.time().replace(hour=3, minute=30), tzinfo=people.schedules["s"].tzinfo
    )
    assert duty_at(people, "s", NOTHING, anchor.astimezone(UTC)).names == ["ana"]
