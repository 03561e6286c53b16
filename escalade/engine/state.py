"""The state of a ticket: everything that must survive, in one model.

It crosses continue-as-new, so fields are only ever added, with defaults. Instants are absolute UTC.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from escalade.effects import AnyEffect
from escalade.engine.calendars import tier_time
from escalade.engine.clockstate import ClockRun, Said, TierUse, Unheard
from escalade.maintenance.pinned import PinnedWindow, Span
from escalade.messages.activities import Receipt
from escalade.people.resolve import ContactPlan
from escalade.policy.pinned import PinnedPolicy, PinnedTier, TierTimes
from escalade.record import Entry, Head
from escalade.ticket import Actor, Status, Ticket
from escalade.time.instants import Instant
from escalade.time.open_time import ALWAYS, OpenTime

ENGINE: Final = 4
"""The meaning of these rules. Every change of meaning is a branch on `TicketState.engine` (decision 40).

2: a workflow task that takes in an outcome always commands something (`workflows.ticket`).
3: clocks, calendars of tiers, and how much of the time each tier used; clocks wake nobody of a closed tier; rounds keep
to people's limits, quiet hours and rest; the catch-all of an empty tier leads on when it fails; a provider takes back
the one message that it names; one's own acknowledgement is given up alone; the roster is asked about an acknowledger
whom the ticket does not know.
4: what a clock has to say to those whom the first round pages waits until it is known who they are; a blank reason is
refused; nobody is informed of what they did themselves.
"""

RHYTHM: Final = tuple(timedelta(minutes=m) for m in (1, 2, 4, 8, 15))
"""The waits after passes that reached nobody, and between rounds of the catch-all (decision 4)."""

BREATH: Final = timedelta(minutes=1)
"""A repeat that would come sooner after a late round than this, and than half its rhythm, is left out."""

PUNCTUAL: Final = timedelta(seconds=5)
"""Handled within this of its due instant, a thing counts as having happened at it (decision 1)."""


class Acknowledgement(BaseModel):
    """Somebody said: I have it."""

    model_config = ConfigDict(frozen=True)

    by: Actor
    at: Instant
    counts: bool
    """Whether it counts toward the quorum: a person who was paged on this rung."""


class DueStep(BaseModel):
    """A later contact step of a person's own rules."""

    model_config = ConfigDict(frozen=True)

    target: str
    why: str
    plan: ContactPlan
    due: Instant


class Told(BaseModel):
    """Somebody who was told in this visit of the tier."""

    model_config = ConfigDict(frozen=True)

    why: str
    first_at: Instant
    fallbacks: list[ContactPlan] = Field(default_factory=list)
    receipts: list[Receipt] = Field(default_factory=list)
    anew: bool = False
    """Whether their own rules count from their next page: the tier began anew, or only a digest has told them yet."""


