"""Proving that a contact method works: a real message through the real channel, and a record that it went."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from activities.attempt import Patience, Stop, attempt
from activities.failpoints import Failpoints
from activities.outlets import Outlets
from activities.sending import is_night
from activities.untrusted import one_line
from activities.wording import Letter, Reader, Wording, zone_of
from configuration import Configuration
from escalade.deliveries import delivery_entry
from escalade.errors import ChannelError, EscaladeError, StoreError
from escalade.extension import Channel
from escalade.messages.activities import JournalBatch, Receipt, TicketBrief
from escalade.people.roster import ContactMethod, Person
from escalade.ticket import Severity, Status
from store import Store

STREAM: Final = "pages"
"""The stream of the journal that keeps tests of contact methods."""

_WITHIN: Final = timedelta(seconds=30)
_WHY: Final = "a test of this contact method"


class UnknownPersonError(EscaladeError):
    """There is no such person."""

    exit_code = 2


class UnknownMethodError(EscaladeError):
    """This person has no such contact method."""

    exit_code = 2


def _now() -> datetime:
    return datetime.now(UTC)


async def prove(
    person: str,
    *,
    configuration: Configuration,
    store: Store,
    channels: Mapping[str, type[Channel]],
    channel: str | None = None,
    now: Callable[[], datetime] = _now,
) -> list[Receipt]:
    """Send somebody a test message by each of their methods, and keep when each was last proven.

    Args:
        person: an id or login of the roster.
        configuration: the people and the channels.
        store: where proofs and the journal are.
        channels: kinds of channels by what `use:` says.
        channel: only methods that are called so, or that use the channel of this name.
        now: the clock.

    Returns:
        A receipt for each method, failed ones included, in the person's order.

    Raises:
        UnknownPersonError: nobody is called so.
        UnknownMethodError: the person has no method, or none by that channel.
        StoreError: when the messages went out and it could not be put on record.
    """
    roster = configuration.roster
    known = roster.person_of(person)
    if known is None:
        people = ", ".join(sorted(roster.people)) or "nobody yet"
        raise UnknownPersonError(f"Nobody in the roster is called {person!r}.", mend=f"There are {people}.")
    contact = roster.people[known]
    chosen = {
        name: method for name, method in contact.methods.items() if channel is None or channel in (name, method.channel)
    }
    if not chosen:
        methods = ", ".join(contact.methods) or "none at all"
        named = f" by {channel!r}" if channel else ""
        raise UnknownMethodError(f"{known} cannot be reached{named}.", mend=f"Their methods: {methods}.")
    test = _Test(known, contact, configuration, Outlets(channels), now)
    receipts = list(await asyncio.gather(*(test.send(name, method) for name, method in chosen.items())))
    try:
        await asyncio.to_thread(_keep, store, known, test.round_id, receipts)
    except StoreError as error:
        went = ", ".join(f"{receipt.method} {receipt.outcome}" for receipt in receipts)
        raise StoreError(
            f"The test went out ({went}) and is not on record. {error.message}", mend=error.mend
        ) from error
    return receipts


class _Test:
    """One test of one person."""

    def __init__(
        self, person: str, contact: Person, configuration: Configuration, outlets: Outlets, now: Callable[[], datetime]
    ) -> None:
        self.round_id = f"test-{uuid.uuid4()}"
        self._person = person
        self._contact = contact
        self._configuration = configuration
        self._outlets = outlets
        self._now = now
        self._wording = Wording(configuration.directory / "templates")

    async def send(self, name: str, method: ContactMethod) -> Receipt:
        """Send by one method; every failure is a receipt."""
        target = f"person:{self._person}"
        message_id = str(uuid.uuid4())
        letter = Letter(
            id=message_id,
            reader=Reader.of(target, self._contact),
            brief=self._brief(),
            why=_WHY,
            purpose="test",
            data={"target": target, "round_id": self.round_id},
        )
        try:
            channel = self._outlets.channel(method.channel, self._configuration.channels)
            result = await attempt(
                channel,
                self._wording.message(letter),
                method.address,
                stop=Stop(within=_WITHIN),
                patience=Patience(),
                failpoints=Failpoints(),
            )
            outcome, provider_id, detail = result.outcome, result.provider_id, result.detail
        except ChannelError as error:
            outcome, provider_id, detail = "failed", "", one_line(str(error), 300)
        at = self._now()
        return Receipt(
            target=target,
            method=name,
            channel=method.channel,
            outcome=outcome,
            at=at,
            message_id=message_id,
            provider_id=provider_id,
            detail=detail,
            at_night=is_night(at, zone_of(self._contact)),
        )

    def _brief(self) -> TicketBrief:
        return TicketBrief(
            key="",
            life="",
            title="A test of how Escalade reaches you",
            severity=Severity.SEV5,
            status=Status.NEW,
            opened_at=self._now(),
        )


def _keep(store: Store, person: str, round_id: str, receipts: list[Receipt]) -> None:
    for receipt in receipts:
        store.prove(person, receipt.method, at=receipt.at, outcome=receipt.outcome, detail=receipt.detail)
    entries = [
        delivery_entry(
            receipt,
            stream=STREAM,
            life="",
            round_id=round_id,
            rung=0,
            round_number=0,
            purpose="test",
            why=_WHY,
        )
        for receipt in receipts
    ]
    store.write(JournalBatch(stream=STREAM, life="", entries=entries))
