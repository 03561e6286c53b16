"""Writing what waited for the store: the journal, and then the delivery ledger, which missed the same deliveries."""

from __future__ import annotations

from collections.abc import Iterator

from escalade.deliveries import receipt_of
from escalade.messages.activities import JournalAck, JournalBatch, Receipt
from escalade.record import Entry
from escalade.ticket import key_of
from store import Intent, Store


def write(store: Store, batch: JournalBatch) -> JournalAck:
    """Write a batch of a ticket's.

    A page writes its own deliveries. Those that come by way of the ticket went out while the store was away, so the
    ledger does not know how they ended, or that there were any (decision 45).

    Args:
        store: the store.
        batch: what the ticket kept.

    Raises:
        StoreError: when not all of it is written; writing it again is safe.
    """
    ack = store.write(batch)
    for intent, receipt in _missed(batch.entries):
        store.outcome(intent, receipt)
    return ack


def _missed(entries: list[Entry]) -> Iterator[tuple[Intent, Receipt]]:
    for entry in entries:
        receipt = receipt_of(entry)
        if receipt is None or "round_id" not in entry.data:
            continue
        yield (
            Intent(
                key=key_of(entry.stream),
                life=entry.life,
                round_id=entry.data["round_id"],
                target=receipt.target,
                method=receipt.method,
                step=receipt.step,
                channel=receipt.channel,
                purpose=entry.data.get("purpose", "round"),
                at=receipt.at,
            ),
            receipt,
        )
