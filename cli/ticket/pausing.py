"""Stopping the ladder for a while, and starting it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from cli.options import acting, command, comment, key
from cli.ticket.sending import send

if TYPE_CHECKING:
    from cli.invocation import Invocation


def _end(function: Callable[..., Any]) -> Callable[..., Any]:
    until = click.option("--until", metavar="INSTANT", help="Until then: 2026-03-01T09:00+01:00, or 17:30 here.")
    length = click.option("--for", "length", metavar="DURATION", help="For so long: 30m, 4h, 2d.")
    return length(until(function))


def _read_end(invocation: Invocation, length: str | None, until: str | None) -> dict[str, Any]:
    """`for` and `until` as the command takes them.

    Raises:
        WrongCommandError: when both are given.
        DurationError: when the length is none.
        InstantError: when the end is none, or is past.
    """
    from cli.failures import WrongCommandError
    from cli.wall_clock import read_until
    from escalade.time import parse_duration

    if length and until:
        raise WrongCommandError("--for and --until cannot be combined.", mend="Give one of them.")
    if length:
        return {"for": parse_duration(length)}
    if until:
        return {"until": read_until(until, now=invocation.now())}
    return {}


@command(
    "snooze",
    examples=["escalade ticket snooze k3j --for 2h", "escalade ticket snooze k3j --until 08:30"],
    instants=True,
)
@key
@_end
@comment
@acting
def snooze(invocation: Invocation, key: str, length: str | None, until: str | None, comment: str) -> int:
    """Page nobody until a given time.

    Rounds and limits stop and keep what was left. Without an end, for as long as the policy allows.
    """
    from escalade.messages.commands import Snooze

    end = _read_end(invocation, length, until)
    return send(invocation, [key], lambda v: Snooze(**v, **end, comment=comment))


@command(
    "pending",
    examples=["escalade ticket pending k3j --on vendor --for 1d"],
    instants=True,
)
@key
@click.option(
    "--on",
    type=click.Choice(["customer", "vendor", "problem"]),
    default="customer",
    show_default=True,
    metavar="WHOM",
    help="customer, vendor, or problem (a known cause).",
)
@_end
@comment
@acting
def pending(invocation: Invocation, key: str, *, on: Any, length: str | None, until: str | None, comment: str) -> int:
    """Wait for somebody outside.

    Rounds and limits stop and keep what was left. Without an end, for as long as the policy allows.
    """
    from escalade.messages.commands import Pending

    end = _read_end(invocation, length, until)
    return send(invocation, [key], lambda v: Pending(**v, **end, on=on, comment=comment))


@command("resume", examples=["escalade ticket resume k3j"])
@key
@comment
@acting
def resume(invocation: Invocation, key: str, comment: str) -> int:
    """End a snooze or a pending.

    The ticket goes on where it was; if nobody has acknowledged it, a round starts at once.
    """
    from escalade.messages.commands import Resume

    return send(invocation, [key], lambda v: Resume(**v, comment=comment))
