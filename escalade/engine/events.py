"""What can happen to a ticket, besides the commands (`escalade.messages`) and outcomes (`escalade.effects`)."""

from __future__ import annotations

from pydantic import BaseModel, Field

from escalade.effects import PagesSent, RoundResolved, StepFinished, TicketTold
from escalade.messages.activities import Admission, JournalAck
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

    key: str
    title: str = ""
    severity: Severity = Severity.SEV5
    followers: list[str] = Field(default_factory=list)
    event_id: str = ""


class DeliveryFailed(BaseModel):
    """A provider says later that a message it had accepted was not delivered."""

    target: str
    method: str
    provider_id: str = ""
    detail: str = ""
    event_id: str = ""


class StepStarted(BaseModel):
    """A step runs in its own workflow: it need not be started again."""

    effect: str


class Cancelled(BaseModel):
    """Somebody cancelled the workflow itself, behind Escalade's back."""

    reason: str = ""


class RosterChanged(BaseModel):
    """Somebody changed who is on duty: a ticket that holds looks again."""


class Unreadable(BaseModel):
    """Something arrived that cannot be read."""

    door: str
    text: str


class JournalWritten(BaseModel):
    """Entries up to this one are in the journal."""

    entry_ids: list[str]
    ack: JournalAck


Event = (
    Tick
    | Admitted
    | Opened
    | MergedHere
    | DeliveryFailed
    | RosterChanged
    | StepStarted
    | Cancelled
    | Unreadable
    | JournalWritten
    | RoundResolved
    | PagesSent
    | StepFinished
    | TicketTold
    | Command
)
