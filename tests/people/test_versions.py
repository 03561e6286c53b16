"""A reload moves nobody: versions of schedules (decision 34)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from escalade.people import Roster
from escalade.people.changes import Changes, Version
from escalade.people.duty import duty_at
from escalade.people.eras import stored_eras
from escalade.people.resolve import RoundRequest, resolve_round
from escalade.people.versions import new_versions, settled
from tests.people.making import EVERYBODY, NOTHING, of, rotating, scheduled, utc
from tests.people.test_duty_properties import examples

MONDAY = utc(2026, 3, 2)
DAY = timedelta(days=1)
THURSDAY_NOON = utc(2026, 3, 5, 12)


def daily(*members: str, **more: Any) -> Roster:
    return rotating("UTC", *members, **{"start": "2026-03-02T00:00", "every": "1 day", **more})


def reloaded(before: Roster, after: Roster, at: datetime = THURSDAY_NOON) -> Changes:
    """What is stored once the second one was loaded at an instant."""
    first = settled(before, NOTHING, MONDAY)
    return settled(after, first, at)


def turns(people: Roster, changes: Changes, days: int = 9) -> str:
    noons = (MONDAY + n * DAY + timedelta(hours=13) for n in range(days))
    return " ".join("+".join(duty_at(people, "s", changes, noon).names) or "-" for noon in noons)


def test_without_a_reload_the_start_decides() -> None:
    people = daily("ana", "bob", "cyd")
    changes = settled(people, NOTHING, THURSDAY_NOON)
    assert len(changes.versions) == 1
    assert turns(people, changes) == turns(people, NOTHING) == "ana bob cyd ana bob cyd ana bob cyd"


def test_a_reload_that_changes_nothing_stores_nothing() -> None:
    people = daily("ana", "bob", "cyd")
    changes = settled(people, NOTHING, MONDAY)
    assert new_versions(people, changes, THURSDAY_NOON) == []
    renamed = rotating("UTC", start="2026-03-02T00:00", every="1 day")
    renamed.schedules["s"] = renamed.schedules["s"].model_copy(update={"name": "another", "owner": "eve"})
    assert new_versions(renamed, changes, THURSDAY_NOON) == []


def test_removing_somebody_off_duty_leaves_the_one_on_duty_on_duty() -> None:
    after = daily("ana", "cyd")
    assert turns(after, reloaded(daily("ana", "bob", "cyd"), after)) == "ana bob cyd ana cyd ana cyd ana cyd"


def test_somebody_added_takes_their_place_in_the_new_order_and_moves_nobody() -> None:
    after = daily("dan", "ana", "eve", "bob", "cyd")
    assert turns(after, reloaded(daily("ana", "bob", "cyd"), after)) == "ana bob cyd ana eve bob cyd dan ana"


def test_somebody_on_duty_who_is_removed_is_replaced_at_once_by_the_next() -> None:
    after = daily("bob", "cyd")
    changes = reloaded(daily("ana", "bob", "cyd"), after)
    found = of(after, MONDAY + 3 * DAY, MONDAY + 5 * DAY, changes)
    assert [(shift.person, shift.start) for shift in found] == [
        ("ana", MONDAY + 3 * DAY),
        ("bob", THURSDAY_NOON),
        ("cyd", MONDAY + 4 * DAY),
    ]


def test_a_shift_that_was_under_way_is_one_shift_over_the_reload() -> None:
    after = daily("ana", "cyd")
    (shift,) = duty_at(after, "s", reloaded(daily("ana", "bob", "cyd"), after), THURSDAY_NOON).people
    assert (shift.person, shift.start, shift.end) == ("ana", MONDAY + 3 * DAY, MONDAY + 4 * DAY)


def test_when_the_handoff_moves_the_shift_under_way_ends_as_it_was_promised() -> None:
    after = daily("ana", "bob", "cyd", start="2026-03-02T08:00")
    changes = reloaded(daily("ana", "bob", "cyd"), after)
    found = of(after, MONDAY + 3 * DAY, MONDAY + 5 * DAY, changes)
    assert [(shift.person, shift.start, shift.end) for shift in found] == [
        ("ana", MONDAY + 3 * DAY, MONDAY + 4 * DAY),
        ("bob", MONDAY + 4 * DAY, MONDAY + 4 * DAY + timedelta(hours=8)),
        ("cyd", MONDAY + 4 * DAY + timedelta(hours=8), MONDAY + 5 * DAY + timedelta(hours=8)),
    ]


def test_instants_of_the_past_are_answered_by_the_version_of_their_time() -> None:
    after = scheduled(zone="UTC", layers=[{"name": "only", "rotation": _rotation("eve")}])
    changes = reloaded(daily("ana", "bob", "cyd"), after)
    assert turns(after, changes, days=6) == "ana bob cyd eve eve eve"
    again = daily("dan")
    changes = settled(again, changes, THURSDAY_NOON + DAY)
    assert turns(again, changes, days=6) == "ana bob cyd eve dan dan"


def _rotation(*members: str) -> dict[str, Any]:
    return {"members": list(members), "start": "2026-03-02T00:00", "every": "1 day"}


def test_a_reload_that_no_version_tells_of_yet_moves_nobody_either() -> None:
    stored = settled(daily("ana", "bob", "cyd"), NOTHING, MONDAY)
    after = daily("eve", "ana", "bob", "cyd")
    request = RoundRequest(targets=["schedule:s"])
    found = resolve_round(after, request, at=THURSDAY_NOON, load={}, changes=stored)
    assert [recipient.target for recipient in found.recipients] == ["person:ana"]


def test_a_version_that_cannot_be_read_is_left_out() -> None:
    people = daily("ana", "bob", "cyd")
    stored = settled(people, NOTHING, MONDAY)
    newer = stored.versions[0].model_copy(update={"at": MONDAY + DAY, "written": {"zone": "UTC", "spiral": True}})
    changes = Changes(versions=(*stored.versions, newer))
    assert turns(people, changes) == "ana bob cyd ana bob cyd ana bob cyd"


@pytest.mark.parametrize(
    "refused", [{"lasts": "0s"}, {"from": "2026-03-03", "until": "2026-03-01"}, {"members": [["ana", "ana"]]}]
)
def test_a_version_answers_for_its_time_when_it_would_be_refused_today(refused: dict[str, Any]) -> None:
    rotation = {"members": ["eve"], "start": "2026-03-02T00:00", "every": "1 day"} | refused
    with pytest.raises(ValidationError):
        scheduled(zone="UTC", rotation=rotation)
    old = Version(schedule="s", at=MONDAY, written={"zone": "UTC", "rotation": rotation})
    stored = settled(daily("ana", "bob", "cyd"), Changes(versions=(old,)), THURSDAY_NOON)
    assert [era.start for era in stored_eras("s", stored.versions)][1:] == [THURSDAY_NOON]


def test_the_layers_of_a_schedule_are_carried_over_each_for_itself() -> None:
    def layered(*nights: str) -> Roster:
        office = {"from": "08:00", "until": "12:00"}
        days = {"name": "days", "rotation": _rotation("dan", "eve"), "restrictions": [office]}
        return scheduled(zone="UTC", layers=[days, {"name": "nights", "rotation": _rotation(*nights)}])

    after = layered("cyd", "ana")
    changes = reloaded(layered("ana", "bob", "cyd"), after)
    assert turns(after, changes) == "ana bob cyd ana cyd ana cyd ana cyd"
    assert duty_at(after, "s", changes, THURSDAY_NOON - timedelta(hours=2)).names == ["eve"]
    assert duty_at(after, "s", changes, THURSDAY_NOON + DAY - timedelta(hours=2)).names == ["dan"]


MEMBERS = st.lists(st.sampled_from(EVERYBODY), min_size=1, max_size=5, unique=True)


@examples(150)
@given(MEMBERS, MEMBERS, st.sampled_from(["1 hour", "7 hours", "1 day", "1 week"]), st.integers(0, 60 * 24 * 20))
def test_whoever_is_on_duty_stays_to_the_end_and_then_the_new_order_follows(
    old: list[str], new: list[str], every: str, minutes: int
) -> None:
    at = MONDAY + timedelta(minutes=minutes)
    before, after = daily(*old, every=every), daily(*new, every=every)
    changes = reloaded(before, after, at)
    (was,) = duty_at(before, "s", NOTHING, at).people
    (now,) = duty_at(after, "s", changes, at).people
    order = old[old.index(was.person) :] + old[: old.index(was.person)]
    assert now.person == next((p for p in order if p in new), new[0])
    assert now.end == was.end
    if was.start < at:
        assert duty_at(after, "s", changes, at - timedelta(seconds=1)).names == [was.person]
    following = now
    for _ in range(len(new) + 1):
        (then,) = duty_at(after, "s", changes, following.end).people
        assert then.person == new[(new.index(following.person) + 1) % len(new)]
        assert then.start == following.end
        following = then
