"""What came of effects: whom a round reaches, what became of its pages, steps and messages to other tickets."""

from __future__ import annotations

from datetime import datetime, timedelta

from escalade.deliveries import once_each, people_now
from escalade.effects import (
    ResolveRound,
    RoundResolved,
    RunStep,
    SendPages,
    StepFinished,
)
from escalade.engine.acting import settle
from escalade.engine.calendars import after, opening
from escalade.engine.crowding import ask_again, in_digest, outdated, passed_over, wait_for_room
from escalade.engine.draft import PAGING, Draft
from escalade.engine.events import StepStarted
from escalade.engine.giving_up import unknown_person
from escalade.engine.ladder import climb, punctual
from escalade.engine.receipts import failed_early, own_people, pages_sent, reached_here, record
from escalade.engine.state import DueStep, Told
from escalade.messages.activities import PagePerson, Receipt
from escalade.people.resolve import Recipient, ResolvedRound
from escalade.time.open_time import ALWAYS


def round_resolved(d: Draft, event: RoundResolved) -> None:
    """The roster has answered: page them, or do what the tier says about nobody.

    The sender may have asked the roster itself and gone on to tell whom it named. Then the pages that are decided on
    here are out already, and their outcome is taken in at once.
    """
    effect = d.state.pending.pop(event.effect, None)
    if not isinstance(effect, ResolveRound):
        return
    wanted = _decided(d, effect, event.resolved, sent=event.sent is not None)
    if event.sent is None:
        return
    if wanted is None:
        if effect.purpose in PAGING and effect.rung == d.state.rung:
            _crossed(d, event.resolved, event.sent.receipts)
        record(d, effect, event.sent, {r.target: r.why for r in event.resolved.recipients})
    else:
        pages_sent(d, event.sent.model_copy(update={"effect": wanted}))
        failed_early(d)
        if effect.rung == d.state.rung and outdated(d, effect) and in_digest(d):
            ask_again(d, effect)


def _decided(d: Draft, effect: ResolveRound, resolved: ResolvedRound, *, sent: bool) -> str | None:
    """The id of the pages that follow; None when none do."""
    if effect.purpose == "check":
        for target in resolved.unknown:
            unknown_person(d, target.removeprefix("person:"))
        return None
    if effect.cancelled:
        return None
    if effect.purpose not in PAGING:
        return _call(d, effect, resolved)
    if effect.rung != d.state.rung or d.visit.acknowledged_at is not None or d.state.stands_still:
        return None
    waits = resolved.room_at is not None or any(recipient.digest for recipient in resolved.recipients)
    if outdated(d, effect) and not sent and (waits or in_digest(d)):
        ask_again(d, effect)
        return None
    if resolved.recipients:
        return _page(d, effect, resolved, sent=sent)
    if resolved.all_acknowledged and d.visit.acks:
        why = f"{resolved.nobody}: there is nobody left to make up the quorum"
        d.note("round.nobody", f"round {effect.round} tells nobody", why)
        settle(d)
    else:
        _nobody(d, effect, resolved)
    return None


def _crossed(d: Draft, resolved: ResolvedRound, receipts: list[Receipt]) -> None:
    """An acknowledgement or a pause came while they were being told: they count as told in this visit all the same."""
    visit = d.visit
    if visit.acknowledged_at is None and not d.state.stands_still:
        return  # a new round is on its way to them
    sent = {receipt.target for receipt in receipts if receipt.outcome != "skipped"}
    told = [recipient for recipient in resolved.recipients if recipient.target in sent]
    fresh = _know(d, resolved.model_copy(update={"recipients": told}))
    if visit.acknowledged_at is None:
        _later(d, fresh)
    reached_here(d, receipts)


def _later(d: Draft, fresh: list[Recipient]) -> None:
    """The later steps of their own rules, from their first page since the tier began for them (decision 5)."""
    visit = d.visit
    for recipient in fresh:
        first_at = visit.told[recipient.target].first_at
        visit.steps += [
            DueStep(target=recipient.target, why=recipient.why, plan=plan, due=_step_due(d, first_at, plan.after))
            for plan in recipient.plan
            if plan.after and not recipient.digest  # a digest is one message, by what they use at once
        ]


def _step_due(d: Draft, first_at: datetime, wait: timedelta) -> datetime:
    """When a later step of somebody's own rules is due: in the tier's open time, never in closed time."""
    time = d.state.time
    return first_at + wait if time is ALWAYS else opening(time, after(time, first_at, wait))


def _know(d: Draft, resolved: ResolvedRound) -> list[Recipient]:
    """Keep who is told in this visit; those whose own rules count from this page are handed back."""
    visit = d.visit
    began = min(resolved.at or d.now, d.now)
    fresh = []
    for recipient in resolved.recipients:
        told = visit.told.get(recipient.target)
        first = told is None or told.anew
        visit.told[recipient.target] = Told(
            why=recipient.why,
            first_at=began if told is None or told.anew else told.first_at,
            fallbacks=recipient.fallbacks,
            receipts=told.receipts if told else [],
            anew=first and bool(recipient.digest),
        )
        if recipient.target not in visit.turn:
            visit.turn.append(recipient.target)
        if recipient.target not in d.state.paged:
            d.state.paged.append(recipient.target)
        if first:
            fresh.append(recipient)
    return fresh


