"""Policies as people write them. Every key here has a reader; an unknown key is an error."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, field_validator

from escalade.people.resolve import How
from escalade.people.roster import TARGET_KINDS, parse_target
from escalade.policy.clocks import ClocksSpec, TierClockSpec
from escalade.policy.lengths import Length, TierLimit, is_short
from escalade.ticket import Severity
from escalade.time.durations import Duration, format_duration
from escalade.written import Identifier, Written

Nobody = Literal["skip", "wait", "hold", "catch_all"]
TierKind = Literal["functional", "hierarchical", "external"]


def _target(text: str) -> str:
    return str(parse_target(text))


TargetText = Annotated[
    str, AfterValidator(_target), WithJsonSchema({"type": "string", "pattern": rf"^\s*({'|'.join(TARGET_KINDS)}):."})
]
"""`person:`, `team:`, `schedule:`, `vendor:` or `channel:` and a name."""


def _by_severity(value: Any) -> Any:
    """A bare duration means: for every severity."""
    if value is None or isinstance(value, dict):
        return value
    return {"default": value}


SeverityOrDefault = Literal["sev1", "sev2", "sev3", "sev4", "sev5", "default"]
LengthBySeverity = Annotated[
    dict[SeverityOrDefault, Length],
    BeforeValidator(_by_severity, json_schema_input_type=Length | dict[SeverityOrDefault, Length]),
]
LimitBySeverity = Annotated[
    dict[SeverityOrDefault, TierLimit],
    BeforeValidator(_by_severity, json_schema_input_type=TierLimit | dict[SeverityOrDefault, TierLimit]),
]


class StepSpec(Written):
    """A step of a tier: which one, and its own settings, checked against the step's model."""

    use: Identifier
    """The name of a registered step."""
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    """The step's own settings."""


class TierSpec(Written):
    """One rung of the ladder: whom it pages, how often, how long it waits, and where it leads."""

    name: Identifier
    """What the tier is called in commands and lists; once per policy."""
    kind: TierKind = "functional"
    """`functional` asks for a skill, `hierarchical` for authority, `external` for a supplier."""
    role: str = Field("", max_length=256)
    """Who this is, for the reader of a page: "team lead on duty"."""
    reason: str = Field("", max_length=512)
    """Why a ticket comes up to this tier; part of every page sent here."""
    first_action: str = Field("", max_length=512)
    """What to do first; part of every page sent here."""
    page: list[TargetText] = Field(min_length=1, max_length=50)
    """Whom the tier pages: `person:`, `team:`, `schedule:`, `vendor:` or `channel:` and a name."""
    how: How = "everyone"
    """`everyone` at once, `one_at_a_time` (the next every `repeat_every`), or `fair` (the least paged lately)."""
    acknowledge_by: int = Field(1, ge=1, le=50)
    """How many of those paged must acknowledge."""
    acknowledge_within: LimitBySeverity
    """The tier limit: un-acknowledged by then, the ticket climbs. `never` repeats here until somebody answers."""
    repeat_every: LengthBySeverity = Field(default_factory=dict)
    """Page again this often while nobody has acknowledged; one round without it."""
    resolve_within: LengthBySeverity = Field(default_factory=dict)
    """Unresolved so long after the acknowledgement, the ticket climbs; no limit without it."""
    resolve_from: Literal["acknowledgement", "entry"] = "acknowledgement"
    """Where `resolve_within` counts from: the first acknowledgement here, or entering the tier."""
    acknowledgement_lasts: LengthBySeverity = Field(default_factory=dict)
    """So long after the last work an acknowledgement expires; it never does without it."""
    on_expiry: Literal["same_tier", "next_tier"] = "same_tier"
    """Where a ticket goes whose acknowledgement expired."""
    nobody: Nobody = "skip"
    """When nobody is on duty: `skip` the tier, `wait` its limit, `hold` until somebody is, or tell the `catch_all`."""
    steps: list[StepSpec] = Field(default_factory=list, max_length=20)
    """What runs when the tier is entered; it never holds up paging."""
    calendar: Identifier | None = None
    """When this tier works: rounds and limits count its open time. The policy's own when omitted; `always` is none."""
    wake: list[Severity] | None = None
    """Severities that ignore the calendar: paged at any hour. The policy's own when omitted."""
    clock: TierClockSpec | None = None
    """What this tier promises the one that handed the ticket over (OLA): counts from entering it."""

    @field_validator("repeat_every", "resolve_within", "acknowledgement_lasts", "acknowledge_within")
    @classmethod
    def _positive(cls, value: dict[str, Any]) -> dict[str, Any]:
        for severity, length in value.items():
            if is_short(length):
                raise ValueError(f"{severity} is shorter than one second; give at least 1s")
        return value

    @field_validator("wake", mode="before", json_schema_input_type=Severity | list[Severity] | None)
    @classmethod
    def _wake_listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


