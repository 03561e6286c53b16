"""The activities behind the names in `activities.contracts`, as a worker registers them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.attempt import Patience
from activities.changes import KnownChanges
from activities.channels.webhook import WebhookChannel, signed_call
from activities.contracts import JOURNAL_QUEUE, PAGES_QUEUE, TICKETS_QUEUE
from activities.digesting import Digester
from activities.duty import DutyNotices
from activities.failpoints import Failpoints
from activities.feeds import refresh_feeds
from activities.forward import forward, forward_goal
from activities.guard import Guard, StoreAwayError
from activities.outlets import Outlets
from activities.page import Pager
from activities.reconcile import write
from activities.room import LATELY, Looking, Room, about, limits_anybody
from activities.sending import Desk
from activities.turns import urgency
from activities.windows import Windows
from activities.wording import Wording
from configuration import Live
from escalade.engine import ENGINE
from escalade.errors import ChannelError, EscaladeError, StoreError
from escalade.extension import Channel
from escalade.messages.activities import (
    Admission,
    AdmitRequest,
    CalendarsRequest,
    CalendarsResult,
    DigestRequest,
    DigestSent,
    JournalAck,
    JournalBatch,
    PageRequest,
    PageResult,
    ResolveRequest,
    WebhookRequest,
)
from escalade.messages.feeds import FeedsReport
from escalade.people.changes import Changes
from escalade.people.resolve import Load, ResolvedRound, RoundRequest, resolve_round
from store import Store

LOOK_UP: Final = timedelta(seconds=0.5)
"""How long a look-up waits for the store: the ticket waits for it."""
ROOM: Final = timedelta(seconds=2)
"""How long a page waits to hear who has room. Longer than for other look-ups: without an answer nobody has a limit."""
"""How far back `fair` counts pages."""
CALL: Final = timedelta(seconds=10)
"""How long an unsigned call may take."""


def _now() -> datetime:
    return datetime.now(UTC)


class Activities:
    """Everything tickets have done for them. One instance serves all workers of a process."""

    def __init__(
        self,
        configuration: Live,
        store: Store,
        *,
        channels: Mapping[str, type[Channel]],
        step_versions: Mapping[str, str] | None = None,
        now: Callable[[], datetime] = _now,
        failpoints: Failpoints | None = None,
        patience: Patience | None = None,
        guard: Guard | None = None,
    ) -> None:
        """Set up; touches neither network nor store.

        Args:
            configuration: asked anew each time, so that a reload is in force at once.
            store: journal, projection, ledger.
            channels: kinds of channels by what `use:` says.
            step_versions: the version of each step this worker has, to be pinned with policies.
            now: the clock.
            failpoints: where to end this process, for kill tests.
            patience: how long deliveries are tried.
            guard: the circuit breaker around the store; one for the process.
        """
        self._configuration = configuration
        self._store = store
        self._step_versions = dict(step_versions or {})
        self._now = now
        self._guard = guard or Guard()
        self._changes = KnownChanges(store, self._guard, within=LOOK_UP)
        self.outlets = Outlets(channels)
        # Apart from the pages' threads: journal calls that are stuck must not delay a page (decision 46).
        self._journal_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="journal")
        wording = Wording(configuration.current.directory / "templates")
        desk = Desk(
            outlets=self.outlets,
            wording=wording,
            failpoints=failpoints or Failpoints(),
            patience=patience or Patience(),
            now=now,
        )
        self.windows = Windows(configuration, store, self._guard)
        self.notices = DutyNotices(configuration, store, self._guard, wording)
        self._room = Room(store, self._guard, within=ROOM, is_down=self.outlets.is_down)
        self.digests = Digester(configuration, store, self._guard, desk, self._room)
        self._pager = Pager(
            configuration,
            store,
            self._guard,
            desk,
            ask=self._ask,
            join=self.digests.join,
            give_back=self._room.give_back,
        )

    def all(self) -> dict[str, list[Callable[..., Any]]]:
        """What to register on each task queue."""
        return {
            TICKETS_QUEUE: [self.admit, self.resolve, self.calendars, self.windows.windows, forward, forward_goal],
            PAGES_QUEUE: [self.page, self.webhook, self.send_digest],
            JOURNAL_QUEUE: [self.journal, self.feeds, self.report_digest, self.notices.duty],
        }

    def close(self) -> None:
        """Let the threads go."""
        self._guard.close()
        self._journal_threads.shutdown(wait=False, cancel_futures=True)

    @activity.defn(name="admit")
    async def admit(self, request: AdmitRequest) -> Admission:
        """Choose and compile the policy of a ticket, and look up its windows, and what happened to its key before."""
        urgency.set(request.ticket.severity.rank)
        policy, why = self._configuration.current.admit(request.ticket, self._step_versions, at=self._now())
        admission = Admission(policy=policy, why=why, engine=ENGINE)
        try:
            found = await self._guard.call(lambda: self._before(request), within=LOOK_UP)
        except StoreAwayError as error:
            away = error.message.rstrip(".")
            note = f"{away}; merges and earlier events of this key, and maintenance by command, were not looked up"
            known = self.windows.configured(request.ticket, request.at or self._now())
            return admission.model_copy(update={"notes": [note], "windows": known, "ask_windows": True})
        return admission.model_copy(update=found)

    def _before(self, request: AdmitRequest) -> dict[str, Any]:
        return {
            "merged_into": self._store.merged_into(request.key),
            "handled": self._store.handled(request.key),
            "windows": self.windows.known(request.ticket, request.at or self._now()),
        }

    @activity.defn(name="calendars")
    async def calendars(self, request: CalendarsRequest) -> CalendarsResult:
        """Work out calendars further, as they are configured now."""
        try:
            found = self._configuration.current.extended(
                request.names, at=request.at or self._now(), since=request.since, months=request.months
            )
        except EscaladeError as error:
            return CalendarsResult(error=error.message)
        return CalendarsResult(calendars=found)

    @activity.defn(name="resolve")
    async def resolve(self, request: ResolveRequest) -> ResolvedRound:
        """Find out whom a round reaches, by the roster in force now."""
        return await self._ask(request.request, request.at or self._now(), request.round_id)

    async def _ask(self, wanted: RoundRequest, now: datetime, round_id: str) -> ResolvedRound:
        roster = self._configuration.current.roster
        load: dict[str, Load] = {}
        changes, notes = await self._changes_of(wanted, now)
        try:
            if wanted.how == "fair":
                fair = wanted.model_copy(update={"how": "everyone"})
                everybody = resolve_round(roster, fair, at=now, load={}, changes=changes)
                targets = [recipient.target for recipient in everybody.recipients]
                load, unknown = await self._load(targets, since=now - LATELY)
                notes += unknown
            resolved = resolve_round(roster, wanted, at=now, load=load, changes=changes)
            if wanted.pressure is not None and resolved.recipients and limits_anybody(roster, wanted.pressure):
                look = Looking(
                    request=wanted,
                    pressure=wanted.pressure,
                    round_id=round_id,
                    at=max(now, self._now()),
                    roster=roster,
                    resolve=lambda request: resolve_round(roster, request, at=now, load=load, changes=changes),
                    load=load or None,
                    changes=changes,
                    resolved={about(wanted): resolved},
                )
                resolved = await self._room.allocate(look)
        except ValueError as error:
            raise ApplicationError(str(error), type="UnknownTarget", non_retryable=True) from error
        return resolved.model_copy(update={"notes": [*resolved.notes, *notes], "at": now})

    async def _changes_of(self, wanted: RoundRequest, at: datetime) -> tuple[Changes, list[str]]:
        """What was changed at run time; only schedules are moved by it, and other rounds do not ask for it."""
        if not wanted.schedules:
            return Changes(), []
        return await self._changes.at(at, now=self._now())

    async def _load(self, targets: list[str], *, since: datetime) -> tuple[dict[str, Load], list[str]]:
        if not targets:
            return {}, []
        try:
            return await self._guard.call(lambda: self._store.load(targets, since), within=LOOK_UP), []
        except StoreAwayError as error:
            return {}, [f"{error.message.rstrip('.')}; who was paged lately is not known, roster order decides"]

    @activity.defn(name="page")
    async def page(self, request: PageRequest) -> PageResult:
        """Send pages; see `activities.page`."""
        return await self._pager.page(request)

    @activity.defn(name="send_digest")
    async def send_digest(self, request: DigestRequest) -> DigestSent:
        """Send a digest; see `activities.digesting`."""
        return await self.digests.send(request)

    @activity.defn(name="report_digest")
    async def report_digest(self, request: DigestRequest) -> int:
        """Tell the tickets of a digest; see `activities.digesting`."""
        return await self.digests.report(request)

    @activity.defn(name="journal")
    async def journal(self, batch: JournalBatch) -> JournalAck:
        """Write entries and the projection; tried again until the store takes them."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._journal_threads, write, self._store, batch)
        except EscaladeError as error:
            # Benign: the entries wait in the ticket, and the watch tells of a store that stays away.
            raise ApplicationError(
                str(error), type=type(error).__name__, category=ApplicationErrorCategory.BENIGN
            ) from error

    @activity.defn(name="feeds")
    async def feeds(self) -> FeedsReport:
        """Read the calendar feeds that are due."""
        try:
            return await refresh_feeds(self._configuration.current, self._store, now=self._now)
        except StoreError as error:
            raise ApplicationError(str(error), type="StoreError", category=ApplicationErrorCategory.BENIGN) from error

    @activity.defn(name="webhook")
    async def webhook(self, request: WebhookRequest) -> str:
        """Make one call out, signed with the secrets of the webhook channel that `secret_name` names."""
        # The ids of steps have full stops, which separate the parts of what is signed.
        message_id = request.message_id.replace(".", "-")
        try:
            if not request.secret_name:
                answer = await signed_call(
                    request.url,
                    request.body,
                    message_id=message_id,
                    secrets=(),
                    timeout=CALL,
                    at=self._now(),
                )
            else:
                channel = self.outlets.channel(request.secret_name, self._configuration.current.channels)
                if not isinstance(channel, WebhookChannel):
                    sentence = f"The channel {request.secret_name!r} is no webhook and has no secrets to sign with."
                    raise ApplicationError(sentence, type="ChannelError", non_retryable=True)
                answer = await channel.call(request.url, request.body, message_id=message_id, at=self._now())
        except ChannelError as error:
            raise ApplicationError(
                str(error), type="ChannelError", non_retryable=error.permanent, next_retry_delay=error.retry_after
            ) from error
        return f"{answer.status} {answer.first_line}".rstrip()
