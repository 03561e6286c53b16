"""People who have no room: who is passed over, rounds that wait, and pages that were told in a digest."""

from __future__ import annotations

from escalade.deliveries import delivery_entry
from escalade.effects import ResolveRound, SendPages
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


def outdated(d: Draft, effect: ResolveRound) -> bool:
    """Whether the severity was raised after the roster was asked: what it says of people's limits held for less."""
    pressure = effect.request.pressure
    return pressure is not None and d.state.ticket.severity.rank < pressure.severity.rank


def ask_again(d: Draft, effect: ResolveRound) -> None:
    """What waits by what the roster said of a lower severity is owed at once (decision 12)."""
    pressure = effect.request.pressure
    assert pressure is not None
    why = f"its answer was for {pressure.severity.value}, and it is {d.state.ticket.severity.value} now"
    d.note("round.note", f"round {effect.round} would wait; the roster is asked again", why, round=effect.round)
    d.visit.round_now, d.visit.owed_at = True, d.now


def in_digest(d: Draft) -> bool:
    """Whether somebody here waits for a digest, by the newest they were told, or is being put into one."""
    newest = (told.receipts[-1] for told in d.visit.told.values() if told.receipts)
    return any(receipt.outcome == "digested" for receipt in newest) or any(
        person.digest
        for effect in d.state.pending.values()
        if isinstance(effect, SendPages) and effect.rung == d.state.rung and not effect.cancelled
        for person in effect.people
    )


def severity_raised(d: Draft) -> None:
    """What waits for room, or in a digest, at one severity may be paged at once at the next (decision 12)."""
    state, visit = d.state, d.visit
    if visit.room_at is not None:
        visit.room_at, visit.round_now = None, True
    elif state.engine >= 3 and _stands(d) and in_digest(d) and not _asking(d):
        d.note("round.note", "a round is made now, whoever waits for a digest", "the severity was raised")
        visit.round_now, visit.owed_at = True, d.now


def _asking(d: Draft) -> bool:
    """Whether the roster is asked for a round already: its answer is looked at in the light of the new severity."""
    return any(
        isinstance(effect, ResolveRound)
        and effect.purpose == "round"
        and effect.rung == d.state.rung
        and not effect.cancelled
        for effect in d.state.pending.values()
    )


def _stands(d: Draft) -> bool:
    """Whether somebody here is to be paged: the ticket is open, nobody has it, and its time runs."""
    state = d.state
    return state.status.is_open and not state.stands_still and d.visit.acknowledged_at is None


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
            why=told.why if here and told is not None else "it was paged on an earlier rung",
        )
        d.keep(entry)
    if not here or visit is None or told is None:
        return
    waiting = [receipt for receipt in told.receipts if receipt.outcome == "digested"]
    kept = [receipt for receipt in told.receipts if receipt not in waiting[:1]]
    visit.told[event.target] = told.model_copy(update={"receipts": [*kept, *receipts][-20:]})
    if event.outcome == "failed":
        _failed(d, event)
    elif event.outcome == "dropped" and state.engine >= 3:
        _left_out(d, event)


def _left_out(d: Draft, event: DigestTold) -> None:
    """The digest took the ticket for one that needs nobody any more. The ticket knows better (decision 49).

    It pages at once, and only once: a digest that leaves it out again is one that fails (decision 4).
    """
    visit = d.visit
    if not _stands(d) or event.round < visit.rounds:
        return  # nobody is to be told, or a later round has seen to it
    if visit.dropped:
        _failed(d, event)
        return
    visit.dropped = True
    why = f"it is open here, and nobody has it; the digest left it out: {event.detail or 'it did not say why'}"
    d.note("round.note", f"a round is made now: {event.target} was not told", why, round=event.round)
    visit.round_now, visit.owed_at = True, d.now


def _failed(d: Draft, event: DigestTold) -> None:
    """The digest reached nobody: the next tier at once, when nobody else here is reached."""
    state = d.state
    why = event.detail or "; ".join(f"{r.target} by {r.method}: {r.detail or r.outcome}" for r in event.receipts)
    d.note("round.failed", f"the digest did not reach {event.target}", why, round=event.round)
    if _stands(d) and state.tier is not None and nobody_left(d):
        state.pass_reached = d.visit.reached_before
        climb(d, d.now, [f"the digest with round {event.round} reached nobody"])
