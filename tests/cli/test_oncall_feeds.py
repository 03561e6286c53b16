"""Schedules go out as calendars, and come in from them; no server runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.exits import ExitCode
from tests.cli.conftest import Run

FED = "schedule: fed\nzone: Europe/Paris\nfeed:\n  url: {url}\n"


def fed(place: Path, url: str) -> None:
    (place / "config" / "schedules" / "fed.yaml").write_text(FED.format(url=url))


def test_a_calendar_in_its_folder_is_no_stray_file(escalade: Run, place: Path) -> None:
    (place / "config" / "feeds").mkdir()
    (place / "config" / "feeds" / "one.ics").touch()
    assert "feeds" not in escalade("check").out


def people(escalade: Run, schedule: str, at: str) -> list[tuple[str, str]]:
    (found,) = escalade("oncall", "who", schedule, "--at", at, "--output", "json").json["schedules"]
    return [(one["person"], one["end"]) for one in found["people"]]


def test_what_is_exported_can_be_imported_and_says_the_same(escalade: Run, place: Path) -> None:
    (place / "config" / "feeds").mkdir()
    done = escalade("oncall", "export", "--schedule", "payments-primary", "--output-file", "config/feeds/fed.ics")
    assert (done.code, done.out) == (ExitCode.OK, "")
    assert "written to config/feeds/fed.ics" in done.err
    fed(place, "feeds/fed.ics")
    shown = escalade("oncall", "feeds", "--refresh", "--output", "json")
    assert (shown.code, shown.json["feeds"][0]["stale"]) == (ExitCode.OK, "")
    for at in ("now", *(f"{day}T12:00" for day in _days())):
        assert people(escalade, "fed", at) == people(escalade, "payments-primary", at) != []


def _days() -> list[str]:
    from datetime import UTC, datetime, timedelta

    return [f"{datetime.now(UTC) + timedelta(days=n):%Y-%m-%d}" for n in (1, 8, 15, 40, 80)]


def test_one_persons_shifts_go_out(escalade: Run) -> None:
    done = escalade("oncall", "export", "--person", "ana", "--from", "2027-01-04", "--to", "2027-03-01")
    assert done.code == ExitCode.OK
    assert done.out.startswith("BEGIN:VCALENDAR\r\n")
    assert set(_values(done.out, "X-ESCALADE-PERSON")) == {"ana"}
    assert len(set(_values(done.out, "X-ESCALADE-SCHEDULE"))) > 1


def _values(text: str, name: str) -> list[str]:
    return [line.partition(":")[2] for line in text.splitlines() if line.startswith(f"{name}:")]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--person", "brno"], "There is nobody called 'brno'"),
        (["--schedule", "nope"], "There is no schedule 'nope'"),
        (["--from", "2027-02-01T00:00Z", "--to", "2027-01-01T00:00Z"], "It ends before it begins."),
        (["--from", "2027-02-01T00:00Z", "--to", "2037-01-01T00:00Z"], "That is longer than"),
        (["--output-file", "no/such/place.ics"], "cannot be written"),
    ],
)
def test_a_wrong_export_is_refused(escalade: Run, given: list[str], says: str) -> None:
    done = escalade("oncall", "export", *given)
    assert done.code == ExitCode.USAGE
    assert says in done.err


def test_a_feed_says_how_it_stands(escalade: Run, place: Path) -> None:
    assert escalade("oncall", "feeds").err == "No schedule comes from a feed.\n"
    fed(place, "${FEED}")
    assert "FEED is not set" in escalade("oncall", "feeds").err
    fed(place, "feeds/missing.ics")
    never = escalade("oncall", "feeds")
    assert (never.code, "it was never read" in never.out) == (ExitCode.GENERAL, True)
    failed = escalade("oncall", "feeds", "--refresh")
    assert (failed.code, "The file cannot be read: no such file or directory." in failed.out) == (1, True)


def test_a_feed_that_was_never_read_is_why_nobody_is_on_duty(escalade: Run, place: Path) -> None:
    fed(place, "feeds/missing.ics")
    for command in (["now"], ["who", "fed"]):
        assert "its calendar feed was never read" in " ".join(escalade("oncall", *command).out.split())


CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{}END:VCALENDAR\r\n"
SHIFT = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20200101T000000Z\r\nDTEND:20990101T000000Z\r\nSUMMARY:ana\r\nEND:VEVENT\r\n"


def test_an_emptied_calendar_leaves_who_is_on_duty_until_somebody_accepts_it(escalade: Run, place: Path) -> None:
    (place / "config" / "feeds").mkdir()
    calendar = place / "config" / "feeds" / "duty.ics"
    fed(place, "feeds/duty.ics")
    calendar.write_text(CALENDAR.format(SHIFT))
    assert escalade("oncall", "feeds", "--refresh").code == ExitCode.OK
    calendar.write_text(CALENDAR.format(""))
    silent = escalade("oncall", "feeds", "--refresh", "--output", "json")
    assert silent.code == ExitCode.GENERAL
    assert silent.json["feeds"][0]["stale"] == "It names nobody from now on, and said 1 shift before."
    assert people(escalade, "fed", "now") != []
    (duty,) = escalade("oncall", "who", "fed", "--output", "json").json["schedules"]
    assert "It names nobody from now on" in str(duty["notes"])
    accepted = escalade("oncall", "feeds", "--accept", "fed", "--as", "ana")
    assert accepted.code == ExitCode.OK
    assert people(escalade, "fed", "now") == []
    assert "ana" in escalade("journal", "show", "schedule/fed").out


@pytest.mark.parametrize(
    ("name", "says"),
    [("nope", "There is no schedule 'nope'"), ("payments-primary", "payments-primary comes from no feed")],
)
def test_only_a_feed_can_be_accepted(escalade: Run, name: str, says: str) -> None:
    done = escalade("oncall", "feeds", "--accept", name)
    assert (done.code, says in done.err) == (ExitCode.USAGE, True)
