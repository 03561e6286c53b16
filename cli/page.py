"""Proving that people can be reached."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from cli.exits import ExitCode
from cli.options import command

if TYPE_CHECKING:
    from cli.invocation import Invocation
    from escalade.messages.activities import Receipt


@command(
    "test",
    examples=["escalade page test ana", "escalade page test ana --channel sms"],
    instants=True,
)
@click.argument("person", metavar="PERSON")
@click.option("--channel", metavar="METHOD", help="Only this contact method, or those of this channel.")
def test(invocation: Invocation, person: str, channel: str | None) -> int:
    """Send a person a test page and wait for the receipt.

    By every contact method, each for itself: a real message through the real channel. When a method was last proven
    is kept, and written into the journal's stream pages. Exit code 1 when a channel refuses.
    """
    receipts = asyncio.run(_prove(person, channel))
    reached = all(receipt.reached for receipt in receipts)
    if invocation.json:
        from cli.render.documents import write_json

        target = receipts[0].target.removeprefix("person:")
        write_json({"person": target, "receipts": [receipt.model_dump(mode="json") for receipt in receipts]})
    else:
        from cli.render.paper import console
        from cli.render.ticket_page import receipt_line

        paper, when = console(), invocation.moments()
        for receipt in receipts:
            paper.print(receipt_line(receipt, when))
    return ExitCode.OK if reached else ExitCode.GENERAL


async def _prove(person: str, channel: str | None) -> list[Receipt]:
    from activities.proof import prove
    from cli.doors import configuration, settings
    from store import Store
    from worker.registry import extensions

    known = configuration()
    # Unlike the commands that look, this one writes: it may be the first that needs the store.
    store = await asyncio.to_thread(Store.open, settings().store)
    try:
        return await prove(person, configuration=known, store=store, channels=extensions().channels, channel=channel)
    finally:
        store.close()
