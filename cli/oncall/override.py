"""Overrides: other people on duty than the schedule says, for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.oncall.spans import span_options
from cli.options import acting, command, reason

if TYPE_CHECKING:
    from cli.invocation import Invocation
    from cli.oncall.complaints import Complaints
    from escalade.people import Roster

_FORMS = "Give --add P, --remove P, --replace P --with Q, or --with Q alone to stand in for everybody."


@command(
    "add",
    examples=[
        "escalade oncall override add payments-primary --with ana --for 8h",
        "escalade oncall override add payments-primary --remove bruno --to 18:00",
    ],
    instants=True,
)
@click.argument("schedule", metavar="SCHEDULE")
@span_options
@click.option("--add", "adds", multiple=True, metavar="PERSON", help="On duty besides; can be passed multiple times.")
@click.option("--remove", "leaves", metavar="PERSON", help="Not on duty.")
@click.option("--replace", "replaced", metavar="PERSON", help="Somebody else is on duty instead: --with.")
@click.option("--with", "comes", multiple=True, metavar="PERSON", help="Who; without --replace, for everybody.")
@click.option("--priority", default=0, metavar="N", help="Of overlapping ones the higher wins, then the later.")
@reason
@acting
def add(
    invocation: Invocation,
    schedule: str,
    *,
    begin: str | None,
    end: str | None,
    length: str | None,
    reason: str,
    priority: int,
    **form: Any,
) -> int:
    """Let others be on duty for a while.

    In force at once: for the next round of open tickets too. Local times are those of the schedule's zone.
    """
    from zoneinfo import ZoneInfo

    from cli.acting import acting_person
    from cli.doors import roster
    from cli.oncall.complaints import Complaints
    from cli.oncall.making import make, shared
    from cli.oncall.named import schedule_of
    from cli.oncall.spans import read_span
    from escalade.people.changes import Override

    known, complaints, now = roster(), Complaints(), invocation.now()
    found = schedule_of(complaints, known, schedule)
    zone = found.tzinfo if found is not None else ZoneInfo("UTC")
    span = read_span(complaints, begin=begin, end=end, length=length, zone=zone, now=now)
    values = _form(complaints, known, **form)
    complaints.tell()
    assert span is not None
    by = acting_person(invocation)
    carried = shared(by, start=span.start, end=span.end, now=now, reason=reason)
    name = schedule.removeprefix("schedule:")
    return make(invocation, Override(**carried, **values, schedule=name, priority=priority), by=by)


@command(
    "list",
    examples=["escalade oncall override list", "escalade oncall override list payments-primary --all"],
    instants=True,
)
@click.argument("schedule", metavar="[SCHEDULE]", required=False)
@click.option("--all", "everything", is_flag=True, help="Also those that are over or were removed.")
def list_(invocation: Invocation, schedule: str | None, *, everything: bool) -> int:
    """List the overrides in force and to come."""
    from cli.oncall.making import show

    return show(invocation, ["override"], about=(schedule or "").removeprefix("schedule:"), everything=everything)


@command("remove", examples=["escalade oncall override remove k3j9x2ab --reason 'back early'"], instants=True)
@click.argument("change_id", metavar="ID")
@reason
@acting
def remove(invocation: Invocation, change_id: str, reason: str) -> int:
    """End an override; what it did until now stays.

    ID is its id or any unique beginning of it.
    """
    from cli.acting import acting_person
    from cli.oncall.making import end

    return end(invocation, "override", change_id, by=acting_person(invocation), reason=reason)


def _form(
    complaints: Complaints,
    roster: Roster,
    *,
    adds: tuple[str, ...],
    leaves: str | None,
    replaced: str | None,
    comes: tuple[str, ...],
) -> dict[str, Any]:
    from cli.oncall.named import person_of

    def people(names: tuple[str, ...]) -> tuple[str, ...]:
        found = [person_of(complaints, roster, name) for name in names]
        return tuple(dict.fromkeys(person for person in found if person is not None))

    given = [bool(adds), leaves is not None, replaced is not None or bool(comes)]
    if sum(given) != 1:
        complaints.add("It says nothing." if not any(given) else "It says several things at once.", _FORMS)
    if replaced is not None and not comes:
        complaints.add("--replace does not say with whom.", "Give --with PERSON, or --remove instead of --replace.")
    added, coming = people(adds), people(comes)
    whom = leaves if leaves is not None else replaced
    left = person_of(complaints, roster, whom) if whom is not None else None
    if left is not None and left in coming:
        complaints.add(f"{left} cannot stand in for themselves.", "Name two people.")
    form = "add" if adds else "remove" if leaves is not None else "replace"
    return {"form": form, "whom": left, "people": added or coming}
