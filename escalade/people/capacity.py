"""Capacity: how much is asked of a person, and when they are left alone.

These are the rules as written, and what they say at an instant; who has used what is kept by the store. Every rule
but quiet hours is a window of slots: a page takes one slot of each, and a slot is free again at an instant that is
known when it is taken. So a limit of five pages in an hour lets no sixth page into any sixty minutes.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, field_validator, model_validator

from escalade.ticket import Severity
from escalade.time.durations import Duration, format_duration, parse_duration
from escalade.time.zones import WEEKDAYS, Weekday, at_wall_clock
from escalade.written import Written

NIGHT: Final = (time(22), time(7))
"""When a night begins and ends where the person is; pages in it count as having woken somebody."""

_WEEK: Final = timedelta(days=8)
_ALL_DAYS: Final = tuple(WEEKDAYS)


def _clock(value: Any) -> Any:
    """`22:00` or, for the end of a day, `24:00`."""
    if isinstance(value, time):
        return value
    text = value.strip() if isinstance(value, str) else ""
    hour, colon, minute = text.partition(":")
    if not (colon and len(minute) == 2 and hour.isdecimal() and minute.isdecimal() and len(hour) <= 2):
        raise ValueError('write the time of day like "22:00", in quotes')
    if (hour, minute) == ("24", "00"):
        return time(0)
    if int(hour) > 23 or int(minute) > 59:
        raise ValueError(f"there is no {text} in a day; write 00:00 to 24:00")
    return time(int(hour), int(minute))


Clock = Annotated[
    time,
    BeforeValidator(_clock),
    PlainSerializer(lambda at: at.strftime("%H:%M"), return_type=str),
    WithJsonSchema({"type": "string", "examples": ["22:00", "24:00"]}),
]
"""A pydantic field type: a time of day, on the wall clock of whoever it is about."""


def _per(value: Any) -> Any:
    return value if value == "night" else parse_duration(value)


class PageLimit(Written):
    """So many pages in any stretch of so long."""

    pages: int = Field(ge=1, le=1000)
    """The most; the next page goes to somebody else. A page is one round, by however many channels."""
    per: Annotated[
        timedelta | Literal["night"],
        BeforeValidator(_per),
        PlainSerializer(lambda per: per if per == "night" else format_duration(per), return_type=str),
        WithJsonSchema({"type": "string", "examples": ["1h", "night"]}),
    ]
    """Any stretch of this length (`1h`), or `night`: 22:00 to 07:00 where the person is."""

    @field_validator("per")
    @classmethod
    def _long_enough(cls, value: timedelta | Literal["night"]) -> timedelta | Literal["night"]:
        if value != "night" and not timedelta(seconds=1) <= value <= timedelta(days=31):
            raise ValueError(f"per is out of bounds: {format_duration(value)}; give 1s to 31d, or night")
        return value


class QuietHours(Written):
    """When a person is not paged, on the wall clock where they live."""

    from_: Clock = Field(alias="from")
    """When it begins: `"22:00"`."""
    to: Clock
    """When it ends; an earlier time is one of the next day, and the same time means a whole day."""
    days: list[Weekday] = Field(default_factory=lambda: list(_ALL_DAYS), min_length=1)
    """The weekdays on which it begins; every day when left out."""


class Rest(Written):
    """How long a person is left alone after a page."""

    between: Duration = timedelta(0)
    """After any page."""
    after_night: Duration = timedelta(0)
    """After a page between 22:00 and 07:00 where they are."""


class DigestRule(Written):
    """From when on pages are put together, and how long they are collected."""

    above: int = Field(ge=0, le=1000)
    """So many pages go out one by one…"""
    per: Duration
    """… in any stretch of this length; what comes above that is collected."""
    every: Duration
    """A digest leaves so long after the first ticket was put into it."""
    except_: list[Severity] = Field(default_factory=lambda: [Severity.SEV1], alias="except")
    """Severities that are never put into a digest."""

    @field_validator("per", "every")
    @classmethod
    def _bounded(cls, value: timedelta) -> timedelta:
        if not timedelta(seconds=1) <= value <= timedelta(days=1):
            raise ValueError(f"this is out of bounds: {format_duration(value)}; give 1s to 1d")
        return value


class Capacity(Written):
    """How much a person is asked. What a person's own entry leaves out is taken from the one for all."""

    limits: list[PageLimit] = Field(default_factory=list, max_length=10)
    """Pages per stretch of time; all of them hold at once."""
    quiet: list[QuietHours] = Field(default_factory=list, max_length=20)
    """Quiet hours: nobody is paged in them unless nobody else is left, or the policy says so."""
    rest: Rest = Rest()
    """How long somebody is left alone after a page."""
    digest: DigestRule | None = None
    """When pages are put together into one message; never without it."""

    @model_validator(mode="after")
    def _sensible(self) -> Capacity:
        stretches = [limit.per for limit in self.limits]
        if len(set(stretches)) < len(stretches):
            raise ValueError("two limits count over the same stretch; keep the smaller one")
        monday = datetime(2026, 1, 5, tzinfo=UTC)
        if self.quiet and quiet_until(self, ZoneInfo("UTC"), monday) is NEVER_OVER:
            raise ValueError("quiet hours cover the whole week; leave some time in which a page may come")
        return self

    def under(self, default: Capacity) -> Capacity:
        """This one, with what it leaves out taken from another."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return default.model_copy(update=given)

    @property
    def is_unlimited(self) -> bool:
        """Whether it never changes who is paged, or how."""
        return not (self.limits or self.quiet or self.digest or self.rest.between or self.rest.after_night)


class Window(NamedTuple):
    """A number of slots, one of which a page takes."""

    name: str
    """`1h`, `night`, `rest`, `digest`: what the store keeps the slots under."""
    most: int
    """How many slots there are."""
    until: datetime
    """When the slot that is taken now is free again."""
    meaning: str
    """What a full window means, with `{pages}` for how many there were: "had {pages} within 1h"."""

    def says(self, pages: int) -> str:
        """What it means that there were so many pages, for the timeline: "had 5 pages within 1h"."""
        return self.meaning.replace("{pages}", f"{pages} page" + ("s" if pages != 1 else ""))


NEVER_OVER: Final = datetime.max.replace(tzinfo=UTC)


def windows(capacity: Capacity, zone: ZoneInfo, at: datetime) -> list[Window]:
    """The windows of which a page takes a slot, the digest's apart.

    Args:
        capacity: a person's.
        zone: where they live: what is night.
        at: the instant of the page.
    """
    found = []
    night = night_until(zone, at)
    for limit in capacity.limits:
        if limit.per != "night":
            name = format_duration(limit.per)
            found.append(Window(name, limit.pages, at + limit.per, f"had {{pages}} within {name}"))
        elif night is not None:
            found.append(Window("night", limit.pages, night, "had {pages} this night"))
    rest = max(capacity.rest.between, capacity.rest.after_night if night is not None else timedelta(0))
    if capacity.rest.between or capacity.rest.after_night:
        found.append(Window("rest", 1, at + rest, "rests after a page"))
    return found


def digest_window(rule: DigestRule, at: datetime) -> Window:
    """The window above which pages are collected."""
    return Window("digest", rule.above, at + rule.per, f"had {{pages}} within {format_duration(rule.per)}")


def night_until(zone: ZoneInfo, at: datetime) -> datetime | None:
    """When the night that it is there ends; None by day."""
    return _until(zone, at, *NIGHT, days=_ALL_DAYS)


def quiet_until(capacity: Capacity, zone: ZoneInfo, at: datetime) -> datetime | None:
    """When the quiet hours that an instant lies in end, those that follow without a break included.

    Args:
        capacity: a person's.
        zone: where they live.
        at: the instant.

    Returns:
        None when it is not quiet; `NEVER_OVER` when it is always.
    """
    end: datetime | None = None
    moved = True
    while moved:
        moved = False
        for quiet in capacity.quiet:
            until = _until(zone, end or at, quiet.from_, quiet.to, days=quiet.days)
            if until is not None:
                end, moved = until, True
                if end > at + _WEEK:
                    return NEVER_OVER
    return end


def _until(
    zone: ZoneInfo, at: datetime, start: time, stop: time, *, days: list[Weekday] | tuple[Weekday, ...]
) -> datetime | None:
    """When the daily stretch that an instant lies in ends: begun today, or yesterday when it goes over midnight."""
    today = at.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        if WEEKDAYS[day.weekday()] not in days:
            continue
        last = day if stop > start else day + timedelta(days=1)
        begin = at_wall_clock(datetime.combine(day, start), zone)
        end = at_wall_clock(datetime.combine(last, stop), zone)
        if begin <= at < end:
            return end
    return None
