"""The ladder: entering a tier, climbing, exhaustion, rounds. `docs/explanation/the-ladder.md` says it in prose."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from escalade.engine import clocks
from escalade.engine.calendars import opening
from escalade.engine.draft import Draft
from escalade.engine.due import DueKind, resolve_limit, tier_limit, whom
from escalade.engine.standing import arrive, begin_steps
from escalade.engine.state import PUNCTUAL, Visit, rhythm
from escalade.engine.usage import leave, used_words
from escalade.policy.lengths import write_length
from escalade.ticket import SYSTEM, Actor
from escalade.time.durations import format_duration
from escalade.time.instants import format_instant


class Wish(NamedTuple):
    """A climb that clocks ask for."""

    to: int
    """The index of the tier; higher than the present one."""
    due: datetime
    why: str
    ends_pause: bool = True
    """Whether it is an escalation, which ends a pause; a severity that starts higher moves the ticket within it."""


def punctual(d: Draft, due: datetime) -> datetime:
    """The instant a thing counts as having happened: its due, if handled within 5 s of it, else now (decision 1)."""
    return due if d.now - due <= PUNCTUAL else d.now


def enter(d: Draft, tier: int, t0: datetime, why: str, *, targets: list[str] | None = None) -> None:
    """Enter a tier, or the catch-all when `tier` is past the last one: un-acknowledged, a new rung, round 1 at once.

    Args:
        d: the decision in the making.
        tier: index of the tier.
        t0: where its limits count from.
        why: the reason, for the journal and the receiver.
        targets: whom to page instead of the tier's own (a ticket that was reassigned).
    """
    state = d.state
    assert state.policy is not None
    left = state.visit
    d.stop_paging()
    d.drop_steps()
    # Reassigned, or reopened where it was resolved: what the tier promised goes on, or not, as that says.
    same = left is not None and left.tier == tier and (targets is not None or left.used)
    if left is not None:
        if not same:
            clocks.left_tier(d, why)
        _leave(d, left, why)
    state.rung += 1
    state.next_pass_at = None
    if state.owner:
        previous = f"person:{state.owner}"
        if state.owner_is_person and previous not in state.followers:
            state.followers.append(previous)
        state.owner = ""
    last = tier >= len(state.policy.tiers)
    own = list(state.policy.catch_all if last else state.policy.tiers[tier].page)
    if state.stands_still:
        t0 = d.standing
    state.visit = Visit(
        rung=state.rung,
        tier=tier,
        entered_at=d.now,
        t0=t0,
        targets=targets or own,
        reassigned=targets is not None,
        reached_before=state.pass_reached,
        resolve_anchor=t0 if not last and state.policy.tiers[tier].resolve_from_entry else None,
        began_at=t0,
        resolve_began_at=t0 if not last and state.policy.tiers[tier].resolve_from_entry else None,
    )
    arrive(d)
    overdue = [
        at for at in (tier_limit(state, d.visit), resolve_limit(state, d.visit)) if at is not None and at <= d.now
    ]
    if overdue and not state.stands_still:
        # A limit of a few seconds, found late: nobody is climbed over before they could be told (decision 1).
        d.visit.t0 = d.visit.began_at = d.now
        d.visit.resolve_anchor = d.visit.resolve_anchor and d.now
        d.visit.resolve_began_at = d.visit.resolve_anchor
    limits = limit_words(d)
    d.note("tier.entered", f"entered {state.tier_name} (rung {state.rung}){limits}", why, t0=format_instant(t0))
    begin_steps(d)
    if not same:
        clocks.begin_tier(d)
    if left is not None:
        subject = f"{state.ticket.title}: now with {state.tier_name}"
        d.notify(state.followers, subject, why, besides=_paged_now(d))
    rounds(d)


def limit_words(d: Draft) -> str:
    """How long it may stay, for the entry of its arrival."""
    at = tier_limit(d.state, d.visit)
    if d.state.maintenance is not None:
        return "; in maintenance"
    opens = opening(d.state.time, d.visit.t0)
    closed = f"; closed until {format_instant(opens)}, when its rounds begin" if opens > d.visit.t0 else ""
    if at is not None:
        return f"{closed}; acknowledge by {format_instant(at)}"
    return f"{closed}; pages until somebody answers" if d.state.tier is not None else ""


def _leave(d: Draft, visit: Visit, why: str) -> None:
    state = d.state
    stayed = d.now - visit.entered_at
    use = leave(d)
    whole = timedelta(seconds=round(stayed.total_seconds()))
    what = f"left {state.tier_name} (rung {visit.rung}) after {format_duration(whole)}{used_words(use, stayed)}"
    d.note(
        "tier.left",
        what,
        why,
        seconds=stayed.total_seconds(),
        rounds=visit.rounds,
        told=[who for who, told in visit.told.items() if any(receipt.reached for receipt in told.receipts)],
        acknowledged=visit.acknowledged_at is not None,
        business_seconds=use.business.total_seconds() if use is not None else None,
    )


def climb(d: Draft, t0: datetime, reasons: list[str], *, to: int | None = None) -> None:
    """Leave the tier upwards: one climb, with all its reasons (decision 3).

    Args:
        d: the decision in the making.
        t0: where the limits of the next tier count from.
        reasons: why.
        to: the index of a higher tier; the next one when omitted.
    """
    state = d.state
    assert state.policy is not None
    target = d.visit.tier + 1 if to is None else max(to, d.visit.tier + 1)
    why = "; ".join(dict.fromkeys(reasons))
    if target < len(state.policy.tiers):
        enter(d, target, t0, why)
    else:
        exhaust(d, t0, why)


def exhaust(d: Draft, t0: datetime, why: str) -> None:
    """The ladder is behind it: again from a tier, or the catch-all. It never ends in silence (D4).

    A pass that reached nobody tells the catch-all at once and waits before the next one, 1 minute doubling to 15
    (decision 4).
    """
    state = d.state
    assert state.policy is not None
    again = state.policy.again
    reached, state.pass_reached = state.pass_reached or state.is_acknowledged, False
    state.barren = 0 if reached else state.barren + 1
    more = again is not None and (again.times is None or state.passes < again.times)
    if again is not None and more:
        state.passes += 1
        of = "" if again.times is None else f" of {again.times}"
        name = state.policy.tiers[again.tier].name
        d.note("ladder.exhausted", f"past the last tier; pass {state.passes}{of} begins at {name}", why)
        if reached:
            enter(d, again.tier, t0, f"the policy says: again from {name} ({why})")
            return
        wait = rhythm(state.barren)
        barren = f"nobody was reached in this pass; the next begins in {format_duration(wait)}"
        enter(d, len(state.policy.tiers), t0, barren)
        state.next_pass_at = d.now + wait
        return
    if not state.in_catch_all:
        d.note("ladder.exhausted", "past the last tier; the catch-all is paged until somebody acts", why)
    enter(d, len(state.policy.tiers), t0, f"the ladder is exhausted ({why})")


def next_pass(d: Draft, due: datetime) -> None:
    """Begin the pass that was put off because the one before reached nobody."""
    policy = d.state.policy
    assert policy is not None
    assert policy.again is not None
    enter(d, policy.again.tier, punctual(d, due), "the wait after a pass that reached nobody is over")


def unacknowledge(d: Draft, t0: datetime, why: str, *, kind: str, actor: Actor = SYSTEM) -> None:
    """Take the acknowledgement away: a new t0 in the same tier, and a round at once (decision 8).

    The visit goes on, so the resolve limit still counts from the first acknowledgement. People's own rules count from
    their first page after the new t0.

    Args:
        d: the decision in the making.
        t0: from when the tier's limits count now.
        why: the reason, for the journal.
        kind: of the entry.
        actor: whose doing it is.
    """
    state, visit = d.state, d.visit
    lost = state.owner
    # The new round tells everybody: what is on its way would tell some of them twice.
    d.stop_rounds()
    visit.acks = []
    visit.acknowledged_at = None
    visit.worked_at = None
    visit.reminded = False
    visit.t0 = visit.began_at = t0
    visit.last_round_at = None
    for began_anew in (DueKind.TIER_LIMIT, DueKind.ROUND, DueKind.EXPIRY):
        visit.caps.pop(began_anew, None)
    visit.turn, visit.turn_reached = [], False
    if state.engine >= 3:
        visit.steps = []
        rules_anew(visit, list(visit.told))
    state.owner = ""
    if lost and state.owner_is_person and f"person:{lost}" not in state.followers:
        state.followers.append(f"person:{lost}")
    d.note(kind, f"un-acknowledged in {state.tier_name}{limit_words(d)}", why, actor=actor, owner=lost)
    rounds(d)


def rules_anew(visit: Visit, targets: list[str]) -> None:
    """Let the own rules of people who were told in this visit count from their next page. Receipts are kept."""
    for target in targets:
        if (told := visit.told.get(target)) is not None:
            visit.told[target] = told.model_copy(update={"anew": True})


def _paged_now(d: Draft) -> list[str]:
    """Who is paged as a tier is entered; nobody where it is only one of them, or later."""
    tier = d.state.tier
    everyone = tier is None or tier.how == "everyone" or d.visit.reassigned
    return d.visit.targets if everyone and _round_is_due(d) else []


def when_paged(d: Draft) -> str:
    """When those of the tier are paged, for who is told that they are: nothing where that is now."""
    state = d.state
    if state.maintenance is not None:
        return " when the maintenance is over"
    opens = opening(state.time, d.now)
    if opens > d.now and d.visit.last_round_at != d.now:
        return f" when {state.tier_name} opens, {format_instant(opens)}"
    return ""


def _round_is_due(d: Draft) -> bool:
    state, visit = d.state, d.visit
    if state.stands_still or visit.acknowledged_at is not None:
        return False
    return visit.last_round_at is not None or opening(state.time, visit.t0) <= d.now


def rounds(d: Draft) -> None:
    """Make the round that is due now, if one is: ask the roster whom it reaches."""
    visit = d.visit
    if not _round_is_due(d):
        return
    begin_round(d, visit.t0 if visit.last_round_at is None else d.now)


def begin_round(d: Draft, due: datetime) -> None:
    """Begin a round that was due at an instant. Missed ones before it collapse into this one."""
    state, visit = d.state, d.visit
    visit.rounds += 1
    visit.last_round_at = d.now
    visit.round_now, visit.owed_at = False, None
    visit.room_at = None
    if visit.holding:
        # Limits did not run meanwhile; whoever is on duty now gets the tier's whole time (decision 15).
        visit.holding, visit.hold_until, visit.t0, visit.began_at = False, None, due, due
        for began_anew in (DueKind.TIER_LIMIT, DueKind.RESOLVE_LIMIT):
            visit.caps.pop(began_anew, None)
        if state.tier is not None and state.tier.resolve_from_entry:
            visit.resolve_anchor = visit.resolve_began_at = due
    visit.caps.pop(DueKind.ROUND, None)
    label = "the catch-all's round" if state.in_catch_all else "round"
    has_it = ", ".join(ack.by.id for ack in visit.acks)
    spared = f", not {has_it}, who acknowledged" if has_it else ""
    what = f"{label} {visit.rounds} pages {whom(state, visit)}{spared}"
    d.note("round.started", what, _why_this_round(d), round=visit.rounds)
    d.resolve("catch_all" if state.in_catch_all else "round", visit.targets, due_at=due)


def _why_this_round(d: Draft) -> str:
    visit = d.visit
    if visit.acks:
        needed = d.state.tier.acknowledge_by if d.state.tier is not None else 1
        return f"{sum(ack.counts for ack in visit.acks)} of the {needed} who have to acknowledge have"
    return f"it came to {d.state.tier_name}" if visit.rounds == 1 else "nobody has acknowledged"


def late_climb(d: Draft, wish: Wish | None = None) -> bool:
    """Climb if a limit has passed or a clock asks for it. One climb at most, with all its reasons (decisions 1, 3).

    Args:
        d: the decision in the making.
        wish: what clocks ask for.

    Returns:
        Whether it climbed.
    """
    state, visit = d.state, d.visit
    reasons: list[tuple[datetime, str]] = []
    times, severity = state.times, state.ticket.severity.value
    at = tier_limit(state, visit)
    if at is not None and at <= d.now:
        within = write_length(times.acknowledge_within) if times.acknowledge_within is not None else "its limit"
        reasons.append((at, f"nobody acknowledged within {within} ({severity})"))
    at = resolve_limit(state, visit)
    if at is not None and at <= d.now:
        within = write_length(times.resolve_within) if times.resolve_within is not None else "its limit"
        reasons.append((at, f"not resolved within {within} ({severity})"))
    if wish is not None:
        reasons.append((wish.due, wish.why))
    if not reasons:
        return False
    due = min(at for at, _ in reasons)
    climb(d, punctual(d, due), [text for _, text in reasons], to=wish.to if wish is not None else None)
    return True
