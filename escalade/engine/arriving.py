"""How a ticket arrives: its admission, the same key again, another ticket merged into it, the journal's receipts."""

from __future__ import annotations

import hashlib

from escalade.effects import TellTicket
from escalade.engine import clocks, maintenance
from escalade.engine.draft import Draft
from escalade.engine.events import JournalWritten, Opened
from escalade.engine.ladder import enter
from escalade.engine.moving import reopened
from escalade.engine.standing import ask_windows
from escalade.engine.state import Pause
from escalade.messages.activities import Admission
from escalade.record import canonical
from escalade.ticket import Status, Ticket
from escalade.time.instants import format_instant


def payload_digest(ticket: Ticket) -> str:
    """What makes two payloads of one key the same: everything but who sent it when."""
    body = ticket.model_dump(mode="json", exclude={"event_id", "opened_at", "opened_by"})
    return hashlib.sha256(canonical(body)).hexdigest()[:16]


def admitted(d: Draft, admission: Admission) -> None:
    """The ticket has its policy: page now, or not at all when it arrived already over (decision 20)."""
    state = d.state
    if state.policy is not None:
        return
    ticket = state.ticket
    state.engine = admission.engine
    state.policy = admission.policy
    state.policy_why = admission.why
    state.last_payload = payload_digest(ticket)
    for key, at in sorted(admission.handled.items(), key=lambda item: abs(item[1])):
        state.handled.setdefault(key, at)
    source = f" from {ticket.source}" if ticket.source else ""
    d.note(
        "ticket.opened",
        f"opened{source}: {ticket.title}",
        f"reported by {ticket.opened_by.id}",
        actor=ticket.opened_by,
        severity=ticket.severity.value,
        service=ticket.service,
    )
    why = "; ".join([admission.why, *admission.notes])
    text = f"policy {admission.policy.name}, {ticket.severity.value}"
    d.note("ticket.admitted", text, why, policy=admission.policy.name, digest=admission.policy.digest)
    maintenance.learn(d, admission.windows)
    if admission.ask_windows:
        ask_windows(d)
    if d.seen(ticket.event_id or ""):
        d.text, d.duplicate = "", False
        state.status, state.closed_at = Status.CLOSED, d.now
        why = "an earlier ticket with this key had handled the same event id"
        d.note("ticket.closed", "closed as a repetition; nobody is paged", why)
    elif admission.merged_into:
        _forward(d, admission.merged_into)
    elif ticket.status in ("resolved", "closed"):
        _over(d)
    else:
        start = state.policy.start_at.get(ticket.severity, 0)
        reason = f"{ticket.severity.value} starts at {state.policy.tiers[start].name}" if start else "opened"
        clocks.begin(d)
        if ticket.status == "pending":
            _waiting(d)
        enter(d, start, d.now, reason)


def _waiting(d: Draft) -> None:
    """It waits for its customer where it comes from: its rounds and limits stand still from the beginning."""
    state = d.state
    assert state.policy is not None
    until = d.now + state.policy.pending_at_most
    state.pause = Pause(
        kind="pending", since=d.now, until=until, status=Status.NEW, on="customer", by=state.ticket.opened_by.id
    )
    state.status = Status.PENDING
    text = f"pending on the customer until {format_instant(until)}"
    d.note("ticket.pending", text, "it arrived so", actor=state.ticket.opened_by, until=format_instant(until))


def _over(d: Draft) -> None:
    state = d.state
    assert state.policy is not None
    d.note("ticket.resolved", f"arrived {state.ticket.status}; nobody is paged", "it was over where it came from")
    state.status = Status.RESOLVED
    state.resolved_at = d.now
    if state.ticket.status == "closed" or not state.policy.reopen_within:
        state.status = Status.CLOSED
        state.closed_at = d.now
        d.note("ticket.closed", "closed", "it was over where it came from")
    else:
        state.reopen_until = d.now + state.policy.reopen_within


def _forward(d: Draft, into: str) -> None:
    """This key was merged into another ticket that is still open: what arrives here belongs there."""
    state = d.state
    state.merging = into
    effect_id = d.effect_id()
    payload = state.ticket.model_dump(mode="json")
    payload["event_id"] = state.ticket.event_id or f"forward:{state.life}"
    d.note("ticket.forwarded", f"this key belongs to {into}", f"it was merged into {into}, which is open")
    d.add(TellTicket(id=effect_id, rung=0, key=into, signal="open", payload=payload))


def opened(d: Draft, event: Opened) -> None:
    """The same key again: it adds to the timeline and pages nobody; resolved, it reopens (decision 18)."""
    state = d.state
    ticket = event.ticket
    if state.status is Status.CLOSED:
        # Its workflow is about to end: what arrives now is the next life, and must not be lost.
        if state.next_ticket is None:
            state.next_ticket = ticket
        return
    if state.policy is None:
        return
    state.repeats += 1
    digest = payload_digest(ticket)
    if state.status is Status.RESOLVED and ticket.status in ("new", "pending"):
        state.last_payload = digest
        reopened(d, f"the same key arrived again from {ticket.source or ticket.opened_by.id}", None)
        return
    if digest == state.last_payload:
        return
    state.last_payload = digest
    # An import that runs twice brings what is over again: it opens nothing anew (decision 20).
    known = "the ticket is open" if state.status.is_open else f"it is over, and so is what arrived ({ticket.status})"
    why = "; ".join([f"{known}: nobody is paged for it", *event.problems])
    changes = {
        name: str(getattr(ticket, name))[:300]
        for name in ("title", "description", "severity", "labels")
        if getattr(ticket, name) != getattr(state.ticket, name)
    }
    text = f"arrived again ({state.repeats}): {ticket.title}"
    d.note("ticket.repeated", text, why, actor=ticket.opened_by, repeats=state.repeats, changes=changes)


def journal_written(d: Draft, event: JournalWritten) -> None:
    """The journal has them: they need not be carried any more."""
    state = d.state
    known = set(event.entry_ids)
    state.outbox = [entry for entry in state.outbox if entry.entry_id not in known]
    head = event.ack.head
    if state.head is None or event.ack.truncated or head.seq >= state.head.seq:
        # A journal that was cut short says so itself; to remember the lost length would make each writing say it.
        state.head = head
    if not any(entry.kind == "journal.summarised" for entry in state.outbox):
        state.dropped = 0
