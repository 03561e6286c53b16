"""What is to come: shifts as a table and as a picture, and the times with nobody on duty."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cli.exits import ExitCode
from cli.oncall.reading import schedule_argument
from cli.oncall.sources import Source, source, source_options
from cli.options import command

if TYPE_CHECKING:
    from cli.invocation import Invocation
    from escalade.people.duty import DutyShift, Gap

AHEAD: Final = timedelta(weeks=4)
LONGEST: Final = timedelta(days=5 * 366)
_PIPE: Final = 100
"""Columns of a picture that goes into a pipe."""

begin = click.option("--from", "begin", metavar="INSTANT", default="now", help="From then.  [default: now]")
end = click.option("--to", "end", metavar="INSTANT", help="Until then.  [default: four weeks later]")


@command(
    "preview",
    examples=[
        "escalade oncall preview payments-primary",
        "escalade oncall preview payments-primary --from 2026-12-01 --to 2027-01-01",
        "escalade oncall preview --file schedule.yaml --from 2026-03-28 --to 2026-03-30",
    ],
)
@schedule_argument
@begin
@end
@click.option("--picture/--no-picture", default=True, help="Draw the shifts as well.")
@source_options
def preview(
    invocation: Invocation,
    schedule: str | None,
    *,
    begin: str,
    end: str | None,
    picture: bool,
    file: Path | None,
    people: Path | None,
    changes: Path | None,
) -> int:
    """Show the shifts of a schedule, as a table and as a picture.

    Instants are on the wall clock of the schedule. Shifts are whole: one may begin before --from or end after --to.
    What was changed at run time is in it; a configuration that no worker has read yet counts from now on.
    """
    from cli.failures import WrongCommandError
    from escalade.people.duty import gaps, shifts

    opened = source(schedule, now=invocation.now(), file=file, people=people, changes=changes)
    if len(opened.schedules) != 1:
        raise WrongCommandError("A preview is of one schedule.", mend=f"Name one of: {', '.join(opened.schedules)}.")
    (name,) = opened.schedules
    since, until = _window(opened, begin, end, invocation.now())
    known = opened.changes_between(since, until)
    found = shifts(opened.roster, name, known, since, until)
    uncovered = gaps(opened.roster, name, known, since, until)
    zone = opened.roster.schedules[name].tzinfo
    if invocation.json:
        from cli.render.documents import write_json
        from cli.render.duty import gap_json, shift_json

        write_json(
            {
                "schedule": name,
                "zone": str(zone),
                "from": since.astimezone(zone).isoformat(),
                "to": until.astimezone(zone).isoformat(),
                "shifts": [shift_json(shift, zone) for shift in found],
                "gaps": [gap_json(gap, zone) for gap in uncovered],
            }
        )
        return ExitCode.OK
    from cli.render.duty import shift_table
    from cli.render.paper import write_table

    write_table(shift_table(found, uncovered, zone))
    if picture:
        _draw(opened, found, uncovered, since, until)
    return ExitCode.OK


def _draw(opened: Source, found: list[DutyShift], uncovered: list[Gap], since: datetime, until: datetime) -> None:
    from cli.render.duty_picture import BLOCKS, LETTERS, picture
    from cli.render.paper import console, room
    from cli.streams import takes_everything

    zone = opened.zone
    assert zone is not None
    signs = BLOCKS if takes_everything(sys.stdout) else LETTERS
    paper = console()
    paper.print()
    for line in picture(found, uncovered, since=since, until=until, zone=zone, width=room() or _PIPE, signs=signs):
        paper.print(line, no_wrap=True, overflow="crop")


@command(
    "gaps",
    examples=["escalade oncall gaps", "escalade oncall gaps payments-primary --to 2027-01-01 --output json"],
)
@schedule_argument
@begin
@end
@source_options
def gaps(
    invocation: Invocation,
    schedule: str | None,
    *,
    begin: str,
    end: str | None,
    file: Path | None,
    people: Path | None,
    changes: Path | None,
) -> int:
    """Find the times with nobody on duty.

    Of one schedule, or of all. Exit code 0 also when there are some.
    """
    from escalade.people.duty import gaps as gaps_of

    opened = source(schedule, now=invocation.now(), file=file, people=people, changes=changes)
    since, until = _window(opened, begin, end, invocation.now())
    known = opened.changes_between(since, until)
    found = [gap for name in opened.schedules for gap in gaps_of(opened.roster, name, known, since, until)]
    if invocation.json:
        from cli.render.documents import write_json
        from cli.render.duty import gap_json

        rows = [gap_json(gap, opened.roster.schedules[gap.schedule].tzinfo) for gap in found]
        write_json({"from": since.isoformat(), "to": until.isoformat(), "gaps": rows})
    elif found:
        from cli.render.duty import gap_table
        from cli.render.paper import write_table

        write_table(gap_table(found, opened.roster))
    else:
        click.echo("There is no gap.")
    return ExitCode.OK


def _window(opened: Source, begin: str, end: str | None, now: datetime) -> tuple[datetime, datetime]:
    """`--from` and `--to`.

    Raises:
        EscaladeError: when they are none, turned round, or too far apart.
    """
    from cli.failures import WrongCommandError

    since = opened.instant("--from", begin, now)
    until = since + AHEAD if end is None else opened.instant("--to", end, since)
    if until <= since:
        raise WrongCommandError("--to is not later than --from.", mend="Turn them round.")
    if until - since > LONGEST:
        raise WrongCommandError("That is longer than five years.", mend="Ask for less.")
    return since, until
