"""What the workflow of duty notices asks and carries."""

from __future__ import annotations

from pydantic import Field

from escalade.messages.activities import PagePerson
from escalade.record import Entry
from escalade.time.instants import Instant
from escalade.written import Sent


class DutyState(Sent):
    """What must survive: what was told, and until when that matters."""

    told: dict[str, Instant] = Field(default_factory=dict)


class DutyRequest(Sent):
    """What is to be told about duty by now?"""

    at: Instant
    """As the workflow sees it: the worker's own clock may be off."""
    told: list[str] = Field(default_factory=list)
    """What was told."""


class PreparedNotice(Sent):
    """A notice, in the words of its reader."""

    id: str
    """What the delivery ledger knows it by: sent once, whoever sends it."""
    ids: list[str]
    """What it tells of."""
    schedule: str
    person: PagePerson
    subject: str
    text: str
    due: Instant
    forget: Instant
    """When it need not be remembered any more."""
    entry: Entry
    """For the stream of the schedule."""


class DutyPlan(Sent):
    """What is to be told now, and when to look again."""

    notices: list[PreparedNotice] = Field(default_factory=list)
    next_at: Instant | None = None
    """None when no schedule asks for notices."""
