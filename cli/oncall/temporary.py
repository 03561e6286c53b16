"""Temporary schedules: a list of shifts that replaces a schedule for a while, gaps included."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli.oncall.spans import span_options
from cli.options import acting, command, reason

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from cli.invocation import Invocation
    from cli.oncall.complaints import Complaints
    from escalade.people import Roster
    from escalade.people.changes import DutySlot

_SHAPE: Final = "Write each as {person: ana, from: 2026-12-24T18:00, to: 2026-12-25T09:00}."


@command(
    "add",
    examples=["escalade oncall temporary add payments-primary holidays.yaml"],
    instants=True,
)
@click.argument("schedule", metavar="SCHEDULE")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@span_options
@reason
@acting
def add(
    invocation: Invocation,
    schedule: str,
    file: Path,
    *,
    begin: str | None,
    end: str | None,
    length: str | None,
    reason: str,
) -> int:
    """Put a list of shifts in place of a schedule for a while.

    FILE is YAML: a list of shifts under `shifts:`, each with person, from and to. The window reaches from the first to
    the last of them unless --from and --to say otherwise; where no shift is, nobody is on duty. Local times are those
    of the schedule's zone.
    """
    from zoneinfo import ZoneInfo

    from cli.acting import acting_person
    from cli.doors import roster
    from cli.oncall.complaints import Complaints
    from cli.oncall.making import make, shared
    from cli.oncall.named import schedule_of
    from cli.oncall.spans import read_span
    from escalade.people.changes import Temporary
    from escalade.time.instants import format_instant

    known, complaints, now = roster(), Complaints(), invocation.now()
    found = schedule_of(complaints, known, schedule)
    zone = found.tzinfo if found is not None else ZoneInfo("UTC")
    shifts = _read(complaints, known, file, zone, now)
    if begin is None and shifts:
        begin = format_instant(min(shift.start for shift in shifts))
    if end is None and length is None and shifts:
        end = format_instant(max(shift.end for shift in shifts))
    span = None
    if shifts:
        span = read_span(complaints, begin=begin, end=end, length=length, zone=zone, now=now)
    for shift in shifts:
        if span is not None and (shift.end <= span.start or shift.start >= span.end):
            where = f"{shift.person}'s shift from {format_instant(shift.start)} until {format_instant(shift.end)}"
            mend = "Give another --from or --to, or leave the shift out."
            complaints.add(f"{where} lies outside of the window.", mend)
    complaints.tell()
    assert span is not None
    by = acting_person(invocation)
    carried = shared(by, start=span.start, end=span.end, now=now, reason=reason)
    name = schedule.removeprefix("schedule:")
    return make(invocation, Temporary(**carried, schedule=name, shifts=tuple(shifts)), by=by)


@command("list", examples=["escalade oncall temporary list"], instants=True)
@click.argument("schedule", metavar="[SCHEDULE]", required=False)
@click.option("--all", "everything", is_flag=True, help="Also those that are over or were removed.")
def list_(invocation: Invocation, schedule: str | None, *, everything: bool) -> int:
    """List the temporary schedules in force and to come."""
    from cli.oncall.making import show

    return show(invocation, ["temporary"], about=(schedule or "").removeprefix("schedule:"), everything=everything)


@command("remove", examples=["escalade oncall temporary remove k3j9x2ab"], instants=True)
@click.argument("change_id", metavar="ID")
@reason
@acting
def remove(invocation: Invocation, change_id: str, reason: str) -> int:
    """End a temporary schedule; what it did until now stays.

    ID is its id or any unique beginning of it.
    """
    from cli.acting import acting_person
    from cli.oncall.making import end

    return end(invocation, "temporary", change_id, by=acting_person(invocation), reason=reason)


def _read(complaints: Complaints, roster: Roster, file: Path, zone: ZoneInfo, now: datetime) -> list[DutySlot]:
    """The shifts of a file, in order of start; what is wrong with it is complained of, by line."""
    from configuration.document import read_document

    try:
        raw = file.read_bytes()
    except OSError as error:
        complaints.add(f"{file} cannot be read: {(error.strerror or '').lower()}.", "Name a YAML file.")
        return []
    document, problems = read_document(str(file), raw)
    for problem in problems:
        complaints.add(str(problem))
    rows = document.at(("shifts",)) if document is not None else None
    if document is not None and (not isinstance(rows, list) or not rows):
        complaints.add(f"{file} has no list of shifts.", f"Put one under `shifts:`. {_SHAPE}")
    found = []
    for number, row in enumerate(rows if document is not None and isinstance(rows, list) else ()):
        assert document is not None
        place = document.problem(("shifts", number), "", "")
        slot = _shift(complaints, roster, row, zone, now, where=f"{place.file}:{place.line}:")
        found += [slot] if slot is not None else []
    return sorted(found, key=lambda slot: slot.start)


def _shift(
    complaints: Complaints, roster: Roster, row: Any, zone: ZoneInfo, now: datetime, *, where: str
) -> DutySlot | None:
    from cli.oncall.spans import read_local
    from escalade.errors import InstantError
    from escalade.people.changes import DutySlot

    if not isinstance(row, dict) or set(row) != {"person", "from", "to"}:
        complaints.add(f"{where} It is no shift.", _SHAPE)
        return None
    person = roster.person_of(str(row["person"]))
    if person is None:
        complaints.add(f"{where} There is nobody called {str(row['person'])!r} in people.yaml.")
    instants = []
    for key in ("from", "to"):
        try:
            instants.append(read_local(str(row[key]), zone, now))
        except InstantError as error:
            complaints.add(f"{where} {key}: {error.message}", error.mend)
    if person is None or len(instants) < 2:
        return None
    if instants[1] <= instants[0]:
        complaints.add(f"{where} It ends before it begins.", "Turn from and to round.")
        return None
    return DutySlot(person=person, start=instants[0], end=instants[1])
