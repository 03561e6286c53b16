"""Which tickets know other windows than there are, as far as their rows tell: they are told to look."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from escalade.maintenance.window import MaintenanceWindow
from escalade.messages.activities import Snapshot
from escalade.ticket import Ticket


def unaware(
    rows: Iterable[Snapshot], windows: Iterable[MaintenanceWindow], at: datetime, *, only: str = ""
) -> list[str]:
    """The keys of tickets to be told.

    A ticket that is told and finds nothing new does not change its row, so only a true difference counts: what is
    over by then does not.

    Args:
        rows: the tickets that are not closed.
        windows: those in force.
        at: the instant of asking.
        only: compare this window alone.
    """
    there = [window for window in windows if (not only or window.id == only) and not window.is_over(at)]
    found = []
    for row in rows:
        known = {
            one.id: one.version
            for one in row.windows
            if (not only or one.id == only) and (one.until is None or one.until > at)
        }
        if not there and not known:
            continue
        ticket = _as_ticket(row)
        wanted = {window.id: window.version for window in there if window.spec.severities(ticket)}
        if wanted != known:
            found.append(row.key)
    return found


def _as_ticket(row: Snapshot) -> Ticket:
    """What conditions ask of a ticket."""
    return Ticket(
        title=row.title or "untitled",
        severity=row.severity,
        service=row.service,
        source=row.source,
        labels=row.labels,
        customer_tier=row.customer_tier,
    )
