"""Time has come: what is due is done, once, however late it is looked at (decision 1)."""

from __future__ import annotations

from datetime import datetime

from escalade.engine import maintenance
from escalade.engine.alarms import lift, sound
from escalade.engine.calendars import opening
from escalade.engine.clocks import follow
from escalade.engine.draft import Draft
from escalade.engine.due import DueKind, dues, expiry, next_round, tier_limit
from escalade.engine.horizon import extend
from escalade.engine.ladder import begin_round, climb, late_climb, next_pass, punctual, unacknowledge
from escalade.engine.outcomes import take_steps
from escalade.engine.pausing import end_pause, shut
from escalade.engine.receipts import page_now
from escalade.messages.activities import PagePerson
from escalade.policy.lengths import write_length
from escalade.time.instants import format_instant


def time_passed(d: Draft) -> None:
    """Do what is due by now: at most one climb, at most one round. Nothing due, nothing changed."""
    state = d.state
    kinds = {due.kind: due for due in dues(state) if due.at <= d.now}
    if not kinds:
        return
    if (due := kinds.get(DueKind.CLOSE)) is not None:
        shut(d, due.why)
        return
    if (due := kinds.get(DueKind.PAUSE_ENDS)) is not None:
        d.resumed_at = due.at  # clocks run from then on, whoever looks when
        end_pause(d, punctual(d, due.at), f"its time was over ({due.why})")
        follow(d)
    maintenance.look(d)
    if DueKind.HORIZON in kinds:
        extend(d)
    wish = sound(d)
    if not state.status.is_open or state.visit is None:
        return
    if state.stands_still:
        if wish is not None:
            lift(d, wish)
        return
    if not late_climb(d, wish):
        _acknowledgement(d)
        if state.next_pass_at is not None and state.next_pass_at <= d.now and not state.is_acknowledged:
            next_pass(d, state.next_pass_at)
    _pages(d)


def _acknowledgement(d: Draft) -> None:
    state, visit = d.state, d.visit
    at = expiry(state, visit)
    if at is None:
        return
    lasts = state.times.acknowledgement_lasts
    words = write_length(lasts) if lasts is not None else "its time"
    if at <= d.now:
        tier = state.tier
        why = f"no sign of work for {words}, and {state.owner or 'somebody'} had acknowledged"
        if tier is not None and tier.expiry_climbs:
            d.note("ticket.expired", "the acknowledgement expired", why)
            climb(d, punctual(d, at), [why])
        else:
            unacknowledge(d, punctual(d, at), why, kind="ticket.expired")
        return
    due = next((due for due in dues(state) if due.kind is DueKind.REMINDER), None)
    if due is not None and due.at <= d.now:
        visit.reminded = True
        at = at.replace(microsecond=0)
        text = f"the acknowledgement expires at {format_instant(at)} unless {state.owner} works on it"
        d.note("ticket.reminded", f"{state.owner} is reminded", text)
        owner = state.owner if ":" in state.owner else f"person:{state.owner}"
        d.notify([owner], f"{state.ticket.title}: still on it?", text, why="owns the ticket")


def _pages(d: Draft) -> None:
    state = d.state
    visit = state.visit
    if visit is None or visit.acknowledged_at is not None or state.stands_still:
        return
    kinds = {due.kind: due for due in dues(state) if due.at <= d.now}
    if (held := kinds.get(DueKind.HOLD_ENDS)) is not None:
        begin_round(d, punctual(d, held.at))
    elif (room := kinds.get(DueKind.ROOM)) is not None:
        begin_round(d, punctual(d, room.at))
    elif DueKind.ROUND in kinds:
        begin_round(d, _round_due(d))
    elif DueKind.CONTACT_STEP in kinds:
        people: dict[str, PagePerson] = {}
        take_steps(d, people)
        names = ", ".join(f"{p.target} by {', '.join(m.method for m in p.methods)}" for p in people.values())
        d.note("contact.step", f"next contact step: {names}", "their own rules; nobody has acknowledged")
        page_now(d, list(people.values()), due=kinds[DueKind.CONTACT_STEP].at)


def _round_due(d: Draft) -> datetime:
    """When the round that begins now was due: lateness is measured from it."""
    visit = d.visit
    if visit.last_round_at is None:
        return opening(d.state.time, visit.t0)
    at = next_round(d.state, visit)
    limit = tier_limit(d.state, visit)
    return at if at is not None and not visit.round_now and (limit is None or at < limit) else d.now
