"""What became of a page that ended with its worker and is not to be sent again: the ledger knows how far it came."""

from __future__ import annotations

from datetime import datetime

from activities.sending import is_night
from activities.wording import zone_of
from escalade.messages.activities import PageRequest, Receipt
from escalade.people.resolve import Recipient, ResolvedRound
from escalade.people.roster import Roster, parse_target
from store import Store


def aftermath(store: Store, request: PageRequest, *, roster: Roster, now: datetime) -> list[Receipt]:
    """The receipts of the deliveries of a page that were begun, and the ledger closed over them.

    A delivery without an outcome may have left: that is what it is put on record as.

    Args:
        store: where the ledger is.
        request: the page.
        roster: tells whose night it is.
        now: the instant of finding out.

    Raises:
        StoreError: when the ledger cannot be asked.
    """
    found = []
    for delivery in store.deliveries(request.brief.key, request.brief.life):
        intent = delivery.intent
        if intent.round_id != request.round_id:
            continue
        receipt = delivery.receipt
        if receipt is None:
            unheard = Receipt(
                target=intent.target,
                method=intent.method,
                channel=intent.channel,
                step=intent.step,
                outcome="unknown",
                at=now,
                message_id=delivery.message_id,
                detail="its worker died before it was answered",
                at_night=is_night(now, zone_of(roster.contact(parse_target(intent.target)))),
            )
            receipt = store.outcome(intent, unheard)
        found.append(receipt)
    return found


def told_in(receipts: list[Receipt], resolved: ResolvedRound) -> ResolvedRound:
    """Whom a round reached that had begun: those of the ledger, with the reasons that the roster gives now."""
    whys = {recipient.target: recipient.why for recipient in resolved.recipients}
    targets = dict.fromkeys(receipt.target for receipt in receipts)
    recipients = [Recipient(target=target, why=whys.get(target, "named when the round began")) for target in targets]
    return ResolvedRound(recipients=recipients, at=resolved.at)
