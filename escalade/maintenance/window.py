"""Maintenance windows as people make them, once or recurring, and when they are open.

Both ends of a recurring window are times on the wall clock of its zone: 01:00 to 04:00 is that on the night of a
clock change too, an hour shorter or longer. An end that does not exist is the first instant after the gap.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from escalade.maintenance.pinned import PinnedWindow, Span
from escalade.maintenance.rule import check_rule, openings
from escalade.policy.model import Match
from escalade.policy.route import matches
from escalade.record import canonical
from escalade.ticket import Severity, Ticket
from escalade.time.durations import Duration
from escalade.time.instants import Instant
from escalade.time.zones import Zone, at_wall_clock
from escalade.written import Identifier, Written, is_kept

LONGEST: Final = timedelta(days=31)
"""What one opening of a window may last."""
PINNED: Final = 20
"""So many openings of a window a ticket keeps; it asks again when the last of them begins."""
CANARY: Final = "escalade-canary"
"""The source of tickets that prove that the engine works: only a window that names it silences them."""


def _moment(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, datetime.min.time())
    if not isinstance(value, str | datetime | None):
        # Pydantic would read a number as seconds since 1970.
        raise ValueError("it is no date and time; write it like 2026-03-01T02:00")  # noqa: TRY004 - pydantic wants it
    return value


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "examples": ["2026-03-01T02:00", "2026-03-01T02:00+01:00"]}),
]
"""A date and time: on the wall clock of the zone, or an instant with its offset."""


def _at_once(wrong: Iterable[tuple[str, str]]) -> str:
    """One sentence after the other, and then how to mend each."""
    told = (". ".join(part[:1].upper() + part[1:] for part in parts) for parts in zip(*wrong, strict=True))
    return "; ".join(told)


class WindowSpec(Written):
    """A maintenance window: which tickets it concerns, and when it is open."""

    title: str = Field("", max_length=200)
    """What it is, in a few words: "database upgrade"."""
    match: list[Match] = Field(default_factory=list)
    """Which tickets: any of these."""
    everything: bool = False
    """Every ticket, instead of `match`."""
    except_severity: list[Severity] = Field(default_factory=list)
    """Tickets of these severities are paged all the same."""
    zone: Zone = "UTC"
    """The zone by whose wall clock times are meant that name no offset."""
    start: Moment
    """When it opens, or first opens: `2026-03-01T02:00`."""
    end: Moment | None = None
    """When it closes; or `lasts`."""
    lasts: Duration | None = None
    """How long it is open; or `end`."""
    recurrence: str = Field("", max_length=500)
    """When it opens again: an RRULE of RFC 5545, daily at most, like `FREQ=WEEKLY;BYDAY=SU`. Once without it."""
    reason: str = Field("", max_length=1000)
    """Why, for the timelines of the tickets."""

    @field_validator("match", mode="before", json_schema_input_type=Match | list[Match])
    @classmethod
    def _match_listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict | Match) else value

    @field_validator("except_severity", mode="before", json_schema_input_type=Severity | list[Severity])
    @classmethod
    def _severities_listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("recurrence")
    @classmethod
    def _readable_rule(cls, value: str, info: ValidationInfo) -> str:
        text = value.strip().upper().removeprefix("RRULE:")
        if text and not is_kept(info):
            check_rule(text)
        return text

    @model_validator(mode="after")
    def _opens_well(self, info: ValidationInfo) -> Self:
        if is_kept(info):
            self._check_readable()
        elif wrong := list(self._wrong_openings()):
            raise ValueError(_at_once([*self._wrong_by_itself(), *wrong]))
        return self

    @model_validator(mode="after")
    def _makes_sense(self, info: ValidationInfo) -> Self:
        # Apart from the other, which looks at the rule: this is told of a window whose rule cannot be read, too.
        if not is_kept(info) and (wrong := list(self._wrong_by_itself())):
            raise ValueError(_at_once(wrong))
        return self

    def _check_readable(self) -> None:
        """Find out what cannot be read here, and not when a ticket asks when it is open."""
        if self.end is None and self.lasts is None:
            raise ValueError("it has no end")
        try:
            for local in self._openings(None, most=1):
                at_wall_clock(local + self.length, ZoneInfo(self.zone))
        except OverflowError:
            raise ValueError("it is past the end of the calendar") from None

    def _wrong_by_itself(self) -> Iterator[tuple[str, str]]:
        """What is wrong with it whatever its rule says, and how to mend it."""
        yield from self._wrong_match()
        yield from self._wrong_length()

    def _wrong_length(self) -> Iterator[tuple[str, str]]:
        if (self.end is None) is (self.lasts is None):
            yield "it has no end" if self.end is None else "it has `end` and `lasts`", "give `end` or `lasts`"
        elif self.length <= timedelta(0):
            yield "it ends before it begins, or with it", "give a later end"
        elif self.length > LONGEST:
            yield f"it is open for more than {LONGEST.days} days at a time", "write a shorter one"

    def _wrong_openings(self) -> Iterator[tuple[str, str]]:
        """What is wrong with when it opens; nothing is said of it while its length is wrong."""
        if any(self._wrong_length()):
            return
        first = list(self._openings(None, most=6))
        if not first:
            yield "it never opens: its rule has no date on or after `start`", "change the rule, or leave it out"
        elif any(later - earlier < self.length for earlier, later in itertools.pairwise(first)):
            yield "it opens again before it has closed", "write a shorter one, or a rarer rule"
        elif not self._opens_at_all():
            yield "it lies in an hour that the clocks skip, so it is never open", "give a later end"

    def _wrong_match(self) -> Iterator[tuple[str, str]]:
        if self.everything is bool(self.match):
            both = "it says `everything` and `match`"
            yield (
                both if self.everything else "it does not say which tickets",
                "give `match`, or `everything: true`, and not both",
            )
        if any(not part.model_fields_set for part in self.match):
            yield "a condition of `match` is empty and would take every ticket", "say `everything: true`"
        for part in self.match:
            lists = {"service": part.service, "source": part.source, "customer_tier": part.customer_tier, **part.labels}
            for name in (name for name, values in lists.items() if any(not value.strip() for value in values)):
                yield f"`{name}` of `match` has an empty value, which no ticket has", "write the value, or leave it out"
        wanted = {severity for part in self.match for severity in part.severity or Severity}
        if (self.everything or self.match) and not (wanted or set(Severity)) - set(self.except_severity):
            yield "it covers no ticket: `except_severity` names every severity it is for", "leave one of them out"

    def _opens_at_all(self) -> bool:
        zone = ZoneInfo(self.zone)
        if not self.recurrence and self.start.tzinfo is not None:
            return True
        starts = self._openings(None, most=6)
        return any(at_wall_clock(local, zone) < at_wall_clock(local + self.length, zone) for local in starts)

    @property
    def local_start(self) -> datetime:
        """The first opening on the wall clock of the zone."""
        return self._local(self.start)

    @property
    def first_opening(self) -> datetime:
        """An instant at which it first opens, or a little before."""
        return at_wall_clock(self.local_start, ZoneInfo(self.zone))

    @property
    def length(self) -> timedelta:
        """How long it is open, on the wall clock of the zone."""
        if self.lasts is not None:
            return self.lasts
        assert self.end is not None
        return self._local(self.end) - self.local_start

    def _local(self, moment: datetime) -> datetime:
        return moment if moment.tzinfo is None else moment.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)

    def _openings(self, after: datetime | None, *, most: int) -> Iterator[datetime]:
        """Openings on the wall clock, from the first that begins at or after a local time."""
        start = self.local_start
        if not self.recurrence:
            if after is None or start >= after:
                yield start
            return
        yield from openings(self.recurrence, start, self._local, after=after, most=most)

    def spans(self, since: datetime, *, most: int = PINNED) -> tuple[list[Span], bool]:
        """When it is open from an instant on.

        Args:
            since: what is over by then is left out.
            most: so many at most.

        Returns:
            The times in order, and whether it opens again after the last of them.
        """
        zone = ZoneInfo(self.zone)
        if not self.recurrence and self.start.tzinfo is not None:
            start = self.start.astimezone(UTC)
            end = start + self.lasts if self.lasts is not None else self._instant(self.end, zone)
            return ([Span(start=start, end=end)] if end > since else []), False
        # A day's margin for clock changes; what is over is sorted out below.
        earliest = since.astimezone(zone).replace(tzinfo=None) - self.length - timedelta(days=1)
        found: list[Span] = []
        for local in self._openings(earliest, most=most + 10):
            start, end = at_wall_clock(local, zone), at_wall_clock(local + self.length, zone)
            if len(found) == most:
                return found, True
            if end > max(since, start):
                found.append(Span(start=start, end=end))
        return found, False

    def _instant(self, moment: datetime | None, zone: ZoneInfo) -> datetime:
        assert moment is not None
        return moment.astimezone(UTC) if moment.tzinfo is not None else at_wall_clock(moment, zone)

    def severities(self, ticket: Ticket) -> tuple[Severity, ...]:
        """Which severities of a ticket it would cover, whatever the ticket's severity is now; none: not this ticket."""
        if self.everything:
            wanted = [] if ticket.source == CANARY else list(Severity)
        else:
            wanted = [
                severity
                for severity in Severity
                if any(matches(part, ticket.model_copy(update={"severity": severity})) for part in self.match)
            ]
        return tuple(severity for severity in wanted if severity not in self.except_severity)


