"""What a ticket says of itself: answers, pages about it, the row in lists, what happens next and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from escalade.effects import ResolveRound, SendPages
from escalade.engine.clockview import clock_views
from escalade.engine.draft import CALLS, Decision
from escalade.engine.due import DueKind, dues, tier_limit
from escalade.engine.state import TicketState
from escalade.engine.usage import so_far
from escalade.maintenance.pinned import NotedWindow
from escalade.messages.activities import Snapshot, TicketBrief
from escalade.messages.views import Answer, TicketView, TierUsed, Told, Upcoming
from escalade.ticket import Status
from escalade.time.instants import format_instant

OUT_OF_QUEUE: Final = timedelta(minutes=1)
"""What pages may wait for a worker, beyond the time in which they are delivered."""

_LIMITS = (
    DueKind.TIER_LIMIT,
    DueKind.RESOLVE_LIMIT,
    DueKind.PAUSE_ENDS,
    DueKind.MAINTENANCE_ENDS,
    DueKind.NEXT_PASS,
    DueKind.EXPIRY,
    DueKind.BREACH,
)


def upcoming(state: TicketState) -> list[Upcoming]:
    """What happens next, and when, and why, unless somebody acts; earliest first."""
    ahead = [Upcoming(at=due.at, kind=due.kind.value, what=due.what, why=due.why) for due in dues(state)]
    return sorted([*ahead, *_under_way(state)], key=lambda each: each.at)


def _under_way(state: TicketState) -> Iterator[Upcoming]:
    """By when the pages that are under way have to be out.

    The ticket does not wait for that, so it costs no timer. It is told, because nothing else may lie ahead while
    pages are under way: whoever watches the ticket would take a page that nobody sends for peace.
    """
    if state.policy is None or state.status is Status.CLOSED:
        return
    for effect in state.pending.values():
        if isinstance(effect, ResolveRound | SendPages) and effect.purpose in CALLS and not effect.cancelled:
            yield Upcoming(
                at=effect.due_at + state.policy.deliver_within + OUT_OF_QUEUE,
                kind="pages",
                what=f"the pages of round {effect.round} have to be out",
                why=f"under way since {format_instant(effect.due_at)}",
            )


def waiting_for(state: TicketState) -> str:
    """What the ticket waits for, in a sentence."""
    if state.policy is None:
        return "its policy"
    if state.status is Status.CLOSED:
        return f"nothing: it is merged into {state.merged_into}" if state.merged_into else "nothing: it is closed"
    if state.status is Status.RESOLVED:
        return "nobody: it is resolved, and can be reopened until it closes"
    if state.maintenance is not None and state.pause is None:
        return "the end of maintenance; nobody is paged, and limits stand still"
    if state.pause is not None:
        on = f" the {state.pause.on}" if state.pause.on else " the end of its snooze"
        return f"{on.strip()}; rounds and limits stand still"
    if state.visit is None:
        return "nothing"
    if state.is_acknowledged:
        return f"{state.owner or 'somebody'} to resolve it"
    if state.visit.holding:
        return f"somebody to be on duty in {state.tier_name}"
    quorum = state.tier.acknowledge_by if state.tier else 1
    have = sum(ack.counts for ack in state.visit.acks)
    left = f" ({have} of {quorum} have)" if quorum > 1 else ""
    return f"an acknowledgement in {state.tier_name}{left}"


def answer(decision: Decision) -> Answer:
    """What the caller of a command is told."""
    state = decision.state
    ahead = upcoming(state)
    return Answer(
        key=state.key,
        text=decision.text,
        status=state.status,
        severity=state.ticket.severity,
        tier=state.tier_name,
        rung=state.rung,
        owner=state.owner,
        acknowledged=state.is_acknowledged,
        duplicate=decision.duplicate,
        next=ahead[0] if ahead else None,
    )


def brief(state: TicketState) -> TicketBrief:
    """What a message says about the ticket."""
    ticket, tier = state.ticket, state.tier
    within = tier_limit(state, state.visit) if state.visit is not None and state.policy is not None else None
    return TicketBrief(
        key=state.key,
        life=state.life,
        title=ticket.title,
        description=ticket.description[:2000],
        severity=ticket.severity,
        status=state.status,
        service=ticket.service,
        policy=state.policy.name if state.policy else "",
        tier=state.tier_name,
        tier_number=state.visit.tier + 1 if state.visit else 0,
        tier_role=tier.role if tier else "",
        tier_reason=tier.reason if tier else "",
        first_action=tier.first_action if tier else "",
        rung=state.rung,
        round=state.visit.rounds if state.visit else 0,
        runbook=ticket.runbook,
        links=ticket.links,
        owner=state.owner,
        opened_at=state.opened_at,
        acknowledge_by=within,
    )


def limit(state: TicketState) -> tuple[datetime | None, str]:
    """The next limit (not the next repeat), for lists and the search attribute: when, and what happens."""
    found = next((due for due in dues(state) if due.kind in _LIMITS), None)
    return (found.at, found.what) if found else (None, "")


def snapshot(state: TicketState, *, stuck: bool = False) -> Snapshot:
    """The ticket's row in lists.

    Args:
        state: the ticket.
        stuck: whether its pages are under way for longer than usual: then its row says by when they have to be out.
    """
    ticket = state.ticket
    due_at, due_what = limit(state)
    ahead = upcoming(state) if stuck else dues(state)
    closed = state.status is Status.CLOSED
    return Snapshot(
        key=state.key,
        life=state.life,
        version=state.version,
        title=ticket.title,
        severity=ticket.severity,
        status=state.status,
        service=ticket.service,
        source=ticket.source,
        team=state.policy.team if state.policy else "",
        policy=state.policy.name if state.policy else "",
        tier=state.visit.tier + 1 if state.visit else 0,
        tier_name=state.tier_name,
        rung=state.rung,
        owner=state.owner,
        acknowledged=state.is_acknowledged,
        paged=list(state.visit.told) if state.visit else [],
        followers=state.followers,
        labels=ticket.labels,
        customer_tier=ticket.customer_tier,
        opened_at=state.opened_at,
        updated_at=state.updated_at,
        due_at=due_at,
        due_what=due_what,
        next_due_at=ahead[0].at if ahead else None,
        next_due_what=ahead[0].what if ahead else "",
        holding=state.status.is_open and state.visit is not None and state.visit.holding,
        spared=[f"person:{ack.by.id}" for ack in state.visit.acks] if state.visit else [],
        merged_into=state.merged_into,
        windows=[NotedWindow(id=known.id, version=known.version, until=known.until) for known in state.windows],
        maintenance_until=state.maintenance.until if state.maintenance is not None else None,
        handled=state.handled if closed else {},
    )


def view(state: TicketState, at: datetime | None = None) -> TicketView:
    """Everything a page about the ticket shows.

    Args:
        state: the ticket.
        at: the instant that clocks are read at, UTC; that of the last change when omitted.
    """
    at = at or state.updated_at
    visit, policy, tier = state.visit, state.policy, state.tier
    names = policy.status_names if policy else {}
    paused, active = state.pause, state.maintenance
    return TicketView(
        key=state.key,
        life=state.life,
        ticket=state.ticket,
        status=state.status,
        status_name=names.get(state.status.value, state.status.value),
        policy=policy.name if policy else "",
        policy_digest=policy.digest if policy else "",
        policy_why=state.policy_why,
        tier=visit.tier + 1 if visit else 0,
        tier_name=state.tier_name,
        tiers=[t.name for t in policy.tiers] if policy else [],
        rung=state.rung,
        round=visit.rounds if visit else 0,
        entered_at=visit.entered_at if visit else None,
        owner=state.owner,
        acknowledged=state.is_acknowledged,
        acknowledgements=[str(ack.by) for ack in visit.acks] if visit else [],
        quorum=tier.acknowledge_by if tier else 1,
        followers=state.followers,
        responders=state.responders,
        bounces=state.bounces,
        passes=state.passes,
        opened_at=state.opened_at,
        paused_until=paused.until if paused else None,
        paused_why=f"{paused.kind} by {paused.by}" if paused else "",
        maintenance_until=active.until if active else None,
        maintenance_why="; ".join([*active.windows, *([active.reason] if active.reason else [])]) if active else "",
        resolved_at=state.resolved_at,
        merged_into=state.merged_into,
        told=[
            Told(target=target, why=told.why, first_at=told.first_at, receipts=told.receipts)
            for target, told in (visit.told if visit else {}).items()
        ],
        upcoming=upcoming(state),
        waiting_for=waiting_for(state),
        timeline=state.tail,
        unwritten=len(state.outbox),
        under_way=[effect.kind for effect in state.pending.values()],
        head=state.head,
        repeats=state.repeats,
        clocks=clock_views(state, at),
        used=[TierUsed(**use.model_dump()) for use in so_far(state, at)],
    )
