"""Schedules and people's shifts as a calendar feed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cli.exits import ExitCode
from cli.oncall.sources import source, source_options
from cli.options import command

if TYPE_CHECKING:
    from cli.invocation import Invocation

_AHEAD: Final = timedelta(days=90)
_LONGEST: Final = timedelta(days=1100)


@command(
    "export",
    examples=[
        "escalade oncall export --schedule payments-primary --output-file duty.ics",
        "escalade oncall export --person ana --from 2027-01-01 --to 2027-07-01",
    ],
    output=False,
)
@click.option("--schedule", metavar="SCHEDULE", help="Only this schedule; all of them otherwise.")
@click.option("--person", metavar="PERSON", help="Only this person's shifts, in any schedule.")
@click.option("--from", "begin", metavar="INSTANT", default="now", help="Shifts from then on.  [default: now]")
@click.option("--to", "end", metavar="INSTANT", help="Shifts up to then.  [default: 90 days on]")
@click.option("--output-file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write to a file.")
@source_options
def export(
    invocation: Invocation,
    *,
    schedule: str | None,
    person: str | None,
    begin: str,
    end: str | None,
    output_file: Path | None,
    file: Path | None,
    people: Path | None,
    changes: Path | None,
) -> int:
    """Write who is on duty as a calendar feed that any calendar reads.

    iCalendar (RFC 5545), instants in UTC. Shifts are written whole. The same shift has the same UID each time, so that
    a calendar that reads the file again changes its events instead of doubling them.
    """
    from activities.ical import write_feed
    from cli.failures import WrongCommandError
    from cli.oncall.complaints import Complaints
    from cli.oncall.named import person_of
    from escalade.people.duty import shifts

    now = invocation.now()
    opened = source(schedule, now=now, file=file, people=people, changes=changes)
    complaints = Complaints()
    who = person_of(complaints, opened.roster, person) if person is not None else None
    complaints.tell()
    since = opened.instant("--from", begin, now)
    until = opened.instant("--to", end, now) if end is not None else since + _AHEAD
    if until <= since:
        raise WrongCommandError("It ends before it begins.", mend="Turn --from and --to round.")
    if until - since > _LONGEST:
        raise WrongCommandError(f"That is longer than {_LONGEST.days} days.", mend="Export a shorter time.")
    known = opened.changes_between(since, until)
    found = [
        shift
        for name in opened.schedules
        for shift in shifts(opened.roster, name, known, since, until)
        if who is None or shift.person == who
    ]
    text = write_feed(found, roster=opened.roster, title=_title(schedule, who), now=now)
    if output_file is None:
        click.echo(text, nl=False)
        return ExitCode.OK
    try:
        output_file.write_bytes(text)
    except OSError as error:
        raise WrongCommandError(
            f"{output_file} cannot be written: {(error.strerror or '').lower()}.", mend="Name another file."
        ) from None
    click.echo(f"{len(found)} shift{'s' if len(found) != 1 else ''} written to {output_file}.", err=True)
    return ExitCode.OK


def _title(schedule: str | None, person: str | None) -> str:
    of = " ".join(part for part in (person, (schedule or "").removeprefix("schedule:")) if part)
    return f"On call: {of}" if of else "On call"
