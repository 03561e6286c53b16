"""The watch: nothing here trusts that tickets look after themselves (decisions 38 and 49).

Suspects come from the projection and from Temporal's index; each is confirmed by asking the ticket itself, because
neither is authority.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

import httpx
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.canary import canary_key
from activities.findings import entry_of, finding_of, spell
from activities.guard import Guard, StoreAwayError
from activities.held import HeldTickets
from activities.overdue import OverdueDigests
from activities.rows import snapshot_of
from activities.suspects import GRACE, in_turn, suspects
from activities.windows import Windows
from configuration import Live
from escalade.errors import EscaladeError, TicketNotFoundError
from escalade.messages import JournalBatch, Snapshot, TicketView, Upcoming
from escalade.messages.watch import (
    OPERATIONS,
    WatchFinding,
    WatchReport,
    WatchRequest,
)
from escalade.people import Roster
from escalade.ticket import Status, workflow_id
from store import RosterRevision, Store, TicketQuery

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_STORE_WITHIN: Final = timedelta(seconds=10)
_AGAIN: Final = timedelta(minutes=10)
"""How soon what was found is told again while the store is away."""
_MISSING: Final = 100
"""So many tickets without a workflow are told one by one."""
_ASKED: Final = 500
_AT_ONCE: Final = 20
"""So many tickets are asked in one look whether they run, and so many of them at a time."""
_REMEMBER: Final = 1000
"""So many entries back the stream of operations is read for what was told already."""


class Tickets(Protocol):
    """Tickets as Temporal holds them."""

    async def overdue(self, before: datetime) -> list[str]:
        """Keys of open tickets that Temporal's index calls due before an instant, or reports problems of."""

    async def unadmitted(self, before: datetime) -> list[str]:
        """Keys of tickets that run since before an instant, and have no policy in Temporal's index."""

    async def running(self) -> list[str]:
        """Keys of all tickets whose workflow runs."""

    async def is_running(self, key: str) -> bool:
        """Whether a ticket's workflow runs: asked of the workflow, not of the index."""

    async def view(self, key: str) -> TicketView:
        """Where a ticket stands."""

    async def upcoming(self, key: str) -> list[Upcoming]:
        """What falls due next for a ticket."""

    async def maintenance_changed(self, key: str) -> bool:
        """Make a ticket ask which maintenance windows concern it; whether it took that."""

    async def duty_changed(self, roster: Roster) -> None:
        """Make the workflow of duty notices look again."""

    async def roster_changed(self, key: str) -> None:
        """Make a ticket that waits for somebody on duty look again."""


