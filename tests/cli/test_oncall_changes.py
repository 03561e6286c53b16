"""Changes of who is on duty, made at the command line with no server running."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cli.exits import ExitCode
from cli.render.documents import DOCUMENTS
from store import Store
from tests.cli.conftest import Run
from tests.cli.making import fill, snapshot

SOON = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0, tzinfo=None) + timedelta(days=3)
FROM, TO = f"{SOON:%Y-%m-%dT%H:%M}", f"{SOON + timedelta(hours=8):%Y-%m-%dT%H:%M}"
ADD = ("oncall", "override", "add", "payments-primary")


def stored(place: Path) -> Store:
    return Store.open(f"sqlite:///{place}/state/escalade.db", migrate=False)


def test_an_override_needs_no_server_and_makes_the_store(escalade: Run, place: Path) -> None:
    done = escalade(*ADD, "--with", "ana", "--from", FROM, "--to", TO, "--reason", "asked", "--as", "bruno")
    assert (done.code, done.err) == (ExitCode.OK, "")
    assert "is kept: ana instead of everybody in payments-primary" in done.out
    with stored(place) as store:
        (kept,) = store.kept_changes(["override"])
        (entry,) = [stored.entry for stored in store.entries("schedule/payments-primary")]
    # The schedule's zone is Europe/Paris.
    assert kept.change.start == SOON.replace(tzinfo=UTC) - _offset(SOON)
    assert kept.change.end - kept.change.start == timedelta(hours=8)
    assert (entry.actor.id, entry.actor.claimed, entry.why) == ("bruno", True, "asked")


def _offset(local: datetime) -> timedelta:
    found = local.replace(tzinfo=ZoneInfo("Europe/Paris")).utcoffset()
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (["--add", "ana", "--add", "bruno"], "ana and bruno on duty besides in"),
        (["--remove", "bruno"], "bruno off duty in"),
        (["--replace", "bruno", "--with", "chloe"], "chloe instead of bruno in"),
        (["--with", "chloe"], "chloe instead of everybody in"),
    ],
)
def test_an_override_has_four_forms(escalade: Run, form: list[str], says: str) -> None:
    done = escalade(*ADD, *form, "--for", "8h", "--as", "ana")
    assert done.code == ExitCode.OK
    assert "is in force" in done.out
    assert says in done.out


def test_it_is_listed_and_removed_by_the_beginning_of_its_id(escalade: Run) -> None:
    made = escalade(*ADD, "--with", "ana", "--for", "8h", "--as", "ana", "--output", "json").json
    assert set(made) == set(DOCUMENTS["oncall override add"])
    assert (made["new"], made["held"]) == (True, {"waiting": 0, "told": 0, "why_not": ""})
    change = made["change"]
    listed = escalade("oncall", "override", "list", "--output", "json").json
    assert listed == {"changes": [{**change, "idle": False}]}
    assert change["id"] in escalade("oncall", "override", "list", "payments-primary").out
    assert escalade("oncall", "override", "list", "platform-primary").out == ""
    gone = escalade("oncall", "override", "remove", change["id"][:4], "--as", "ana", "--output", "json").json
    assert (gone["removed"], gone["change"]["removed_at"] is not None) == (True, True)
    again = escalade("oncall", "override", "remove", change["id"], "--as", "ana")
    assert (again.code, "was removed already" in again.out) == (ExitCode.OK, True)
    assert escalade("oncall", "override", "list", "--output", "json").json == {"changes": []}
    assert len(escalade("oncall", "override", "list", "--all", "--output", "json").json["changes"]) == 1


def test_the_same_override_again_is_one(escalade: Run) -> None:
    for new in (True, False):
        done = escalade(*ADD, "--with", "ana", "--from", FROM, "--to", TO, "--as", "ana", "--output", "json").json
        assert done["new"] is new


def test_everything_wrong_is_said_at_once(escalade: Run, place: Path) -> None:
    done = escalade(
        "oncall", "override", "add", "payments-primry", "--replace", "brno", "--from", TO, "--to", FROM, "--as", "ana"
    )
    assert done.code == ExitCode.USAGE
    assert done.err.startswith("Error: 4 things are wrong:\n")
    for sentence in (
        "There is no schedule 'payments-primry'. Did you mean payments-primary",
        "before it begins",
        "--replace does not say with whom.",
        "There is nobody called 'brno' in people.yaml. Did you mean bruno?",
    ):
        assert sentence in done.err
    assert not (place / "state").exists()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--with", "ana"], "It has no end. Give --to or --for."),
        (["--with", "ana", "--for", "1h", "--to", TO], "--to and --for cannot be combined. Give --to or --for."),
        (["--for", "1h"], "It says nothing. Give --add P"),
        (["--with", "ana", "--add", "bruno", "--for", "1h"], "It says several things at once. Give --add P"),
        (["--with", "ana", "--from", "2026-03-02", "--to", TO], "It begins in the past, at 2026-03-01T23:00:00Z."),
        (["--with", "ana", "--from", "2026-03-02", "--to", TO], "not changed afterwards; --from now begins now."),
        (["--with", "ana", "--from", "2026-03-02", "--to", "2026-03-03"], "It is over already"),
        (["--with", "ana", "--from", "soon", "--for", "1h"], "--from: 'soon' is not an instant."),
        (["--with", "ana", "--for", "soon"], "--for: "),
        (["--replace", "ana", "--with", "ana", "--for", "1h"], "ana cannot stand in for themselves."),
        (["--with", "ana", "--for", "0m"], "nothing lies between. Give a later end."),
        (["--with", "ana", "--to", "2999-01-01"], "It is longer than five years. Look at the year of its end"),
        (["--with", "ana", "--from", "2999-01-01", "--for", "1d"], "It begins more than five years ahead"),
    ],
)
def test_a_wrong_override_is_refused_with_a_mend(escalade: Run, given: list[str], says: str) -> None:
    done = escalade(*ADD, *given, "--as", "ana")
    assert done.code == ExitCode.USAGE
    assert says in " ".join(done.err.split())


@pytest.mark.parametrize(("clock", "read"), [("2:24:30", "02:24:30"), ("02:24:30", "02:24:30"), ("02:24", "02:24:00")])
def test_a_time_of_day_is_read_as_timelines_write_it(escalade: Run, clock: str, read: str) -> None:
    made = escalade(*ADD, "--with", "ana", "--from", clock, "--for", "1h", "--as", "ana", "--output", "json").json
    start = datetime.fromisoformat(made["change"]["start"]).astimezone(ZoneInfo("Europe/Paris"))
    assert f"{start:%H:%M:%S}" == read


def test_a_change_is_told_by_the_clock_it_was_typed_by(escalade: Run) -> None:
    """The terminal's zone is UTC, the schedule's and Bruno's Europe/Paris."""
    made = escalade(*ADD, "--with", "ana", "--from", FROM, "--to", TO, "--as", "ana")
    window = f"from {SOON:%Y-%m-%d %H:%M:%S} until {SOON + timedelta(hours=8):%Y-%m-%d %H:%M:%S} (Europe/Paris time)."
    assert window in made.out
    away = escalade("oncall", "away", "add", "bruno", "--from", FROM, "--to", TO, "--as", "ana")
    assert window in away.out
    (kept,) = escalade("oncall", "override", "list", "--output", "json").json["changes"]
    assert window in escalade("oncall", "override", "remove", kept["id"], "--as", "ana").out.replace(" now", "")


