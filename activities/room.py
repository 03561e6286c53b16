"""Who has room for a page: the roster's limits, held against what the store says was used."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from activities.guard import Guard, StoreAwayError
from escalade.people.allocation import Asked, Verdict, allocate
from escalade.people.capacity import Capacity, Window, digest_window, quiet_until, windows
from escalade.people.changes import Changes
from escalade.people.resolve import Load, Pressure, Recipient, ResolvedRound, RoundRequest, recipient_of
from escalade.people.roster import Roster, parse_target
from escalade.ticket import Severity
from escalade.time.instants import format_instant
from store import Store
from store.budgets import Full, Granted, GrantKind, Wish

LATELY: Final = timedelta(days=7)
"""How far back the pages count by which the least burdened is found."""

IDLE_EVERY: Final = timedelta(minutes=1)
"""How long a digest collects that is made because a channel is down, for who has no rule of their own."""

_AWAY: Final = "limits and budgets are not counted"

_log = logging.getLogger(__name__)


def about(request: RoundRequest) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What differs between the questions of one round."""
    return tuple(request.targets), tuple(request.except_for)


@dataclass
class Looking:
    """One round whose people are being chosen."""

    request: RoundRequest
    pressure: Pressure
    round_id: str
    at: datetime
    roster: Roster
    resolve: Callable[[RoundRequest], ResolvedRound]
    changes: Changes = field(default_factory=Changes)
    """Who is away takes over from nobody."""
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    granted: dict[str, str] = field(default_factory=dict)
    """Who was granted a page in it before, and instead of whom."""
    load: dict[str, Load] | None = None
    away: str = ""
    """Why the store cannot be asked."""
    resolved: dict[tuple[tuple[str, ...], tuple[str, ...]], ResolvedRound] = field(default_factory=dict)
    """What the roster said, by whom it was asked about: one round asks the same several times."""

    def asked(self) -> Asked:
        """What is known by now."""
        return Asked(
            severity=self.pressure.severity,
            resolve=self._resolve,
            stand_ins=self._stand_ins,
            recipient=self._recipient,
            verdicts=self.verdicts,
            granted=self.granted,
            load=self.load,
        )

    def quiet(self, target: str) -> Verdict | None:
        """What keeps somebody from being paged now, whatever else they are paged for: their quiet hours."""
        if self.pressure.ignore_quiet:
            return None
        until = quiet_until(self.roster.capacity_of(target), _zone(self.roster, target), self.at)
        return Verdict("quiet", f"has quiet hours until {format_instant(until)}", until) if until is not None else None

    def _resolve(self, request: RoundRequest) -> ResolvedRound:
        if about(request) not in self.resolved:
            self.resolved[about(request)] = self.resolve(request)
        return self.resolved[about(request)]

    def _stand_ins(self, target: str, over: str) -> list[str]:
        gone = {f"person:{away.person}" for away in self.changes.aways if away.start <= self.at < away.end}
        return [one for one in self.roster.stand_ins(target, over) if one not in gone]

    def _recipient(self, target: str, why: str) -> Recipient | None:
        meant = parse_target(target)
        return recipient_of(self.roster, meant, why) if self.roster.deliverable(meant) else None


