"""Policies as people write them. Every key here has a reader; an unknown key is an error."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from escalade.people.resolve import How
from escalade.people.roster import Identifier, Written, parse_target
from escalade.ticket import Severity
from escalade.time.durations import Duration, Limit

Nobody = Literal["skip", "wait", "hold", "catch_all"]
TierKind = Literal["functional", "hierarchical", "external"]


def _target(text: str) -> str:
    return str(parse_target(text))


TargetText = Annotated[str, AfterValidator(_target)]
"""`person:`, `team:`, `schedule:`, `vendor:` or `channel:` and a name."""


def _by_severity(value: Any) -> Any:
    """A bare duration means: for every severity."""
    if value is None or isinstance(value, dict):
        return value
    return {"default": value}


SeverityOrDefault = Literal["sev1", "sev2", "sev3", "sev4", "sev5", "default"]
DurationBySeverity = Annotated[dict[SeverityOrDefault, Duration], BeforeValidator(_by_severity)]
LimitBySeverity = Annotated[dict[SeverityOrDefault, Limit], BeforeValidator(_by_severity)]


class StepSpec(Written):
    """A step of a tier: which one, and its own settings, checked against the step's model."""

    use: Identifier
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")


class TierSpec(Written):
    """One rung of the ladder: whom it pages, how often, how long it waits, and where it leads."""

    name: Identifier
    kind: TierKind = "functional"
    role: str = Field("", max_length=256)
    """Who this is, for the reader of a page: "team lead on duty"."""
    reason: str = Field("", max_length=512)
    """Why a ticket comes up to this tier; part of every page sent here."""
    first_action: str = Field("", max_length=512)
    """What to do first; part of every page sent here."""
    page: list[TargetText] = Field(min_length=1, max_length=50)
    how: How = "everyone"
    acknowledge_by: int = Field(1, ge=1, le=50)
    """How many of those paged must acknowledge."""
    acknowledge_within: LimitBySeverity
    repeat_every: DurationBySeverity = Field(default_factory=dict)
    resolve_within: DurationBySeverity = Field(default_factory=dict)
    resolve_from: Literal["acknowledgement", "entry"] = "acknowledgement"
    acknowledgement_lasts: DurationBySeverity = Field(default_factory=dict)
    on_expiry: Literal["same_tier", "next_tier"] = "same_tier"
    nobody: Nobody = "skip"
    steps: list[StepSpec] = Field(default_factory=list, max_length=20)

    @field_validator("repeat_every", "resolve_within", "acknowledgement_lasts", "acknowledge_within")
    @classmethod
    def _positive(cls, value: dict[str, Any]) -> dict[str, Any]:
        for severity, length in value.items():
            if isinstance(length, timedelta) and length < timedelta(seconds=1):
                raise ValueError(f"{severity} is shorter than one second")
        return value


class AgainSpec(Written):
    """What happens when the ladder is exhausted, before the catch-all."""

    from_: Identifier = Field(alias="from")
    times: Annotated[int, Field(ge=1, le=1000)] | Literal["forever"] = 1
    """Extra passes: `times: 1` is one more pass."""


class Match(Written):
    """Simple conditions; all of those written must hold, each by any of its values."""

    service: list[str] = Field(default_factory=list)
    customer_tier: list[str] = Field(default_factory=list)
    severity: list[Severity] = Field(default_factory=list)
    source: list[str] = Field(default_factory=list)
    labels: dict[str, list[str]] = Field(default_factory=dict)

    @field_validator("service", "customer_tier", "severity", "source", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("labels", mode="before")
    @classmethod
    def _labels_listed(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {k: [v] if isinstance(v, str) else v for k, v in value.items()}
        return value


class PolicySpec(Written):
    """A policy: a ladder of tiers and what surrounds it."""

    policy: Identifier
    title: str = Field("", max_length=256)
    team: Identifier | None = None
    """The team that owns it, for lists and reports."""
    match: list[Match] = Field(default_factory=list)
    """Which tickets it takes: any of these. Of several policies that match, the one written first in file order."""
    tiers: list[TierSpec] = Field(min_length=1, max_length=20)
    start_at: dict[Severity, Identifier] = Field(default_factory=dict)
    """Severities that start higher than the first tier (A9)."""
    again: AgainSpec | None = None
    catch_all: list[TargetText] | None = None
    """Replaces the catch-all of `escalade.yaml`."""
    deliver_within: Duration = timedelta(seconds=60)
    """A round that nobody accepted by then has failed."""
    snooze_at_most: Duration = timedelta(days=7)
    pending_at_most: Duration = timedelta(days=30)
    reopen_within: Duration = timedelta(days=3)
    """How long a resolved ticket can be reopened before it closes; zero closes at once."""
    status_names: dict[str, str] = Field(default_factory=dict)
    """What statuses are called for people of this policy (D3)."""

    @field_validator("catch_all", mode="before")
    @classmethod
    def _catch_all_listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("deliver_within")
    @classmethod
    def _bounded_delivery(cls, value: timedelta) -> timedelta:
        if not timedelta(seconds=1) <= value <= timedelta(minutes=10):
            raise ValueError("deliver_within must be between 1s and 10m")
        return value
