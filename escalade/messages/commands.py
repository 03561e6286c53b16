"""What people and other systems can ask of a ticket.

Each command is a Temporal update of its name (a person, who gets an answer) and a signal of the same name with
the same payload (a system, or a person when no worker answers). `event_id` makes both idempotent.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import ConfigDict, Field

from escalade.ticket import Actor, Severity
from escalade.time.durations import Duration
from escalade.time.instants import Instant
from escalade.written import Sent


class Command(Sent):
    """What every command carries."""

    model_config = ConfigDict(populate_by_name=True)
    name: ClassVar[str] = ""

    event_id: str = Field("", max_length=255)
    """The same id twice is the same command once; empty means that it is never taken for a repetition."""
    by: Actor = Actor()
    at: Instant | None = None
    """When a door received it, if that is earlier than its arrival here (mail, SMS): clocks use it."""
    rung: int | None = None
    """The rung it was asked from; buttons, links and the command line send the one they read."""
    life: str | None = None
    """The life it was asked from; buttons and links send it."""
    comment: str = Field("", max_length=4000)


class Acknowledge(Command):
    """I have it."""

    name = "acknowledge"


class Unacknowledge(Command):
    """Nobody has it after all: page again."""

    name = "unacknowledge"


class SetStatus(Command):
    """Say how far the work is."""

    name = "status"
    status: Literal["triage", "investigating", "mitigating"]


class Resolve(Command):
    """It is solved."""

    name = "resolve"
    close: bool = False
    """Close at once, without the reopen window (doors whose protocol demands a new incident)."""


class Escalate(Command):
    """Take it up the ladder, with a reason."""

    name = "escalate"
    to: str | None = None
    """A tier by name; the next one when omitted."""
    reason: str = Field(min_length=1, max_length=4000)


class Return(Command):
    """Give it back to a lower tier, with a reason."""

    name = "return"
    to: str | None = None
    """A tier by name; the one below when omitted."""
    reason: str = Field(min_length=1, max_length=4000)


class Snooze(Command):
    """Page nobody until then."""

    name = "snooze"
    for_: Duration | None = Field(None, alias="for")
    until: Instant | None = None


class Pending(Command):
    """Waiting for somebody outside."""

    name = "pending"
    on: Literal["customer", "vendor", "problem"] = "customer"
    for_: Duration | None = Field(None, alias="for")
    until: Instant | None = None


class Resume(Command):
    """End a snooze or a pending."""

    name = "resume"


class Reassign(Command):
    """Let somebody else answer for it: they are paged, and the tier's limit runs anew."""

    name = "reassign"
    to: str = Field(min_length=1, max_length=128)
    reason: str = Field("", max_length=4000)


class Respond(Command):
    """Call somebody in besides those who are on it."""

    name = "respond"
    who: str = Field(min_length=1, max_length=128)
    reason: str = Field("", max_length=4000)


class Follow(Command):
    """Tell somebody what becomes of it."""

    name = "follow"
    who: str = Field("", max_length=128)
    """A target; the person asking when omitted."""
    stop: bool = False


class SetSeverity(Command):
    """Say how bad it is."""

    name = "severity"
    severity: Severity
    reason: str = Field("", max_length=4000)


class Note(Command):
    """Write something down."""

    name = "note"
    text: str = Field(min_length=1, max_length=4000)


class Reply(Command):
    """The customer was answered, in public."""

    name = "reply"
    text: str = Field("", max_length=4000)
    """What was said; may be left out where another system keeps it."""


class Message(Command):
    """The customer said something."""

    name = "message"
    text: str = Field("", max_length=4000)
    """What was said; may be left out where another system keeps it."""
    customer: str = Field("", max_length=128)
    """Who said it."""


class Merge(Command):
    """It is the same as another ticket: close it as merged into that one."""

    name = "merge"
    into: str = Field(pattern=r"^[a-z2-7]{10}$")


class Reopen(Command):
    """It was not solved."""

    name = "reopen"
    reason: str = Field("", max_length=4000)


class Close(Command):
    """Nothing more is to come."""

    name = "close"


COMMANDS: dict[str, type[Command]] = {
    command.name: command
    for command in (
        Acknowledge,
        Unacknowledge,
        SetStatus,
        Resolve,
        Escalate,
        Return,
        Snooze,
        Pending,
        Resume,
        Reassign,
        Respond,
        Follow,
        SetSeverity,
        Note,
        Reply,
        Message,
        Merge,
        Reopen,
        Close,
    )
}
"""Every command by the name of its update and signal."""
