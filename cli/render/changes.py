"""Changes of the roster, for people and programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from cli.render.moments import Moments
from cli.render.plain import one_line
from escalade.people.clashes import sentence

if TYPE_CHECKING:
    from rich.table import Table

    from store import KeptChange


def change_line(kept: KeptChange, when: Moments, *, said: str, zone: str = "") -> str:
    """One sentence about a change that was just made or ended.

    Args:
        kept: the change.
        when: how instants are written.
        said: what became of it.
        zone: whose wall clock that is, where the reader could take it for another.
    """
    change = kept.change
    mark = click.style("✓", fg="green")
    what = when.localised(one_line(sentence(change))) + (f" ({zone} time)" if zone else "")
    return f"{mark} {change.kind} {click.style(change.id, fg='cyan', bold=True)} {said}: {what}."


def change_table(kept: Sequence[KeptChange], when: Moments, *, idle: Mapping[str, str] | None = None) -> Table:
    """Changes as rows.

    Args:
        kept: them.
        when: how instants are written.
        idle: what does not change anything as things stand, by the id of the change: the shifts it speaks of are gone,
            say.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="heading", padding=(0, 2, 0, 0))
    for name in ("ID", "KIND", "WHAT", "BY", "REASON"):
        table.add_column(name, no_wrap=name in ("ID", "KIND"))
    for one in kept:
        change = one.change
        what = when.localised(one_line(sentence(change)))
        if one.removed_at is not None:
            what += f" (removed {when.clock(one.removed_at)})"
        elif idle and change.id in idle:
            what += f" (as things stand {when.localised(one_line(idle[change.id]))})"
        table.add_row(
            Text(change.id, style="key"),
            change.kind,
            Text(what),
            Text(one_line(change.by)),
            Text(one_line(change.reason)),
        )
    return table


def change_json(kept: KeptChange) -> dict[str, Any]:
    """A change as programs read it."""
    removed = kept.removed_at.isoformat() if kept.removed_at else None
    whole = kept.change.model_dump(mode="json")
    return {**whole, "until": kept.until.isoformat(), "removed_at": removed, "says": sentence(kept.change)}