class MaintenanceWindow(BaseModel):
    """A window in force: where it comes from, and what was done to it since."""

    model_config = ConfigDict(frozen=True)

    id: Identifier
    spec: WindowSpec
    source: Literal["configuration", "command"]
    made_at: Instant | None = None
    by: str = ""
    """Who made it, by command."""
    ended: tuple[Instant, ...] = ()
    """When somebody ended an opening of it early."""

    @property
    def version(self) -> str:
        """The same for the same window, as long as nothing is done to it."""
        said = {"spec": self.spec.model_dump(mode="json"), "ended": [at.isoformat() for at in self.ended]}
        return hashlib.sha256(canonical(said)).hexdigest()[:12]

    def spans(self, since: datetime, *, most: int = PINNED) -> tuple[list[Span], bool]:
        """When it is open from an instant on, what was ended early taken into account; as `WindowSpec.spans`."""
        spans, more = self.spec.spans(since, most=most)
        return [cut for span in spans if (cut := self._cut(span)).end > max(since, cut.start)], more

    def _cut(self, span: Span) -> Span:
        early = [at for at in self.ended if span.start <= at < span.end]
        return span if not early else Span(start=span.start, end=min(early))

    def is_over(self, at: datetime) -> bool:
        """Whether it is not open at an instant and never will be again."""
        spans, more = self.spans(at, most=1)
        return not spans and not more

    def pinned(self, ticket: Ticket, at: datetime) -> PinnedWindow | None:
        """What a ticket keeps of it from an instant on; None when it does not concern the ticket, or is over."""
        severities = self.spec.severities(ticket)
        if not severities:
            return None
        spans, more = self.spans(at)
        if not spans and not more:
            return None
        return PinnedWindow(
            id=self.id,
            title=self.spec.title,
            reason=self.spec.reason,
            version=self.version,
            severities=severities,
            spans=tuple(spans),
            more=more,
        )


def pinned_windows(windows: Iterable[MaintenanceWindow], ticket: Ticket, at: datetime) -> list[PinnedWindow]:
    """What a ticket keeps of the windows in force, by id."""
    found = (window.pinned(ticket, at) for window in windows)
    return sorted((window for window in found if window is not None), key=lambda window: window.id)
