"""The list of tickets, from the store's projection."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from cli.options import acting, command
from cli.ticket.selecting import STATUSES, filters, narrowed

if TYPE_CHECKING:
    from cli.invocation import Invocation
    from escalade.messages import Snapshot

OVERDUE = timedelta(seconds=60)
"""A due instant further back than this says that the list lags or that no worker runs (decision 38)."""


@command(
    "list",
    examples=[
        "escalade ticket list --mine",
        "escalade ticket list --unacknowledged --severity sev1 --severity sev2",
        "escalade ticket list --due-within 30m --output json",
    ],
    instants=True,
)
@click.option("--mine", is_flag=True, help="That I own, or was paged for in its present tier.")
@click.option("--unacknowledged", is_flag=True, help="That nobody has acknowledged.")
@filters
@click.option(
    "--status", multiple=True, type=click.Choice(STATUSES), metavar="STATUS", help="In this status. Repeatable."
)
@click.option("--due-within", metavar="DURATION", help="For which something falls due that soon: 30m, 4h.")
@click.option("--all", "everything", is_flag=True, help="Resolved and closed ones too.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, metavar="N", help="At most N.")
@acting
def list_(
    invocation: Invocation,
    *,
    mine: bool,
    due_within: str | None,
    everything: bool,
    limit: int,
    unacknowledged: bool,
    status: tuple[str, ...],
    **chosen: Any,
) -> int:
    """List tickets, the most pressing first.

    Open tickets unless --all or --status says otherwise: severity first, then what falls due first. The list is
    read from the store, which follows the tickets within moments; `show` asks the ticket itself.
    """
    from cli.acting import acting_person
    from cli.doors import store
    from escalade.time import parse_duration
    from store import TicketQuery

    now = invocation.now()
    query = TicketQuery(
        **narrowed({**chosen, "status": list(status)}),
        open_only=not (everything or status),
        unacknowledged=unacknowledged,
        mine=acting_person(invocation).id if mine else "",
        due_before=now + parse_duration(due_within) if due_within else None,
        limit=limit + 1,
    )
    with store() as opened:
        found = opened.tickets(query)
        every = [key for ticket in found for key in opened.keys(ticket.key[:4], 50)]
    more = len(found) > limit
    found = found[:limit]
    if invocation.json:
        from cli.render.documents import write_json

        write_json({"tickets": [snapshot_json(ticket) for ticket in found], "more": more})
        return 0
    _write(invocation, found, every, more=more)
    return 0


def snapshot_json(ticket: Snapshot) -> dict[str, Any]:
    """A ticket of the list as programs read it."""
    return ticket.model_dump(mode="json", exclude={"handled"})


def _write(invocation: Invocation, found: list[Snapshot], every: list[str], *, more: bool) -> None:
    from cli.render.paper import room, write_table
    from cli.render.ticket_table import short_keys, ticket_table

    if not found:
        click.echo("No ticket matches.", err=True)
        return
    when = invocation.moments()
    keys = short_keys([t.key for t in found], every)
    write_table(ticket_table(found, when, keys=keys, room=room()))
    late = [t for t in found if t.due_at is not None and when.now - t.due_at > OVERDUE]
    if late:
        oldest = min(t.updated_at for t in late)
        click.echo(
            f"{len(late)} of these should have moved by now; the list last heard of them {when.relative(oldest)}. "
            "Is a worker running? See: escalade doctor",
            err=True,
        )
    if more:
        click.echo(f"There are more than {len(found)}: --limit shows more.", err=True)
