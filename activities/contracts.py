"""The activities as the workflows know them: names and types, no implementation.

The worker registers the real ones under the same names, so workflows, the command line and the gateway never
import what talks to networks and databases.
"""

from __future__ import annotations

import hashlib

from temporalio import activity

from activities import queues
from escalade.maintenance.pinned import AskWindows, KnownWindows
from escalade.messages import (
    Admission,
    AdmitRequest,
    JournalAck,
    JournalBatch,
    PageRequest,
    PageResult,
    ResolveRequest,
)
from escalade.messages.activities import (
    CalendarsRequest,
    CalendarsResult,
    DigestRequest,
    DigestSent,
    WebhookRequest,
)
from escalade.messages.duty import DutyPlan, DutyRequest
from escalade.messages.feeds import FeedsReport
from escalade.messages.stray import Forwarded, ForwardRequest
from escalade.messages.watch import CanaryReport, WatchReport, WatchRequest
from escalade.people.resolve import ResolvedRound
from escalade.ticket import key_from_bytes

TICKETS_QUEUE = queues.TICKETS_QUEUE
PAGES_QUEUE = queues.PAGES_QUEUE
JOURNAL_QUEUE = queues.JOURNAL_QUEUE


def digest_workflow_id(target: str) -> str:
    """The workflow id of somebody's digests: one for each, and it names nobody."""
    return f"digest/{key_from_bytes(hashlib.sha256(target.encode()).digest())}"


@activity.defn(name="admit")
async def admit(request: AdmitRequest) -> Admission:
    """Choose and compile the policy of a ticket. Reads memory, and the store briefly."""
    raise NotImplementedError


@activity.defn(name="forward")
async def forward(request: ForwardRequest) -> Forwarded:
    """Pass on to a ticket what was said to a workflow under another id; how far that came."""
    raise NotImplementedError


@activity.defn(name="forward_goal")
async def forward_goal(request: ForwardRequest) -> bool:
    """Find out whether the ticket that something is forwarded to is open. Read only."""
    raise NotImplementedError


@activity.defn(name="calendars")
async def calendars(request: CalendarsRequest) -> CalendarsResult:
    """Work out the calendars of a policy further than they were pinned. Reads memory only."""
    raise NotImplementedError


@activity.defn(name="resolve")
async def resolve(request: ResolveRequest) -> ResolvedRound:
    """Find out whom a round reaches, and why them. Read only.

    `page` asks by itself where nothing depends on the answer before the pages are out.
    """
    raise NotImplementedError


@activity.defn(name="windows")
async def windows(request: AskWindows) -> KnownWindows:
    """Find out which maintenance windows may concern a ticket."""
    raise NotImplementedError


@activity.defn(name="page")
async def page(request: PageRequest) -> PageResult:
    """Send pages. Heartbeats; checks for cancellation before every attempt; idempotent by the delivery ledger."""
    raise NotImplementedError


@activity.defn(name="journal")
async def journal(batch: JournalBatch) -> JournalAck:
    """Write entries and the projection."""
    raise NotImplementedError


@activity.defn(name="webhook")
async def webhook(request: WebhookRequest) -> str:
    """Make one signed call out; the answer's first line."""
    raise NotImplementedError


@activity.defn(name="send_digest")
async def send_digest(request: DigestRequest) -> DigestSent:
    """Send a digest whose time has come, if its person has room. Idempotent by the delivery ledger."""
    raise NotImplementedError


@activity.defn(name="report_digest")
async def report_digest(request: DigestRequest) -> int:
    """Tell every ticket of a digest what became of its page."""
    raise NotImplementedError


@activity.defn(name="duty")
async def duty(request: DutyRequest) -> DutyPlan:
    """What is to be told about duty now, and when to look again."""
    raise NotImplementedError


@activity.defn(name="sweep")
async def sweep(request: WatchRequest) -> WatchReport:
    """Look for open tickets that are late, silent or missing."""
    raise NotImplementedError


@activity.defn(name="canary")
async def canary() -> CanaryReport:
    """Open a ticket, have it paged, acknowledge it, close it, and say how that went."""
    raise NotImplementedError


@activity.defn(name="heartbeat")
async def heartbeat() -> str:
    """Call the address that watches the watch."""
    raise NotImplementedError


@activity.defn(name="feeds")
async def feeds() -> FeedsReport:
    """Read the calendar feeds that are due."""
    raise NotImplementedError
