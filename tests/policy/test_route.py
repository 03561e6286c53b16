"""Which policy a ticket gets, and why."""

from __future__ import annotations

from typing import Any

import pytest

from escalade.policy.model import PolicySpec
from escalade.policy.route import route
from escalade.ticket import Ticket


def spec(name: str, *match: dict[str, Any]) -> PolicySpec:
    tier = {"name": "one", "page": ["person:ana"], "acknowledge_within": "15m"}
    return PolicySpec.model_validate({"policy": name, "tiers": [tier], "match": list(match)})


POLICIES = [
    spec("payments", {"service": ["pay", "billing"], "severity": "sev1"}, {"labels": {"team": ["money", "cash"]}}),
    spec("vip", {"customer_tier": "gold"}, {"source": "hotline"}),
    spec("also-pay", {"service": "pay"}),
]


@pytest.mark.parametrize(
    ("ticket", "policy", "why"),
    [
        ({"service": "pay", "severity": "sev1"}, "payments", "match 1 of policy payments"),
        ({"service": "pay"}, "also-pay", "match 1 of policy also-pay"),
        ({"labels": {"team": "cash", "x": "y"}}, "payments", "match 2 of policy payments"),
        ({"labels": {"team": "other"}}, "default", "no policy matches; the default of escalade.yaml"),
        ({"source": "hotline", "service": "pay"}, "vip", "match 2 of policy vip"),
        ({"customer_tier": "gold", "service": "pay", "severity": "sev1"}, "payments", "match 1 of policy payments"),
        ({}, "default", "no policy matches; the default of escalade.yaml"),
    ],
)
def test_the_first_match_wins_and_says_why(ticket: dict[str, Any], policy: str, why: str) -> None:
    assert route(POLICIES, Ticket.model_validate(ticket), default="default") == (policy, why)


def test_a_policy_without_match_takes_nothing_by_itself() -> None:
    assert route([spec("quiet")], Ticket(), default="default")[0] == "default"
