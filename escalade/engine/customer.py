"""What is said to the customer and by the customer: the clocks that promise answers run and stop on it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from escalade.engine import clocks
from escalade.engine.clocks import FIRST_RESPONSE, UPDATE
from escalade.engine.draft import Draft
from escalade.engine.pausing import end_pause
from escalade.engine.state import TicketState
from escalade.messages.commands import Message, Reply
from escalade.policy.pinned import PinnedClock
from escalade.ticket import Status
from escalade.time.instants import format_instant

UNANSWERED: Final = 50
"""Unanswered messages that are remembered: the earliest, since the clock counts from them."""


def reply(d: Draft, cmd: Reply) -> None:
    """The customer was answered in public: the first response and the update clock stop (decision 27)."""
    state = d.state
    began = _began(state)
    if cmd.by.is_person and d.clock_at < began:
        text = f"{format_instant(d.clock_at)} is before the ticket began ({format_instant(began)})."
        d.refuse("too_early", text, actor=cmd.by, command=cmd.name)
        return
    d.note("customer.answered", f"{cmd.by.id} answered the customer: {cmd.text}", actor=cmd.by, **_received(d))
    first = state.replied_at is None
    state.replied_at = d.clock_at if state.replied_at is None else min(state.replied_at, d.clock_at)
    state.answered_at = d.clock_at if state.answered_at is None else max(state.answered_at, d.clock_at)
    state.unanswered = [at for at in state.unanswered if at > d.clock_at]
    _late_first_response(d)
    clocks.stop(d, FIRST_RESPONSE, "reply", f"the first public reply, by {cmd.by.id}")
    d.text = "recorded; it is the first answer" if first else "recorded"
    _answered(d, cmd)


def _began(state: TicketState) -> datetime:
    """From when on somebody can have answered: a ticket that is dated back began where it came from."""
    dated = state.ticket.opened_at if state.ticket.backdate else None
    return state.opened_at if dated is None else min(dated, state.opened_at)


def _answered(d: Draft, cmd: Reply) -> None:
    """The update clock stops, unless it runs for what was written after this answer."""
    state = d.state
    run = state.clocks.get(UPDATE)
    if run is not None and run.running and d.clock_at < run.started_at:
        d.text = "recorded; the customer has written since, and waits for an answer"
        return
    clocks.stop(d, UPDATE, "reply", f"the customer heard from {cmd.by.id}")
    pinned = state.policy.clocks.get(UPDATE) if state.policy is not None else None
    if pinned is None or not state.status.is_open:
        return
    if pinned.rhythm:
        clocks.start_clock(d, UPDATE, pinned, d.clock_at)
        clocks.told_of_start(d, [UPDATE], "the next update is counted from this one")
    elif state.unanswered:
        clocks.start_clock(d, UPDATE, pinned, state.unanswered[0])
        clocks.told_of_start(d, [UPDATE], "the customer had written again after this answer")


def _late_first_response(d: Draft) -> None:
    """An answer that was given before the resolution and is heard of after it: that is what stopped the clock."""
    run = d.state.clocks.get(FIRST_RESPONSE)
    if run is None or run.stopped_by not in ("resolution", "acknowledgement") or run.stopped_at is None:
        return
    if d.clock_at < run.stopped_at:
        again = run.model_copy(update={"stopped_at": None, "stopped_by": None, "met": None})
        d.state.clocks[FIRST_RESPONSE] = again
        clocks.stop(d, FIRST_RESPONSE, "reply", "the customer had been answered before that; it is heard of only now")


def message(d: Draft, cmd: Message) -> None:
    """The customer said something: the update clock runs from the first that is unanswered (decision 27)."""
    state = d.state
    who = cmd.customer or "the customer"
    d.note("customer.message", f"{who} wrote: {cmd.text}", f"by {cmd.by.id}", actor=cmd.by, **_received(d))
    if not state.status.is_open:
        d.text = f"recorded; the ticket is {state.status.value}"
        return
    pinned = state.policy.clocks.get(UPDATE) if state.policy is not None else None
    if state.answered_at is None or d.clock_at >= state.answered_at:
        state.unanswered = sorted([*state.unanswered, d.clock_at])[:UNANSWERED]
        if pinned is not None and not pinned.rhythm:
            _waits(d, pinned, who)
    d.text = "recorded"
    if state.status is Status.PENDING and state.pause is not None and state.pause.on == "customer":
        end_pause(d, d.now, f"{who} wrote", actor=cmd.by)
        d.text = "recorded; it was pending on the customer, and goes on"
        if state.owner and state.owner_is_person and state.is_acknowledged:
            owner = state.owner if ":" in state.owner else f"person:{state.owner}"
            d.notify([owner], f"{state.ticket.title}: the customer wrote", cmd.text, why="owns the ticket")


def _waits(d: Draft, pinned: PinnedClock, who: str) -> None:
    """The update clock runs from the first message that nobody has answered, in whatever order they are heard of."""
    first = d.state.unanswered[0]
    run = d.state.clocks.get(UPDATE)
    if run is None or not run.running:
        clocks.start_clock(d, UPDATE, pinned, first)
        clocks.told_of_start(d, [UPDATE], f"{who} wrote, and waits for an answer")
    elif first < run.started_at:
        d.state.clocks[UPDATE] = clocks.forgiven(d, run.model_copy(update={"started_at": first}))
        clocks.told_of_start(d, [UPDATE], f"{who} had written before that; it is heard of only now")


def _received(d: Draft) -> dict[str, str]:
    """When a door received it, where that was earlier."""
    return {} if d.clock_at == d.now else {"received": format_instant(d.clock_at)}
