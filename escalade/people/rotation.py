"""Rotations: whose turn it is at an instant, by the wall clock of the schedule's zone.

Rules (those of `cases/oncall.md`): shift starts are included, ends excluded; a handoff at a local time that does
not exist happens at the first existing instant after it, one that exists twice at the first; handoffs are
consecutive, so there is neither gap nor overlap; a rotation is defined for all time, before its start too.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from escalade.people.roster import Schedule, WeeklyRotation
from escalade.time.zones import WEEKDAYS, at_wall_clock


class Shift(NamedTuple):
    """One turn: a person, from an instant (included) to another (excluded), both UTC."""

    person: str
    start: datetime
    end: datetime


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