class Watch:
    """The activities of the watch."""

    def __init__(
        self,
        *,
        configuration: Live,
        store: Store,
        tickets: Tickets,
        guard: Guard,
        now: Callable[[], datetime],
        http: Callable[[], httpx.AsyncClient] = lambda: httpx.AsyncClient(timeout=10, follow_redirects=True),
    ) -> None:
        """Take what to look with.

        Args:
            configuration: whom to tell, whether there is a canary, and the heartbeat's address.
            store: the journal and the projection.
            tickets: Temporal's side.
            guard: bounds calls to the store.
            now: the clock.
            http: makes the client of the heartbeat.
        """
        self._configuration = configuration
        self._store = store
        self._tickets = tickets
        self._guard = guard
        self._now = now
        self._http = http
        self._held = HeldTickets(tickets.roster_changed)
        self._given: dict[str, datetime] = {}
        """What was handed over to be told while the store, which knows that otherwise, was away."""
        self._windows = Windows(configuration, store, guard)
        self.overdue = OverdueDigests(store, guard)
        self._duty_seen: RosterRevision | None = None

    @activity.defn(name="sweep")
    async def sweep(self, request: WatchRequest) -> WatchReport:
        """Look for open tickets that are late, silent or missing."""
        now = self._now()
        reprojected: list[str] = []
        try:
            rows = await self._read(lambda: self._store.tickets(TicketQuery(open_only=True)))
            revision = await self._read(self._store.roster_revision)
            await self._held.look(rows, revision)
            if revision != self._duty_seen:
                await self._tickets.duty_changed(self._configuration.current.roster)
                self._duty_seen = revision
            await self._windows.tell(self._tickets.maintenance_changed, now)
            told = await self._read(self._told)
            findings = await self._late(rows, now)
            if request.compare:
                running = set(await self._tickets.running())
                findings += await self._missing(rows, running, now)
                reprojected = await self._project_again(running, now)
            findings += await self._canary_late(now)
            findings += await self._digests(now)
        except StoreAwayError as error:
            # Temporal's own index tells of those that are late, if not of all of them.
            rows = []
            findings = [self._store_away(error, now), *await self._late([], now)]
            told = {known for known, at in self._given.items() if now - at < _AGAIN}
            self._given = {finding.id: now for finding in findings if finding.id not in told} | {
                known: self._given[known] for known in told
            }
        fresh = [finding for finding in findings if finding.id not in told]
        for finding in fresh:
            _log.error("%s", finding.text, extra={"ticket": finding.key})
        current = self._configuration.current
        return WatchReport(
            looked_at=len(rows),
            findings=findings,
            fresh=fresh,
            entries=[entry_of(finding, now) for finding in fresh],
            reprojected=reprojected,
            tell=current.catch_all,
            at=now,
            heartbeat=bool(current.watch.heartbeat_url),
        )

    @activity.defn(name="heartbeat")
    async def heartbeat(self) -> str:
        """Call the address that watches the watch."""
        url = self._configuration.current.watch.heartbeat_url
        if not url:
            return "no address"
        try:
            async with self._http() as client:
                answer = await client.get(url)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Neither the URL nor the error's text, which may hold it: its path is the secret of such services.
            raise ApplicationError(f"The heartbeat did not get through: {type(error).__name__}") from None
        if answer.is_error:
            raise ApplicationError(f"The heartbeat was refused: HTTP {answer.status_code}")
        return f"HTTP {answer.status_code}"

    async def _late(self, rows: list[Snapshot], now: datetime) -> list[WatchFinding]:
        before = now - GRACE
        unadmitted = await self._tickets.unadmitted(before)
        found = suspects(rows, [*await self._tickets.overdue(before), *unadmitted], now)
        keys = in_turn(found, now)
        answers = await asyncio.gather(*(self._confirm(key, unadmitted, before) for key in keys))
        findings = []
        for key, answer in zip(keys, answers, strict=True):
            if isinstance(answer, TicketNotFoundError) or answer is None:
                continue
            if isinstance(answer, EscaladeError):
                text = f"Ticket {key} does not answer: {answer.message}"
                findings.append(finding_of("silent", key, found[key], text, now))
            elif isinstance(answer, TicketView):
                text = f"Ticket {key} has no policy {spell(now - answer.opened_at)} after it came: it pages nobody."
                findings.append(finding_of("unadmitted", key, answer.opened_at, text, now))
            else:
                text = f"Ticket {key} is {spell(now - answer.at)} late: {answer.what} was due at {answer.at:%H:%M:%S}Z."
                findings.append(finding_of("late", key, answer.at, text, now))
        return findings

    async def _confirm(
        self, key: str, unadmitted: list[str], before: datetime
    ) -> Upcoming | TicketView | EscaladeError | None:
        """Ask a suspect: what it should have done, itself when it has no policy, or None when all is well."""
        if key in unadmitted:
            view = await self._ask(self._tickets.view(key))
            if isinstance(view, EscaladeError) or (not view.policy and view.status.is_open):
                return view
        answer = await self._ask(self._tickets.upcoming(key))
        if isinstance(answer, EscaladeError):
            return answer
        return answer[0] if answer and answer[0].at < before else None

    async def _missing(self, rows: list[Snapshot], running: set[str], now: datetime) -> list[WatchFinding]:
        # What changed a moment ago may not be in Temporal's index yet.
        unseen = [row for row in rows if row.key not in running and row.updated_at <= now - GRACE]
        unseen.sort(key=lambda row: (row.updated_at, row.key))
        gone: list[Snapshot] = []
        asked = 0
        while asked < len(unseen) and len(gone) < _MISSING and asked < _ASKED:
            few = unseen[asked : asked + _AT_ONCE]
            answers = await asyncio.gather(*(self._ask(self._tickets.is_running(row.key)) for row in few))
            gone += [row for row, answer in zip(few, answers, strict=True) if answer is False]
            asked += len(few)
        findings = []
        for row in gone:
            text = f"Ticket {row.key} is {row.status.value}, and its workflow is gone: nobody looks after it any more."
            findings.append(finding_of("missing", row.key, row.updated_at, text, now))
        if left := len(unseen) - asked:
            text = f"{left} more open tickets have no workflow in Temporal's index; they were not asked one by one."
            findings.append(finding_of("missing", "more", _hour(now), text, now))
        return findings

    def _store_away(self, error: StoreAwayError, now: datetime) -> WatchFinding:
        text = f"The store does not answer: {error.message} Pages go out; lists, limits of people and the journal wait."
        return finding_of("store", "", _hour(now), text, now)

    async def _project_again(self, running: set[str], now: datetime) -> list[str]:
        done = []
        for key in sorted(running):
            activity.heartbeat()
            row = await self._read(lambda key=key: self._store.ticket(key))  # type: ignore[misc]
            if row is not None and row.status is not Status.CLOSED:
                continue
            answer = await self._ask(self._tickets.view(key))
            if isinstance(answer, EscaladeError) or answer.opened_at > now - GRACE:
                continue
            if row is not None and row.life == answer.life:
                continue
            batch = JournalBatch(stream=workflow_id(key), life=answer.life, snapshot=snapshot_of(answer, now))
            await self._read(lambda batch=batch: self._store.write(batch))  # type: ignore[misc]
            _log.warning("The row of ticket %s was missing and is written again.", key, extra={"ticket": key})
            done.append(key)
        return done

    async def _canary_late(self, now: datetime) -> list[WatchFinding]:
        every = self._configuration.current.watch.canary_every
        if every is None:
            return []
        key = canary_key()
        row = await self._read(lambda: self._store.ticket(key))
        if row is None or now - row.updated_at <= 2 * every + GRACE:
            return []
        text = f"The canary ticket {key} was last seen {spell(now - row.updated_at)} ago; it is due each {every}."
        return [finding_of("canary", key, row.updated_at, text, now)]

    async def _digests(self, now: datetime) -> list[WatchFinding]:
        found = await self.overdue.look(now)
        return [
            finding_of("digest", digest.id, digest.sent_at or digest.leaves_at, text, now) for digest, text in found
        ]

    def _told(self) -> set[str]:
        head = self._store.head(OPERATIONS)
        return {stored.entry.entry_id for stored in self._store.entries(OPERATIONS, after=max(0, head.seq - _REMEMBER))}

    async def _read(self, work: Callable[[], _T]) -> _T:
        return await self._guard.call(work, within=_STORE_WITHIN)

    @staticmethod
    async def _ask(question: Awaitable[_T]) -> _T | EscaladeError:
        activity.heartbeat()
        try:
            return await question
        except EscaladeError as error:
            return error


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
