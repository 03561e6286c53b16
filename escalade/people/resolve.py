"""Who is told in a round, and why them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import Field

from escalade.people.changes import Changes
from escalade.people.duty import duty_at
from escalade.people.roster import Roster, Target, parse_target
from escalade.people.timeline import stretches
from escalade.people.versions import settled
from escalade.ticket import Severity
from escalade.time.durations import Duration
from escalade.time.instants import Instant
from escalade.written import Sent

How = Literal["everyone", "one_at_a_time", "fair"]
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_AHEAD = tuple(timedelta(days=days) for days in (8, 64, 400))
"""How far ahead somebody who comes on duty is looked for, by and by."""
_NOTHING = Changes()


class ContactPlan(Sent):
    """One contact step of a person: which method, so long after their first page in this visit of the tier."""

    step: int
    method: str
    channel: str
    after: Duration = timedelta(0)


class Recipient(Sent):
    """Somebody who is to be told, how, and why them. Addresses stay out of it: the sender looks them up."""

    target: str
    """`person:ana`, `vendor:acme` or `channel:incident`."""
    why: str
    plan: list[ContactPlan] = Field(default_factory=list)
    fallbacks: list[ContactPlan] = Field(default_factory=list)
    """The other methods, in order of preference: used at once when one fails."""
    digest: str = ""
    """Why they are told of it in a digest, later, and not now; empty when they are told now."""


class PassedOver(Sent):
    """Somebody who is not told because of a limit, quiet hours or a rest."""

    target: str
    why: str
    """"had 5 pages within 1h"."""
    until: Instant | None = None
    """When they have room again."""
    instead: str = ""
    """Who is told instead; empty when others of the round are told anyway, or nobody is."""


class Pressure(Sent):
    """How much a round presses those it reaches: what their limits are held against."""

    severity: Severity
    ignore_quiet: bool = False
    """Whether quiet hours are passed over (the policy says for which severities)."""
    failed_by: list[str] = Field(default_factory=list)
    """The channels by which the tier below could not be told: one that is down gathers tickets (decision 6)."""


class RoundRequest(Sent):
    """What a round asks of the roster."""

    targets: list[str]
    how: How = "everyone"
    except_for: list[str] = Field(default_factory=list)
    """Who has acknowledged: they are not told again."""
    why: str = "named by the tier"
    """Why those who are named directly are told."""
    pressure: Pressure | None = None
    """None where nobody's limits count: a call by name, a notice, the catch-all, and what older rules asked."""
    besides: list[str] = Field(default_factory=list)
    """Targets that are paged about the same at the same time: who certainly is gets that page only (E4)."""
    told: list[str] = Field(default_factory=list)
    """Who was told in this turn of `one_at_a_time` or `fair`; when all were, it wraps round."""

    @property
    def schedules(self) -> list[str]:
        """The targets that are schedules: what was changed at run time moves only these."""
        return [text for text in (*self.targets, *self.besides) if text.startswith("schedule:")]


class Load(Sent):
    """How much somebody was paged lately: the measure of `fair`."""

    pages: int = 0
    """In the last 7 days."""
    last_paged_at: Instant | None = None


class ResolvedRound(Sent):
    """Whom a round reaches."""

    recipients: list[Recipient] = Field(default_factory=list)
    candidates_left: int = 0
    """How many others could still take it in this turn (`one_at_a_time`, `fair`)."""
    wrapped: bool = False
    """True when everybody had been told and the turn began again."""
    nobody: str = ""
    """Why there is nobody; empty when there is somebody."""
    at: Instant | None = None
    """The instant the roster was asked: personal rules count from it."""
    all_acknowledged: bool = False
    """True when the only reason for nobody is that everybody here has acknowledged."""
    next_duty_at: Instant | None = None
    """When nobody is on duty: the next instant at which somebody is, if there is one."""
    room_at: Instant | None = None
    """When there is nobody because everybody is over a limit: the first instant at which somebody has room."""
    passed: list[PassedOver] = Field(default_factory=list)
    """Who is not told because they are over a limit."""
    notes: list[str] = Field(default_factory=list)
    """What a reader should know: "the store was down, who was paged lately is not known"."""
    unknown: list[str] = Field(default_factory=list)
    """Where nobody was found: those of the targets that the roster does not know."""


