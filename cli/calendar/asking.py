"""What is due when, why, and how much open time lies between two instants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from cli.options import command

if TYPE_CHECKING:
    from cli.calendar.named import Named
    from cli.invocation import Invocation
    from cli.oncall.complaints import Complaints
    from escalade.time.budgets import Budget
    from escalade.time.clocks import Clock, Pause, Threshold
    from escalade.time.open_time import Boundary, OpenTime

Read = TypeVar("Read")
_CALENDAR = click.option(
    "--calendar",
    required=True,
    metavar="NAME|FILE",
    help="A calendar of the configuration, a calendar file alone, or always.",
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What `calendar due` was asked, read."""

    start: datetime
    budget: Budget
    pauses: list[Pause]
    thresholds: list[tuple[str, Threshold]]
    boundary: Boundary
    end_of_day: bool

    def clock(self, time: OpenTime) -> Clock:
        from escalade.time.clocks import Clock

        return Clock(
            time,
            start=self.start,
            budget=self.budget,
            pauses=self.pauses,
            boundary=self.boundary,
            end_of_day=self.end_of_day,
        )


@command(
    "due",
    examples=[
        "escalade calendar due --calendar support --from 2026-12-23T16:00 --for 8h",
        "escalade calendar due --calendar ./own.yaml --from 2026-12-23 --for '1bd 4h'",
        "escalade calendar due --calendar always --from 2026-03-01T09:00Z --for -4h",
    ],
)
@_CALENDAR
@click.option("--from", "start", required=True, metavar="INSTANT", help="When it begins: with an offset, or there.")
@click.option(
    "--for", "length", required=True, metavar="DURATION", help="Open time: 4h, 5bd, '1bd 4h'; -4h counts back."
)
@click.option(
    "--pause",
    "pauses",
    multiple=True,
    metavar="START/END",
    help="Time that does not count. Can be passed several times.",
)
@click.option(
    "--boundary",
    type=click.Choice(["at_close", "next_open"]),
    default="at_close",
    show_default=True,
    metavar="RULE",
    help="Due at the close, or at the next_open, when it runs out exactly at a close.",
)
@click.option("--end-of-day", is_flag=True, help="Business days are due at the last close of their day.")
@click.option(
    "--threshold",
    "thresholds",
    multiple=True,
    metavar="POINT",
    help="Also say when this is: 75%, -8h, +3bd. Can be passed several times.",
)
def due(
    invocation: Invocation,
    *,
    calendar: str,
    start: str,
    length: str,
    pauses: tuple[str, ...],
    boundary: str,
    end_of_day: bool,
    thresholds: tuple[str, ...],
) -> None:
    """Say what is due when in business time, and why.

    INSTANT is ISO 8601; without an offset it is a time on the calendar's own wall clock. Answers have the offset
    of that wall clock. 5bd are business days, which keep the time of day; 2d is 48 hours of open time.
    """
    from cli.calendar.named import find_calendar
    from cli.oncall.complaints import Complaints
    from escalade.time.budgets import parse_budget
    from escalade.time.clocks import parse_threshold

    named, complaints = find_calendar(calendar), Complaints()
    begin = _instant(complaints, "--from", start, named, invocation.now())
    budget = _read(complaints, "--for", length, parse_budget)
    paused = [_pause(complaints, text, named, invocation.now(), begin) for text in pauses]
    points = [(text.strip(), _read(complaints, "--threshold", text, parse_threshold)) for text in thresholds]
    complaints.tell()
    assert begin is not None
    assert budget is not None
    asked = _Asked(
        start=begin,
        budget=budget,
        pauses=[pause for pause in paused if pause],
        thresholds=[(text, point) for text, point in points if point],
        boundary=cast("Boundary", boundary),
        end_of_day=end_of_day,
    )
    answer = named.answer([asked.start], lambda time: _answer(time, asked))
    if invocation.json:
        from cli.render.documents import write_json

        write_json(answer)
        return
    for line in answer["explanation"]:
        click.echo(line)
    for threshold in answer["thresholds"]:
        click.echo(f"{threshold['is']}: {threshold['at']}")
    click.echo(answer["due"])


