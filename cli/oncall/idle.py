"""Changes that change nothing as things stand, in whole or, of a swap, in one half: what they wait for is gone, say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from escalade.people import Roster
    from escalade.people.changes import Change, Changes, Swap
    from store import Store

_LOOKED_AT: Final = timedelta(days=366)
_KINDS: Final = ("overrides", "temporaries", "swaps", "aways")


@dataclass(frozen=True, slots=True)
class IdleHalf:
    """Half of a swap that leaves everybody where they are."""

    person: str
    """Whose shift it was to be."""
    taker: str
    """Who was to take it."""
    start: datetime
    end: datetime
    on_duty: tuple[str, ...]
    """Who is on duty in that time all the same."""
    has_shift: bool
    """Whether the person is on duty in it, so that it is the other one who does not come."""

    def __str__(self) -> str:
        """`ana has no shift from … until …, chloe has`."""
        from escalade.people.reasons import listed
        from escalade.time.instants import format_instant

        window = f"from {format_instant(self.start)} until {format_instant(self.end)}"
        if not self.has_shift:
            return f"{self.person} has no shift {window}, {has(self.on_duty)}"
        stay = "stays" if len(self.on_duty) == 1 else "stay"
        return f"{self.taker} does not take {self.person}'s shift {window}, {listed(self.on_duty)} {stay} on duty"

    def json(self) -> dict[str, Any]:
        """As programs read it."""
        return {
            "person": self.person,
            "taker": self.taker,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "on_duty": list(self.on_duty),
            "says": str(self),
        }


@dataclass(frozen=True, slots=True)
class Idle:
    """How much of a change changes nothing; false when all of it changes something."""

    whole: bool = False
    halves: tuple[IdleHalf, ...] = ()
    """Of a swap."""

    def __bool__(self) -> bool:
        return self.whole or bool(self.halves)

    def is_more_than(self, before: Idle) -> bool:
        """Whether something of it had an effect before."""
        were = {(half.person, half.start) for half in before.halves}
        return (self.whole and not before.whole) or any((half.person, half.start) not in were for half in self.halves)

    def json(self, kind: str) -> dict[str, Any]:
        """As programs read it: only a swap has halves."""
        return {"idle": self.whole} | ({"idle_halves": [half.json() for half in self.halves]} if kind == "swap" else {})

    def __str__(self) -> str:
        """What of it, behind "as things stand"; empty when all of it changes something."""
        if self.whole:
            return "it changes nothing"
        part = "half of it changes" if len(self.halves) == 1 else "what is left of it changes"
        return f"{part} nothing: {'; '.join(map(str, self.halves))}" if self.halves else ""


def idle_among(known: Roster | None, store: Store, changes: Iterable[Change], now: datetime) -> dict[str, Idle]:
    """Those changes that leave somebody where they are, by id, as far as is known now.

    Args:
        known: everybody; None where that cannot be read.
        store: where changes are kept.
        changes: those to look at; a change is looked at for a year at most.
        now: the instant of asking.
    """
    if known is None:
        return {}
    found = {change.id: _idle(known, store, change, now) for change in changes}
    return {change_id: idle for change_id, idle in found.items() if idle}


def has(people: Sequence[str]) -> str:
    """`ana has`, `ana and bob have`, `nobody has`."""
    from escalade.people.reasons import listed

    return f"{listed(people) or 'nobody'} {'have' if len(people) > 1 else 'has'}"


def _idle(known: Roster, store: Store, change: Change, now: datetime) -> Idle:
    from escalade.people.changes import Away, Swap
    from escalade.people.duty import differs
    from escalade.people.versions import settled

    until = min(change.end, change.start + _LOOKED_AT)
    # A swap that has done one half of what it says has not changed nothing.
    since = change.start if isinstance(change, Swap) else max(change.start, now)
    there = settled(known, store.changes(change.start, until), now)
    without = {kind: tuple(one for one in getattr(there, kind) if one.id != change.id) for kind in _KINDS}
    before = there.model_copy(update=without)
    schedules = list(known.schedules) if isinstance(change, Away) else [change.schedule]
    schedules = [name for name in schedules if name in known.schedules]
    whole = not any(differs(known, name, there, before, (since, until)) for name in schedules)
    return Idle(whole, _halves(known, change, there, before, now) if isinstance(change, Swap) and schedules else ())


def _halves(known: Roster, swap: Swap, there: Changes, before: Changes, now: datetime) -> tuple[IdleHalf, ...]:
    """The halves that change nothing from now on; of one that is over there is nothing to be done."""
    from escalade.people.duty import differs, shifts

    found = []
    for own, other in ((swap.first, swap.second), (swap.second, swap.first)):
        window = (max(own.start, now), min(own.end, swap.end))
        if window[0] >= window[1] or differs(known, swap.schedule, there, before, window):
            continue
        people = [shift.person for shift in shifts(known, swap.schedule, there, *window)]
        on_duty = tuple(dict.fromkeys(people))
        found.append(IdleHalf(own.person, other.person, own.start, window[1], on_duty, own.person in on_duty))
    return tuple(found)
