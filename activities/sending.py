"""One page: everybody in it told at once, each by their methods, and by the next one when a method fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from activities.attempt import NO_TIME, NOT_SENT, Patience, Result, Stop, attempt
from activities.failpoints import Failpoints
from activities.outlets import Configured, Outlets
from activities.records import Records
from activities.untrusted import one_line
from activities.wording import Letter, Reader, Wording, zone_of
from escalade.errors import ChannelError
from escalade.extension import Channel, Message
from escalade.messages.activities import PagePerson, PageRequest, Receipt
from escalade.people.capacity import night_until
from escalade.people.resolve import ContactPlan
from escalade.people.roster import Reachable, Roster, parse_target
from store.ledger import Intent

_log = logging.getLogger(__name__)

AT_ONCE: Final = 32
"""Deliveries of one page under way at a time."""


class Settled(Protocol):
    """The configuration in force, as far as sending needs it."""

    @property
    def roster(self) -> Roster:
        """Everybody."""

    @property
    def channels(self) -> Mapping[str, Configured]:
        """The channels."""


class Clock(Protocol):
    """Tells the time."""

    def __call__(self) -> datetime:
        """Now, with a zone."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What sending works with, whichever page it is."""

    outlets: Outlets
    wording: Wording
    failpoints: Failpoints
    patience: Patience
    now: Clock


def is_night(instant: datetime, zone: str) -> bool:
    """Whether it is between 22:00 and 07:00 there."""
    return night_until(ZoneInfo(zone), instant) is not None


class Sending:
    """The run of one page. `receipts` fills while it runs, in the order in which outcomes came."""

    def __init__(self, request: PageRequest, *, settled: Settled, desk: Desk, records: Records) -> None:
        """Prepare; nothing is sent yet. Needs a running event loop.

        Args:
            request: what is asked.
            settled: the configuration in force: the same for all of this page, even when a reload comes.
            desk: what to send with.
            records: what this page reads and writes in the store.
        """
        self._request = request
        self._settled = settled
        self._desk = desk
        self._records = records
        self._room = asyncio.Semaphore(AT_ONCE)
        self.stop = Stop(within=request.deliver_within)
        self.receipts: list[Receipt] = []
        self.first_attempt_at: datetime | None = None

    async def run(self, people: Iterable[PagePerson] | None = None) -> None:
        """Tell people; ends when every delivery has a receipt. May be called for some while others are told.

        Args:
            people: whom of the page; everybody when it is None.
        """
        await asyncio.gather(*(self._tell(person) for person in (self._request.people if people is None else people)))

    async def _tell(self, person: PagePerson) -> None:
        at_once = person.methods or person.fallbacks[:1]
        taken = {plan.method for plan in at_once}
        unused = iter([plan for plan in person.fallbacks if plan.method not in taken])
        await asyncio.gather(*(self._by(person, plan, unused) for plan in at_once))

    async def _by(self, person: PagePerson, plan: ContactPlan, unused: Iterator[ContactPlan]) -> None:
        """Tell a person by a method, and by the next unused one as long as that fails."""
        turn: ContactPlan | None = plan
        following: ContactPlan | None = None

        def otherwise() -> bool:
            nonlocal following
            following = following or next(unused, None)
            return following is not None

        while turn is not None:
            async with self._room:
                receipt = await self._safely(person, turn, otherwise)
            self.receipts.append(receipt)
            if (receipt.outcome not in ("failed", "unknown") and following is None) or self.stop.is_asked:
                return
            turn, following = following or next(unused, None), None

    async def _safely(self, person: PagePerson, plan: ContactPlan, otherwise: Callable[[], bool]) -> Receipt:
        intent = Intent(
            key=self._request.brief.key,
            life=self._request.brief.life,
            round_id=self._request.round_id,
            target=person.target,
            method=plan.method,
            step=plan.step,
            channel=plan.channel,
            purpose=self._request.purpose,
            at=self._desk.now(),
        )
        try:
            return await self._deliver(person, intent, otherwise)
        except Exception as error:  # noqa: BLE001 - logged, and a failed delivery all the same
            # One delivery that cannot even be prepared must not take the others of its round with it.
            _log.exception("The delivery to %s by %s could not be prepared.", person.target, plan.method)
            return self._receipt(intent, Result("failed", detail=f"{type(error).__name__}: {error}"), "UTC")

    async def _deliver(self, person: PagePerson, intent: Intent, otherwise: Callable[[], bool]) -> Receipt:
        contact = self._settled.roster.contact(parse_target(person.target))
        method = contact.methods.get(intent.method) if contact else None
        zone = zone_of(contact)
        if self.stop.is_asked:
            return self._receipt(intent, NOT_SENT, zone)
        if not self.stop.left:
            return self._receipt(intent, NO_TIME, zone)
        if contact is None or method is None:
            gone = f"the roster has no {intent.method} for {person.target} any more"
            return self._receipt(intent, Result("failed", detail=gone), zone)
        intent = intent.model_copy(update={"channel": method.channel})
        try:
            channel = self._desk.outlets.channel(method.channel, self._settled.channels)
        except ChannelError as error:
            return self._receipt(intent, Result("failed", detail=str(error)), zone)
        known = await self._records.intend(intent)
        if known is not None and known.receipt is not None and known.receipt.outcome != "skipped":
            return known.receipt
        twice = known is not None and known.state == "started"
        number = known.number if known is not None else 0
        message = self._message(person, contact, intent, number)
        result = await self._attempt(channel, message, method.address, otherwise)
        receipt = self._receipt(intent, result, zone, possibly_twice=twice)
        if receipt.outcome in ("accepted", "delivered", "crossed", "failed", "unknown"):
            self._desk.outlets.heard(method.channel, reached=receipt.reached)
        return await self._records.settle(intent, receipt)

    async def _attempt(self, channel: Channel, message: Message, address: str, otherwise: Callable[[], bool]) -> Result:
        if self.first_attempt_at is None and not self.stop.is_asked:
            self.first_attempt_at = self._desk.now()
        return await attempt(
            channel,
            message,
            address,
            stop=self.stop,
            patience=self._desk.patience,
            failpoints=self._desk.failpoints,
            otherwise=otherwise,
        )

    def _message(self, person: PagePerson, contact: Reachable, intent: Intent, number: int) -> Message:
        return self._desk.wording.message(
            Letter(
                id=intent.message_id,
                reader=Reader.of(person.target, contact),
                brief=self._request.brief,
                why=person.why,
                purpose=self._request.purpose,
                form=self._request.form,
                subject=self._request.subject,
                text=self._request.text,
                number=number,
                tickets=self._request.tickets,
                data={"target": person.target, "round_id": self._request.round_id},
            )
        )

    def _receipt(self, intent: Intent, result: Result, zone: str, *, possibly_twice: bool = False) -> Receipt:
        now = self._desk.now()
        return Receipt(
            target=intent.target,
            method=intent.method,
            channel=intent.channel,
            step=intent.step,
            outcome=result.outcome,
            at=now,
            message_id=intent.message_id,
            provider_id=result.provider_id,
            detail=one_line(result.detail, 300),
            possibly_twice=possibly_twice,
            at_night=is_night(now, zone),
        )
