"""Swaps: two people take each other's shift."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import click

from cli.options import acting, command, reason

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from cli.invocation import Invocation
    from cli.oncall.complaints import Complaints
    from escalade.people import Roster
    from escalade.people.changes import Changes, DutySlot

_AROUND: Final = timedelta(days=400)
_NEXT: Final = timedelta(days=120)
"""So far ahead somebody's next shift is looked for, to name it."""


@command(
    "add",
    examples=["escalade oncall swap add payments-primary ana 2027-07-06 bruno 2027-07-13"],
    instants=True,
)
@click.argument("schedule", metavar="SCHEDULE")
@click.argument("one", metavar="A")
@click.argument("one_at", metavar="INSTANT")
@click.argument("other", metavar="B")
@click.argument("other_at", metavar="INSTANT")
@reason
@acting
def add(invocation: Invocation, schedule: str, *, one: str, one_at: str, other: str, other_at: str, reason: str) -> int:
    """Let two people take each other's shift.

    The shift that A has at the first INSTANT, for the shift that B has at the second. Of a shift that is under way, the
    rest is swapped. Local times are those of the schedule's zone.
    """
    from zoneinfo import ZoneInfo

    from cli.acting import acting_person
    from cli.doors import roster, writable_store
    from cli.oncall.complaints import Complaints
    from cli.oncall.making import make, shared
    from cli.oncall.named import person_of, schedule_of
    from escalade.people.changes import Swap
    from escalade.people.versions import settled

    known, complaints, now = roster(), Complaints(), invocation.now().replace(microsecond=0)
    found = schedule_of(complaints, known, schedule)
    zone = found.tzinfo if found is not None else ZoneInfo("UTC")
    people = [person_of(complaints, known, name) for name in (one, other)]
    instants = [_instant(complaints, text, zone, now) for text in (one_at, other_at)]
    if people[0] is not None and people[0] == people[1]:
        complaints.add(f"{people[0]} cannot swap with themselves.", "Name two people.")
    complaints.tell()
    name = schedule.removeprefix("schedule:")
    known_instants = [at for at in instants if at is not None]
    with writable_store() as store:
        stored = store.changes(now - _AROUND, max(known_instants) + _AROUND)
    changes = settled(known, stored, now, only={name})
    slots = [
        _slot(complaints, known, name, changes, person=person or "", at=at, now=now)
        for person, at in zip(people, known_instants, strict=True)
    ]
    complaints.tell()
    first, second = (slot for slot in slots if slot is not None)
    if first.start < second.end and second.start < first.end:
        complaints.add("They are on duty at the same time.", "Name shifts that do not overlap.")
    else:
        for own, taker in ((first, second.person), (second, first.person)):
            _check_free(complaints, known, name, changes, own=own, taker=taker)
    complaints.tell()
    by = acting_person(invocation)
    window = {"start": min(first.start, second.start), "end": max(first.end, second.end)}
    carried = shared(by, **window, now=invocation.now(), reason=reason)
    return make(invocation, Swap(**carried, schedule=name, first=first, second=second), by=by)


@command("list", examples=["escalade oncall swap list", "escalade oncall swap list payments-primary"], instants=True)
@click.argument("schedule", metavar="[SCHEDULE]", required=False)
@click.option("--all", "everything", is_flag=True, help="Also those that are over or were removed.")
def list_(invocation: Invocation, schedule: str | None, *, everything: bool) -> int:
    """List the swaps in force and to come."""
    from cli.oncall.making import show

    return show(invocation, ["swap"], about=(schedule or "").removeprefix("schedule:"), everything=everything)


@command("remove", examples=["escalade oncall swap remove k3j9x2ab"], instants=True)
@click.argument("change_id", metavar="ID")
@reason
@acting
def remove(invocation: Invocation, change_id: str, reason: str) -> int:
    """End a swap; what it did until now stays.

    ID is its id or any unique beginning of it.
    """
    from cli.acting import acting_person
    from cli.oncall.making import end

    return end(invocation, "swap", change_id, by=acting_person(invocation), reason=reason)


def _instant(complaints: Complaints, text: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    from cli.oncall.spans import read_local
    from escalade.errors import InstantError

    try:
        return read_local(text, zone, now)
    except InstantError as error:
        complaints.add(error.message, error.mend)
        return None


def _slot(
    complaints: Complaints, roster: Roster, schedule: str, changes: Changes, *, person: str, at: datetime, now: datetime
) -> DutySlot | None:
    """The shift that somebody has at an instant, or what is left of it."""
    from cli.oncall.idle import has
    from escalade.people.changes import DutySlot
    from escalade.people.duty import shifts
    from escalade.time.instants import format_instant

    ahead = shifts(roster, schedule, changes, at, at + _NEXT)
    own = [shift for shift in ahead if shift.person == person]
    there = next((shift for shift in own if shift.start <= at < shift.end), None)
    if there is not None and there.end > now:
        return DutySlot(person=person, start=max(there.start, now), end=there.end)
    if there is not None:
        mend = "What was is not changed afterwards."
        complaints.add(f"{person}'s shift is over since {format_instant(there.end)}.", mend)
        return None
    others = list(dict.fromkeys(shift.person for shift in ahead if shift.start <= at < shift.end))
    coming = next((shift for shift in own if shift.start > at), None)
    mend = f"Their next one begins at {format_instant(coming.start)}." if coming else "They have none soon."
    complaints.add(f"{person} has no shift in {schedule} at {format_instant(at)}: {has(others)}.", mend)
    return None


def _check_free(
    complaints: Complaints, roster: Roster, schedule: str, changes: Changes, *, own: DutySlot, taker: str
) -> None:
    """Complain when who is to take a shift is on duty in it already: then one would stand where two stood."""
    from escalade.people.duty import shifts
    from escalade.time.instants import format_instant

    for shift in shifts(roster, schedule, changes, own.start, own.end):
        if shift.person == taker:
            begins, ends = format_instant(max(shift.start, own.start)), format_instant(min(shift.end, own.end))
            complaints.add(
                f"{taker} is on duty beside {own.person} from {begins} until {ends}: one would be on duty for two.",
                f"Name a shift of {own.person}'s that {taker} is not in.",
            )
            return
