"""Maintenance windows: how a ticket lives through them (decision 14), and how it learns of them.

A ticket keeps the openings it knows as instants. Nothing is due for one while nothing else is: what passed unseen
is lived through when the ticket is next looked at.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from escalade.effects import LookUpWindows, WindowsFound
from escalade.engine import clockcover, clocks
from escalade.engine.draft import Draft
from escalade.engine.due import DueKind
from escalade.engine.events import WindowsChanged
from escalade.engine.ladder import punctual, rounds
from escalade.engine.standing import ask_when_short, ask_windows, begin, begin_steps, next_cover, push_back
from escalade.maintenance.pinned import PinnedWindow, Span, cover_at, without_past
from escalade.messages.commands import Command
from escalade.ticket import Status
from escalade.time.durations import format_duration
from escalade.time.instants import format_instant


def look(d: Draft) -> None:
    """Begin or end what is to begin or end by now. Whom to page then is for the caller: a command comes first."""
    state = d.state
    if state.pause is not None and state.clocks:
        clockcover.live_through(d, d.now)
    if not _may_stand(d):
        return
    if state.maintenance is not None and state.maintenance.until <= d.now:
        until = state.maintenance.until
        _end(d, until, t0=punctual(d, until), why="the window is over")
    while state.maintenance is None and (cover := next_cover(state)) is not None and cover.start <= d.now:
        begin(d, cover)
        if cover.end <= d.now:
            _end(d, cover.end, t0=punctual(d, cover.end), why="the window is over; nobody looked while it was open")
    ask_when_short(d, d.now)


def refused(d: Draft, cmd: Command) -> bool:
    """Whether it cannot be taken up the ladder because it is in maintenance; then that is on record."""
    active = d.state.maintenance
    if active is None:
        return False
    by = ", ".join(active.windows)
    text = f"It is in maintenance until {format_instant(active.until)} ({by}); it pages again when that ends."
    d.refuse("maintenance", text, actor=cmd.by, command=cmd.name)
    return True


def pause_began(d: Draft) -> None:
    """It is snoozed or pending from now on, which stands still by itself: what maintenance stood still is settled."""
    active = d.state.maintenance
    if active is not None and d.state.pause is None:
        push_back(d, active.counted_from, d.now)
        d.state.covered = Span(start=active.since, end=active.until)
        d.state.maintenance = active.model_copy(update={"counted_from": d.now})


def pause_over(d: Draft, at: datetime) -> None:
    """A pause is over: a window may have opened or closed meanwhile."""
    state = d.state
    clockcover.live_through(d, at)
    state.covered = None
    if state.maintenance is not None and state.maintenance.until <= at:
        _end(d, at, t0=at, why="the window closed while it was paused", counted=False)
    elif state.maintenance is not None:
        state.maintenance = state.maintenance.model_copy(update={"counted_from": at})
    else:
        state.windows_seen = at
        look(d)


def severity_changed(d: Draft, old: str) -> None:
    """Windows may spare severities: one that now covers the ticket begins, one that no longer does ends."""
    if d.state.windows:
        _adjust(d, f"the windows that cover {old} do not cover {d.state.ticket.severity.value}")


def windows_changed(d: Draft, _: WindowsChanged) -> None:
    """Somebody made, changed or ended a window that may concern it: it asks."""
    state = d.state
    if state.policy is not None and state.status is not Status.CLOSED:
        ask_windows(d)


def windows_found(d: Draft, event: WindowsFound) -> None:
    """These windows concern it, and no others."""
    state = d.state
    effect = state.pending.pop(event.effect, None)
    if not isinstance(effect, LookUpWindows) or effect.id != state.windows_asked:
        return
    look(d)
    learn(d, event.windows)
    _adjust(d, "the window was removed, changed or ended early")


def learn(d: Draft, windows: list[PinnedWindow]) -> None:
    """Keep the windows; what is new about them is written down."""
    state = d.state
    before = {window.id: window.version for window in state.windows}
    now = {window.id: window for window in without_past(windows, d.now)}
    state.windows = list(now.values())
    gone = [name for name in before if name not in now]
    fresh = [window for window in now.values() if before.get(window.id) != window.version]
    if fresh:
        what = "; ".join(_opens(window) for window in fresh)
        d.note("maintenance.known", what, "it covers this ticket", windows=list(now))
    if gone:
        what = f"no more maintenance by {', '.join(gone)}"
        d.note("maintenance.gone", what, "it covers this ticket no more", windows=list(now))


def _opens(window: PinnedWindow) -> str:
    if not window.spans:
        return f"maintenance: {window.name}"
    first = window.spans[0]
    times = f"from {format_instant(first.start)} to {format_instant(first.end)}"
    others = len(window.spans) - 1
    rest = f", and {others}{' or more' if window.more else ''} times after that" if others or window.more else ""
    return f"maintenance {times}{rest}: {window.name}"


def _may_stand(d: Draft) -> bool:
    state = d.state
    concerned = state.windows or state.maintenance is not None
    return bool(concerned) and state.status.is_open and state.visit is not None and state.pause is None


def _adjust(d: Draft, why: str) -> None:
    """The windows or the severity have changed: what is open now counts from now."""
    state = d.state
    state.windows_seen = d.now
    active = state.maintenance
    cover = cover_at(state.windows, state.ticket.severity, d.now)
    if active is not None:
        until = cover.end if cover is not None else d.now
        names = [window.name for window in cover.windows] if cover is not None else active.windows
        state.maintenance = active.model_copy(update={"until": until, "windows": names})
    if state.pause is not None:
        clockcover.adjust(d)
    if not _may_stand(d):
        return
    if active is not None and cover is None:
        _end(d, d.now, t0=d.now, why=why)
        rounds(d)
    elif active is None and cover is not None:
        begin(d, cover._replace(start=d.now))
    ask_when_short(d, d.now)


def _end(d: Draft, at: datetime, *, t0: datetime, why: str, counted: bool = True) -> None:
    """It is over: un-acknowledged it begins anew in its tier, acknowledged its limits go on with what was left.

    Args:
        d: the decision in the making.
        at: the instant it is over.
        t0: where limits count from, if they begin anew.
        why: what ended it.
        counted: whether time stood still by it alone; a pause over it has moved everything already.
    """
    state, visit, ended = d.state, d.visit, d.state.maintenance
    assert ended is not None
    state.maintenance = None
    state.windows_seen = at
    state.windows = without_past(state.windows, at)
    if counted:
        push_back(d, ended.counted_from, at)
    d.resumed_at = at  # clocks run from then on, whoever looks when
    clocks.follow(d)
    d.resumed_at = None
    whole = format_duration(timedelta(seconds=round(max(at - ended.since, timedelta(0)).total_seconds())))
    if visit.acknowledged_at is not None:
        what = f"out of maintenance after {whole}; {state.owner or 'somebody'} has it, limits go on with what was left"
    else:
        what = f"out of maintenance after {whole}, and still open: {state.tier_name} is paged anew"
        visit.t0, visit.began_at, visit.last_round_at, visit.rounds = t0, t0, None, 0
        visit.turn, visit.turn_reached = [], False
        if state.tier is not None and state.tier.resolve_from_entry:
            visit.resolve_anchor = visit.resolve_began_at = t0
        for began_anew in (DueKind.TIER_LIMIT, DueKind.ROUND):
            visit.caps.pop(began_anew, None)
    d.note("maintenance.ended", what, why, seconds=(at - ended.since).total_seconds())
    if visit.steps_owed:
        begin_steps(d)
