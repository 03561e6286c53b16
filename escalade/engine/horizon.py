"""Calendars are pinned for 36 months, and worked out further before anything falls due beyond that (decision 32)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from escalade.effects import CalendarsExtended, ExtendCalendars
from escalade.engine import clocks
from escalade.engine.draft import Draft
from escalade.engine.reckoning import reckon
from escalade.engine.state import TicketState
from escalade.errors import HorizonError
from escalade.time.instants import format_instant

MONTHS: Final = 36
"""How far ahead calendars are asked for at least."""

MOST_MONTHS: Final = 240
"""However long a clock is, nobody works a calendar out for more than twenty years."""


def extend(d: Draft) -> None:
    """Ask for the calendars anew, as of now; for longer where a clock leads beyond even that."""
    state = d.state
    assert state.policy is not None
    state.horizon_tried_at = d.now
    until = min(calendar.until for calendar in state.policy.calendars.values())
    pinned_for = max(round((until - d.now) / timedelta(days=30.4)), 0)
    months = min(max(MONTHS, 2 * pinned_for), MOST_MONTHS)
    since = min([state.opened_at, *(run.started_at for run in state.clocks.values())])
    names = sorted(state.policy.calendars)
    d.add(ExtendCalendars(id=d.effect_id(), rung=state.rung, names=names, months=months, since=since))


def extended(d: Draft, event: CalendarsExtended) -> None:
    """They are here: what is due beyond the old horizon can be said; what moved is explained."""
    state = d.state
    if state.pending.pop(event.effect, None) is None or state.policy is None:
        return
    before = _dues(state)
    old = state.policy.calendars
    # One that was worked out for less than what is pinned, or is not configured any more, changes nothing.
    known = {name: calendar for name, calendar in event.calendars.items() if name in old}
    new = {name: calendar for name, calendar in known.items() if calendar.until > old[name].until}
    missing = sorted(set(old) - set(new))
    state.policy = state.policy.model_copy(update={"calendars": {**old, **new}})
    if new:
        until = min(calendar.until for calendar in state.policy.calendars.values())
        text = f"calendars are worked out until {format_instant(until)}: {', '.join(sorted(new))}"
        d.note("calendar.extended", text, "their horizon came nearer", until=format_instant(until))
    if missing:
        gone = [name for name in missing if name not in known]
        why = event.error or (f"not configured any more: {', '.join(gone)}" if gone else "no further than they are")
        ends = format_instant(min(old[name].until for name in missing))
        what = f"calendars could not be worked out further than {ends}: {', '.join(missing)}; tried again in a week"
        d.note("calendar.not_extended", what, why, calendars=missing, until=ends)
    for name, due in _dues(state).items():
        if name in before and before[name] != due:
            text = f"{name.replace('_', ' ')}: due {before[name] or 'beyond the horizon'} → {due}"
            d.note("clock.changed", text, "its calendar was worked out anew", clock=name)
    for name, run in list(state.clocks.items()):
        state.clocks[name] = clocks.forgiven(d, run)


def _dues(state: TicketState) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, run in state.clocks.items():
        if not run.running or state.policy is None:
            continue
        try:
            read = reckon(state.policy, run)
            due = read.due if read is not None else None
            found[name] = format_instant(due) if due is not None else ""
        except HorizonError:
            found[name] = ""
    return found
