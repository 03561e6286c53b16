"""Maintenance windows during a pause: the ladder stands still anyway, and does not notice them; clocks may have to."""

from __future__ import annotations

from datetime import datetime

from escalade.engine import clocks
from escalade.engine.draft import Draft
from escalade.engine.standing import clocks_wait, next_cover
from escalade.maintenance.pinned import Span, cover_at


def live_through(d: Draft, at: datetime) -> None:
    """Let clocks stand still while a window covered the paused ticket, whoever looks when."""
    state = d.state
    if state.covered is not None and state.covered.end <= at:
        _over(d, state.covered.end)
    while state.covered is None and clocks_wait(state):
        cover = next_cover(state)
        if cover is None or cover.start > at:
            return
        state.covered = Span(start=cover.start, end=cover.end)
        clocks.follow(d)
        if cover.end <= at:
            _over(d, cover.end)


def adjust(d: Draft) -> None:
    """The windows or the severity have changed: what covers the paused ticket now counts from now."""
    state = d.state
    cover = cover_at(state.windows, state.ticket.severity, d.now)
    if state.covered is not None and cover is None:
        _over(d, d.now)
    elif state.covered is not None and cover is not None:
        state.covered = Span(start=state.covered.start, end=cover.end)
    live_through(d, d.now)


def _over(d: Draft, at: datetime) -> None:
    state, before = d.state, d.resumed_at
    state.covered = None
    state.windows_seen = at
    d.resumed_at = at  # clocks run from then on
    clocks.follow(d)
    d.resumed_at = before
