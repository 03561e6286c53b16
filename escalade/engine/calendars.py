"""The time a tier or a clock counts in: a pinned calendar, or around the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from escalade.errors import HorizonError
from escalade.policy.pinned import PinnedPolicy
from escalade.ticket import Severity
from escalade.time.budgets import Budget
from escalade.time.business import BusinessTime
from escalade.time.clocks import Clock
from escalade.time.open_time import ALWAYS, OpenTime


def open_time(policy: PinnedPolicy | None, name: str) -> OpenTime:
    """The open time of one of a policy's calendars; around the clock for none.

    A calendar that is named and unknown is refused when the policy is loaded. A policy that was pinned without it all
    the same runs around the clock rather than not at all, and its ticket says so (`clock.unarmed`).
    """
    if policy is None or not name or name not in policy.calendars:
        return ALWAYS
    return BusinessTime.of(policy.calendars[name])


def tier_time(policy: PinnedPolicy | None, tier: int, severity: Severity) -> OpenTime:
    """The open time by which a tier works at a severity; that of the catch-all is all of it."""
    if policy is None or tier >= len(policy.tiers):
        return ALWAYS
    pinned = policy.tiers[tier]
    return ALWAYS if severity in pinned.wake else open_time(policy, pinned.calendar)


def length_of(time: OpenTime, start: datetime, length: timedelta | Budget) -> timedelta:
    """A length as open time; business days are turned into it once, where it begins (decision 30).

    Raises:
        HorizonError: when it ends beyond what the calendar was worked out for.
    """
    if isinstance(length, timedelta):
        return length
    return timedelta(microseconds=Clock(time, start=start, budget=length).total)


def after(time: OpenTime, anchor: datetime, length: timedelta | Budget, *, began: datetime | None = None) -> datetime:
    """The instant so much open time after another.

    Args:
        time: what is counted.
        anchor: where it counts from.
        length: how much.
        began: where the anchor was before pauses moved it; business days are counted out there.

    Returns:
        The instant. The end of the horizon when it lies beyond: calendars are worked out further long before that.
        Where they could not be, and it has passed, the wall clock is better than nothing.
    """
    if time is ALWAYS and isinstance(length, timedelta):
        return anchor + length
    if anchor > horizon_of(time):
        return anchor + by_the_wall(length)
    try:
        if isinstance(length, Budget) and began in (None, anchor):
            return Clock(time, start=anchor, budget=length).due  # nothing has moved it: the time of day is kept
        return time.add(anchor, length_of(time, began or anchor, length))
    except HorizonError:
        return beyond(time, anchor, length)


def beyond(time: OpenTime, anchor: datetime, length: timedelta | Budget) -> datetime:
    """Where a length is taken to end that leads beyond the horizon: there, and not before it has passed on the wall."""
    return max(horizon_of(time), anchor + by_the_wall(length))


def by_the_wall(length: timedelta | Budget) -> timedelta:
    """A length where no calendar says otherwise: a business day is a day."""
    return length if isinstance(length, timedelta) else length.time + timedelta(days=length.days)


def opening(time: OpenTime, at: datetime) -> datetime:
    """The instant itself when it is open, else the next opening; beyond the horizon it counts as open."""
    if time is ALWAYS or at > horizon_of(time):
        return at
    try:
        return time.next_opening(at)
    except HorizonError:
        return horizon_of(time)


def is_open(time: OpenTime, at: datetime) -> bool:
    """Whether it is open at an instant; beyond the horizon it counts as open: nobody is left waiting for ever."""
    return at > horizon_of(time) or time.is_open(at)


def horizon_of(time: OpenTime) -> datetime:
    """Where a calendar ends."""
    return time.pinned.until if isinstance(time, BusinessTime) else datetime.max.replace(tzinfo=UTC)


def kept(time: OpenTime, anchor: datetime, since: datetime, at: datetime) -> datetime:
    """An instant in the past, moved by a standstill: as much open time lies behind it at the end as at the beginning.

    Args:
        time: what is counted.
        anchor: what is moved, not after `since`.
        since: where the standstill began.
        at: where it ended.
    """
    if time is ALWAYS or at > horizon_of(time):
        return anchor + (at - since)
    ran = time.between(anchor, since)
    return time.add(at, -ran) if ran else at


def put_off(time: OpenTime, due: datetime, since: datetime, at: datetime) -> datetime:
    """An instant in the future, moved by a standstill: what was left of it is still left.

    Args:
        time: what is counted.
        due: what is moved, not before `since`.
        since: where the standstill began.
        at: where it ended.
    """
    if time is ALWAYS or at > horizon_of(time):
        return due + (at - since)
    try:
        return time.add(at, time.between(since, due))
    except HorizonError:
        return beyond(time, due, at - since)
