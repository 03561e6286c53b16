"""Who is on duty, at the command line, with no server running."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.exits import ExitCode
from cli.render.documents import DOCUMENTS
from cli.render.duty_picture import LETTERS, picture
from escalade.people.duty import Gap, gaps, shifts
from tests.cli.conftest import Run
from tests.people.making import NOTHING, rotating, utc

SCHEDULE = """\
zone: Europe/Paris
rotation:
  members: [ana, bruno]
  start: 2026-03-23
  every: 1 day
  handoff: "09:00"
"""
AT = ("--at", "2026-03-24T10:00")


@pytest.fixture
def file(place: Path) -> Path:
    (place / "daily.yaml").write_text(SCHEDULE)
    return place / "daily.yaml"


def test_every_schedule_is_on_one_screen(escalade: Run) -> None:
    done = escalade("oncall", "now")
    assert (done.code, done.err) == (ExitCode.OK, "")
    lines = done.out.splitlines()
    assert lines[0].split() == ["SCHEDULE", "ON", "DUTY", "UNTIL", "NEXT", "WHY"]
    names = ["payments-backup", "payments-primary", "platform-backup", "platform-primary", "support"]
    assert [line.split()[0] for line in lines[1:]] == names
    assert all(" in " in line and "rotation" in line for line in lines[1:])
    assert escalade("oncall", "now", "--output", "json").json.keys() == DOCUMENTS["oncall now"].keys()


def test_who_is_told_with_layer_rotation_and_until(escalade: Run) -> None:
    done = escalade("oncall", "who", "support", "--at", "2026-03-24T16:30", "--output", "json")
    assert done.json.keys() == DOCUMENTS["oncall who"].keys()
    (support,) = done.json["schedules"]
    assert done.json["at"] == "2026-03-24T15:30:00+00:00"
    assert support["until"] == "2026-03-24T18:00:00+01:00"
    assert support["next"] == {"at": "2026-03-24T18:00:00+01:00", "people": ["david"]}
    (person,) = support["people"]
    assert (person["person"], person["layer"], person["rotation"]) == ("chloe", "europe", "weekly rotation")
    assert (person["override"], person["instead_of"], person["how"]) == (None, None, "rotation")


def test_an_override_that_was_just_made_is_told_with_its_id(escalade: Run) -> None:
    made = escalade(
        "oncall", "override", "add", "support", "--with", "ana", "--for", "8h", "--as", "ana", "--output", "json"
    )
    (support,) = escalade("oncall", "who", "support", "--output", "json").json["schedules"]
    assert [(p["person"], p["override"]) for p in support["people"]] == [("ana", made.json["change"]["id"])]


def test_a_schedule_can_be_tried_from_a_file_alone(escalade: Run, file: Path) -> None:
    for path in (file.parent / "config").iterdir():
        path.rename(path.with_suffix(".gone"))
    done = escalade("oncall", "who", "--file", str(file), *AT)
    assert done.code == ExitCode.OK
    assert done.out.splitlines()[1].split()[:2] == ["daily", "bruno"]
    changes = file.with_name("changes.yaml")
    changes.write_text("aways: [{person: bruno, start: 2026-03-24, end: 2026-03-25}]\n")
    done = escalade("oncall", "who", "--file", str(file), "--changes", str(changes), *AT, "--output", "json")
    (daily,) = done.json["schedules"]
    assert [(p["person"], p["instead_of"]) for p in daily["people"]] == [("ana", "bruno")]


def test_a_trial_may_bring_its_people(escalade: Run, file: Path) -> None:
    people = file.with_name("everybody.yaml")
    people.write_text("people: {ana: {}, bruno: {}}\n")
    assert escalade("oncall", "who", "--file", str(file), "--people", str(people), *AT).code == ExitCode.OK
    people.write_text("people: {ana: {}}\n")
    done = escalade("oncall", "who", "--file", str(file), "--people", str(people), *AT)
    assert done.code == ExitCode.CONFIGURATION
    assert "bruno: nobody of this name is in everybody.yaml." in done.err


def test_a_preview_is_a_table_and_a_picture(escalade: Run, file: Path) -> None:
    span = ("--from", "2026-03-28", "--to", "2026-03-30")
    done = escalade("oncall", "preview", "--file", str(file), *span)
    assert [" ".join(line.split()) for line in done.out.splitlines()[1:3]] == [
        "Fri 2026-03-27 09:00 CET Sat 2026-03-28 09:00 CET 1d ana daily rotation",
        "Sat 2026-03-28 09:00 CET Sun 2026-03-29 09:00 CEST 23h bruno daily rotation",
    ]
    assert "█ on duty" in done.out
    found = escalade("oncall", "preview", "--file", str(file), *span, "--output", "json").json
    assert found.keys() == DOCUMENTS["oncall preview"].keys()
    assert [shift["person"] for shift in found["shifts"]] == ["ana", "bruno", "ana"]
    assert found["gaps"] == []


def test_gaps_are_found_in_one_schedule_or_in_all(escalade: Run, file: Path) -> None:
    assert escalade("oncall", "gaps").out == "There is no gap.\n"
    file.write_text(f"{SCHEDULE}  lasts: 20h\n")
    span = ("--from", "2026-03-28", "--to", "2026-03-30")
    done = escalade("oncall", "gaps", "--file", str(file), *span, "--output", "json")
    assert done.json.keys() == DOCUMENTS["oncall gaps"].keys()
    starts = [(gap["start"], gap["end"]) for gap in done.json["gaps"]]
    # The night to the 29th is an hour shorter, and so is the shift in it.
    assert starts == [
        ("2026-03-28T05:00:00+01:00", "2026-03-28T09:00:00+01:00"),
        ("2026-03-29T05:00:00+02:00", "2026-03-29T09:00:00+02:00"),
    ]
    assert "4h" in escalade("oncall", "gaps", "--file", str(file), *span).out
    out = escalade("oncall", "gaps", "--file", str(file), "--from", "2026-03-28T06:00:00.25", "--to", "2026-03-29").out
    assert out.split()[-1] == "3h", "from now is hardly ever a whole second"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["who", "payments-primry"], ExitCode.USAGE, "Did you mean payments-primary"),
        (["who", "support", "--at", "noon"], ExitCode.USAGE, "--at: 'noon' is not an instant."),
        (["who", "support", "--at", "9999-12-31T23:59"], ExitCode.USAGE, "is too far away"),
        (["who", "support", "--at", "0001-01-01"], ExitCode.USAGE, "is too far away"),
        (["preview"], ExitCode.USAGE, "A preview is of one schedule. Name one of: payments-backup"),
        (["preview", "support", "--from", "2026-03-02", "--to", "2026-03-01"], ExitCode.USAGE, "not later"),
        (["preview", "support", "--from", "2026-03-02", "--to", "2036-03-01"], ExitCode.USAGE, "longer than five"),
        (["gaps", "support", "--to", "later"], ExitCode.USAGE, "--to: 'later' is not an instant."),
        (["who", "--people", "x.yaml"], ExitCode.USAGE, "--people goes with --file."),
        (["who", "--file", "gone.yaml"], ExitCode.GENERAL, "gone.yaml cannot be read: No such file"),
        (["who", "--file", "config/people.yaml"], ExitCode.CONFIGURATION, "people.yaml"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(escalade: Run, arguments: list[str], code: int, says: str) -> None:
    done = escalade("oncall", *arguments)
    assert done.code == code, done.err
    assert says in " ".join(done.err.split())
    assert "Traceback" not in done.err
    assert done.out == ""


def test_local_times_need_an_offset_where_schedules_are_in_several_zones(escalade: Run, place: Path) -> None:
    (place / "config" / "schedules" / "far.yaml").write_text(
        "schedule: far\nzone: Asia/Tokyo\nrotation: {members: [ana], start: 2026-01-05}\n"
    )
    done = escalade("oncall", "who", "--at", "2026-03-24T10:00")
    assert done.code == ExitCode.USAGE
    assert "names no offset, and the schedules are in several zones" in done.err
    for moment in ("2026-03-24T16:30z", "2026-03-24T17:30 Europe/Paris", "2026-03-24T17:30[Europe/Paris]"):
        assert escalade("oncall", "who", "--at", moment, "--output", "json").json["at"] == "2026-03-24T16:30:00+00:00"
    assert escalade("oncall", "who", "--at", "2026-03-24T10:00Z").code == ExitCode.OK
    assert (
        escalade("oncall", "who", "far", "--at", "2026-03-24T10:00", "--output", "json")
        .json["at"]
        .startswith("2026-03-24T01:00")
    )


@pytest.mark.parametrize(
    "text",
    ["overrides: [{form: replace}]", "overrides: [1]", "spiral: []", "aways: 3", "- 1", "aways: [{pearson: ana}]"],
)
def test_changes_that_are_none_are_told_by_file_and_line(escalade: Run, file: Path, text: str) -> None:
    changes = file.with_name("changes.yaml")
    changes.write_text(f"{text}\n")
    done = escalade("oncall", "who", "--file", str(file), "--changes", str(changes), *AT)
    assert done.code == ExitCode.CONFIGURATION, done.err
    assert "changes.yaml:" in done.err
    assert "Traceback" not in done.err


def test_everything_that_is_wrong_with_changes_is_told_at_once(escalade: Run, file: Path) -> None:
    changes = file.with_name("changes.yaml")
    changes.write_text(
        "spiral: []\n"
        "overrides:\n"
        "- {form: swap, people: [ana], start: x, end: 2026-03-02, colour: red}\n"
        "- {form: replace, people: ana, start: 2026-03-02, end: 2026-03-01, schedule: other}\n"
        "swaps:\n"
        "- first: {person: ana, start: 2026-03-01, end: 2026-03-02}\n"
        "  second: {person: ana, start: 2026-03-03, end: 2026-03-04}\n"
    )
    done = escalade("oncall", "who", "--file", str(file), "--changes", str(changes), *AT)
    assert done.code == ExitCode.CONFIGURATION
    for says in (
        "spiral: Nothing reads this key",
        "overrides[1].colour: Nothing reads this key",
        "overrides[1].form: 'swap' is not possible here. Allowed: add, remove, replace.",
        "overrides[1].start: 'x' is not possible here. Write a date and time",
        "overrides[2].people: 'ana' is not possible here. Write a list",
        "overrides[2].schedule: It is about the schedule 'other'",
        "swaps[1]: Both shifts are those of ana. Name two people.",
    ):
        assert says in done.err
    changes.write_text("aways: [{person: zoe, start: 2026-03-24, end: 2026-03-25}]\n")
    done = escalade("oncall", "who", "--file", str(file), "--changes", str(changes), *AT)
    assert "aways[1].person: 'zoe' takes no turn here." in done.err


def test_a_picture_says_without_colours_who_is_on_duty_when() -> None:
    people = rotating("UTC", "ana", "bob", start="2026-03-02T00:00", every="1 day", lasts="18h")
    window = (utc(2026, 3, 2), utc(2026, 3, 6))
    found, empty = shifts(people, "s", NOTHING, *window), gaps(people, "s", NOTHING, *window)
    zone = people.schedules["s"].tzinfo
    lines = picture(found, empty, since=window[0], until=window[1], zone=zone, width=40, signs=LETTERS)
    assert [line.plain.rstrip() for line in lines[:4]] == [
        "       |Mon 02 |Tue 03 |Wed 04 |Thu 05",
        "ana    ######..........######..........",
        "bob    ........######..........######..",
        "nobody ......!!......!!......!!......!!",
    ]
    assert all(len(line.plain) <= 40 for line in lines[:4])


def test_a_picture_of_years_still_fits() -> None:
    people = rotating("UTC", "ana", "bob", start="2026-03-02T00:00")
    window = (utc(2026, 1, 1), utc(2030, 1, 1))
    zone = people.schedules["s"].tzinfo
    found = shifts(people, "s", NOTHING, *window)
    lines = picture(found, [Gap("s", *window)], since=window[0], until=window[1], zone=zone, width=80)
    assert all(len(line.plain) <= 80 for line in lines[:4])
    assert "▄" in lines[1].plain


def test_json_is_one_document_also_for_a_reader_without_unicode(escalade: Run) -> None:
    assert json.loads(escalade("oncall", "now", "--output", "json").out)["schedules"]


def test_a_broken_policy_hides_nobody_who_is_on_duty(escalade: Run, place: Path) -> None:
    (place / "config" / "policies" / "broken.yaml").write_text("policy: [\n")
    now = escalade("oncall", "now", "--output", "json")
    assert now.code == ExitCode.OK
    assert now.json["schedules"]
    assert now.err == (
        "Note: the configuration has 1 error elsewhere (see `escalade check`). "
        "Workers that run go on with what they loaded before.\n"
    )
    people = place / "config" / "people.yaml"
    people.write_text(people.read_text() + "nonsense: 1\n")
    refused = escalade("oncall", "now")
    assert refused.code == ExitCode.CONFIGURATION
    assert "people.yaml" in refused.err
