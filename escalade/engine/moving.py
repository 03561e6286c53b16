"""What people do about where it is: up, down, anew, more or less severe, into another ticket."""

from __future__ import annotations

from datetime import datetime

from escalade.engine import clockreopening, clocks, maintenance
from escalade.engine.calendars import opening
from escalade.engine.crowding import severity_raised
from escalade.engine.draft import Draft
from escalade.engine.due import DueKind, expiry, next_round, resolve_limit, tier_limit
from escalade.engine.ladder import climb, enter, exhaust
from escalade.engine.pausing import drop_pause, end_pause
from escalade.engine.state import TicketState
from escalade.messages.commands import Command, Escalate, Reopen, Return, SetSeverity
from escalade.ticket import Severity, Status


def _stale(d: Draft, cmd: Command) -> bool:
    """Whether it was asked from an older rung; then it is refused (decision 10)."""
    state = d.state
    if cmd.rung is None or cmd.rung == state.rung:
        return False
    text = f"It was asked from rung {cmd.rung}, and the ticket is at rung {state.rung} ({state.tier_name}) now."
    d.refuse("stale_rung", text, actor=cmd.by, command=cmd.name)
    return True


def _named(d: Draft, cmd: Escalate | Return) -> int | None:
    """The tier asked for; None when it was refused."""
    state = d.state
    assert state.policy is not None
    assert cmd.to is not None
    index = state.policy.tier_named(cmd.to)
    if index is None:
        names = ", ".join(tier.name for tier in state.policy.tiers)
        d.refuse("unknown_tier", f"There is no tier {cmd.to!r}; there are {names}.", actor=cmd.by, command=cmd.name)
    return index


def escalate(d: Draft, cmd: Escalate) -> None:
    """Take it up, to the next tier or a named higher one."""
    state = d.state
    assert state.policy is not None
    if _stale(d, cmd) or maintenance.refused(d, cmd):
        return
    here = d.visit.tier
    if state.in_catch_all and not cmd.by.is_person:
        _ignored(d, cmd, "the ladder is exhausted: the catch-all is being paged")
        return
    if state.in_catch_all:
        text = "The ladder is exhausted: the catch-all is being paged. Return it to a tier instead."
        d.refuse("exhausted", text, actor=cmd.by, command=cmd.name)
        return
    target = here + 1 if cmd.to is None else _named(d, cmd)
    if target is None:
        return
    if target <= here:
        text = f"{cmd.to} is {'the current tier' if target == here else 'lower; use return'}."
        if not cmd.by.is_person:
            _ignored(d, cmd, text)
            return
        d.refuse("not_higher", text, actor=cmd.by, command=cmd.name)
        return
    drop_pause(d, f"{cmd.name} by {cmd.by.id}", cmd.by)
    to = state.policy.tiers[target].name if target < len(state.policy.tiers) else "past the last tier"
    d.note("ticket.escalated", f"escalated by {cmd.by.id}: {to}", cmd.reason, actor=cmd.by, reason=cmd.reason, to=to)
    why = f"escalated by {cmd.by.id}: {cmd.reason}"
    if target < len(state.policy.tiers):
        climb(d, d.now, [why], to=target)
    else:
        exhaust(d, d.now, why)
    past = f" past the last tier; {_again(state)}" if target >= len(state.policy.tiers) else ""
    d.text = f"escalated{past}; now in {state.tier_name}"


def _again(state: TicketState) -> str:
    """What came of leaving the ladder at its upper end."""
    if state.in_catch_all:
        return "the catch-all is paged"
    of = state.policy.again.times if state.policy is not None and state.policy.again is not None else None
    return f"it is climbed again (pass {state.passes}{f' of {of}' if of is not None else ''})"


def _ignored(d: Draft, cmd: Escalate, why: str) -> None:
    """A machine asked for where it is already: written down, and nothing else (decision 3)."""
    d.note("escalate.ignored", f"{cmd.by.id} asked for {cmd.to or 'the next tier'}; nothing changed", why, actor=cmd.by)
    d.text = f"nothing changed: {why}"


def give_back(d: Draft, cmd: Return) -> None:
    """Give it back to a lower tier: counted, with the reason (C5)."""
    state = d.state
    if _stale(d, cmd):
        return
    here = d.visit.tier
    target = here - 1 if cmd.to is None else _named(d, cmd)
    if target is None:
        return
    if target < 0 or target >= here:
        text = "It is in the lowest tier." if here == 0 else f"{cmd.to} is not lower; use escalate."
        d.refuse("not_lower", text, actor=cmd.by, command=cmd.name)
        return
    drop_pause(d, f"{cmd.name} by {cmd.by.id}", cmd.by)
    state.bounces += 1
    assert state.policy is not None
    to = state.policy.tiers[target].name
    text = f"returned by {cmd.by.id} to {to} (bounce {state.bounces})"
    d.note("ticket.returned", text, cmd.reason, actor=cmd.by, reason=cmd.reason, to=to, bounces=state.bounces)
    enter(d, target, d.now, f"returned by {cmd.by.id}: {cmd.reason}")
    d.text = f"returned; now in {to}"


