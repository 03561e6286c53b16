"""What the files of schedules may say, and what is said of those that are wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from configuration import check
from tests.configuration.making import CHANNELS, ENV, GOOD, STEPS, loaded, write

NOW = datetime(2026, 3, 2, tzinfo=UTC)
WHO = "members: [ana, bob], start: 2026-01-05"


def told(directory: Path, schedule: str, *, people: str = GOOD["people.yaml"]) -> list[str]:
    """Every problem of the schedule `duty`, written so."""
    files = {"schedules/duty.yaml": f"schedule: duty\nzone: Europe/Paris\n{schedule}\n", "people.yaml": people}
    found = check(write(directory, {**GOOD, **files}), env=ENV, channels=CHANNELS, steps=STEPS, now=NOW)
    return [f"warning: {problem}" if problem.level == "warning" else str(problem) for problem in found]


@pytest.mark.parametrize(
    "schedule",
    [
        f"rotation: {{{WHO}, every: 12h}}",
        f"rotation: {{{WHO}, every: monthly, handoff: 08:00}}",
        f"rotation: {{{WHO}, weeks: 2, handoff: friday}}",
        "rotation: {members: [[ana, bob], ana], start: 2026-01-05T10:30, every: 1 day}",
        f"rotation: {{{WHO}, rrule: 'FREQ=WEEKLY;BYDAY=MO,TH', handoff: 10:00}}",
        f"layers: [{{name: a, rotation: {{{WHO}}}}}]",
        f"layers: [{{name: a, zone: Asia/Tokyo, rotations: [{{name: x, {WHO}}}, {{name: y, {WHO}}}]}}]",
        f"gaps: meant\nlayers: [{{name: a, rotation: {{{WHO}}}, restrictions: [{{days: weekend}}]}}]",
        f"gaps: meant\nrotation: {{{WHO}, every: 2h, lasts: 10m, from: 2026-02-01, until: 2027-01-01T08:00}}",
        # Mixed ones: the wall clock of the zone says that there are hours between them.
        f"gaps: meant\nrotation: {{{WHO}, from: 2026-03-01T00:00, until: '2026-02-28T23:30Z'}}",
        "feed: {url: https://example.org/duty.ics, names: {Ana B.: ana}}",
    ],
)
def test_a_schedule_may_say(schedule: str, tmp_path: Path) -> None:
    assert told(tmp_path, schedule) == []
    assert "duty" in loaded(tmp_path).roster.schedules


@pytest.mark.parametrize(
    ("schedule", "says"),
    [
        ("rotation: {members: [ana], start: 2026-01-05, every: 3 moons}", "'3 moons' is no step of a rotation"),
        (f"rotation: {{{WHO}, every: 0h}}", "a step of 0 hours is none"),
        (f"rotation: {{{WHO}, every: 900 weeks}}", "at most two years long"),
        (f"rotation: {{{WHO}, every: 1 day, weeks: 2}}", "every and weeks say the same thing"),
        (f"rotation: {{{WHO}, every: 1 day, handoff: monday 09:00}}", "handoff names a weekday"),
        ("rotation: {members: [ana], start: 2026-01-05T09:00, handoff: 09:00}", "start says the time already"),
        ("rotation: {members: [[ana, ana]], start: 2026-01-05}", "one of them is named twice"),
        ("rotation: {members: [], start: 2026-01-05}", "rotation.members"),
        (f"rotation: {{{WHO}, lasts: 5s}}", "lasts is shorter than a minute"),
        (f"rotation: {{{WHO}, from: 2027-01-01, until: 2026-01-01}}", "until is not later than from"),
        (
            f"rotation: {{{WHO}, from: 2027-01-01T00:00, until: '2026-12-31T12:00-11:00'}}",
            "until is not later than from",
        ),
        ("rotation: {members: [], start: 2026-01-05}", "Write at least one."),
        ("name: nothing", "a schedule has a rotation, or layers, or a feed"),
        (f"rotation: {{{WHO}}}\nfeed: {{url: x}}", "a schedule has a rotation, or layers, or a feed"),
        ("layers: [{name: a}]", "a layer has a rotation, or a list of rotations"),
        (f"layers: [{{name: a, rotations: [{{name: x, {WHO}}}, {{name: x, {WHO}}}]}}]", "two rotations of the layer"),
        (f"layers: [{{name: a, rotation: {{{WHO}}}}}, {{name: a, rotation: {{{WHO}}}}}]", "two layers are called"),
        (f"layers: [{{name: a, rotation: {{{WHO}}}, restrictions: [{{from: 25:00}}]}}]", "is no time of day"),
        (
            f"layers: [{{name: a, rotation: {{{WHO}}}, restrictions: [{{from: friday 18:00}}]}}]",
            "one of from and until names a weekday",
        ),
        (f"layers: [{{name: a, rotation: {{{WHO}}}, restrictions: [{{days: [mondays]}}]}}]", "days"),
        ("layers: [{name: a, rotation: {members: [carl], start: 2026-01-05}}]", "There is no person 'carl'"),
        ("rotation: {members: [[ana, carl]], start: 2026-01-05}", "rotation.members[1][2]: There is no person 'carl'"),
        ("feed: {url: x, names: {Carl: carl}}", "feed.names.Carl: There is no person 'carl'"),
    ],
)
def test_a_schedule_that_is_wrong_is_told_what_and_where(schedule: str, says: str, tmp_path: Path) -> None:
    found = told(tmp_path, schedule)
    assert any(says.lower() in problem.lower() for problem in found), found
    assert not any("warning" in problem for problem in found)


def test_one_mistake_of_a_rotation_hides_no_other(tmp_path: Path) -> None:
    wrong = "members: [], start: soon, rrule: 'FREQ=DAILY;BYDAY=XX', lasts: 0m, from: 9"
    found = "\n".join(told(tmp_path, f"rotation: {{{wrong}}}"))
    for says in (
        "rotation.members",
        "'soon' is no date",
        "BYDAY=XX cannot be read",
        "shorter than a minute",
        "'9' is no",
    ):
        assert says in found
    for library in ("Input", "should", "validation", "dateutil"):
        assert library not in found


def test_times_with_nobody_on_duty_are_warned_of_unless_they_are_meant(tmp_path: Path) -> None:
    office = "restrictions: [{days: monday-friday, from: 08:00, until: 18:00}]"
    layers = f"layers: [{{name: office, rotation: {{{WHO}}}, {office}}}]"
    (warning,) = told(tmp_path, layers)
    assert warning == (
        "warning: schedules/duty.yaml:3: layers: Nobody is on duty 21 times in the next four weeks, first from "
        "2026-03-02 01:00 to 2026-03-02 08:00. Add a layer below that is always there, or write `gaps: meant`."
    )
    assert told(tmp_path, f"gaps: meant\n{layers}") == []


def test_members_who_cannot_be_told_are_warned_of(tmp_path: Path) -> None:
    people = GOOD["people.yaml"].replace("teams:", "  carl: {name: Carl}\nteams:")
    (_, warning) = told(tmp_path, "rotation: {members: [ana, [bob, carl]], start: 2026-01-05}", people=people)
    assert "rotation.members[2][2]: carl has no contact method: in this turn nobody can be told." in warning


def test_a_place_without_known_holidays_is_an_error(tmp_path: Path) -> None:
    people = GOOD["people.yaml"].replace("    name: Ana\n", "    name: Ana\n    place: FX\n")
    (found,) = told(tmp_path, f"rotation: {{{WHO}}}", people=people)
    assert "people.ana.place: No public holidays are known of a country 'FX'." in found
    assert told(tmp_path, f"rotation: {{{WHO}}}", people=people.replace("FX", "DE-BY")) == []


def test_only_a_schedule_that_always_has_somebody_can_be_a_catch_all(tmp_path: Path) -> None:
    office = f"gaps: meant\nlayers: [{{name: a, rotation: {{{WHO}}}, restrictions: [{{days: weekend}}]}}]"
    files = {**GOOD, "escalade.yaml": GOOD["escalade.yaml"].replace("team:managers", "schedule:duty")}
    for schedule, wrong in ((office, True), (f"rotation: {{{WHO}}}", False)):
        files["schedules/duty.yaml"] = f"schedule: duty\nzone: Europe/Paris\n{schedule}\n"
        found = check(write(tmp_path, files), env=ENV, channels=CHANNELS, steps=STEPS)
        assert any("cannot be delivered" in str(problem) for problem in found) is wrong
