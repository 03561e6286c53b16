"""Shifts as a picture: a row for each person, a column for each piece of time.

It is read without colours: what is full, partial, changed by hand or empty differs by its sign. Colours, where there
are any, only help to follow a row; they are those of Okabe and Ito, which everybody can tell apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

from escalade.people.duty import DutyShift, Gap
from escalade.time.zones import at_wall_clock

if TYPE_CHECKING:
    from rich.text import Text

COLOURS: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
_CELLS: Final = tuple(timedelta(minutes=m) for m in (5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440, 10080, 40320))
_LEAST: Final = 24
NOBODY: Final = "nobody"


class Signs(NamedTuple):
    """What a cell is drawn with."""

    whole: str
    part: str
    changed: str
    empty: str
    gap: str

    @property
    def legend(self) -> str:
        """What each means."""
        return (
            f"{self.whole} on duty  {self.part} a part of it  {self.changed} by override, swap or temporary schedule  "
            f"{self.gap} nobody"
        )


BLOCKS: Final = Signs("█", "▄", "▒", "·", "!")
LETTERS: Final = Signs("#", "+", "%", ".", "!")


class Grid(NamedTuple):
    """Pieces of time, each from one instant to the next, and the lines above them."""

    edges: list[datetime]
    heads: list[str]


def picture(
    shifts: Sequence[DutyShift],
    gaps: Sequence[Gap],
    *,
    since: datetime,
    until: datetime,
    zone: ZoneInfo,
    width: int,
    signs: Signs = BLOCKS,
) -> list[Text]:
    """The lines of a picture.

    Args:
        shifts: who is on duty.
        gaps: when nobody is.
        since: the left edge.
        until: the right edge.
        zone: by whose wall clock days begin.
        width: columns there are.
        signs: what to draw with.
    """
    from rich.text import Text

    people = list(dict.fromkeys(shift.person for shift in shifts))
    label = max(len(name) for name in [*people, NOBODY]) + 1
    grid = _grid(since, until, zone, max(width - label, _LEAST))
    lines = [Text(f"{'':{label}}{head}", style="quiet") for head in grid.heads]
    for n, person in enumerate(people):
        theirs = [shift for shift in shifts if shift.person == person]
        lines.append(Text(f"{person:{label}}") + Text(_row(theirs, grid, signs), style=COLOURS[n % len(COLOURS)]))
    if gaps:
        cells = "".join(signs.gap if _covered(gaps, cell) else signs.empty for cell in _cells(grid))
        lines.append(Text(f"{NOBODY:{label}}") + Text(cells, style="bad"))
    lines.append(Text(f"{'':{label}}{signs.legend}", style="quiet"))
    return lines


def _row(shifts: Sequence[DutyShift], grid: Grid, signs: Signs) -> str:
    row = ""
    for cell in _cells(grid):
        here = [shift for shift in shifts if shift.start < cell[1] and cell[0] < shift.end]
        if not here:
            row += signs.empty
        elif any(shift.change for shift in here):
            row += signs.changed
        else:
            row += signs.whole if _covered(here, cell) >= cell[1] - cell[0] else signs.part
    return row


def _cells(grid: Grid) -> list[tuple[datetime, datetime]]:
    return list(zip(grid.edges, grid.edges[1:], strict=False))


def _covered(spans: Sequence[DutyShift] | Sequence[Gap], cell: tuple[datetime, datetime]) -> timedelta:
    """How much of a cell the spans cover."""
    inside = (min(span.end, cell[1]) - max(span.start, cell[0]) for span in spans)
    return sum((length for length in inside if length > timedelta(0)), timedelta(0))


def _grid(since: datetime, until: datetime, zone: ZoneInfo, columns: int) -> Grid:
    """Cells of one length on the wall clock, the shortest that fits, from the start of the first one's day."""
    first, last = (at.astimezone(zone).replace(tzinfo=None) for at in (since, until))
    midnight = datetime.combine(first.date(), time(0))
    length = next((cell for cell in _CELLS if (last - first) / cell <= columns), _CELLS[-1])
    begin = midnight + (first - midnight) // length * length
    local = [begin]
    while local[-1] < last and len(local) <= columns:
        local.append(local[-1] + length)
    return Grid([at_wall_clock(at, zone) for at in local], [_head(local, length)])


def _head(local: Sequence[datetime], length: timedelta) -> str:
    """Where days begin, or weeks, or months, as far as there is room to write it."""
    a_day = timedelta(days=1) / length
    row = [" "] * (len(local) - 1)
    free = 0
    for n, at in enumerate(local[:-1]):
        if n == 0 and a_day >= 24:
            text = f"|{at:%a %d %b %H:%M}"
        elif a_day >= 24 and at.time() == time(0):
            text = f"|{at:%a %d %b}"
        elif a_day >= 24:
            text = f"|{at:%H:%M}" if at.minute == 0 and at.hour % 3 == 0 else ""
        else:
            begins = at.time() == time(0) if a_day >= 1 else True
            text = (f"|{at:%a %d}" if a_day >= 4 else f"|{at:%d %b}") if begins else ""
        if text and n >= free and n + len(text) <= len(row):
            row[n : n + len(text)] = list(text)
            free = n + len(text) + 1
    return "".join(row)