def reopen(d: Draft, cmd: Reopen) -> None:
    """It was not solved: un-acknowledged in the tier it was resolved in."""
    reopened(d, f"reopened by {cmd.by.id}" + (f": {cmd.reason}" if cmd.reason else ""), cmd)
    d.text = f"reopened in {d.state.tier_name}"


def reopened(d: Draft, why: str, cmd: Command | None) -> None:
    """Enter the tier it was resolved in, whoever asked."""
    state = d.state
    assert state.policy is not None
    state.status = Status.TRIAGE
    state.reopens += 1
    state.resolved_at = state.reopen_until = None
    if cmd is not None:
        d.note("ticket.reopened", why, cmd.comment, actor=cmd.by, reopens=state.reopens)
    else:
        d.note("ticket.reopened", "reopened", why, reopens=state.reopens)
    clockreopening.reopened(d, why)
    tier = state.visit.tier if state.visit is not None else state.policy.start_at.get(state.ticket.severity, 0)
    enter(d, tier, d.now, why)


def set_severity(d: Draft, cmd: SetSeverity) -> None:
    """Say how bad it is: limits are re-derived from the same starts; raising never makes anything later."""
    old = d.state.ticket.severity
    if cmd.severity is old:
        d.text = f"it is {old.value} already"
        return
    d.note(
        "ticket.severity",
        f"severity {old.value} → {cmd.severity.value} by {cmd.by.id}",
        cmd.reason,
        actor=cmd.by,
        old=old.value,
        new=cmd.severity.value,
    )
    change_severity(d, cmd.severity)
    d.text = f"severity is {cmd.severity.value}; now in {d.state.tier_name}"


def starts_at(state: TicketState) -> tuple[int, str] | None:
    """The higher tier where its severity starts, and why it climbs there; None where it is there or above."""
    severity = state.ticket.severity
    if state.policy is None or state.visit is None:
        return None
    start = state.policy.start_at.get(severity, 0)
    if start <= state.visit.tier:
        return None
    return start, f"{severity.value} starts at {state.policy.tiers[start].name}"


def change_severity(d: Draft, new: Severity, *, climbs: bool = True) -> None:
    """Change the severity and what follows from it (decision 12).

    Args:
        d: the decision in the making.
        new: the severity.
        climbs: whether it goes at once to the tier where that severity starts; else the caller sees to it.
    """
    state = d.state
    maintenance.look(d)
    old = state.ticket.severity.value
    raised = new.rank < state.ticket.severity.rank
    before = _instants(state) if raised else {}
    began = opening(state.time, state.visit.t0) if state.visit is not None else d.now
    state.ticket = state.ticket.model_copy(update={"severity": new})
    visit = state.visit
    if visit is None or state.policy is None or not state.status.is_open:
        return
    visit.caps = before
    _not_over_night(d, began)
    clocks.retarget(d, f"the severity is {new.value} now", raised=raised)
    if not raised:
        maintenance.severity_changed(d, old)
        return
    if state.status is Status.SNOOZED:
        end_pause(d, d.now, "the severity was raised")
    start = starts_at(state)
    if start is None:
        severity_raised(d)
    elif climbs:
        climb(d, d.now, [start[1]], to=start[0])
    maintenance.severity_changed(d, old)


def _not_over_night(d: Draft, began: datetime) -> None:
    """A ticket that waited for its tier to open, and is woken by its new severity, has its whole time from here.

    Counted from its arrival, its limit might be over already: it would be climbed over before anybody was told.
    """
    visit = d.visit
    if began > d.now and visit.rounds == 0 and opening(d.state.time, visit.t0) <= d.now and not d.state.stands_still:
        visit.t0 = visit.began_at = d.now
        if visit.resolve_anchor is not None:
            visit.resolve_anchor = visit.resolve_began_at = d.now


def _instants(state: TicketState) -> dict[str, datetime]:
    visit = state.visit
    if visit is None:
        return {}
    found = {
        DueKind.TIER_LIMIT: tier_limit(state, visit),
        DueKind.RESOLVE_LIMIT: resolve_limit(state, visit),
        DueKind.EXPIRY: expiry(state, visit),
        DueKind.ROUND: next_round(state, visit),
    }
    return {kind: at for kind, at in found.items() if at is not None}
