"""Overrides, swaps, temporary schedules and time off: who is on duty, and why them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from escalade.people import Person, Roster
from escalade.people.changes import Away, Changes, DutySlot, ImportedShifts, Override, Swap, Temporary
from escalade.people.duty import duty_at, gaps
from escalade.people.resolve import RoundRequest, resolve_round
from tests.people.making import NOTHING, local, of, rotating, scheduled, told, utc

MONDAY = utc(2026, 3, 2)
DAY = timedelta(days=1)
# ana has Monday, bob Tuesday, cyd Wednesday.
DAILY = rotating("UTC", start="2026-03-02T00:00", every="1 day")
NOON = utc(2026, 3, 2, 12)


def override(n: int, form: str, *people: str, whom: str | None = None, **more: Any) -> Override:
    """The n-th made, of all Monday unless said otherwise."""
    made = {"id": f"o{n}", "schedule": "s", "form": form, "whom": whom, "people": people}
    window = {"start": MONDAY, "end": MONDAY + DAY, "made_at": MONDAY + timedelta(seconds=n)}
    return Override.model_validate({**made, **window, **more})


def away(person: str, start: datetime = MONDAY, end: datetime = MONDAY + DAY) -> Away:
    return Away(id=f"away-{person}", person=person, start=start, end=end, made_at=MONDAY)


def on(*overrides: Override, aways: tuple[Away, ...] = (), at: datetime = NOON, **more: Any) -> list[str]:
    return duty_at(DAILY, "s", Changes(overrides=overrides, aways=aways, **more), at).names


def test_an_override_adds_removes_replaces_somebody_or_everybody() -> None:
    assert on(override(1, "add", "eve")) == ["ana", "eve"]
    assert on(override(1, "remove", whom="ana")) == []
    assert on(override(1, "remove", whom="bob")) == ["ana"]
    assert on(override(1, "replace", "eve", whom="ana")) == ["eve"]
    assert on(override(1, "replace", "eve", "dan", whom="ana")) == ["eve", "dan"]
    assert on(override(1, "replace", "eve", whom="bob")) == ["ana"]
    assert on(override(1, "replace", "eve", "dan")) == ["eve", "dan"]


def test_of_overlapping_overrides_the_higher_priority_then_the_later_made_wins() -> None:
    assert on(override(1, "replace", "bob"), override(2, "replace", "cyd")) == ["cyd"]
    assert on(override(1, "replace", "bob", priority=1), override(2, "replace", "cyd")) == ["bob"]
    assert on(override(1, "replace", "bob", whom="ana"), override(2, "replace", "cyd", whom="ana")) == ["cyd"]
    assert on(override(1, "remove", whom="ana"), override(2, "add", "ana")) == ["ana"]
    assert on(override(1, "add", "eve"), override(2, "remove", whom="eve")) == ["ana"]
    assert on(override(2, "add", "eve"), override(1, "remove", whom="eve")) == ["ana", "eve"]
    assert on(override(1, "add", "eve"), override(2, "replace", "cyd")) == ["cyd"]
    assert on(override(1, "replace", "cyd"), override(2, "add", "eve")) == ["cyd", "eve"]


def test_overrides_build_on_each_other() -> None:
    bob_for_ana = override(1, "replace", "bob", whom="ana")
    assert on(bob_for_ana, override(2, "replace", "cyd", whom="bob")) == ["cyd"]
    assert on(bob_for_ana, override(2, "replace", "ana", whom="bob")) == ["ana"]
    assert on(override(1, "remove", whom="ana"), override(2, "replace", "bob", whom="ana")) == ["bob"]
    # bob is on duty: that ana is not changes nothing about him.
    assert on(bob_for_ana, override(2, "remove", whom="ana")) == ["bob"]


def test_an_override_of_everybody_fills_gaps_too() -> None:
    short = rotating("UTC", start="2026-03-02T00:00", every="1 day", lasts="1h")
    changes = Changes(overrides=(override(1, "replace", "eve"),))
    assert duty_at(short, "s", NOTHING, NOON).names == []
    assert duty_at(short, "s", changes, NOON).names == ["eve"]


def test_of_an_override_only_those_count_who_are_there() -> None:
    assert on(override(1, "replace", "eve"), aways=(away("eve"),)) == ["ana"]
    assert on(override(1, "replace", "eve", "dan"), aways=(away("eve"),)) == ["dan"]
    assert on(override(1, "add", "eve"), aways=(away("eve"),)) == ["ana"]
    # Somebody who has left people.yaml since cannot be told anything.
    assert on(override(1, "replace", "gone")) == ["ana"]


def test_the_part_of_somebody_away_goes_to_the_next_who_is_not() -> None:
    assert on(aways=(away("ana"),)) == ["bob"]
    assert on(aways=(away("ana"), away("bob"))) == ["cyd"]
    assert on(aways=(away("ana"), away("bob"), away("cyd"))) == []
    noon = away("ana", NOON, NOON + timedelta(hours=1))
    assert told(DAILY, MONDAY, MONDAY + DAY, changes=Changes(aways=(noon,))) == [
        ("ana", "03-02 00:00 UTC", "03-02 12:00 UTC"),
        ("bob", "03-02 12:00 UTC", "03-02 13:00 UTC"),
        ("ana", "03-02 13:00 UTC", "03-03 00:00 UTC"),
    ]


def test_a_stand_in_for_somebody_away_can_be_named() -> None:
    assert on(override(1, "replace", "eve", whom="ana"), aways=(away("ana"),)) == ["eve"]
    everybody = (away("ana"), away("bob"), away("cyd"))
    assert on(override(1, "replace", "eve", whom="ana"), aways=everybody) == ["eve"]


def test_of_several_on_duty_together_the_others_carry_on() -> None:
    people = rotating("UTC", ["ana", "bob"], "cyd", start="2026-03-02T00:00", every="1 day")
    assert duty_at(people, "s", NOTHING, NOON).names == ["ana", "bob"]
    assert duty_at(people, "s", Changes(aways=(away("ana"),)), NOON).names == ["bob"]
    assert duty_at(people, "s", Changes(aways=(away("ana"), away("bob"))), NOON).names == ["cyd"]


def test_a_swap_exchanges_two_shifts() -> None:
    swap = Swap(
        id="s1",
        schedule="s",
        start=MONDAY,
        end=MONDAY + 2 * DAY,
        made_at=MONDAY,
        first=DutySlot(person="ana", start=MONDAY, end=MONDAY + DAY),
        second=DutySlot(person="bob", start=MONDAY + DAY, end=MONDAY + 2 * DAY),
    )
    found = of(DAILY, MONDAY, MONDAY + 4 * DAY, Changes(swaps=(swap,)))
    assert [shift.person for shift in found] == ["bob", "ana", "cyd", "ana"]
    assert [shift.instead_of for shift in found] == ["ana", "bob", "", ""]
    assert found[0].because == "swap s1, for ana"


def temporary(n: int, *slots: tuple[str, datetime, datetime]) -> Temporary:
    shifts = tuple(DutySlot(person=person, start=start, end=end) for person, start, end in slots)
    made_at = MONDAY + timedelta(seconds=n)
    return Temporary(id=f"t{n}", schedule="s", start=MONDAY, end=MONDAY + DAY, shifts=shifts, made_at=made_at)


def test_a_temporary_schedule_replaces_everything_in_its_window_gaps_included() -> None:
    one = temporary(1, ("eve", MONDAY + timedelta(hours=6), MONDAY + timedelta(hours=18)))
    changes = Changes(temporaries=(one,), overrides=(override(1, "replace", "dan", priority=9),))
    assert told(DAILY, MONDAY, MONDAY + DAY + timedelta(hours=1), changes=changes) == [
        ("eve", "03-02 06:00 UTC", "03-02 18:00 UTC"),
        ("bob", "03-03 00:00 UTC", "03-04 00:00 UTC"),
    ]
    found = gaps(DAILY, "s", changes, MONDAY, MONDAY + DAY)
    assert [(gap.start.hour, gap.end.hour) for gap in found] == [(0, 6), (18, 0)]


def test_of_two_temporary_schedules_the_one_made_later_counts() -> None:
    both = (temporary(2, ("dan", MONDAY, MONDAY + DAY)), temporary(1, ("eve", MONDAY, MONDAY + DAY)))
    assert duty_at(DAILY, "s", Changes(temporaries=both), NOON).names == ["dan"]


LAYERS = scheduled(
    zone="UTC",
    layers=[
        {
            "name": "office",
            "rotations": [
                {"name": "front", "members": ["ana", "bob"], "start": "2026-03-02T00:00"},
                {"name": "back", "members": ["cyd"], "start": "2026-03-02T00:00"},
            ],
            "restrictions": [{"days": "monday-friday", "from": "08:00", "until": "18:00"}],
        },
        {"name": "night", "rotation": {"members": ["dan"], "start": "2026-03-02T00:00", "every": "1 day"}},
    ],
)


def test_the_highest_layer_that_has_somebody_decides_and_its_rotations_count_together() -> None:
    assert duty_at(LAYERS, "s", NOTHING, NOON).names == ["ana", "cyd"]
    assert duty_at(LAYERS, "s", NOTHING, MONDAY).names == ["dan"]
    everybody = Changes(aways=(away("ana"), away("bob"), away("cyd")))
    assert duty_at(LAYERS, "s", everybody, NOON).names == ["dan"]


def test_somebody_who_is_removed_leaves_a_gap_and_not_the_layer_below() -> None:
    changes = Changes(overrides=(override(1, "remove", whom="ana"), override(2, "remove", whom="cyd")))
    duty = duty_at(LAYERS, "s", changes, NOON)
    assert duty.names == []
    assert duty.nobody == "nobody is on duty in schedule:s"
    assert duty.until == utc(2026, 3, 2, 18)


def test_each_is_told_why_them() -> None:
    (ana, cyd) = duty_at(LAYERS, "s", NOTHING, NOON).people
    assert ana.why == "on duty in schedule:s until 2026-03-02T18:00:00Z (layer office, rotation front)"
    assert (cyd.layer, cyd.rotation) == ("office", "rotation back")
    (daily,) = duty_at(DAILY, "s", NOTHING, NOON).people
    assert daily.why == "on duty in schedule:s until 2026-03-03T00:00:00Z (daily rotation)"
    (instead,) = duty_at(DAILY, "s", Changes(aways=(away("ana"),)), NOON).people
    assert instead.because == "daily rotation, for ana who is away"
    made = override(1, "replace", "eve", whom="ana", by="bob", reason="dentist")
    (eve,) = duty_at(DAILY, "s", Changes(overrides=(made,)), NOON).people
    assert (eve.because, eve.change, eve.instead_of) == ("override o1 by bob, for ana: dentist", "o1", "ana")
    (temp,) = duty_at(DAILY, "s", Changes(temporaries=(temporary(1, ("eve", MONDAY, MONDAY + DAY)),)), NOON).people
    assert (temp.how, temp.because) == ("temporary", "temporary schedule t1")


def test_duty_says_until_when_it_stays_as_it_is() -> None:
    changes = Changes(overrides=(override(1, "add", "eve", start=NOON, end=NOON + timedelta(hours=1)),))
    assert duty_at(DAILY, "s", changes, MONDAY).until == NOON
    assert duty_at(DAILY, "s", changes, NOON).until == NOON + timedelta(hours=1)
    (ana, eve) = duty_at(DAILY, "s", changes, NOON).people
    # What others do does not cut a shift short, however far away its ends are.
    assert (ana.start, ana.end) == (MONDAY, MONDAY + DAY)
    monthly = rotating("UTC", start="2026-03-02T00:00", every="1 month")
    (whole, _) = duty_at(monthly, "s", changes, NOON).people
    assert (whole.start, whole.end) == (MONDAY, utc(2026, 4, 2))
    assert (eve.start, eve.end) == (NOON, NOON + timedelta(hours=1))


def test_a_feed_is_a_schedule_like_any_other_and_says_when_it_is_stale() -> None:
    fed = scheduled(zone="UTC", feed={"url": "https://calendar.example.org/duty.ics"})
    slots = (DutySlot(person="ana", start=MONDAY, end=NOON), DutySlot(person="bob", start=NOON, end=MONDAY + DAY))
    feed = ImportedShifts(schedule="s", shifts=slots, fetched_at=MONDAY, stale="it answers 503")
    changes = Changes(imported=(feed,))
    duty = duty_at(fed, "s", changes, NOON)
    assert (duty.names, duty.until) == (["bob"], MONDAY + DAY)
    assert duty.notes == ("the feed is stale since 2026-03-02T00:00:00Z: it answers 503",)
    with_override = changes.model_copy(update={"overrides": (override(1, "replace", "eve", whom="bob"),)})
    assert duty_at(fed, "s", with_override, NOON).names == ["eve"]
    found = resolve_round(fed, RoundRequest(targets=["schedule:s"]), at=NOON, load={}, changes=changes)
    assert [recipient.target for recipient in found.recipients] == ["person:bob"]
    assert found.notes == [f"schedule:s: {duty.notes[0]}"]
    assert gaps(fed, "s", changes, MONDAY, MONDAY + 2 * DAY) == [("s", MONDAY + DAY, MONDAY + 2 * DAY)]


def test_a_feed_that_says_nothing_is_why_nobody_is_on_duty() -> None:
    fed = scheduled(zone="UTC", feed={"url": "https://calendar.example.org/duty.ics"})
    assert duty_at(fed, "s", NOTHING, NOON).notes == ("its calendar feed was never read",)
    covered = Changes(overrides=(override(1, "replace", "eve"),))
    assert duty_at(fed, "s", covered, NOON).notes == ("its calendar feed was never read",)
    slots = (DutySlot(person="ana", start=MONDAY, end=NOON), DutySlot(person="stranger", start=NOON, end=MONDAY + DAY))
    read = Changes(imported=(ImportedShifts(schedule="s", shifts=slots, fetched_at=MONDAY),))
    assert duty_at(fed, "s", read, MONDAY).notes == ()
    nobody = ("its calendar feed names nobody of people.yaml for that time",)
    assert duty_at(fed, "s", read, NOON).notes == nobody
    assert duty_at(fed, "s", read, MONDAY + DAY).notes == nobody
    gone = read.model_copy(update={"aways": (away("ana"),)})
    assert (duty_at(fed, "s", gone, MONDAY).names, duty_at(fed, "s", gone, MONDAY).notes) == ([], ())


def test_a_round_asks_the_changes_and_says_when_somebody_comes() -> None:
    request = RoundRequest(targets=["schedule:s"])
    changes = Changes(overrides=(override(1, "replace", "eve"),))
    found = resolve_round(DAILY, request, at=NOON, load={}, changes=changes)
    assert [recipient.target for recipient in found.recipients] == ["person:eve"]
    short = rotating("UTC", start="2026-03-02T00:00", every="1 day", lasts="1h")
    nobody = resolve_round(short, request, at=NOON, load={})
    assert nobody.nobody == "nobody is on duty in schedule:s"
    assert nobody.next_duty_at == MONDAY + DAY
    sooner = Changes(overrides=(override(1, "replace", "eve", start=NOON + timedelta(hours=2)),))
    assert resolve_round(short, request, at=NOON, load={}, changes=sooner).next_duty_at == NOON + timedelta(hours=2)
    for_good = Changes(aways=tuple(away(p, MONDAY, MONDAY + 900 * DAY) for p in ("ana", "bob", "cyd")))
    assert resolve_round(short, request, at=NOON, load={}, changes=for_good).next_duty_at is None


def on_holiday(**layer: Any) -> Roster:
    rotation = {"members": ["ana", "bob"], "start": "2026-07-13T00:00", "every": "1 week"}
    people = scheduled(zone="Europe/Paris", layers=[{"name": "l", "rotation": rotation, **layer}])
    places = {"ana": ("FR", "Europe/Paris"), "bob": ("DE-BY", "Europe/Berlin")}
    for name, (place, zone) in places.items():
        people.people[name] = people.people[name].model_copy(update={"place": place, "time_zone": zone})
    return people


def test_public_holidays_of_somebodys_place_take_them_off_only_where_the_layer_says_so() -> None:
    week = (local("Europe/Paris", 2026, 7, 13), local("Europe/Paris", 2026, 7, 20))
    assert [shift.person for shift in of(on_holiday(), *week)] == ["ana"]
    found = told(on_holiday(free_on_holidays=True), *week)
    assert found == [
        ("ana", "07-13 00:00 CEST", "07-14 00:00 CEST"),
        ("bob", "07-14 00:00 CEST", "07-15 00:00 CEST"),
        ("ana", "07-15 00:00 CEST", "07-20 00:00 CEST"),
    ]
    # All Saints' Day is one in both places, and nobody is left.
    november = (local("Europe/Paris", 2026, 11, 1), local("Europe/Paris", 2026, 11, 2))
    (gap,) = gaps(on_holiday(free_on_holidays=True), "s", NOTHING, *november)
    assert (gap.start, gap.end) == november


def test_who_is_free_on_a_holiday_is_told_from_who_is_away() -> None:
    people = on_holiday(free_on_holidays=True)
    fourteenth = local("Europe/Paris", 2026, 7, 14, 12)
    (bob,) = duty_at(people, "s", NOTHING, fourteenth).people
    assert bob.because == "layer l, weekly rotation, for ana, free on National Day"
    (bob,) = duty_at(people, "s", Changes(aways=(away("ana", fourteenth - DAY, fourteenth + DAY),)), fourteenth).people
    assert bob.because == "layer l, weekly rotation, for ana who is away"


def test_several_who_cannot_take_their_turn_are_named_in_one_sentence() -> None:
    rotation = {"members": [["ana", "bob"], "cyd"], "start": "2026-07-13T00:00", "every": "1 week"}
    people = scheduled(zone="UTC", layers=[{"name": "l", "rotation": rotation, "free_on_holidays": True}])
    people.people["bob"] = people.people["bob"].model_copy(update={"place": "FR"})
    start, end = utc(2026, 7, 14), utc(2026, 7, 15)
    both = Changes(aways=(away("ana", start, end), away("bob", start, end)))
    (cyd,) = duty_at(people, "s", both, start).people
    assert cyd.because == "layer l, weekly rotation, for ana and bob, who are away"
    (cyd,) = duty_at(people, "s", Changes(aways=(away("ana", start, end),)), start).people
    assert cyd.because == "layer l, weekly rotation, for ana who is away, and bob, free on National Day"


def test_a_holiday_is_a_day_on_the_wall_clock_of_whoever_has_it() -> None:
    people = on_holiday(free_on_holidays=True)
    people.people["ana"] = people.people["ana"].model_copy(update={"time_zone": "America/Chicago"})
    week = (local("Europe/Paris", 2026, 7, 13), local("Europe/Paris", 2026, 7, 16))
    assert told(people, *week)[1] == ("bob", "07-14 07:00 CEST", "07-15 07:00 CEST")


def test_a_holiday_of_somebody_without_a_zone_is_a_day_on_the_wall_clock_of_the_layer() -> None:
    people = on_holiday(free_on_holidays=True)
    people.people["ana"] = Person(place="FR")
    week = (local("Europe/Paris", 2026, 7, 13), local("Europe/Paris", 2026, 7, 16))
    assert told(people, *week)[1] == ("bob", "07-14 00:00 CEST", "07-15 00:00 CEST")


def test_a_place_that_nobody_knows_takes_nobody_off() -> None:
    people = on_holiday(free_on_holidays=True)
    people.people["ana"] = people.people["ana"].model_copy(update={"place": "XX"})
    week = (local("Europe/Paris", 2026, 7, 13), local("Europe/Paris", 2026, 7, 20))
    assert [shift.person for shift in of(people, *week)] == ["ana"]


def test_a_schedule_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        duty_at(DAILY, "gone", NOTHING, NOON)
