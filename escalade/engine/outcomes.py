"""What came of effects: whom a round reaches, what became of its pages, steps and messages to other tickets."""

from __future__ import annotations

from datetime import datetime

from escalade.deliveries import delivery_entry
from escalade.effects import (
    PagesSent,
    ResolveRound,
    RoundResolved,
    RunStep,
    SendPages,
    StepFinished,
    TellTicket,
    TicketTold,
)
from escalade.engine.draft import PAGING, Draft
from escalade.engine.events import StepStarted
from escalade.engine.ladder import climb, enter, punctual
from escalade.engine.state import DueStep, Told
from escalade.messages.activities import PagePerson, Receipt
from escalade.people.resolve import ContactPlan, Recipient, ResolvedRound
from escalade.ticket import Status, workflow_id


def round_resolved(d: Draft, event: RoundResolved) -> None:
    """The roster has answered: page them, or do what the tier says about nobody."""
    effect = d.state.pending.pop(event.effect, None)
    if not isinstance(effect, ResolveRound):
        return
    resolved = event.resolved
    if effect.purpose not in PAGING:
        _call(d, effect, resolved)
        return
    if effect.rung != d.state.rung or d.visit.acknowledged_at is not None or d.state.pause is not None:
        return
    if resolved.recipients:
        _page(d, effect, resolved)
    elif resolved.all_acknowledged:
        d.note("round.nobody", f"round {effect.round} tells nobody", resolved.nobody)
    else:
        _nobody(d, effect, resolved)


def _page(d: Draft, effect: ResolveRound, resolved: ResolvedRound) -> None:
    visit = d.visit
    if resolved.wrapped:
        visit.turn, visit.turn_reached = [], False
    people: dict[str, PagePerson] = {}
    for recipient in resolved.recipients:
        first = recipient.target not in visit.told
        told = visit.told.get(recipient.target)
        visit.told[recipient.target] = Told(
            why=recipient.why,
            first_at=told.first_at if told else d.now,
            fallbacks=recipient.fallbacks,
            receipts=told.receipts if told else [],
        )
        visit.turn.append(recipient.target)
        if recipient.target not in d.state.paged:
            d.state.paged.append(recipient.target)
        if first:
            later = [plan for plan in recipient.plan if plan.after]
            visit.steps += [
                DueStep(target=recipient.target, why=recipient.why, plan=plan, due=d.now + plan.after) for plan in later
            ]
        now = [plan for plan in recipient.plan if not plan.after]
        people[recipient.target] = _person(recipient, now)
    take_steps(d, people)
    names = ", ".join(f"{person.target} ({person.why})" for person in people.values())
    label = "the catch-all's round" if effect.purpose == "catch_all" else "round"
    notes = "; ".join(resolved.notes)
    d.note("round.started", f"{label} {effect.round} pages {names}", notes, round=effect.round, people=list(people))
    send(d, effect, list(people.values()), candidates_left=resolved.candidates_left)


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
        people[step.target] = person.model_copy(update={"methods": _once([*person.methods, step.plan])})


def _once(plans: list[ContactPlan]) -> list[ContactPlan]:
    by_method = {plan.method: plan for plan in reversed(plans)}
    return [plan for plan in plans if by_method[plan.method] is plan]


def _person(recipient: Recipient, plans: list[ContactPlan]) -> PagePerson:
    methods = _once(plans)
    return PagePerson(target=recipient.target, why=recipient.why, methods=methods, fallbacks=recipient.fallbacks)


