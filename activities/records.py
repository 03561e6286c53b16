"""What one page reads and writes in the store. Every call gives up quickly: a page never waits for a database."""

from __future__ import annotations

from datetime import timedelta

from activities.guard import Guard, StoreAwayError
from escalade.deliveries import delivery_entry
from escalade.messages.activities import JournalBatch, PageRequest, PageResult, Receipt
from escalade.record import Head
from escalade.ticket import workflow_id
from store import Store
from store.ledger import Intended, Intent


class Records:
    """The delivery ledger and the journal, for one page."""

    def __init__(self, store: Store, guard: Guard, request: PageRequest, *, within: timedelta) -> None:
        """Begin with nothing written.

        Args:
            store: the store.
            guard: the way to it.
            request: the page.
            within: how long to wait for one call.
        """
        self._store = store
        self._guard = guard
        self._request = request
        self._within = within
        self._carried: Head | None = None
        self._truncated = False
        self._away: dict[str, None] = {}

    async def intend(self, intent: Intent) -> Intended | None:
        """Put on record that a delivery is about to be attempted; None when the store is away."""
        try:
            return await self._guard.call(lambda: self._store.intend(intent), within=self._within)
        except StoreAwayError as error:
            self._away[str(error)] = None
            return None

    async def settle(self, intent: Intent, receipt: Receipt) -> Receipt:
        """Put the outcome on record. Without the store the ticket has it from the receipts.

        Returns:
            The receipt that stands: of two attempts at one time both say the same.
        """
        try:
            return await self._guard.call(lambda: self._store.outcome(intent, receipt), within=self._within)
        except StoreAwayError as error:
            self._away[str(error)] = None
            return receipt

    async def carry(self) -> None:
        """Write the entries that the page was given to take along: they do not wait for deliveries."""
        if self._request.batch is not None:
            self._carried = await self._write(self._request.batch)

    async def close(self, receipts: list[Receipt]) -> PageResult:
        """Write the delivery entries, after those taken along, and say what was written.

        Args:
            receipts: every delivery of the page.
        """
        given = self._request.batch
        batch = JournalBatch(stream=workflow_id(self._request.brief.key), life=self._request.brief.life)
        if given is not None:
            # What `carry` could not write goes with it now; what it wrote is not sent again.
            missed = self._carried is None
            batch = given.model_copy(update={"entries": list(given.entries) if missed else []})
            batch = batch.model_copy(update={"known": given.known if missed else self._carried})
            if not missed:
                batch = batch.model_copy(update={"snapshot": None})
        whys = {person.target: person.why for person in self._request.people}
        batch.entries.extend(
            delivery_entry(
                receipt,
                stream=batch.stream,
                life=batch.life,
                round_id=self._request.round_id,
                rung=self._request.brief.rung,
                round_number=self._request.brief.round,
                purpose=self._request.purpose,
                why=whys.get(receipt.target, ""),
            )
            for receipt in receipts
        )
        nothing_left = not batch.entries and batch.snapshot is None
        head = self._carried if nothing_left else await self._write(batch)
        return PageResult(
            receipts=receipts,
            written=nothing_left or head is not None,
            head=head or self._carried,
            truncated=self._truncated,
            notes=[f"{sentence.rstrip('.')}; the page went out without it" for sentence in self._away],
        )

    async def _write(self, batch: JournalBatch) -> Head | None:
        try:
            written = await self._guard.call(lambda: self._store.write(batch), within=self._within)
        except StoreAwayError as error:
            self._away[str(error)] = None
            return None
        self._truncated = self._truncated or written.truncated
        return written.head
