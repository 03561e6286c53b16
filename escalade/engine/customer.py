"""What is said to the customer and by the customer: the clocks that promise answers run and stop on it."""

from __future__ import annotations

from escalade.engine import clocks
from escalade.engine.clocks import FIRST_RESPONSE, UPDATE
from escalade.engine.draft import Draft
from escalade.engine.pausing import end_pause
from escalade.messages.commands import Message, Reply
from escalade.ticket import Status
from escalade.time.instants import format_instant


def reply(d: Draft, cmd: Reply) -> None:
    """The customer was answered in public: the first response and the update clock stop (decision 27)."""
    state = d.state
    d.note("customer.answered", f"{cmd.by.id} answered the customer: {cmd.text}", actor=cmd.by, **_received(d))
    first = state.replied_at is None
    state.replied_at = d.clock_at if state.replied_at is None else min(state.replied_at, d.clock_at)
    _late_first_response(d)
    clocks.stop(d, FIRST_RESPONSE, "reply", f"the first public reply, by {cmd.by.id}")
    pinned = state.policy.clocks.get(UPDATE) if state.policy is not None else None
    clocks.stop(d, UPDATE, "reply", f"the customer heard from {cmd.by.id}")
    if pinned is not None and pinned.rhythm and state.status.is_open:
        clocks.start_clock(d, UPDATE, pinned, d.clock_at)
        clocks.told_of_start(d, [UPDATE], "the next update is counted from this one")
    d.text = "recorded; it is the first answer" if first else "recorded"


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
    run = state.clocks.get(UPDATE)
    if pinned is not None and not pinned.rhythm and (run is None or not run.running):
        clocks.start_clock(d, UPDATE, pinned, d.clock_at)
        clocks.told_of_start(d, [UPDATE], f"{who} wrote, and waits for an answer")
    d.text = "recorded"
    if state.status is Status.PENDING and state.pause is not None and state.pause.on == "customer":
        end_pause(d, d.now, f"{who} wrote", actor=cmd.by)
        d.text = "recorded; it was pending on the customer, and goes on"
        if state.owner and state.owner_is_person and state.is_acknowledged:
            owner = state.owner if ":" in state.owner else f"person:{state.owner}"
            d.notify([owner], f"{state.ticket.title}: the customer wrote", cmd.text, why="owns the ticket")


def _received(d: Draft) -> dict[str, str]:
    """When a door received it, where that was earlier."""
    return {} if d.clock_at == d.now else {"received": format_instant(d.clock_at)}
