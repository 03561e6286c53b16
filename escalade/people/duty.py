"""Duty: who is on duty in a schedule at an instant and why them, its shifts, and its gaps. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from escalade.people.changes import Changes
from escalade.people.eras import eras
from escalade.people.reasons import Reasons
from escalade.people.roster import Roster
from escalade.people.seats import How, Seat
from escalade.people.timeline import Stretch, joined, stretches
from escalade.time.instants import format_instant

_REACHES: Final = (timedelta(hours=8), *(timedelta(days=days) for days in (2, 8, 32, 128, 512, 2048)))
"""How far a shift is followed past the window that was asked for, by and by."""


@dataclass(frozen=True, slots=True)
class DutyShift:
    """One person's time on duty, without a break, for one reason."""

    schedule: str
    person: str
    start: datetime
    """Included, UTC."""
    end: datetime
    """Excluded, UTC."""
    how: How = "rotation"
    layer: str = ""
    """The layer that decided; `rotation` in a schedule written without layers."""
    rotation: str = ""
    """The rotation that decided, in words: `weekly rotation`."""
    change: str = ""
    """The id of the override, swap or temporary schedule that decided."""
    instead_of: str = ""
    """Who would be on duty otherwise, where that is known."""
    because: str = ""
    """Why them, without when: `weekly rotation`, `override 4f by ana: dentist`."""

    @property
    def why(self) -> str:
        """The sentence that a journal entry or a message gives."""
        return f"on duty in schedule:{self.schedule} until {format_instant(self.end)} ({self.because})"


@dataclass(frozen=True, slots=True)
class Duty:
    """Who is on duty in a schedule at an instant."""

    schedule: str
    at: datetime
    people: tuple[DutyShift, ...] = ()
    until: datetime | None = None
    """When who is on duty, or why, changes next; None when it does not within five years."""
    nobody: str = ""
    """Why there is nobody; empty when there is somebody."""
    notes: tuple[str, ...] = ()
    """What a reader should know: that a feed could not be read, say."""

    @property
    def names(self) -> list[str]:
        """The ids of those on duty."""
        return [shift.person for shift in self.people]


class Gap(NamedTuple):
    """A time in which nobody is on duty."""

    schedule: str
    start: datetime
    end: datetime


def duty_at(roster: Roster, schedule: str, changes: Changes, at: datetime) -> Duty:
    """Who is on duty in a schedule at an instant, and why them.

    Args:
        roster: everybody.
        schedule: the name of a schedule of the roster.
        changes: what was changed at run time.
        at: an aware instant.

    Raises:
        KeyError: when there is no such schedule.
    """
    low, high, row = at, at, list[Stretch]()
    now: list[DutyShift] = []
    until = None
    for reach in _REACHES:
        low, high = at - reach, at + reach
        row = stretches(roster, schedule, changes, low, high)
        here = next(part for part in row if part.start <= at < part.end)
        now = [shift for shift in _shifts(roster, schedule, changes, row) if shift.start <= at < shift.end]
        until = here.end if here.end < high else None
        if until is not None and all(low < shift.start and shift.end < high for shift in now):
            break
    nobody = "" if now else f"nobody is on duty in schedule:{schedule}"
    notes = _of_feed(roster, schedule, changes, at, covered=bool(now))
    return Duty(schedule, at, tuple(now), until, nobody, tuple(notes))


def _of_feed(roster: Roster, schedule: str, changes: Changes, at: datetime, *, covered: bool) -> Iterator[str]:
    """What a reader should know of the calendar feed that a schedule comes from, if it comes from one."""
    feeds = [feed for feed in changes.imported if feed.schedule == schedule]
    for feed in feeds:
        if feed.stale:
            yield f"the feed is stale since {format_instant(feed.fetched_at)}: {feed.stale}"
    there = eras(roster.schedules[schedule], schedule, changes.versions)
    era = next(era for era in there if era.start <= at < era.end)
    if era.schedule.feed is None:
        return
    named = [shift for feed in feeds for shift in feed.shifts if shift.start <= at < shift.end]
    if not feeds:
        yield "its calendar feed was never read"
    elif not covered and not any(shift.person in roster.people for shift in named):
        yield "its calendar feed names nobody of people.yaml for that time"


def shifts(roster: Roster, schedule: str, changes: Changes, since: datetime, until: datetime) -> list[DutyShift]:
    """Every shift that touches a window, whole: one may begin before it or end after it.

    Args:
        roster: everybody.
        schedule: the name of a schedule of the roster.
        changes: what was changed at run time.
        since: the first instant of interest.
        until: the first one of no interest any more.

    Returns:
        In the order of their starts; those of one instant in the order of the layers and overrides that decided.

    Raises:
        KeyError: when there is no such schedule.
    """
    row = stretches(roster, schedule, changes, since, until)
    low, high = since, until
    for reach in _REACHES:
        found = [s for s in _shifts(roster, schedule, changes, row) if s.start < until and since < s.end]
        early = any(shift.start == low for shift in found)
        late = any(shift.end == high for shift in found)
        if not row or not (early or late):
            return found
        # Only the edges are looked at further: the middle stays as it is.
        before = stretches(roster, schedule, changes, since - reach, low) if early else []
        after = stretches(roster, schedule, changes, high, until + reach) if late else []
        row = joined([*before, *row, *after])
        low, high = row[0].start, row[-1].end
    return [s for s in _shifts(roster, schedule, changes, row) if s.start < until and since < s.end]


def gaps(roster: Roster, schedule: str, changes: Changes, since: datetime, until: datetime) -> list[Gap]:
    """The times of a window in which nobody is on duty, cut at its ends.

    Raises:
        KeyError: when there is no such schedule.
    """
    row = stretches(roster, schedule, changes, since, until)
    return [Gap(schedule, part.start, part.end) for part in row if not part.seats]


def differs(
    roster: Roster, schedule: str, changes: Changes, others: Changes, window: tuple[datetime, datetime]
) -> bool:
    """Whether other people are on duty somewhere in a window by one set of changes than by another.

    Raises:
        KeyError: when there is no such schedule.
    """
    one, other = (_who(stretches(roster, schedule, each, *window)) for each in (changes, others))
    return one != other


def _who(row: Iterable[Stretch]) -> list[tuple[datetime, frozenset[str]]]:
    """From when on who is on duty, without why."""
    found: list[tuple[datetime, frozenset[str]]] = []
    for part in row:
        people = frozenset(seat.person for seat in part.seats)
        if not found or found[-1][1] != people:
            found.append((part.start, people))
    return found


def _shifts(roster: Roster, schedule: str, changes: Changes, row: Iterable[Stretch]) -> list[DutyShift]:
    """The shifts of consecutive stretches: one ends where its person is no longer there for the same reason."""
    spans: list[tuple[Seat, datetime, datetime]] = []
    going: dict[Seat, int] = {}
    for part in row:
        still = {}
        for seat in part.seats:
            n = going.get(seat, len(spans))
            if n == len(spans):
                spans.append((seat, part.start, part.end))
            else:
                spans[n] = (seat, spans[n][1], part.end)
            still[seat] = n
        going = still
    reasons = Reasons(roster, changes, schedule)
    return [
        DutyShift(
            schedule=schedule,
            person=seat.person,
            start=start,
            end=end,
            how=seat.how,
            layer=seat.layer,
            rotation=seat.rotation,
            change=seat.change,
            instead_of=seat.instead_of,
            because=reasons.say(seat, start, end),
        )
        for seat, start, end in spans
    ]
