"""What people do about who has it: acknowledge, hand over, call in, follow."""

from __future__ import annotations

from typing import Final

from escalade.effects import ResolveRound, SendPages
from escalade.engine import clocks
from escalade.engine.draft import PAGING, Draft
from escalade.engine.ladder import enter, when_paged
from escalade.engine.pausing import drop_pause
from escalade.engine.state import Acknowledgement
from escalade.engine.work import restart_expiry
from escalade.messages.commands import Acknowledge, Command, Follow, Reassign, Respond
from escalade.people.resolve import RoundRequest
from escalade.people.roster import parse_target
from escalade.ticket import Actor, Status

MANY: Final = 200
"""Watchers and responders of one ticket: its state and its messages have to stay small."""


def acknowledge(d: Draft, cmd: Acknowledge) -> None:
    """Somebody has it (decision 7)."""
    state, visit = d.state, d.visit
    by = cmd.by
    clocks.acknowledged(d)
    if any(ack.by.id == by.id and ack.by.kind == by.kind for ack in visit.acks):
        if by.is_person:
            restart_expiry(d)
        d.note("ticket.confirmed", f"{by.id} confirmed: still on it", cmd.comment, actor=by)
        d.text = "confirmed: still yours" if state.owner == by.id else "confirmed"
        return
    if by.is_person:
        _acknowledged_by_person(d, cmd)
    elif visit.acknowledged_at is not None:
        d.note("ticket.joined", f"{by.id}, which is no person, acknowledges it too", cmd.comment, actor=by)
        d.text = "noted; it had been acknowledged before"
        return
    else:
        visit.acks.append(Acknowledgement(by=by, at=d.now, counts=False))
        d.note("ticket.acknowledged", f"acknowledged by {by.id}, which is no person", cmd.comment, actor=by)
        settle(d)
        d.text = "acknowledged; paging stops, and it has no owner yet"
    if state.status is Status.NEW:
        state.status = Status.INVESTIGATING
    elif state.pause is not None and state.pause.status is Status.NEW:
        state.pause = state.pause.model_copy(update={"status": Status.INVESTIGATING})
    restart_expiry(d)


def _acknowledged_by_person(d: Draft, cmd: Acknowledge) -> None:
    state, visit = d.state, d.visit
    by, tier = cmd.by, state.tier
    quorum = tier.acknowledge_by if tier is not None else 1
    counts = f"person:{by.id}" in visit.told
    visit.acks.append(Acknowledgement(by=by, at=d.now, counts=counts))
    _check(d, by)
    first = not state.owner
    if first:
        state.owner, state.owner_is_person = by.id, True
    role = "owner" if first else f"with {state.owner}"
    have = sum(ack.counts for ack in visit.acks)
    waited = d.now - visit.entered_at
    why = cmd.comment
    seconds = waited.total_seconds()
    if visit.acknowledged_at is not None:
        d.note("ticket.joined", f"{by.id} is on it too", why, actor=by, seconds=seconds)
        d.text = "acknowledged; it is yours now" if first else f"noted; {state.owner} had acknowledged it before"
    elif have >= quorum or quorum == 1:
        d.note("ticket.acknowledged", f"acknowledged by {by.id} ({role})", why, actor=by, seconds=seconds)
        settle(d)
        d.text = "acknowledged; paging stops"
    else:
        d.note(
            "ticket.acknowledged",
            f"acknowledged by {by.id} ({role}); {have} of {quorum}",
            why,
            actor=by,
            seconds=seconds,
        )
        _spare(d, f"person:{by.id}")
        d.text = f"acknowledged; {have} of {quorum} needed, the others are still paged"
        if not counts:
            d.text = f"noted; you were not paged here, so {have} of {quorum} needed have it, and paging goes on"


def _check(d: Draft, by: Actor) -> None:
    """Ask the roster about somebody whom this ticket does not know: any *known* person may acknowledge (decision 7).

    Theirs holds meanwhile. Whoever was paged, called in or follows is known already.
    """
    state, target = d.state, f"person:{by.id}"
    if state.engine < 3 or target in (*state.paged, *state.responders, *state.followers, *d.visit.targets):
        return
    request = RoundRequest(targets=[target])
    d.add(ResolveRound(id=d.effect_id(), rung=state.rung, purpose="check", round=0, request=request, due_at=d.now))


