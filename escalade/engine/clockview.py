"""What a ticket says of its clocks: each at a glance, and why it is due when it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

from escalade.engine.clockstate import ClockRun
from escalade.engine.points import label_of
from escalade.engine.reckoning import Reckoning, reckon
from escalade.engine.state import TicketState
from escalade.errors import HorizonError
from escalade.messages.views import ClockView, ClockWhy, ThresholdAt
from escalade.time.clocks import Clock, Pause
from escalade.time.durations import format_duration
from escalade.time.explaining import explain
from escalade.time.instants import format_instant

MOST: Final = 24
"""Standstills that are told one by one."""
_RESULT: Final = {True: "in time", False: "too late", None: "and nothing is judged"}


def clock_views(state: TicketState, at: datetime) -> list[ClockView]:
    """Every clock of a ticket as of an instant, in the order in which they were first started."""
    found = []
    for run in state.clocks.values():
        try:
            read = reckon(state.policy, run) if state.policy is not None else None
            if read is not None:
                found.append(_view(state, read, at))
        except HorizonError:
            found.append(_bare(state, run))
    return found


def _bare(state: TicketState, run: ClockRun) -> ClockView:
    """What can be said of a clock that leads beyond what its calendar was worked out for."""
    return ClockView(name=run.name, title=label_of(state, run), state=_state(run), started_at=run.started_at)


def _view(state: TicketState, read: Reckoning, at: datetime) -> ClockView:
    run = read.run
    used, length, due = read.consumed(at), read.length, read.due
    ahead = [(when, text) for text, when in read.thresholds() if when is not None and when > at and run.running]
    late = due is not None and (run.stopped_at or at) > due
    return ClockView(
        name=run.name,
        title=label_of(state, run),
        state=_state(run),
        target=str(run.budget) if run.budget is not None else "",
        calendar=read.pinned.calendar,
        started_at=run.started_at,
        due=due,
        breached=run.met is False or late,
        consumed=used,
        left=length - used if length is not None else None,
        next_at=min(ahead)[0] if ahead else None,
        next_threshold=min(ahead)[1] if ahead else "",
        paused_since=run.paused_at if run.running else None,
        paused_on=run.paused_on if run.running else "",
        stopped_at=run.stopped_at,
        stopped_by=run.stopped_by or "",
        met=run.met,
    )


def _state(run: ClockRun) -> Literal["running", "paused", "met", "missed", "ended", "nothing promised"]:
    if run.budget is None:
        return "nothing promised"
    if run.running:
        return "running" if run.paused_at is None else "paused"
    if run.met is None:
        return "ended"
    return "met" if run.met else "missed"


def why(state: TicketState, name: str, at: datetime) -> ClockWhy | None:
    """Why a clock is due when it is, as of an instant; None when the ticket has no such clock.

    Args:
        state: the ticket.
        name: `first_response`, `update`, `resolution` or `tier`.
        at: the instant that is asked about, UTC.
    """
    run = state.clocks.get(name)
    if run is None or state.policy is None:
        return None
    try:
        return _why(state, run, at)
    except HorizonError as beyond:
        lines = [f"{label_of(state, run)}: {run.budget}, from {format_instant(run.started_at)}.", beyond.message]
        return ClockWhy(clock=_bare(state, run), seconds=None, thresholds=[], explanation=lines)


def _why(state: TicketState, run: ClockRun, at: datetime) -> ClockWhy | None:
    read = reckon(state.policy, run) if state.policy is not None else None
    if read is None:
        return None
    thresholds = sorted(read.thresholds(), key=lambda each: (each[1] is None, each[1] or at))
    seen_until = min(at, run.stopped_at) if run.stopped_at is not None else at
    return ClockWhy(
        clock=_view(state, read, at),
        seconds=read.length.total_seconds() if read.length is not None else None,
        thresholds=[
            ThresholdAt(at=when, threshold=text, passed=when is not None and when <= seen_until)
            for text, when in thresholds
        ],
        explanation=[*_story(state, read, at), *(explain(_whole_clock(read, at)) if read.promised else [])],
    )


def _story(state: TicketState, read: Reckoning, at: datetime) -> list[str]:
    """From where it counts, for how much, what it did not count, and what stopped it."""
    run = read.run
    calendar = read.pinned.calendar or "around the clock"
    if not read.promised:
        return [f"Nothing is promised at {state.ticket.severity.value}."]
    lines = [f"{label_of(state, run)}: {run.budget} ({calendar}), from {format_instant(run.started_at)}."]
    lines += [
        f"It stood still from {format_instant(pause.start)} to {format_instant(pause.end)}: {pause.on}."
        for pause in run.pauses[-MOST:]
    ]
    if run.paused_at is not None and run.running:
        lines.append(f"It has stood still since {format_instant(run.paused_at)}: {run.paused_on}.")
    if run.stopped_at is not None:
        lines.append(f"It stopped at {format_instant(run.stopped_at)} ({run.stopped_by}), {_RESULT[run.met]}.")
    used, left = read.consumed(at), (read.length or timedelta(0)) - read.consumed(at)
    rest = f"{_words(left)} left" if left >= timedelta(0) else f"{_words(-left)} over"
    lines.append(f"{_words(used)} used, {rest}.")
    return lines


def _whole_clock(read: Reckoning, at: datetime) -> Clock:
    """The same clock with the standstill that still lasts, for its explanation."""
    run = read.run
    lasting = [Pause(run.paused_at)] if run.paused_at is not None and run.running else []
    return Clock(
        read.time,
        start=run.started_at,
        budget=read.clock.budget,
        pauses=[*read.clock.pauses, *lasting],
        now=at,
        boundary=read.pinned.boundary,
        end_of_day=read.pinned.end_of_day,
    )


def _words(length: timedelta) -> str:
    return format_duration(timedelta(seconds=round(length.total_seconds())))
