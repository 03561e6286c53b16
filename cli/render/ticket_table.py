"""The list of tickets."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from cli.render.moments import Moments
from cli.render.timeline import one_line
from escalade.messages import Snapshot


def ticket_table(tickets: Sequence[Snapshot], when: Moments, *, keys: dict[str, str]) -> Table:
    """Tickets as rows.

    Args:
        tickets: in the order to be shown.
        when: how instants are written.
        keys: what to show as the key of each: short where the short form is unique.
    """
    table = Table(box=None, pad_edge=False, header_style="heading", padding=(0, 2, 0, 0))
    for heading in ("KEY", "SEV", "STATUS", "TIER", "OWNER", "AGE", "NEXT"):
        table.add_column(heading, no_wrap=True)
    table.add_column("TITLE", overflow="ellipsis", no_wrap=True, ratio=1)
    for ticket in tickets:
        table.add_row(
            Text(keys[ticket.key], style="key"),
            Text(ticket.severity.value, style=ticket.severity.value),
            Text(ticket.status.value),
            Text(ticket.tier_name or "-"),
            _owner(ticket),
            Text(when.relative(ticket.opened_at).removesuffix(" ago")),
            Text(next_of(ticket, when), style="due"),
            Text(one_line(ticket.title)),
        )
    return table


def _owner(ticket: Snapshot) -> Text:
    if ticket.owner:
        return Text(ticket.owner.removeprefix("person:"), style="good")
    return Text("acked", style="good") if ticket.acknowledged else Text("-", style="quiet")


def next_of(ticket: Snapshot, when: Moments) -> str:
    """What happens next and when, short; `-` when nothing is due."""
    if ticket.due_at is None:
        return "-"
    return f"{when.relative(ticket.due_at)} {ticket.due_what}".rstrip()


def short_keys(shown: Sequence[str], every: Sequence[str]) -> dict[str, str]:
    """The shortest beginning (of at least four characters) that no other key shares."""
    short = {}
    for key in shown:
        length = 4
        while length < len(key) and any(o != key and o.startswith(key[:length]) for o in every):
            length += 1
        short[key] = key[:length]
    return short
