"""Who is told instead: a round, seen against what the people in it have room for.

The store knows who has room; this decides whom to ask it about, and what follows. It is asked again with what was
learned until it has an answer, so that nobody takes a slot who is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, NamedTuple

from escalade.people.resolve import Load, PassedOver, Recipient, ResolvedRound, RoundRequest
from escalade.ticket import Severity

PRESSING: Final = (Severity.SEV1, Severity.SEV2)
"""Severities that page the least burdened when everybody is over (decision 17)."""


class Verdict(NamedTuple):
    """Whether somebody has room for one more page."""

    kind: Literal["room", "digest", "full", "quiet", "pressed"]
    """There is room; only in a digest; a limit is reached; it is quiet there; paged all the same."""
    says: str = ""
    """"had 5 pages within 1h"."""
    until: datetime | None = None
    """When there is room again."""
    digests: bool = False
    """Whether what comes above a rate is collected for them: they need not be paged one by one."""


HAS_ROOM: Final = Verdict("room")
_BEFORE: Final = Verdict("full", "was passed over when this round began")
_LONG_AGO: Final = Load()


@dataclass(frozen=True)
class Allocation:
    """The answer, or the question that has to be answered first."""

    resolved: ResolvedRound | None = None
    ask: tuple[str, ...] = ()
    """Find out about these: who is granted a page has it."""
    instead_of: str = ""
    """For whom who is asked about, or told although over, would stand in."""
    weigh: tuple[str, ...] = ()
    """Find out how much these were paged lately."""
    force: tuple[str, Verdict] | None = None
    """This one is told although over: put it on record."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is known so far."""

    severity: Severity
    resolve: Callable[[RoundRequest], ResolvedRound]
    """Asks the roster."""
    stand_ins: Callable[[str, str], Sequence[str]]
    """Who takes over in a target (`schedule:x`) from somebody of it (`person:ana`), in order."""
    recipient: Callable[[str, str], Recipient | None]
    """How somebody is told, with the reason; None for who cannot be."""
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    granted: Mapping[str, str] = field(default_factory=dict)
    """Who was granted a page in this very round before, and for whom they stand in (empty for who was named): another
    attempt tells the same people."""
    load: Mapping[str, Load] | None = None


def allocate(request: RoundRequest, asked: Asked) -> Allocation:
    """Decide who is told in a round, by what is known; or say what has to be found out first.

    - Who has room is told. For who has not, the next of their schedule's rotation, or their backup, is.
    - Where one is told at a time, the next in order who has room is.
    - When nobody has room: sev1 and sev2 page the least burdened anyway; who collects digests gets it in one;
      otherwise the round waits for the first instant at which somebody has room.

    Args:
        request: the round.
        asked: what is known.
    """
    return _everyone(request, asked) if request.how == "everyone" else _one(request, asked)