def _answer(time: OpenTime, asked: _Asked) -> dict[str, Any]:
    from escalade.time.explaining import explain, in_zone

    clock = asked.clock(time)
    return {
        "due": in_zone(time, clock.due).isoformat(),
        "seconds": _number(clock.total),
        "thresholds": [
            {"at": in_zone(time, clock.at(point)).isoformat(), "is": text} for text, point in asked.thresholds
        ],
        "explanation": explain(clock),
    }


@command(
    "between",
    examples=[
        "escalade calendar between --calendar support --from 2026-12-24 --to 2027-01-04",
    ],
)
@_CALENDAR
@click.option("--from", "start", required=True, metavar="INSTANT", help="From then: with an offset, or there.")
@click.option("--to", "end", required=True, metavar="INSTANT", help="Until then; none lies before the start.")
def between(invocation: Invocation, *, calendar: str, start: str, end: str) -> None:
    """Say how much open time lies between two instants."""
    from cli.calendar.named import find_calendar
    from cli.oncall.complaints import Complaints
    from escalade.time.budgets import format_hours

    named, complaints = find_calendar(calendar), Complaints()
    first = _instant(complaints, "--from", start, named, invocation.now())
    last = _instant(complaints, "--to", end, named, invocation.now(), after=first)
    complaints.tell()
    assert first is not None
    assert last is not None
    begin, stop = first, last
    length = named.answer([begin, stop], lambda time: time.between(begin, stop))
    if invocation.json:
        from datetime import timedelta

        from cli.render.documents import write_json

        write_json({"seconds": _number(length // timedelta(microseconds=1))})
        return
    click.echo(f"{format_hours(length)} of open time")


def _number(microseconds: int) -> int | float:
    """Seconds, whole where they are whole."""
    whole, rest = divmod(microseconds, 1_000_000)
    return microseconds / 1_000_000 if rest else whole


def _read(complaints: Complaints, option: str, text: str, read: Callable[[object], Read]) -> Read | None:
    from escalade.errors import EscaladeError

    try:
        return read(text)
    except EscaladeError as error:
        complaints.add(f"{option}: {error.message}", error.mend)
        return None


def _instant(
    complaints: Complaints, option: str, text: str, named: Named, now: datetime, *, after: datetime | None = None
) -> datetime | None:
    from cli.calendar.named import YEARS
    from cli.oncall.spans import read_local
    from escalade.errors import InstantError

    def read(written: object) -> datetime:
        try:
            found = read_local(str(written), named.zone, now, after=after)
        except OverflowError:
            found = None
        # On the wall clock there: the first of January may be last year's in UTC.
        if found is None or found.astimezone(named.zone).year not in YEARS:
            raise InstantError(f"{text!r} is out of reach.", mend=f"Ask from {YEARS.start} to {YEARS.stop - 1}.")
        return found

    return _read(complaints, option, text, read)


def _pause(complaints: Complaints, text: str, named: Named, now: datetime, begin: datetime | None) -> Pause | None:
    from datetime import timedelta

    from escalade.time.clocks import Pause

    first, slash, last = text.partition("/")
    if not slash:
        complaints.add(f"--pause: {text!r} has no end.", "Write it like 2026-03-02T09:00/2026-03-02T11:30.")
        return None
    # A time of day is one of the clock's own time, its very start included, and not of today.
    start = _instant(complaints, "--pause", first, named, now, after=begin and begin - timedelta(microseconds=1))
    end = _instant(complaints, "--pause", last, named, now, after=start)
    if start is not None and end is not None and end < start:
        complaints.add(f"--pause: {text!r} ends before it begins.", "Turn its start and end round.")
        return None
    return Pause(start, end) if start is not None and end is not None else None
