"""The timeline of a schedule: stretches of time in which the same people are on duty for the same reasons."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from escalade.people.changes import Changes
from escalade.people.eras import Era, Track, eras
from escalade.people.free_days import free_days
from escalade.people.roster import Roster
from escalade.people.schedule import Layer, open_parts
from escalade.people.seats import Ruling, Seat, ruled, rulings
from escalade.people.slots import Slot

_Window = tuple[datetime, datetime]
_WEEK: Final = timedelta(weeks=1)


class Stretch(NamedTuple):
    """From an instant (included) to another (excluded), the same people, for the same reasons."""

    start: datetime
    end: datetime
    seats: tuple[Seat, ...]


def stretches(roster: Roster, schedule: str, changes: Changes, since: datetime, until: datetime) -> list[Stretch]:
    """Who is on duty from an instant to another: without gap or overlap, equal neighbours merged.

    Args:
        roster: everybody.
        schedule: a schedule of the roster.
        changes: what was changed at run time.
        since: the first instant.
        until: the first instant that is of no interest any more.
    """
    return _Timeline(roster, schedule, changes, since, until).stretches() if since < until else []


def joined(parts: Iterable[Stretch]) -> list[Stretch]:
    """Consecutive stretches, equal neighbours merged."""
    found: list[Stretch] = []
    for part in parts:
        if found and found[-1].end == part.start and found[-1].seats == part.seats:
            found[-1] = found[-1]._replace(end=part.end)
        else:
            found.append(part)
    return found


class _Turns:
    """The slots of one rotation within the window."""

    def __init__(self, track: Track, since: datetime, until: datetime) -> None:
        self.track = track
        self.turns = track.rotation.turns
        self.title = track.rotation.title
        self.slots = list(track.slots.between(since, until))
        self.starts = [slot.start for slot in self.slots]

    def at(self, at: datetime) -> Slot | None:
        """The slot in which somebody is on duty at an instant."""
        n = bisect.bisect_right(self.starts, at) - 1
        return self.slots[n] if n >= 0 and at < self.slots[n].end else None


class _Layer(NamedTuple):
    layer: Layer
    turns: list[_Turns]
    counts: list[_Window] | None
    """When it counts; always, where that is None."""
    holidays: dict[str, list[_Window]]


class _Timeline:
    def __init__(self, roster: Roster, schedule: str, changes: Changes, since: datetime, until: datetime) -> None:
        def matters(window: _Window) -> bool:
            return window[0] < until and since < window[1]

        self.since, self.until = since, until
        self.people = roster.people
        self.eras = [era for era in eras(roster.schedules[schedule], schedule, changes.versions) if matters(era[:2])]
        self.rulings = [one for one in rulings(changes, schedule) if matters((one.start, one.end))]
        self.temporaries = sorted(
            (t for t in changes.temporaries if t.schedule == schedule and matters((t.start, t.end))),
            key=lambda temporary: (temporary.made_at, temporary.id),
        )
        self.imported = [
            s for i in changes.imported if i.schedule == schedule for s in i.shifts if matters((s.start, s.end))
        ]
        self.away: dict[str, list[_Window]] = {}
        for away in changes.aways:
            if matters((away.start, away.end)):
                self.away.setdefault(away.person, []).append((away.start, away.end))
        self.layers = {era.start: self._layers(era) for era in self.eras}

    def _layers(self, era: Era) -> list[_Layer]:
        since, until = max(self.since, era.start), min(self.until, era.end)
        found = []
        for layer, tracks in zip(era.schedule.stack(), era.tracks, strict=True):
            zone = tracks[0].zone
            counts = open_parts(layer.restrictions, zone, since, until) if layer.restrictions else None
            turns = [_Turns(track, since, until) for track in tracks]
            members = [p for rotation in layer.all_rotations for turn in rotation.turns for p in turn]
            free = {
                p: [(day.start, day.end) for day in free_days(self.people.get(p), zone, since, until)]
                for p in (members if layer.free_on_holidays else ())
            }
            found.append(_Layer(layer, turns, counts, free))
        return found

    def stretches(self) -> list[Stretch]:
        """Every stretch of the window."""
        points = self._points()
        return joined(Stretch(start, end, self._seats(start)) for start, end in pairwise(points))

    def _points(self) -> list[datetime]:
        """Every instant at which something could change, both ends of the window included."""
        windows: list[_Window] = [era[:2] for era in self.eras]
        for layers in self.layers.values():
            for layer in layers:
                windows += layer.counts or []
                windows += [window for windows_ in layer.holidays.values() for window in windows_]
                for turns in layer.turns:
                    windows += [(slot.start, slot.end) for slot in turns.slots]
                    if turns.track.turn is not None:
                        windows.append((turns.track.turn.until, turns.track.turn.until))
        windows += [(one.start, one.end) for one in self.rulings]
        for temporary in self.temporaries:
            windows += [(temporary.start, temporary.end), *((s.start, s.end) for s in temporary.shifts)]
        windows += [(shift.start, shift.end) for shift in self.imported]
        windows += [window for windows_ in self.away.values() for window in windows_]
        inside = {at for window in windows for at in window if self.since < at < self.until}
        return [self.since, *sorted(inside), self.until]

    def _seats(self, at: datetime) -> tuple[Seat, ...]:
        def absent(person: str) -> bool:
            return self._is_away(person, at) or person not in self.people

        for temporary in reversed(self.temporaries):
            if temporary.start <= at < temporary.end:
                # It replaces everything in its window: what it leaves open is a gap.
                here = dict.fromkeys(s.person for s in temporary.shifts if s.start <= at < s.end)
                return tuple(Seat(person, "temporary", change=temporary.id) for person in here if not absent(person))
        seats, vacant = self._base(at)
        in_force: list[Ruling] = [one for one in self.rulings if one.start <= at < one.end]
        return tuple(ruled(seats, vacant, in_force, absent) if in_force else seats)

    def _is_away(self, person: str, at: datetime) -> bool:
        return any(start <= at < end for start, end in self.away.get(person, ()))

    def _base(self, at: datetime) -> tuple[list[Seat], list[str]]:
        """Who is on duty without overrides, and whose turn it is while nobody can take it."""
        era = next(era for era in self.eras if era.start <= at < era.end)
        if era.schedule.feed is not None:
            here = [shift.person for shift in self.imported if shift.start <= at < shift.end]
            there = [p for p in dict.fromkeys(here) if p in self.people and not self._is_away(p, at)]
            return [Seat(person, "feed") for person in there], [p for p in here if p not in there]
        vacant: list[str] = []
        for layer in self.layers[era.start]:
            window = next((w for w in _around(layer.counts or [], at) if w[0] <= at < w[1]), None)
            if layer.counts is not None and window is None:
                continue
            found: dict[str, Seat] = {}
            for turns in layer.turns:
                slot = turns.at(at)
                if slot is not None:
                    seats, missing = self._turn(layer, turns, slot, at)
                    vacant += missing
                    if window is not None and len(turns.turns) == 1 and window[1] - window[0] < _WEEK:
                        # Handing off to oneself is no handoff: the shift is as long as the layer counts.
                        seats = [seat._replace(hands_off=None) for seat in seats]
                    for seat in seats:
                        found.setdefault(seat.person, seat)
            if found:
                return list(found.values()), []
        return [], vacant

    def _turn(self, layer: _Layer, turns: _Turns, slot: Slot, at: datetime) -> tuple[list[Seat], list[str]]:
        """Who takes a turn: whose it is, else the next who is not away (decision 36)."""
        track = turns.track
        position = track.position(slot.number, at)
        for step in range(len(turns.turns)):
            turn = turns.turns[(position + step) % len(turns.turns)]
            there = [p for p in turn if not self._is_away(p, at) and not _in(layer.holidays.get(p, ()), at)]
            if there:
                away = "" if step == 0 else ", ".join(turns.turns[position])
                ends = track.turn.until if track.turn and track.is_carried(at) else slot.hands_off
                name, title = layer.layer.name, turns.title
                return [Seat(p, "rotation", name, title, ends, instead_of=away) for p in there], []
        return [], list(turns.turns[position])


def _around(windows: list[_Window], at: datetime) -> list[_Window]:
    """The one window of an ordered row that can contain an instant."""
    n: Final = bisect.bisect_right(windows, at, key=lambda window: window[0])
    return windows[n - 1 : n]


def _in(windows: Iterable[_Window], at: datetime) -> bool:
    return any(start <= at < end for start, end in windows)
