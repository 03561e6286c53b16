"""Schedules as people write them: layers of rotations, when each layer counts, or a feed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from escalade.people.rotation import Rotation, two_digits
from escalade.time.durations import Duration, format_duration
from escalade.time.zones import WEEKDAYS, Weekday, Zone, at_wall_clock, whole_weekday
from escalade.written import Identifier, Written, is_kept

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(weeks=1)
_GROUPS: Final[dict[str, tuple[Weekday, ...]]] = {
    "weekdays": WEEKDAYS[:5],
    "weekend": WEEKDAYS[5:],
    "every day": WEEKDAYS,
}
ONLY_LAYER: Final = "rotation"
"""The name of the one layer of a schedule that is written without layers."""


class WeekTime(NamedTuple):
    """A time of day, of a certain weekday or of any: `friday 18:00`, `08:00`, `24:00`."""

    weekday: Weekday | None
    at: timedelta
    """Since midnight, on the wall clock."""

    def __str__(self) -> str:
        minutes, seconds = divmod(int(self.at.total_seconds()), 60)
        clock = f"{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
        return f"{self.weekday} {clock}" if self.weekday else clock


def _week_time(value: Any) -> WeekTime:
    if isinstance(value, WeekTime):
        return value
    words = value.strip().lower().split() if isinstance(value, str) else []
    day = next((name for name in WEEKDAYS if words and whole_weekday(words[0]) == name), None)
    clock = words[1:] if day else words
    try:
        if len(clock) != 1:
            raise ValueError  # noqa: TRY301 - said once, below
        if clock[0] in ("24:00", "24:00:00"):
            return WeekTime(day, _DAY)
        at = time.fromisoformat(two_digits(clock[0]))
    except ValueError:
        raise ValueError(f"{str(value)[:40]!r} is no time of day; write it like 18:00 or friday 18:00") from None
    if at.tzinfo is not None:
        raise ValueError(f"{value!r} names an offset; write the wall clock of the layer's zone: 18:00")
    return WeekTime(day, timedelta(hours=at.hour, minutes=at.minute, seconds=at.second))


def _days(value: Any) -> Any:
    """`monday-friday`, `weekend`, `monday, wednesday` or a list of such."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        return value
    found: list[Any] = []
    names: list[str] = list(WEEKDAYS)
    for part in parts:
        text = " ".join(part.lower().split()) if isinstance(part, str) else part
        words = text.partition("-") if isinstance(text, str) else ("", "", "")
        first, dash, last = (whole_weekday(word.strip()) for word in words)
        if text in _GROUPS:
            found += _GROUPS[text]
        elif dash and first in WEEKDAYS and last in WEEKDAYS:
            low, high = names.index(first), names.index(last)
            found += [WEEKDAYS[n % 7] for n in range(low, high + 1 if low <= high else high + 8)]
        else:
            found.append(whole_weekday(text) if isinstance(text, str) else text)
    return list(dict.fromkeys(found))


TimeOfWeek = Annotated[
    WeekTime,
    PlainValidator(_week_time),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["08:00", "friday 18:00", "24:00"]}),
]
Days = Annotated[list[Weekday], BeforeValidator(_days, json_schema_input_type=str | list[str]), Field(min_length=1)]


class Restriction(Written):
    """A part of the week in which a layer counts, on its wall clock.

    Either from one time of day to another on certain days, or from a time of the week to another.
    """

    days: Days = Field(default_factory=lambda: list(WEEKDAYS))
    """On which it begins: `monday-friday`, `weekend` or a list; every day without it."""
    from_: TimeOfWeek = Field(WeekTime(None, timedelta(0)), alias="from")
    """When it begins: `09:00`, or `friday 18:00`."""
    until: TimeOfWeek = WeekTime(None, _DAY)
    """When it ends; not later than `from` means the day after, and belongs to the day it begins on."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Restriction:
        if bool(self.from_.weekday) != bool(self.until.weekday):
            raise ValueError("one of from and until names a weekday; name one in both, or in none and use days")
        if self.from_.weekday and "days" in self.model_fields_set and self.days != list(WEEKDAYS):
            raise ValueError("from and until name weekdays and days does too; write one of both")
        if self.from_.at == _DAY:
            raise ValueError("from is 24:00; write 00:00 of the day after")
        return self

    def parts(self) -> Iterator[tuple[timedelta, timedelta]]:
        """The parts of a week, since its Monday's midnight; an end may lie in the week after."""
        if self.from_.weekday and self.until.weekday:
            begin = WEEKDAYS.index(self.from_.weekday) * _DAY + self.from_.at
            end = WEEKDAYS.index(self.until.weekday) * _DAY + self.until.at
            yield begin, end if begin < end else end + _WEEK
            return
        for day in self.days:
            begin, end = (WEEKDAYS.index(day) * _DAY + clock for clock in (self.from_.at, self.until.at))
            yield begin, end if begin < end else end + _DAY


