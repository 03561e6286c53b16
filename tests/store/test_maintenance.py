"""Maintenance windows in the store: kept, recorded, ended and removed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import insert

from escalade.maintenance.window import MaintenanceWindow, WindowSpec
from store import NoSuchWindowError, Store, WindowTakenError
from store.tables import maintenance_windows
from tests.store.making import ANA, NOW, kinds

HOUR = timedelta(hours=1)
VALUES: dict[str, Any] = {"everything": True, "start": "2026-03-01T07:00", "lasts": "2h"}


def spec(begin: timedelta = -HOUR, **written: Any) -> WindowSpec:
    values = {"match": {"service": "shop"}, "start": NOW + begin, "lasts": "2h", "reason": "change 4711"}
    return WindowSpec.model_validate(values | written)


def test_a_window_is_kept_as_it_was_written_and_recorded_with_who_and_why(store: Store) -> None:
    made, new = store.add_window("patching", spec(), by=ANA)
    assert (made.spec, made.by, made.source, new) == (spec(), "ana", "command", True)
    assert store.windows_in_force() == [made]
    (stored,) = store.entries("maintenance")
    assert (stored.entry.kind, stored.entry.actor, stored.entry.why) == ("window.made", ANA, "change 4711")
    assert "2026-03-01T07:00:00Z to 2026-03-01T09:00:00Z" in stored.entry.what
    assert store.verify() == []


def test_the_same_one_again_changes_nothing_and_another_of_its_name_is_refused(store: Store) -> None:
    store.add_window("patching", spec(), by=ANA)
    assert store.add_window("patching", spec(), by=ANA)[1] is False
    with pytest.raises(WindowTakenError):
        store.add_window("patching", spec(lasts="3h"), by=ANA)
    store.remove_window("patching", by=ANA)
    with pytest.raises(WindowTakenError):
        store.add_window("patching", spec(), by=ANA)
    assert kinds(store, "maintenance") == ["window.made", "window.removed"]


def test_ending_cuts_the_present_opening_and_only_it(store: Store) -> None:
    daily, _ = store.add_window("nightly", spec(recurrence="FREQ=DAILY"), by=ANA)
    assert store.end_window(daily, by=ANA, why="done sooner") == NOW
    (ended,) = store.windows_in_force()
    assert ended.ended == (NOW,)
    assert ended.spans(NOW, most=1)[0] == []
    assert ended.spans(NOW, most=2)[0][0].start == NOW - HOUR + timedelta(days=1)
    assert store.end_window(ended, by=ANA) is None
    assert kinds(store, "maintenance") == ["window.made", "window.ended_early"]


def test_a_window_of_the_configuration_can_be_ended_too_and_one_that_is_not_open_cannot(store: Store) -> None:
    window = MaintenanceWindow(id="sundays", spec=spec(), source="configuration")
    assert store.end_window(window, by=ANA) == NOW
    assert store.windows_in_force([window])[0].ended == (NOW,)
    later = MaintenanceWindow(id="later", spec=spec(HOUR), source="configuration")
    assert store.end_window(later, by=ANA) is None


def test_removing_one_that_was_not_made_by_command_says_where_it_is(store: Store) -> None:
    with pytest.raises(NoSuchWindowError, match="made by command"):
        store.remove_window("sundays", by=ANA)
    store.add_window("patching", spec(), by=ANA)
    assert store.remove_window("patching", by=ANA, why="called off") is True
    assert store.remove_window("patching", by=ANA) is False
    assert store.windows_in_force() == []


def test_what_is_long_over_is_not_read_any_more(store: Store) -> None:
    store.add_window("over", spec(timedelta(days=-3)), by=ANA)
    store.add_window("endless", spec(timedelta(days=-3), recurrence="FREQ=DAILY"), by=ANA)
    assert [window.id for window in store.windows_in_force()] == ["endless"]


def test_many_may_make_the_same_window_at_once_and_it_is_made_once(store: Store) -> None:
    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(lambda _: store.add_window("patching", spec(), by=ANA)[1], range(6)))
    assert sorted(outcomes) == [False] * 5 + [True]
    assert kinds(store, "maintenance") == ["window.made"]


def keep(store: Store, window_id: str, **written: Any) -> None:
    """As an Escalade of another time kept it, whatever the model says today."""
    row = {"id": window_id, "until": None, "made_at": NOW, "made_by": "ana", "removed_at": None}
    with store.database.writing() as connection:
        connection.execute(insert(maintenance_windows).values(body=json.dumps(VALUES | written), **row))


@pytest.mark.parametrize(
    "written",
    [
        {"recurrence": "FREQ=DAILY;BYSECOND=0"},
        {"recurrence": "FREQ=DAILY;INTERVAL=2000"},
        {"everything": False, "match": [{"service": [""]}, {"service": ["shop"]}]},
        {"everything": False, "match": [{"severity": ["sev1"]}], "except_severity": ["sev1"]},
    ],
)
def test_a_window_that_was_taken_once_stays_in_force_when_it_would_be_refused_today(
    store: Store, written: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        WindowSpec.model_validate(VALUES | written)
    keep(store, "old", **written)
    (window,) = store.windows_in_force()
    assert [(span.start, span.end) for span in window.spans(NOW, most=1)[0]] == [(NOW - HOUR, NOW + HOUR)]


@pytest.mark.parametrize(
    "written",
    [
        {"recurrence": "FREQ=SECONDLY"},
        {"recurrence": "FREQ=DAILY;BYDAY=XX"},
        {"lasts": None},
        {"start": "9999-12-31T23:00"},
        {"colour": "red"},
    ],
)
def test_a_window_that_cannot_be_read_is_told_once_and_leaves_the_others(
    store: Store, caplog: pytest.LogCaptureFixture, written: dict[str, Any]
) -> None:
    store.add_window("patching", spec(), by=ANA)
    # Each case of this test, on each database, has a name of its own: what was told is remembered.
    name = f"old-{store.database.engine.dialect.name}-{next(iter(written.values()))}".lower().replace(":", "")
    keep(store, name, **written)
    assert [[window.id for window in store.windows_in_force()] for _ in range(2)] == [["patching"]] * 2
    assert [record.message.partition(" cannot")[0] for record in caplog.records] == [f"The maintenance window {name}"]
    assert store.unreadable_windows() == [name]
    with pytest.raises(WindowTakenError):
        store.add_window(name, spec(), by=ANA)
    assert store.remove_window(name, by=ANA) is True
    assert (store.unreadable_windows(), store.remove_window(name, by=ANA)) == ([], False)