class AgainSpec(Written):
    """What happens when the ladder is exhausted, before the catch-all."""

    from_: Identifier = Field(alias="from")
    """The tier to start over from."""
    times: Annotated[int, Field(ge=1, le=1000)] | Literal["forever"] = 1
    """Extra passes: `times: 1` is one more pass."""


class Match(Written):
    """Simple conditions; all of those written must hold, each by any of its values."""

    service: list[str] = Field(default_factory=list)
    """The ticket's service is one of these."""
    customer_tier: list[str] = Field(default_factory=list)
    """The customer's tier is one of these."""
    severity: list[Severity] = Field(default_factory=list)
    """The severity is one of these."""
    source: list[str] = Field(default_factory=list)
    """It came through one of these integrations."""
    labels: dict[str, list[str]] = Field(default_factory=dict)
    """Each label named has one of the values given."""

    @field_validator("service", "customer_tier", "source", mode="before", json_schema_input_type=str | list[str])
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("severity", mode="before", json_schema_input_type=Severity | list[Severity])
    @classmethod
    def _severities_listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("labels", mode="before", json_schema_input_type=dict[str, str | list[str]])
    @classmethod
    def _labels_listed(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {k: [v] if isinstance(v, str) else v for k, v in value.items()}
        return value


class PolicySpec(Written):
    """A policy: a ladder of tiers and what surrounds it."""

    policy: Identifier
    """Its name; once per configuration."""
    title: str = Field("", max_length=256)
    """What people read instead of the name."""
    team: Identifier | None = None
    """The team that owns it, for lists and reports."""
    match: list[Match] = Field(default_factory=list)
    """Which tickets it takes: any of these. Of several policies that match, the one written first in file order."""
    tiers: list[TierSpec] = Field(min_length=1, max_length=20)
    """The ladder, lowest rung first."""
    start_at: dict[Severity, Identifier] = Field(default_factory=dict)
    """Severities that start higher than the first tier (A9)."""
    again: AgainSpec | None = None
    """Start over when the ladder is exhausted; without it the catch-all is told at once."""
    catch_all: list[TargetText] | None = None
    """Replaces the catch-all of `escalade.yaml`."""
    deliver_within: Duration = timedelta(seconds=60)
    """A round that nobody accepted by then has failed."""
    snooze_at_most: Duration = timedelta(days=7)
    """The longest snooze, and how long one lasts that names no end."""
    pending_at_most: Duration = timedelta(days=30)
    """The longest wait for somebody else, and how long one lasts that names no end."""
    ignore_quiet_hours: list[Severity] = Field(default_factory=list)
    """Severities that are paged in a person's quiet hours as by day; limits and rest still hold."""
    reopen_within: Duration = timedelta(days=3)
    """How long a resolved ticket can be reopened before it closes; zero closes at once."""
    status_names: dict[str, str] = Field(default_factory=dict)
    """What statuses are called for people of this policy (D3)."""
    calendar: Identifier | None = None
    """When its tiers work, unless one says otherwise: outside it nobody is paged, and no limit runs."""
    wake: list[Severity] = Field(default_factory=list)
    """Severities that ignore the calendars of the tiers: paged at any hour."""
    clocks: ClocksSpec = Field(default_factory=ClocksSpec)
    """What is promised to the customer: first response, update, resolution."""

    @field_validator("wake", mode="before", json_schema_input_type=Severity | list[Severity])
    @classmethod
    def _wake_listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("catch_all", mode="before", json_schema_input_type=TargetText | list[TargetText] | None)
    @classmethod
    def _catch_all_listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("ignore_quiet_hours", mode="before", json_schema_input_type=Severity | list[Severity])
    @classmethod
    def _quiet_listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("deliver_within")
    @classmethod
    def _bounded_delivery(cls, value: timedelta) -> timedelta:
        if not timedelta(seconds=1) <= value <= timedelta(minutes=10):
            raise ValueError(f"{format_duration(value)} is out of bounds; give 1s to 10m")
        return value
