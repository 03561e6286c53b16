"""What would happen to a ticket if nobody answered: the engine itself, driven ahead without Temporal."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from escalade.effects import (
    CalendarsExtended,
    ExtendCalendars,
    PagesSent,
    ResolveRound,
    RoundResolved,
    RunStep,
    SendPages,
    StepFinished,
    TicketTold,
)
from escalade.engine import ENGINE, Admitted, Decision, Event, Tick, TicketState, decide, new_state, next_due
from escalade.messages import Admission, Receipt
from escalade.people import Roster
from escalade.people.resolve import resolve_round
from escalade.policy import PinnedPolicy
from escalade.ticket import Ticket

MOST_TICKS: Final = 2000
AHEAD: Final = timedelta(days=30)
_TOLD: Final = ("tier.entered", "round.nobody", "round.failed", "ladder.", "ticket.resolved", "ticket.closed")
"""Kinds of entries that say where the ladder leads; pages are taken from what would be sent."""


@dataclass(slots=True)
class Foreseen:
    """Something that would happen."""

    at: datetime
    what: str
    why: str = ""
    tier: str = ""
    round: int = 0
    people: list[ForeseenPage] = field(default_factory=list)
    repeats: int = 0
    """How many more rounds like this one follow it, …"""
    last_at: datetime | None = None
    """… and when the last of them is."""


@dataclass(frozen=True, slots=True)
class ForeseenPage:
    """Somebody who would be paged."""

    target: str
    methods: list[str]
    why: str


@dataclass(slots=True)
class Foresight:
    """A ticket's way up its ladder with nobody answering."""

    policy: str
    policy_why: str
    starts: datetime
    happenings: list[Foreseen]
    unfinished: bool = False
    """True when it would go on like this: only its beginning is told."""


def foresee(ticket: Ticket, policy: PinnedPolicy, why: str, roster: Roster, *, now: datetime) -> Foresight:
    """Drive the engine from the opening until the catch-all, with every page accepted and nobody answering.

    Args:
        ticket: as it would be opened.
        policy: the one it would get.
        why: why that one.
        roster: everybody, as configured now.
        now: the instant of opening.
    """
    found = Foresight(policy.name, why, now, [])
    state = new_state(ticket, key="a" * 10, life="dry-run", run="dry-run", now=now)
    state = _settle(state, Admitted(admission=Admission(policy=policy, why=why, engine=ENGINE)), now, roster, found)
    for _ in range(MOST_TICKS):
        due = next_due(state)
        if due is None or state.in_catch_all or not state.status.is_open:
            return found
        if due > now + AHEAD or state.passes > 0:
            found.unfinished = True
            return found
        state = _settle(state, Tick(), due, roster, found)
    found.unfinished = True
    return found


def _settle(state: TicketState, event: Event, at: datetime, roster: Roster, found: Foresight) -> TicketState:
    """Decide an event, and everything that follows from it at the same instant."""
    events: deque[Event] = deque([event])
    while events:
        decision = decide(state, events.popleft(), at)
        # The outbox would wait for a journal that is not there, and fill up.
        state = decision.state.model_copy(update={"outbox": []})
        _take_entries(decision, found)
        for effect in decision.effects:
            match effect:
                case ResolveRound():
                    resolved = resolve_round(roster, effect.request, at=at, load={})
                    events.append(RoundResolved(effect=effect.id, resolved=resolved))
                case SendPages():
                    _take_page(effect, at, state.tier_name, found)
                    events.append(PagesSent(effect=effect.id, receipts=_receipts(effect, at), written=True))
                case ExtendCalendars():
                    events.append(CalendarsExtended(effect=effect.id, error="not in a dry run"))
                case RunStep():
                    found.happenings.append(Foreseen(at, f"step {effect.step.use} would run", tier=state.tier_name))
                    events.append(StepFinished(effect=effect.id, outcome="done"))
                case _:
                    events.append(TicketTold(effect=effect.id, delivered=True))
    return state


def _receipts(effect: SendPages, at: datetime) -> list[Receipt]:
    return [
        Receipt(target=p.target, method=m.method, channel=m.channel, step=m.step, outcome="accepted", at=at)
        for p in effect.people
        for m in p.methods
    ]


def _take_entries(decision: Decision, found: Foresight) -> None:
    for entry in decision.entries:
        if entry.kind.startswith(_TOLD):
            tier = str(entry.data.get("tier", ""))
            found.happenings.append(Foreseen(entry.at, entry.what, entry.why, tier))


def _take_page(effect: SendPages, at: datetime, tier: str, found: Foresight) -> None:
    people = [ForeseenPage(p.target, [m.method for m in p.methods], p.why) for p in effect.people]
    before = found.happenings[-1] if found.happenings else None
    same = before is not None and before.tier == tier and [_who(p) for p in before.people] == [_who(p) for p in people]
    if before is not None and before.people and same:
        before.repeats += 1
        before.last_at = at
        return
    labels = {"contact_step": "next contact step", "catch_all": "catch-all", "notice": "notice"}
    what = labels.get(effect.purpose, f"round {effect.round}")
    found.happenings.append(Foreseen(at, what, tier=tier, round=effect.round, people=people))


def _who(page: ForeseenPage) -> tuple[str, tuple[str, ...]]:
    return page.target, tuple(page.methods)
