"""Why something is due then: the open time that was counted, the pauses, holidays and clock changes on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Final

from escalade.time.budgets import format_hours
from escalade.time.business import BusinessTime
from escalade.time.clocks import Clock, Pause
from escalade.time.open_time import OpenTime
from escalade.time.segments import EPOCH, SECOND, instant, microseconds

MOST_SEGMENTS: Final = 24
"""How many stretches of open time are told one by one; of more, the first and the last."""
MOST_NOTES: Final = 24
"""How many pauses, holidays or clock changes are told."""

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def in_zone(time: OpenTime, at: datetime) -> datetime:
    """An instant with the offset that the calendar's wall clock has then; no time zone data is read."""
    ahead = time.local(microseconds(at)) - microseconds(at)
    return at.astimezone(timezone(timedelta(microseconds=ahead)))


def told(local: datetime, *, day: bool = True, offset: bool = False) -> str:
    """An instant for people: `Mon 2026-11-23 09:00`, seconds only where there are some."""
    clock = f"{local:%H:%M}" + (f":{local:%S}" if local.second or local.microsecond else "")
    if local.microsecond:
        clock += f".{local.microsecond:06}".rstrip("0")
    iso, naive = local.isoformat(), local.replace(tzinfo=None).isoformat()
    zone = iso.removeprefix(naive) if offset and local.utcoffset() else " UTC" if offset else ""
    date_ = f"{_DAYS[local.weekday()]} {local.year:04}-{local:%m-%d} " if day else ""
    return f"{date_}{clock}{zone}"


def explain(clock: Clock) -> list[str]:
    """Say why a clock is due when it is, line by line, in the calendar's own time."""
    time = clock.time
    first, last = sorted((microseconds(clock.start), microseconds(clock.due)))
    lines = [_budget(clock), _start(clock)]
    lines += _segments(time, first, last)
    lines += _some([_pause(clock, pause) for pause in clock.pauses], "pauses")
    if isinstance(time, BusinessTime):
        lines += _some(list(_holidays(time, first, last)), "holidays")
        lines += _some(list(_changes(time, first, last)), "clock changes")
    return [*lines, _due(clock)]


def _budget(clock: Clock) -> str:
    where = f"of {clock.time.name} ({clock.time.zone})"
    length = format_hours(timedelta(microseconds=clock.total))
    if not clock.budget.days:
        return f"Budget: {length} {where}."
    return f"Budget: {clock.budget} {where}, which is {length} of open time from this start."


def _start(clock: Clock) -> str:
    time, start = clock.time, clock.start
    what = f"Start: {told(in_zone(time, start), offset=True)}"
    if time.is_open(start):
        return f"{what}, in open time."
    if clock.budget.negative:
        back = time.last_closing(start)
        return f"{what}, closed; counted back from the close on {told(in_zone(time, back))}."
    return f"{what}, closed; counted from the opening on {told(in_zone(time, time.next_opening(start)))}."


def _segments(time: OpenTime, first: int, last: int) -> Iterator[str]:
    spans = list(time.spans(first, last))
    shown = spans if len(spans) <= MOST_SEGMENTS else spans[: MOST_SEGMENTS // 2]
    yield from (_segment(time, *span) for span in shown)
    if len(spans) > len(shown):
        rest = spans[len(shown) : -(MOST_SEGMENTS // 2)]
        open_ = timedelta(microseconds=sum(end - start for start, end in rest))
        yield f"… {len(rest)} more stretches of open time: {format_hours(open_)}."
        yield from (_segment(time, *span) for span in spans[-(MOST_SEGMENTS // 2) :])


def _segment(time: OpenTime, start: int, end: int) -> str:
    begin, stop = in_zone(time, instant(start)), in_zone(time, instant(end))
    until = told(stop, day=begin.date() != stop.date())
    return f"Open: {told(begin)} – {until}, {format_hours(timedelta(microseconds=end - start))}."


def _pause(clock: Clock, pause: Pause) -> str:
    time, end = clock.time, pause.end or clock.now
    begin = in_zone(time, pause.start)
    if end is None:
        return f"Pause: since {told(begin)}; what is due moves on for as long as it lasts."
    stop = in_zone(time, end)
    what = f"Pause: {told(begin)} – {told(stop, day=begin.date() != stop.date())}"
    what += "" if pause.end else " (now; it lasts)"
    if end < pause.start:
        return f"{what}, ends before it begins: not counted."
    if end == pause.start:
        return f"{what}, ends when it begins: changes nothing."
    first, last = sorted((clock.start, clock.due))
    if end <= first or pause.start >= last:
        side = "before the start" if (end <= first) is not clock.budget.negative else "after the due"
        return f"{what}, {side}: changes nothing."
    length = time.between(max(pause.start, first), min(end, last))
    if not length:
        return f"{what}, in closed time: changes nothing."
    return f"{what}, {format_hours(length)} of open time that does not count."


def _holidays(time: BusinessTime, first: int, last: int) -> Iterator[str]:
    begin, end = (in_zone(time, instant(at)).date() for at in (first, last))
    for closure in time.pinned.closures:
        day, final = max(closure.first, begin), min(closure.last, end)
        lost = [n for n in range(day.toordinal(), final.toordinal() + 1) if time.usual_hours(n)]
        if lost:
            until = f" – {date.fromordinal(lost[-1])}" if len(lost) > 1 else ""
            on = date.fromordinal(lost[0])
            yield f"Holiday: {_DAYS[on.weekday()]} {on}{until}{f', {closure.name}' if closure.name else ''}."


def _changes(time: BusinessTime, first: int, last: int) -> Iterator[str]:
    for n, at in enumerate(time.wall.changes):
        if n == 0 or not first < at <= last:
            continue
        jump = time.wall.shift(n)
        before = EPOCH + timedelta(microseconds=at + time.wall.ahead(at) - jump)
        after = in_zone(time, instant(at))
        way = "forward" if jump > 0 else "back"
        length = format_hours(timedelta(seconds=abs(jump) // SECOND))
        yield f"Clocks: {told(before)} → {told(after, day=before.date() != after.date())}, {way} by {length}."


def _due(clock: Clock) -> str:
    time, due = clock.time, clock.due
    what = f"Due: {told(in_zone(time, due), offset=True)}"
    if clock.end_of_day and clock.budget.day_unit:
        return f"{what}, the end of {'a business day moved on by pauses' if clock.pushed else 'that business day'}."
    if clock.end_of_day:
        return f"{what}; the end of the day is for budgets of business days only."
    if not time.is_open(due) and due == time.last_closing(due):
        return f"{what}, exactly at the close."
    return f"{what}."


def _some(lines: list[str], what: str) -> list[str]:
    if len(lines) <= MOST_NOTES:
        return lines
    return [*lines[:MOST_NOTES], f"… {len(lines) - MOST_NOTES} more {what}."]
