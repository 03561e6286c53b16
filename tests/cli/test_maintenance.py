"""Maintenance windows at the command line, with no server running."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from cli.exits import ExitCode
from cli.render.documents import DOCUMENTS
from store import Store
from store.tables import maintenance_windows
from tests.cli.conftest import Run
from tests.cli.making import fill, snapshot

ADD = ("maintenance", "add", "db-upgrade", "--service", "payments", "--for", "2h", "--as", "ana")


def stored(place: Path) -> Store:
    return Store.open(f"sqlite:///{place}/state/escalade.db", migrate=False)


def test_a_window_needs_no_server_and_is_on_record(escalade: Run, place: Path) -> None:
    done = escalade(*ADD, "--reason", "change 4711", "--title", "upgrade")
    assert (done.code, done.err) == (ExitCode.OK, "")
    assert "maintenance window db-upgrade is made: service payments, open " in done.out
    with stored(place) as store:
        (entry,) = [kept.entry for kept in store.entries("maintenance")]
    assert (entry.actor.id, entry.actor.claimed, entry.why) == ("ana", True, "change 4711")
    assert "db-upgrade was made" in escalade("journal", "show", "maintenance").out
    again = escalade(*ADD, "--reason", "change 4711", "--title", "upgrade")
    assert again.code in (ExitCode.OK, ExitCode.REFUSED)


def test_it_is_listed_shown_ended_and_removed(escalade: Run) -> None:
    made = escalade(*ADD, "--output", "json").json
    assert list(made) == list(DOCUMENTS["maintenance add"])
    assert (made["new"], made["window"]["is"], made["concerned"]["tickets"]) == (True, "open", 0)
    listed = escalade("maintenance", "list", "--output", "json").json
    planned = [window["id"] for window in listed["windows"] if window["id"] != "db-upgrade"]
    assert (planned, len(listed["windows"])) == (["staging-nights"], 2)
    assert re.search(r"^db-upgrade +open ", escalade("maintenance", "list").out, re.MULTILINE)
    assert "which tickets: service payments" in escalade("maintenance", "show", "db-up").out
    ended = escalade("maintenance", "end", "db", "--as", "ana", "--output", "json").json
    assert list(ended) == list(DOCUMENTS["maintenance end"])
    assert ended["window"]["is"] == "over"
    assert [window["id"] for window in escalade("maintenance", "list", "--output", "json").json["windows"]] == planned
    assert escalade("maintenance", "end", "db-upgrade", "--as", "ana").code == ExitCode.USAGE
    gone = escalade("maintenance", "remove", "db-upgrade", "--as", "ana", "--output", "json").json
    assert list(gone) == list(DOCUMENTS["maintenance remove"])
    assert escalade("maintenance", "show", "db-upgrade").code == ExitCode.NOT_FOUND


def test_tickets_it_concerns_are_told_later_when_temporal_is_away(escalade: Run, place: Path) -> None:
    fill(place, snapshot("abcdefghij", service="payments"), snapshot("klmnopqrst", service="mail"))
    done = escalade(*ADD)
    assert done.code == ExitCode.OK
    assert "1 ticket it concerns could not be told now" in done.err
    with stored(place) as store:
        windows = store.windows_in_force()
        assert store.unaware(windows, windows[0].made_at or windows[0].spec.start) == ["abcdefghij"]


def test_a_recurring_window_of_the_file_can_be_ended_but_not_removed(escalade: Run, place: Path) -> None:
    spec = {"match": {"service": "shop"}, "start": "2026-01-01", "lasts": "23h59m", "recurrence": "FREQ=DAILY"}
    (place / "config/maintenance.yaml").write_text(json.dumps({"windows": {"nightly": spec}}))
    shown = escalade("maintenance", "show", "nightly", "--output", "json").json
    assert (shown["window"]["source"], shown["window"]["more"]) == ("configuration", True)
    assert escalade("maintenance", "remove", "nightly", "--as", "ana").code == ExitCode.NOT_FOUND
    assert escalade(*ADD[:2], "nightly", *ADD[3:]).code == ExitCode.USAGE


WEEK_AGO = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=7)
WEEKLY = ("maintenance", "add", "wk", "--service", "shop", "--from", f"{WEEK_AGO:%Y-%m-%dT%H:%M}Z", "--as", "ana")


def test_a_recurring_window_may_have_opened_before_it_is_made(escalade: Run) -> None:
    done = escalade(*WEEKLY, "--for", "3h", "--recurrence", "FREQ=WEEKLY", "--zone", "UTC", "--output", "json")
    assert (done.code, done.err) == (ExitCode.OK, "")
    window = done.json["window"]
    # It opened at this hour a week ago, and so it does now and each week to come.
    assert (window["is"], datetime.fromisoformat(window["next"][0]["start"])) == ("open", WEEK_AGO + timedelta(days=7))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ((), "It is over already: it ends at"),
        (("--recurrence", "FREQ=DAILY;COUNT=2"), "It is over already: its rule has no opening to come."),
        (("--recurrence", "FREQ=DAILY", "--from", "1999-01-01"), "It begins more than five years ago"),
    ],
)
def test_a_window_that_never_opens_again_is_refused(escalade: Run, more: tuple[str, ...], says: str) -> None:
    done = escalade(*WEEKLY, "--for", "3h", *more)
    assert done.code == ExitCode.USAGE
    assert says in " ".join(done.err.split())


def test_everything_wrong_with_a_window_is_told_at_once(escalade: Run) -> None:
    done = escalade("maintenance", "add", "Db Upgrade", "--zone", "Mars/Base", "--label", "host", "--as", "ana")
    assert done.code == ExitCode.USAGE
    for said in ("is no name", "not an IANA time zone", "is no label", "has no end"):
        assert said in done.err
    assert "Nothing was done." in done.err


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ((), "does not say which tickets"),
        (("--service", "x", "--severity", "sev9"), "'sev9' is not one of"),
        (("--service", ""), "--service is empty"),
        (("--severity", "sev1", "--except-severity", "sev1"), "It covers no ticket"),
        (("--service", "x", "--recurrence", "FREQ=DAILY;BYDAY=XX"), "--recurrence: BYDAY=XX cannot be read"),
        (("--service", "x", "--recurrence", "FREQ=HOURLY"), "FREQ of YEARLY"),
        (("--service", "x", "--everything"), "not both"),
    ],
)
def test_what_cannot_be_a_window_is_refused(escalade: Run, more: tuple[str, ...], says: str) -> None:
    done = escalade("maintenance", "add", "--for", "2h", "--as", "ana", *more)
    assert done.code == ExitCode.USAGE
    assert says in " ".join(done.err.split())


def test_severities_are_read_as_tickets_have_them_read(escalade: Run) -> None:
    severities = ("--severity", "P1", "--severity", "sev2", "--except-severity", "critical", "--output", "json")
    window = escalade(*ADD, *severities).json["window"]["window"]
    assert window["match"][0]["severity"] == ["sev1", "sev2"]
    assert window["except_severity"] == ["sev1"]


def test_a_window_that_cannot_be_read_leaves_the_others_and_can_be_removed(escalade: Run, place: Path) -> None:
    escalade(*ADD)
    with stored(place) as store, store.database.writing() as connection:
        row = {
            "id": "old",
            "until": None,
            "made_at": datetime.now(UTC),
            "made_by": "ana",
            "removed_at": None,
            "body": "{}",
        }
        connection.execute(insert(maintenance_windows).values(row))
    assert "db-upgrade" in escalade("maintenance", "list").out
    done = escalade("maintenance", "remove", "old", "--as", "ana")
    assert (done.code, "old is removed" in done.out) == (ExitCode.OK, True)
    assert escalade("maintenance", "remove", "old", "--as", "ana").code == ExitCode.NOT_FOUND
