"""What is said to the customer and by the customer: the clocks that promise answers run and stop on it."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from escalade.engine import clocks
from escalade.engine.clocks import UPDATE
from escalade.engine.clockstate import ClockRun
from escalade.engine.draft import Draft
from escalade.engine.exchange import Wait, heard, shortened, waits
from escalade.engine.pausing import end_pause
from escalade.engine.state import TicketState
from escalade.messages.commands import Message, Reply
from escalade.policy.pinned import PinnedClock
from escalade.ticket import Status
from escalade.time.instants import format_instant

LATE: Final = "; it is heard of only now"


def reply(d: Draft, cmd: Reply) -> None:
    """The customer was answered in public: the first response and the update clock stop (decision 27)."""
    state = d.state
    began = _began(state)
    if d.clock_at < began:
        _too_early(d, cmd, began)
        return
    d.note("customer.answered", f"{cmd.by.id} answered the customer: {cmd.text}", actor=cmd.by, **_received(d))
    first = state.replied_at is None
    state.replied_at = d.clock_at if state.replied_at is None else min(state.replied_at, d.clock_at)
    clocks.answered_first(d, "reply", f"the first public reply, by {cmd.by.id}")
    d.text = "recorded; it is the first answer" if first else "recorded"
    pinned = _update(state)
    if pinned is None:
        return
    if pinned.rhythm:
        _next_update(d, pinned, cmd)
        return
    _hear(d, pinned, "reply", cmd.by.id)
    if waits(state.said)[-1:] and waits(state.said)[-1].until is None:
        d.text = "recorded; the customer has written since, and waits for an answer"


def _began(state: TicketState) -> datetime:
    """From when on somebody can have answered: a ticket that is dated back began where it came from."""
    dated = state.ticket.opened_at if state.ticket.backdate else None
    return state.opened_at if dated is None else min(dated, state.opened_at)


def _too_early(d: Draft, cmd: Reply, began: datetime) -> None:
    """Nobody answered a ticket before it began: a person is told, what a machine says is written down."""
    text = f"{format_instant(d.clock_at)} is before the ticket began ({format_instant(began)})."
    if cmd.by.is_person:
        d.refuse("too_early", text, actor=cmd.by, command=cmd.name)
        return
    said = f"{cmd.by.id} had answered the customer: {cmd.text}"
    d.note("customer.answered", said, f"no clock stops on it: {text}", actor=cmd.by, **_received(d))
    d.text = "recorded; it is from before the ticket began, and no clock stops on it"


def _next_update(d: Draft, pinned: PinnedClock, cmd: Reply) -> None:
    """A fixed rhythm: the next update is counted from this one, unless a later one is known."""
    run = d.state.clocks.get(UPDATE)
    if run is not None and run.running and d.clock_at < run.started_at:
        return
    clocks.stop(d, UPDATE, "reply", f"the customer heard from {cmd.by.id}")
    if d.state.status.is_open:
        clocks.start_clock(d, UPDATE, pinned, d.clock_at)
        clocks.told_of_start(d, [UPDATE], "the next update is counted from this one")


def message(d: Draft, cmd: Message) -> None:
    """The customer said something: the update clock runs from the first that is unanswered (decision 27)."""
    state = d.state
    who = cmd.customer or "the customer"
    d.note("customer.message", f"{who} wrote: {cmd.text}", f"by {cmd.by.id}", actor=cmd.by, **_received(d))
    pinned = _update(state)
    if pinned is not None and not pinned.rhythm:
        _hear(d, pinned, "message", who)
    if not state.status.is_open:
        d.text = f"recorded; the ticket is {state.status.value}"
        return
    d.text = "recorded"
    if state.status is Status.PENDING and state.pause is not None and state.pause.on == "customer":
        end_pause(d, d.now, f"{who} wrote", actor=cmd.by)
        d.text = "recorded; it was pending on the customer, and goes on"
        if state.owner and state.owner_is_person and state.is_acknowledged:
            owner = state.owner if ":" in state.owner else f"person:{state.owner}"
            d.notify([owner], f"{state.ticket.title}: the customer wrote", cmd.text, why="owns the ticket")


def _update(state: TicketState) -> PinnedClock | None:
    return state.policy.clocks.get(UPDATE) if state.policy is not None else None


def _hear(d: Draft, pinned: PinnedClock, what: Literal["message", "reply"], who: str) -> None:
    """Put what was said where it belongs; the update clock follows what that makes of the customer's waiting.

    A message from before the ticket began counts from there, as the ticket's clocks do.
    """
    state = d.state
    before = waits(state.said)
    state.said = heard(state.said, max(d.clock_at, _began(state)), what)
    after = waits(state.said)
    state.said = shortened(state.said)
    newest = state.clocks.get(UPDATE)
    base = newest
    fresh = [wait for wait in after if wait not in before]
    for wait in fresh:
        counted = base if base is not None and _met(base, wait) else None
        base = base if counted is None else None
        _count(d, pinned, wait, counted, newest, why=_why(d, wait, what, who, moved=counted is not None))
    if newest is not None and fresh and fresh[-1] != after[-1]:
        state.clocks[UPDATE] = newest  # what was heard of lies before the wait that it counts


def _met(run: ClockRun, wait: Wait) -> bool:
    """Whether a clock has counted some of a wait."""
    begins = run.started_at == wait.since or wait.until is None or run.started_at < wait.until
    return begins and (run.stopped_at is None or wait.since < run.stopped_at)


def _count(
    d: Draft, pinned: PinnedClock, wait: Wait, run: ClockRun | None, newest: ClockRun | None, *, why: str
) -> None:
    """Let the update clock count a wait: start it, move its beginning, stop it.

    Args:
        d: the decision in the making.
        pinned: the clock, as it is written.
        wait: what it counts.
        run: the clock that has counted it so far, by what was known.
        newest: the newest update clock: when it stood still, this wait did, too.
        why: what was heard of.
    """
    state = d.state
    if wait.until is None and not state.status.is_open:
        return  # a reopening takes it up
    if run is not None:
        again = {"started_at": wait.since, "stopped_at": None, "stopped_by": None, "met": None}
        state.clocks[UPDATE] = clocks.forgiven(d, run.model_copy(update=again))
    else:
        clocks.start_clock(d, UPDATE, pinned, wait.since)
        pauses = [pause for pause in newest.pauses if pause.end > wait.since] if newest is not None else []
        pauses = [pause.model_copy(update={"start": max(pause.start, wait.since)}) for pause in pauses]
        state.clocks[UPDATE] = state.clocks[UPDATE].model_copy(update={"pauses": pauses})
    if wait.until is None:
        clocks.told_of_start(d, [UPDATE], why)
    else:
        clocks.stop(d, UPDATE, wait.by, why, at=wait.until)


def _why(d: Draft, wait: Wait, what: Literal["message", "reply"], who: str, *, moved: bool) -> str:
    """What was heard of that makes the customer have waited so."""
    late = LATE if d.clock_at < d.now else ""
    if what == "reply":
        return (
            f"the customer heard from {who}{late}"
            if wait.until == d.clock_at
            else f"the customer had written again{late}"
        )
    if wait.until is None and not moved:
        return f"{who} wrote, and waits for an answer"
    return f"{who} had written before that{LATE}"


def _received(d: Draft) -> dict[str, str]:
    """When a door received it, where that was earlier."""
    return {} if d.clock_at == d.now else {"received": format_instant(d.clock_at)}
