"""What people say about a ticket."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from cli.options import acting, command, comment, key, said
from cli.ticket.sending import send

if TYPE_CHECKING:
    from cli.invocation import Invocation
    from worker.client import TicketClient


@command(
    "status",
    examples=['escalade ticket status k3j investigating --comment "pool exhausted?"'],
)
@key
@click.argument("status", metavar="STATUS", type=click.Choice(["triage", "investigating", "mitigating"]))
@comment
@acting
def status(invocation: Invocation, key: str, status: Any, comment: str) -> int:
    """Say how far the work is.

    STATUS is triage, investigating or mitigating; the others have commands of their own.
    """
    from escalade.messages.commands import SetStatus

    return send(invocation, [key], lambda v: SetStatus(**v, status=status, comment=comment))


@command("note", examples=['escalade ticket note k3j "failover started at 14:02"'])
@key
@click.argument("text", metavar="TEXT", callback=said)
@acting
def note(invocation: Invocation, key: str, text: str) -> int:
    """Write something down on a ticket.

    It goes into the timeline and counts as work on the ticket. TEXT of - is read from standard input.
    """
    from escalade.messages.commands import Note

    words = sys.stdin.read().strip() if text == "-" else text
    return send(invocation, [key], lambda v: Note(**v, text=words))


@command(
    "follow",
    examples=[
        "escalade ticket follow k3j",
        "escalade ticket follow k3j team:support",
        "escalade ticket follow k3j --stop",
    ],
)
@key
@click.argument("who", metavar="[TARGET]", default="")
@click.option("--stop", is_flag=True, help="Stop following.")
@acting
def follow(invocation: Invocation, key: str, who: str, *, stop: bool) -> int:
    """Be told what becomes of a ticket.

    You, or TARGET: a person, or kind:name such as team:support or channel:incidents.
    """
    from cli.targets import find_target
    from escalade.messages.commands import Follow

    target = find_target(who) if who else ""
    return send(invocation, [key], lambda v: Follow(**v, who=target, stop=stop))


@command(
    "merge",
    examples=["escalade ticket merge k3j --into m2x"],
)
@key
@click.option("--into", required=True, metavar="KEY", help="The ticket that stays.")
@comment
@acting
def merge(invocation: Invocation, key: str, into: str, comment: str) -> int:
    """Close a ticket as the same as another.

    KEY closes and pages nobody; what arrives on it goes to the other, its followers follow, and the other takes
    the higher severity.
    """
    from cli.failures import WrongCommandError
    from cli.keys import find_keys
    from escalade.messages.commands import Merge

    keys = find_keys([key, into])
    if len(keys) == 1:
        raise WrongCommandError("A ticket cannot be merged into itself.", mend="Give two different keys.")
    stays = keys[1]

    async def takes(client: TicketClient) -> None:
        await _refuse_what_is_over(client, stays)

    asked = f"asked {stays} to take it; `escalade ticket show {keys[0]}` says whether it did"
    return send(invocation, keys[:1], lambda v: Merge(**v, into=stays, comment=comment), first=takes, instead=asked)


async def _refuse_what_is_over(client: TicketClient, key: str) -> None:
    """See that a ticket can take another one in.

    Raises:
        TicketNotFoundError: when there is none.
        RefusedError: when it is over.
    """
    from escalade.errors import RefusedError
    from worker.client import NoWorkerError

    try:
        view = await client.view(key)
    except NoWorkerError:
        # It answers the ticket itself then, as soon as a worker runs: nothing closes before it has.
        return
    if not view.status.is_open:
        raise RefusedError(
            f"Ticket {key} is {view.status.value}: it cannot take another one in.",
            code="closed" if view.status.value == "closed" else "already_resolved",
            mend=f"Name an open one, or reopen it: escalade ticket reopen {key}"
            if view.status.value == "resolved"
            else "Name an open one: escalade ticket list",
        )
