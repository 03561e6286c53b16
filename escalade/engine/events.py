"""What can happen to a ticket, besides the commands (`escalade.messages`) and outcomes (`escalade.effects`)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from escalade.effects import CalendarsExtended, PagesSent, RoundResolved, StepFinished, TicketTold, WindowsFound
from escalade.messages.activities import Admission, JournalAck, Receipt
from escalade.messages.commands import Command
from escalade.ticket import Severity, Ticket


class Tick(BaseModel):
    """Time has come, perhaps."""


class Admitted(BaseModel):
    """The ticket has its policy."""

    admission: Admission


class Opened(BaseModel):
    """The same key arrived again."""

    ticket: Ticket
    problems: list[str] = Field(default_factory=list)

    @property
    def event_id(self) -> str:
        """What makes a repetition of the request recognisable."""
        return self.ticket.event_id or ""


class MergedHere(BaseModel):
    """Another ticket was merged into this one."""

    key: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,127}$")
    title: str = Field("", max_length=1024)
    severity: Severity = Severity.SEV5
    followers: list[Annotated[str, Field(max_length=128)]] = Field(default_factory=list, max_length=200)
    final: bool = False
    """Whether it was taken in already, and this is what had changed until it heard so: it waits for no answer."""
    event_id: str = Field("", max_length=255)


class MergeAnswered(BaseModel):
    """What the ticket this one is to be merged into says to it."""

    key: str = Field(max_length=128)
    """The ticket that answers."""
    taken: bool
    reason: str = Field("", max_length=512)
    event_id: str = Field("", max_length=255)


class DeliveryFailed(BaseModel):
    """A provider says later that a message it had accepted was not delivered."""

    target: str = Field(max_length=128)
    method: str = Field(max_length=64)
    provider_id: str = Field("", max_length=255)
    detail: str = Field("", max_length=1000)
    event_id: str = Field("", max_length=255)


class DigestTold(BaseModel):
    """What became of a page that waited in a digest."""

    life: str = Field(max_length=128)
    round_id: str = Field(max_length=255)
    rung: int = 0
    round: int = 0
    target: str = Field(max_length=128)
    outcome: Literal["told", "failed", "dropped"]
    detail: str = Field("", max_length=1000)
    size: int = 0
    """How many tickets the digest told of."""
    receipts: list[Receipt] = Field(default_factory=list, max_length=20)
    event_id: str = Field("", max_length=255)


class StepStarted(BaseModel):
    """A step runs in its own workflow: it need not be started again."""

    effect: str


class Cancelled(BaseModel):
    """Somebody cancelled the workflow itself, behind Escalade's back."""

    reason: str = ""


class RosterChanged(BaseModel):
    """Somebody changed who is on duty: a ticket that holds looks again."""


class WindowsChanged(BaseModel):
    """Somebody made, changed or ended a maintenance window that may concern it: it looks again."""


class Unreadable(BaseModel):
    """Something arrived that cannot be read."""

    door: str
    text: str


class LeftOut(BaseModel):
    """So many messages were not handed over by the life before: there were too many of them."""

    count: int


class JournalWritten(BaseModel):
    """Entries up to this one are in the journal."""

    entry_ids: list[str]
    ack: JournalAck


Event = (
    Tick
    | Admitted
    | Opened
    | MergedHere
    | MergeAnswered
    | DeliveryFailed
    | RosterChanged
    | WindowsChanged
    | DigestTold
    | StepStarted
    | Cancelled
    | Unreadable
    | LeftOut
    | JournalWritten
    | RoundResolved
    | PagesSent
    | StepFinished
    | TicketTold
    | WindowsFound
    | CalendarsExtended
    | Command
)
