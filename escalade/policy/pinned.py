"""The pinned policy: what a ticket keeps of its policy for life, small and complete.

It is part of workflow history, so it only ever grows by fields with defaults.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, Literal

from pydantic import ConfigDict, Field

from escalade.people.resolve import How
from escalade.policy.clocks import OnReopen
from escalade.policy.lengths import Length
from escalade.policy.model import Nobody
from escalade.ticket import Severity
from escalade.time.budgets import Budget
from escalade.time.durations import Duration
from escalade.time.open_time import Boundary
from escalade.time.pinned import PinnedCalendar
from escalade.written import Sent

LARGEST: Final = 64 * 1024
"""Bytes of JSON that a pinned policy may take."""


class TierTimes(Sent):
    """The times of a tier for one severity."""

    acknowledge_within: Length | None = None
    """None is `never`: repeat here until somebody answers."""
    repeat_every: Length | None = None
    """None is one round."""
    resolve_within: Length | None = None
    acknowledgement_lasts: Length | None = None


class PinnedStep(Sent):
    """A step with the version of its code that was current when the policy was pinned."""

    use: str
    version: str = ""
    config: dict[str, Any] = Field(default_factory=dict)


class PinnedAction(Sent):
    """What a threshold of a clock does."""

    model_config = ConfigDict(frozen=True)

    do: Literal["notify", "ask_owner", "raise_severity", "climb"]
    whom: list[str] = Field(default_factory=list)
    """Targets, and the words `owner`, `tier`, `followers`."""
    to: str = ""
    """The severity, the tier (`next` is the next one), or the question."""


class PinnedClock(Sent):
    """A clock, with every severity spelled out."""

    model_config = ConfigDict(frozen=True)

    calendar: str = ""
    """The name of one of the policy's pinned calendars; empty is around the clock."""
    targets: dict[Severity, Budget] = Field(default_factory=dict)
    """Severities that are not in it have no target."""
    customers: dict[str, dict[Severity, Budget]] = Field(default_factory=dict)
    """All targets of customers of a tier that has its own."""
    pause_on: list[str] = Field(default_factory=list)
    thresholds: dict[str, list[PinnedAction]] = Field(default_factory=dict)
    """By threshold (`75%`, `-8h`, `breach`): what it does. The breach is always among them."""
    boundary: Boundary = "at_close"
    end_of_day: bool = False
    stops_on: list[str] = Field(default_factory=list)
    rhythm: bool = False
    """The update clock: starts anew with each update instead of with the customer's message."""
    opening_counts: bool = False


class PinnedTier(Sent):
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
    calendar: str = ""
    """The name of one of the policy's pinned calendars; empty is around the clock."""
    wake: list[Severity] = Field(default_factory=list)
    """Severities that ignore the calendar."""
    clock: PinnedClock | None = None


class PinnedAgain(Sent):
    """Start over from a tier, so many times; None is for ever."""

    tier: int
    times: int | None = 1


class PinnedPolicy(Sent):
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
    clocks: dict[str, PinnedClock] = Field(default_factory=dict)
    """`first_response`, `update`, `resolution`, as far as the policy has them."""
    on_reopen: OnReopen = "resume"
    calendars: dict[str, PinnedCalendar] = Field(default_factory=dict)
    """Every calendar that a clock or a tier names, as far as the horizon; the digest covers how they are written."""

    def tier_named(self, name: str) -> int | None:
        """The index of a tier by name; None when there is none."""
        return next((n for n, tier in enumerate(self.tiers) if tier.name == name), None)
