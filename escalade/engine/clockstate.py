"""What a ticket keeps of a clock: what was promised, what has run, and when it stood still. Never when it is due."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from escalade.time.budgets import Budget
from escalade.time.instants import Instant

TIER: Final = "tier"
"""The name of the clock of the present tier."""

Stopped = Literal["reply", "acknowledgement", "resolution", "left", "ended"]
"""What stopped a clock; `ended` judges nothing: the ticket ended in another way (a merge)."""


class Standstill(BaseModel):
    """A time at which a clock stood still."""

    model_config = ConfigDict(frozen=True)

    start: Instant
    end: Instant
    on: str = ""
    """Why: `pending:customer`, `snoozed`, `resolved`, …"""


class ClockRun(BaseModel):
    """A clock of a ticket. Its due is derived from this and its calendar, and never kept."""

    model_config = ConfigDict(frozen=True)

    name: str
    """`first_response`, `update`, `resolution`, or `tier`."""
    tier: int = 0
    """The index of the tier, for the clock of a tier."""
    started_at: Instant
    """Where it counts from."""
    budget: Budget | None = None
    """What was promised, at the severity of the moment; None where nothing is."""
    pauses: list[Standstill] = Field(default_factory=list)
    """The ledger of standstills, in order, each after the one before; bounded, without loss of what was counted."""
    paused_at: Instant | None = None
    """Standing still since then."""
    paused_on: str = ""
    stopped_at: Instant | None = None
    stopped_by: Stopped | None = None
    met: bool | None = None
    """Whether it stopped in time; None while it runs, where nothing was promised, and where nothing is judged."""
    passed: list[str] = Field(default_factory=list)
    """The thresholds that are behind it."""
    told: dict[str, list[Instant]] = Field(default_factory=dict)
    """By threshold: the dues for which it was told. It is never told twice for the same one."""

    @property
    def running(self) -> bool:
        """Whether it has not stopped; it may stand still."""
        return self.stopped_at is None


class Unheard(BaseModel):
    """What clocks passed while the tier was closed: whoever would have been woken for it hears of it at the opening."""

    model_config = ConfigDict(frozen=True)

    since: Instant
    """It waits for the opening after this."""
    words: list[str] = Field(default_factory=list)
    """Who is to hear of it: `owner`, `tier`, `followers`; whoever that is by then."""
    questions: list[str] = Field(default_factory=list)
    """What the owner is asked."""
    said: list[str] = Field(default_factory=list)


class Said(BaseModel):
    """Something that was said to or by the customer, or the resolution, which answers everything before it."""

    model_config = ConfigDict(frozen=True)

    at: Instant
    """When it was said, whenever it was heard of."""
    what: Literal["message", "reply", "resolution"]


class TierUse(BaseModel):
    """How much of the time a tier has used."""

    model_config = ConfigDict(frozen=True)

    tier: str
    visits: int = 0
    wall: timedelta = timedelta(0)
    """By the wall clock, pauses included."""
    business: timedelta = timedelta(0)
    """Open time in the tier's calendar, without what the ticket was snoozed or pending."""
