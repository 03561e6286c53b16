"""What the engine wants done, as data. Each stays in the state until its outcome came back.

The shell compares what is pending with what is running: what is new is started, what is gone is cancelled, and
what is marked cancelled is cancelled but waited for, because its receipts still belong in the journal.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from escalade.maintenance.pinned import PinnedWindow
from escalade.messages.activities import PagePerson, Purpose, Receipt
from escalade.people.resolve import ResolvedRound, RoundRequest
from escalade.policy.pinned import PinnedStep
from escalade.record import Head
from escalade.time.instants import Instant
from escalade.time.pinned import PinnedCalendar


class Effect(BaseModel):
    """Something to be done beside the clock."""

    id: str
    rung: int
    cancelled: bool = False
    """Paging stopped: no attempt may start any more; the receipts of what was sent are still wanted."""


class ResolveRound(Effect):
    """Find out whom a round reaches."""

    kind: Literal["resolve"] = "resolve"
    purpose: Purpose = "round"
    round: int
    round_id: str = ""
    """What the delivery ledger knows the round by; asking again keeps it."""
    request: RoundRequest
    after: str = ""
    """As for pages."""
    due_at: Instant
    subject: str = ""
    text: str = ""


class SendPages(Effect):
    """Send pages to these people now."""

    kind: Literal["page"] = "page"
    round_id: str
    """What the delivery ledger knows the round by; a page that replaces another keeps it."""
    purpose: Purpose = "round"
    round: int
    people: list[PagePerson]
    due_at: Instant
    candidates_left: int = 0
    after: str = ""
    """The page this one replaces: it starts when that one has handed back its receipts, or both would send."""
    others_told: bool = False
    """Others of this round acknowledged meanwhile and were taken out: its failing is not the whole round's."""
    subject: str = ""
    text: str = ""


class RunStep(Effect):
    """Start a step in a workflow of its own; its outcome comes by signal."""

    kind: Literal["step"] = "step"
    step: PinnedStep
    started: bool = False
    """Started steps are not started again after continue-as-new."""


class TellTicket(Effect):
    """Send another ticket a signal."""

    kind: Literal["tell"] = "tell"
    key: str
    signal: str
    payload: dict[str, Any]


class LookUpWindows(Effect):
    """Find out which maintenance windows may concern the ticket."""

    kind: Literal["windows"] = "windows"


class ExtendCalendars(Effect):
    """Have the calendars of the policy worked out further, before anything falls due beyond their horizon."""

    kind: Literal["calendars"] = "calendars"
    names: list[str]
    months: int
    """How far ahead of the moment."""
    since: Instant
    """How far back they have to reach."""


AnyEffect = Annotated[
    ResolveRound | SendPages | RunStep | TellTicket | LookUpWindows | ExtendCalendars, Field(discriminator="kind")
]


class PagesSent(BaseModel):
    """What became of pages."""

    effect: str
    receipts: list[Receipt] = Field(default_factory=list)
    written: bool = False
    """Whether the sender has put the delivery entries into the journal."""
    head: Head | None = None
    error: str = ""
    """Why it could not be attempted at all."""
    notes: list[str] = Field(default_factory=list)


class RoundResolved(BaseModel):
    """Whom a round reaches."""

    effect: str
    resolved: ResolvedRound
    sent: PagesSent | None = None
    """What became of the pages when the sender had asked the roster itself and gone on to tell whom it named."""


class WindowsFound(BaseModel):
    """Which maintenance windows may concern the ticket."""

    effect: str
    windows: list[PinnedWindow] = Field(default_factory=list)


class StepFinished(BaseModel):
    """What became of a step."""

    effect: str
    outcome: Literal["done", "failed", "lost"]
    text: str = Field("", max_length=4000)
    data: dict[str, Any] = Field(default_factory=dict)


class CalendarsExtended(BaseModel):
    """The calendars, worked out further."""

    effect: str
    calendars: dict[str, PinnedCalendar] = Field(default_factory=dict)
    """Those that are still configured."""
    error: str = ""


class TicketTold(BaseModel):
    """Whether another ticket could be told."""

    effect: str
    delivered: bool
    error: str = ""
