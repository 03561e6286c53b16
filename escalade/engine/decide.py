"""`decide`: the one function the rules are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from escalade.effects import CalendarsExtended, PagesSent, RoundResolved, StepFinished, TicketTold, WindowsFound
from escalade.engine import (
    acting,
    clocks,
    crowding,
    customer,
    giving_up,
    horizon,
    maintenance,
    merging,
    moving,
    outcomes,
    pausing,
    receipts,
)
from escalade.engine.arriving import admitted, journal_written, opened
from escalade.engine.calendars import opening
from escalade.engine.clockwork import time_passed
from escalade.engine.draft import Decision, Draft
from escalade.engine.events import (
    Admitted,
    Cancelled,
    DeliveryFailed,
    DigestTold,
    Event,
    JournalWritten,
    LeftOut,
    MergeAnswered,
    MergedHere,
    Opened,
    RosterChanged,
    StepStarted,
    Tick,
    Unreadable,
    WindowsChanged,
)
from escalade.engine.ladder import begin_round
from escalade.engine.state import TicketState
from escalade.engine.work import worked
from escalade.messages.commands import (
    Acknowledge,
    Close,
    Command,
    Escalate,
    Follow,
    Merge,
    Message,
    Note,
    Pending,
    Reassign,
    Reopen,
    Reply,
    Resolve,
    Respond,
    Resume,
    Return,
    SetSeverity,
    SetStatus,
    Snooze,
    Unacknowledge,
)
from escalade.ticket import Status


def decide(state: TicketState, event: Event, now: datetime, *, token: str = "") -> Decision:
    """What follows from an event. Pure and total: the same arguments give the same decision, and it never raises.

    Args:
        state: the ticket; left untouched.
        event: what happened: a command, the outcome of an effect, or "time has come".
        now: the instant it happened, UTC; never earlier than that of the decision before.
        token: makes effect ids unique when a reset makes numbers come again; the shell passes a fresh UUID.

    Returns:
        The new state, the new effects and entries, and what the caller is told.
    """
    d = Draft(state, now, token=token)
    if isinstance(event, Command):
        if event.at is not None:
            d.clock_at = min(event.at, now)
        if event.by.is_person and state.engine >= 4:
            d.knows = f"person:{event.by.id}"
        _command(d, event)
        if d.refusal is not None and event.event_id:
            d.remember_refusal(event.event_id)
    elif isinstance(event, Opened) and state.status is Status.CLOSED:
        opened(d, event)  # its id belongs to the next life, which has not handled it yet
    elif not d.seen(getattr(event, "event_id", "")):
        _ON[type(event)](d, event)
    if d.state.engine >= 3 and d.state.clocks:
        clocks.follow(d)
    return d.done()


def _roster_changed(d: Draft, _: RosterChanged) -> None:
    holding = d.state.visit is not None and (d.visit.holding or d.visit.room_at is not None)
    if holding and d.state.status.is_open and not d.state.stands_still:
        if opening(d.state.time, d.now) > d.now:
            d.visit.hold_until = d.now  # it looks again when its tier opens
            return
        begin_round(d, d.now)


def _delivery_failed(d: Draft, event: DeliveryFailed) -> None:
    receipts.delivery_failed(
        d, target=event.target, method=event.method, detail=event.detail, provider_id=event.provider_id
    )


_ON: Final[dict[type, Callable[[Draft, Any], None]]] = {
    Tick: lambda d, _: time_passed(d),
    RoundResolved: outcomes.round_resolved,
    PagesSent: receipts.pages_sent,
    StepStarted: outcomes.step_started,
    StepFinished: outcomes.step_finished,
    TicketTold: merging.ticket_told,
    WindowsFound: maintenance.windows_found,
    CalendarsExtended: horizon.extended,
    JournalWritten: journal_written,
    Admitted: lambda d, event: admitted(d, event.admission),
    Opened: opened,
    MergedHere: merging.merged_here,
    MergeAnswered: merging.merge_answered,
    DeliveryFailed: _delivery_failed,
    RosterChanged: _roster_changed,
    WindowsChanged: maintenance.windows_changed,
    DigestTold: crowding.digest_told,
    Cancelled: lambda d, event: pausing.cancelled(d, event.reason),
    Unreadable: lambda d, event: d.note(
        "message.unreadable", f"something arrived by {event.door} that cannot be read", event.text
    ),
    LeftOut: lambda d, event: d.note(
        "message.left_out",
        f"{event.count} of the messages that came before it are not kept",
        "too many came at once while the ticket before it ended; the newest are kept",
        count=event.count,
    ),
}


_WHEN_OPEN: Final[dict[type[Command], Callable[[Draft, Any], None]]] = {
    Acknowledge: acting.acknowledge,
    Unacknowledge: giving_up.give_up,
    Reassign: acting.reassign,
    Respond: acting.respond,
    SetStatus: pausing.set_status,
    SetSeverity: moving.set_severity,
    Resolve: pausing.resolve,
    Snooze: pausing.pause,
    Pending: pausing.pause,
    Resume: pausing.resume,
    Escalate: moving.escalate,
    Return: moving.give_back,
}
_WHENEVER: Final[dict[type[Command], Callable[[Draft, Any], None]]] = {
    Follow: acting.follow,
    Close: pausing.close,
    Merge: merging.merge,
    Reply: customer.reply,
    Message: customer.message,
}


def _command(d: Draft, cmd: Command) -> None:
    """A person's or a system's command: refused on the record, or done."""
    state = d.state
    if state.policy is None and state.status is not Status.CLOSED:
        # Its id is not remembered: the same request may come again, and is then new.
        d.refuse("not_admitted", "It has no policy yet; try again in a moment.", actor=cmd.by, command=cmd.name)
        return
    if d.seen(cmd.event_id):
        return
    if _unsaid(d, cmd):
        return
    maintenance.look(d)
    rung = state.rung
    if _over(d, cmd):
        return
    if isinstance(cmd, Note):
        d.note("ticket.note", f"{cmd.by.id}: {cmd.text}", actor=cmd.by)
        d.text = "noted"
    elif isinstance(cmd, Reopen):
        if state.status is not Status.RESOLVED:
            d.refuse("not_resolved", "It is not resolved.", actor=cmd.by, command=cmd.name)
            return
        moving.reopen(d, cmd)
    elif (act := _WHENEVER.get(type(cmd))) is not None:
        act(d, cmd)
    elif (act := _WHEN_OPEN.get(type(cmd))) is not None:
        if not state.status.is_open or state.visit is None:
            _too_late(d, cmd)
            return
        act(d, cmd)
    if d.refusal is None and state.status.is_open and not isinstance(cmd, Message):
        worked(d, cmd.by, rung=rung)


def _unsaid(d: Draft, cmd: Command) -> bool:
    """Whether it leaves blank what has to be said: which person, for what reason. Then it is refused."""
    if d.state.engine < 3:
        return False
    if cmd.by.is_person and not cmd.by.id.strip():
        d.refuse("nobody", "It names no person: give `by` an id.", actor=cmd.by, command=cmd.name)
    elif d.state.engine >= 4 and isinstance(cmd, Escalate | Return) and not cmd.reason.strip():
        d.refuse("no_reason", "It gives no reason: say why in `reason`.", actor=cmd.by, command=cmd.name)
    return d.refusal is not None


def _over(d: Draft, cmd: Command) -> bool:
    """Whether it was meant for a ticket that is closed; then it is refused."""
    state = d.state
    if cmd.life is not None and cmd.life != state.life:
        text = "It was asked of an earlier ticket with this key, which is closed."
        d.refuse("stale_life", text, actor=cmd.by, command=cmd.name)
    elif state.status is Status.CLOSED:
        into = f" (merged into {state.merged_into})" if state.merged_into else ""
        d.refuse("closed", f"It is closed{into}.", actor=cmd.by, command=cmd.name)
    return d.refusal is not None


def _too_late(d: Draft, cmd: Command) -> None:
    """Resolved already. Machines repeat themselves: theirs is written down; a person is told."""
    if d.state.status.is_open:
        d.refuse("merging", f"It is being merged into {d.state.merging}.", actor=cmd.by, command=cmd.name)
        return
    if cmd.by.is_person:
        d.refuse("already_resolved", "It is resolved already; reopen it first.", actor=cmd.by, command=cmd.name)
        return
    d.note(f"{cmd.name}.ignored", f"{cmd.name} by {cmd.by.id}: nothing changed", "it is resolved already", actor=cmd.by)
    d.text = "nothing changed: it is resolved already"
