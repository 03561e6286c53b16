"""Inputs and outputs of the activities."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field

from escalade.maintenance.pinned import NotedWindow, PinnedWindow
from escalade.people.resolve import ContactPlan, ResolvedRound, RoundRequest
from escalade.policy.pinned import PinnedPolicy
from escalade.record import Entry, Head
from escalade.ticket import Severity, Status, Ticket
from escalade.time.durations import Duration
from escalade.time.instants import Instant
from escalade.time.pinned import PinnedCalendar
from escalade.written import Sent

Outcome = Literal["accepted", "delivered", "failed", "crossed", "unknown", "skipped", "digested"]
"""What became of a delivery: the provider took it, confirmed it, refused it; it was in the air while somebody
acknowledged; nobody can say; it was not attempted (the reason is in `detail`); it waits in a digest."""

Purpose = Literal["round", "contact_step", "responder", "catch_all", "notice", "test", "digest", "digested", "check"]
"""Why somebody is told. `digest` is the message that gathers several tickets, `digested` one ticket's part in it;
`check` asks whether the roster knows somebody, and tells nobody."""


class AdmitRequest(Sent):
    """A ticket that wants a policy."""

    key: str
    life: str
    ticket: Ticket
    at: Instant | None = None
    """When it asks, as the ticket sees it: the worker's own clock may be off."""


class Admission(Sent):
    """What `admit` decided."""

    policy: PinnedPolicy
    engine: int = 1
    """The rules' number in the worker that admitted it: its run keeps it until continue-as-new (decision 40)."""
    why: str
    """Why this policy."""
    merged_into: str | None = None
    """The ticket that took this key over by a merge, when that one is still open."""
    handled: dict[str, int] = Field(default_factory=dict)
    """Event ids (hashed) that an earlier life of this key has handled, with their epoch seconds."""
    notes: list[str] = Field(default_factory=list)
    """What a reader should know: "the store was down, merges not looked up"."""
    windows: list[PinnedWindow] = Field(default_factory=list)
    """The maintenance windows that may concern it, now and later."""
    ask_windows: bool = False
    """Whether those made by command could not be looked up: the ticket asks again."""


class CalendarsRequest(Sent):
    """Calendars of a ticket that come near the end of their horizon."""

    names: list[str]
    since: Instant
    """How far back they have to reach."""
    months: int
    """How far ahead of now."""
    at: Instant | None = None
    """Now, as the ticket sees it: the worker's own clock may be off."""


class CalendarsResult(Sent):
    """The calendars that are still configured, worked out further."""

    calendars: dict[str, PinnedCalendar] = Field(default_factory=dict)
    error: str = ""


class ResolveRequest(Sent):
    """Whom a round is to reach."""

    key: str
    round_id: str
    request: RoundRequest
    at: Instant | None = None
    """The instant of the round, as the ticket sees it: the worker's own clock may be off."""


class PagePerson(Sent):
    """One recipient of a page, and the methods to use now."""

    target: str
    why: str
    methods: list[ContactPlan]
    fallbacks: list[ContactPlan] = Field(default_factory=list)
    digest: str = ""
    """Why they are told in a digest, and not now; empty when they are told now."""


class TicketBrief(Sent):
    """What a message says about a ticket."""

    key: str
    life: str
    title: str
    description: str = ""
    severity: Severity
    status: Status
    service: str = ""
    policy: str = ""
    tier: str = ""
    tier_number: int = 0
    tier_role: str = ""
    tier_reason: str = ""
    first_action: str = ""
    rung: int = 0
    round: int = 0
    runbook: str = ""
    links: list[str] = Field(default_factory=list)
    owner: str = ""
    opened_at: Instant
    acknowledge_by: Instant | None = None
    """When the ladder climbs unless somebody acknowledges."""


class Snapshot(Sent):
    """The current state of a ticket for lists: one row of the projection. Never authority."""

    key: str
    life: str
    version: int
    """Grows with every change within a life; an older snapshot never replaces a newer one."""
    title: str
    severity: Severity
    status: Status
    service: str = ""
    source: str = ""
    team: str = ""
    policy: str = ""
    tier: int = 0
    tier_name: str = ""
    rung: int = 0
    owner: str = ""
    acknowledged: bool = False
    paged: list[str] = Field(default_factory=list)
    """Who was paged on the current rung."""
    followers: list[str] = Field(default_factory=list)
    labels: dict[str, str] = Field(default_factory=dict)
    customer_tier: str = ""
    opened_at: Instant
    updated_at: Instant
    due_at: Instant | None = None
    due_what: str = ""
    next_due_at: Instant | None = None
    """The earliest due of any kind, as of this snapshot: a round that was made since has moved it."""
    next_due_what: str = ""
    """What happens then; empty in rows of before."""
    holding: bool = False
    """Whether it waits for somebody to be on duty: a changed roster is to be told to it (decision 15)."""
    spared: list[str] = Field(default_factory=list)
    """Who has acknowledged here and is not told again, while others of the quorum are."""
    merged_into: str = ""
    windows: list[NotedWindow] = Field(default_factory=list)
    """The maintenance windows it knows: it is told when there are others."""
    maintenance_until: Instant | None = None
    """When the maintenance ends that it is in."""
    handled: dict[str, int] = Field(default_factory=dict)
    """Only in the last snapshot of a life: the event ids it has handled, for the next life on this key."""