class Layer(Written):
    """Rotations that count together; where a layer has nobody, the one below it is asked."""

    name: Identifier
    """What it is called: `primary`, `nights`."""
    rotation: Rotation | None = None
    """Who takes turns."""
    rotations: list[Rotation] = Field(default_factory=list)
    """Instead of `rotation`: several, whose members are on duty together."""
    restrictions: list[Restriction] = Field(default_factory=list)
    """When the layer counts; always, without any."""
    zone: Zone | None = None
    """The zone by whose wall clock this layer goes; that of the schedule without it."""
    free_on_holidays: bool = False
    """Pass over members on public holidays of their own `place`, as if they were away."""

    @model_validator(mode="after")
    def _has_rotations(self) -> Layer:
        if (self.rotation is None) == (not self.rotations):
            raise ValueError("a layer has a rotation, or a list of rotations; write one of them")
        names = [rotation_name(self, n) for n in range(len(self.all_rotations))]
        if twice := [name for n, name in enumerate(names) if name in names[:n]]:
            raise ValueError(f"two rotations of the layer are called {twice[0]}; give each a name of its own")
        return self

    @property
    def all_rotations(self) -> list[Rotation]:
        """The rotations, however written."""
        return self.rotations if self.rotation is None else [self.rotation]

    def members(self) -> list[str]:
        """Everybody who takes turns in it, each once."""
        return list(dict.fromkeys(one for rotation in self.all_rotations for turn in rotation.turns for one in turn))


def rotation_name(layer: Layer, position: int) -> str:
    """What a rotation of a layer is known by: its name, else its place."""
    return layer.all_rotations[position].name or str(position + 1)


class Feed(Written):
    """An iCalendar feed that says who is on duty."""

    url: str = Field(min_length=1, max_length=2048)
    """Where it is: a web address, or a file beside `escalade.yaml`."""
    refresh: Duration = timedelta(minutes=15)
    """How often it is read again."""
    names: dict[str, Identifier] = Field(default_factory=dict)
    """Names in the feed that are no id, login or name of people.yaml, and who they are."""


class HandoffNotices(Written):
    """`handoff:` of a schedule: both sides are told when duty changes hands, with the open tickets."""

    ahead: Duration | None = timedelta(hours=1)
    """So long before the change; not ahead with `null`."""
    at_change: bool = True
    """Also at the change itself."""

    @field_validator("ahead")
    @classmethod
    def _bounded(cls, value: timedelta | None) -> timedelta | None:
        if value is not None and not timedelta(minutes=1) <= value <= timedelta(days=14):
            raise ValueError(f"ahead is out of bounds: {format_duration(value)}; give 1m to 14d")
        return value


_ONLY: Final = Layer.model_construct(name=ONLY_LAYER)
"""The layer of a schedule written without; copied, since to make one takes as long as asking a whole roster."""


