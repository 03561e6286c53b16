"""The pinned policy: what a ticket keeps of its policy for life, small and complete.

It is part of workflow history, so it only ever grows by fields with defaults.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from pydantic import BaseModel, Field

from escalade.people.resolve import How
from escalade.policy.model import Nobody
from escalade.ticket import Severity
from escalade.time.durations import Duration

LARGEST: Final = 64 * 1024
"""Bytes of JSON that a pinned policy may take."""


class TierTimes(BaseModel):
    """The times of a tier for one severity."""

    acknowledge_within: Duration | None = None
    """None is `never`: repeat here until somebody answers."""
    repeat_every: Duration | None = None
    """None is one round."""
    resolve_within: Duration | None = None
    acknowledgement_lasts: Duration | None = None


class PinnedStep(BaseModel):
    """A step with the version of its code that was current when the policy was pinned."""

    use: str
    version: str = ""
    config: dict[str, Any] = Field(default_factory=dict)


class PinnedTier(BaseModel):
    """One rung, with every severity spelled out."""

    name: str
    kind: str = "functional"
    role: str = ""
    reason: str = ""
    first_action: str = ""
    page: list[str]
    how: How = "everyone"
    acknowledge_by: int = 1
    times: dict[Severity, TierTimes]
    resolve_from_entry: bool = False
    expiry_climbs: bool = False
    nobody: Nobody = "skip"
    steps: list[PinnedStep] = Field(default_factory=list)


class PinnedAgain(BaseModel):
    """Start over from a tier, so many times; None is for ever."""

    tier: int
    times: int | None = 1


class PinnedPolicy(BaseModel):
    """A policy as a ticket lives it."""

    name: str
    title: str = ""
    team: str = ""
    digest: str = ""
    """SHA-256 of everything else, hex: the version of the policy."""
    tiers: list[PinnedTier]
    start_at: dict[Severity, int] = Field(default_factory=dict)
    again: PinnedAgain | None = None
    catch_all: list[str]
    deliver_within: Duration = timedelta(seconds=60)
    snooze_at_most: Duration = timedelta(days=7)
    pending_at_most: Duration = timedelta(days=30)
    reopen_within: Duration = timedelta(days=3)
    status_names: dict[str, str] = Field(default_factory=dict)
    ignore_quiet_hours: list[Severity] = Field(default_factory=list)

    def tier_named(self, name: str) -> int | None:
        """The index of a tier by name; None when there is none."""
        return next((n for n, tier in enumerate(self.tiers) if tier.name == name), None)
