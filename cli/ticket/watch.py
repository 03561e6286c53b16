"""A ticket, live."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import click

from cli.keys import find_key
from cli.options import command, key
from escalade.errors import UnreachableError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from cli.invocation import Invocation
    from cli.ticket.gathering import Gathered
    from worker.client import TicketClient

EVERY = 1.0
"""Seconds between two looks; a look is one query, which writes nothing into the ticket's history."""


@command(
    "watch",
    examples=["escalade ticket watch k3j", "escalade ticket watch k3j --until resolved"],
    instants=True,
)
@key
@click.option(
    "--until",
    type=click.Choice(["acknowledged", "resolved", "closed"]),
    default="closed",
    show_default=True,
    metavar="WHAT",
    help="Stop when it is acknowledged, resolved or closed.",
)
def watch(invocation: Invocation, key: str, until: str) -> int:
    """Follow a ticket live.

    On a terminal a page that keeps itself up to date; in a pipe, and with NO_COLOR, each new line of the timeline as
    it comes (with --output json one JSON object a line). Ctrl-C ends it; the ticket is not touched.
    """
    asyncio.run(_watch(invocation, find_key(key), until))
    return 0


async def _watch(invocation: Invocation, key: str, until: str) -> None:
    from cli.doors import tickets
    from cli.render.paper import console, redraws

    paper = console()
    live = redraws(paper) and not invocation.json
    async with tickets() as client:
        if live:
            await _page(invocation, client, paper, key, until)
        else:
            await _lines(invocation, client, paper, key, until)


def over(found: Gathered, until: str) -> bool:
    """Whether what was waited for has come, or never can."""
    status = found.view.status.value
    if until == "acknowledged":
        return found.view.acknowledged or status in ("resolved", "closed")
    return status in ("closed", until)


async def _look(client: TicketClient, key: str, last: Gathered | None) -> Gathered:
    """The ticket now; when it cannot be asked for a while, what was last seen, and a notice."""
    from cli.ticket.gathering import gather, last_heard

    try:
        return await gather(client, key)
    except UnreachableError as error:
        if last is None:
            return await last_heard(key, error)
        last.notices = [f"{error.message} This is what was last seen."]
        return last


async def _lines(invocation: Invocation, client: TicketClient, paper: Console, key: str, until: str) -> None:
    from rich.text import Text

    from cli.render.documents import write_json_line
    from cli.render.timeline import entry_line, readable

    seen: set[str] = set()
    told: list[str] = []
    found: Gathered | None = None
    while True:
        found = await _look(client, key, found)
        if paper.is_terminal and not invocation.json and found.notices != told:
            told = found.notices
            for notice in told:
                paper.print(Text(f"Note: {readable(notice, invocation.moments())}", style="bad"))
        for entry in found.entries:
            if entry.entry_id in seen:
                continue
            seen.add(entry.entry_id)
            if invocation.json:
                write_json_line(entry.model_dump(mode="json"))
            else:
                paper.print(entry_line(entry, invocation.moments()))
        paper.file.flush()
        if over(found, until):
            return
        await asyncio.sleep(EVERY)


async def _page(invocation: Invocation, client: TicketClient, paper: Console, key: str, until: str) -> None:
    from rich.live import Live

    from cli.render.live_page import live_page

    def drawn(found: Gathered) -> Text:
        return live_page(found.view, found.entries, invocation.moments(), notices=found.notices, paper=paper)

    found = await _look(client, key, None)
    screen: AbstractContextManager[Live] = Live(drawn(found), console=paper, auto_refresh=False, transient=False)
    with screen as shown:
        while not over(found, until):
            # Relative times move every second, so the page is drawn again even when nothing happened.
            await asyncio.sleep(EVERY)
            found = await _look(client, key, found)
            shown.update(drawn(found), refresh=True)
