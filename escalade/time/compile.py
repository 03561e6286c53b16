"""Compiling a calendar: what people wrote, with countries and time zones looked up, for a horizon."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from escalade.errors import CalendarError
from escalade.time.business import BusinessTime
from escalade.time.calendar import CalendarSpec, HolidaySpec
from escalade.time.dates import Day, Range, parse_day
from escalade.time.hours import Span, united
from escalade.time.pinned import Closure, DatedBreak, Offset, Opening, PinnedCalendar, Seven, digest_of
from escalade.time.public_holidays import public_holidays, unknown_place
from escalade.time.segments import EPOCH
from escalade.time.zones import WEEKDAYS

MONTHS_AHEAD: Final = 36
"""How far a calendar is pinned (decision 32)."""
MONTHS_BEHIND: Final = 12
"""How far back, for tickets and pauses that began before they were told of."""

Complaint = tuple[tuple[str | int, ...], str, str]
"""Where something is wrong, what was found, and how to mend it."""

_MARGIN: Final = timedelta(days=3)
_STEP: Final = timedelta(hours=12)


def horizon(now: datetime) -> tuple[datetime, datetime]:
    """The usual horizon: it moves once a month, so that a calendar pinned today and tomorrow is the same one."""
    month = now.astimezone(UTC).year * 12 + now.astimezone(UTC).month - 1
    ends = (month - MONTHS_BEHIND, month + MONTHS_AHEAD + 1)
    since, until = (datetime(n // 12, n % 12 + 1, 1, tzinfo=UTC) for n in ends)
    return since, until


def compile_calendar(spec: CalendarSpec, *, since: datetime, until: datetime) -> PinnedCalendar:
    """Compile a calendar for the time from `since` to `until`; usually that of `horizon`.

    Raises:
        CalendarError: when a country is not known, or nothing is ever open.
    """
    first, last = (since - _MARGIN).date(), (until + _MARGIN).date()
    weekly = tuple(spec.week.get(day, ()) for day in WEEKDAYS)
    pinned = PinnedCalendar(
        name=spec.calendar,
        zone=spec.zone,
        version=digest_of(spec.model_dump_json(by_alias=True)),
        since=since,
        until=until,
        offsets=_offsets(ZoneInfo(spec.zone), since - _MARGIN, until + _MARGIN),
        weekly=weekly,
        closures=tuple(_closures(spec.holidays, first, last)),
        openings=tuple(
            Opening(day, opening.hours, opening.besides, opening.name)
            for opening in spec.openings
            for day in _dates(opening.on, first, last)
        ),
        weekly_breaks=_weekly_breaks(spec),
        breaks=tuple(
            DatedBreak(day, closed.hours, closed.name)
            for closed in spec.breaks
            for day in _dates(closed.on, first, last)
        ),
    ).sealed()
    BusinessTime.of(pinned)  # a calendar that is never open is an error here, not when a clock needs it
    return pinned


def holiday_complaints(n: int, holiday: HolidaySpec, *, now: datetime) -> Iterator[Complaint]:
    """What is wrong with the n-th holiday of a calendar: a country, a part or a day of it that is not known."""
    if holiday.country is None:
        return
    if unknown := unknown_place(holiday.country, holiday.subdivision):
        key = "subdivision" if "subdivision" in unknown[0] else "country"
        yield ("holidays", n, key), *unknown
        return
    since, until = horizon(now)
    days = public_holidays(holiday.country, holiday.subdivision, range(since.year, until.year + 1))
    for k, exception in enumerate(holiday.except_):
        dated = _exception(exception)
        if not any(_excepts(exception, day, names) for day, names in days.items()) and not (dated and dated.year):
            names = ", ".join(dict.fromkeys(names[0] for names in days.values()))
            what = f"No holiday of {holiday.country} is {exception!r}."
            yield ("holidays", n, "except", k), what, f"They are: {names}."


def complaints(spec: CalendarSpec, *, now: datetime) -> list[Complaint]:
    """What is wrong with a calendar that is well written: where, what was found, how to mend it."""
    since, until = horizon(now)
    found: list[Complaint] = []
    for n, holiday in enumerate(spec.holidays):
        found += holiday_complaints(n, holiday, now=now)
    if not found:
        try:
            compile_calendar(spec, since=since, until=until)
        except CalendarError as error:
            found.append((("hours",), "It is never open: no clock can run in it.", error.mend or "Give it hours."))
    return found


def _offsets(zone: ZoneInfo, since: datetime, until: datetime) -> tuple[Offset, ...]:
    """The offsets of a zone: the one at `since`, and each change until `until`, to the second."""
    out = [Offset(_seconds(since), _ahead(zone, since))]
    here = since
    while here < until:
        there = min(here + _STEP, until)
        if _ahead(zone, there) != out[-1].ahead:
            low, high = here, there
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=1) // 2)
                low, high = (middle, high) if _ahead(zone, middle) == out[-1].ahead else (low, middle)
            out.append(Offset(_seconds(high), _ahead(zone, high)))
            there = high
        here = there
    return tuple(out)


def _ahead(zone: ZoneInfo, at: datetime) -> int:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return offset // timedelta(seconds=1)


def _seconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(seconds=1)


def _closures(holidays: list[HolidaySpec], first: date, last: date) -> Iterator[Closure]:
    found: set[Closure] = set()
    for holiday in holidays:
        for days in holiday.ranges():
            found.update(Closure(start, end, holiday.name) for start, end in days.within(first, last))
        if holiday.country:
            years = range(first.year, last.year + 1)
            for day, names in public_holidays(holiday.country, holiday.subdivision, years).items():
                if first <= day <= last and not any(_excepts(text, day, names) for text in holiday.except_):
                    found.add(Closure(day, day, holiday.name or names[0]))
    yield from sorted(found)


def _exception(text: str) -> Day | None:
    try:
        return parse_day(text)
    except ValueError:
        return None


def _excepts(text: str, day: date, names: tuple[str, ...]) -> bool:
    dated = _exception(text)
    if dated is not None:
        return dated.falls_on(day)
    return text.strip().casefold() in (part.strip().casefold() for name in names for part in (name, *name.split(";")))


def _dates(days: list[Day], first: date, last: date) -> Iterator[date]:
    for day in days:
        for start, _ in Range(day, day).within(first, last):
            yield start


def _weekly_breaks(spec: CalendarSpec) -> Seven:
    out: dict[str, list[Span]] = {day: [] for day in WEEKDAYS}
    for closed in spec.breaks:
        for day in closed.weekdays:
            out[day] += closed.hours
    return tuple(united(spans) for spans in out.values())
