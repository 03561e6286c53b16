"""Who is told in a round, and why them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import BaseModel, Field

from escalade.people.roster import Roster, Target, parse_target
from escalade.people.rotation import shift_at
from escalade.time.durations import Duration
from escalade.time.instants import Instant, format_instant

How = Literal["everyone", "one_at_a_time", "fair"]
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class ContactPlan(BaseModel):
    """One contact step of a person: which method, so long after their first page in this visit of the tier."""

    step: int
    method: str
    channel: str
    after: Duration = timedelta(0)


class Recipient(BaseModel):
    """Somebody who is to be told, how, and why them. Addresses stay out of it: the sender looks them up."""

    target: str
    """`person:ana`, `vendor:acme` or `channel:incident`."""
    why: str
    plan: list[ContactPlan] = Field(default_factory=list)
    fallbacks: list[ContactPlan] = Field(default_factory=list)
    """The other methods, in order of preference: used at once when one fails."""


class RoundRequest(BaseModel):
    """What a round asks of the roster."""

    targets: list[str]
    how: How = "everyone"
    except_for: list[str] = Field(default_factory=list)
    """Who has acknowledged: they are not told again."""
    why: str = "named by the tier"
    """Why those who are named directly are told."""
    told: list[str] = Field(default_factory=list)
    """Who was told in this turn of `one_at_a_time` or `fair`; when all were, it wraps round."""


class Load(BaseModel):
    """How much somebody was paged lately: the measure of `fair`."""

    pages: int = 0
    """In the last 7 days."""
    last_paged_at: Instant | None = None


class ResolvedRound(BaseModel):
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
    notes: list[str] = Field(default_factory=list)
    """What a reader should know: "the store was down, who was paged lately is not known"."""


def resolve_round(roster: Roster, request: RoundRequest, *, at: datetime, load: dict[str, Load]) -> ResolvedRound:
    """Decide who is told in a round.

    Args:
        roster: everybody, as configured now.
        request: the targets, in order, and how they are to be told.
        at: the instant of the round.
        load: pages lately, by target; only `fair` reads it.

    Returns:
        The recipients, each with the reason and the contact plan, or the reason why there is nobody.
    """
    found: dict[str, Recipient] = {}
    reasons: list[str] = []
    for text in request.targets:
        try:
            meant = parse_target(text)
        except ValueError as error:
            reasons.append(str(error))
            continue
        for target, why in _expand(roster, meant, at, request.why):
            key = str(target)
            if key in found:
                continue
            contact = roster.contact(target)
            if contact is None:
                reasons.append(f"{key} is not in the roster")
            elif not contact.methods:
                reasons.append(f"{key} has no contact method")
            else:
                found[key] = _recipient(roster, target, why)
    available = {key: r for key, r in found.items() if key not in request.except_for}
    if not available:
        if found:
            reasons.append("everybody here has acknowledged")
        nobody = "; ".join(reasons) or "there is nobody behind these targets"
        next_duty_at = None if found else _next_duty(roster, request, at)
        return ResolvedRound(nobody=nobody, all_acknowledged=bool(found), next_duty_at=next_duty_at)
    if request.how == "everyone":
        return ResolvedRound(recipients=list(available.values()))
    return _one_of(list(available.values()), request, load)


def _next_duty(roster: Roster, request: RoundRequest, at: datetime) -> datetime | None:
    """When somebody who can be told comes on duty in one of the schedules asked; None when nobody ever does."""
    coming: list[datetime] = []
    for text in request.targets:
        schedule = roster.schedules.get(text.removeprefix("schedule:")) if text.startswith("schedule:") else None
        if schedule is None:
            continue
        shift = shift_at(schedule, at)
        for _ in schedule.rotation.members:
            shift = shift_at(schedule, shift.end)
            if roster.deliverable(Target("person", shift.person)):
                coming.append(shift.start)
                break
    return min(coming, default=None)


def _expand(roster: Roster, target: Target, at: datetime, named: str) -> Iterator[tuple[Target, str]]:
    match target.kind:
        case "team":
            team = roster.teams.get(target.id)
            for member in team.members if team else []:
                yield Target("person", member), f"member of {target}"
            if team is None:
                yield target, named
        case "schedule":
            schedule = roster.schedules.get(target.id)
            if schedule is None:
                yield target, named
            else:
                shift = shift_at(schedule, at)
                until = format_instant(shift.end)
                yield Target("person", shift.person), f"on duty in {target} until {until} (weekly rotation)"
        case _:
            yield target, named


def _recipient(roster: Roster, target: Target, why: str) -> Recipient:
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
