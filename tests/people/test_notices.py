"""Who is told what about duty, and when: computed, nothing sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from escalade.people.changes import Changes, Override, Version
from escalade.people.notices import Outlook, outlook, wants_notices
from escalade.people.roster import Roster
from escalade.people.schedule import Schedule
from escalade.testing import person

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEKLY = {"members": ["ana", "bob"], "start": "2026-02-23", "handoff": "monday 09:00"}


def roster(**schedule: Any) -> Roster:
    values: dict[str, Any] = {"zone": "UTC", "rotation": WEEKLY, **schedule}
    people = {name: person(name) for name in ("ana", "bob", "cyd")}
    return Roster(people=people, schedules={"duty": Schedule.model_validate(values)})


def look(people: Roster, at: datetime, *told: str, changes: Changes | None = None) -> Outlook:
    return outlook(people, changes or Changes(), at=at, told=frozenset(told))


def said(found: Outlook) -> list[tuple[str, str]]:
    return [(notice.kind, notice.person) for notice in found.due]


def test_both_sides_are_told_ahead_and_at_the_change() -> None:
    people = roster(handoff={"ahead": "2h"})
    assert said(look(people, MONDAY - 3 * HOUR)) == []
    assert look(people, MONDAY - 3 * HOUR).next_at == MONDAY - 2 * HOUR
    ahead = look(people, MONDAY - 2 * HOUR)
    assert said(ahead) == [("ahead", "ana"), ("ahead", "bob")]
    assert (ahead.due[0].going, ahead.due[0].coming) == (("ana",), ("bob",))
    assert ahead.due[0].until == MONDAY + timedelta(days=7)
    told = [notice.ids[0] for notice in ahead.due]
    again = look(people, MONDAY - HOUR, *told)
    assert (again.due, again.next_at) == ([], MONDAY)
    assert said(look(people, MONDAY, *told)) == [("change", "ana"), ("change", "bob")]


def test_late_notices_are_sent_for_an_hour_and_those_ahead_never_after_the_change() -> None:
    people = roster(handoff={})
    assert said(look(people, MONDAY + timedelta(minutes=59))) == [("change", "ana"), ("change", "bob")]
    assert said(look(people, MONDAY + HOUR)) == []


def test_only_what_is_asked_for_is_told() -> None:
    assert look(roster(), MONDAY) == Outlook([], None)
    assert not wants_notices(roster())
    assert said(look(roster(handoff={"ahead": None}), MONDAY - HOUR)) == []
    assert said(look(roster(handoff={"at_change": False}), MONDAY)) == []
    assert said(look(roster(handoff={"at_change": False}), MONDAY - HOUR)) == [("ahead", "ana"), ("ahead", "bob")]


def test_an_override_made_meanwhile_counts() -> None:
    people = roster(handoff={})
    override = Override(
        id="o1",
        schedule="duty",
        start=MONDAY,
        end=MONDAY + timedelta(days=1),
        made_at=MONDAY - HOUR,
        form="replace",
        whom="bob",
        people=("cyd",),
    )
    changes = Changes(overrides=(override,))
    told = [notice.ids[0] for notice in look(people, MONDAY - HOUR).due]
    # Ana and Bob were told ahead; then Cyd takes it over, and is told as well.
    assert said(look(people, MONDAY - HOUR / 2, *told, changes=changes)) == [("ahead", "cyd")]
    assert said(look(people, MONDAY, changes=changes)) == [("change", "ana"), ("change", "cyd")]
    assert said(look(people, MONDAY + timedelta(days=1), changes=changes)) == [("change", "bob"), ("change", "cyd")]


def test_a_change_of_the_reason_alone_is_no_handoff() -> None:
    override = Override(
        id="o1",
        schedule="duty",
        start=MONDAY + HOUR,
        end=MONDAY + 2 * HOUR,
        made_at=MONDAY,
        form="replace",
        people=("bob",),
    )
    people = roster(handoff={})
    assert said(look(people, MONDAY + HOUR, changes=Changes(overrides=(override,)))) == []


def test_the_owner_hears_of_gaps_once_when_they_are_found_and_once_when_they_are_near() -> None:
    restricted = {
        "name": "days",
        "rotation": WEEKLY,
        "restrictions": [{"from": "monday 09:00", "until": "friday 18:00"}],
    }
    people = roster(rotation=None, layers=[restricted], owner="cyd")
    found = look(people, MONDAY)
    (notice,) = found.due
    assert (notice.kind, notice.person, len(notice.gaps)) == ("gap", "cyd", 4)
    friday = datetime(2026, 3, 6, 18, tzinfo=UTC)
    assert notice.gaps[0] == (friday, datetime(2026, 3, 9, 9, tzinfo=UTC))
    later = look(people, MONDAY + HOUR, *notice.ids)
    assert (later.due, later.next_at) == ([], friday - timedelta(days=1))
    near = look(people, friday - timedelta(days=1), *notice.ids)
    assert said(near) == [("gap_near", "cyd")]
    assert said(look(people, friday - HOUR, *notice.ids, *near.due[0].ids)) == []
    assert look(roster(rotation=None, layers=[restricted], owner="cyd", gaps="meant"), MONDAY).due == []


def test_a_gap_that_is_found_when_it_is_near_is_told_once() -> None:
    override = Override(
        id="o1",
        schedule="duty",
        start=MONDAY + 5 * HOUR,
        end=MONDAY + 6 * HOUR,
        made_at=MONDAY,
        form="remove",
        whom="bob",
    )
    found = look(roster(owner="cyd"), MONDAY + HOUR, changes=Changes(overrides=(override,)))
    assert said(found) == [("gap_near", "cyd")]


def test_a_schedule_that_is_new_announces_no_change_of_before_it() -> None:
    people = roster(
        handoff={"ahead": None}, rotation={"every": "3m", "members": ["ana", "bob"], "start": "2026-03-02T00:00"}
    )
    made = MONDAY + timedelta(minutes=1)
    known = Changes(versions=(Version(schedule="duty", at=made),))
    assert len(said(look(people, made))) > 2
    assert said(look(people, made, changes=known)) == []
    assert said(look(people, MONDAY + timedelta(minutes=3), changes=known)) == [("change", "ana"), ("change", "bob")]
