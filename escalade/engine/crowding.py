"""People who have no room: who is passed over, rounds that wait, and pages that were told in a digest."""

from __future__ import annotations

from escalade.deliveries import delivery_entry
from escalade.effects import ResolveRound
from escalade.engine.draft import Draft
from escalade.engine.events import DigestTold
from escalade.engine.ladder import climb
from escalade.engine.receipts import nobody_left
from escalade.people.resolve import ResolvedRound
from escalade.ticket import workflow_id
from escalade.time.instants import format_instant


def passed_over(d: Draft, effect: ResolveRound, resolved: ResolvedRound) -> None:
    """Say who is not paged in a round because of a limit, until when, and who is paged instead."""
    for one in resolved.passed:
        until = f" until {format_instant(one.until)}" if one.until is not None else ""
        instead = f"; {one.instead} instead" if one.instead else ""
        d.note(
            "page.passed_over",
            f"{one.target} is not paged{instead}",
            f"{one.why}; no room{until}" if until else one.why,
            round=effect.round,
            target=one.target,
            instead=one.instead,
        )


def wait_for_room(d: Draft, effect: ResolveRound, resolved: ResolvedRound) -> None:
    """Everybody is over: the round is made at the first instant with room; the tier limit runs on (decision 17)."""
    visit = d.visit
    assert resolved.room_at is not None
    visit.room_at = max(resolved.room_at, d.now)
    passed_over(d, effect, resolved)
    until = format_instant(visit.room_at)
    d.note("round.waits", f"round {effect.round} waits until {until}", resolved.nobody, round=effect.round, until=until)


def digest_told(d: Draft, event: DigestTold) -> None:
    """A page that waited in a digest is told, or not: it is written down, and failing is a failed round."""
    state, visit = d.state, d.state.visit
    if event.life != state.life or state.policy is None:
        return
    told = visit.told.get(event.target) if visit is not None else None
    here = visit is not None and told is not None and event.rung == state.rung
    if event.outcome == "dropped":
        d.note(
            "page.dropped",
            f"{event.target} is not told in the digest",
            event.detail,
            round=event.round,
            target=event.target,
        )
    receipts = [
        receipt.model_copy(update={"detail": receipt.detail or f"in a digest of {event.size} tickets"})
        for receipt in event.receipts
    ]
    for receipt in receipts:
        entry = delivery_entry(
            receipt,
            stream=workflow_id(state.key),
            life=state.life,
            round_id=event.round_id,
            rung=event.rung,
            round_number=event.round,
            purpose="digested",
            why=told.why if here and told is not None else "",
        )
        d.keep(entry)
    if not here or visit is None or told is None:
        return
    waiting = [receipt for receipt in told.receipts if receipt.outcome == "digested"]
    kept = [receipt for receipt in told.receipts if receipt not in waiting[:1]]
    visit.told[event.target] = told.model_copy(update={"receipts": [*kept, *receipts][-20:]})
    if event.outcome == "failed":
        _failed(d, event)


def _failed(d: Draft, event: DigestTold) -> None:
    """The digest reached nobody: the next tier at once, when nobody else here is reached."""
    state, visit = d.state, d.visit
    why = event.detail or "; ".join(f"{r.target} by {r.method}: {r.detail or r.outcome}" for r in event.receipts)
    d.note("round.failed", f"the digest did not reach {event.target}", why, round=event.round)
    stands = state.status.is_open and not state.stands_still and visit.acknowledged_at is None
    if stands and state.tier is not None and nobody_left(d):
        state.pass_reached = visit.reached_before
        climb(d, d.now, [f"the digest with round {event.round} reached nobody"])