def test_a_change_is_told_in_utc_to_who_asks_for_it(escalade: Run) -> None:
    made = escalade(*ADD, "--with", "ana", "--from", FROM, "--to", TO, "--as", "ana", "--utc")
    assert f"from {SOON - _offset(SOON):%Y-%m-%d %H:%M:%S} until " in made.out
    assert made.out.rstrip().endswith("(UTC time).")


def test_a_change_that_changes_nothing_is_kept_and_says_so(escalade: Run) -> None:
    (here,) = escalade("oncall", "who", "payments-primary", "--output", "json").json["schedules"]
    (one,) = (duty["person"] for duty in here["people"])
    other = "ceo"
    nothing = "As things stand it changes nothing"
    for given in (["--remove", other], ["--replace", other, "--with", "cto"], ["--with", one]):
        done = escalade("oncall", "override", "add", "payments-primary", *given, "--for", "1m", "--as", "ana")
        assert done.code == ExitCode.OK
        assert nothing in done.err
    assert nothing in escalade("oncall", "away", "add", other, "--for", "1m", "--as", "ana").err
    assert (
        escalade("oncall", "override", "add", "payments-primary", "--with", "cto", "--for", "1m", "--as", "ana").err
        == ""
    )


def test_a_shift_outside_of_a_temporary_schedule_is_refused(escalade: Run, place: Path) -> None:
    day = timedelta(days=1)
    shifts = place / "shifts.yaml"
    shifts.write_text(f"shifts:\n- {{person: ana, from: {SOON:%Y-%m-%d}, to: {SOON + day:%Y-%m-%d}}}\n")
    later = [f"{SOON + n * day:%Y-%m-%d}" for n in (2, 3)]
    add = ("oncall", "temporary", "add", "payments-primary", str(shifts), "--as", "ana")
    done = escalade(*add, "--from", later[0], "--to", later[1])
    assert done.code == ExitCode.USAGE
    assert "ana's shift" in done.err
    assert "lies outside of the window" in done.err
    assert escalade(*add).code == ExitCode.OK


