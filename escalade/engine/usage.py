"""How much of the time each tier used (H1): by the wall clock, and in its own open time without pauses."""

from __future__ import annotations

from datetime import datetime, timedelta

from escalade.engine.calendars import open_time
from escalade.engine.clockstate import TierUse
from escalade.engine.draft import Draft
from escalade.engine.state import TicketState, Visit
from escalade.errors import HorizonError
from escalade.time.durations import format_duration
from escalade.time.open_time import ALWAYS, OpenTime


def leave(d: Draft) -> TierUse | None:
    """Add the present visit to what its tier used; None where that was done before (it was resolved there)."""
    state = d.state
    visit = d.visit
    if visit.used or state.engine < 3:
        return None
    visit.used = True
    use = use_of(state, visit, d.now)
    before = next((each for each in state.used if each.tier == use.tier), TierUse(tier=use.tier))
    total = TierUse(
        tier=use.tier,
        visits=before.visits + 1,
        wall=before.wall + use.wall,
        business=before.business + use.business,
    )
    state.used = [total if each.tier == use.tier else each for each in state.used]
    if not before.visits:
        state.used.append(total)
    return use


def use_of(state: TicketState, visit: Visit, at: datetime) -> TierUse:
    """What a visit has used by an instant."""
    wall = at - visit.entered_at
    business = between(usage_time(state, visit), visit.entered_at, at) - visit.paused_business
    if state.pause is not None:
        business -= between(usage_time(state, visit), max(state.pause.since, visit.entered_at), at)
    return TierUse(tier=state.tier_name, visits=1, wall=wall, business=max(business, timedelta(0)))


def so_far(state: TicketState, at: datetime) -> list[TierUse]:
    """What every tier has used by an instant, the present visit included."""
    visit = state.visit
    if visit is None or visit.used or not state.status.is_open or state.engine < 3:
        return list(state.used)
    now = use_of(state, visit, max(at, visit.entered_at))
    found = []
    for use in state.used:
        if use.tier == now.tier:
            more = {"visits": use.visits + 1, "wall": use.wall + now.wall, "business": use.business + now.business}
            found.append(use.model_copy(update=more))
        else:
            found.append(use)
    return found if any(use.tier == now.tier for use in found) else [*found, now]


def stood_still(d: Draft, since: datetime, at: datetime) -> None:
    """A pause is over: it was no time of the tier's."""
    visit = d.visit
    visit.paused_wall += max(at - since, timedelta(0))
    visit.paused_business += between(usage_time(d.state, visit), max(since, visit.entered_at), at)


def usage_time(state: TicketState, visit: Visit) -> OpenTime:
    """The open time in which a tier's use is counted: its calendar, or that of its clock, or around the clock."""
    policy = state.policy
    if policy is None or visit.tier >= len(policy.tiers):
        return ALWAYS
    tier = policy.tiers[visit.tier]
    return open_time(policy, tier.calendar or (tier.clock.calendar if tier.clock is not None else ""))


def between(time: OpenTime, start: datetime, end: datetime) -> timedelta:
    """The open time between two instants; by the wall clock beyond what the calendar was worked out for."""
    try:
        return time.between(start, end)
    except HorizonError:
        return max(end - start, timedelta(0))


def used_words(use: TierUse | None, wall: timedelta) -> str:
    """What of a stay was the tier's own time, where that differs."""
    if use is None or use.business == wall:
        return ""
    return f" ({format_duration(timedelta(seconds=round(use.business.total_seconds())))} of its time)"


def summary(uses: list[TierUse]) -> str:
    """What every tier used, in a line."""
    words = []
    for use in uses:
        wall, business = (timedelta(seconds=round(each.total_seconds())) for each in (use.wall, use.business))
        own = "" if wall == business else f" ({format_duration(business)} of its time)"
        visits = f" in {use.visits} visits" if use.visits > 1 else ""
        words.append(f"{use.tier} {format_duration(wall)}{own}{visits}")
    return ", ".join(words)
