"""Standing still: what begins a maintenance, and what time that stood still does to instants counted from.

The ladder itself asks here when a ticket enters a tier; how a maintenance ends is in `engine.maintenance`.
"""

from __future__ import annotations

from datetime import datetime

from escalade.effects import LookUpWindows, RunStep
from escalade.engine import clocks
from escalade.engine.calendars import kept, put_off
from escalade.engine.draft import Draft
from escalade.engine.reckoning import pinned_clock
from escalade.engine.state import Maintenance, TicketState
from escalade.maintenance.pinned import Cover, cover_at, covers
from escalade.time.instants import format_instant


def next_cover(state: TicketState) -> Cover | None:
    """The next time a window covers the ticket, or the present one: what was lived through already is left out."""
    if not state.windows:
        return None
    seen = state.windows_seen or state.opened_at
    for cover in covers(state.windows, state.ticket.severity):
        if cover.end > seen:
            return cover._replace(start=max(cover.start, seen))
    return None


def clocks_wait(state: TicketState) -> bool:
    """Whether a clock is to stand still in maintenance and stands still on nothing else: no window may pass unseen."""
    policy = state.policy
    if policy is None or not state.windows:
        return False
    runs = [run for run in state.clocks.values() if run.running and run.paused_on in ("", "maintenance")]
    found = (pinned_clock(policy, run) for run in runs)
    return any(pinned is not None and "maintenance" in pinned.pause_on for pinned in found)


def begin(d: Draft, cover: Cover) -> None:
    """Nobody is paged, no limit runs (decision 14). What was in the air is waited for, later steps keep their wait.

    Args:
        d: the decision in the making.
        cover: from when on, until when, and by which windows.
    """
    state = d.state
    d.stop_rounds()
    names = [window.name for window in cover.windows]
    reasons = [window.reason for window in cover.windows if window.reason]
    state.maintenance = Maintenance(
        since=cover.start,
        until=cover.end,
        counted_from=cover.start,
        windows=names,
        reason="; ".join(dict.fromkeys(reasons)),
    )
    what = f"in maintenance until {format_instant(cover.end)}: nobody is paged"
    why = ": ".join([", ".join(names), *([state.maintenance.reason] if reasons else [])])
    ids = [window.id for window in cover.windows]
    d.note("maintenance.began", what, why, windows=ids, until=format_instant(cover.end))
    clocks.follow(d)


def arrive(d: Draft) -> None:
    """A ticket enters a tier: if a window covers it now, nobody is paged until that is over."""
    state = d.state
    state.windows_seen = d.now
    if state.maintenance is not None or state.pause is not None or not state.status.is_open:
        return
    cover = cover_at(state.windows, state.ticket.severity, d.now)
    if cover is not None:
        begin(d, cover._replace(start=d.now))


def push_back(d: Draft, since: datetime, at: datetime) -> None:
    """Time stood still from an instant to another: everything that is counted in the visit keeps what was left of it.

    What is counted is the open time of the tier.
    """
    state, visit = d.state, d.state.visit
    if at <= since:
        return
    if state.next_pass_at is not None:
        state.next_pass_at += at - since
    if visit is None:
        return
    time = state.time
    visit.t0 = kept(time, visit.t0, since, at)
    visit.steps = [step.model_copy(update={"due": put_off(time, step.due, since, at)}) for step in visit.steps]
    visit.caps = {kind: put_off(time, instant, since, at) for kind, instant in visit.caps.items()}
    if visit.last_round_at is not None:
        visit.last_round_at = kept(time, visit.last_round_at, since, at)
    if visit.resolve_anchor is not None:
        visit.resolve_anchor = kept(time, visit.resolve_anchor, since, at)
    if visit.worked_at is not None:
        visit.worked_at = kept(time, visit.worked_at, since, at)


def begin_steps(d: Draft) -> None:
    """Start the steps of the tier; in maintenance they are owed until it is over, for they tell people things."""
    tier = d.state.tier
    d.visit.steps_owed = d.state.maintenance is not None
    if d.visit.steps_owed or d.visit.reassigned or tier is None:
        return
    for step in tier.steps:
        d.add(RunStep(id=d.effect_id(), rung=d.state.rung, step=step))


def ask_windows(d: Draft) -> None:
    """Ask which windows concern the ticket. Of several answers on their way only that to the last question counts."""
    effect_id = d.effect_id()
    d.state.windows_asked = effect_id
    d.add(LookUpWindows(id=effect_id, rung=d.state.rung))


def ask_when_short(d: Draft, at: datetime) -> None:
    """Ask again when the last opening that is known of a recurring window has begun."""
    state = d.state
    short = [window for window in state.windows if window.more and all(span.start <= at for span in window.spans)]
    if short and not any(isinstance(effect, LookUpWindows) for effect in state.pending.values()):
        ask_windows(d)