def settle(d: Draft) -> None:
    """Enough have acknowledged: paging stops, the resolve limit starts."""
    visit = d.visit
    if visit.acknowledged_at is None:
        visit.acknowledged_at = d.now
        visit.resolve_began_at = visit.resolve_began_at or d.standing
        visit.resolve_anchor = visit.resolve_anchor or d.standing
        visit.holding, visit.hold_until = False, None
        visit.room_at = None
        visit.round_now = False
        d.stop_paging()


def _spare(d: Draft, target: str) -> None:
    """Somebody acknowledged before the quorum is met: pages under way go on without them (decision 7)."""
    d.visit.steps = [step for step in d.visit.steps if step.target != target]
    for effect in list(d.state.pending.values()):
        if isinstance(effect, ResolveRound) and effect.purpose in PAGING and not effect.cancelled:
            d.state.pending[effect.id] = effect.model_copy(update={"cancelled": True})
            request = effect.request.model_copy(update={"except_for": [*effect.request.except_for, target]})
            d.add(effect.model_copy(update={"id": d.effect_id(), "after": effect.id, "request": request}))
        elif isinstance(effect, SendPages) and effect.purpose in PAGING and not effect.cancelled:
            rest = [person for person in effect.people if person.target != target]
            others = {"people": rest, "others_told": True, "after": effect.id}
            if len(rest) == len(effect.people):
                continue
            d.state.pending[effect.id] = effect.model_copy(update={"cancelled": True})
            if rest:
                # The same round in the ledger: who was told already is not told again.
                d.add(effect.model_copy(update={"id": d.effect_id(), **others}))


def _target(d: Draft, text: str, cmd: Command) -> str | None:
    try:
        return str(parse_target(text if ":" in text else f"person:{text}"))
    except ValueError as error:
        d.refuse("unknown_target", f"{error}.", actor=cmd.by, command=cmd.name)
        return None


def reassign(d: Draft, cmd: Reassign) -> None:
    """Somebody else is to answer for it: the same tier anew, paging them."""
    state = d.state
    target = _target(d, cmd.to, cmd)
    if target is None:
        return
    tier = d.visit.tier
    why = f"reassigned by {cmd.by.id}" + (f": {cmd.reason}" if cmd.reason else "")
    d.note("ticket.reassigned", f"reassigned from {state.owner or 'nobody'} to {target}", cmd.reason, actor=cmd.by)
    drop_pause(d, f"{cmd.name} by {cmd.by.id}", cmd.by)
    d.stop_paging()
    enter(d, tier, d.now, why, targets=[target])
    d.text = f"reassigned; {target} is paged{when_paged(d)}"


def respond(d: Draft, cmd: Respond) -> None:
    """Call somebody in."""
    target = _target(d, cmd.who, cmd)
    if target is None:
        return
    state = d.state
    if target not in state.responders and len(state.responders) < MANY:
        state.responders.append(target)
    d.note("responder.called", f"{target} is called in by {cmd.by.id}", cmd.reason, actor=cmd.by)
    d.resolve("responder", [target], due_at=d.now, why=f"called in by {cmd.by.id}", text=cmd.reason)
    d.text = f"{target} is called in"


def follow(d: Draft, cmd: Follow) -> None:
    """Tell somebody what becomes of it, or stop telling them."""
    state = d.state
    target = _target(d, cmd.who or cmd.by.id, cmd)
    if target is None:
        return
    if cmd.stop:
        if target in state.followers:
            state.followers.remove(target)
            d.note("ticket.unfollowed", f"{target} is no longer told", cmd.comment, actor=cmd.by)
        d.text = f"{target} is no longer told"
        return
    if target not in state.followers and len(state.followers) >= MANY:
        d.refuse("too_many", f"{MANY} are told of it already.", actor=cmd.by, command=cmd.name)
        return
    if target not in state.followers:
        state.followers.append(target)
        d.note("ticket.followed", f"{target} is told what becomes of it", cmd.comment, actor=cmd.by)
    d.text = f"{target} is told what becomes of it"
