"""What holds after every decision, whatever happened."""

from __future__ import annotations

from datetime import datetime, timedelta

from escalade.effects import (
    ResolveRound,
    SendPages,
    TellTicket,
)
from escalade.engine import (
    Decision,
    Event,
    Tick,
    TicketState,
    decide,
    dues,
    next_due,
)
from escalade.engine.draft import PAGING
from escalade.engine.due import DueKind
from escalade.engine.outbox import MOST
from escalade.messages.commands import Command


def maintenance_of(state: TicketState) -> tuple[bool, list[datetime]]:
    """Whether it is in maintenance, and when that is due to begin or end."""
    kinds = (DueKind.MAINTENANCE_BEGINS, DueKind.MAINTENANCE_ENDS)
    return state.maintenance is not None, [due.at for due in dues(state) if due.kind in kinds]


def check_nobody_forbidden(state: TicketState) -> None:
    """Nobody is being paged whom decisions 7 and 13 forbid; what was on its way is marked cancelled."""
    visit = state.visit
    for effect in state.pending.values():
        if (
            effect.cancelled
            or not isinstance(effect, ResolveRound | SendPages)
            or effect.purpose in ("notice", "check")
        ):
            continue
        assert state.status.is_open, f"{effect.purpose} while {state.status}"
        if effect.purpose == "responder":
            continue
        assert visit is not None
        assert state.pause is None, f"{effect.purpose} while {state.status}"
        assert state.maintenance is None, f"{effect.purpose} in maintenance"
        assert visit.acknowledged_at is None, f"{effect.purpose} after the acknowledgement"
        assert effect.rung == state.rung, f"{effect.purpose} of a tier that was left"
        has_it = {str(ack.by) for ack in visit.acks}
        if isinstance(effect, SendPages):
            assert not has_it & {who.target for who in effect.people}, "a page to somebody who has acknowledged"
        else:
            assert has_it <= {*effect.request.except_for, "integration:monitor"}


def check_never_silent(state: TicketState) -> None:
    """An open ticket has a next due, or somebody has it and no limit applies, or an answer is awaited."""
    if not state.status.is_open or next_due(state) is not None:
        return
    if state.is_acknowledged:
        assert state.times.resolve_within is None
        assert state.times.acknowledgement_lasts is None
        return
    awaited = [e for e in state.pending.values() if isinstance(e, ResolveRound | TellTicket)]
    assert awaited, "an open ticket waits for nothing"


def check_way_down(before: TicketState, after: TicketState, event: Event) -> None:
    """The ladder goes down only by return, `again` or reopen; rungs only grow."""
    assert after.rung >= before.rung
    if before.visit is None or after.visit is None or after.visit.tier >= before.visit.tier:
        return
    again = after.passes > before.passes or before.next_pass_at is not None
    reopened = after.reopens > before.reopens
    returned = isinstance(event, Command) and event.name == "return"
    assert again or reopened or returned, f"down from {before.tier_name} to {after.tier_name}"


def check_looking_changes_nothing(state: TicketState, now: datetime) -> None:
    """Looking at any instant before the next due changes nothing (decision 1)."""
    due = next_due(state)
    last = now + timedelta(days=400) if due is None else due - timedelta(microseconds=1)
    for at in (now, last):
        if at >= now and (due is None or at < due):
            extra = decide(state, Tick(), at)
            assert extra.state == state
            assert not extra.effects
            assert not extra.entries


def check_one_round_is_found(state: TicketState) -> None:
    """Never are the people of two rounds looked for at once."""
    finding = [
        effect
        for effect in state.pending.values()
        if isinstance(effect, ResolveRound) and effect.purpose in PAGING and not effect.cancelled
    ]
    assert len(finding) <= 1, "two rounds are being found at once"


def check_said(decision: Decision) -> None:
    """Every entry says what and why, and waits in the outbox once."""
    for entry in decision.entries:
        assert entry.kind
        assert entry.what
        assert entry.why, f"{entry.kind}, {entry.what}: why?"
    outbox = [entry.entry_id for entry in decision.state.outbox]
    assert len(set(outbox)) == len(outbox) <= MOST
