"""The operator's page of a ticket."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from cli.keys import find_key
from cli.options import command, key

if TYPE_CHECKING:
    from cli.invocation import Invocation
    from cli.ticket.gathering import Gathered


@command(
    "show",
    examples=["escalade ticket show k3j", "escalade ticket show k3j --utc", "escalade ticket show k3j --output json"],
    instants=True,
)
@key
def show(invocation: Invocation, key: str) -> int:
    """Show where a ticket stands and what is next.

    Where it stands, what happens next and when, who was told and how it was delivered, and the whole timeline
    with the reason of each step. The ticket itself is asked; the timeline comes from the journal.
    """
    from cli.ticket.gathering import ask

    found = asyncio.run(ask(find_key(key), at=invocation.now()))
    if invocation.json:
        from cli.render.documents import write_json

        write_json(ticket_json(found))
        return 0
    from cli.render.paper import console
    from cli.render.ticket_page import ticket_page

    paper = console()
    for line in ticket_page(found.view, found.entries, invocation.moments(), notices=found.notices):
        paper.print(line)
    return 0


def ticket_json(found: Gathered) -> dict[str, Any]:
    """A ticket as programs read it."""
    return {
        "ticket": found.view.model_dump(mode="json", exclude={"timeline"}),
        "timeline": [entry.model_dump(mode="json") for entry in found.entries],
        "timeline_complete": found.complete,
        "asked": found.asked,
        "notices": found.notices,
    }
