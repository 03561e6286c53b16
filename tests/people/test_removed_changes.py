"""A change that was removed while it was in force ends there, with everything that was still ahead of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from escalade.people import Person, Roster
from escalade.people.changes import Changes, DutySlot, Swap, Temporary
from escalade.people.duty import duty_at
from escalade.people.schedule import Schedule

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
ROTATION: dict[str, Any] = {"members": ["ana", "bruno"], "start": "2026-03-02", "handoff": "monday 00:00"}
ROSTER = Roster(
    people={name: Person() for name in ("ana", "bruno", "chloe")},
    schedules={"duty": Schedule.model_validate({"zone": "UTC", "rotation": ROTATION})},
)


def slot(person: str, start: int, end: int) -> DutySlot:
    return DutySlot(person=person, start=MONDAY + start * DAY, end=MONDAY + end * DAY)


def on_duty(changes: Changes, *days: int) -> list[list[str]]:
    return [duty_at(ROSTER, "duty", changes, MONDAY + day * DAY).names for day in days]


def swapped(end: int) -> Changes:
    swap = Swap(
        id="s1",
        schedule="duty",
        start=MONDAY,
        end=MONDAY + end * DAY,
        made_at=MONDAY,
        first=slot("ana", 0, 7),
        second=slot("bruno", 7, 14),
    )
    return Changes(swaps=(swap,))


def test_a_swap_removed_in_its_first_shift_leaves_the_second_alone() -> None:
    assert on_duty(swapped(14), 1, 5, 8, 13, 14) == [["bruno"], ["bruno"], ["ana"], ["ana"], ["ana"]]
    assert on_duty(swapped(3), 1, 2, 3, 5, 8, 13) == [["bruno"], ["bruno"], ["ana"], ["ana"], ["bruno"], ["bruno"]]


def test_a_swap_removed_between_its_shifts_keeps_the_first() -> None:
    assert on_duty(swapped(7), 1, 6, 8) == [["bruno"], ["bruno"], ["bruno"]]


def test_a_temporary_schedule_that_was_removed_takes_its_shifts_along() -> None:
    shifts = (slot("chloe", 0, 4), slot("chloe", 5, 7))
    given: dict[str, Any] = {"id": "t1", "schedule": "duty", "start": MONDAY, "made_at": MONDAY, "shifts": shifts}
    assert on_duty(Changes(temporaries=(Temporary(**given, end=MONDAY + 7 * DAY),)), 3, 4, 6) == [
        ["chloe"],
        [],
        ["chloe"],
    ]
    assert on_duty(Changes(temporaries=(Temporary(**given, end=MONDAY + 3 * DAY),)), 2, 3, 6) == [
        ["chloe"],
        ["ana"],
        ["ana"],
    ]
