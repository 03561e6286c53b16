"""Policies: what people write, what is pinned into a ticket, and which one a ticket gets."""

from __future__ import annotations

from escalade.policy.compile import compile_policy
from escalade.policy.model import Match, PolicySpec, TierSpec
from escalade.policy.pinned import PinnedPolicy, PinnedTier, TierTimes
from escalade.policy.route import route

__all__ = [
    "Match",
    "PinnedPolicy",
    "PinnedTier",
    "PolicySpec",
    "TierSpec",
    "TierTimes",
    "compile_policy",
    "route",
]
