"""Who is on duty, for people and programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from cli.render.moments import Moments
from cli.render.plain import one_line
from escalade.people.duty import Duty, DutyShift, Gap

if TYPE_CHECKING:
    from rich.table import Table

    from escalade.people import Roster


class Asked(NamedTuple):
    """A schedule at an instant: who is on duty, and who after them."""

    duty: Duty
    following: Duty | None
    """When it changes next, where that is known."""


def duty_json(asked: Asked, roster: Roster) -> dict[str, Any]:
    """A schedule at an instant as programs read it; instants on its wall clock, with their offset."""
    duty, following = asked
    schedule = roster.schedules[duty.schedule]
    zone = schedule.tzinfo
    after = following and {"at": _iso(following.at, zone), "people": following.names}
    return {
        "schedule": duty.schedule,
        "zone": schedule.zone,
        "at": _iso(duty.at, zone),
        "people": [shift_json(shift, zone) for shift in duty.people],
        "until": _iso(duty.until, zone) if duty.until else None,
        "next": after,
        "nobody": duty.nobody,
        "notes": list(duty.notes),
    }


def shift_json(shift: DutyShift, zone: ZoneInfo) -> dict[str, Any]:
    """A shift as programs read it."""
    return {
        "person": shift.person,
        "start": _iso(shift.start, zone),
        "end": _iso(shift.end, zone),
        "why": shift.why,
        "how": shift.how,
        "layer": shift.layer or None,
        "rotation": shift.rotation or None,
        "override": shift.change or None,
        "instead_of": shift.instead_of or None,
    }


def gap_json(gap: Gap, zone: ZoneInfo) -> dict[str, Any]:
    """A gap as programs read it."""
    return {"schedule": gap.schedule, "start": _iso(gap.start, zone), "end": _iso(gap.end, zone)}


def _iso(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat()


def duty_table(asked: Sequence[Asked], when: Moments) -> Table:
    """Every schedule on one screen: who, until when, who next, and why them."""
    from rich.text import Text

    table = _table("SCHEDULE", "ON DUTY", "UNTIL", "NEXT", "WHY")
    for duty, following in asked:
        names = ", ".join(duty.names)
        on_duty = Text(one_line(names), style="good") if names else Text("nobody", style="bad")
        until = when.both(duty.until) if duty.until else "-"
        after = "-" if following is None else one_line(", ".join(following.names)) or "nobody"
        # Several are on duty for one reason more often than for several.
        reasons = list(dict.fromkeys(shift.because for shift in duty.people))
        why = when.localised(one_line("; ".join([*reasons, *duty.notes])))
        table.add_row(Text(duty.schedule, style="key"), on_duty, until, after, why or "-")
    return table


def shift_table(shifts: Sequence[DutyShift], gaps: Sequence[Gap], zone: ZoneInfo) -> Table:
    """Shifts and gaps in the order of time, on the wall clock of the schedule."""
    from rich.text import Text

    table = _table("FROM", "TO", "LENGTH", "ON DUTY", "WHY")
    rows = [(shift.start, shift.end, Text(shift.person), shift.because) for shift in shifts]
    rows += [(gap.start, gap.end, Text("nobody", style="bad"), "gap") for gap in gaps]
    for start, end, who, why in sorted(rows, key=lambda row: row[:2]):
        table.add_row(_clock(start, zone), _clock(end, zone), _length(start, end), who, one_line(why))
    return table


def gap_table(gaps: Sequence[Gap], roster: Roster) -> Table:
    """Gaps of several schedules, each on its own wall clock."""
    from rich.text import Text

    table = _table("SCHEDULE", "FROM", "TO", "LENGTH")
    for gap in gaps:
        zone = roster.schedules[gap.schedule].tzinfo
        times = (_clock(gap.start, zone), _clock(gap.end, zone), _length(gap.start, gap.end))
        table.add_row(Text(gap.schedule, style="key"), *times)
    return table


def _table(*names: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="heading", padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name, no_wrap=name not in ("WHY", "ON DUTY", "NEXT"))
    return table


def _clock(at: datetime, zone: ZoneInfo) -> str:
    there = at.astimezone(zone)
    return f"{there:%a %Y-%m-%d %H:%M}{f':{there:%S}' if there.second else ''} {there.tzname()}"


def _length(start: datetime, end: datetime) -> str:
    from escalade.time.durations import format_duration

    return format_duration(timedelta(seconds=round((end - start).total_seconds())))
