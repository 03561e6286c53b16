"""Digests: pages join one, it is sent at its time, and every ticket in it hears what became of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from temporalio import activity
from temporalio.common import Priority
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.service import RPCError

from activities.contracts import JOURNAL_QUEUE, digest_workflow_id
from activities.forward import FOR_GOOD
from activities.guard import Guard, StoreAwayError
from activities.heart import heartbeat
from activities.records import Records
from activities.room import IDLE_EVERY, Room
from activities.sending import Desk, Sending
from activities.turns import urgency
from configuration import Live
from escalade.messages.activities import (
    DigestDue,
    DigestRequest,
    DigestSent,
    PagePerson,
    PageRequest,
    Receipt,
    TicketBrief,
)
from escalade.people.resolve import recipient_of
from escalade.people.roster import parse_target
from escalade.ticket import Severity, Status, workflow_id
from escalade.time.instants import format_instant
from store import Store
from store.budgets import Full
from store.digests import DigestItem, StoredDigest

AT_ONCE: Final = 20
"""Tickets told at a time what became of a digest."""

CHUNK: Final = 100
"""Tickets put on record as told in one go."""

LATE: Final = timedelta(minutes=1)
"""So long after its time a digest is waited for by nobody any more, as far as can be known."""

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

_JOIN: Final = timedelta(seconds=5)
"""How long a page waits to be in a digest: told now instead, it would be over its person's limits."""

_SLOW: Final = timedelta(seconds=10)
"""What a call may take of which nobody waits for a page."""

SIGNAL: Final = "digest_told"

Start = Callable[[DigestDue], Awaitable[None]]
"""Sees that somebody waits for a digest's time."""
Tell = Callable[[str, dict[str, Any]], Awaitable[None]]
"""Tells a ticket, by its key."""

_log = logging.getLogger(__name__)


