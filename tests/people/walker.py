"""Who is on duty, found by walking the wall clock minute by minute: slow, and written apart from the implementation.

The one idea: a clock that is set back has been where it is before. What happens at a wall-clock time happens when the
clock *first* shows it or something later; so whether it has happened yet is a question about the latest time the clock
has shown so far.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from escalade.people.changes import Changes

MINUTE = timedelta(minutes=1)
LENGTHS = {"minutes": 1, "hours": 60, "days": 60 * 24, "weeks": 60 * 24 * 7}


def latest_shown(at: datetime, zone: ZoneInfo) -> datetime:
    """The latest time that the wall clock of a zone has shown by an instant."""
    shown = at.astimezone(zone).replace(tzinfo=None)
    walk = at.astimezone(UTC).replace(second=0, microsecond=0)
    for _ in range(180):
        shown = max(shown, walk.astimezone(zone).replace(tzinfo=None))
        walk -= MINUTE
    return shown


def turn_of(rotation: dict[str, Any], at: datetime, zone: ZoneInfo) -> tuple[int, datetime] | None:
    """The number of the turn at an instant, and the wall-clock time it began; None between shifts."""
    shown = latest_shown(at, zone)
    start = datetime.fromisoformat(rotation["start"])
    count, unit = rotation["every"].split()
    length = LENGTHS[unit if unit.endswith("s") else f"{unit}s"] * int(count)
    number = int((shown - start).total_seconds() // 60) // length
    begun = start + number * length * MINUTE
    if "lasts" in rotation and shown >= begun + int(rotation["lasts"].removesuffix("m")) * MINUTE:
        return None
    if "from" in rotation and shown < datetime.fromisoformat(rotation["from"]):
        return None
    if "until" in rotation and shown >= datetime.fromisoformat(rotation["until"]):
        return None
    return number, begun


WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def counts(restrictions: list[dict[str, Any]], at: datetime, zone: ZoneInfo) -> bool:
    """Whether a layer counts: whether the clock has reached the start of some part, and not its end."""
    shown = latest_shown(at, zone)
    for restriction in restrictions:
        begin, end = (_minutes(restriction[key]) for key in ("from", "until"))
        for back in range(9):
            day: date = shown.date() - timedelta(days=back)
            if WEEK[day.weekday()] not in restriction["days"] or not has_noon(day, zone):
                continue
            midnight = datetime.combine(day, datetime.min.time())
            opens = midnight + begin * MINUTE
            closes = midnight + (end if end > begin else end + 24 * 60) * MINUTE
            if opens <= shown < closes:
                return True
    return False


def has_noon(day: date, zone: ZoneInfo) -> bool:
    """Whether there was such a day: none of the zones here ever changes its clocks over noon otherwise."""
    noon = datetime.combine(day, datetime.min.time().replace(hour=12))
    return noon.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).date() == day


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def people_at(written: dict[str, Any], changes: Changes, at: datetime) -> list[str]:
    """Who is on duty by a schedule as written (layers of one rotation, no swaps, nobody replaced alone)."""

    def away(person: str) -> bool:
        return any(a.person == person and a.start <= at < a.end for a in changes.aways)

    covering = [t for t in changes.temporaries if t.start <= at < t.end]
    if covering:
        last = max(covering, key=lambda t: (t.made_at, t.id))
        return sorted({s.person for s in last.shifts if s.start <= at < s.end and not away(s.person)})
    return sorted(_ruled(_by_layers(written, at, away), changes, at, away))


def _by_layers(written: dict[str, Any], at: datetime, away: Callable[[str], bool]) -> set[str]:
    zone = ZoneInfo(written["zone"])
    for layer in written["layers"]:
        if layer.get("restrictions") and not counts(layer["restrictions"], at, zone):
            continue
        rotation = layer["rotation"]
        turn = turn_of(rotation, at, zone)
        if turn is None:
            continue
        members = [m if isinstance(m, list) else [m] for m in rotation["members"]]
        order = [members[(turn[0] + n) % len(members)] for n in range(len(members))]
        there = [[p for p in together if not away(p)] for together in order]
        if taken := next((present for present in there if present), None):
            return set(taken)
    return set()


def _ruled(base: set[str], changes: Changes, at: datetime, away: Callable[[str], bool]) -> set[str]:
    """From the strongest override down: what it says of somebody stands, whatever a weaker one says."""
    decided: dict[str, bool] = {}
    strongest_first = sorted(changes.overrides, key=lambda o: (o.priority, o.made_at, o.id), reverse=True)
    for override in strongest_first:
        if not override.start <= at < override.end:
            continue
        coming = [p for p in override.people if not away(p)]
        if override.form == "remove":
            assert override.whom
            decided.setdefault(override.whom, False)
        for person in coming:
            decided.setdefault(person, True)
        if override.form == "replace" and coming:
            base = set()
            break
    return {p for p in base if p not in decided} | {p for p, on in decided.items() if on}
