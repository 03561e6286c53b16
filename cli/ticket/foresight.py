"""What would happen to a ticket if nobody answered: the engine itself, driven ahead without Temporal."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from activities.room import Looking, about
from escalade.effects import (
    CalendarsExtended,
    ExtendCalendars,
    LookUpWindows,
    PagesSent,
    ResolveRound,
    RoundResolved,
    RunStep,
    SendPages,
    StepFinished,
    TicketTold,
    WindowsFound,
)
from escalade.engine import ENGINE, Admitted, Decision, Event, Tick, TicketState, decide, new_state, next_due
from escalade.maintenance.window import MaintenanceWindow, pinned_windows
from escalade.messages import Admission, Receipt
from escalade.people import Roster
from escalade.people.allocation import HAS_ROOM, allocate
from escalade.people.capacity import Capacity
from escalade.people.changes import Changes
from escalade.people.resolve import Load, ResolvedRound, RoundRequest, resolve_round
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
    purpose: str = ""
    """What its pages are: a round, a contact step, a notice, …"""
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
    limited: list[str] = field(default_factory=list)
    """Who of those paged has limits that depend on what else they are paged for, which nobody can foresee."""


@dataclass(frozen=True, slots=True)
class Known:
    """What rounds are decided by, as far as it is known now."""

    roster: Roster
    changes: Changes = field(default_factory=Changes)
    """Overrides, swaps, time off and feeds."""
    windows: Sequence[MaintenanceWindow] = ()
    """Maintenance, by configuration and by command."""
    load: dict[str, Load] = field(default_factory=dict)
    """How much everybody was paged lately: what `fair` goes by."""


def foresee(ticket: Ticket, policy: PinnedPolicy, why: str, known: Known, *, now: datetime) -> Foresight:
    """Drive the engine from the opening until the catch-all, with every page accepted and nobody answering.

    Args:
        ticket: as it would be opened.
        policy: the one it would get.
        why: why that one.
        known: people, and what was changed at run time.
        now: the instant of opening.
    """
    found = Foresight(policy.name, why, now, [])
    state = new_state(ticket, key="a" * 10, life="dry-run", run="dry-run", now=now)
    windows = pinned_windows(known.windows, ticket, now)
    admission = Admission(policy=policy, why=why, engine=ENGINE, windows=windows)
    state = _settle(state, Admitted(admission=admission), now, known, found)
    for _ in range(MOST_TICKS):
        due = next_due(state)
        if due is None or state.in_catch_all or not state.status.is_open:
            return found
        if due > now + AHEAD or state.passes > 0:
            found.unfinished = True
            return found
        state = _settle(state, Tick(), due, known, found)
    found.unfinished = True
    return found


def _settle(state: TicketState, event: Event, at: datetime, known: Known, found: Foresight) -> TicketState:
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
                    events.append(RoundResolved(effect=effect.id, resolved=_resolve(effect.request, known, at, found)))
                case SendPages():
                    _take_page(effect, at, state.tier_name, found)
                    events.append(PagesSent(effect=effect.id, receipts=_receipts(effect, at), written=True))
                case LookUpWindows():
                    windows = pinned_windows(known.windows, state.ticket, at)
                    events.append(WindowsFound(effect=effect.id, windows=windows))
                case ExtendCalendars():
                    events.append(CalendarsExtended(effect=effect.id, error="not in a dry run"))
                case RunStep():
                    found.happenings.append(Foreseen(at, f"step {effect.step.use} would run", tier=state.tier_name))
                    events.append(StepFinished(effect=effect.id, outcome="done"))
                case _:
                    events.append(TicketTold(effect=effect.id, delivered=True))
    return state


def _resolve(request: RoundRequest, known: Known, at: datetime, found: Foresight) -> ResolvedRound:
    """Whom a round would reach: quiet hours and what was changed are known ahead, counted limits are not."""
    roster = known.roster

    def ask(asked: RoundRequest) -> ResolvedRound:
        return resolve_round(roster, asked, at=at, load=known.load, changes=known.changes)

    resolved = ask(request)
    if request.pressure is not None and resolved.recipients:
        look = Looking(
            request=request,
            pressure=request.pressure,
            round_id="",
            at=at,
            roster=roster,
            resolve=ask,
            changes=known.changes,
            load=known.load,
            resolved={about(request): resolved},
        )
        resolved = _with_room(look)
    counted = [one.target for one in resolved.recipients if _is_counted(roster.capacity_of(one.target))]
    found.limited += [target for target in counted if request.pressure and target not in found.limited]
    return resolved.model_copy(update={"at": at})


def _with_room(look: Looking) -> ResolvedRound:
    while True:
        found = allocate(look.request, look.asked())
        if found.resolved is not None:
            return found.resolved
        for target in found.ask:
            look.verdicts[target] = look.quiet(target) or HAS_ROOM
        if found.force is not None:
            target, verdict = found.force
            look.verdicts[target] = verdict


def _is_counted(capacity: Capacity) -> bool:
    return not capacity.model_copy(update={"quiet": []}).is_unlimited


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
    before = _round_before(effect, tier, found)
    if before is not None and [_who(p) for p in before.people] == [_who(p) for p in people]:
        before.repeats += 1
        before.last_at = at
        return
    labels = {"contact_step": "next contact step", "catch_all": "catch-all", "notice": f"notice ({effect.subject})"}
    what = labels.get(effect.purpose, f"round {effect.round}")
    found.happenings.append(Foreseen(at, what, tier=tier, round=effect.round, purpose=effect.purpose, people=people))


def _round_before(effect: SendPages, tier: str, found: Foresight) -> Foreseen | None:
    """The round of this tier that a page may be like; notices come between, and are none."""
    if effect.purpose == "notice":
        return None
    pages = (one for one in reversed(found.happenings) if one.purpose != "notice")
    before = next(pages, None)
    return before if before is not None and (before.tier, before.purpose) == (tier, effect.purpose) else None


def _who(page: ForeseenPage) -> tuple[str, tuple[str, ...]]:
    return page.target, tuple(page.methods)
