"""The list of tickets."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from cli.render.moments import Moments
from cli.render.plain import one_line
from escalade.messages import Snapshot

_GAP = 2
_LEAST_TITLE = 12
"""So much of a title is left before NEXT is cut; …"""
_LEAST_NEXT = 7
"""… and so much of NEXT (`in 4m10…`) before the rest is."""


def ticket_table(tickets: Sequence[Snapshot], when: Moments, *, keys: dict[str, str], room: int | None = None) -> Table:
    """Tickets as rows.

    What a command is typed from, or decided by, is never cut: KEY, SEV and STATUS. When there is not room for all,
    TITLE loses first, then NEXT, then TIER, OWNER and AGE are left out from the right.

    Args:
        tickets: in the order to be shown.
        when: how instants are written.
        keys: what to show as the key of each: short where the short form is unique.
        room: columns of the terminal; None does not cut anything.
    """
    rows = [_row(ticket, when, keys) for ticket in tickets]
    widths = {name: max(len(name), *(row[name].cell_len for row in rows)) for name in rows[0]} if rows else {}
    if room is not None:
        _fit(widths, room)
    table = Table(box=None, pad_edge=False, header_style="heading", padding=(0, _GAP, 0, 0))
    for name, width in widths.items():
        table.add_column(name, no_wrap=True, overflow="ellipsis", width=width, min_width=width)
    for row in rows:
        table.add_row(*(row[name] for name in widths))
    return table


def _row(ticket: Snapshot, when: Moments, keys: dict[str, str]) -> dict[str, Text]:
    return {
        "KEY": Text(keys[ticket.key], style="key"),
        "SEV": Text(ticket.severity.value, style=ticket.severity.value),
        "STATUS": Text(ticket.status.value),
        "TIER": Text(one_line(ticket.tier_name) or "-"),
        "OWNER": _owner(ticket),
        "AGE": Text(when.relative(ticket.opened_at).removesuffix(" ago")),
        "NEXT": Text(next_of(ticket, when), style="due"),
        "TITLE": Text(one_line(ticket.title)),
    }


def _fit(widths: dict[str, int], room: int) -> None:
    """Take columns down to the room there is; what cannot be shown at all is left out."""

    def over() -> int:
        return sum(widths.values()) + _GAP * (len(widths) - 1) - room

    for name, least in (("TITLE", _LEAST_TITLE), ("NEXT", _LEAST_NEXT)):
        if over() > 0:
            widths[name] = max(min(least, widths[name]), widths[name] - over())
    for name in ("AGE", "OWNER", "TIER", "NEXT"):
        if over() > 0:
            del widths[name]
    # Leaving a column out may have made more room than was missing, and the last of it is the title's.
    widths["TITLE"] -= over()
    if widths["TITLE"] < 1:
        del widths["TITLE"]


def _owner(ticket: Snapshot) -> Text:
    if ticket.owner:
        return Text(one_line(ticket.owner.removeprefix("person:")), style="good")
    return Text("acked", style="good") if ticket.acknowledged else Text("-", style="quiet")


def next_of(ticket: Snapshot, when: Moments) -> str:
    """What happens next and when, short; `-` when nothing is due."""
    soonest, what, next_due = ticket.due_at, ticket.due_what, ticket.next_due_at
    # A page that should be out already is: the snapshot is older than the round that moved it.
    if next_due is not None and next_due > when.now and (soonest is None or next_due < soonest):
        soonest, what = next_due, ticket.next_due_what or "next page"
    return "-" if soonest is None else f"{when.relative(soonest)} {one_line(what)}".rstrip()


def short_keys(shown: Sequence[str], every: Sequence[str]) -> dict[str, str]:
    """The shortest beginning (of at least four characters) that no other key shares."""
    short = {}
    for key in shown:
        length = 4
        while length < len(key) and any(o != key and o.startswith(key[:length]) for o in every):
            length += 1
        short[key] = key[:length]
    return short
