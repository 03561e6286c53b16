"""What a ticket answers: to commands, and to queries."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from escalade.messages.activities import Receipt
from escalade.record import Entry, Head
from escalade.ticket import Severity, Status, Ticket
from escalade.time.instants import Instant
from escalade.written import Sent


class Upcoming(Sent):
    """Something that will happen unless somebody acts."""

    at: Instant
    kind: str
    what: str
    why: str


class Answer(Sent):
    """What a ticket says to a command."""

    key: str
    text: str
    """One sentence for a person."""
    status: Status
    severity: Severity
    tier: str = ""
    rung: int = 0
    owner: str = ""
    acknowledged: bool = False
    duplicate: bool = False
    """True when this event id had been handled before: nothing changed now."""
    confirmed: bool = True
    """False when Temporal holds the command and no worker has handled it yet."""
    next: Upcoming | None = None


class Told(Sent):
    """Somebody who was told on the current rung."""

    target: str
    why: str
    first_at: Instant
    receipts: list[Receipt] = Field(default_factory=list)


class ClockView(Sent):
    """A clock of a ticket, as of the instant it was asked for."""

    name: str
    """`first_response`, `update`, `resolution`, `tier`."""
    title: str
    """What people call it."""
    state: Literal["running", "paused", "met", "missed", "ended", "nothing promised"]
    target: str = ""
    calendar: str = ""
    """Empty is around the clock."""
    started_at: Instant
    due: Instant | None = None
    """None while it stands still, and where nothing is promised."""
    breached: bool = False
    """Whether its due has passed, or it was stopped after it."""
    consumed: timedelta = timedelta(0)
    left: timedelta | None = None
    """Negative when more is used than was promised."""
    next_at: Instant | None = None
    """The next threshold, and which one."""
    next_threshold: str = ""
    paused_since: Instant | None = None
    paused_on: str = ""
    stopped_at: Instant | None = None
    stopped_by: str = ""
    met: bool | None = None


class ThresholdAt(Sent):
    """A threshold and when it is, or was, reached."""

    at: Instant | None
    threshold: str
    passed: bool


class ClockWhy(Sent):
    """Why a clock is due when it is."""

    clock: ClockView
    seconds: float | None = None
    """What was promised, in seconds of open time."""
    thresholds: list[ThresholdAt] = Field(default_factory=list)
    explanation: list[str] = Field(default_factory=list)
    """What was counted, what was not, and why."""


class TierUsed(Sent):
    """How much of the time a tier used."""

    tier: str
    visits: int
    wall: timedelta
    business: timedelta
    """Its own open time, without what the ticket was snoozed or pending."""


class TicketView(Sent):
    """Everything a page about a ticket shows."""

    key: str
    life: str
    ticket: Ticket
    status: Status
    status_name: str
    policy: str = ""
    policy_digest: str = ""
    policy_why: str = ""
    tier: int = 0
    tier_name: str = ""
    tiers: list[str] = Field(default_factory=list)
    rung: int = 0
    round: int = 0
    entered_at: Instant | None = None
    owner: str = ""
    acknowledged: bool = False
    acknowledgements: list[str] = Field(default_factory=list)
    quorum: int = 1
    followers: list[str] = Field(default_factory=list)
    responders: list[str] = Field(default_factory=list)
    bounces: int = 0
    passes: int = 0
    opened_at: Instant
    paused_until: Instant | None = None
    paused_why: str = ""
    maintenance_until: Instant | None = None
    """When the maintenance ends that it is in."""
    maintenance_why: str = ""
    """By which windows."""
    resolved_at: Instant | None = None
    merged_into: str = ""
    told: list[Told] = Field(default_factory=list)
    upcoming: list[Upcoming] = Field(default_factory=list)
    waiting_for: str = ""
    """What the ticket waits for, in a sentence; also when nothing is due."""
    timeline: list[Entry] = Field(default_factory=list)
    """The newest entries; the journal has all of them."""
    unwritten: int = 0
    """Entries that still wait for the store."""
    under_way: list[str] = Field(default_factory=list)
    """Effects that were started and have not come back: pages being sent, steps that run, tickets being told."""
    head: Head | None = None
    repeats: int = 0
    """How often the same key arrived again while open."""
    clocks: list[ClockView] = Field(default_factory=list)
    used: list[TierUsed] = Field(default_factory=list)
    """How much of the time each tier used, the present visit included."""
