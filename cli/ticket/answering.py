"""Taking a ticket, giving it back, and ending it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.options import acting, command, comment, key, keys, yes
from cli.ticket.selecting import choose, confirm, filters
from cli.ticket.sending import report, send

if TYPE_CHECKING:
    from cli.invocation import Invocation
    from escalade.errors import EscaladeError


@command(
    "ack",
    examples=[
        "escalade ticket ack k3j",
        "escalade ticket ack k3j m2x --yes",
        "escalade ticket ack --service payments --severity sev3",
    ],
)
@keys
@filters
@comment
@acting
@yes
def ack(invocation: Invocation, keys: tuple[str, ...], comment: str, *, yes: bool, **chosen: Any) -> int:
    """Say that you have it: paging stops.

    Paging stops at once, deliveries under way included, and the time to resolve starts. With a filter, every open
    ticket that matches and that nobody has acknowledged.
    """
    from escalade.messages.commands import Acknowledge

    found, wrong = choose(keys, chosen, unacknowledged=True)
    return _several(invocation, found, wrong, "Acknowledge", lambda v: Acknowledge(**v, comment=comment), yes=yes)


@command(
    "resolve",
    examples=[
        'escalade ticket resolve k3j --comment "restarted the pool"',
        "escalade ticket resolve --service payments --severity sev4 --yes",
    ],
)
@keys
@filters
@click.option("--close", is_flag=True, help="Close at once, without the time in which it can be reopened.")
@comment
@acting
@yes
def resolve(
    invocation: Invocation, keys: tuple[str, ...], comment: str, *, close: bool, yes: bool, **chosen: Any
) -> int:
    """Say that it is solved.

    It closes when the time in which it can be reopened is over. With a filter, every open ticket that matches.
    """
    from escalade.messages.commands import Resolve

    found, wrong = choose(keys, chosen, unacknowledged=False)
    return _several(invocation, found, wrong, "Resolve", lambda v: Resolve(**v, comment=comment, close=close), yes=yes)


def _several(
    invocation: Invocation, found: list[str], wrong: dict[str, EscaladeError], verb: str, make: Any, *, yes: bool
) -> int:
    if not found:
        click.echo("No open ticket matches: nothing to do.", err=True)
        return report(invocation, [], [])
    if len(found) > 1:
        shown = ", ".join(found[:5]) + (", …" if len(found) > 5 else "")
        confirm(f"{verb} {len(found)} tickets ({shown})?", yes=yes)
    return send(invocation, found, make, wrong=wrong)


@command("unack", examples=["escalade ticket unack k3j"])
@key
@comment
@acting
def unack(invocation: Invocation, key: str, comment: str) -> int:
    """Give an acknowledgement back.

    Nobody has the ticket any more: a new round starts in its tier.
    """
    from escalade.messages.commands import Unacknowledge

    return send(invocation, [key], lambda v: Unacknowledge(**v, comment=comment))


@command("reopen", examples=['escalade ticket reopen k3j --reason "errors are back"'])
@key
@click.option("--reason", default="", metavar="TEXT", help="Why, for the timeline and the next page.")
@acting
def reopen(invocation: Invocation, key: str, reason: str) -> int:
    """Say that it was not solved.

    It enters the tier in which it was resolved, anew: a round starts at once.
    """
    from escalade.messages.commands import Reopen

    return send(invocation, [key], lambda v: Reopen(**v, reason=reason))


@command("close", examples=["escalade ticket close k3j"])
@key
@comment
@acting
def close(invocation: Invocation, key: str, comment: str) -> int:
    """Say that nothing more is to come.

    The ticket ends. The journal keeps everything; the same problem reported again opens a new life of it.
    """
    from escalade.messages.commands import Close

    return send(invocation, [key], lambda v: Close(**v, comment=comment))
