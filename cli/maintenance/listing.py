"""Looking at maintenance windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.exits import ExitCode
from cli.options import command

if TYPE_CHECKING:
    from cli.invocation import Invocation


@command("list", examples=["escalade maintenance list", "escalade maintenance list --output json"], instants=True)
def list_(invocation: Invocation) -> int:
    """List the windows that are open or to come."""
    from cli.doors import writable_store
    from cli.maintenance.known import in_force
    from cli.render.windows import window_json, window_table

    now = invocation.now()
    with writable_store() as store:
        windows = [window for window in in_force(store) if not window.is_over(now)]
    if invocation.json:
        from cli.render.documents import write_json

        write_json({"windows": [window_json(window, now) for window in windows]})
    elif windows:
        from cli.render.paper import write_table

        write_table(window_table(windows, invocation.moments()))
    else:
        click.echo("There is none open or to come.", err=True)
    return ExitCode.OK


@command("show", examples=["escalade maintenance show sundays"], instants=True)
@click.argument("name", metavar="NAME")
def show(invocation: Invocation, name: str) -> int:
    """Show a window: which tickets, when, and who made it.

    With its next openings, and the open tickets that know it.
    """
    from cli.doors import writable_store
    from cli.maintenance.known import window_named
    from cli.render.windows import window_json, window_page
    from store import TicketQuery

    now = invocation.now()
    with writable_store() as store:
        window = window_named(store, name)
        rows = [
            row for row in store.tickets(TicketQuery(open_only=True)) if any(w.id == window.id for w in row.windows)
        ]
    if invocation.json:
        from cli.render.documents import write_json

        write_json({"window": window_json(window, now), "tickets": [row.key for row in rows]})
        return ExitCode.OK
    for line in window_page(window, rows, invocation.moments()):
        click.echo(line)
    return ExitCode.OK
