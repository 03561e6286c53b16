"""Who is on duty, now and at any instant."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.exits import ExitCode
from cli.oncall.sources import Source, source, source_options
from cli.options import command

if TYPE_CHECKING:
    from cli.invocation import Invocation
    from cli.render.duty import Asked
    from escalade.people.changes import Changes

schedule_argument = click.argument("schedule", metavar="[SCHEDULE]", required=False)


@command("now", examples=["escalade oncall now", "escalade oncall now --output json"], instants=True)
@source_options
def now(invocation: Invocation, *, file: Path | None, people: Path | None, changes: Path | None) -> int:
    """Show who is on duty everywhere, until when, and who is next.

    From the configuration and the store; no server has to run.
    """
    opened = source(None, now=invocation.now(), file=file, people=people, changes=changes)
    return _show(invocation, opened, invocation.now())


@command(
    "who",
    examples=[
        "escalade oncall who payments-primary --at 2026-12-24T18:00",
        "escalade oncall who --at 2026-12-24T18:00+01:00 --output json",
        "escalade oncall who --file schedule.yaml --at 2026-12-24T18:00",
    ],
    instants=True,
)
@schedule_argument
@click.option("--at", "at", metavar="INSTANT", default="now", help="When: with an offset, or local.  [default: now]")
@source_options
def who(
    invocation: Invocation,
    schedule: str | None,
    *,
    at: str,
    file: Path | None,
    people: Path | None,
    changes: Path | None,
) -> int:
    """Say who is on duty at an instant, and why them.

    At any instant, past or to come. Local times are on the wall clock of the schedule. Exit code 0 also when nobody is:
    the answer says so.
    """
    opened = source(schedule, now=invocation.now(), file=file, people=people, changes=changes)
    return _show(invocation, opened, opened.instant("--at", at, invocation.now()))


def _show(invocation: Invocation, opened: Source, at: datetime) -> int:
    from cli.render.duty import duty_json, duty_table

    known = opened.changes_between(at, at)
    found = [ask(opened, name, known, at) for name in opened.schedules]
    if invocation.json:
        from cli.render.documents import write_json

        write_json({"at": at.isoformat(), "schedules": [duty_json(one, opened.roster) for one in found]})
    elif found:
        from cli.render.paper import write_table

        write_table(duty_table(found, invocation.moments()))
    else:
        click.echo("There is no schedule.", err=True)
    return ExitCode.OK


def ask(opened: Source, name: str, known: Changes, at: datetime) -> Asked:
    """A schedule at an instant, and when it changes next."""
    from cli.render.duty import Asked
    from escalade.people.duty import duty_at

    duty = duty_at(opened.roster, name, known, at)
    return Asked(duty, duty_at(opened.roster, name, known, duty.until) if duty.until else None)
