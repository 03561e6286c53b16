"""Swaps and temporary schedules, made at the command line with no server running."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.exits import ExitCode
from cli.render.documents import DOCUMENTS
from tests.cli.conftest import Run

WEEK = timedelta(weeks=1)
MONDAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
MONDAY += timedelta(days=14 - MONDAY.weekday())
TURNS = ("ana", "bruno", "chloe")


@pytest.fixture
def duty(place: Path) -> None:
    """A schedule in UTC in which Ana, Bruno and Chloe take turns of a week, Ana first from MONDAY on."""
    text = (
        f"schedule: duty\nzone: UTC\nrotation: {{members: [ana, bruno, chloe], start: {MONDAY:%Y-%m-%d}, "
        "handoff: monday 00:00}\n"
    )
    (place / "config" / "schedules" / "duty.yaml").write_text(text)


def day(weeks: int, days: int = 1) -> str:
    return f"{MONDAY + weeks * WEEK + timedelta(days=days):%Y-%m-%d}"


def who(escalade: Run, at: str) -> list[str]:
    (found,) = escalade("oncall", "who", "duty", "--at", at, "--output", "json").json["schedules"]
    return [one["person"] for one in found["people"]]


@pytest.mark.usefixtures("duty")
def test_two_people_take_each_others_shift(escalade: Run) -> None:
    assert [who(escalade, day(week)) for week in range(3)] == [["ana"], ["bruno"], ["chloe"]]
    done = escalade("oncall", "swap", "add", "duty", "ana", day(0), "chloe", day(2), "--as", "ana")
    assert (done.code, done.err) == (ExitCode.OK, "")
    assert [who(escalade, day(week)) for week in range(3)] == [["chloe"], ["bruno"], ["ana"]]
    (kept,) = escalade("oncall", "swap", "list", "duty", "--output", "json").json["changes"]
    assert (kept["first"]["person"], kept["second"]["person"]) == ("ana", "chloe")
    assert escalade("oncall", "swap", "remove", kept["id"], "--as", "ana").code == ExitCode.OK
    assert who(escalade, day(0)) == ["ana"]


@pytest.mark.usefixtures("duty")
def test_a_swap_whose_shifts_are_gone_is_shown_as_one_that_changes_nothing(escalade: Run, place: Path) -> None:
    assert escalade("oncall", "swap", "add", "duty", "ana", day(0), "chloe", day(2), "--as", "ana").code == ExitCode.OK
    assert "changes nothing" not in escalade("oncall", "swap", "list").out
    config = place / "config" / "schedules" / "duty.yaml"
    config.write_text(config.read_text().replace("ana, bruno, chloe", "bruno, david"))
    assert "(as things stand it changes nothing)" in " ".join(escalade("oncall", "swap", "list").out.split())
    (kept,) = escalade("oncall", "swap", "list", "--output", "json").json["changes"]
    assert kept["idle"] is True


def swap(escalade: Run, *given: str) -> str:
    done = escalade("oncall", "swap", "add", "duty", *given, "--as", "ana", "--output", "json")
    assert (done.code, done.err) == (ExitCode.OK, "")
    return str(done.json["change"]["id"])


@pytest.mark.usefixtures("duty")
def test_who_removes_a_swap_is_told_of_which_others_half_has_no_effect_without_it(escalade: Run) -> None:
    first = swap(escalade, "ana", day(0), "bruno", day(1))
    second = swap(escalade, "bruno", day(0), "chloe", day(2))
    assert [who(escalade, day(week)) for week in range(3)] == [["chloe"], ["ana"], ["bruno"]]
    assert "changes nothing" not in escalade("oncall", "swap", "list").out
    done = escalade("oncall", "swap", "remove", first, "--as", "ana", "--output", "json")
    assert set(done.json) == set(DOCUMENTS["oncall swap remove"])
    # Bruno works twice and Chloe not at all.
    assert [who(escalade, day(week)) for week in range(3)] == [["ana"], ["bruno"], ["bruno"]]
    (lost,) = done.json["idle_now"]
    assert (lost["id"], lost["kind"], lost["idle"]) == (second, "swap", False)
    (half,) = lost["idle_halves"]
    assert (half["person"], half["taker"], half["on_duty"]) == ("bruno", "chloe", ["ana"])
    said = "half of it changes nothing: bruno has no shift from"
    assert f"Look at swap {second}: without this one, as things stand, {said}" in done.err
    assert ", ana has." in done.err
    assert f"(as things stand {said}" in " ".join(escalade("oncall", "swap", "list").out.split())
    (kept,) = escalade("oncall", "swap", "list", "--output", "json").json["changes"]
    assert (kept["idle"], kept["idle_halves"]) == (False, [half])
    # What had no effect before is no news.
    override = ("oncall", "override", "add", "duty", "--with", "chloe", "--from", day(9), "--for", "1d", "--as", "ana")
    made = escalade(*override, "--output", "json").json["change"]["id"]
    assert escalade("oncall", "override", "remove", made, "--as", "ana", "--output", "json").json["idle_now"] == []


@pytest.mark.usefixtures("duty")
def test_half_of_a_swap_whose_taker_is_away_changes_nothing(escalade: Run) -> None:
    window = ("--from", f"{day(0, 0)}T00:00Z", "--to", f"{day(1, 0)}T00:00Z")
    assert escalade("oncall", "away", "add", "chloe", *window, "--as", "ana").code == ExitCode.OK
    done = escalade("oncall", "swap", "add", "duty", "ana", day(0), "chloe", day(2), "--as", "ana")
    assert "As things stand half of it changes nothing: chloe does not take ana's shift from" in done.err
    assert ", ana stays on duty." in done.err


def test_a_swap_leaves_nobody_on_duty_for_two(escalade: Run, place: Path) -> None:
    text = (
        f"schedule: duty\nzone: UTC\nrotation: {{members: [[ana, bruno], [bruno, chloe], [david]], "
        f"start: {MONDAY:%Y-%m-%d}, handoff: monday 00:00}}\n"
    )
    (place / "config" / "schedules" / "duty.yaml").write_text(text)
    done = escalade("oncall", "swap", "add", "duty", "ana", day(0), "bruno", day(1), "--as", "ana")
    assert done.code == ExitCode.USAGE
    said = " ".join(done.err.split())
    assert f"bruno is on duty beside ana from {day(0, 0)}T00:00:00Z until {day(1, 0)}T00:00:00Z" in said
    assert "Name a shift of ana's that bruno is not in." in said
    assert escalade("oncall", "swap", "add", "duty", "ana", day(0), "david", day(2), "--as", "ana").code == ExitCode.OK
    several = escalade("oncall", "swap", "add", "duty", "ana", day(1), "david", day(0), "--as", "ana")
    assert f"ana has no shift in duty at {day(1)}T00:00:00Z: bruno and chloe have." in several.err


@pytest.mark.usefixtures("duty")
def test_a_shift_is_swapped_once(escalade: Run) -> None:
    swap = ("oncall", "swap", "add", "duty", "ana", day(0), "bruno", day(1), "--as", "ana")
    assert escalade(*swap).code == ExitCode.OK
    # By then it is Bruno who has the first shift.
    done = escalade(*swap)
    assert done.code == ExitCode.USAGE
    assert f"ana has no shift in duty at {day(0)}T00:00:00Z: bruno has." in done.err


@pytest.mark.usefixtures("duty")
@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["ana", day(1), "bruno", day(1)], "Their next one begins at"),
        (["ana", day(0), "ana", day(3)], "ana cannot swap with themselves."),
        (["ana", "2026-01-06", "bruno", day(1)], "ana"),
        (["ana", "soon", "brno", day(1)], "2 things are wrong"),
    ],
)
def test_a_swap_of_what_is_not_there_is_refused(escalade: Run, given: list[str], says: str) -> None:
    done = escalade("oncall", "swap", "add", "duty", *given, "--as", "ana")
    assert done.code == ExitCode.USAGE
    assert says in done.err
    assert escalade("oncall", "swap", "list").out == ""


def shifts(place: Path, *rows: str) -> None:
    (place / "shifts.yaml").write_text("shifts:\n" + "".join(f"  - {row}\n" for row in rows))


@pytest.mark.usefixtures("duty")
def test_a_temporary_schedule_replaces_everything_gaps_included(escalade: Run, place: Path) -> None:
    shifts(
        place,
        f"{{person: chloe, from: {day(0, 0)}, to: {day(0, 2)}}}",
        f"{{person: bruno, from: {day(0, 3)}T00:00, to: {day(0, 5)}T12:00}}",
    )
    done = escalade("oncall", "temporary", "add", "duty", "shifts.yaml", "--as", "ana", "--reason", "fair")
    assert (done.code, done.err) == (ExitCode.OK, "")
    assert [who(escalade, f"{day(0, n)}T06:00") for n in range(7)] == [
        ["chloe"],
        ["chloe"],
        [],
        ["bruno"],
        ["bruno"],
        ["bruno"],
        ["ana"],
    ]
    refused = escalade("oncall", "temporary", "add", "duty", "shifts.yaml", "--for", "9d", "--as", "ana")
    assert refused.code == ExitCode.REFUSED
    (kept,) = escalade("oncall", "temporary", "list", "--output", "json").json["changes"]
    assert escalade("oncall", "temporary", "remove", kept["id"], "--as", "ana").code == ExitCode.OK
    assert who(escalade, f"{day(0, 2)}T06:00") == ["ana"]


@pytest.mark.usefixtures("duty")
def test_a_temporary_schedule_whose_first_shift_has_begun_says_what_begins_it_now(escalade: Run, place: Path) -> None:
    begun, ends = (datetime.now(UTC) + timedelta(hours=hours) for hours in (-2, 6))
    shifts(place, f"{{person: bruno, from: {begun:%Y-%m-%dT%H:%M}, to: {ends:%Y-%m-%dT%H:%M}}}")
    add = ("oncall", "temporary", "add", "duty", "shifts.yaml", "--as", "ana")
    refused = escalade(*add)
    assert refused.code == ExitCode.USAGE
    assert "--from now begins now." in " ".join(refused.err.split())
    assert escalade(*add, "--from", "now").code == ExitCode.OK
    assert who(escalade, "now") == ["bruno"]


@pytest.mark.usefixtures("duty")
def test_a_wrong_file_is_complained_of_line_by_line(escalade: Run, place: Path) -> None:
    shifts(place, "{person: brno, from: soon, to: 2027-01-01}", "{person: ana}")
    done = escalade("oncall", "temporary", "add", "dty", "shifts.yaml", "--as", "ana")
    assert done.code == ExitCode.USAGE
    for text in ("4 things are wrong", "no schedule 'dty'", "shifts.yaml:2: There is nobody called 'brno'"):
        assert text in done.err
    for text in ("shifts.yaml:2: from: 'soon' is not an instant.", "shifts.yaml:3: It is no shift."):
        assert text in done.err
    assert "cannot be read: no such file" in escalade("oncall", "temporary", "add", "duty", "no.yaml").err
    (place / "shifts.yaml").write_text("shifts: []\n")
    assert "has no list of shifts" in escalade("oncall", "temporary", "add", "duty", "shifts.yaml").err
