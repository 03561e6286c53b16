"""The watch: nothing here trusts that tickets look after themselves (decisions 38 and 49).

Suspects come from the projection and from Temporal's index; each is confirmed by asking the ticket itself, because
neither is authority.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeAlias, TypeVar

import httpx
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.canary import canary_key
from activities.findings import entry_of, finding_of, spell
from activities.guard import Guard, StoreAwayError
from activities.held import HeldTickets
from activities.overdue import OverdueDigests
from activities.rows import snapshot_of
from activities.suspects import GRACE, in_turn, key_in, name_of, suspects
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
from escalade.ticket import Status, is_ticket_id, key_of, workflow_id
from store import RosterRevision, Store, TicketQuery

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_Answer: TypeAlias = Upcoming | TicketView | EscaladeError | None

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
    """Tickets as Temporal holds them: by workflow id, because not all that run have that of a ticket."""

    async def overdue(self, before: datetime) -> list[str]:
        """Open tickets that Temporal's index calls due before an instant, or reports problems of."""

    async def unadmitted(self, before: datetime) -> list[str]:
        """Tickets that run since before an instant, and have no policy in Temporal's index."""

    async def running(self) -> list[str]:
        """All tickets whose workflow runs."""

    async def runs(self, workflow: str) -> bool:
        """Whether a workflow runs, and is a ticket's: asked of the workflow, not of the index."""

    async def standing(self, workflow: str) -> TicketView:
        """Where a ticket stands."""

    async def upcoming(self, workflow: str) -> list[Upcoming]:
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
        asked = in_turn(found, now)
        answers = await asyncio.gather(*(self._find(one, unadmitted, before) for one in asked))
        findings: dict[str, WatchFinding] = {}
        for suspect, (workflow, answer) in zip(asked, answers, strict=True):
            key, name = key_in(workflow), name_of(workflow)
            if isinstance(answer, TicketNotFoundError) or answer is None:
                continue
            if isinstance(answer, EscaladeError):
                text = f"{name} does not answer: {answer.message}"
                findings[workflow] = finding_of("silent", key, found[suspect], text, now)
            elif isinstance(answer, TicketView):
                text = f"{name} has no policy {spell(now - answer.opened_at)} after it came: it pages nobody."
                findings[workflow] = finding_of("unadmitted", key, answer.opened_at, text, now)
            else:
                text = f"{name} is {spell(now - answer.at)} late: {answer.what} was due at {answer.at:%H:%M:%S}Z."
                findings[workflow] = finding_of("late", key, answer.at, text, now)
        return list(findings.values())

    async def _find(self, suspect: str, unadmitted: list[str], before: datetime) -> tuple[str, _Answer]:
        """Ask a suspect; which workflow that was, because a row does not say so."""
        answer = await self._confirm(suspect, unadmitted, before)
        other = key_of(suspect)
        if isinstance(answer, TicketNotFoundError) and other != suspect:
            # One under an id that is no ticket's, which could not be forwarded, goes on as a ticket, and has a row.
            runs = await self._ask(self._tickets.runs(other))
            if runs is True:
                return other, await self._confirm(other, unadmitted, before)
        return suspect, answer

    async def _confirm(self, workflow: str, unadmitted: list[str], before: datetime) -> _Answer:
        """Ask a suspect: what it should have done, itself when it has no policy, or None when all is well."""
        if workflow in unadmitted:
            view = await self._ask(self._tickets.standing(workflow))
            if isinstance(view, EscaladeError) or (not view.policy and view.status.is_open):
                return view
        answer = await self._ask(self._tickets.upcoming(workflow))
        if isinstance(answer, EscaladeError):
            return answer
        return answer[0] if answer and answer[0].at < before else None

    async def _missing(self, rows: list[Snapshot], running: set[str], now: datetime) -> list[WatchFinding]:
        # What changed a moment ago may not be in Temporal's index yet.
        unseen = [row for row in rows if not running & _ids(row.key) and row.updated_at <= now - GRACE]
        unseen.sort(key=lambda row: (row.updated_at, row.key))
        gone: list[Snapshot] = []
        asked = 0
        while asked < len(unseen) and len(gone) < _MISSING and asked < _ASKED:
            few = unseen[asked : asked + _AT_ONCE]
            answers = await asyncio.gather(*(self._ask(self._runs(row.key)) for row in few))
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

    async def _runs(self, key: str) -> bool:
        """Whether the workflow of a row runs, under whatever id."""
        return await self._tickets.runs(workflow_id(key)) or await self._tickets.runs(key)

    def _store_away(self, error: StoreAwayError, now: datetime) -> WatchFinding:
        text = f"The store does not answer: {error.message} Pages go out; lists, limits of people and the journal wait."
        return finding_of("store", "", _hour(now), text, now)

    async def _project_again(self, running: set[str], now: datetime) -> list[str]:
        done = []
        for workflow in sorted(running):
            activity.heartbeat()
            key = key_of(workflow)
            row = await self._read(lambda key=key: self._store.ticket(key))  # type: ignore[misc]
            if row is not None and row.status is not Status.CLOSED:
                continue
            answer = await self._ask(self._tickets.standing(workflow))
            if isinstance(answer, EscaladeError) or answer.opened_at > now - GRACE:
                continue
            if not answer.policy and not is_ticket_id(workflow):
                continue  # it is being forwarded, and its row is that of the ticket it becomes
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


def _ids(key: str) -> set[str]:
    """Under which ids the workflow of a row may run."""
    return {workflow_id(key), key}


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