def send(d: Draft, effect: ResolveRound, people: list[PagePerson], *, candidates_left: int = 0) -> None:
    """Want pages sent for a resolved round, call or notice."""
    effect_id = d.effect_id()
    d.add(
        SendPages(
            id=effect_id,
            round_id=effect_id,
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


def _call(d: Draft, effect: ResolveRound, resolved: ResolvedRound) -> None:
    """A responder's call, or a notice: no rhythm, no limits; later rules of a person do not apply."""
    who = ", ".join(effect.request.targets)
    if not resolved.recipients:
        d.note(f"{effect.purpose}.nobody", f"nobody was told for {who}", resolved.nobody)
        return
    people = [_person(r, [plan for plan in r.plan if not plan.after]) for r in resolved.recipients]
    if effect.purpose == "responder":
        for person in people:
            if person.target not in d.state.paged:
                d.state.paged.append(person.target)
    send(d, effect, people)


def _nobody(d: Draft, effect: ResolveRound, resolved: ResolvedRound) -> None:
    state, visit = d.state, d.visit
    tier = state.tier
    if tier is None:
        d.note("round.nobody", f"the catch-all's round {effect.round} found nobody", resolved.nobody)
        return
    name = tier.name
    if effect.purpose == "catch_all":
        d.note("round.nobody", f"{name}: neither the tier nor the catch-all has anybody", resolved.nobody)
        return
    if visit.reassigned:
        visit.targets, visit.reassigned = list(tier.page), False
        visit.round_now = True
        text = "the new assignee cannot be told; the tier's own people are paged"
        d.note("round.nobody", text, resolved.nobody)
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


def pages_sent(d: Draft, event: PagesSent) -> None:
    """The pages are out, or not: record every delivery, and leave the tier when nobody was reached."""
    state = d.state
    effect = state.pending.pop(event.effect, None)
    if not isinstance(effect, SendPages):
        return
    if event.head is not None:
        state.head = event.head
    whys = {person.target: person.why for person in effect.people}
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
        d.note("round.note", text, round=effect.round)
    if effect.rung != state.rung or effect.purpose not in PAGING or state.visit is None:
        return
    for target in {receipt.target: None for receipt in event.receipts}:
        _add_receipts(d, target, [r for r in event.receipts if r.target == target])
    reached = any(receipt.reached for receipt in event.receipts)
    if reached:
        d.visit.turn_reached = True
        state.pass_reached = state.pass_reached or not state.in_catch_all
    elif not effect.cancelled and effect.purpose == "round" and state.status.is_open and state.pause is None:
        _failed_round(d, effect)
    elif not effect.cancelled:
        d.note("round.failed", f"nobody was reached ({effect.purpose.replace('_', ' ')})", _errors(event.receipts))


def _errors(receipts: list[Receipt]) -> str:
    return "; ".join(f"{r.target} by {r.method}: {r.detail or r.outcome}" for r in receipts[:10])


def _add_receipts(d: Draft, target: str, receipts: list[Receipt]) -> None:
    told = d.visit.told.get(target)
    if told is not None:
        d.visit.told[target] = told.model_copy(update={"receipts": [*told.receipts, *receipts][-20:]})


def _failed_round(d: Draft, effect: SendPages) -> None:
    visit = d.visit
    if visit.acknowledged_at is not None:
        return
    people = ", ".join(person.target for person in effect.people)
    errors = _errors([r for p in effect.people if (told := visit.told.get(p.target)) for r in told.receipts[-3:]])
    if effect.candidates_left:
        text = f"round {effect.round} reached nobody ({people}); the next one is told at once"
        d.note("round.failed", text, errors)
        visit.round_now = True
    elif visit.turn_reached:
        d.note("round.failed", f"round {effect.round} reached nobody ({people}); others here were reached", errors)
    else:
        d.note("round.failed", f"round {effect.round} reached nobody ({people}); the next tier at once", errors)
        climb(d, d.now, [f"no delivery of round {effect.round} was accepted"])


def delivery_failed(d: Draft, *, target: str, method: str, detail: str) -> None:
    """A provider took a message back: that person's next channel now, or the next tier when nobody is left reached.

    Args:
        d: the decision in the making.
        target: who was not reached after all.
        method: by which of their methods.
        detail: what the provider said.
    """
    state = d.state
    visit = state.visit
    d.note("page.failed", f"{target} was not reached by {method} after all", detail, target=target, method=method)
    if visit is None or not state.status.is_open or target not in visit.told:
        return
    told = visit.told[target]
    receipts = [
        r.model_copy(update={"outcome": "failed", "detail": detail}) if r.method == method and r.reached else r
        for r in told.receipts
    ]
    visit.told[target] = told.model_copy(update={"receipts": receipts})
    if visit.acknowledged_at is not None or state.pause is not None:
        return
    used = {r.method for r in receipts}
    others = [plan for plan in told.fallbacks if plan.method not in used]
    if others:
        person = PagePerson(target=target, why=told.why, methods=others[:1], fallbacks=others[1:])
        page_now(d, [person], due=d.now)
    elif not any(r.reached for t in visit.told.values() for r in t.receipts) and state.tier is not None:
        state.pass_reached = False
        climb(d, d.now, [f"nobody remains reached: {target} by {method} failed later ({detail})"])


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


def ticket_told(d: Draft, event: TicketTold) -> None:
    """Another ticket has, or could not, be told; a merge is done only when its target knows."""
    state = d.state
    effect = state.pending.pop(event.effect, None)
    if not isinstance(effect, TellTicket):
        return
    if state.merging != effect.key:
        return
    state.merging = ""
    if not event.delivered:
        d.note("ticket.merge_failed", f"could not be merged into {effect.key}; it goes on here", event.error)
        if state.visit is None and state.policy is not None and state.status.is_open:
            start = state.policy.start_at.get(state.ticket.severity, 0)
            enter(d, start, d.now, f"{effect.key} is not open any more")
        return
    state.merged_into = effect.key
    d.stop_paging()
    state.pause = None
    state.status = Status.CLOSED
    state.closed_at = d.now
    d.note("ticket.closed", f"closed as merged into {effect.key}", "its watchers follow there")
