"""The ticket: what it says, how severe it is, and how it is identified."""

from __future__ import annotations

import base64
import hashlib
import re
from enum import StrEnum
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from escalade.time.instants import Instant

WORKFLOW_PREFIX: Final = "ticket/"
KEY_LENGTH: Final = 10
_OURS: Final = re.compile(rf"[a-z2-7]{{1,{KEY_LENGTH}}}")
_KEY: Final = re.compile(r"[^\s'\"\\]{1,255}")
"""Keys that can be typed: ours, and what other systems make up."""


class Severity(StrEnum):
    """How bad it is; `sev1` is the worst."""

    SEV1 = "sev1"
    SEV2 = "sev2"
    SEV3 = "sev3"
    SEV4 = "sev4"
    SEV5 = "sev5"

    @property
    def rank(self) -> int:
        """1 (worst) to 5."""
        return int(self.value[3])

    @classmethod
    def read(cls, text: object) -> Severity | None:
        """Read what other systems call a severity or priority; None when it is none of them.

        `critical/error/warning/info` are PagerDuty's and map to sev1…sev4; `P1…P5` are Opsgenie's; `1 - Critical`
        and its kin are ServiceNow's.
        """
        return _SEVERITIES.get(str(text).strip().lower().split(" - ")[0])


_SEVERITIES: Final = {
    **{s.value: s for s in Severity},
    **{f"p{s.rank}": s for s in Severity},
    **{str(s.rank): s for s in Severity},
    "critical": Severity.SEV1,
    "error": Severity.SEV2,
    "high": Severity.SEV2,
    "warning": Severity.SEV3,
    "moderate": Severity.SEV3,
    "info": Severity.SEV4,
    "low": Severity.SEV4,
}


class Status(StrEnum):
    """Where a ticket stands on its way (D3 of the requirements)."""

    NEW = "new"
    TRIAGE = "triage"
    INVESTIGATING = "investigating"
    MITIGATING = "mitigating"
    PENDING = "pending"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    CLOSED = "closed"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something: neither resolved nor closed."""
        return self not in (Status.RESOLVED, Status.CLOSED)

    @property
    def is_paused(self) -> bool:
        """Whether rounds and limits stand still."""
        return self in (Status.PENDING, Status.SNOOZED)


WORK_STATUSES: Final = (Status.TRIAGE, Status.INVESTIGATING, Status.MITIGATING)
"""What a person may set by hand; the others are reached by commands of their own."""


class Actor(BaseModel):
    """Who did something: a person of the roster, another system, or Escalade itself."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["person", "integration", "system"] = "integration"
    id: str = Field("unknown", max_length=128)
    via: str = Field("", max_length=64)
    """The door used: `cli`, `signal`, `link`, `slack`, …"""
    claimed: bool = False
    """True when nobody verified that it is them (the command line)."""

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @property
    def is_person(self) -> bool:
        """Whether this is a human being."""
        return self.kind == "person"


SYSTEM: Final = Actor(kind="system", id="escalade")


class Ticket(BaseModel):
    """What a ticket says. Bounded; unknown extra fields are ignored, so that any system can open one."""

    title: str = Field("untitled", min_length=1, max_length=1024)
    description: str = Field("", max_length=15000)
    severity: Severity = Severity.SEV3
    service: str = Field("", max_length=128)
    source: str = Field("", max_length=128)
    """The integration it came through (`alertmanager`, `cli`, …)."""
    tenant: str = Field("", max_length=64)
    dedupe_key: str | None = Field(None, max_length=255)
    """The same key while the ticket is open adds to it instead of opening another."""
    event_id: str | None = Field(None, max_length=255)
    labels: dict[str, str] = Field(default_factory=dict)
    tags: list[str] = Field(default_factory=list)
    customer_tier: str = Field("", max_length=64)
    environment: str = Field("", max_length=64)
    region: str = Field("", max_length=64)
    links: list[str] = Field(default_factory=list)
    runbook: str = Field("", max_length=2048)
    opened_at: Instant | None = None
    """When it began where it came from; the ladder starts when it arrives here all the same (decision 20)."""
    opened_by: Actor = Actor()
    status: Literal["new", "pending", "resolved", "closed"] = "new"
    """Imported rows that are already over open resolved or closed and page nobody; one that waits for its customer
    opens pending."""
    backdate: bool = False
    """Clocks count from `opened_at` instead of from the arrival; the ladder starts at the arrival all the same."""


def ticket_key(tenant: str, source: str, dedupe_key: str) -> str:
    """The key of a ticket: 10 base32 characters of SHA-256 over (tenant, integration, dedupe key).

    The parts are length-prefixed, so that no two triples share a hash input.
    """
    return _key(tenant, source, dedupe_key)


def event_key(tenant: str, source: str, event_id: str) -> str:
    """The key of a ticket without a dedupe key: the event that opens it, sent twice, opens it once.

    Four framed parts are never three: no dedupe key, whatever it is, shares a hash input with an event.
    """
    return _key("event", tenant, source, event_id)


def key_for(ticket: Ticket) -> str:
    """The key of a ticket that has a dedupe key or an event id."""
    if ticket.dedupe_key is None:
        return event_key(ticket.tenant, ticket.source, ticket.event_id or "")
    return ticket_key(ticket.tenant, ticket.source, ticket.dedupe_key)


def _key(*parts: str) -> str:
    framed = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    return key_from_bytes(hashlib.sha256(framed).digest())


def key_from_bytes(material: bytes) -> str:
    """A key from at least seven bytes of hash or randomness."""
    return base64.b32encode(material)[:KEY_LENGTH].decode().lower()


def workflow_id(key: str) -> str:
    """The Temporal workflow id of a ticket."""
    return WORKFLOW_PREFIX + key


def is_ticket_id(workflow: str) -> bool:
    """Whether a Temporal workflow id is that of a ticket: commands can address no other."""
    key = workflow.removeprefix(WORKFLOW_PREFIX)
    if key == workflow or not _KEY.fullmatch(key):
        return False
    # Ours are typed in any case, and so one that looks like ours and has capitals cannot be.
    return key == key.lower() or not _OURS.fullmatch(key.lower())


def key_of(workflow: str) -> str:
    """The ticket key of a Temporal workflow id."""
    return workflow.removeprefix(WORKFLOW_PREFIX)
