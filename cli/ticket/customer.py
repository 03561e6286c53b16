"""What was said to the customer and by the customer, as far as clocks run on it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from cli.options import acting, command, key
from cli.ticket.sending import send

if TYPE_CHECKING:
    from cli.invocation import Invocation


def _said(function: Callable[..., Any]) -> Callable[..., Any]:
    at = click.option("--at", metavar="INSTANT", help="When it was said, if that was earlier: clocks use it.")
    text = click.argument("text", metavar="[TEXT]", default="")
    return text(at(function))


def _read(invocation: Invocation, text: str, at: str | None) -> dict[str, Any]:
    """The words and, where it was earlier, the instant.

    Raises:
        InstantError: when it is none.
    """
    words = sys.stdin.read().strip() if text == "-" else text
    if at is None:
        return {"text": words}
    from cli.wall_clock import read_past

    return {"text": words, "at": read_past(at, now=invocation.now())}


@command(
    "reply",
    examples=['escalade ticket reply k3j "we are on it, next news at 15:00"', "escalade ticket reply k3j --at 14:05"],
    instants=True,
)
@key
@_said
@acting
def reply(invocation: Invocation, key: str, text: str, at: str | None) -> int:
    """Record that the customer was answered.

    It stops the first response and the update clock. Escalade sends nothing to the customer: TEXT is what was said
    elsewhere, for the timeline; - is read from standard input.
    """
    from escalade.messages.commands import Reply

    said = _read(invocation, text, at)
    return send(invocation, [key], lambda v: Reply(**v, **said))


@command(
    "message",
    examples=['escalade ticket message k3j "is there any news?" --from "Jo Martin"'],
    instants=True,
)
@key
@_said
@click.option("--from", "customer", default="", metavar="NAME", help="Who said it.")
@acting
def message(invocation: Invocation, key: str, text: str, at: str | None, customer: str) -> int:
    """Record that the customer said something.

    The update clock runs from the first message that is not answered. A ticket that is pending on the customer goes
    on. TEXT is what was said; - is read from standard input.
    """
    from escalade.messages.commands import Message

    said = _read(invocation, text, at)
    return send(invocation, [key], lambda v: Message(**v, **said, customer=customer))
