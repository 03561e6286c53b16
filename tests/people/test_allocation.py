"""Who is told instead: allocation against a made-up store, step by step as the activity drives it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalade.people import Roster, Schedule, Team
from escalade.people.allocation import Asked, Verdict, allocate
from escalade.people.resolve import Load, ResolvedRound, RoundRequest, recipient_of, resolve_round
from escalade.people.roster import parse_target
from escalade.testing import person, roster
from escalade.ticket import Severity

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
PEOPLE = ("ana", "bob", "cyd", "dan", "eve")
FULL = Verdict("full", "had 5 pages within 1h", NOW + timedelta(minutes=20))
QUIET = Verdict("quiet", "has quiet hours", NOW + timedelta(hours=7))
COLLECTED = Verdict("digest", "had 5 pages within 10m")


def everybody() -> Roster:
    people = roster(*PEOPLE, ghost=person(methods=()))
    people.teams["trio"] = Team(members=["ana", "bob", "cyd"])
    turns = {"members": ["ana", "bob", "cyd"], "start": "2026-03-02"}
    people.schedules["duty"] = Schedule.model_validate({"zone": "UTC", "rotation": turns})
    layers = [
        {"name": "primary", "rotation": {"members": ["ana", "bob"], "start": "2026-03-02"}},
        {"name": "backup", "rotation": {"members": ["cyd", "dan"], "start": "2026-03-02"}},
    ]
    people.schedules["layered"] = Schedule.model_validate({"zone": "UTC", "layers": layers})
    people.people["ana"] = people.people["ana"].model_copy(update={"backup": "eve"})
    return people


ROSTER = everybody()


@dataclass
class Books:
    """A made-up store: it gives the verdicts it was told to, and keeps who was granted a page."""

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    load: dict[str, Load] = field(default_factory=dict)
    granted: dict[str, Verdict] = field(default_factory=dict)
    instead_of: dict[str, str] = field(default_factory=dict)
    """For whom who was granted a page stands in; empty for who was named."""

    def again(self, **verdicts: Verdict) -> Books:
        """The books as another attempt at the round finds them, by when others may be over."""
        return Books(verdicts, self.load, dict(self.granted), dict(self.instead_of))

    def round(self, *targets: str, severity: str = "sev3", **more: object) -> ResolvedRound:
        """Drive a round to its answer."""
        request = RoundRequest.model_validate({"targets": targets, **more})
        known, before, load = dict(self.granted), dict(self.instead_of), None
        for _ in range(50):
            asked = Asked(
                severity=Severity(severity),
                resolve=lambda wanted: resolve_round(ROSTER, wanted, at=NOW, load=self.load),
                stand_ins=ROSTER.stand_ins,
                recipient=lambda target, why: (
                    recipient_of(ROSTER, parse_target(target), why)
                    if ROSTER.deliverable(parse_target(target))
                    else None
                ),
                verdicts=known,
                granted=before,
                load=load,
            )
            found = allocate(request, asked)
            if found.resolved is not None:
                return found.resolved
            for target in found.ask:
                assert target not in known, "asked twice"
                known[target] = self.verdicts.get(target.removeprefix("person:"), Verdict("room"))
                if known[target].kind in ("room", "digest"):
                    self.granted[target], self.instead_of[target] = known[target], found.instead_of
            if found.weigh:
                load = self.load
            if found.force is not None:
                target, verdict = found.force
                known[target] = self.granted[target] = verdict
                self.instead_of[target] = found.instead_of
        raise AssertionError("it never answers")


def names(found: ResolvedRound) -> list[str]:
    return [one.target.removeprefix("person:") for one in found.recipients]


def test_who_is_over_is_replaced_by_the_next_of_the_rotation_and_both_reasons_are_said() -> None:
    found = Books({"ana": FULL}).round("schedule:duty")
    assert names(found) == ["bob"]
    assert found.recipients[0].why.startswith("instead of person:ana, who had 5 pages within 1h; they are on duty in")
    [passed] = found.passed
    assert (passed.target, passed.instead, passed.until) == ("person:ana", "person:bob", FULL.until)


def test_the_turn_goes_on_past_others_who_are_over_and_then_to_the_layers_below() -> None:
    assert names(Books({"ana": FULL, "bob": QUIET}).round("schedule:duty")) == ["cyd"]
    assert names(Books({"ana": FULL}).round("schedule:layered")) == ["bob"]
    assert names(Books({"ana": FULL, "bob": FULL}).round("schedule:layered")) == ["cyd"]


@pytest.mark.parametrize("how", ["everyone", "one_at_a_time"])
def test_everybody_who_is_passed_over_on_the_way_to_who_is_told_has_a_line_of_their_own(how: str) -> None:
    found = Books({"ana": FULL, "bob": QUIET}).round("schedule:duty", how=how)
    assert names(found) == ["cyd"]
    assert [(one.target, one.why, one.until) for one in found.passed] == [
        ("person:ana", FULL.says, FULL.until),
        ("person:bob", QUIET.says, QUIET.until),
    ]


def test_a_stand_in_who_is_over_has_one_line_however_many_they_could_stand_in_for() -> None:
    over = {"ana": FULL, "cyd": FULL, "bob": QUIET, "dan": QUIET, "eve": QUIET}
    found = Books(over).round("schedule:layered", "person:cyd")
    lines = [one.target for one in found.passed]
    assert len(lines) == len(set(lines))
    assert "person:bob" in lines


def test_without_anybody_in_the_schedule_it_is_the_backup() -> None:
    over = dict.fromkeys(("ana", "bob", "cyd"), FULL)
    assert names(Books(over).round("schedule:duty")) == ["eve"]
    assert names(Books({"ana": FULL}).round("person:ana")) == ["eve"]


def test_in_a_team_the_others_are_told_anyway_and_nobody_stands_in() -> None:
    found = Books({"bob": FULL}).round("team:trio")
    assert names(found) == ["ana", "cyd"]
    assert [(one.target, one.instead) for one in found.passed] == [("person:bob", "")]


def test_one_at_a_time_and_fair_go_to_the_next_who_has_room() -> None:
    assert names(Books({"ana": FULL}).round("team:trio", how="one_at_a_time")) == ["bob"]
    load = {"person:bob": Load(pages=9), "person:ana": Load(pages=1), "person:cyd": Load(pages=5)}
    assert names(Books({"ana": FULL}, load).round("team:trio", how="fair")) == ["cyd"]
    assert names(Books({"ana": FULL}).round("schedule:duty", how="one_at_a_time")) == ["bob"]


@pytest.mark.parametrize("how", ["everyone", "one_at_a_time"])
def test_with_everybody_over_the_round_waits_for_the_first_who_has_room(how: str) -> None:
    later = FULL._replace(until=NOW + timedelta(hours=1))
    found = Books({"ana": later, "bob": FULL, "cyd": QUIET, "eve": QUIET}).round("team:trio", how=how)
    assert (found.recipients, found.room_at) == ([], FULL.until)
    assert found.nobody.startswith("everybody here is over: ")


@pytest.mark.parametrize("severity", ["sev1", "sev2"])
def test_with_everybody_over_sev1_and_sev2_page_the_least_burdened(severity: str) -> None:
    over = dict.fromkeys(PEOPLE, FULL)
    load = {f"person:{name}": Load(pages=n) for name, n in zip(PEOPLE, (9, 2, 7, 1, 8), strict=True)}
    books = Books(over, load)
    found = books.round("team:trio", severity=severity)
    assert names(found) == ["bob"]
    assert f"{severity} pages the least burdened anyway (2 pages in 7 days)" in found.recipients[0].why


def test_above_the_rate_the_one_on_duty_keeps_it_in_a_digest() -> None:
    found = Books({"ana": COLLECTED}).round("schedule:duty")
    assert [(one.target, one.digest) for one in found.recipients] == [("person:ana", "had 5 pages within 10m")]


def test_with_everybody_over_who_collects_digests_gets_it_in_one() -> None:
    over = {"ana": FULL, "bob": FULL._replace(digests=True), "cyd": FULL, "eve": FULL}
    found = Books(over).round("schedule:duty")
    assert [(one.target, bool(one.digest)) for one in found.recipients] == [("person:bob", True)]


def test_shared_places_and_suppliers_have_no_limits() -> None:
    over = dict.fromkeys(PEOPLE, FULL)
    people = ROSTER.model_copy(deep=True)
    assert people.capacity_of("vendor:acme").is_unlimited
    assert Books(over).round("person:bob").room_at == FULL.until


def test_a_backup_who_was_told_for_their_own_sake_is_nobodys_stand_in_when_the_round_is_asked_again() -> None:
    books = Books()
    first = books.round("person:eve", "person:ana")  # Eve is Ana's backup
    assert names(first) == ["eve", "ana"]
    assert books.again().round("person:eve", "person:ana") == first


def test_an_attempt_that_died_after_one_was_granted_a_page_passes_over_nobody_else() -> None:
    died = Books(granted={"person:eve": Verdict("room")}, instead_of={"person:eve": ""})
    assert names(died.round("person:eve", "person:ana")) == ["eve", "ana"]


def test_whoever_acknowledged_is_left_out_and_the_others_of_the_round_are_told_all_the_same() -> None:
    books = Books()
    books.round("person:eve", "person:ana")
    assert names(books.again().round("person:eve", "person:ana", except_for=["person:eve"])) == ["ana"]
    one = Books()
    assert names(one.round("team:trio", how="one_at_a_time")) == ["ana"]
    found = one.again().round("team:trio", how="one_at_a_time", except_for=["person:ana"])
    assert (names(found), found.passed) == (["bob"], [])


@pytest.mark.parametrize("targets", [("person:ana",), ("person:ana", "person:bob")])
def test_when_a_stand_in_has_acknowledged_who_they_stood_in_for_is_told_if_there_is_room_by_now(
    targets: tuple[str, ...],
) -> None:
    books = Books({"ana": FULL})
    books.round(*targets)
    assert books.instead_of["person:eve"] == "person:ana"
    found = books.again().round(*targets, except_for=["person:eve"])
    assert [one.target for one in found.recipients] == list(targets)
    assert found.passed == []


def test_who_stood_in_when_the_round_began_does_so_again_although_another_has_room_by_now() -> None:
    books = Books({"ana": FULL, "bob": FULL, "cyd": QUIET})
    assert names(books.round("schedule:duty")) == ["eve"]
    again = books.again().round("schedule:duty")
    assert names(again) == ["eve"]
    assert [(one.target, one.instead) for one in again.passed] == [("person:ana", "person:eve")]


def test_who_was_pressed_as_a_stand_in_is_pressed_alone_when_the_round_is_asked_again() -> None:
    load = {f"person:{name}": Load(pages=n) for name, n in zip(PEOPLE, (9, 2, 7, 1, 8), strict=True)}
    books = Books(dict.fromkeys(PEOPLE, FULL), load)
    assert names(books.round("schedule:duty", severity="sev1")) == ["bob"]
    assert names(books.again().round("schedule:duty", severity="sev1")) == ["bob"]


VERDICTS = st.dictionaries(
    st.sampled_from(PEOPLE), st.sampled_from([FULL, QUIET, COLLECTED, FULL._replace(digests=True)])
)
TARGETS = st.lists(
    st.sampled_from(["team:trio", "schedule:duty", "schedule:layered", "person:ana", "person:dan", "person:ghost"]),
    min_size=1,
    max_size=3,
    unique=True,
)


ROUNDS = st.fixed_dictionaries(
    {
        "how": st.sampled_from(["everyone", "one_at_a_time", "fair"]),
        "severity": st.sampled_from(["sev1", "sev2", "sev3", "sev5"]),
        "except_for": st.lists(st.sampled_from([f"person:{name}" for name in PEOPLE]), max_size=2),
    }
)


@settings(max_examples=400, deadline=None)
@given(verdicts=VERDICTS, targets=TARGETS, ask=ROUNDS, later=VERDICTS)
def test_whoever_is_over_a_round_tells_somebody_or_says_when_and_asks_for_no_slot_in_vain(
    verdicts: dict[str, Verdict], targets: list[str], ask: dict[str, Any], later: dict[str, Verdict]
) -> None:
    books = Books(verdicts)
    found = books.round(*targets, **ask)
    free = resolve_round(
        ROSTER, RoundRequest(targets=targets, how=ask["how"], except_for=ask["except_for"]), at=NOW, load={}
    )
    told = [one.target for one in found.recipients]
    # Nothing is dropped by a limit: there is somebody, or an instant, whenever there would be somebody without limits.
    assert bool(told or found.room_at) == bool(free.recipients)
    assert len(set(told)) == len(told)
    assert not set(told) & set(ask["except_for"])
    # Who was granted a page is told, and nobody else is.
    assert set(told) == set(books.granted)
    if ask["severity"] in ("sev1", "sev2"):
        assert found.room_at is None
    # The same round, asked again by another attempt, tells those again, whoever has room by now.
    if told and ask["how"] != "everyone":
        again = books.again(**later).round(*targets, **ask)
        assert [one.target for one in again.recipients] == told
    elif told:
        again = books.again(**later).round(*targets, **ask)
        assert set(told) <= {one.target for one in again.recipients}
