"""Clocks as people write them: what is promised to the customer and between tiers, and what a threshold does."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from escalade.people.roster import parse_target
from escalade.ticket import Severity
from escalade.time.budgets import Budget, parse_budget
from escalade.time.clocks import parse_threshold
from escalade.time.durations import NEVER
from escalade.time.open_time import Boundary
from escalade.written import Identifier, Written

BREACH: Final = "breach"
"""The threshold that is the due itself."""

NEXT: Final = "next"
"""The tier above the present one, where a tier may be named."""

PEOPLE_WORDS: Final = ("owner", "tier", "followers")
"""Whom a notice may name besides targets: who has it, whom the present tier pages, who follows it."""

PauseWord = Literal[
    "new",
    "triage",
    "investigating",
    "mitigating",
    "snoozed",
    "pending",
    "pending:customer",
    "pending:vendor",
    "pending:problem",
    "maintenance",
]
"""What a clock may stand still on: a status, whom a pending ticket waits for, or a maintenance window."""

OnReopen = Literal["resume", "restart", "keep"]


def read_threshold(value: object) -> str:
    """Read a threshold into the one way it is kept.

    Args:
        value: `75`, `75%`, `-8h` (before the due), `+3bd` (after it), `100%` or `breach`.

    Returns:
        `75%`, `-8h`, `+3bd` or `breach`.

    Raises:
        ValueError: when it is none of these.
    """
    if isinstance(value, str) and value.strip().lower() == BREACH:
        return BREACH
    bare = isinstance(value, str) and value.strip().replace(".", "", 1).isdigit()
    found = parse_threshold(f"{value}%" if bare else value)
    if found.percent == 100 or (found.offset is not None and found.offset.empty):
        return BREACH
    if found.percent is not None and not 0 < found.percent <= 1000:
        raise ValueError(f"{value} is no percentage of a clock; write 1% to 1000%")
    return str(found)


Threshold = Annotated[
    str,
    BeforeValidator(read_threshold, json_schema_input_type=int | float | str),
    WithJsonSchema({"type": ["integer", "number", "string"], "examples": [50, "75%", "-8h", "+3bd", "breach"]}),
]
"""A point on a clock: a percentage of its target, an offset from its due, or the due itself."""


def _target_budget(value: Any) -> Any:
    return NEVER if value == NEVER else parse_budget(value)


Promise = Annotated[
    Budget | Literal["never"],
    BeforeValidator(_target_budget, json_schema_input_type=str),
    PlainSerializer(lambda v: v if v == NEVER else str(v), return_type=str),
    WithJsonSchema({"type": "string", "examples": ["15m", "4h", "2bd", "1bd 4h", "never"]}),
]
"""The target of a clock: a length of open time, business days, or `never` where nothing is promised."""


def _by_severity(value: Any) -> Any:
    return value if value is None or isinstance(value, dict) else {"default": value}


SeverityOrDefault = Literal["sev1", "sev2", "sev3", "sev4", "sev5", "default"]
PromiseBySeverity = Annotated[
    dict[SeverityOrDefault, Promise],
    BeforeValidator(_by_severity, json_schema_input_type=Promise | dict[SeverityOrDefault, Promise]),
]


def _whom_listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _named(text: str) -> str:
    return text if text in PEOPLE_WORDS else str(parse_target(text))


WhomText = Annotated[str, AfterValidator(_named)]
"""`owner`, `tier`, `followers`, or a target."""

Whom = Annotated[
    list[WhomText],
    BeforeValidator(_whom_listed, json_schema_input_type=str | list[str]),
    Field(min_length=1, max_length=20),
]


class ActionSpec(Written):
    """What a threshold does: exactly one of these; a threshold may have several."""

    notify: Whom | None = None
    """Tell them: `owner`, `tier` (whom the present tier pages), `followers`, or any target."""
    ask_owner: str | None = Field(None, min_length=1, max_length=512)
    """Ask whoever has it this question; the people of the tier when nobody has it."""
    raise_severity: Severity | None = None
    """Raise the severity to this; nothing happens when it is as high already."""
    climb: str | None = Field(None, min_length=1, max_length=64)
    """Take it up: to a tier by name, or to the `next` one."""

    @model_validator(mode="after")
    def _exactly_one(self) -> ActionSpec:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            names = ", ".join(type(self).model_fields)
            raise ValueError(f"an action says exactly one thing; write one of {names}")
        return self


def _actions(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


Actions = Annotated[
    list[ActionSpec],
    BeforeValidator(_actions, json_schema_input_type=ActionSpec | list[ActionSpec]),
    Field(max_length=10),
]


class ClockSpec(Written):
    """A clock: its target, the time it counts in, and what its thresholds do."""

    calendar: Identifier | None = None
    """The calendar it counts in (`calendars/*.yaml`); around the clock without one."""
    target: PromiseBySeverity = Field(default_factory=dict)
    """By when, by severity; `never` where nothing is promised."""
    customers: dict[Annotated[str, Field(min_length=1, max_length=64)], PromiseBySeverity] = Field(default_factory=dict)
    """Other targets for customers of a tier; severities that are not named keep `target`."""
    pause_on: list[PauseWord] = Field(default_factory=list)
    """It stands still while the ticket is this: a status, `pending:customer`, `maintenance`, …"""
    warn_at: list[Threshold] = Field(default_factory=list, max_length=10)
    """Thresholds at which somebody is warned: a percentage, or an offset from the due (`-8h`, `+3bd`)."""
    on: dict[Threshold, Actions] = Field(default_factory=dict)
    """What a threshold does; without it the owner (or the tier) is told, and the followers too of a breach."""
    boundary: Boundary = "at_close"
    """Where a due falls that ends exactly with the open time: at the close, or at the next opening."""
    end_of_day: bool = False
    """Round a target in business days to the last close of its day."""


class FirstResponseSpec(ClockSpec):
    """From the opening to the first public reply to the customer."""

    target: PromiseBySeverity
    stops_on: list[Literal["acknowledgement"]] = Field(default_factory=list)
    """What stops it besides a reply and the resolution."""


class UpdateSpec(ClockSpec):
    """From the first unanswered message of the customer to the reply; with `every`, from each update to the next."""

    every: PromiseBySeverity = Field(default_factory=dict)
    """A fixed rhythm instead of `target`: the customer hears something this often, asked or not."""
    opening_counts: bool = False
    """Whether the opening is the customer's first message (tickets that customers open)."""

    @model_validator(mode="after")
    def _one_mode(self) -> UpdateSpec:
        if bool(self.target) == bool(self.every):
            raise ValueError("it has one rhythm; give either `target` (after a message of the customer) or `every`")
        return self


class ResolutionSpec(ClockSpec):
    """From the opening to the resolution."""

    target: PromiseBySeverity


class TierClockSpec(ClockSpec):
    """From the entry into a tier to leaving it or the resolution: what tiers promise each other (OLA)."""

    target: PromiseBySeverity


class ClocksSpec(Written):
    """The clocks of a policy."""

    first_response: FirstResponseSpec | None = None
    """Until the first public reply to the customer."""
    update: UpdateSpec | None = None
    """Until the customer's message is answered, or until the next update."""
    resolution: ResolutionSpec | None = None
    """Until it is solved."""
    on_reopen: OnReopen = "resume"
    """What a reopening does: `resume` with what was left, `restart` from nothing, or `keep` the first result."""
