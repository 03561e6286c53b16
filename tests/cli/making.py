"""A store with tickets in it, as a worker would have left it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from escalade.messages import JournalBatch, Snapshot
from escalade.record import Entry
from escalade.ticket import SYSTEM, Actor, Severity, Status, workflow_id
from store import Store

OPENED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANA = Actor(kind="person", id="ana", via="cli", claimed=True)


def snapshot(
    key: str,
    *,
    title: str = "Checkout is down",
    severity: str = "sev1",
    status: str = "new",
    service: str = "payments",
    owner: str = "",
    due: timedelta | None = None,
    paged: list[str] | None = None,
) -> Snapshot:
    """A ticket as it last said it stood."""
    return Snapshot(
        key=key,
        life=f"life-{key}",
        version=1,
        title=title,
        severity=Severity(severity),
        status=Status(status),
        service=service,
        policy="payments",
        tier=1,
        tier_name="primary",
        rung=1,
        owner=owner,
        acknowledged=bool(owner),
        paged=paged or [],
        opened_at=OPENED,
        updated_at=OPENED,
        due_at=OPENED + due if due is not None else None,
        due_what="it climbs to experts" if due is not None else "",
    )


def entry(key: str, n: int, what: str, *, kind: str = "ticket.note", actor: Actor = SYSTEM, why: str = "") -> Entry:
    """Something that happened to a ticket."""
    return Entry(
        entry_id=f"run-{key}/{n}",
        stream=workflow_id(key),
        life=f"life-{key}",
        at=OPENED + timedelta(seconds=n),
        actor=actor,
        kind=kind,
        what=what,
        why=why,
    )


def fill(place: Path, *tickets: Snapshot, entries: list[Entry] | None = None) -> None:
    """Write tickets, and entries of theirs, into the store that `escalade` reads in this place."""
    with Store.open(f"sqlite:///{place}/state/escalade.db") as store:
        for ticket in tickets:
            own = [e for e in entries or [] if e.stream == workflow_id(ticket.key)]
            own = own or [entry(ticket.key, 1, f"opened from cli: {ticket.title}", kind="ticket.opened")]
            store.write(JournalBatch(stream=workflow_id(ticket.key), life=ticket.life, entries=own, snapshot=ticket))
