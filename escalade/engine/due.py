"""What falls due, when, and why: derived from the state, never stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from escalade.effects import ExtendCalendars, ResolveRound
from escalade.engine.calendars import after, beyond, by_the_wall, horizon_of, length_of, opening
from escalade.engine.points import next_points, worked_out_until
from escalade.engine.standing import clocks_wait, next_cover
from escalade.engine.state import BREATH, TicketState, Visit, rhythm
from escalade.errors import HorizonError
from escalade.policy.clocks import BREACH
from escalade.policy.lengths import write_length
from escalade.ticket import Status
from escalade.time.budgets import Budget
from escalade.time.durations import format_duration
from escalade.time.instants import format_instant
from escalade.time.open_time import ALWAYS


class DueKind(StrEnum):
    """What can fall due."""

    PAUSE_ENDS = "pause_ends"
    MAINTENANCE_ENDS = "maintenance_ends"
    MAINTENANCE_BEGINS = "maintenance_begins"
    CLOSE = "close"
    NEXT_PASS = "next_pass"  # noqa: S105  a pass through the ladder
    RESOLVE_LIMIT = "resolve_limit"
    TIER_LIMIT = "tier_limit"
    EXPIRY = "expiry"
    REMINDER = "reminder"
    HORIZON = "horizon"
    BREACH = "breach"
    CLOCK = "clock"
    UNHEARD = "unheard"
    HOLD_ENDS = "hold_ends"
    ROOM = "room"
    ROUND = "round"
    CONTACT_STEP = "contact_step"


class Due(NamedTuple):
    """One thing that will happen unless somebody acts."""

    at: datetime
    kind: DueKind
    what: str
    why: str


def dues(state: TicketState) -> list[Due]:
    """Everything that is due some time, earliest first."""
    return sorted(_dues(state), key=lambda due: (due.at, list(DueKind).index(due.kind)))


def next_due(state: TicketState) -> datetime | None:
    """The earliest instant at which something falls due; None when only an event can move the ticket."""
    return min((due.at for due in _dues(state)), default=None)


def repeat_ahead(state: TicketState) -> Due | None:
    """The repeat that will fall due after a round that is still under way; None when no round is.

    It is no due yet: the round may come to reach nobody. But who waits can be woken for it all the same, and need
    not set another timer once the pages are out.
    """
    visit = state.visit
    if state.stands_still or visit is None or visit.round_now or not _resolving(state, visit):
        return None
    at, limit = next_round(state, visit), tier_limit(state, visit)
    if at is None or (limit is not None and at >= limit):
        return None
    return _round_due(state, visit, at)


def _dues(state: TicketState) -> Iterator[Due]:
    visit = state.visit
    if state.policy is None or state.status is Status.CLOSED:
        return
    if state.status is Status.RESOLVED:
        if state.reopen_until is not None:
            within = format_duration(state.policy.reopen_within)
            yield Due(state.reopen_until, DueKind.CLOSE, "it closes", f"resolved, and not reopened within {within}")
        return
    if state.clocks:
        yield from _clocks(state)
    if (unheard := state.unheard) is not None and not chooses(state):
        whom = " and ".join(unheard.words)
        what = f"{whom}: told of clocks" if whom else "clocks are told"
        yield Due(opening(state.time, unheard.since), DueKind.UNHEARD, what, "nobody is woken for it before")
    if state.policy.calendars:
        yield from _horizon(state)
    if state.pause is not None:
        pause = state.pause
        on = f" on the {pause.on}" if pause.on else ""
        why = f"{pause.kind}{on} by {pause.by} until {format_instant(pause.until)}"
        yield Due(pause.until, DueKind.PAUSE_ENDS, f"it comes back as {pause.status.value}", why)
        if clocks_wait(state):
            yield from _windows_in_a_pause(state)
        return
    if visit is None:
        return
    if state.maintenance is not None:
        what = "maintenance ends: what is still open is paged" if visit.acknowledged_at is None else "maintenance ends"
        yield Due(state.maintenance.until, DueKind.MAINTENANCE_ENDS, what, ", ".join(state.maintenance.windows))
        return
    others = [*_limits(state, visit), *(_rounds(state, visit) if visit.acknowledged_at is None else ())]
    yield from others
    if (others or clocks_wait(state)) and (cover := next_cover(state)) is not None:
        # With nothing else due there is nothing to hold back: it may pass without waking anybody up, this included.
        what = f"maintenance until {format_instant(cover.end)}: nobody is paged"
        yield Due(cover.start, DueKind.MAINTENANCE_BEGINS, what, ", ".join(window.name for window in cover.windows))


def _windows_in_a_pause(state: TicketState) -> Iterator[Due]:
    """Only clocks notice them then."""
    if state.covered is not None:
        yield Due(state.covered.end, DueKind.MAINTENANCE_ENDS, "maintenance ends: clocks run again", "it is paused")
    elif (cover := next_cover(state)) is not None:
        what = f"maintenance until {format_instant(cover.end)}: clocks stand still"
        yield Due(cover.start, DueKind.MAINTENANCE_BEGINS, what, ", ".join(window.name for window in cover.windows))


def earlier(first: datetime | None, second: datetime | None) -> datetime | None:
    """The earlier of two instants; None counts as later."""
    if first is None or second is None:
        return first if second is None else second
    return min(first, second)


def tier_limit(state: TicketState, visit: Visit) -> datetime | None:
    """When the tier is left because nobody acknowledged; None for never."""
    within = state.times.acknowledge_within
    if visit.acknowledged_at is not None or visit.holding:
        return None
    at = after(state.time, visit.t0, within, began=visit.began_at) if within is not None else None
    return earlier(at, visit.caps.get(DueKind.TIER_LIMIT))


def resolve_limit(state: TicketState, visit: Visit) -> datetime | None:
    """When the tier is left because it was not resolved; None when that is not limited or not running."""
    within, tier, anchor = state.times.resolve_within, state.tier, visit.resolve_anchor
    if visit.holding and tier is not None and tier.resolve_from_entry:
        return None  # like the tier limit, it waits for somebody to be on duty (decision 15)
    derived = None
    if anchor is not None and within is not None:
        derived = after(state.time, anchor, within, began=visit.resolve_began_at)
    return earlier(derived, visit.caps.get(DueKind.RESOLVE_LIMIT) if anchor is not None else None)


def expiry(state: TicketState, visit: Visit) -> datetime | None:
    """When the acknowledgement is lost for want of work; None when it lasts."""
    lasts = state.times.acknowledgement_lasts
    if visit.acknowledged_at is None or visit.worked_at is None:
        return None
    at = after(state.time, visit.worked_at, lasts) if lasts is not None else None
    return earlier(at, visit.caps.get(DueKind.EXPIRY))


def next_round(state: TicketState, visit: Visit) -> datetime | None:
    """When the next round is made; None when no more are."""
    if visit.acknowledged_at is not None:
        return None
    if visit.last_round_at is None:
        return opening(state.time, visit.t0)
    if visit.round_now:
        return opening(state.time, visit.owed_at or visit.last_round_at)
    if visit.holding or visit.room_at is not None:
        return None
    if state.in_catch_all:
        return visit.last_round_at + rhythm(visit.rounds)
    every = state.times.repeat_every
    derived = _tick(state, visit, visit.last_round_at, every) if every is not None else None
    return earlier(derived, visit.caps.get(DueKind.ROUND))


def _tick(state: TicketState, visit: Visit, last: datetime, every: timedelta | Budget) -> datetime:
    """The next instant of the grid t0 + j·every after the last round; on open time, where the tier has a calendar.

    Lateness never adds up, and missed ticks collapse into one. When the last round was late, or made by the end of a
    pause, a tick that would page again on its heels is left out.
    """
    time = state.time
    if time is ALWAYS or last > horizon_of(time):
        step = by_the_wall(every)
        derived = visit.t0 + ((last - visit.t0) // step + 1) * step
        return derived + step if derived - last < min(BREATH, step / 2) else derived
    try:
        step = length_of(time, visit.began_at or visit.t0, every)
        ran = time.between(visit.t0, last)
        ticks = ran // step + 1
        if ticks * step - ran < min(BREATH, step / 2):
            ticks += 1
        # A repeat that would fall on a close comes with the next opening: nobody is paged in closed time.
        return time.add(visit.t0, ticks * step, "next_open")
    except HorizonError:
        return beyond(time, last, every)


def _clocks(state: TicketState) -> Iterator[Due]:
    for point in next_points(state):
        kind = DueKind.BREACH if point.threshold == BREACH else DueKind.CLOCK
        yield Due(point.at, kind, point.what, point.why)


def _horizon(state: TicketState) -> Iterator[Due]:
    at = worked_out_until(state)
    if at is not None and not any(isinstance(effect, ExtendCalendars) for effect in state.pending.values()):
        yield Due(at, DueKind.HORIZON, "its calendars are worked out further", "their horizon comes nearer")


def _limits(state: TicketState, visit: Visit) -> Iterator[Due]:
    name, times, severity = state.tier_name, state.times, state.ticket.severity.value
    onward = _onward(state, visit)
    if state.next_pass_at is not None and visit.acknowledged_at is None:
        why = "the last pass through the ladder reached nobody"
        yield Due(state.next_pass_at, DueKind.NEXT_PASS, "the ladder is climbed again", why)
    if (at := tier_limit(state, visit)) is not None:
        within = write_length(times.acknowledge_within or timedelta(0))
        why = f"nobody has acknowledged; {name} answers within {within} at {severity}"
        yield Due(at, DueKind.TIER_LIMIT, onward, why)
    if (at := resolve_limit(state, visit)) is not None:
        within = write_length(times.resolve_within or timedelta(0))
        why = f"not resolved; {name} resolves within {within} at {severity}"
        yield Due(at, DueKind.RESOLVE_LIMIT, onward, why)
    if (at := expiry(state, visit)) is not None:
        tier = state.tier
        lasts = times.acknowledgement_lasts or timedelta(0)
        what = onward if tier is not None and tier.expiry_climbs else "it is un-acknowledged and pages again"
        why = f"an acknowledgement lasts {write_length(lasts)} without work"
        yield Due(at, DueKind.EXPIRY, what, why)
        if not visit.reminded and state.owner:
            yield Due(_reminder(state, at, lasts), DueKind.REMINDER, f"{state.owner} is reminded", why)


def _reminder(state: TicketState, at: datetime, lasts: timedelta | Budget) -> datetime:
    longest = timedelta(minutes=5)
    ahead = min(longest, lasts / 5) if isinstance(lasts, timedelta) else longest
    beyond = state.time is ALWAYS or at > horizon_of(state.time)
    return at - ahead if beyond else state.time.add(at, -ahead)


def _onward(state: TicketState, visit: Visit) -> str:
    assert state.policy is not None
    tiers = state.policy.tiers
    if visit.tier + 1 < len(tiers):
        return f"it climbs to {tiers[visit.tier + 1].name}"
    again = state.policy.again
    if again is not None and (again.times is None or state.passes < again.times):
        return f"the ladder is exhausted and starts again from {tiers[again.tier].name}"
    return "the catch-all is paged"


def _rounds(state: TicketState, visit: Visit) -> Iterator[Due]:
    if visit.holding and visit.hold_until is not None:
        held = opening(state.time, visit.hold_until)
        yield Due(held, DueKind.HOLD_ENDS, "somebody is on duty: they are paged", "nobody is on duty now")
    if visit.room_at is not None:
        room = opening(state.time, visit.room_at)
        yield Due(room, DueKind.ROOM, "somebody has room: they are paged", "everybody here is over a limit")
    resolving = _resolving(state, visit)
    at = None if resolving else next_round(state, visit)
    limit = tier_limit(state, visit)
    if at is not None and state.next_pass_at is not None and at >= state.next_pass_at:
        at = None
    if at is not None and (limit is None or at < limit or visit.round_now):
        yield _round_due(state, visit, at)
    for step in visit.steps:
        if resolving and visit.last_round_at is not None and step.due <= visit.last_round_at:
            continue  # it joins the round that is under way: one message per channel
        what = f"{step.target} is told by {step.plan.method}"
        yield Due(step.due, DueKind.CONTACT_STEP, what, f"their rule: after {format_duration(step.plan.after)}")


def whom(state: TicketState, visit: Visit) -> str:
    """Whom a round asks the roster about, for people: of several only one may be paged."""
    names = ", ".join(visit.targets)
    tier = state.tier
    one = len(visit.targets) == 1 and visit.targets[0].startswith("person:")
    if tier is None or tier.how == "everyone" or visit.reassigned or one:
        return names
    return f"{'the next' if tier.how == 'one_at_a_time' else 'the least paged'} of {names}"


def chooses(state: TicketState) -> bool:
    """Whether the first round of a visit is under way: whom the tier has is only known when it has come back."""
    visit = state.visit
    return state.engine >= 4 and visit is not None and not visit.told and _resolving(state, visit)


def _resolving(state: TicketState, visit: Visit) -> bool:
    return any(
        isinstance(effect, ResolveRound)
        and not effect.cancelled
        and effect.rung == visit.rung
        and effect.purpose not in ("notice", "responder", "check")
        for effect in state.pending.values()
    )


def _round_due(state: TicketState, visit: Visit, at: datetime) -> Due:
    every = state.times.repeat_every
    why = f"un-acknowledged; repeats every {write_length(every)}" if every else "un-acknowledged"
    if state.time is not ALWAYS and visit.last_round_at is None and at > visit.t0:
        why = f"{state.tier_name} opens then; it came while that was closed"
    return Due(at, DueKind.ROUND, f"round {visit.rounds + 1} pages {whom(state, visit)}", why)