def test_time_off_is_kept_on_the_wall_clock_of_whoever_is_away(escalade: Run, place: Path) -> None:
    day = f"{SOON:%Y-%m-%d}"
    done = escalade("oncall", "away", "add", "bruno", "--from", day, "--for", "2d", "--as", "ana")
    assert done.code == ExitCode.OK
    assert "bruno is away from" in done.out
    with stored(place) as store:
        (kept,) = store.kept_changes(["away"])
        assert store.streams("person/") == ["person/bruno"]
    midnight = SOON.replace(hour=0)
    assert kept.change.start == midnight.replace(tzinfo=UTC) - _offset(midnight)
    refused = escalade("oncall", "away", "add", "bruno", "--from", FROM, "--to", TO, "--as", "ana")
    assert refused.code == ExitCode.REFUSED
    assert f"escalade oncall away remove {kept.change.id}" in refused.err
    assert escalade("oncall", "away", "remove", kept.change.id, "--as", "ana").code == ExitCode.OK
    assert escalade("oncall", "away", "list", "bruno").out == ""


def test_what_is_not_there_cannot_be_removed(escalade: Run, place: Path) -> None:
    assert escalade("oncall", "override", "remove", "abc", "--as", "ana").code == ExitCode.STORE
    Store.open(f"sqlite:///{place}/state/escalade.db").close()
    done = escalade("oncall", "override", "remove", "abc", "--as", "ana")
    assert (done.code, done.err) == (
        ExitCode.NOT_FOUND,
        "Error: There is no override 'abc'.\n  See them: escalade oncall override list\n",
    )


def test_tickets_that_wait_for_somebody_are_told_or_it_is_said_when_they_look(escalade: Run, place: Path) -> None:
    fill(place, snapshot("abcdefghij").model_copy(update={"holding": True}))
    done = escalade(*ADD, "--with", "ana", "--for", "8h", "--as", "ana")
    assert done.code == ExitCode.OK
    assert "1 ticket that waits for somebody on duty could not be told now" in done.err
    assert "looks again within a minute of a worker running" in done.err
