"""When a maintenance window opens again: a recurrence rule that may end, on the wall clock of its zone."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from dateutil.rrule import rrule, rrulestr

from escalade.people.recurrence import FORMS, MOST_INTERVAL, PARTS, unreadable

FOREVER: Final = timedelta(days=60 * 366)
"""Where a rule without an end is given one: one that never applies is to be found out soon."""

_LAST_YEAR: Final = 9900
"""From here on forever would be past the end of the calendar."""
_FREQUENCIES: Final = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
_PARTS: Final = (*PARTS, "COUNT", "UNTIL")
_FREQUENCY: Final = re.compile(r"FREQ=([A-Z]+)")
_UNTIL: Final = re.compile(r"UNTIL=(\d{8}T\d{6})Z", re.IGNORECASE)
_BASIC: Final = "%Y%m%dT%H%M%S"
_MEND: Final = "write it like FREQ=WEEKLY;BYDAY=SU or FREQ=MONTHLY;BYDAY=1SA;COUNT=12"
_NO_FREQUENCY: Final = f"its rule names no FREQ of {', '.join(_FREQUENCIES)}; {_MEND}"


def check_rule(text: str) -> None:
    """Judge a rule that somebody writes; one that is kept is only read.

    Args:
        text: in capitals, without `RRULE:`.

    Raises:
        ValueError: with what is wrong with it, and what is allowed.
    """
    parts = _parts(text)
    if parts.get("FREQ") not in _FREQUENCIES:
        raise ValueError(_NO_FREQUENCY)
    if unknown := [key for key in parts if key not in _PARTS]:
        raise ValueError(f"{unknown[0][:40]!r} is no part of a rule that is read; allowed are {', '.join(_PARTS)}")
    if empty := [key for key, value in parts.items() if not value]:
        raise ValueError(f"{empty[0]} of its rule has no value; write it, or leave {empty[0]} out")
    for key, most in (("INTERVAL", MOST_INTERVAL), ("COUNT", None)):
        said = parts.get(key, "1")
        if not (said.isascii() and said.isdigit()) or int(said) < 1 or (most is not None and int(said) > most):
            raise ValueError(f"{key}={said[:20]} is none; {FORMS[key]}")
    _read(_UNTIL.sub(r"UNTIL=\1", text), datetime(2026, 1, 1))  # noqa: DTZ001 - a wall clock


def openings(
    text: str, start: datetime, local: Callable[[datetime], datetime], *, after: datetime | None, most: int
) -> Iterator[datetime]:
    """The openings of a rule, as naive wall-clock times.

    Args:
        text: in capitals, without `RRULE:`; its UNTIL is an instant.
        start: the first one, on the wall clock.
        local: puts an instant on that wall clock.
        after: from which time on, included; all when it is None.
        most: so many at most.

    Raises:
        ValueError: with what is wrong with the rule.
        OverflowError: when it leads past the end of the calendar.
    """

    def on_the_wall(until: re.Match[str]) -> str:
        return f"UNTIL={local(datetime.strptime(until[1], _BASIC).replace(tzinfo=UTC)).strftime(_BASIC)}"

    found = _read(_UNTIL.sub(on_the_wall, text), start)
    try:
        yield from found.xafter(after or start, count=most, inc=True)
    except Exception:
        # What it keeps stays locked by whoever failed to read on in it: the next reader would wait for ever.
        _read.cache_clear()
        raise


def _parts(text: str) -> dict[str, str]:
    return dict(part.partition("=")[::2] for part in text.split(";"))


@functools.lru_cache(maxsize=256)
def _read(text: str, start: datetime) -> rrule:
    """The rule; what it has found once is kept."""
    frequencies = _FREQUENCY.findall(text)
    if not frequencies or not set(frequencies) <= set(_FREQUENCIES):
        # By the minute, a rule would be searched for hours.
        raise ValueError(_NO_FREQUENCY)
    try:
        found = rrulestr(text, dtstart=start, cache=True)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        raise ValueError(unreadable(_parts(text))) from None
    if not isinstance(found, rrule):
        raise ValueError(f"it is more than one rule; {_MEND}")  # noqa: TRY004 - pydantic wants it
    ends = "UNTIL=" in text or "COUNT=" in text
    return found if ends or start.year > _LAST_YEAR else found.replace(until=start + FOREVER)
