"""Why a clock of a ticket is due when it is."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

import click

from cli.keys import find_key
from cli.options import command, key

if TYPE_CHECKING:
    from cli.invocation import Invocation
    from escalade.messages.views import ClockWhy


@command(
    "why",
    examples=["escalade ticket why k3j first_response", "escalade ticket why k3j resolution --output json"],
    instants=True,
)
@key
@click.argument("clock", metavar="CLOCK")
def why(invocation: Invocation, key: str, clock: str) -> int:
    """Say why a clock is due when it is.

    CLOCK is first_response, update, resolution or tier. From when it counts, what was counted and what was not:
    open hours, standstills, holidays, changes of the clocks.
    """
    found = asyncio.run(_ask(find_key(key), clock.replace("-", "_"), invocation.now()))
    if invocation.json:
        from cli.render.documents import write_json

        write_json(found.model_dump(mode="json"))
        return 0
    from cli.render.clocks import why_page
    from cli.render.paper import console

    paper = console()
    for line in why_page(found, invocation.moments()):
        paper.print(line)
    return 0


async def _ask(key: str, clock: str, now: datetime) -> ClockWhy:
    from cli.doors import tickets
    from escalade.errors import NoSuchClockError

    async with tickets() as client:
        found = await client.why(key, clock, at=now)
        if found is not None:
            return found
        view = await client.view(key)
    known = ", ".join(each.name for each in view.clocks) or "none"
    raise NoSuchClockError(f"Ticket {key} has no clock {clock!r}.", mend=f"It has: {known}.")