def _page(d: Draft, effect: ResolveRound, resolved: ResolvedRound, *, sent: bool) -> str:
    visit = d.visit
    if resolved.wrapped:
        visit.turn, visit.turn_reached = [], False
    _later(d, _know(d, resolved))
    people = {person.target: person for person in people_now(resolved)}
    if not sent:
        take_steps(d, people)
    for text in resolved.notes:
        d.note("round.note", text, "the roster says so", round=effect.round)
    passed_over(d, effect, resolved)
    return send(d, effect, list(people.values()), candidates_left=resolved.candidates_left)


def take_steps(d: Draft, people: dict[str, PagePerson]) -> None:
    """Join the contact steps that are due by now to a page: one message per channel (decision 5).

    Args:
        d: the decision in the making; the steps leave the state.
        people: who is paged now, by target; people with a due step are added.
    """
    due = [step for step in d.visit.steps if step.due <= d.now]
    d.visit.steps = [step for step in d.visit.steps if step.due > d.now]
    for step in due:
        person = people.get(step.target)
        if person is None:
            told = d.visit.told.get(step.target)
            fallbacks = told.fallbacks if told else []
            person = PagePerson(target=step.target, why=step.why, methods=[], fallbacks=fallbacks)
        people[step.target] = person.model_copy(update={"methods": once_each([*person.methods, step.plan])})


def send(d: Draft, effect: ResolveRound, people: list[PagePerson], *, candidates_left: int = 0) -> str:
    """Want pages sent for a resolved round, call or notice; the id of the effect."""
    effect_id = d.effect_id()
    d.add(
        SendPages(
            id=effect_id,
            round_id=effect.round_id or effect.id,
            rung=effect.rung,
            purpose=effect.purpose,
            round=effect.round,
            people=people,
            due_at=effect.due_at,
            candidates_left=candidates_left,
            subject=effect.subject,
            text=effect.text,
        )
    )
    return effect_id


def _call(d: Draft, effect: ResolveRound, resolved: ResolvedRound) -> str | None:
    """A responder's call, or a notice: no rhythm, no limits; later rules of a person do not apply."""
    who = ", ".join(effect.request.targets)
    if not resolved.recipients:
        d.note(f"{effect.purpose}.nobody", f"nobody was told for {who}", resolved.nobody)
        return None
    people = people_now(resolved)
    if effect.purpose == "responder":
        for person in people:
            if person.target not in d.state.paged:
                d.state.paged.append(person.target)
    return send(d, effect, people)


def _nobody(d: Draft, effect: ResolveRound, resolved: ResolvedRound) -> None:
    state, visit = d.state, d.visit
    tier = state.tier
    if visit.reassigned:
        own_people(d, resolved.nobody)
        return
    if tier is None:
        d.note("round.nobody", f"the catch-all's round {effect.round} found nobody", resolved.nobody)
        return
    name = tier.name
    if resolved.room_at is not None:
        wait_for_room(d, effect, resolved)
        return
    if effect.purpose == "catch_all":
        d.note("round.nobody", f"{name}: neither the tier nor the catch-all has anybody", resolved.nobody)
        if state.engine >= 3:
            climb(d, punctual(d, effect.due_at), [f"nobody in {name}, nor in the catch-all: {resolved.nobody}"])
        return
    choice = tier.nobody
    if choice == "hold" and resolved.next_duty_at is None:
        resolved = resolved.model_copy(update={"nobody": f"{resolved.nobody}; and nobody is coming on duty"})
        choice = "catch_all"
    did = {
        "skip": "the next tier at once",
        "wait": "waiting for the tier's limit",
        "hold": "holding until somebody is on duty",
        "catch_all": "the catch-all is paged",
    }[choice]
    d.note("round.nobody", f"{name} has nobody: {did}", f"{resolved.nobody} (nobody: {tier.nobody})", nobody=choice)
    match choice:
        case "skip":
            climb(d, punctual(d, effect.due_at), [f"nobody in {name}: {resolved.nobody}"])
        case "hold":
            visit.holding, visit.hold_until = True, resolved.next_duty_at
        case "catch_all":
            assert state.policy is not None
            d.resolve("catch_all", state.policy.catch_all, due_at=effect.due_at)
        case _:
            pass


def step_started(d: Draft, event: StepStarted) -> None:
    """A step runs on its own from here on."""
    effect = d.state.pending.get(event.effect)
    if isinstance(effect, RunStep):
        d.state.pending[effect.id] = effect.model_copy(update={"started": True})


def step_finished(d: Draft, event: StepFinished) -> None:
    """A step has ended: it is written down, and changes nothing else."""
    effect = d.state.pending.pop(event.effect, None)
    if not isinstance(effect, RunStep):
        return
    text = f"step {effect.step.use} {event.outcome}"
    d.note(f"step.{event.outcome}", text, event.text, step=effect.step.use, result=event.data)
