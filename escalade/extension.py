"""The extension points: steps, channels and inbound doors. An extension imports `escalade` and nothing else.

They are found by entry points (`escalade.steps`, `escalade.channels`, `escalade.inbound`), loaded once when a
worker starts. `docs/how-to/write-a-step.md` shows one in full.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol, runtime_checkable

from pydantic import BaseModel, Field

from escalade.messages.activities import Outcome, PageResult, TicketBrief
from escalade.messages.commands import Command
from escalade.ticket import Ticket


class StepOutcome(BaseModel):
    """How a step ended. Raise to fail; return this, a string, or nothing, to succeed."""

    text: str = ""
    """One sentence for the timeline."""
    data: dict[str, Any] = Field(default_factory=dict)


class StepContext(Protocol):
    """What a step has in hand. Everything here is durable: it survives the death of any process."""

    @property
    def ticket(self) -> TicketBrief:
        """The ticket as it stood when the step began."""

    @property
    def step_id(self) -> str:
        """Unique to this run of the step: the idempotency key to hand to others."""

    async def activity(self, name: str, argument: BaseModel | None = None, *, timeout: timedelta = ...) -> Any:
        """Run a registered activity by name; retried until `timeout` has passed since it was scheduled."""

    async def page(self, *targets: str, subject: str, text: str) -> PageResult:
        """Tell people, teams, schedules or channels something, now."""

    async def note(self, text: str, **data: Any) -> None:
        """Write into the ticket's timeline."""

    async def wait(self, duration: timedelta) -> None:
        """Wait; days are fine."""

    def now(self) -> datetime:
        """The instant, in UTC, as the workflow sees it."""


@runtime_checkable
class Step(Protocol):
    """A step: a pydantic model of its `with:` block that knows how to run. It is workflow code: deterministic."""

    name: ClassVar[str]
    """What `use:` says."""
    version: ClassVar[str]
    """Changes when its meaning changes; pinned in the policy of each ticket."""

    async def run(self, ctx: StepContext) -> StepOutcome | str | None:
        """Do it."""


class Message(BaseModel):
    """What a channel is to deliver."""

    id: str
    """The same for every attempt of one delivery: pass it on as idempotency key or Message-ID."""
    subject: str
    text: str
    html: str = ""
    short: str = ""
    """At most 300 characters, for SMS and the like."""
    severity: str
    ticket: str
    language: str = "en"
    data: dict[str, Any] = Field(default_factory=dict)
    """The brief of the ticket and the reason, for machines."""


class Delivery(BaseModel):
    """What a channel says about a message it took."""

    outcome: Outcome = "accepted"
    provider_id: str = ""
    detail: str = ""


@runtime_checkable
class Channel(Protocol):
    """A way to reach somebody. It is constructed from its block of `escalade.yaml`, checked by `Settings`.

    Construction must not touch the network. One instance serves all deliveries at once.
    """

    use: ClassVar[str]
    """What `use:` says."""
    Settings: ClassVar[type[BaseModel]]

    def __init__(self, settings: Any) -> None: ...

    def check_address(self, address: str) -> str | None:
        """Why an address cannot be used with this channel; None when it can."""

    async def send(self, message: Message, address: str) -> Delivery:
        """Deliver.

        Raises:
            ChannelError: when the channel refused; `permanent` when trying again is useless.
        """


@runtime_checkable
class Inbound(Protocol):
    """A door for another system: turns its requests into tickets and commands."""

    name: ClassVar[str]

    def read(self, headers: Mapping[str, str], body: bytes) -> list[tuple[Ticket, Command | None]]:
        """Each ticket meant by a request, and what is asked of it; None opens it."""
