"""Which policy a ticket gets."""

from __future__ import annotations

from collections.abc import Iterable

from escalade.policy.model import Match, PolicySpec
from escalade.ticket import Ticket


def matches(match: Match, ticket: Ticket) -> bool:
    """Whether every condition that is written holds, each by any of its values."""
    plain = (
        (match.service, ticket.service),
        (match.customer_tier, ticket.customer_tier),
        (match.severity, ticket.severity),
        (match.source, ticket.source),
    )
    if any(wanted and found not in wanted for wanted, found in plain):
        return False
    return all(ticket.labels.get(label) in wanted for label, wanted in match.labels.items())


def route(policies: Iterable[PolicySpec], ticket: Ticket, *, default: str) -> tuple[str, str]:
    """The policy of a ticket, and why.

    Args:
        policies: in order; the first that matches wins.
        ticket: the normalised ticket.
        default: the policy for tickets that match none.

    Returns:
        The name of the policy and the reason in words.
    """
    for spec in policies:
        for n, match in enumerate(spec.match, 1):
            if matches(match, ticket):
                return spec.policy, f"match {n} of policy {spec.policy}"
    return default, "no policy matches; the default of escalade.yaml"
