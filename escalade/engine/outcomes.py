"""What came of effects: whom a round reaches, what became of its pages, steps and messages to other tickets."""

from __future__ import annotations

from escalade.effects import (
    ResolveRound,
    RoundResolved,
    RunStep,
    SendPages,
    StepFinished,
    TellTicket,
    TicketTold,
)
from escalade.engine.draft import CALLS, PAGING, Draft
from escalade.engine.events import StepStarted
from escalade.engine.ladder import climb, enter, punctual
from escalade.engine.receipts import own_people
from escalade.engine.state import DueStep, Told
from escalade.messages.activities import PagePerson
from escalade.people.resolve import ContactPlan, Recipient, ResolvedRound
from escalade.ticket import Status


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
        if recipient.target not in visit.turn:
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
    if visit.reassigned:
        own_people(d, resolved.nobody)
        return
    if tier is None:
        d.note("round.nobody", f"the catch-all's round {effect.round} found nobody", resolved.nobody)
        return
    name = tier.name
    if effect.purpose == "catch_all":
        d.note("round.nobody", f"{name}: neither the tier nor the catch-all has anybody", resolved.nobody)
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
    if state.status is Status.CLOSED:
        d.note(
            "ticket.merged", f"merged into {effect.key}, which was told after it closed", "its watchers follow there"
        )
        return
    d.stop_paging(CALLS)
    d.drop_steps()
    state.pause = None
    state.status = Status.CLOSED
    state.closed_at = d.now
    d.note("ticket.closed", f"closed as merged into {effect.key}", "its watchers follow there")
