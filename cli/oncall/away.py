"""Time off: somebody is on duty in no schedule for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.oncall.spans import span_options
from cli.options import acting, command, reason

if TYPE_CHECKING:
    from cli.invocation import Invocation


@command(
    "add",
    examples=["escalade oncall away add bruno --from 2027-07-05 --to 2027-07-19"],
    instants=True,
)
@click.argument("person", metavar="PERSON")
@span_options
@reason
@acting
def add(
    invocation: Invocation, person: str, *, begin: str | None, end: str | None, length: str | None, reason: str
) -> int:
    """Take somebody off duty everywhere for a while.

    Their part of each rotation goes to the next member who is there. Local times are those of the person's zone.
    """
    from zoneinfo import ZoneInfo

    from cli.acting import acting_person
    from cli.doors import people
    from cli.oncall.complaints import Complaints
    from cli.oncall.making import make, shared
    from cli.oncall.named import person_of
    from cli.oncall.spans import read_span
    from escalade.people.changes import Away

    known, complaints, now = people(), Complaints(), invocation.now()
    found = person_of(complaints, known, person)
    zone = ZoneInfo(known.people[found].time_zone if found is not None else "UTC")
    span = read_span(complaints, begin=begin, end=end, length=length, zone=zone, now=now)
    complaints.tell()
    assert span is not None
    assert found is not None
    by = acting_person(invocation)
    carried = shared(by, start=span.start, end=span.end, now=now, reason=reason)
    return make(invocation, Away(**carried, person=found), by=by)


@command("list", examples=["escalade oncall away list", "escalade oncall away list bruno --all"], instants=True)
@click.argument("person", metavar="[PERSON]", required=False)
@click.option("--all", "everything", is_flag=True, help="Also what is over or was removed.")
def list_(invocation: Invocation, person: str | None, *, everything: bool) -> int:
    """List the time off in force and to come."""
    from cli.oncall.making import show

    return show(invocation, ["away"], about=(person or "").removeprefix("person:"), everything=everything)


@command("remove", examples=["escalade oncall away remove k3j9x2ab"], instants=True)
@click.argument("change_id", metavar="ID")
@reason
@acting
def remove(invocation: Invocation, change_id: str, reason: str) -> int:
    """End a time off; what it did until now stays.

    ID is its id or any unique beginning of it.
    """
    from cli.acting import acting_person
    from cli.oncall.making import end

    return end(invocation, "away", change_id, by=acting_person(invocation), reason=reason)