class Room:
    """Finds out who has room, and takes it for who is told."""

    def __init__(self, store: Store, guard: Guard, *, within: timedelta, is_down: Callable[[str], bool]) -> None:
        """Keep what every look needs.

        Args:
            store: the budgets.
            guard: the way to them.
            within: how long one question may take.
            is_down: whether a channel is marked down.
        """
        self._store = store
        self._guard = guard
        self._within = within
        self._is_down = is_down

    async def allocate(self, look: Looking) -> ResolvedRound:
        """Whom a round tells, by what everybody has room for. Without the store nobody has a limit."""
        try:
            before = await self._guard.call(lambda: self._store.granted(look.round_id), within=self._within)
        except StoreAwayError as error:
            before, look.away = {}, str(error)
        look.verdicts = {target: _verdict(grant) for target, grant in before.items()}
        look.granted = {target: grant.instead_of for target, grant in before.items()}
        while True:
            found = allocate(look.request, look.asked())
            if found.resolved is not None:
                notes = [f"{look.away.rstrip('.')}; {_AWAY}"] if look.away else []
                return found.resolved.model_copy(update={"notes": [*found.resolved.notes, *notes]})
            if found.ask:
                await self._look_at(look, found.ask, found.instead_of)
            if found.weigh:
                look.load = await self._load(look, found.weigh)
            if found.force is not None:
                await self._force(look, *found.force, instead_of=found.instead_of)

    async def for_digest(
        self, target: str, digest_id: str, *, at: datetime, roster: Roster, urgent: bool, any_hour: bool = False
    ) -> Full | None:
        """Take room for a digest, which is one page.

        Args:
            target: whose.
            digest_id: which.
            at: the instant.
            roster: whose limits count.
            urgent: whether something in it may not wait: it goes out over the limits.
            any_hour: whether something in it is told in quiet hours as by day: limits hold for it all the same.

        Returns:
            None when it may go; otherwise why not, and when there is room.

        Raises:
            StoreAwayError: when the store cannot be asked: what is in the digest is there as well.
        """
        capacity, zone = roster.capacity_of(target), _zone(roster, target)
        slots = windows(capacity, zone, at)
        quiet = None if urgent or any_hour else quiet_until(capacity, zone, at)
        if quiet is not None:
            return Full(f"has quiet hours until {format_instant(quiet)}", quiet)
        found = await self._guard.call(lambda: self._store.take(digest_id, target, slots, at=at), within=self._within)
        if isinstance(found, Full) and urgent:
            says = "something in it may not wait"
            await self._guard.call(
                lambda: self._store.force(digest_id, Wish(target, slots), at=at, kind="pressed", says=says),
                within=self._within,
            )
            return None
        return found if isinstance(found, Full) else None

    async def give_back(self, round_id: str, targets: Sequence[str] | None = None) -> None:
        """Let a round have taken nothing from people whom nobody told of it.

        It may be done again, and need not succeed: what is left taken is found when it is in somebody's way.

        Args:
            round_id: the round, or the digest.
            targets: who was not told; whoever was not when it is None.
        """
        try:
            await self._guard.call(lambda: self._store.give_back(round_id, targets), within=self._within)
        except StoreAwayError as error:
            _log.warning("round %s: what it took and did not need is not given back: %s", round_id, error)

    async def _look_at(self, look: Looking, targets: Sequence[str], instead_of: str) -> None:
        """Find out who of these has room, and take it, in one go."""
        wishes: list[Wish] = []
        for target in targets:
            capacity, zone = look.roster.capacity_of(target), _zone(look.roster, target)
            collect = self._collect(look, capacity)
            quiet = look.quiet(target)
            if quiet is None:
                wishes.append(Wish(target, windows(capacity, zone, look.at), collect, instead_of))
            else:
                look.verdicts[target] = quiet._replace(digests=collect is not None)
        for wish, found in zip(wishes, await self._take(look, wishes), strict=True):
            if isinstance(found, Full):
                look.verdicts[wish.target] = Verdict("full", found.says, found.until, wish.collect is not None)
            else:
                look.verdicts[wish.target] = _verdict(found)

    async def _take(self, look: Looking, wishes: list[Wish]) -> Sequence[Granted | Full]:
        """Take what is wished for; where nobody's limits count, it is theirs without being asked for."""
        limited = look.granted or any(wish.windows or wish.collect for wish in wishes)
        # Who comes after somebody who is over is put on record without limits of their own: they have it now.
        if wishes and not look.away and (limited or any(one.kind != "room" for one in look.verdicts.values())):
            try:
                return await self._guard.call(
                    lambda: self._store.take_all(look.round_id, wishes, at=look.at), within=self._within
                )
            except StoreAwayError as error:
                look.away = str(error)
        return [Granted("page", "")] * len(wishes)

    def _collect(self, look: Looking, capacity: Capacity) -> Window | None:
        """The window above which pages of this round are collected for somebody; None when never."""
        rule, severity = capacity.digest, look.pressure.severity
        down = [channel for channel in look.pressure.failed_by if self._is_down(channel)]
        if down and severity is not Severity.SEV1:
            return Window("down", 0, look.at, f"is told in a digest while {', '.join(down)} is down")
        if rule is None or severity in rule.except_:
            return None
        return digest_window(rule, look.at)

    async def _load(self, look: Looking, targets: Sequence[str]) -> dict[str, Load]:
        try:
            since = look.at - LATELY
            return await self._guard.call(lambda: self._store.load(targets, since), within=self._within)
        except StoreAwayError as error:
            look.away = str(error)
            return {}

    async def _force(self, look: Looking, target: str, verdict: Verdict, *, instead_of: str) -> None:
        look.verdicts[target] = verdict
        capacity, zone = look.roster.capacity_of(target), _zone(look.roster, target)
        collect = None if verdict.kind == "digest" else self._collect(look, capacity)
        wish = Wish(target, windows(capacity, zone, look.at), collect, instead_of)
        kind: GrantKind = "digest" if verdict.kind == "digest" else "pressed"
        try:
            await self._guard.call(
                lambda: self._store.force(look.round_id, wish, at=look.at, kind=kind, says=verdict.says),
                within=self._within,
            )
        except StoreAwayError as error:
            look.away = str(error)


def _verdict(granted: Granted) -> Verdict:
    return Verdict("room" if granted.kind == "page" else granted.kind, granted.says)


def _zone(roster: Roster, target: str) -> ZoneInfo:
    person = roster.people.get(target.partition(":")[2])
    return ZoneInfo(person.time_zone if person is not None else "UTC")


def limits_anybody(roster: Roster, pressure: Pressure) -> bool:
    """Whether anybody has a limit at all: without one nothing is asked of the store."""
    return bool(pressure.failed_by) or has_limits(roster)


def has_limits(roster: Roster) -> bool:
    """Whether anybody in a roster has a limit."""
    return not roster.capacity.is_unlimited or any(
        not person.capacity.is_unlimited for person in roster.people.values()
    )