def resolve_round(
    roster: Roster, request: RoundRequest, *, at: datetime, load: dict[str, Load], changes: Changes = _NOTHING
) -> ResolvedRound:
    """Decide who is told in a round.

    Args:
        roster: everybody, as configured now.
        request: the targets, in order, and how they are to be told.
        at: the instant of the round.
        load: pages lately, by target; only `fair` reads it.
        changes: overrides, time off and whatever else was changed at run time.

    Returns:
        The recipients, each with the reason and the contact plan, or the reason why there is nobody.
    """
    asked = {text.removeprefix("schedule:") for text in request.schedules}
    changes = settled(roster, changes, at, only=asked)
    found: dict[str, Recipient] = {}
    reasons: list[str] = []
    unknown: list[str] = []
    notes: list[str] = []
    for text in request.targets:
        try:
            meant = parse_target(text)
        except ValueError as error:
            reasons.append(str(error))
            continue
        if meant.kind == "schedule" and meant.id in roster.schedules:
            duty = duty_at(roster, meant.id, changes, at)
            people = [(Target("person", shift.person), shift.why) for shift in duty.people]
            reasons += [duty.nobody] if duty.nobody else []
            notes += [f"{meant}: {note}" for note in duty.notes]
        else:
            people = list(_expand(roster, meant, request.why))
        for target, why in people:
            key = str(target)
            if key in found:
                continue
            contact = roster.contact(target)
            if contact is None:
                reasons.append(f"{key} is not in the roster")
                unknown.append(key)
            elif not contact.methods:
                reasons.append(f"{key} has no contact method")
            else:
                found[key] = recipient_of(roster, target, why)
    paged = _paged(roster, request, changes, at)
    available = {key: r for key, r in found.items() if key not in request.except_for and key not in paged}
    if not available:
        if found:
            reasons.append("the page of this round reaches them" if paged else "everybody here has acknowledged")
        nobody = "; ".join(reasons) or "there is nobody behind these targets"
        next_duty_at = None if found else _next_duty(roster, request, changes, at)
        return ResolvedRound(
            nobody=nobody,
            all_acknowledged=bool(found) and not paged,
            next_duty_at=next_duty_at,
            notes=notes,
            unknown=unknown,
        )
    if request.how == "everyone":
        return ResolvedRound(recipients=list(available.values()), notes=notes)
    return _one_of(list(available.values()), request, load).model_copy(update={"notes": notes})


def _paged(roster: Roster, request: RoundRequest, changes: Changes, at: datetime) -> list[str]:
    """Who is paged besides, for sure: limits may give a page to somebody else, who has any is told here as well."""
    if not request.besides:
        return []
    other = RoundRequest(targets=request.besides)
    reached = resolve_round(roster, other, at=at, load={}, changes=changes).recipients
    return [one.target for one in reached if roster.capacity_of(one.target).is_unlimited]


def _next_duty(roster: Roster, request: RoundRequest, changes: Changes, at: datetime) -> datetime | None:
    """When somebody who can be told comes on duty in one of the schedules asked; None when nobody does in a year."""
    asked = [text.removeprefix("schedule:") for text in request.targets if text.startswith("schedule:")]
    since = at
    for reach in _AHEAD:
        coming = [
            part.start
            for name in asked
            if name in roster.schedules
            for part in stretches(roster, name, changes, since, at + reach)
            if any(roster.deliverable(Target("person", seat.person)) for seat in part.seats)
        ]
        if coming:
            return min(coming)
        since = at + reach
    return None


def _expand(roster: Roster, target: Target, named: str) -> Iterator[tuple[Target, str]]:
    team = roster.teams.get(target.id) if target.kind == "team" else None
    if team is None:
        yield target, named
        return
    for member in team.members:
        yield Target("person", member), f"member of {target}"


def recipient_of(roster: Roster, target: Target, why: str) -> Recipient:
    """How somebody is told: their plan and their fallbacks. They have to be in the roster."""
    contact = roster.contact(target)
    assert contact is not None
    plan = [
        ContactPlan(step=n, method=rule.use, channel=contact.methods[rule.use].channel, after=rule.after)
        for n, rule in enumerate(contact.contact_rules())
    ]
    fallbacks = [ContactPlan(step=-1, method=m, channel=how.channel) for m, how in contact.methods.items()]
    return Recipient(target=str(target), why=why, plan=plan, fallbacks=fallbacks)


def _one_of(people: list[Recipient], request: RoundRequest, load: dict[str, Load]) -> ResolvedRound:
    order = people
    if request.how == "fair":
        nobody = Load()
        ranked = sorted(
            enumerate(people),
            key=lambda pair: (
                load.get(pair[1].target, nobody).pages,
                load.get(pair[1].target, nobody).last_paged_at or _LONG_AGO,
                pair[0],
            ),
        )
        order = [person for _, person in ranked]
    fresh = [person for person in order if person.target not in request.told]
    wrapped = not fresh
    turn = fresh or order
    chosen = turn[0]
    if request.how == "fair":
        pages = load.get(chosen.target, Load()).pages
        chosen = chosen.model_copy(update={"why": f"{chosen.why}; least paged lately ({pages} pages in 7 days)"})
    else:
        chosen = chosen.model_copy(update={"why": f"{chosen.why}; next in order"})
    return ResolvedRound(recipients=[chosen], candidates_left=len(turn) - 1, wrapped=wrapped)
