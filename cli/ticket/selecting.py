"""Choosing several tickets: by keys, or by a filter over the list; and asking before acting on many."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from cli.failures import WrongCommandError
from cli.keys import find_some
from cli.severity import SEVERITY

if TYPE_CHECKING:
    from escalade.errors import EscaladeError
    from escalade.messages import Snapshot

STATUSES = ["new", "triage", "investigating", "mitigating", "pending", "snoozed", "resolved", "closed"]


def filters(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filters that list, ack and resolve share."""
    for option in reversed(
        [
            click.option("--service", metavar="SERVICE", help="Of this service."),
            click.option("--severity", multiple=True, type=SEVERITY, metavar="SEV", help="sev1…sev5. Repeatable."),
            click.option("--policy", metavar="POLICY", help="On this policy."),
            click.option("--team", metavar="TEAM", help="On a policy of this team."),
            click.option("--tier", metavar="TIER", help="Standing in this tier."),
        ]
    ):
        function = option(function)
    return function


def narrowed(chosen: dict[str, Any]) -> dict[str, Any]:
    """The filters that were given, as the store's query calls them."""
    names = {"severity": "severities", "status": "statuses"}
    return {names.get(name, name): value for name, value in chosen.items() if value}


def choose(
    written: Sequence[str], chosen: dict[str, Any], *, unacknowledged: bool
) -> tuple[list[str], dict[str, EscaladeError]]:
    """The full keys meant by keys or by a filter; and those of several written ones that mean no ticket, with why.

    Raises:
        WrongCommandError: when neither is given, or both.
    """
    wanted = narrowed(chosen)
    if written and wanted:
        raise WrongCommandError("Keys and filters cannot be combined.", mend="Give one or the other.")
    if written:
        return find_some(written)
    if not wanted:
        raise WrongCommandError(
            "Which tickets? Neither a key nor a filter was given.",
            mend="Give keys, or a filter such as --service NAME --severity sev3.",
        )
    return [ticket.key for ticket in find_tickets(wanted, unacknowledged=unacknowledged)], {}


def find_tickets(wanted: dict[str, Any], *, unacknowledged: bool) -> list[Snapshot]:
    """The open tickets that match, from the store."""
    from cli.doors import store
    from store import TicketQuery

    with store() as opened:
        return opened.tickets(TicketQuery(**wanted, unacknowledged=unacknowledged, open_only=True))


def confirm(question: str, *, yes: bool) -> None:
    """Ask before acting on several tickets.

    Raises:
        WrongCommandError: when there is nobody to ask.
        click.Abort: when the answer is no.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise WrongCommandError(f"{question} There is no terminal to ask on.", mend="Confirm with --yes.")
    click.confirm(question, abort=True, err=True)
