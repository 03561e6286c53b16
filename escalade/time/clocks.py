"""Clocks as arithmetic: from a start, a budget and pauses to what is due when, and how much is used.

A clock counts open time outside its pauses. Everything is derived from what is given here; nothing is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Final, NamedTuple

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from escalade.errors import DurationError
from escalade.time.budgets import Budget, parse_budget
from escalade.time.open_time import ALWAYS, Boundary, OpenTime
from escalade.time.segments import instant, microseconds

_PERCENT = re.compile(r"\s*\+?(\d{1,6}(?:\.\d{1,9})?)\s*%\s*")
_LIKE: Final = "Write it like 75%, -8h (before the due) or +3bd (after it)."


class Pause(NamedTuple):
    """A time in which the clock stands still; one that ends before it begins is none."""

    start: datetime
    end: datetime | None = None
    """None while it lasts."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A point on the scale of a clock: a share of its budget, or an offset from its due."""

    percent: Fraction | None = None
    offset: Budget | None = None

    def __str__(self) -> str:
        if self.percent is not None:
            digits = f"{float(self.percent):.9f}".rstrip("0").rstrip(".")
            return f"{digits}%"
        return f"{'' if self.offset is not None and self.offset.negative else '+'}{self.offset}"

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            parse_threshold, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": ["string", "number"], "examples": [75, "75%", "-8h", "+3bd"]}


def parse_threshold(value: object) -> Threshold:
    """Read a threshold: `75%` or the number 75, `-8h`, `+3bd`.

    Raises:
        DurationError: for anything else.
    """
    if isinstance(value, Threshold):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100_000:
        return Threshold(percent=Fraction(str(value)))
    if isinstance(value, str) and (found := _PERCENT.fullmatch(value)):
        return Threshold(percent=Fraction(found[1]))
    if not isinstance(value, str) or value.strip()[:1] not in ("+", "-", "−"):
        raise DurationError(f"{value!r:.80} is no threshold.", mend=_LIKE)
    if value.rstrip().endswith("%"):
        raise DurationError(f"{value!r:.80} is no threshold.", mend=_LIKE)
    try:
        return Threshold(offset=parse_budget(value))
    except DurationError as wrong:
        # One that is only too long is written well.
        raise DurationError(wrong.message, mend=wrong.mend if "is not a" not in wrong.message else _LIKE) from None


