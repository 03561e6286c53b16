"""What became of pages: who was reached, what a failed round leads to, and failures that are reported later."""

from __future__ import annotations

from datetime import datetime

from escalade.deliveries import delivery_entry
from escalade.effects import PagesSent, ResolveRound, SendPages
from escalade.engine.draft import PAGING, Draft
from escalade.engine.ladder import climb
from escalade.messages.activities import PagePerson, Purpose, Receipt
from escalade.ticket import workflow_id


def record(d: Draft, effect: ResolveRound | SendPages, event: PagesSent, whys: dict[str, str]) -> None:
    """Write down what became of pages, unless the sender has.

    Args:
        d: the decision in the making.
        effect: what was wanted.
        event: what came of it.
        whys: why each of them was told.
    """
    state = d.state
    if event.head is not None and (state.head is None or event.head.seq >= state.head.seq):
        state.head = event.head
    for receipt in event.receipts:
        entry = delivery_entry(
            receipt,
            stream=workflow_id(state.key),
            life=state.life,
            round_id=effect.round_id,
            rung=effect.rung,
            round_number=effect.round,
            purpose=effect.purpose,
            why=whys.get(receipt.target, ""),
        )
        d.keep(entry, written=event.written)
    if event.error:
        d.note("round.error", "the pages could not be attempted", event.error, round=effect.round)
    for text in event.notes:
        d.note("round.note", text, "whoever sent it says so", round=effect.round)


def pages_sent(d: Draft, event: PagesSent) -> None:
    """The pages are out, or not: record every delivery, and leave the tier when nobody was reached."""
    state = d.state
    effect = state.pending.pop(event.effect, None)
    if not isinstance(effect, SendPages):
        return
    record(d, effect, event, {person.target: person.why for person in effect.people})
    if effect.rung != state.rung or effect.purpose not in PAGING or state.visit is None:
        return
    if reached_here(d, event.receipts):
        return
    if not effect.cancelled and effect.purpose == "round" and state.status.is_open and not state.stands_still:
        channels = sorted({receipt.channel for receipt in event.receipts})
        untried = bool(event.receipts) and all(receipt.outcome == "skipped" for receipt in event.receipts)
        _failed_round(d, effect, _errors(event.receipts), channels, untried=untried)
    elif not effect.cancelled:
        errors = _errors(event.receipts)
        d.note("round.failed", f"nobody was reached ({effect.purpose.replace('_', ' ')})", errors)
        _after_failed_page(d, effect, errors)


def reached_here(d: Draft, receipts: list[Receipt]) -> bool:
    """Keep what became of pages of this visit; whether somebody was reached by them."""
    for target in {receipt.target: None for receipt in receipts}:
        _add_receipts(d, target, [receipt for receipt in receipts if receipt.target == target])
    reached = any(receipt.reached for receipt in receipts)
    if reached:
        d.visit.turn_reached = True
        d.state.pass_reached = d.state.pass_reached or not d.state.in_catch_all
    return reached


def _errors(receipts: list[Receipt]) -> str:
    return "; ".join(f"{r.target} by {r.method}: {r.detail or r.outcome}" for r in receipts[:10])


def _add_receipts(d: Draft, target: str, receipts: list[Receipt]) -> None:
    told = d.visit.told.get(target)
    if told is not None:
        d.visit.told[target] = told.model_copy(update={"receipts": [*told.receipts, *receipts][-20:]})


def _failed_round(d: Draft, effect: SendPages, errors: str, channels: list[str], *, untried: bool) -> None:
    visit = d.visit
    if visit.acknowledged_at is not None:
        return
    people = ", ".join(person.target for person in effect.people)
    if effect.candidates_left:
        text = f"round {effect.round} reached nobody ({people}); the next one is told at once"
        d.note("round.failed", text, errors)
        visit.round_now, visit.owed_at = True, d.now
    elif effect.others_told or (visit.acks and d.state.engine >= 3) or (visit.turn_reached and _takes_turns(d)):
        d.note("round.failed", f"round {effect.round} reached nobody ({people}); others here were reached", errors)
    elif untried and not visit.crowded and d.state.engine >= 3:
        # Its channel had no room in all of `deliver_within`. That says nothing of these people, and the next tier
        # would wait in the same queue: once more here, before it is a failure like others.
        d.note("round.failed", f"round {effect.round} was not sent to anybody ({people}); it is made again", errors)
        visit.crowded = True
        visit.round_now, visit.owed_at = True, d.now
    else:
        d.note("round.failed", f"round {effect.round} reached nobody ({people}); the next tier at once", errors)
        d.failed_by = channels
        climb(d, d.now, [f"no delivery of round {effect.round} was accepted"])


def _takes_turns(d: Draft) -> bool:
    tier = d.state.tier
    return tier is not None and tier.how != "everyone" and not d.visit.reassigned


