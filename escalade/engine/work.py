"""Work: what counts as it, and what it does to an acknowledgement that would expire."""

from __future__ import annotations

from datetime import timedelta

from escalade.engine.draft import Draft
from escalade.engine.due import DueKind
from escalade.ticket import Actor
from escalade.time.durations import format_duration


def restart_expiry(d: Draft) -> None:
    """The acknowledgement lasts anew from now."""
    visit = d.visit
    visit.worked_at = d.standing
    visit.reminded = False
    visit.caps.pop(DueKind.EXPIRY, None)


def worked(d: Draft, by: Actor, *, rung: int) -> None:
    """A person did something: it counts as work, and as the receiver's first (handoff delay).

    Args:
        d: the decision in the making.
        by: who.
        rung: the rung before it: who moves a ticket has not begun to work where it arrived.
    """
    visit = d.state.visit
    if visit is None or not by.is_person or rung != visit.rung:
        return
    if visit.worked_at is not None:
        restart_expiry(d)
    receiver = f"person:{by.id}" in visit.told or (d.state.owner == by.id and d.state.owner_is_person)
    if receiver and not visit.first_work:
        visit.first_work = True
        delay = d.now - visit.entered_at
        whole = timedelta(seconds=round(delay.total_seconds()))
        text = f"first work in {d.state.tier_name} by {by.id}, {format_duration(whole)} after it came"
        why = "nobody had worked on it here before"
        d.note("tier.first_work", text, why, actor=by, seconds=delay.total_seconds())