class Schedule(Written):
    """Who is on duty when."""

    name: str = Field("", max_length=128)
    """What people call it."""
    zone: Zone
    """The time zone by whose wall clock turns change."""
    rotation: Rotation | None = None
    """Who takes turns, where one rotation is all there is."""
    layers: list[Layer] = Field(default_factory=list)
    """Highest first: of those that count at an instant, the first that has somebody decides."""
    feed: Feed | None = None
    """Who is on duty is said by a calendar elsewhere."""
    handoff: HandoffNotices | None = None
    """Who comes and who goes are told of it; nobody is told without it."""
    owner: Identifier | None = None
    """The person told about its gaps, before they come."""
    gaps: Literal["told", "meant"] = "told"
    """Whether times with nobody on duty are told as mistakes, or meant."""

    @model_validator(mode="after")
    def _says_who(self, info: ValidationInfo) -> Schedule:
        if [self.rotation is not None, bool(self.layers), self.feed is not None].count(True) != 1:
            raise ValueError("a schedule has a rotation, or layers, or a feed; write one of them")
        names = [layer.name for layer in self.layers]
        if twice := [name for n, name in enumerate(names) if name in names[:n]]:
            raise ValueError(f"two layers are called {twice[0]!r}; give each a name of its own")
        for layer in () if is_kept(info) else self.stack():
            for rotation in layer.all_rotations:
                if rotation.needs_zone:
                    rotation.check_validity(ZoneInfo(layer.zone or self.zone))
        return self

    @property
    def tzinfo(self) -> ZoneInfo:
        """The zone as a tzinfo."""
        return ZoneInfo(self.zone)

    def stack(self) -> list[Layer]:
        """The layers, highest first; one for a schedule written without."""
        if self.rotation is None:
            return self.layers
        # Not validated, which would judge the rotation again: it may be one that was kept.
        return [_ONLY.model_copy(update={"rotation": self.rotation})]

    def members(self) -> list[str]:
        """Everybody who takes turns, each once."""
        return list(dict.fromkeys(person for layer in self.stack() for person in layer.members()))

    def others(self, person: str) -> list[str]:
        """Who else takes turns, nearest first: their own layer after them, the layers below, the layers above."""
        layers = [layer.members() for layer in self.stack()]
        own = next((n for n, members in enumerate(layers) if person in members), -1)
        if own >= 0:
            after = layers[own].index(person) + 1
            layers[own] = layers[own][after:] + layers[own][:after]
            layers = [layers[own], *layers[own + 1 :], *layers[:own]]
        return list(dict.fromkeys(other for members in layers for other in members if other != person))

    @property
    def always_covered(self) -> bool:
        """Whether some layer has somebody at every instant, if nobody is away."""
        return any(
            not layer.restrictions
            and not layer.free_on_holidays
            and any(r.lasts is None and r.from_ is None and r.until is None for r in layer.all_rotations)
            for layer in self.stack()
        )


def _is_left_out(local: datetime, zone: ZoneInfo) -> bool:
    """Whether the day of a local time was left out on the wall clock of its zone, as Apia did with 2011-12-30."""
    midnight = datetime.combine(local.date(), time(0))
    return at_wall_clock(midnight, zone) == at_wall_clock(midnight + _DAY, zone)


def open_parts(
    restrictions: list[Restriction], zone: ZoneInfo, since: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """When a layer counts, around [since, until): instants in UTC, merged, in order.

    Args:
        restrictions: at least one.
        zone: of the layer.
        since: the first instant of interest.
        until: the first one of no interest any more.
    """
    week = since.astimezone(zone).replace(tzinfo=None)
    monday = datetime.combine(week.date(), time(0)) - timedelta(days=week.weekday()) - _WEEK
    last = until.astimezone(zone).replace(tzinfo=None)
    found: list[tuple[datetime, datetime]] = []
    parts = sorted({(*part, one.from_.weekday is None) for one in restrictions for part in one.parts()})
    while monday <= last:
        for begin, end, daily in parts:
            start, stop = at_wall_clock(monday + begin, zone), at_wall_clock(monday + end, zone)
            # The hours of a day belong to it: what would begin on a day that the zone left out never does.
            if start < stop and not (daily and _is_left_out(monday + begin, zone)):
                found.append((start, stop))
        monday += _WEEK
    merged: list[tuple[datetime, datetime]] = []
    for start, stop in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], stop))
        else:
            merged.append((start, stop))
    return [(start, stop) for start, stop in merged if stop > since and start < until]
