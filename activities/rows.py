"""The row of a ticket that the store has lost."""

from __future__ import annotations

from datetime import datetime

from escalade.messages import Snapshot, TicketView


def snapshot_of(view: TicketView, now: datetime) -> Snapshot:
    """The row of a ticket made from what it says; the ticket's next own row replaces it."""
    due = view.upcoming[0] if view.upcoming else None
    return Snapshot(
        key=view.key,
        life=view.life,
        version=0,
        title=view.ticket.title,
        severity=view.ticket.severity,
        status=view.status,
        service=view.ticket.service,
        source=view.ticket.source,
        policy=view.policy,
        tier=view.tier,
        tier_name=view.tier_name,
        rung=view.rung,
        owner=view.owner,
        acknowledged=view.acknowledged,
        paged=[told.target for told in view.told],
        followers=view.followers,
        labels=view.ticket.labels,
        customer_tier=view.ticket.customer_tier,
        opened_at=view.opened_at,
        updated_at=now,
        due_at=due.at if due else None,
        due_what=due.what if due else "",
        next_due_at=due.at if due else None,
        holding=any(ahead.kind == "hold_ends" for ahead in view.upcoming),
        merged_into=view.merged_into,
    )
