"""Where the thresholds of a ticket's clocks lie: what is due next, and how far its calendars are worked out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from escalade.engine.clockstate import TIER, ClockRun
from escalade.engine.reckoning import Reckoning, reckon
from escalade.engine.state import TicketState
from escalade.errors import HorizonError
from escalade.policy.clocks import BREACH

AHEAD: Final = timedelta(days=180)
"""How long before the end of their horizon calendars are worked out further."""

TRY_AGAIN: Final = timedelta(days=7)
"""How long to wait before they are asked for again."""


class Point(NamedTuple):
    """A threshold of a clock that is still to come, or was passed and not told."""

    at: datetime
    clock: str
    threshold: str
    read: Reckoning
    what: str
    why: str


def points(state: TicketState) -> list[Point]:
    """Every threshold that is not behind its clock, earliest first; none of a clock that stands still."""
    found: list[Point] = []
    for run in state.clocks.values():
        if run.running and run.paused_at is None and run.budget is not None:
            with suppress(HorizonError):  # `worked_out_until` looks after that
                found += _of(state, run)
    return sorted(found, key=lambda point: (point.at, point.clock, point.threshold))


def next_points(state: TicketState) -> Iterator[Point]:
    """Of each clock the next threshold, and its due."""
    seen: set[str] = set()
    for point in points(state):
        if point.clock not in seen or point.threshold == BREACH:
            seen.add(point.clock)
            yield point


def _of(state: TicketState, run: ClockRun) -> list[Point]:
    read = reckon(state.policy, run) if state.policy is not None else None
    found: list[Point] = []
    if read is None:
        return found
    label = label_of(state, run)
    for text, at in read.thresholds():
        if at is None or text in run.passed:
            continue
        if text == BREACH:
            what, why = f"{label} is missed", f"{run.budget} promised ({read.pinned.calendar or 'around the clock'})"
        else:
            what, why = f"{label}: {text}", f"a threshold of {run.budget}"
        found.append(Point(at, run.name, text, read, what, why))
    return found


def label_of(state: TicketState, run: ClockRun) -> str:
    """What a clock is called: `first response`, `clock of experts`."""
    if run.name == TIER and state.policy is not None and run.tier < len(state.policy.tiers):
        return f"clock of {state.policy.tiers[run.tier].name}"
    return run.name.replace("_", " ")


def worked_out_until(state: TicketState) -> datetime | None:
    """When the calendars of a ticket are to be worked out further; None where it has none.

    Long before their horizon ends, and at once when a clock cannot be read because it leads beyond.
    """
    if state.policy is None or not state.policy.calendars:
        return None
    again = state.horizon_tried_at + TRY_AGAIN if state.horizon_tried_at is not None else state.opened_at
    at = min(calendar.until for calendar in state.policy.calendars.values()) - AHEAD
    if any(run.running and _leads_beyond(state, run) for run in state.clocks.values()):
        return again
    return max(at, again)


def _leads_beyond(state: TicketState, run: ClockRun) -> bool:
    assert state.policy is not None
    try:
        read = reckon(state.policy, run)
        if read is not None:
            list(read.thresholds())
    except HorizonError:
        return True
    return False
