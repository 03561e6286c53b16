"""The activity that pages: it heartbeats, stops when its ticket says so, and always hands back its receipts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.aftermath import aftermath, told_in
from activities.guard import Guard
from activities.heart import heartbeat
from activities.records import Records
from activities.room import has_limits
from activities.sending import Desk, Sending
from activities.turns import urgency
from configuration import Live
from escalade.deliveries import people_now
from escalade.messages.activities import PagePerson, PageRequest, PageResult, Receipt
from escalade.people.resolve import ResolvedRound, RoundRequest
from store import Store

LATENESS: Final = "escalade_page_lateness"
DELIVERIES: Final = "escalade_deliveries"

_AFTERMATH_WITHIN: Final = timedelta(seconds=5)
"""How long the ledger may take to say what became of a page: nobody waits for that one."""

Ask = Callable[[RoundRequest, datetime, str], Awaitable[ResolvedRound]]
"""Asks the roster for a round (the last argument is its id); raises nothing but what makes the attempt fail."""

Join = Callable[[PageRequest, PagePerson], Awaitable[Receipt | None]]
"""Puts a page into somebody's digest; who is in none afterwards is told at once."""

GiveBack = Callable[[str, Sequence[str] | None], Awaitable[None]]
"""Lets a round have taken no room of these people, or of whoever was not told of it; raises nothing."""

_log = logging.getLogger(__name__)


class Pager:
    """Sends pages for as long as a worker lives."""

    def __init__(
        self, configuration: Live, store: Store, guard: Guard, desk: Desk, *, ask: Ask, join: Join, give_back: GiveBack
    ) -> None:
        """Keep what every page needs.

        Args:
            configuration: asked anew for each page.
            store: the ledger and the journal.
            guard: the way to the store.
            desk: channels, words, patience and the clock.
            ask: asks the roster whom a round reaches.
            join: puts pages into digests.
            give_back: gives back the room of who was not told.
        """
        self._ask = ask
        self._join = join
        self._give_back = give_back
        self._configuration = configuration
        self._store = store
        self._guard = guard
        self._desk = desk

    async def page(self, request: PageRequest) -> PageResult:
        """Send.

        When the ticket cancels it, nothing more is attempted, what is in the air is waited for, and the receipts
        are handed back as a normal result: raising would lose them. When the process is told to stop instead, it
        lets go as if killed, and another attempt goes on from the ledger.

        Asked to find out whom a round reaches, it holds back where somebody has a later contact step that falls due
        while it may still be sending: the ticket has to know of that step before.
        """
        urgency.set(_rank(request))
        if request.only_find_out:
            return await self._find_out(request)
        # From the beginning: in a storm the roster is asked after a wait for the store, and the server takes an
        # attempt of which it hears nothing for dead.
        beat = asyncio.create_task(heartbeat())
        try:
            return await self._page(request)
        finally:
            beat.cancel()

    async def _page(self, request: PageRequest) -> PageResult:
        if request.request is not None:
            try:
                resolved = await self._ask(request.request, request.asked_at or self._desk.now(), request.round_id)
            except asyncio.CancelledError:
                if not _stopped_by_the_ticket():
                    _give_way()
                return PageResult(resolved=ResolvedRound(nobody="not asked any more"))
            now = [who for who in resolved.recipients if not who.digest]
            later = [plan.after for who in now for plan in who.plan if plan.after]
            paging = request.purpose in ("round", "catch_all")  # a call or a notice has no later contact steps
            held_back = paging and any(after <= request.deliver_within for after in later)
            if held_back or not resolved.recipients:
                return PageResult(resolved=resolved, held_back=held_back)
            result = await self._tell(told_by(request, resolved))
            return result.model_copy(update={"resolved": resolved})
        return await self._tell(request)

    async def _find_out(self, request: PageRequest) -> PageResult:
        roster, now = self._configuration.current.roster, self._desk.now()
        receipts = await self._guard.call(
            lambda: aftermath(self._store, request, roster=roster, now=now), within=_AFTERMATH_WITHIN
        )
        if request.request is not None and receipts:
            resolved = told_in(receipts, await self._ask(request.request, request.asked_at or now, request.round_id))
            request = told_by(request, resolved)
        else:
            resolved = None
        if has_limits(roster):
            await self._give_back(request.round_id, None)
        records = Records(self._store, self._guard, request, within=self._desk.patience.store)
        result = await records.close(receipts)
        return result.model_copy(update={"resolved": resolved})

    async def _tell(self, request: PageRequest) -> PageResult:
        records = Records(self._store, self._guard, request, within=self._desk.patience.store)
        sending = Sending(request, settled=self._configuration.current, desk=self._desk, records=records)
        work = asyncio.create_task(self._work(request, sending, records))
        try:
            while not work.done():
                try:
                    await asyncio.wait({work})
                except asyncio.CancelledError:
                    if not _stopped_by_the_ticket():
                        await _let_go(work)
                        _give_way()
                    sending.stop.ask()
        finally:
            self._measure(request, sending)
        return work.result()

    async def _work(self, request: PageRequest, sending: Sending, records: Records) -> PageResult:
        carrying = asyncio.create_task(records.carry())
        # Who is told now does not wait for the digests of the others.
        collecting = asyncio.create_task(self._collect(request, sending))
        try:
            await sending.run([person for person in request.people if not person.digest])
            await asyncio.wait({collecting})
            await self._free(request, sending.receipts)
            joined = await collecting
            await carrying
        finally:
            collecting.cancel()
            carrying.cancel()
        self._desk.failpoints.hit("before_record")
        return await records.close([*joined, *sending.receipts])

    async def _collect(self, request: PageRequest, sending: Sending) -> list[Receipt]:
        """Put the page into the digests of those who collect them, and tell at once who is in none for all that.

        What is wrong with one digest is raised when everybody else is told.
        """

        async def collect(person: PagePerson) -> Receipt | None:
            joined = await self._join(request, person)
            if joined is None:
                await sending.run([person])
            return joined

        people = [person for person in request.people if person.digest]
        found = await asyncio.gather(*(collect(person) for person in people), return_exceptions=True)
        for one in found:
            if isinstance(one, BaseException):
                raise one
        return [one for one in found if isinstance(one, Receipt)]

    async def _free(self, request: PageRequest, receipts: list[Receipt]) -> None:
        """Give back the room of those whom no delivery reached, or may have: nobody paged them."""
        told = {receipt.target for receipt in receipts if not _in_vain(receipt)}
        untold = {receipt.target for receipt in receipts} - told
        if untold and has_limits(self._configuration.current.roster):
            await self._give_back(request.round_id, sorted(untold))

    def _measure(self, request: PageRequest, sending: Sending) -> None:
        for receipt in sending.receipts:
            if receipt.outcome in ("failed", "unknown"):
                # The ticket's key is in the log, the address never is.
                sentence = "ticket %s: %s %s by %s (%s): %s"
                became = "was not told" if receipt.outcome == "failed" else "may not have been told"
                named = (request.brief.key, receipt.target, became, receipt.method, receipt.outcome, receipt.detail)
                _log.warning(sentence, *named)
        if not activity.in_activity():
            return
        meter = activity.metric_meter()
        about = {"purpose": request.purpose, "severity": request.brief.severity.value}
        if sending.first_attempt_at is not None:
            late = _lateness(request.scheduled_at, sending.first_attempt_at)
            what = "From the instant a page was due to its first attempt."
            meter.create_histogram_timedelta(LATENESS, what, "duration").record(late, about)
        counter = meter.create_counter(DELIVERIES, "Deliveries by what became of them.")
        for receipt in sending.receipts:
            counter.add(1, {"channel": receipt.channel, "outcome": receipt.outcome})