class PageRequest(Sent):
    """Send these pages. Idempotent per round, target, method and contact step."""

    round_id: str
    purpose: Purpose = "round"
    brief: TicketBrief
    people: list[PagePerson]
    scheduled_at: Instant
    """When the round was due: the page's lateness is measured from here."""
    deliver_within: Duration = timedelta(seconds=60)
    subject: str = ""
    text: str = ""
    """For a notice: what is to be said."""
    request: RoundRequest | None = None
    """Ask the roster for this instead of taking `people`, and tell whom it names."""
    asked_at: Instant | None = None
    """The instant to ask the roster about, as the ticket sees it."""
    batch: JournalBatch | None = None
    """Entries that wait to be written: the page takes them along."""
    form: Literal["", "duty"] = ""
    """`duty` for a notice about duty, and about no ticket."""
    tickets: list[TicketBrief] = Field(default_factory=list)
    """For a digest: what is in it, the worst first."""
    only_find_out: bool = False
    """Send nothing: say what the ledger knows of this round, whose page ended with its worker."""


class Receipt(Sent):
    """What became of one delivery."""

    target: str
    method: str
    channel: str
    step: int = 0
    """The contact step; -1 for a fallback."""
    outcome: Outcome
    at: Instant
    message_id: str = ""
    provider_id: str = ""
    detail: str = ""
    possibly_twice: bool = False
    """True when an earlier attempt was started and its outcome never recorded."""
    at_night: bool = False
    """Whether it was between 22:00 and 07:00 where the person is."""

    @property
    def reached(self) -> bool:
        """Whether the message is on its way or there."""
        return self.outcome in ("accepted", "delivered", "crossed", "digested")


class PageResult(Sent):
    """What became of a page."""

    receipts: list[Receipt] = Field(default_factory=list)
    written: bool = False
    """Whether the delivery entries, and the batch taken along, are in the journal. Otherwise the ticket writes
    both later, the delivery entries from the receipts and under the same ids."""
    head: Head | None = None
    truncated: bool = False
    """True when the journal was shorter than the ticket remembered."""
    notes: list[str] = Field(default_factory=list)
    """What a reader should know: "the store was down, budgets ignored"."""
    resolved: ResolvedRound | None = None
    """What the roster said, when it was asked."""
    held_back: bool = False
    """True when somebody has a later contact step that a slow delivery would hold up: nobody was told yet, and
    the ticket sends them pages of their own."""


class JournalBatch(Sent):
    """Entries to write, in order, and the state after them."""

    stream: str
    life: str
    entries: list[Entry] = Field(default_factory=list)
    snapshot: Snapshot | None = None
    known: Head | None = None
    """The head the ticket last saw: a shorter stream means that history was truncated."""


class JournalAck(Sent):
    """What was written."""

    head: Head
    truncated: bool = False
    """True when the stream was shorter than the ticket remembered."""


class DigestDue(Sent):
    """A digest that waits for its time."""

    target: str
    digest_id: str
    leaves_at: Instant


class DigestRequest(Sent):
    """Send this digest, if there is room for it."""

    target: str
    digest_id: str
    at: Instant
    """The instant, as the digest's workflow sees it."""


class DigestSent(Sent):
    """What became of a digest."""

    told: int = 0
    """Tickets it told of."""
    failed: int = 0
    dropped: int = 0
    """Tickets that need not be told of any more."""
    again_at: Instant | None = None
    """Nothing was sent: there is room for it at this instant."""
    why: str = ""
    """Why it waits."""


class StepRequest(Sent):
    """Run a step for a ticket."""

    step_id: str
    use: str
    version: str = ""
    config: dict[str, Any] = Field(default_factory=dict)
    brief: TicketBrief


class WebhookRequest(Sent):
    """One signed call out."""

    url: str
    body: dict[str, Any]
    message_id: str
    secret_name: str = ""
