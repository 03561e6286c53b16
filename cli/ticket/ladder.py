"""Moving a ticket on the ladder, and choosing who answers for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import acting, command, key, said
from cli.severity import SEVERITY
from cli.ticket.sending import send

if TYPE_CHECKING:
    from cli.invocation import Invocation

_RUNG = click.option(
    "--rung", type=click.IntRange(1), metavar="N", help="The rung you saw (`show` says it): refused if it has moved on."
)
_TO = click.option("--to", metavar="TIER", help="A tier by name.")


@command(
    "escalate",
    examples=[
        'escalade ticket escalate k3j --reason "needs a database owner"',
        'escalade ticket escalate k3j --to management --reason "asked for a superior"',
        'escalade ticket escalate k3j --rung 2 --reason "nobody answers here"',
    ],
)
@key
@_TO
@click.option("--reason", required=True, callback=said, metavar="TEXT", help="Why; part of every page sent up there.")
@_RUNG
@acting
def escalate(invocation: Invocation, key: str, to: str | None, reason: str, rung: int | None) -> int:
    """Take a ticket up the ladder, with a reason.

    To the next tier, or a named one above. It is refused as stale if the ticket moves while you ask; with --rung,
    also if it has moved since you looked: two who escalate at once then take it up once.
    """
    from escalade.messages.commands import Escalate

    return send(invocation, [key], lambda v: Escalate(**v, to=to, reason=reason), from_rung=True, rung=rung)


@command(
    "return",
    examples=['escalade ticket return k3j --reason "not for us: it is billing"'],
)
@key
@_TO
@click.option("--reason", required=True, callback=said, metavar="TEXT", help="Why; part of every page sent down there.")
@acting
def return_(invocation: Invocation, key: str, to: str | None, reason: str) -> int:
    """Give a ticket back to a lower tier.

    To the tier below, or a named one. Returns are counted: a ticket that bounces shows it.
    """
    from escalade.messages.commands import Return

    return send(invocation, [key], lambda v: Return(**v, to=to, reason=reason), from_rung=True)


@command(
    "reassign",
    examples=['escalade ticket reassign k3j ben --reason "knows the gateway"'],
)
@key
@click.argument("to", metavar="PERSON")
@click.option("--reason", default="", metavar="TEXT", help="Why; part of their page.")
@acting
def reassign(invocation: Invocation, key: str, to: str, reason: str) -> int:
    """Let somebody else answer for a ticket.

    They are paged, and the limit of the tier runs anew. PERSON may be a target such as team:sre.
    """
    from cli.targets import find_target
    from escalade.messages.commands import Reassign

    target = find_target(to)
    return send(invocation, [key], lambda v: Reassign(**v, to=target, reason=reason), from_rung=True)


@command(
    "respond",
    examples=['escalade ticket respond k3j team:dba --reason "replication is stuck"'],
)
@key
@click.argument("who", metavar="TARGET")
@click.option("--reason", default="", metavar="TEXT", help="Why; part of their page.")
@acting
def respond(invocation: Invocation, key: str, who: str, reason: str) -> int:
    """Call somebody in besides the owner.

    They are paged; the owner stays. TARGET is a person, or kind:name such as team:dba or schedule:network.
    """
    from cli.targets import find_target
    from escalade.messages.commands import Respond

    target = find_target(who)
    return send(invocation, [key], lambda v: Respond(**v, who=target, reason=reason), from_rung=True)


@command(
    "severity",
    examples=['escalade ticket severity k3j sev1 --reason "all of checkout is down"'],
)
@key
@click.argument("severity", metavar="SEV", type=SEVERITY)
@click.option("--reason", default="", metavar="TEXT", help="Why, for the timeline.")
@acting
def severity(invocation: Invocation, key: str, severity: str, reason: str) -> int:
    """Say how bad it is.

    Limits and rounds follow the new severity from the same starts. Raising never makes anything later.
    """
    from escalade.messages.commands import SetSeverity
    from escalade.ticket import Severity

    return send(invocation, [key], lambda v: SetSeverity(**v, severity=Severity(severity), reason=reason))
