"""Why somebody is on duty, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from escalade.people.changes import Changes, Override, Swap, Temporary
from escalade.people.free_days import free_days
from escalade.people.roster import Roster
from escalade.people.schedule import ONLY_LAYER
from escalade.people.seats import Seat


class Reasons:
    """The reasons of the shifts of a schedule."""

    def __init__(self, roster: Roster, changes: Changes, schedule: str) -> None:
        """Read what may decide.

        Args:
            roster: everybody.
            changes: what was changed at run time.
            schedule: the name of a schedule of the roster.
        """
        made: list[Override | Swap | Temporary] = [*changes.overrides, *changes.swaps, *changes.temporaries]
        self._made = {change.id: change for change in made if change.schedule == schedule}
        self._aways = changes.aways
        self._roster = roster
        self._zone = roster.schedules[schedule].tzinfo

    def say(self, seat: Seat, start: datetime, end: datetime) -> str:
        """The reason of a shift, without when: `weekly rotation`, `override 4f by ana: dentist`."""
        if seat.how == "feed":
            return "its calendar feed"
        if seat.how == "rotation":
            layer = "" if seat.layer == ONLY_LAYER else f"layer {seat.layer}, "
            instead = f", for {self._missing(seat.instead_of.split(', '), start, end)}" if seat.instead_of else ""
            return f"{layer}{seat.rotation}{instead}"
        change = self._made[seat.change]
        word = "temporary schedule" if seat.how == "temporary" else seat.how
        by = f" by {change.by}" if change.by else ""
        instead = f", for {seat.instead_of}" if seat.instead_of else ""
        reason = f": {change.reason}" if change.reason else ""
        return f"{word} {change.id}{by}{instead}{reason}"

    def _missing(self, people: Sequence[str], start: datetime, end: datetime) -> str:
        """Whose turn it is who cannot take it, and why not: `ana who is away`, `nia and ned, who are away`."""
        why: dict[str, list[str]] = {}
        for person in people:
            why.setdefault(self._holiday(person, start, end), []).append(person)
        away = why.pop("", [])
        words = [f"{listed(away)}{' who is' if len(away) == 1 else ', who are'} away"] if away else []
        words += [f"{listed(free)}, free on {holiday}" for holiday, free in why.items()]
        return ", and ".join(words)

    def _holiday(self, person: str, start: datetime, end: datetime) -> str:
        """The public holidays that somebody is free on within a shift; empty of one who took time off."""
        if any(away.person == person and away.start < end and start < away.end for away in self._aways):
            return ""
        days = free_days(self._roster.people.get(person), self._zone, start, end)
        return listed(list(dict.fromkeys(day.name for day in days)))


def listed(names: Iterable[str]) -> str:
    """`ana`, `ana and bob`, `ana, bob and cyd`; empty of nobody."""
    *most, last = names or [""]
    return f"{', '.join(most)} and {last}" if most else last
