"""What stands still and what ends: snooze, pending, resume, status, resolve, close."""

from __future__ import annotations

from datetime import datetime, timedelta

from escalade.engine import clocks, maintenance
from escalade.engine.calendars import is_open
from escalade.engine.draft import CALLS, Draft
from escalade.engine.ladder import begin_round
from escalade.engine.standing import push_back
from escalade.engine.state import Pause
from escalade.engine.usage import leave, stood_still, summary
from escalade.engine.work import worked
from escalade.messages.commands import Close, Pending, Resolve, Resume, SetStatus, Snooze
from escalade.ticket import Actor, Status
from escalade.time.durations import format_duration
from escalade.time.instants import format_instant


def pause(d: Draft, cmd: Snooze | Pending) -> None:
    """Rounds, limits, expiry and personal rules stand still and keep what was left (decision 13)."""
    state = d.state
    assert state.policy is not None
    snooze = isinstance(cmd, Snooze)
    most = state.policy.snooze_at_most if snooze else state.policy.pending_at_most
    until = cmd.until or d.now + (cmd.for_ if cmd.for_ is not None else most)
    if until <= d.now:
        text = f"{format_instant(until)} has passed."
        d.refuse("in_the_past", text, actor=cmd.by, command=cmd.name)
        return
    if until - d.now > most:
        text = f"The policy allows {format_duration(most)} at most."
        d.refuse("too_long", text, actor=cmd.by, command=cmd.name)
        return
    status = Status.SNOOZED if snooze else Status.PENDING
    on = cmd.on if isinstance(cmd, Pending) else ""
    back_to = state.pause.status if state.pause is not None else state.status
    since = state.pause.since if state.pause is not None else d.now
    maintenance.pause_began(d)
    d.stop_rounds()
    state.pause = Pause(
        kind="snoozed" if snooze else "pending",
        since=since,
        until=until,
        status=back_to,
        on=on,
        by=cmd.by.id,
    )
    state.status = status
    waiting = f" on the {on}" if on else ""
    text = f"{status.value}{waiting} by {cmd.by.id} until {format_instant(until)}"
    d.note(f"ticket.{status.value}", text, cmd.comment, actor=cmd.by, until=format_instant(until), on=on)
    d.text = f"{status.value} until {format_instant(until)}"


def resume(d: Draft, cmd: Resume) -> None:
    """End a pause by hand."""
    if d.state.pause is None:
        d.refuse("not_paused", "It is neither snoozed nor pending.", actor=cmd.by, command=cmd.name)
        return
    end_pause(d, d.now, f"resumed by {cmd.by.id}" + (f": {cmd.comment}" if cmd.comment else ""), actor=cmd.by)
    d.text = f"resumed in {d.state.tier_name}"


def end_pause(d: Draft, at: datetime, why: str, *, actor: Actor | None = None) -> None:
    """Come back where it was, with what was left; un-acknowledged, it pages at once.

    Args:
        d: the decision in the making.
        at: the instant the pause counts as having ended.
        why: the reason.
        actor: who ended it, if a person did.
    """
    state = d.state
    ended = state.pause
    if ended is None:
        return
    state.pause = None
    state.status = ended.status
    gap = max(at - ended.since, timedelta(0))
    visit = state.visit
    push_back(d, ended.since, ended.since + gap)
    if visit is not None:
        stood_still(d, ended.since, ended.since + gap)
        visit.round_now = visit.acknowledged_at is None and visit.last_round_at is not None
    text = f"back as {state.status.value} after {format_duration(timedelta(seconds=round(gap.total_seconds())))}"
    d.note(f"{ended.kind}.ended", text, why, actor=actor or d.system, seconds=gap.total_seconds())
    maintenance.pause_over(d, at)
    if visit is not None and visit.acknowledged_at is None and not state.stands_still:
        if not is_open(state.time, d.now):
            # It pages when its tier opens: at once would be in closed time.
            visit.owed_at = d.now
            return
        visit.round_now = False
        begin_round(d, at)


def drop_pause(d: Draft, why: str, by: Actor) -> None:
    """What moves the ticket ends its pause; where it goes, everything starts anew."""
    state = d.state
    ended = state.pause
    if ended is None:
        return
    if state.visit is not None:
        stood_still(d, ended.since, d.now)
    state.pause, state.status = None, ended.status
    text = f"no longer {ended.kind}: {why}"
    seconds = (d.now - ended.since).total_seconds()
    d.note(f"{ended.kind}.ended", text, "it moves on", actor=by, seconds=seconds)
    maintenance.pause_over(d, d.now)


def set_status(d: Draft, cmd: SetStatus) -> None:
    """Say how far the work is."""
    state = d.state
    if state.pause is not None:
        text = f"It is {state.status.value}; resume it first."
        d.refuse("paused", text, actor=cmd.by, command=cmd.name)
        return
    old, state.status = state.status, Status(cmd.status)
    text = f"{old.value} → {cmd.status} by {cmd.by.id}"
    d.note("ticket.status", text, cmd.comment, actor=cmd.by, old=old.value, new=cmd.status)
    d.text = f"it is {cmd.status}"


def resolve(d: Draft, cmd: Resolve) -> None:
    """It is solved: nobody is paged any more; it closes when it is not reopened in time."""
    state = d.state
    assert state.policy is not None
    worked(d, cmd.by, rung=state.rung)
    d.stop_paging(CALLS)
    d.drop_steps()
    clocks.resolved(d)
    leave(d)
    state.pause = state.maintenance = state.covered = state.unheard = None
    state.next_pass_at = None
    state.status = Status.RESOLVED
    state.resolved_at = d.now
    seconds = (d.now - state.opened_at).total_seconds()
    text = f"resolved by {cmd.by.id} in {state.tier_name or 'no tier'}"
    used = [use.model_dump(mode="json") for use in state.used]
    spent = f"; time used: {summary(state.used)}" if state.used else ""
    d.note("ticket.resolved", text + spent, cmd.comment, actor=cmd.by, seconds=seconds, owner=state.owner, used=used)
    d.notify(state.followers, f"{state.ticket.title}: resolved", cmd.comment or text)
    window = state.policy.reopen_within
    if cmd.close or not window:
        shut(d, "the door asked for it" if cmd.close else "the policy keeps no reopen window", cmd.by)
        d.text = "resolved and closed"
        return
    state.reopen_until = d.now + window
    d.text = f"resolved; it closes at {format_instant(state.reopen_until)} unless reopened"


def close(d: Draft, cmd: Close) -> None:
    """Nothing more is to come."""
    if d.state.status is not Status.RESOLVED:
        d.refuse("not_resolved", "It is not resolved; resolve it first.", actor=cmd.by, command=cmd.name)
        return
    shut(d, cmd.comment or f"closed by {cmd.by.id}", cmd.by)
    d.text = "closed"


def shut(d: Draft, why: str, actor: Actor | None = None) -> None:
    """Close it: its workflow ends once the journal has everything."""
    state = d.state
    state.status = Status.CLOSED
    state.closed_at = d.now
    state.reopen_until = state.maintenance = None
    d.note("ticket.closed", "closed", why, actor=actor or d.system)


def cancelled(d: Draft, reason: str) -> None:
    """Somebody ended the workflow from outside: it is closed, and the journal says so."""
    if d.state.status is Status.CLOSED:
        return
    d.stop_paging(CALLS)
    d.drop_steps()
    clocks.ended(d, "its workflow was cancelled")
    d.state.pause = None
    d.note("ticket.cancelled", "its workflow was cancelled from outside Escalade", reason)
    shut(d, "its workflow was cancelled")
