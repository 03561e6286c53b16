"""Recurrence rules (RFC 5545) as an endless, numbered row of wall-clock times, before their start too."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Self

from dateutil.relativedelta import relativedelta
from dateutil.rrule import rrulestr

_FREQUENCIES: Final = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
PARTS: Final = (
    "FREQ",
    "INTERVAL",
    "BYMONTH",
    "BYWEEKNO",
    "BYYEARDAY",
    "BYMONTHDAY",
    "BYDAY",
    "BYHOUR",
    "BYMINUTE",
    "BYSETPOS",
    "WKST",
)
"""What a rule that goes on for ever is written with (RFC 5545, 3.3.10)."""
_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FORMS: Final = {
    "BYDAY": "write days like MO,TH, or 1MO and -1FR in a month",
    "BYMONTH": "write months from 1 to 12",
    "BYMONTHDAY": "write days from 1 to 31, or from the end: -1",
    "BYHOUR": "write hours from 0 to 23",
    "BYMINUTE": "write minutes from 0 to 59",
    "WKST": "write a day like MO",
    "UNTIL": "write an instant like 20270101T000000Z",
    "COUNT": "write a number from 1",
    "INTERVAL": "write a number from 1 to 1000",
}
"""How parts of a rule are written."""
_SPARSE: Final = timedelta(days=5 * 366)
"""A rule that does not happen within this is no rotation."""
MOST_INTERVAL: Final = 1000
"""The rarest rule happens each time so many hours, days, weeks, months or years are over."""
_LONGEST_MONTHS: Final = {month: 29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31 for month in range(1, 13)}
_CHUNK: Final = timedelta(days=400)


class Recurrence:
    """The times at which a rule happens, numbered: 0 is the last one at or before the anchor.

    The row is made as far as it is asked for, and kept.
    """

    def __init__(self, text: str, anchor: datetime) -> None:
        """Keep the rule; use `read`, which checks and shares it.

        Raises:
            ValueError: with what is wrong, when it is no rule that a rotation can follow.
        """
        self._anchor = anchor
        self._parts = _complete(_read_parts(text), anchor)
        self._low = self._high = anchor
        self._times: list[datetime] = []
        self._before = 0
        """How many of the times are before the anchor."""
        if not self._between(anchor, anchor + _SPARSE):
            raise ValueError(f"{text!r} does not happen within five years of its start")
        self._cover(anchor - _CHUNK, anchor + _CHUNK)

    @classmethod
    @functools.lru_cache(maxsize=512)
    def read(cls, text: str, anchor: datetime) -> Self:
        """The row of a rule, shared by all who ask for it.

        Args:
            text: `FREQ=…;BYDAY=…`, without DTSTART, COUNT and UNTIL.
            anchor: naive local time from which intervals count.

        Raises:
            ValueError: with what is wrong and what is allowed.
        """
        return cls(text, anchor)

    def near(self, local: datetime) -> int:
        """The number of the last time at or before a local time."""
        reach = _CHUNK
        while not self._times or self._times[0] > local or self._times[-1] <= local:
            self._cover(local - reach, local + reach)
            reach *= 2
        zero = bisect.bisect_right(self._times, self._anchor) - 1
        return bisect.bisect_right(self._times, local) - 1 - zero

    def start(self, number: int) -> datetime:
        """The time of a number."""
        reach = _CHUNK
        while True:
            zero = bisect.bisect_right(self._times, self._anchor) - 1
            if zero >= 0 and 0 <= zero + number < len(self._times):
                return self._times[zero + number]
            if zero < 0 or number < 0:
                self._cover(self._low - reach, self._high)
            else:
                self._cover(self._low, self._high + reach)
            reach *= 2

    def _cover(self, low: datetime, high: datetime) -> None:
        if low < self._low:
            self._times[:0] = self._between(low, self._low)
            self._low = low
        if high > self._high:
            self._times += self._between(self._high, high)
            self._high = high

    def _between(self, low: datetime, high: datetime) -> list[datetime]:
        """Every time from `low` (included) to `high` (excluded)."""
        start = self._aligned(low)
        text = ";".join(f"{key}={value}" for key, value in self._parts.items())
        rule = rrulestr(f"{text};UNTIL={high:%Y%m%dT%H%M%S}", dtstart=start)
        return [time for time in rule if low <= time < high]

    def _aligned(self, low: datetime) -> datetime:
        """A start of the rule at or before `low` from which its intervals count as from the anchor."""
        interval = int(self._parts.get("INTERVAL", "1"))
        anchor = self._anchor
        if self._parts["FREQ"] in ("MONTHLY", "YEARLY"):
            step = interval * (12 if self._parts["FREQ"] == "YEARLY" else 1)
            months = (low.year - anchor.year) * 12 + low.month - anchor.month
            # The day may not exist in that month; which day is meant is in the rule's own parts.
            first = anchor.replace(day=1, hour=0, minute=0)
            return first + relativedelta(months=(months // step - 1) * step)
        hours = {"HOURLY": 1, "DAILY": 24, "WEEKLY": 168}[self._parts["FREQ"]]
        step_length = timedelta(hours=hours * interval)
        return anchor + ((low - anchor) // step_length - 1) * step_length


def check_rule(text: str) -> None:
    """Look at a rule by itself, whatever it starts from.

    Raises:
        ValueError: with what is wrong and what is allowed.
    """
    _complete(_read_parts(text), datetime(2026, 1, 5, 9))  # noqa: DTZ001 - a wall clock


def _read_parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").split(";"):
        key, equals, value = part.partition("=")
        if not equals or not value or key in parts:
            raise ValueError(f"{part[:40]!r} is no part of a recurrence rule; write it like FREQ=WEEKLY;BYDAY=MO,TH")
        parts[key] = value
    for ends in ("COUNT", "UNTIL"):
        if ends in parts:
            raise ValueError(f"{ends} ends the rule; write `until:` beside it instead")
    if unknown := [key for key in parts if key not in PARTS]:
        raise ValueError(f"{', '.join(unknown)} is not read in a recurrence rule; allowed are {', '.join(PARTS)}")
    if parts.get("FREQ") not in _FREQUENCIES:
        raise ValueError(f"the rule names no FREQ that is read; write one of {', '.join(_FREQUENCIES)}")
    interval = parts.get("INTERVAL", "1")
    if not interval.isascii() or not interval.isdigit() or not 1 <= int(interval) <= MOST_INTERVAL:
        raise ValueError(f"INTERVAL={interval[:20]} is none; write a number from 1 to {MOST_INTERVAL}")
    if _never(parts):
        raise ValueError("there is no such day in any of these months; mend BYMONTH or BYMONTHDAY")
    return parts


def _never(parts: dict[str, str]) -> bool:
    """Whether no month has such a day: such a rule would be searched for until the end of time."""
    try:
        months = [int(month) for month in parts["BYMONTH"].split(",")]
        days = [abs(int(day)) for day in parts["BYMONTHDAY"].split(",")]
    except (KeyError, ValueError):
        return False
    return not any(day <= _LONGEST_MONTHS.get(month, 0) for month in months for day in days)


def _complete(parts: dict[str, str], anchor: datetime) -> dict[str, str]:
    """The rule with what RFC 5545 takes from its start written out, so that it can be begun elsewhere."""
    whole = dict(parts)
    days = ("BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO")
    frequency = parts["FREQ"]
    if not any(day in parts for day in days):
        if frequency == "WEEKLY":
            whole["BYDAY"] = _DAYS[anchor.weekday()]
        if frequency in ("MONTHLY", "YEARLY"):
            whole["BYMONTHDAY"] = str(anchor.day)
        if frequency == "YEARLY" and "BYMONTH" not in parts:
            whole["BYMONTH"] = str(anchor.month)
    if frequency != "HOURLY":
        whole.setdefault("BYHOUR", str(anchor.hour))
    whole.setdefault("BYMINUTE", str(anchor.minute))
    whole["BYSECOND"] = str(anchor.second)
    try:
        rrulestr(";".join(f"{key}={value}" for key, value in whole.items()), dtstart=anchor)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise ValueError(unreadable(parts)) from None
    return whole


def unreadable(parts: Mapping[str, str]) -> str:
    """What is wrong with a rule that the library refuses: its own words speak of its own parameters."""
    rule = {"FREQ": parts.get("FREQ", "DAILY")}
    for key, value in parts.items():
        try:
            rrulestr(";".join(f"{name}={said}" for name, said in (rule | {key: value}).items()))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            return f"{key}={value[:40]} cannot be read in a recurrence rule; {FORMS.get(key, 'write whole numbers')}"
    return "this is no recurrence rule; write it like FREQ=WEEKLY;BYDAY=MO,TH"
