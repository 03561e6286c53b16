"""What the watch found: the words that all of it shares."""

from __future__ import annotations

from datetime import datetime, timedelta

from escalade.messages.watch import OPERATIONS, FindingKind, WatchFinding
from escalade.record import Entry
from escalade.ticket import SYSTEM


def finding_of(kind: FindingKind, key: str, since: datetime, text: str, now: datetime) -> WatchFinding:
    """A finding, with an id of its own for every hour that it lasts: so often it is told."""
    hours = int((now - since) / timedelta(hours=1))
    return WatchFinding(
        kind=kind, id=f"watch/{kind}/{key}/{since:%Y%m%dT%H%M%S}/{hours}", key=key, text=text, since=since
    )


def entry_of(found: WatchFinding, now: datetime) -> Entry:
    """How the journal has it."""
    return Entry(
        entry_id=found.id,
        stream=OPERATIONS,
        at=now,
        actor=SYSTEM,
        kind=f"watch.{found.kind}",
        what=found.text,
        why="the watch looks at every open ticket each minute",
        data={"key": found.key, "since": found.since.isoformat()},
    )


def spell(length: timedelta) -> str:
    """A length for a reader who counts in seconds, or in minutes once they are many."""
    count = length.total_seconds()
    return f"{count:.1f} s" if count < 90 else f"{count / 60:.0f} min"
