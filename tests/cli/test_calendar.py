"""Asking calendars at the command line: no server, no store, and for a file or `always` no configuration either."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.exits import ExitCode
from cli.render.documents import DOCUMENTS
from tests.cli.conftest import Run

OFFICE = ("calendar", "due", "--calendar", "paris-office")
PLAIN = """\
calendar: plain
zone: Europe/Berlin
hours: {monday-friday: 08:00-18:00}
holidays: [01-01, 05-01, 12-24, 12-25, 12-26, 12-31]
"""


@pytest.fixture
def plain(place: Path) -> str:
    """A calendar file alone."""
    (place / "plain.yaml").write_text(PLAIN)
    return "./plain.yaml"


def test_due_says_when_how_much_and_why(escalade: Run) -> None:
    done = escalade(*OFFICE, "--from", "2026-12-23T16:00", "--for", "1bd 4h", "--output", "json")
    assert (done.code, done.err) == (ExitCode.OK, "")
    assert list(done.json) == ["due", "seconds", "thresholds", "explanation"] == list(DOCUMENTS["calendar due"])
    assert done.json["due"] == "2027-01-04T11:00:00+01:00"
    assert done.json["seconds"] == 12 * 3600
    assert "Holiday: Fri 2026-12-25, Noël." in done.json["explanation"]


def test_an_instant_without_an_offset_is_on_the_wall_clock_of_the_calendar(escalade: Run, plain: str) -> None:
    asked = ("calendar", "due", "--calendar", plain, "--for", "4h", "--output", "json")
    there = escalade(*asked, "--from", "2026-07-01T09:00").json
    assert there == escalade(*asked, "--from", "2026-07-01T07:00Z").json
    assert there == escalade(*asked, "--from", "2026-07-01T03:00-04:00").json
    assert there["due"] == "2026-07-01T13:00:00+02:00"


@pytest.mark.parametrize(
    "start",
    [
        "2026-07-01T07:00z",
        "2026-07-01T09:00[Europe/Berlin]",
        "2026-07-01T09:00+02:00[Europe/Berlin]",
        "2026-07-01 16:00 Asia/Tokyo",
        "2026-07-01 07:00 UTC",
        "2026-07-01T03:00 America/New_York",
    ],
)
def test_an_instant_may_name_another_zone(escalade: Run, plain: str, start: str) -> None:
    asked = ("calendar", "due", "--calendar", plain, "--for", "1h", "--output", "json")
    assert escalade(*asked, "--from", start).json["due"] == "2026-07-01T10:00:00+02:00"
    refused = escalade(*asked, "--from", "2026-07-01T09:00 Europe/Berlinn")
    assert refused.code == ExitCode.USAGE
    assert "'2026-07-01T09:00 Europe/Berlinn' names no time zone that is known." in refused.err


@pytest.mark.parametrize(
    ("start", "length", "due"),
    [
        ("2026-02-02T10:00", "-4h", "2026-01-30T16:00:00+01:00"),
        ("2026-02-02T10:00", "-1bd", "2026-01-30T10:00:00+01:00"),
        ("2026-02-02T10:00", "5bd", "2026-02-09T10:00:00+01:00"),
        ("2026-02-02T10:00", "2d", "2026-02-06T18:00:00+01:00"),
        ("2026-02-02T10:00", "PT8H", "2026-02-02T18:00:00+01:00"),
        ("2026-02-07T10:00", "0s", "2026-02-09T08:00:00+01:00"),
        ("1990-03-30T10:00", "10h", "1990-04-02T10:00:00+02:00"),
        ("2099-12-23T12:00", "10h", "2099-12-28T12:00:00+01:00"),
        ("2015-02-17T12:00", "730d", "2021-12-13T12:00:00+01:00"),
        ("2026-02-02T10:00:00.5", "1h", "2026-02-02T11:00:00.500000+01:00"),
    ],
)
def test_any_length_from_any_year(escalade: Run, plain: str, start: str, length: str, due: str) -> None:
    done = escalade("calendar", "due", "--calendar", plain, "--from", start, "--for", length, "--output", "json")
    assert done.json["due"] == due, done.err


def test_boundaries_pauses_and_thresholds(escalade: Run, plain: str) -> None:
    asked = ("calendar", "due", "--calendar", plain, "--from", "2026-02-06T16:00", "--output", "json")
    assert escalade(*asked, "--for", "2h").json["due"] == "2026-02-06T18:00:00+01:00"
    assert escalade(*asked, "--for", "2h", "--boundary", "next_open").json["due"] == "2026-02-09T08:00:00+01:00"
    assert escalade(*asked, "--for", "2bd", "--end-of-day").json["due"] == "2026-02-10T18:00:00+01:00"
    pauses = ["--pause", "2026-02-06T17:00/2026-02-09T09:00", "--pause", "2026-02-09T08:30/2026-02-09T10:00"]
    points = ["--threshold", "50%", "--threshold", "-1h", "--threshold", "+3bd"]
    found = escalade(*asked, "--for", "2h", *pauses, *points).json
    assert found["due"] == "2026-02-09T11:00:00+01:00"
    assert found["thresholds"] == [
        {"at": "2026-02-06T17:00:00+01:00", "is": "50%"},
        {"at": "2026-02-06T17:00:00+01:00", "is": "-1h"},
        {"at": "2026-02-12T11:00:00+01:00", "is": "+3bd"},
    ]


def test_a_pause_may_last_longer_than_anything_that_is_asked(escalade: Run, plain: str) -> None:
    asked = ("calendar", "due", "--calendar", plain, "--from", "2026-02-02T10:00", "--for", "2h", "--output", "json")
    later = escalade(*asked, "--pause", "2026-02-02T12:00/2400-01-01")
    assert later.json["due"] == "2026-02-02T12:00:00+01:00"
    assert later.json["explanation"][-2].endswith("after the due: changes nothing.")
    before = escalade(*asked, "--pause", "1900-01-01/2026-02-02T11:00")
    assert before.json["due"] == "2026-02-02T13:00:00+01:00"


def test_a_time_of_day_is_one_behind_what_was_written_before_it_and_not_of_today(escalade: Run, plain: str) -> None:
    asked = ("calendar", "due", "--calendar", plain, "--from", "2026-02-02T09:00", "--for", "4h", "--output", "json")
    assert escalade(*asked, "--pause", "2026-02-02T10:00/10:30").json["due"] == "2026-02-02T13:30:00+01:00"
    assert escalade(*asked, "--pause", "10:00/11:00").json["due"] == "2026-02-02T14:00:00+01:00"
    assert escalade(*asked, "--pause", "09:00/09:30").json["due"] == "2026-02-02T13:30:00+01:00"
    span = ("--from", "2026-02-02T17:00", "--to", "09:00")
    assert escalade("calendar", "between", "--calendar", plain, *span).out == "2h of open time\n"


def test_the_end_of_a_day_is_the_beginning_of_the_next(escalade: Run, plain: str) -> None:
    asked = ("calendar", "between", "--calendar", plain, "--from", "2026-02-02T17:00", "--output", "json")
    for end in ("2026-02-03T24:00", "2026-02-03 24:00:00", "2026-02-03T24:00+01:00", "2026-02-04"):
        assert escalade(*asked, "--to", end).json == {"seconds": 11 * 3600}
    assert escalade(*asked, "--to", "2026-02-03T24:30").code == ExitCode.USAGE


def test_between(escalade: Run, plain: str) -> None:
    asked = ("calendar", "between", "--calendar", plain)
    span = ("--from", "2015-12-23T16:00", "--to", "2015-12-28T10:00")
    assert escalade(*asked, *span, "--output", "json").json == {"seconds": 4 * 3600}
    assert escalade(*asked, *span).out == "4h of open time\n"
    turned = ("--from", "2015-12-28T10:00", "--to", "2015-12-23T16:00")
    assert escalade(*asked, *turned, "--output", "json").json == {"seconds": 0}


def test_always_is_open_around_the_clock_in_utc(escalade: Run) -> None:
    asked = ("calendar", "due", "--calendar", "always", "--from", "2026-03-28T12:00", "--output", "json")
    assert escalade(*asked, "--for", "24h").json["due"] == "2026-03-29T12:00:00+00:00"
    assert escalade(*asked, "--for", "-2bd").json["due"] == "2026-03-26T12:00:00+00:00"


def test_a_file_needs_no_configuration(escalade: Run, plain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESCALADE_CONFIG", "nowhere")
    asked = ("--from", "2026-02-02T10:00", "--for", "1h")
    assert escalade("calendar", "due", "--calendar", plain, *asked).code == ExitCode.OK
    assert escalade("calendar", "due", "--calendar", "always", *asked).code == ExitCode.OK
    refused = escalade("calendar", "due", "--calendar", "paris-office", *asked)
    assert refused.code == ExitCode.USAGE


def test_everything_wrong_with_a_question_is_told_at_once(escalade: Run) -> None:
    done = escalade(
        *OFFICE, "--from", "noon", "--for", "2 moons", "--pause", "today", "--pause", "a/b", "--threshold", "9h"
    )
    assert done.code == ExitCode.USAGE
    assert done.out == ""
    for told in (
        "6 things are wrong",
        "--from: 'noon'",
        "--for: '2 moons'",
        "'today' has no end",
        "'a'",
        "'b'",
        "'9h'",
    ):
        assert told in done.err


ONE_HOUR = ("due", "--calendar", "always", "--from", "2026-02-02T10:00", "--for", "1h")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["due", "--calendar", "paris-ofice", "--from", "now", "--for", "1h"], 2, "Did you mean paris-office?"),
        (["due", "--calendar", "./none.yaml", "--from", "now", "--for", "1h"], 2, "cannot be read: no such file"),
        (["due", "--calendar", "paris-office", "--from", "now"], 2, "--for"),
        (["due", "--calendar", "paris-office", "--from", "now", "--for", "1h", "--boundary", "late"], 2, "--boundary"),
        (["due", "--calendar", "paris-office", "--from", "now", "--for", "900000d"], 2, "longer than ten years"),
        (["due", "--calendar", "paris-office", "--from", "now", "--for", "-4000bd"], 2, "more than 3660"),
        (["due", "--calendar", "plain.yaml", "--from", "9997-01-01", "--for", "1h"], 2, "from 1800 to 2499"),
        (["due", "--calendar", "plain.yaml", "--from", "0001-01-01", "--for", "-1h"], 2, "from 1800 to 2499"),
        (["due", "--calendar", "always", "--from", "9999-12-31T23:00-09:00", "--for", "1h"], 2, "is not an instant"),
        (["due", "--calendar", "rare.yaml", "--from", "2026-01-01", "--for", "3650d"], 2, "no answer"),
        (["show", "always"], 2, "open every second"),
        (["show", "paris-office", "--month", "2026-13"], 2, "no month"),
        (["show", "paris-office", "--month", "9999-12"], 2, "Ask from 1800 to 2499"),
        ([*ONE_HOUR, "--calendar", " "], 2, "escalade calendar list"),
        ([*ONE_HOUR, "--pause", "2026-02-02T11:00/2026-02-02T10:00"], 2, "Turn its start and end round"),
        ([*ONE_HOUR, "--threshold", "-5%"], 2, "'-5%' is no threshold. Write it like 75%"),
        ([*ONE_HOUR, "--threshold", "+9999bd"], 2, "is more than 3660 business days. Write a shorter one"),
        (["due", "--calendar", "empty.yaml", "--from", "now", "--for", "1h"], 3, "Give it hours"),
        (["due", "--calendar", "zone.yaml", "--from", "now", "--for", "1h"], 3, "zone.yaml:2: zone: 'Mars/Base'"),
        (
            ["due", "--calendar", "always", "--from", "2026-02-02T10:00[Mars]", "--for", "1h"],
            2,
            "no time zone that is known",
        ),
    ],
)
def test_a_wrong_question_is_refused_in_a_sentence(
    escalade: Run, plain: str, arguments: list[str], code: int, told: str
) -> None:
    Path("rare.yaml").write_text("calendar: rare\nzone: UTC\nhours: {monday: 09:00-09:01}\n")
    Path("empty.yaml").write_text("calendar: empty\nzone: UTC\n")
    Path("zone.yaml").write_text("calendar: zone\nzone: Mars/Base\nhours: {monday: 09:00-09:01}\n")
    done = escalade("calendar", *arguments)
    assert (done.code, done.out) == (code, "")
    assert told in " ".join(done.err.split())
    assert "Traceback" not in done.err


def test_programs_get_the_documented_json_and_nothing_else(escalade: Run, plain: str) -> None:
    asked = ["--calendar", plain, "--from", "2026-02-02T10:00", "--for", "1h", "--threshold", "50%"]
    due = escalade("calendar", "due", *asked, "--output", "json")
    assert (due.code, due.err) == (ExitCode.OK, "")
    assert list(due.json) == ["due", "seconds", "thresholds", "explanation"]
    assert [list(threshold) for threshold in due.json["thresholds"]] == [["at", "is"]]
    assert due.json["seconds"] == 3600
    assert all(isinstance(line, str) for line in due.json["explanation"])
    span = ["--calendar", plain, "--from", "2026-02-03", "--to", "2026-02-02"]
    assert escalade("calendar", "between", *span, "--output", "json").json == {"seconds": 0}


def test_the_first_day_that_may_be_asked_about_is_one_of_the_wall_clock(escalade: Run) -> None:
    asked = ("--calendar", "paris-office", "--from", "1800-01-01", "--to", "1800-01-02")
    assert escalade("calendar", "between", *asked).code == ExitCode.OK


def test_a_broken_file_is_told_whole(escalade: Run, place: Path) -> None:
    (place / "broken.yaml").write_text("calendar: b\nzone: Mars/Base\nhours: {monday: 9-25, moonday: 9-17}\n")
    done = escalade("calendar", "due", "--calendar", "broken.yaml", "--from", "2026-02-02", "--for", "1h")
    assert done.code == ExitCode.CONFIGURATION
    for told in ("broken.yaml:2: zone", "broken.yaml:3: hours.monday", "broken.yaml:3: hours.moonday"):
        assert told in done.err
    (place / "shut.yaml").write_text("calendar: shut\nzone: UTC\nhours: {monday: closed}\n")
    shut = escalade("calendar", "due", "--calendar", "shut.yaml", "--from", "2026-02-02", "--for", "1h")
    assert shut.code == ExitCode.CONFIGURATION
    assert "never open" in shut.err


def test_a_month_names_its_holidays_and_adds_up(escalade: Run) -> None:
    done = escalade("calendar", "show", "paris-office", "--month", "2026-05")
    assert done.code == ExitCode.OK
    assert "Fri  1  closed  Fête du Travail" in done.out
    assert "Fri  8  09:00-12:30, 13:30-17:00\n" in done.out  # listed off
    found = escalade("calendar", "show", "paris-office", "--month", "2026-05", "--output", "json").json
    assert found.keys() == DOCUMENTS["calendar show"].keys()
    assert len(found["days"]) == 31
    assert found["seconds"] == sum(day["seconds"] for day in found["days"])
    assert found["days"][13] == {"date": "2026-05-14", "hours": [], "seconds": 0, "notes": ["Ascension"]}


def test_a_month_shows_nights_where_they_begin_and_clock_changes(escalade: Run) -> None:
    days = {
        day["date"]: day
        for day in escalade("calendar", "show", "warehouse", "--month", "2026-03", "--output", "json").json["days"]
    }
    # The clocks go forward at 02:00 on Sunday the 29th: that night is not open, the one before is Thursday's.
    assert days["2026-03-29"]["hours"] == ["22:00-01:30", "02:00-06:00"]
    assert days["2026-03-29"]["notes"] == ["clocks go forward by 1h"]
    assert days["2026-03-27"]["hours"] == []


def test_every_night_of_the_example_has_its_meal(escalade: Run) -> None:
    days = escalade("calendar", "show", "warehouse", "--month", "2026-03", "--output", "json").json["days"]
    nights = {day["date"]: day["hours"] for day in days if day["hours"] and day["hours"][0].startswith("22:00")}
    assert {f"2026-03-{day:02}" for day in (1, 2, 3, 4, 5)} <= nights.keys()
    assert set(map(tuple, nights.values())) == {("22:00-01:30", "02:00-06:00")}


def test_the_list_names_every_calendar_and_tells_a_broken_one(escalade: Run, place: Path) -> None:
    found = escalade("calendar", "list", "--output", "json")
    assert [row["calendar"] for row in found.json["calendars"]] == ["around-the-clock", "paris-office", "warehouse"]
    assert "monday-thursday 09:00-12:30, 13:30-18:00" in escalade("calendar", "list").out
    (place / "config/calendars/broken.yaml").write_text("calendar: broken\nzone: Nowhere\n")
    broken = escalade("calendar", "list")
    assert broken.code == ExitCode.CONFIGURATION
    assert "calendars/broken.yaml:2: zone" in broken.err
    named = escalade("calendar", "show", "broken")
    assert named.code == ExitCode.CONFIGURATION
    assert "calendars/broken.yaml:2: zone" in named.err
