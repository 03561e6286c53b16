"""Which tickets the watch asks in one look: no sign of lateness is authority, and every sign is worth a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from escalade.messages import Snapshot
from escalade.ticket import is_ticket_id, key_of, workflow_id

GRACE: Final = timedelta(seconds=60)
"""So late a ticket may be before somebody is told."""
SUSPECTS: Final = 200
"""So many tickets are asked in one look."""
_MINUTE: Final = timedelta(minutes=1)


def suspects(rows: Sequence[Snapshot], noticed: Sequence[str], now: datetime) -> dict[str, datetime]:
    """The workflows to ask, each with the instant since when it is suspected: the same from look to look.

    A row is as fresh as the last journal write, and the next due moves without one: rows only tell whom to ask.

    Args:
        rows: the open tickets as the store has them.
        noticed: the ids of workflows that Temporal's index calls overdue or not admitted. One under an id that is no
            ticket's may have a row, which does not say so: then both are asked.
        now: the instant of the look.
    """
    before = now - GRACE
    found = {workflow_id(row.key): since for row in rows if (since := _since(row)) is not None and since < before}
    known = {workflow_id(row.key): row.updated_at for row in rows}
    # The index tells no instant: the hour, so that what is found is told once an hour.
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    return {one: found.get(workflow_id(one), known.get(one, this_hour)) for one in noticed} | found


def key_in(workflow: str) -> str:
    """What a finding calls a workflow: the ticket's key, or the whole id where it is no ticket's."""
    return key_of(workflow) if is_ticket_id(workflow) else workflow


def name_of(workflow: str) -> str:
    """How a sentence about a workflow begins."""
    if is_ticket_id(workflow):
        return f"Ticket {key_of(workflow)}"
    return f"Workflow {workflow[:200]!r}, which is no ticket's id,"


def in_turn(found: Mapping[str, datetime], now: datetime, *, most: int = SUSPECTS) -> list[str]:
    """At most so many of them: half are those suspected longest, the others take turns from minute to minute."""
    ordered = sorted(found, key=lambda key: (found[key], key))
    longest, others = ordered[: most // 2], ordered[most // 2 :]
    room = most - len(longest)
    if len(others) <= room:
        return ordered
    start = int(now.timestamp() / _MINUTE.total_seconds()) * room % len(others)
    return longest + (others[start:] + others[:start])[:room]


def _since(row: Snapshot) -> datetime | None:
    dues = [due for due in (row.next_due_at, row.due_at) if due is not None]
    if dues:
        return min(dues)
    # While a round is under way nothing may lie ahead, in the catch-all for one; the row then stays like that.
    return None if row.acknowledged else row.updated_at