def _ok(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict.kind in ("room", "digest", "pressed")


def _known(asked: Asked, target: str) -> Verdict | None:
    """What is known of somebody; shared places and suppliers always have room."""
    return asked.verdicts.get(target) if target.startswith("person:") else HAS_ROOM


def _verdict(asked: Asked, target: str) -> Verdict:
    """What is known of somebody who was not chosen."""
    return _known(asked, target) or _BEFORE


def _everyone(request: RoundRequest, asked: Asked) -> Allocation:
    base = asked.resolve(request)
    if not base.recipients:
        return Allocation(base)
    seats = _Seats(request, base)
    unknown = []
    for recipient in base.recipients:
        verdict = _known(asked, recipient.target)
        if recipient.target not in asked.granted and _standing_in(request, asked, recipient.target):
            seats.over.append(recipient)
        elif verdict is None:
            unknown.append(recipient.target)
        elif _ok(verdict):
            seats.chosen[recipient.target] = _with(recipient, verdict)
        else:
            seats.over.append(recipient)
    return Allocation(ask=tuple(unknown)) if unknown else _instead(seats, asked)


def _standing_in(request: RoundRequest, asked: Asked, over: str) -> str:
    """Who was granted a page in this round instead of somebody, and has not acknowledged since; empty for nobody.

    That another of their line was granted one says nothing: they may have been told for their own sake.
    """
    pairs = asked.granted.items()
    return next((one for one, instead_of in pairs if instead_of == over and one not in request.except_for), "")


@dataclass(frozen=True)
class _Seats:
    """A round in which everyone is told, half decided."""

    request: RoundRequest
    base: ResolvedRound
    chosen: dict[str, Recipient] = field(default_factory=dict)
    over: list[Recipient] = field(default_factory=list)


def _instead(seats: _Seats, asked: Asked) -> Allocation:
    """Find somebody for each who is over; without anybody in the round, what follows from that."""
    base, chosen = seats.base, seats.chosen
    named = {recipient.target for recipient in base.recipients}
    passed: list[PassedOver] = []
    everybody = list(base.recipients)
    stands_for: dict[str, str] = {}
    for recipient in seats.over:
        verdict = _verdict(asked, recipient.target)
        before = _standing_in(seats.request, asked, recipient.target)
        instead = before if before in chosen else ""
        skipped: list[PassedOver] = []
        line = () if instead else sorted(_line(seats.request, asked, recipient), key=lambda one: one != before)
        for target in line:
            if target in chosen or target in named or target in seats.request.except_for:
                continue
            found = _known(asked, target)
            if found is None:
                return Allocation(ask=(target,), instead_of=recipient.target)
            why = f"instead of {recipient.target}, who {verdict.says}; they are {recipient.why}"
            stand_in = asked.recipient(target, why)
            if stand_in is None:
                continue
            everybody.append(stand_in)
            stands_for.setdefault(target, recipient.target)
            if _ok(found):
                chosen[target], instead = _with(stand_in, found), target
                break
            skipped.append(_passed(target, found, ""))
        known = {one.target for one in passed}
        whole = [_passed(recipient.target, verdict, ""), *(one for one in skipped if one.target not in known)]
        passed += [one.model_copy(update={"instead": instead}) for one in whole]
    if chosen:
        return Allocation(base.model_copy(update={"recipients": list(chosen.values()), "passed": passed}))
    return _all_over(base, everybody, asked, passed, stands_for)


def _line(request: RoundRequest, asked: Asked, recipient: Recipient) -> Iterator[str]:
    """Who takes over from somebody: the others of the schedules that name them, then their own backup."""
    if not recipient.target.startswith("person:"):
        return
    seen = {recipient.target}
    for target in (*request.targets, recipient.target):
        if target.startswith("schedule:"):
            named = asked.resolve(request.model_copy(update={"targets": [target]})).recipients
            if recipient.target not in [one.target for one in named]:
                continue
        elif target != recipient.target:
            continue
        for other in asked.stand_ins(target, recipient.target):
            if other not in seen:
                seen.add(other)
                yield other


def _one(request: RoundRequest, asked: Asked) -> Allocation:
    """One at a time, or fair: the next in order who has room."""
    passed: list[PassedOver] = []
    tried: list[Recipient] = []
    stands_for: dict[str, str] = {}
    without = request
    first = base = asked.resolve(request)
    # Who acknowledged since leaves the place to the others: nobody of them was passed over for that.
    told = [target for target in asked.granted if target not in request.except_for]
    while base.recipients:
        recipient = base.recipients[0]
        verdict = _known(asked, recipient.target)
        if told and recipient.target not in told and not _ok(verdict):
            verdict = verdict or _BEFORE
        if verdict is None:
            return Allocation(ask=(recipient.target,))
        if _ok(verdict):
            return Allocation(base.model_copy(update={"recipients": [_with(recipient, verdict)], "passed": passed}))
        tried.append(recipient)
        passed.append(_passed(recipient.target, verdict, ""))
        without = without.model_copy(update={"except_for": [*without.except_for, recipient.target]})
        base = asked.resolve(without)
    if not tried:
        return Allocation(first)
    pairs = [(over, other) for over in list(tried) for other in _line(request, asked, over)]
    # Who stood in when this round began does so again, though another may have room by now.
    for recipient, target in sorted(pairs, key=lambda pair: pair[1] not in told):
        if target in without.except_for or target in [one.target for one in tried]:
            continue
        found = _known(asked, target)
        if found is None:
            return Allocation(ask=(target,), instead_of=recipient.target)
        why = f"instead of {recipient.target}, who {_says(passed, recipient.target)}; they are {recipient.why}"
        stand_in = asked.recipient(target, why)
        if stand_in is None:
            continue
        tried.append(stand_in)
        stands_for[target] = recipient.target
        if _ok(found):
            update = {"recipients": [_with(stand_in, found)], "candidates_left": 0, "passed": passed}
            return Allocation(first.model_copy(update=update))
        passed.append(_passed(target, found, ""))
    return _all_over(first, tried, asked, passed, stands_for)


def _all_over(
    base: ResolvedRound,
    people: list[Recipient],
    asked: Asked,
    passed: list[PassedOver],
    stands_for: Mapping[str, str],
) -> Allocation:
    if asked.severity in PRESSING:
        return _press(people, asked, stands_for)
    for recipient in people:
        verdict = _verdict(asked, recipient.target)
        if verdict.digests and verdict.kind == "full":
            says = f"{verdict.says}, and everybody here is over"
            force = (recipient.target, verdict._replace(kind="digest", says=says))
            return Allocation(force=force, instead_of=stands_for.get(recipient.target, ""))
    instants = [until for one in people if (until := _verdict(asked, one.target).until) is not None]
    why = "; ".join(f"{one.target} {_verdict(asked, one.target).says}" for one in people[:10])
    return Allocation(
        ResolvedRound(
            nobody=f"everybody here is over: {why}", room_at=min(instants, default=None), passed=passed, at=base.at
        )
    )


def _press(people: list[Recipient], asked: Asked, stands_for: Mapping[str, str]) -> Allocation:
    if asked.load is None:
        return Allocation(weigh=tuple(one.target for one in people))
    load = asked.load

    def burden(pair: tuple[int, Recipient]) -> tuple[int, float, int]:
        found = load.get(pair[1].target, _LONG_AGO)
        last = found.last_paged_at.timestamp() if found.last_paged_at is not None else 0.0
        return found.pages, last, pair[0]

    _, least = min(enumerate(people), key=burden)
    pages = load.get(least.target, _LONG_AGO).pages
    severity = asked.severity.value
    says = f"everybody here is over, and {severity} pages the least burdened anyway ({pages} pages in 7 days)"
    return Allocation(force=(least.target, Verdict("pressed", says)), instead_of=stands_for.get(least.target, ""))


def _with(recipient: Recipient, verdict: Verdict) -> Recipient:
    """Somebody who is told, with how the verdict changes it."""
    match verdict.kind:
        case "digest":
            return recipient.model_copy(update={"digest": verdict.says})
        case "pressed":
            return recipient.model_copy(update={"why": f"{recipient.why}; {verdict.says}"})
        case _:
            return recipient


def _passed(target: str, verdict: Verdict, instead: str) -> PassedOver:
    return PassedOver(target=target, why=verdict.says, until=verdict.until, instead=instead)


def _says(passed: list[PassedOver], target: str) -> str:
    return next((one.why for one in passed if one.target == target), "is over")
