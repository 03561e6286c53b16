"""Rotations: whose turn it is at an instant, by the wall clock of the schedule's zone.

Rules (those of `cases/oncall.md`): shift starts are included, ends excluded; a handoff at a local time that does
not exist happens at the first existing instant after it, one that exists twice at the first; handoffs are
consecutive, so there is neither gap nor overlap; a rotation is defined for all time, before its start too.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from escalade.people.roster import WEEKDAYS, Schedule, WeeklyRotation


class Shift(NamedTuple):
    """One turn: a person, from an instant (included) to another (excluded), both UTC."""

    person: str
    start: datetime
    end: datetime


def at_wall_clock(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a naive local time: the first of two, or the first existing one after a gap.

    Args:
        local: naive wall-clock time.
        zone: the zone whose wall clock is meant.

    Returns:
        The instant, in UTC.
    """
    instant = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local:
        return instant
    # The time was skipped. fold=0 read it with the offset before the gap, so the gap ends at the transition
    # between the two readings; PEP 495 puts that transition where the later offset begins.
    late = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    low, high = min(instant, late), max(instant, late)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset():
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def _slot_start(rotation: WeeklyRotation, zone: ZoneInfo, slot: int) -> datetime:
    first = rotation.start
    handoff = WEEKDAYS.index(rotation.handoff.weekday)
    # The week that contains `start` began on the handoff weekday on or before it.
    anchor = first - timedelta(days=(first.weekday() - handoff) % 7)
    day = anchor + timedelta(weeks=slot * rotation.weeks)
    return at_wall_clock(datetime.combine(day, rotation.handoff.at), zone)


def shift_at(schedule: Schedule, at: datetime) -> Shift:
    """The shift of a schedule that contains an instant.

    Args:
        schedule: the schedule; its rotation is taken by its zone's wall clock.
        at: an aware instant.
    """
    rotation, zone = schedule.rotation, schedule.tzinfo
    length = timedelta(weeks=rotation.weeks)
    slot = (at - _slot_start(rotation, zone, 0)) // length
    # Clock changes move a boundary by an hour or so; the estimate is off by one slot at most.
    while at < _slot_start(rotation, zone, slot):
        slot -= 1
    while at >= _slot_start(rotation, zone, slot + 1):
        slot += 1
    member = rotation.members[slot % len(rotation.members)]
    return Shift(member, _slot_start(rotation, zone, slot), _slot_start(rotation, zone, slot + 1))
