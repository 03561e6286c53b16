"""The life of a ticket's clocks: started, standing still, stopped, taken up again. `docs/explanation/clocks.md`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from escalade.engine.calendars import open_time
from escalade.engine.clockstate import TIER, ClockRun, Said, Standstill, Stopped
from escalade.engine.draft import Draft
from escalade.engine.exchange import heard, shortened
from escalade.engine.points import label_of
from escalade.engine.reckoning import Reckoning, pinned_clock, reckon
from escalade.engine.state import PUNCTUAL, TicketState
from escalade.errors import HorizonError
from escalade.policy.pinned import PinnedClock, PinnedPolicy
from escalade.ticket import Severity
from escalade.time.budgets import Budget
from escalade.time.durations import format_duration
from escalade.time.instants import format_instant

FIRST_RESPONSE: Final = "first_response"
UPDATE: Final = "update"
RESOLUTION: Final = "resolution"
LEDGER: Final = 200
"""Standstills that are kept one by one."""

TOLD: Final = 20
"""Dues that a threshold remembers."""


def _pinned(d: Draft) -> PinnedPolicy:
    assert d.state.policy is not None
    return d.state.policy


def promise(pinned: PinnedClock, state: TicketState) -> Budget | None:
    """What a clock promises this ticket, at its severity and for its customer; None for nothing."""
    severity: Severity = state.ticket.severity
    own = pinned.customers.get(state.ticket.customer_tier)
    return (own if own is not None else pinned.targets).get(severity)


def standing_on(state: TicketState) -> list[str]:
    """What a clock may stand still on that is so now, the most particular first."""
    words = [state.status.value]
    if state.pause is not None and state.pause.kind == "pending" and state.pause.on:
        words.insert(0, f"pending:{state.pause.on}")
    if state.covered is not None or (state.maintenance is not None and state.pause is None):
        words.append("maintenance")
    return words


# -- starting -------------------------------------------------------------------------------------------------------


def begin(d: Draft, *, anew: bool = False) -> None:
    """The ticket is open: what is promised from the opening on runs.

    Args:
        d: the decision in the making.
        anew: it was over when it arrived, and is reopened: from now.
    """
    state, policy = d.state, _pinned(d)
    backdated = state.ticket.backdate and state.ticket.opened_at is not None and not anew
    start = d.clock_at if anew else state.opened_at
    if backdated:
        start = min(state.ticket.opened_at or start, start)
    why = f"it began at {format_instant(start)} where it came from, and is dated back to then" if backdated else ""
    for name, pinned in policy.clocks.items():
        if name == UPDATE and not (pinned.rhythm or pinned.opening_counts):
            continue
        start_clock(d, name, pinned, start)
        if name == UPDATE and not pinned.rhythm:
            state.said = [Said(at=start, what="message")]
    told_of_start(d, list(state.clocks), why or "the ticket was opened")


def begin_tier(d: Draft) -> None:
    """The ticket is in a tier: what that tier promises runs from here."""
    policy, visit = _pinned(d), d.visit
    pinned = policy.tiers[visit.tier].clock if visit.tier < len(policy.tiers) else None
    if pinned is None:
        d.state.clocks.pop(TIER, None)
        return
    start = d.clock_at
    if visit.rung == 1 and start - d.state.opened_at <= PUNCTUAL:
        start = d.state.opened_at  # one instant for all that the arrival starts: equal targets are one notice
    start_clock(d, TIER, pinned, start, tier=visit.tier)
    told_of_start(d, [TIER], f"it came to {d.state.tier_name}")


def start_clock(d: Draft, name: str, pinned: PinnedClock, start: datetime, *, tier: int = 0) -> None:
    """Start a clock anew, with nothing used.

    Args:
        d: the decision in the making.
        name: its name.
        pinned: how it is written.
        start: where it counts from.
        tier: the index of its tier.
    """
    d.state.clocks[name] = ClockRun(name=name, tier=tier, started_at=start, budget=promise(pinned, d.state))


def told_of_start(d: Draft, names: list[str], why: str) -> None:
    """Write down which clocks run from here on, and until when; and which cannot be armed."""
    words, data = [], {}
    for name in names:
        read = _read(d, d.state.clocks[name])
        if read is None or not read.promised:
            continue
        words.append(f"{label_of(d.state, d.state.clocks[name])} ({read.run.budget}) {due_words(read)}")
        data[name] = clock_data(read)
        missing = read.pinned.calendar
        if missing and missing not in _pinned(d).calendars:
            label = label_of(d.state, d.state.clocks[name])
            what = f"{label} counts around the clock: its calendar {missing} is not there"
            d.note("clock.unarmed", what, "the policy was pinned without it; `escalade check` says why", clock=name)
    if words:
        d.note("clock.started", f"clocks run: {'; '.join(words)}", why, clocks=data)


# -- standing still, and changing -----------------------------------------------------------------------------------


def follow(d: Draft) -> None:
    """Let clocks stand still or run as the ticket stands now. Called after whatever happened to it."""
    state = d.state
    if state.policy is None or not state.status.is_open:
        return
    words = standing_on(state)
    stopped: list[ClockRun] = []
    resumed: list[ClockRun] = []
    stood: dict[str, datetime] = {}
    for name, run in list(state.clocks.items()):
        pinned = pinned_clock(state.policy, run)
        if not run.running or pinned is None:
            continue
        on = next((word for word in words if word in pinned.pause_on), "")
        if on and run.paused_at is None:
            at = max(_since(d, on), run.started_at, *(pause.end for pause in run.pauses[-1:]))
            state.clocks[name] = run.model_copy(update={"paused_at": at, "paused_on": on})
            stopped.append(state.clocks[name])
        elif not on and run.paused_at is not None:
            state.clocks[name] = forgiven(d, run_again(d, run, d.resumed_at or d.clock_at))
            stood[name] = run.paused_at
            resumed.append(state.clocks[name])
    stands = [word.replace(":", " on the ") for word in words if word != "pending" or len(words) == 1]
    now = f"the ticket is {', '.join('in maintenance' if word == 'maintenance' else word for word in stands)}"
    said, data = said_of(d, stopped)
    if said:
        d.note("clock.paused", f"clocks stand still: {said}", now, clocks=data)
    said, data = said_of(d, resumed, since=stood)
    if said:
        d.note("clock.resumed", f"clocks run again: {said}", now, clocks=data)


def _since(d: Draft, on: str) -> datetime:
    """From when on the ticket is what makes a clock stand still."""
    state = d.state
    if on == "maintenance":
        covering = state.covered.start if state.covered is not None else d.now
        return state.maintenance.since if state.maintenance is not None and state.pause is None else covering
    if state.pause is not None and state.pause.since < d.now:
        return max(d.clock_at, state.pause.since)  # what is heard of now may have been before the pause
    return d.clock_at


def run_again(d: Draft, run: ClockRun, at: datetime) -> ClockRun:
    """The same clock, running again from an instant."""
    assert run.paused_at is not None
    pauses = list(run.pauses)
    if at > run.paused_at:
        if pauses and pauses[-1].end == run.paused_at:  # two that touch are one
            last = pauses.pop()
            pauses.append(Standstill(start=last.start, end=at, on=last.on))
        else:
            pauses.append(Standstill(start=run.paused_at, end=at, on=run.paused_on))
    pinned = pinned_clock(_pinned(d), run)
    time = open_time(_pinned(d), pinned.calendar if pinned is not None else "")
    while len(pauses) > LEDGER:
        # The two oldest become one that begins later by what ran between them: nothing that was counted is lost.
        first, second = pauses[0], pauses[1]
        try:
            ran = time.between(first.end, second.start)
            start = time.add(first.start, ran) if ran else first.start
        except HorizonError:
            start = first.start + (second.start - first.end)
        pauses[:2] = [Standstill(start=min(start, second.end), end=second.end, on=first.on)]
    return run.model_copy(update={"pauses": pauses, "paused_at": None, "paused_on": ""})


def forgiven(d: Draft, run: ClockRun) -> ClockRun:
    """The same clock, with thresholds that lie ahead again no longer behind it."""
    read = _read(d, run)
    if read is None:
        return run
    try:
        ahead = {text for text, at in read.thresholds() if at is not None and at > d.now}
    except HorizonError:
        return run  # some lie beyond the horizon, which is looked after
    return run.model_copy(update={"passed": [text for text in run.passed if text not in ahead]})


def retarget(d: Draft, why: str, *, raised: bool = False) -> None:
    """Something was changed that decides what is promised: start and standstills stay, dues are derived anew (H4).

    Args:
        d: the decision in the making.
        why: what was changed.
        raised: whether that was a raise of the severity, which never makes anything later (decision 12).
    """
    state = d.state
    if state.policy is None:
        return
    for name, run in list(state.clocks.items()):
        pinned = pinned_clock(state.policy, run)
        if not run.running or pinned is None:
            continue
        new = promise(pinned, state)
        if new == run.budget:
            continue
        before = _read(d, run)
        if raised and before is not None and before.promised:
            other = _read(d, run.model_copy(update={"budget": new}))
            if other is None or other.length is None or other.length > (before.length or timedelta(0)):
                continue
        state.clocks[name] = forgiven(d, run.model_copy(update={"budget": new}))
        after = _read(d, state.clocks[name])
        was = f"{run.budget} {due_words(before)}" if before is not None and before.promised else "nothing promised"
        now = f"{new} {due_words(after)}" if after is not None and after.promised else "nothing promised"
        text = f"{label_of(state, state.clocks[name])}: {was} → {now}"
        data = clock_data(after) if after is not None else {}
        kept = "; its start and standstills stay, and what it has used"
        d.note("clock.changed", text, why + kept, clock=name, clocks={name: data})


# -- stopping -------------------------------------------------------------------------------------------------------


def stop(d: Draft, name: str, by: Stopped, why: str, *, at: datetime | None = None) -> None:
    """Stop a clock that runs: in time or not, by the stopping instant alone (decision 26).

    Args:
        d: the decision in the making.
        name: which clock.
        by: what stops it.
        why: the same in words.
        at: the stopping instant; that of the event unless given.
    """
    run = d.state.clocks.get(name)
    if run is None or not run.running:
        return
    at = max(d.clock_at if at is None else at, run.started_at)
    read = _read(d, run)
    met = read.is_met(at) if read is not None and by != "ended" else None
    stopped = run.model_copy(update={"stopped_at": at, "stopped_by": by, "met": met})
    d.state.clocks[name] = stopped
    after = _read(d, stopped)
    if after is None or not after.promised:
        return
    used = after.consumed(at)
    length = after.length or timedelta(0)
    label = label_of(d.state, d.state.clocks[name])
    data: dict[str, Any] = {"clock": name, "met": met, "stopped_by": by, **clock_data(after)}
    data |= {"stopped_at": format_instant(at), "consumed": used.total_seconds()}
    spent = f"{format_duration(_whole(used))} of {run.budget} used"
    if met is None:
        d.note("clock.ended", f"{label} ended; {spent}", why, **data)
    elif met:
        d.note("clock.met", f"{label} met: {spent}", why, **data)
    else:
        over = f", {format_duration(_whole(used - length))} over" if used > length else ""
        d.note("clock.missed", f"{label} missed: {spent}{over}", why, **data)


def acknowledged(d: Draft) -> None:
    """Somebody has it: that stops the first response only where the clock says so (decision 27)."""
    state = d.state
    pinned = state.policy.clocks.get(FIRST_RESPONSE) if state.policy is not None else None
    if pinned is not None and "acknowledgement" in pinned.stops_on:
        answered_first(d, "acknowledgement", "somebody acknowledged, and this clock stops on that")


def answered_first(d: Draft, by: Stopped, why: str) -> None:
    """The first response stops at the first of what stops it, in whatever order that is heard of (decision 29)."""
    run = d.state.clocks.get(FIRST_RESPONSE)
    if run is None:
        return
    if run.stopped_at is not None and run.stopped_by != "ended" and d.clock_at < run.stopped_at:
        again = run.model_copy(update={"stopped_at": None, "stopped_by": None, "met": None})
        d.state.clocks[FIRST_RESPONSE] = again
        why += "; it was before what had stopped it, and is heard of only now"
    stop(d, FIRST_RESPONSE, by, why)


def resolved(d: Draft) -> None:
    """It is solved: everything stops, and what the customer wrote before is answered."""
    for name in list(d.state.clocks):
        stop(d, name, "resolution", "it was resolved")
    pinned = d.state.policy.clocks.get(UPDATE) if d.state.policy is not None else None
    if pinned is not None and not pinned.rhythm:
        d.state.said = shortened(heard(d.state.said, d.clock_at, "resolution"))


def ended(d: Draft, why: str) -> None:
    """It ended in another way: nothing is judged, and what was to be told of them later is of no use."""
    d.state.unheard = d.state.covered = None
    for name in list(d.state.clocks):
        stop(d, name, "ended", why)


def left_tier(d: Draft, why: str) -> None:
    """It left its tier: what the tier promised is judged."""
    stop(d, TIER, "left", why)


# -- words ----------------------------------------------------------------------------------------------------------


def due_words(read: Reckoning) -> str:
    """When a clock is due, in words."""
    due = read.due
    return f"until {format_instant(due)}" if due is not None else f"standing still ({read.run.paused_on})"


def clock_data(read: Reckoning) -> dict[str, Any]:
    """What programs read of a clock in an entry."""
    due, length = read.due, read.length
    return {
        "target": str(read.run.budget),
        "seconds": length.total_seconds() if length is not None else None,
        "due": format_instant(due) if due is not None else None,
        "calendar": read.pinned.calendar or "always",
    }


def said_of(
    d: Draft, runs: list[ClockRun], *, since: Mapping[str, datetime] | None = None
) -> tuple[str, dict[str, Any]]:
    """What clocks have used and until when they run, in words and for programs; nothing of those without promise.

    Args:
        d: the decision in the making.
        runs: the clocks.
        since: by name, since when they stood still: what ended that may have been before it, and be heard of late.
    """
    words, data = [], {}
    for run in runs:
        read = _read(d, run)
        if read is None or not read.promised:
            continue
        at = max(d.clock_at, (since or {}).get(run.name, d.clock_at))
        used = format_duration(_whole(read.consumed(at)))
        until = "" if read.due is None else f", {due_words(read)}"
        words.append(f"{label_of(d.state, run)} ({used} of {run.budget} used{until})")
        data[run.name] = {**clock_data(read), "consumed": read.consumed(at).total_seconds()}
    return "; ".join(words), data


def _read(d: Draft, run: ClockRun) -> Reckoning | None:
    """A clock, read; None where that is not possible: no such clock, or beyond the horizon (which is looked after)."""
    try:
        return reckon(_pinned(d), run)
    except HorizonError:
        return None


def _whole(length: timedelta) -> timedelta:
    return timedelta(seconds=round(length.total_seconds()))
