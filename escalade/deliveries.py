"""Deliveries as journal entries: written by the sender, or later by the ticket from the receipts, under one id."""

from __future__ import annotations

from typing import Final

from escalade.messages.activities import PagePerson, Purpose, Receipt
from escalade.people.resolve import ContactPlan, ResolvedRound
from escalade.record import Entry
from escalade.ticket import SYSTEM

_SAYS: Final = {
    "accepted": "was told by {method}",
    "delivered": "has received it by {method}",
    "failed": "could not be told by {method}",
    "crossed": "was told by {method} while somebody acknowledged",
    "unknown": "may have been told by {method}",
    "skipped": "was not told by {method}",
    "digested": "is told in a {method}",
}

_RECEIPT: Final = (
    "target",
    "method",
    "step",
    "channel",
    "detail",
    "message_id",
    "provider_id",
    "at_night",
    "possibly_twice",
)


def delivery_entry(
    receipt: Receipt,
    *,
    stream: str,
    life: str,
    round_id: str,
    rung: int,
    round_number: int,
    purpose: Purpose,
    why: str,
) -> Entry:
    """The journal entry of one delivery.

    Args:
        receipt: what became of it.
        stream: `ticket/<key>`.
        life: the ticket's life.
        round_id: the round in the delivery ledger; the first part of the entry's id.
        rung: the rung it was sent from.
        round_number: the round in that visit.
        purpose: why it was sent at all.
        why: why this person.
    """
    detail = f" ({receipt.detail})" if receipt.detail else ""
    asks = {"notice": ", for information", "responder": ", called in"}.get(purpose, "")
    # What was not sent may be sent later in the same round, by the run that takes over: that is another entry.
    not_sent = "/skipped" if receipt.outcome == "skipped" else ""
    twice = "; perhaps twice: an earlier attempt was never recorded" if receipt.possibly_twice else ""
    return Entry(
        entry_id=f"{round_id}/{receipt.target}/{receipt.method}/{receipt.step}{not_sent}",
        stream=stream,
        life=life,
        at=receipt.at,
        actor=SYSTEM,
        kind=f"page.{receipt.outcome}",
        what=f"{receipt.target} {_SAYS[receipt.outcome].format(method=receipt.method)}{asks}{detail}{twice}",
        why=why,
        data={
            "rung": rung,
            "round": round_number,
            "round_id": round_id,
            "purpose": purpose,
            "target": receipt.target,
            "method": receipt.method,
            "step": receipt.step,
            "channel": receipt.channel,
            "detail": receipt.detail,
            "message_id": receipt.message_id,
            "provider_id": receipt.provider_id,
            "at_night": receipt.at_night,
            "possibly_twice": receipt.possibly_twice,
        },
    )


def receipt_of(entry: Entry) -> Receipt | None:
    """The receipt that a delivery's entry was made from; None for other entries, and for older ones without it."""
    given = {name: entry.data.get(name) for name in _RECEIPT}
    if entry.kind == "page.digested":
        return None  # nothing was sent: the digest has a delivery of its own
    if not entry.kind.startswith("page.") or any(value is None for value in given.values()):
        return None
    return Receipt.model_validate({**given, "outcome": entry.kind.removeprefix("page."), "at": entry.at})


def people_now(resolved: ResolvedRound) -> list[PagePerson]:
    """Who is told at once, and how: the steps of their rules that have no delay; the later ones are due instants."""
    return [
        PagePerson(
            target=recipient.target,
            why=recipient.why,
            methods=once_each([plan for plan in recipient.plan if not plan.after]),
            fallbacks=recipient.fallbacks,
            digest=recipient.digest,
        )
        for recipient in resolved.recipients
    ]


def once_each(plans: list[ContactPlan]) -> list[ContactPlan]:
    """One step per method, the first: one message per channel (decision 5)."""
    first: dict[str, ContactPlan] = {}
    for plan in plans:
        first.setdefault(plan.method, plan)
    return list(first.values())