class Clock:
    """One clock, worked out."""

    def __init__(
        self,
        time: OpenTime = ALWAYS,
        *,
        start: datetime,
        budget: Budget,
        pauses: Iterable[Pause] = (),
        now: datetime | None = None,
        boundary: Boundary = "at_close",
        end_of_day: bool = False,
    ) -> None:
        """Work a clock out.

        Args:
            time: the calendar it counts in (`escalade.time.business.open_time`).
            start: when it began; from closed time it counts from the next opening.
            budget: what it may use. Business days are turned into open time here, once, without pauses.
            pauses: in any order; they may overlap, touch, be empty or lie outside of the clock's time.
            now: where a pause that has no end is taken to end; without it, such a pause counts as none.
            boundary: where a budget is due that runs out exactly at a close.
            end_of_day: a budget of business days is due at the last close of its day.

        Raises:
            HorizonError: when something lies outside of the calendar's horizon.
        """
        self.time = time
        self.start = start
        self.budget = budget
        self.pauses = tuple(pauses)
        self.now = now
        self.boundary: Boundary = boundary
        self.end_of_day = end_of_day
        self._begin = time.within(start)
        self._origin = time.position(self._begin)
        self._pauses = self._merged()
        self._unpaused = self._without_pauses()
        self.total = time.position(self._unpaused) - self._origin
        """The budget in open microseconds; exact, and negative when it walks back."""
        self._due = self._pushed()

    @property
    def due(self) -> datetime:
        """When the budget is used up."""
        return instant(self._due)

    @property
    def seconds(self) -> Fraction:
        """The budget as seconds of open time."""
        return Fraction(self.total, 1_000_000)

    @property
    def pushed(self) -> bool:
        """Whether pauses moved what is due."""
        return self._due != self._unpaused

    @property
    def paused(self) -> bool:
        """Whether it stands still now: one of the pauses has no end."""
        return any(pause.end is None for pause in self.pauses)

    def consumed(self, at: datetime) -> timedelta:
        """The open time outside pauses from the start until an instant."""
        here = self.time.position(self.time.within(at))
        used = here - self._origin
        for first, last in self._pauses:
            if first >= here:
                break
            used -= min(last, here) - first
        return timedelta(microseconds=max(used, 0))

    def remaining(self, at: datetime) -> timedelta:
        """What is left of the budget at an instant; negative when more was used."""
        return timedelta(microseconds=self.total) - self.consumed(at)

    def met(self, stop: datetime) -> bool:
        """Whether it was stopped in time: the stopping instant decides, whoever looked when (decision 26)."""
        return microseconds(stop) <= self._due

    def at(self, threshold: Threshold) -> datetime:
        """When a threshold is reached: a point on the same scale as the due, pauses included.

        Offsets in business days step from the due (decision 30).
        """
        return instant(self._threshold(threshold))

    def _threshold(self, threshold: Threshold) -> int:
        if threshold.percent is not None:
            exact = self.total * threshold.percent / 100
            return self._moment(exact.numerator // exact.denominator)
        offset = threshold.offset or Budget()
        length = offset.time // timedelta(microseconds=1)
        if not offset.days:
            return self._moment(self.total + length)
        there = self.time.step(self._due, offset.days, self.boundary)
        if length:
            there = self.time.point(self.time.position(there) + length, self._bound(length))
        return there

    def _without_pauses(self) -> int:
        """Where the budget ends when nothing pauses it."""
        there = self._begin
        length = self.budget.time // timedelta(microseconds=1)
        if self.budget.days:
            there = self.time.step(there, self.budget.days, self.boundary)
        if length:
            there = self.time.point(self.time.position(there) + length, self._bound(length))
        elif not self.budget.days:
            there = self._counted_from()
        if self.end_of_day and self.budget.day_unit:
            there = self.time.end_of_day_at(there)
        return there

    def _pushed(self) -> int:
        """Where it ends with the pauses: they push it in open time, and nothing is rounded again."""
        position = self._origin + self.total
        pushed = self._beyond_pauses(position)
        return self._unpaused if pushed == position else self.time.point(pushed, self._bound(self.total))

    def _moment(self, elapsed: int) -> int:
        """The instant at which so much is used."""
        if elapsed == self.total:
            return self._due
        if elapsed == 0:
            return self._counted_from()
        return self.time.point(self._beyond_pauses(self._origin + elapsed), self._bound(elapsed))

    def _counted_from(self) -> int:
        """Where counting begins: from closed time at the next opening, and going back at the last close."""
        if self.budget.negative:
            return self.time.last_closing_at(self._begin)
        return self.time.next_opening_at(self._begin)

    def _bound(self, length: int) -> Boundary:
        return self.boundary if length > 0 else "next_open"

    def _beyond_pauses(self, position: int) -> int:
        """A position pushed away from the start by the pauses on the way; none is on the way to the start itself."""
        if position == self._origin:
            return position
        if position > self._origin:
            for first, last in self._pauses:
                if first >= position:
                    break
                position += max(last - max(first, self._origin), 0)
            return position
        for first, last in reversed(self._pauses):
            if last <= position:
                break
            if first < self._origin:
                position -= min(last, self._origin) - first
        return position

    def _merged(self) -> list[tuple[int, int]]:
        """The pauses as positions of open time: in order, disjoint, none empty, cut at the start."""
        begin = None if self.budget.negative else self._begin
        spans = []
        for start, end in self.pauses:
            stop = end or self.now
            if stop is None:
                continue
            first, last = microseconds(start), microseconds(stop)
            if begin is not None and first < begin:
                first = begin
            if first < last:
                spans.append((first, last))
        spans.sort()
        merged: list[int] = []
        for first, last in spans:
            if merged and first <= merged[-1]:
                merged[-1] = max(last, merged[-1])
            else:
                merged += (first, last)
        positions = self.time.positions(merged)
        return [pair for pair in zip(positions[::2], positions[1::2], strict=True) if pair[0] < pair[1]]