def _after_failed_page(d: Draft, effect: SendPages, errors: str) -> None:
    """A contact step or a round of the catch-all reached nobody."""
    state = d.state
    visit = d.visit
    if not state.status.is_open or state.stands_still or visit.acknowledged_at is not None:
        return
    if state.tier is None and visit.reassigned:
        own_people(d, errors)
    elif state.tier is not None and effect.purpose in _lead_on(d) and nobody_left(d):
        climb(d, d.now, [f"nobody remains reached: {errors}"])


def _lead_on(d: Draft) -> tuple[Purpose, ...]:
    """The pages besides rounds whose failing leaves a tier, where nobody is left who was reached."""
    return ("contact_step",) if d.state.engine < 3 else ("contact_step", "catch_all")


def own_people(d: Draft, why: str) -> None:
    """The new assignee cannot be told: back to whom the rung pages by itself, at once."""
    state, visit = d.state, d.visit
    assert state.policy is not None
    visit.targets = list(state.tier.page if state.tier is not None else state.policy.catch_all)
    visit.reassigned = False
    visit.round_now, visit.owed_at = True, d.now
    d.note("round.nobody", "the new assignee cannot be told; those of the rung are paged", why)


def _under_way(d: Draft) -> list[ResolveRound | SendPages]:
    """The pages of this rung that are on their way."""
    return [
        effect
        for effect in d.state.pending.values()
        if isinstance(effect, ResolveRound | SendPages)
        and effect.purpose in PAGING
        and effect.rung == d.state.rung
        and not effect.cancelled
    ]


def nobody_left(d: Draft) -> bool:
    """Whether nobody here was reached, has acknowledged, or is being told at this moment."""
    visit = d.visit
    reached = any(receipt.reached for told in visit.told.values() for receipt in told.receipts)
    return not (visit.acks or reached or _under_way(d))


def delivery_failed(d: Draft, *, target: str, method: str, detail: str, provider_id: str = "") -> None:
    """A provider took a message back: that person's next channel now, or the next tier when nobody is left reached.

    Args:
        d: the decision in the making.
        target: who was not reached after all.
        method: by which of their methods.
        detail: what the provider said.
        provider_id: its name for the message; without one all that went by the method counts as taken back.
    """
    state = d.state
    visit = state.visit
    d.note("page.failed", f"{target} was not reached by {method} after all", detail, target=target, method=method)
    if visit is None or not state.status.is_open:
        return
    if target not in visit.told:
        if _under_way(d):  # perhaps one of those who are being told right now
            visit.failed_early = [*visit.failed_early, (target, method, detail, provider_id)][-50:]
        return
    _taken_back(d, target=target, method=method, detail=detail, provider_id=provider_id)


def _meant(d: Draft, receipts: list[Receipt], method: str, provider_id: str) -> list[Receipt]:
    """The deliveries that a provider took back: the one it names, or all by the method."""
    by_method = [r for r in receipts if r.method == method and r.reached]
    named = [r for r in by_method if r.provider_id == provider_id]
    # One that is named and not found here was told by somebody who keeps no names, or in an earlier visit.
    known = d.state.engine >= 3 and provider_id and any(r.provider_id for r in by_method)
    return named if known else by_method


def _taken_back(d: Draft, *, target: str, method: str, detail: str, provider_id: str = "") -> None:
    state, visit = d.state, d.visit
    told = visit.told[target]
    meant = _meant(d, told.receipts, method, provider_id)
    if not meant and provider_id and state.engine >= 3:
        return  # a message of an earlier visit
    failed = {"outcome": "failed", "detail": detail}
    receipts = [r.model_copy(update=failed) if r in meant else r for r in told.receipts]
    visit.told[target] = told.model_copy(update={"receipts": receipts})
    if visit.acknowledged_at is not None or state.stands_still or target in [str(a.by) for a in visit.acks]:
        return
    used = {r.method for r in receipts}
    for page in _under_way(d):
        people = page.people if isinstance(page, SendPages) else []
        used |= {plan.method for person in people if person.target == target for plan in person.methods}
    others = [plan for plan in told.fallbacks if plan.method not in used]
    if others:
        person = PagePerson(target=target, why=told.why, methods=others[:1], fallbacks=others[1:])
        page_now(d, [person], due=d.now)
    elif state.tier is not None and nobody_left(d):
        state.pass_reached = visit.reached_before
        climb(d, d.now, [f"nobody remains reached: {target} by {method} failed later ({detail})"])


def failed_early(d: Draft) -> None:
    """Take in what providers took back before the pages' own outcome was known."""
    early, d.visit.failed_early = d.visit.failed_early, []
    visit = d.visit
    for target, method, detail, *name in early:
        if target in visit.told and d.state.visit is visit:
            _taken_back(d, target=target, method=method, detail=detail, provider_id=name[0] if name else "")


def page_now(d: Draft, people: list[PagePerson], *, due: datetime) -> None:
    """Page known people of this visit, outside a round: their later contact steps."""
    effect_id = d.effect_id()
    d.add(
        SendPages(
            id=effect_id,
            round_id=effect_id,
            rung=d.state.rung,
            purpose="contact_step",
            round=d.visit.rounds,
            people=people,
            due_at=due,
        )
    )
