"""A calendar as people read one: a month by weeks, and the list of those there are."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from cli.exits import ExitCode
from cli.failures import WrongCommandError
from cli.options import command

if TYPE_CHECKING:
    from cli.invocation import Invocation

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@command(
    "show",
    examples=[
        "escalade calendar show paris-office",
        "escalade calendar show paris-office --month 2026-12",
        "escalade calendar show ./mine.yaml --month 2026-12 --output json",
    ],
)
@click.argument("name", metavar="NAME|FILE")
@click.option("--month", metavar="YYYY-MM", help="Which month.  [default: this one]")
def show(invocation: Invocation, name: str, month: str | None) -> None:
    """Show a month of a calendar: its weeks, open hours and holidays.

    Hours are on the calendar's own wall clock, after breaks and clock changes: what clocks count.
    """
    from cli.calendar.named import find_calendar
    from escalade.time.months import month_of

    named = find_calendar(name)
    if named.spec is None:
        raise WrongCommandError("The calendar always is open every second of every month.", mend="Name another one.")
    first = _month(month, invocation.now().astimezone(named.zone).date())
    around = [datetime(first.year, first.month, 1, tzinfo=UTC), datetime(first.year, first.month, 28, tzinfo=UTC)]
    days = named.answer(around, lambda time: month_of(time, first.year, first.month))
    total = sum((day.length for day in days), timedelta(0))
    if invocation.json:
        from cli.render.documents import write_json

        write_json(
            {
                "calendar": named.spec.calendar,
                "name": named.spec.name,
                "zone": named.spec.zone,
                "month": f"{first.year:04}-{first.month:02}",
                "days": [
                    {
                        "date": str(day.on),
                        "hours": day.hours,
                        "seconds": int(day.length.total_seconds()),
                        "notes": day.notes,
                    }
                    for day in days
                ],
                "seconds": int(total.total_seconds()),
            }
        )
        return
    from escalade.time.budgets import format_hours

    title = named.spec.name or named.spec.calendar
    click.echo(f"{title} ({named.spec.zone}), {_MONTHS[first.month - 1]} {first.year}")
    for day in days:
        if day.on.weekday() == 0 or day.on.day == 1:
            click.echo(f"\nWeek {day.on.isocalendar().week}")
        hours = ", ".join(day.hours) or "closed"
        notes = f"  {'; '.join(day.notes)}" if day.notes else ""
        click.echo(f"  {day.on:%a} {day.on.day:>2}  {hours}{notes}")
    click.echo(f"\nOpen {format_hours(total)}.")


def _month(text: str | None, today: date) -> date:
    from cli.calendar.named import YEARS

    if text is None:
        return today.replace(day=1)
    found = re.fullmatch(r"(\d{4})-(\d{1,2})", text.strip())
    if found is None or not 1 <= int(found[2]) <= 12:
        raise WrongCommandError(f"--month: {text!r} is no month.", mend="Write it like 2026-12.")
    if int(found[1]) not in YEARS:
        mend = f"Ask from {YEARS.start} to {YEARS.stop - 1}."
        raise WrongCommandError(f"--month: {text!r} is out of reach.", mend=mend)
    return date(int(found[1]), int(found[2]), 1)


@command("list", examples=["escalade calendar list", "escalade calendar list --output json"])
def list_(invocation: Invocation) -> int:
    """List the calendars of the configuration.

    A broken one is told on standard error, and the exit code is 3 then.
    """
    from cli.check import config_directory
    from configuration.calendars import calendars_of
    from escalade.time.hours import format_span

    calendars = calendars_of(config_directory())
    rows: list[dict[str, Any]] = [
        {
            "calendar": spec.calendar,
            "name": spec.name,
            "zone": spec.zone,
            "hours": {days: [format_span(span) for span in spans] for days, spans in spec.hours.items()},
        }
        for spec in calendars.specs.values()
    ]
    if invocation.json:
        from cli.render.documents import write_json

        write_json({"calendars": rows})
    else:
        _tell(rows)
    for problem in calendars.problems:
        from cli.render.problems import problem_line

        click.echo(problem_line(problem), err=True)
    return ExitCode.CONFIGURATION if calendars.problems else ExitCode.OK


def _tell(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from cli.render.paper import write_table

    if not rows:
        click.echo("There is no calendar; clocks count around the clock. Write one as calendars/NAME.yaml.")
        return
    table = Table(box=None, pad_edge=False, header_style="heading")
    for title in ("CALENDAR", "ZONE", "HOURS", "NAME"):
        table.add_column(title)
    for row in rows:
        hours = "; ".join(f"{days} {', '.join(spans) or 'closed'}" for days, spans in row["hours"].items())
        table.add_row(row["calendar"], row["zone"], hours, row["name"])
    write_table(table)