class Visit(BaseModel):
    """One stay in a tier. Every entry into a tier is a new visit with a new rung."""

    rung: int
    tier: int
    """The index of the tier; one past the last is the catch-all."""
    entered_at: Instant
    t0: Instant
    """Where limits and rounds are counted from; moves with every pause, and when an acknowledgement is lost."""
    targets: list[str]
    reassigned: bool = False
    """Whether the targets are not the tier's own."""
    rounds: int = 0
    last_round_at: Instant | None = None
    round_now: bool = False
    """A round is owed at once, outside the rhythm."""
    told: dict[str, Told] = Field(default_factory=dict)
    turn: list[str] = Field(default_factory=list)
    """Who had their turn (`one_at_a_time`, `fair`)."""
    turn_reached: bool = False
    steps: list[DueStep] = Field(default_factory=list)
    acks: list[Acknowledgement] = Field(default_factory=list)
    acknowledged_at: Instant | None = None
    """Set while paging has stopped because somebody has it."""
    resolve_anchor: Instant | None = None
    """The first time in this visit that it was acknowledged: the resolve limit counts from it."""
    worked_at: Instant | None = None
    """The last sign of work since the acknowledgement: its expiry counts from it."""
    reminded: bool = False
    first_work: bool = False
    """Whether the receiver's first work has been recorded (handoff delay)."""
    caps: dict[str, Instant] = Field(default_factory=dict)
    """Instants that a raise of the severity must not push later, by kind of due."""
    reached_before: bool = False
    """Whether this pass had reached somebody before it came here."""
    failed_early: list[tuple[str, ...]] = Field(default_factory=list)
    """Failures that a provider reported before the page's own outcome was in: target, method, detail, and the
    provider's name for the message."""
    room_at: Instant | None = None
    """When a round is made that found everybody over their limits: the first instant with room (decision 17)."""
    crowded: bool = False
    """Whether a round was made again because no turn to send it came."""
    dropped: bool = False
    """Whether a round was made again because a digest left somebody out who was to be told."""
    holding: bool = False
    hold_until: Instant | None = None
    steps_owed: bool = False
    """Whether its steps have not been started because it came here in maintenance."""
    began_at: Instant | None = None
    """Where t0 was before any pause moved it: business days are counted out from there, once."""
    resolve_began_at: Instant | None = None
    """The same for the resolve limit."""
    owed_at: Instant | None = None
    """Since when a round is owed that the tier's calendar puts off to its opening."""
    paused_wall: timedelta = timedelta(0)
    """How long it was snoozed or pending in this visit, …"""
    paused_business: timedelta = timedelta(0)
    """… and how much of that was open time of the tier."""
    used: bool = False
    """Whether its time is in `TicketState.used` already (it was resolved here)."""


class Pause(BaseModel):
    """Rounds and limits stand still."""

    kind: Literal["snoozed", "pending"]
    since: Instant
    until: Instant
    status: Status
    """Where it comes back to."""
    on: str = ""
    by: str = ""


class Maintenance(BaseModel):
    """A maintenance window covers it: rounds and limits stand still."""

    model_config = ConfigDict(frozen=True)

    since: Instant
    until: Instant
    counted_from: Instant
    """Since when time has stood still by it: later than its beginning when a pause came in between."""
    windows: list[str]
    """What they are called."""
    reason: str = ""


