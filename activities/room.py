"""Who has room for a page: the roster's limits, held against what the store says was used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from activities.guard import Guard, StoreAwayError
from escalade.people.allocation import HAS_ROOM, Asked, Verdict, allocate
from escalade.people.capacity import Capacity, Window, digest_window, quiet_until, windows
from escalade.people.changes import Changes
from escalade.people.resolve import Load, Pressure, Recipient, ResolvedRound, RoundRequest, recipient_of
from escalade.people.roster import Roster, parse_target
from escalade.ticket import Severity
from escalade.time.instants import format_instant
from store import Store
from store.budgets import Full, Granted, GrantKind

LATELY: Final = timedelta(days=7)
"""How far back the pages count by which the least burdened is found."""

IDLE_EVERY: Final = timedelta(minutes=1)
"""How long a digest collects that is made because a channel is down, for who has no rule of their own."""

_AWAY: Final = "limits and budgets are not counted"


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
    granted: list[str] = field(default_factory=list)
    load: dict[str, Load] | None = None
    away: str = ""
    """Why the store cannot be asked."""

    def asked(self) -> Asked:
        """What is known by now."""
        return Asked(
            severity=self.pressure.severity,
            resolve=self.resolve,
            stand_ins=self._stand_ins,
            recipient=self._recipient,
            verdicts=self.verdicts,
            granted=self.granted,
            load=self.load,
        )

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
        look.granted = list(before)
        while True:
            found = allocate(look.request, look.asked())
            if found.resolved is not None:
                notes = [f"{look.away.rstrip('.')}; {_AWAY}"] if look.away else []
                return found.resolved.model_copy(update={"notes": [*found.resolved.notes, *notes]})
            for target in found.ask:
                look.verdicts[target] = await self._look_at(look, target)
            if found.weigh:
                look.load = await self._load(look, found.weigh)
            if found.force is not None:
                await self._force(look, *found.force)

    async def for_digest(
        self, target: str, digest_id: str, *, at: datetime, roster: Roster, urgent: bool
    ) -> Full | None:
        """Take room for a digest, which is one page.

        Args:
            target: whose.
            digest_id: which.
            at: the instant.
            roster: whose limits count.
            urgent: whether something in it may not wait: it goes out over the limits.

        Returns:
            None when it may go; otherwise why not, and when there is room.

        Raises:
            StoreAwayError: when the store cannot be asked: what is in the digest is there as well.
        """
        capacity, zone = roster.capacity_of(target), _zone(roster, target)
        slots = windows(capacity, zone, at)
        quiet = quiet_until(capacity, zone, at)
        if quiet is not None and not urgent:
            return Full(f"has quiet hours until {format_instant(quiet)}", quiet)
        found = await self._guard.call(lambda: self._store.take(digest_id, target, slots, at=at), within=self._within)
        if isinstance(found, Full) and urgent:
            says = "something in it may not wait"
            await self._guard.call(
                lambda: self._store.force(digest_id, target, slots, at=at, kind="pressed", says=says),
                within=self._within,
            )
            return None
        return found if isinstance(found, Full) else None

    async def _look_at(self, look: Looking, target: str) -> Verdict:
        capacity, zone = look.roster.capacity_of(target), _zone(look.roster, target)
        collect = self._collect(look, capacity)
        digests = collect is not None
        quiet = None if look.pressure.ignore_quiet else quiet_until(capacity, zone, look.at)
        if quiet is not None:
            return Verdict("quiet", f"has quiet hours until {format_instant(quiet)}", quiet, digests)
        slots = windows(capacity, zone, look.at)
        first = all(verdict.kind == "room" for verdict in look.verdicts.values())
        if look.away or (not slots and not digests and first):
            return HAS_ROOM
        try:
            found = await self._guard.call(
                lambda: self._store.take(look.round_id, target, slots, at=look.at, collect=collect),
                within=self._within,
            )
        except StoreAwayError as error:
            look.away = str(error)
            return HAS_ROOM
        if isinstance(found, Full):
            return Verdict("full", found.says, found.until, digests)
        return _verdict(found)

    def _collect(self, look: Looking, capacity: Capacity) -> Window | None:
        """The window above which pages of this round are collected for somebody; None when never."""
        rule, severity = capacity.digest, look.pressure.severity
        down = [channel for channel in look.pressure.failed_by if self._is_down(channel)]
        if down and severity is not Severity.SEV1:
            return Window("down", 0, look.at, f"{', '.join(down)} is down, and many tickets come up for it")
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

    async def _force(self, look: Looking, target: str, verdict: Verdict) -> None:
        look.verdicts[target] = verdict
        slots = windows(look.roster.capacity_of(target), _zone(look.roster, target), look.at)
        kind: GrantKind = "digest" if verdict.kind == "digest" else "pressed"
        try:
            await self._guard.call(
                lambda: self._store.force(look.round_id, target, slots, at=look.at, kind=kind, says=verdict.says),
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
    return (
        bool(pressure.failed_by)
        or not roster.capacity.is_unlimited
        or any(not person.capacity.is_unlimited for person in roster.people.values())
    )