def told_by(request: PageRequest, resolved: ResolvedRound) -> PageRequest:
    """The page, with the people the roster named; lists show at once that they are being paged."""
    people = people_now(resolved)
    batch = request.batch
    if batch is not None and batch.snapshot is not None and request.purpose in ("round", "catch_all"):
        paged = list(dict.fromkeys([*batch.snapshot.paged, *(person.target for person in people)]))
        shown = batch.snapshot.model_copy(update={"paged": paged})
        batch = batch.model_copy(update={"snapshot": shown})
    return request.model_copy(update={"people": people, "batch": batch})


def _rank(request: PageRequest) -> int:
    """How soon it is served: the first page of a ticket before repeats, as in the server's queue (decision 21)."""
    if request.purpose == "notice":
        return 8
    first = request.purpose == "round" and request.brief.rung == 1 and request.brief.round == 1
    urgent = request.brief.severity.rank <= 2
    return (1 if urgent else 3) if first else (4 if urgent else 5)


def _in_vain(receipt: Receipt) -> bool:
    return receipt.outcome in ("skipped", "failed") and not receipt.possibly_twice


def _lateness(due: datetime, at: datetime) -> timedelta:
    return max(at - due, timedelta(0))  # clocks of two machines differ


def _stopped_by_the_ticket() -> bool:
    details = activity.cancellation_details() if activity.in_activity() else None
    return details is None or details.cancel_requested


def _give_way() -> None:
    """End an attempt that was not cancelled by its ticket.

    Raises:
        ApplicationError: when the worker stops, so that another one takes the page over at once.
        asyncio.CancelledError: when the server has given up on this attempt, or paused it.
    """
    details = activity.cancellation_details()
    if details is not None and details.worker_shutdown:
        raise ApplicationError("the worker was stopped in the middle of a page", type="WorkerStopped")
    raise asyncio.CancelledError


async def _let_go(work: asyncio.Task[PageResult]) -> None:
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