class TicketState(BaseModel):
    """A ticket, whole."""

    engine: int = 1
    """Which meaning of the rules this run follows: told by its admission, so that it is part of history."""
    key: str
    life: str
    run: str
    """The current run id: the first part of entry ids."""
    entry_n: int = 0
    effect_n: int = 0
    version: int = 0
    ticket: Ticket
    opened_at: Instant
    status: Status = Status.NEW
    policy: PinnedPolicy | None = None
    policy_why: str = ""
    visit: Visit | None = None
    rung: int = 0
    """The rung of the newest visit."""
    pause: Pause | None = None
    maintenance: Maintenance | None = None
    covered: Span | None = None
    """The window that covers it while it is paused: only clocks that stand still on maintenance notice."""
    windows: list[PinnedWindow] = Field(default_factory=list)
    """The maintenance windows that may concern it, now and later."""
    windows_seen: Instant | None = None
    """Up to when it has lived through them."""
    windows_asked: str = ""
    """The newest question after them."""
    owner: str = ""
    owner_is_person: bool = True
    followers: list[str] = Field(default_factory=list)
    responders: list[str] = Field(default_factory=list)
    paged: list[str] = Field(default_factory=list)
    """Everybody who was ever paged for it, in order."""
    passes: int = 0
    """Extra passes through the ladder so far."""
    pass_reached: bool = False
    """Whether this pass reached anybody."""
    barren: int = 0
    """Passes in a row that reached nobody."""
    next_pass_at: Instant | None = None
    bounces: int = 0
    reopens: int = 0
    resolved_at: Instant | None = None
    reopen_until: Instant | None = None
    closed_at: Instant | None = None
    merging: str = ""
    merge_said: str = ""
    """Digest of what the ticket it is being merged into was told of it."""
    merged_into: str = ""
    merged_from: list[str] = Field(default_factory=list)
    repeats: int = 0
    last_payload: str = ""
    """Digest of the newest payload of the same key: an identical one is counted, not written again."""
    next_ticket: Ticket | None = None
    """The same key arrived again after it was closed: the next life begins with this."""
    handled: dict[str, int] = Field(default_factory=dict)
    """Event ids, hashed → epoch seconds, oldest first."""
    pending: dict[str, AnyEffect] = Field(default_factory=dict)
    outbox: list[Entry] = Field(default_factory=list)
    """Entries that are not in the journal yet."""
    dropped: int = 0
    """Entries summarised because the store was away for too long (decision 25)."""
    tail: list[Entry] = Field(default_factory=list)
    """The newest entries, for queries."""
    head: Head | None = None
    clocks: dict[str, ClockRun] = Field(default_factory=dict)
    """By name, those that stopped included."""
    unheard: Unheard | None = None
    """What clocks passed in closed time, and nobody was woken for."""
    said: list[Said] = Field(default_factory=list)
    """The exchange with the customer, by its own instants: the update clock is derived from it (`exchange`)."""
    replied_at: Instant | None = None
    """The first public reply to the customer."""
    used: list[TierUse] = Field(default_factory=list)
    """How much of the time each tier used, visits that are over."""
    horizon_tried_at: Instant | None = None
    """When calendars were last asked for beyond their horizon, in vain or not."""
    updated_at: Instant

    def fork(self) -> TicketState:
        """A copy that may be changed: containers are new, what they hold is frozen or replaced whole."""
        copy = self.model_copy()
        for name in ("followers", "responders", "paged", "merged_from", "outbox", "tail", "used"):
            setattr(copy, name, list(getattr(self, name)))
        copy.clocks = dict(self.clocks)
        copy.handled = dict(self.handled)
        copy.pending = dict(self.pending)
        if self.visit is not None:
            visit = self.visit.model_copy()
            for name in ("targets", "turn", "steps", "acks", "failed_early"):
                setattr(visit, name, list(getattr(visit, name)))
            visit.told = dict(visit.told)
            visit.caps = dict(visit.caps)
            copy.visit = visit
        return copy

    @property
    def stands_still(self) -> bool:
        """Whether neither rounds nor limits run: snoozed, pending, or in maintenance."""
        return self.pause is not None or self.maintenance is not None

    @property
    def in_catch_all(self) -> bool:
        """Whether the ladder is behind it and only the catch-all is left."""
        return self.visit is not None and self.policy is not None and self.visit.tier >= len(self.policy.tiers)

    @property
    def tier(self) -> PinnedTier | None:
        """The tier it is in; None before admission and in the catch-all."""
        if self.visit is None or self.policy is None or self.in_catch_all:
            return None
        return self.policy.tiers[self.visit.tier]

    @property
    def tier_name(self) -> str:
        """What the rung is called."""
        tier = self.tier
        return tier.name if tier else "catch-all" if self.in_catch_all else ""

    @property
    def times(self) -> TierTimes:
        """The times that apply now. The catch-all takes its resolve limit from the last tier."""
        tier = self.tier
        if tier is not None:
            return tier.times[self.ticket.severity]
        if self.policy is None:
            return TierTimes()
        last = self.policy.tiers[-1].times[self.ticket.severity]
        return TierTimes(resolve_within=last.resolve_within, acknowledgement_lasts=last.acknowledgement_lasts)

    @property
    def time(self) -> OpenTime:
        """The open time by which the present tier works at the present severity."""
        return tier_time(self.policy, self.visit.tier, self.ticket.severity) if self.visit is not None else ALWAYS

    @property
    def is_acknowledged(self) -> bool:
        """Whether somebody has it."""
        return self.visit is not None and self.visit.acknowledged_at is not None


def new_state(ticket: Ticket, *, key: str, life: str, run: str, now: datetime) -> TicketState:
    """The state of a ticket that has just arrived.

    Args:
        ticket: what was sent, already readable.
        key: its key.
        life: the first run id of its workflow.
        run: the run id.
        now: the instant of its arrival, UTC.
    """
    return TicketState(key=key, life=life, run=run, ticket=ticket, opened_at=now, updated_at=now)


def rhythm(n: int) -> timedelta:
    """The wait after the n-th fruitless try (1-based): 1, 2, 4, 8, then 15 minutes."""
    return RHYTHM[min(max(n, 1), len(RHYTHM)) - 1]
