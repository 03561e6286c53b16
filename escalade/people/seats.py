"""Seats: who is on duty at one instant and why them, and what overrides and swaps make of it (decision 35)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from escalade.people.changes import Changes, OverrideForm

How = Literal["rotation", "override", "swap", "temporary", "feed"]


class Seat(NamedTuple):
    """Somebody on duty, and why them. Two instants with the same seat belong to one shift."""

    person: str
    how: How = "rotation"
    layer: str = ""
    rotation: str = ""
    """The rotation in words: `weekly rotation`."""
    hands_off: datetime | None = None
    """When the turn of the rotation ends; None where a change decides how long it is."""
    change: str = ""
    """The id of the override, swap or temporary schedule that decided."""
    instead_of: str = ""
    """Who would be on duty otherwise."""


class Ruling(NamedTuple):
    """An override, or one half of a swap."""

    start: datetime
    end: datetime
    id: str
    how: How
    form: OverrideForm
    whom: str | None
    people: tuple[str, ...]


def rulings(changes: Changes, schedule: str) -> list[Ruling]:
    """The overrides and swaps of a schedule, the one that wins last: by priority, then by when they were made."""
    ranked = [
        ((o.priority, o.made_at, o.id), Ruling(o.start, o.end, o.id, "override", o.form, o.whom, o.people))
        for o in changes.overrides
        if o.schedule == schedule
    ]
    for swap in (s for s in changes.swaps if s.schedule == schedule):
        for mine, theirs in ((swap.first, swap.second), (swap.second, swap.first)):
            # One that was removed ends where it was removed, with what was still ahead of it.
            end = min(mine.end, swap.end)
            if mine.start < end:
                half = Ruling(mine.start, end, swap.id, "swap", "replace", mine.person, (theirs.person,))
                ranked.append(((0, swap.made_at, swap.id), half))
    return [ruling for _, ruling in sorted(ranked, key=lambda pair: pair[0])]


class _Place:
    """A place on duty: who holds it, and everybody it was before, so that a later ruling finds it by any of them."""

    def __init__(self, seat: Seat | None, *known_as: str) -> None:
        self.seat = seat
        self.known_as = [name for name in known_as if name]


def ruled(
    seats: Iterable[Seat], vacant: Iterable[str], ruling: Sequence[Ruling], absent: Callable[[str], bool]
) -> list[Seat]:
    """Who is on duty after overrides and swaps.

    Args:
        seats: who is on duty without them.
        vacant: whose turn it is while they are away and nobody else took it: they can be stood in for.
        ruling: what is in force at the instant, the one that wins last.
        absent: whether somebody is not there; rulings that name only such people are passed over.
    """
    places = [_Place(seat, seat.person, *seat.instead_of.split(", ")) for seat in seats]
    places += [_Place(None, person) for person in vacant]
    for one in ruling:
        coming = [person for person in one.people if not absent(person)]
        if one.form == "remove":
            for place in places:
                if place.seat is not None and place.seat.person == one.whom:
                    place.seat = None
        elif coming and one.whom is None:
            new = [_Place(Seat(person, one.how, change=one.id), person) for person in coming]
            held = {place.seat.person for place in places if place.seat is not None}
            places = new if one.form == "replace" else places + [p for p in new if p.known_as[0] not in held]
        elif coming:
            _stand_in(places, one, coming)
    found: dict[str, Seat] = {}
    for place in places:
        if place.seat is not None:
            found.setdefault(place.seat.person, place.seat)
    return list(found.values())


def _stand_in(places: list[_Place], one: Ruling, coming: list[str]) -> None:
    assert one.whom is not None
    holding = [place for place in places if place.seat is not None and place.seat.person == one.whom]
    place = next(iter(holding or [place for place in places if one.whom in place.known_as]), None)
    if place is None:
        return
    was = place.seat
    layer, rotation = (was.layer, was.rotation) if was else ("", "")
    new = [Seat(p, one.how, layer, rotation, change=one.id, instead_of=one.whom) for p in coming]
    place.seat = new[0]
    place.known_as += [name for name in (one.whom, coming[0]) if name not in place.known_as]
    places += [_Place(seat, seat.person) for seat in new[1:]]