class Digester:
    """Everything about digests that has side effects."""

    def __init__(self, configuration: Live, store: Store, guard: Guard, desk: Desk, room: Room) -> None:
        """Keep what every digest needs; see `activities.page.Pager`."""
        self._configuration = configuration
        self._store = store
        self._guard = guard
        self._desk = desk
        self._room = room
        self.start: Start | None = None
        """Starts the workflow of a digest; the worker's client does unless a test says otherwise."""
        self.tell: Tell | None = None
        self._again: dict[str, datetime] = {}
        """When an overdue digest was started again by this process, lately."""

    async def join(self, request: PageRequest, person: PagePerson) -> Receipt | None:
        """Put a page into somebody's digest.

        Returns:
            The receipt; None when it is in none, because the store is away: they are to be told at once.

        Raises:
            ApplicationError: when nobody could be found to wait for the digest's time: it is tried again.
        """
        try:
            return await self._join(request, person)
        except StoreAwayError as error:
            _log.warning("ticket %s: no digest for %s: %s", request.brief.key, person.target, error)
            return None

    async def _join(self, request: PageRequest, person: PagePerson) -> Receipt:
        now = max(self._desk.now(), request.asked_at or self._desk.now())
        rule = self._configuration.current.roster.capacity_of(person.target).digest
        shown = request.batch.snapshot if request.batch is not None else None
        pressure = request.request.pressure if request.request is not None else None
        item = DigestItem(
            round_id=request.round_id,
            target=person.target,
            key=request.brief.key,
            life=request.brief.life,
            rung=request.brief.rung,
            version=shown.version if shown is not None else 0,
            why=person.why,
            brief=request.brief,
            any_hour=pressure is not None and pressure.ignore_quiet,
            joined_at=now,
        )
        leaves_at = now + (rule.every if rule is not None else IDLE_EVERY)
        digest = await self._guard.call(lambda: self._store.join(item, leaves_at=leaves_at), within=_JOIN)
        await self._see_that_it_leaves(digest, now)
        return Receipt(
            target=person.target,
            method="digest",
            channel="",
            outcome="digested",
            at=self._desk.now(),
            message_id=digest.id,
            detail=f"{person.digest}; it leaves at {format_instant(digest.leaves_at)}",
        )

    async def _see_that_it_leaves(self, digest: StoredDigest, now: datetime) -> None:
        """Have somebody wait for a digest's time: who did may be gone when it is past, and then it is started again.

        So it is when its time came forward, which whoever waits has to hear. Of all the pages that join one whose time
        is past one a minute asks for that: it may be no more than late.
        """
        overdue = digest.leaves_at < now - LATE and self._again.get(digest.id, _LONG_AGO) < now - LATE
        if digest.started and not overdue:
            return
        await self._start(DigestDue(target=digest.target, digest_id=digest.id, leaves_at=digest.leaves_at))
        if digest.started:
            self._again = {one: at for one, at in self._again.items() if at > now - LATE} | {digest.id: now}
        else:
            await self._guard.call(
                lambda: self._store.digest_started(digest.id, leaves_at=digest.leaves_at),
                within=self._desk.patience.store,
            )

    async def _start(self, due: DigestDue) -> None:
        try:
            await (self.start or signal_with_start)(due)
        except RPCError as error:
            raise ApplicationError(f"The digest could not be started: {error}", type="DigestNotStarted") from error

    async def send(self, request: DigestRequest) -> DigestSent:
        """Send a digest whose time has come, if its person has room; nothing is sent twice.

        Raises:
            ApplicationError: when the store is away: what is in it is there as well. It is tried again.
        """
        urgency.set(2)
        beat = asyncio.create_task(heartbeat())
        try:
            return await self._send(request)
        except StoreAwayError as error:
            raise ApplicationError(
                str(error), type="StoreAwayError", category=ApplicationErrorCategory.BENIGN
            ) from error
        finally:
            beat.cancel()

    async def _send(self, request: DigestRequest) -> DigestSent:
        now = max(self._desk.now(), request.at)
        digest = await self._guard.call(lambda: self._store.digest(request.digest_id), within=_SLOW)
        if digest is None or digest.sent_at is not None:
            return DigestSent()
        full = await self._put_off(request, now)
        if full is not None:
            return DigestSent(again_at=full.until, why=full.says)
        items = await self._guard.call(lambda: self._store.close_digest(digest.id, at=now), within=_SLOW)
        wanted = [item for item in items if item.state == "waiting"]
        receipts = await self._tell(request, wanted, now) if wanted else []
        reached = any(receipt.reached for receipt in receipts)
        if not reached:
            # Before it counts as sent: an attempt that dies here is repeated, and comes by here again.
            await self._room.give_back(digest.id, [digest.target])
        await self._guard.call(
            lambda: self._store.digest_told(digest.id, receipts, reached=reached, at=now), within=_SLOW
        )
        told = len(wanted) if reached else 0
        return DigestSent(told=told, failed=len(wanted) - told, dropped=len(items) - len(wanted))

    async def _put_off(self, request: DigestRequest, now: datetime) -> Full | None:
        """Take room for a digest, or put it off until there is some; why, and until when.

        That it waits is on record, so that who looks for digests that nobody sends knows of it. Nothing that joins it
        may be put off unseen: there is another look when something did meanwhile.
        """
        while True:
            waiting = await self._guard.call(lambda: self._store.unreported(request.digest_id), within=_SLOW)
            urgent = any(item.is_pressing for item in waiting)
            full = await self._room.for_digest(
                request.target,
                request.digest_id,
                at=now,
                roster=self._configuration.current.roster,
                urgent=urgent,
                any_hour=any(item.any_hour for item in waiting),
            )
            if full is None:
                return None
            full = full._replace(until=max(full.until, now + timedelta(seconds=1)))
            put_off = partial(self._store.put_off, request.digest_id, leaves_at=full.until, holding=len(waiting))
            if await self._guard.call(put_off, within=_SLOW):
                return full

    async def _tell(self, request: DigestRequest, items: list[DigestItem], now: datetime) -> list[Receipt]:
        """Send the message; the same for every attempt."""
        roster = self._configuration.current.roster
        target = parse_target(request.target)
        if not roster.deliverable(target):
            gone = "the roster has no way to tell them any more"
            return [Receipt(target=request.target, method="digest", channel="", outcome="failed", at=now, detail=gone)]
        recipient = recipient_of(roster, target, "a digest of the tickets that wait for you")
        at_once = [plan for plan in recipient.plan if not plan.after]
        person = PagePerson(target=request.target, why=recipient.why, methods=at_once, fallbacks=recipient.fallbacks)
        tickets = list({item.key: item.brief for item in items}.values())
        page = PageRequest(
            round_id=request.digest_id,
            purpose="digest",
            brief=_gathered(tickets, now),
            people=[person],
            scheduled_at=now,
            tickets=tickets,
        )
        records = Records(self._store, self._guard, page, within=self._desk.patience.store)
        sending = Sending(page, settled=self._configuration.current, desk=self._desk, records=records)
        await sending.run()
        return sending.receipts

    async def report(self, request: DigestRequest) -> int:
        """Tell every ticket of a digest what became of its page; how many there were.

        Goes on where an attempt before it ended; a ticket that hears it twice ignores the second. One that cannot be
        told now keeps none of the others from hearing it, and is told by the next attempt.

        Raises:
            RPCError: when there are such, after the others were told.
        """
        failed: list[RPCError] = []
        beat = asyncio.create_task(heartbeat())
        try:
            digest = await self._guard.call(lambda: self._store.digest(request.digest_id), within=_SLOW)
            items = await self._guard.call(lambda: self._store.unreported(request.digest_id), within=_SLOW)
            receipts = [receipt.model_dump(mode="json") for receipt in digest.receipts] if digest is not None else []
            size = len({item.key for item in items if item.state != "dropped"})
            for first in range(0, len(items), CHUNK):
                chunk = items[first : first + CHUNK]
                room = asyncio.Semaphore(AT_ONCE)
                errors = await asyncio.gather(*(self._report(item, receipts, size, room) for item in chunk))
                told = [item for item, error in zip(chunk, errors, strict=True) if error is None]
                await self._guard.call(lambda told=told: self._store.reported(told), within=_SLOW)  # type: ignore[misc]
                failed += [error for error in errors if error is not None]
        except StoreAwayError as error:
            raise ApplicationError(
                str(error), type="StoreAwayError", category=ApplicationErrorCategory.BENIGN
            ) from error
        finally:
            beat.cancel()
        if failed:
            raise failed[0]
        return len(items)

    async def _report(
        self, item: DigestItem, receipts: list[Any], size: int, room: asyncio.Semaphore
    ) -> RPCError | None:
        """Tell one; why that has to be tried again."""
        said = {
            "life": item.life,
            "round_id": item.round_id,
            "rung": item.rung,
            "round": item.brief.round,
            "target": item.target,
            "outcome": item.state,
            "detail": item.detail,
            "size": size,
            "receipts": [] if item.state == "dropped" else receipts,
            "event_id": f"digest/{item.round_id}/{item.target}",
        }
        async with room:
            try:
                await (self.tell or _signal)(item.key, said)
            except RPCError as error:
                if error.status not in FOR_GOOD:
                    return error
                # Nobody waits for the answer any more, or its workflow can hear nothing at all.
                _log.warning("It does not hear what became of a digest: %s", error, extra={"ticket": item.key})
        return None


def _gathered(tickets: list[TicketBrief], now: datetime) -> TicketBrief:
    """What stands for the ticket in a message about many."""
    worst = min((ticket.severity for ticket in tickets), key=lambda one: one.rank, default=Severity.SEV5)
    title = f"{len(tickets)} tickets" if len(tickets) > 1 else "1 ticket"
    return TicketBrief(key="", life="", title=title, severity=worst, status=Status.NEW, opened_at=now)


async def _signal(key: str, said: dict[str, Any]) -> None:
    await activity.client().get_workflow_handle(workflow_id(key)).signal(SIGNAL, said)


async def signal_with_start(due: DigestDue) -> None:
    """See that the workflow of somebody's digests waits for this one; Temporal holds it afterwards."""
    await activity.client().start_workflow(
        "DigestWorkflow",
        due,
        id=digest_workflow_id(due.target),
        task_queue=JOURNAL_QUEUE,
        start_signal="joined",
        start_signal_args=[due],
        priority=Priority(priority_key=1),
        static_summary=f"digests for {due.target}",
        rpc_timeout=_SLOW,
    )
