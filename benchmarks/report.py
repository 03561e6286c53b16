"""What was measured, beside its limit: one row each, and whether all of them hold."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from textwrap import fill
from typing import Final, Literal

import psutil

from escalade.errors import EscaladeError

BEGIN: Final = "<!-- figures: written by python -m benchmarks --write -->"
END: Final = "<!-- end of the figures -->"


@dataclass(frozen=True)
class Row:
    """One figure."""

    what: str
    value: float
    unit: str = ""
    limit: float | None = None
    """None for a figure that is only told."""
    sense: Literal["at most", "at least"] = "at most"
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the limit is kept."""
        if self.limit is None:
            return True
        return self.value <= self.limit if self.sense == "at most" else self.value >= self.limit

    def cells(self) -> tuple[str, str, str, str, str]:
        """The row as text."""
        bound = "" if self.limit is None else f"{'≤' if self.sense == 'at most' else '≥'} {_figure(self.limit)}"
        verdict = "" if self.limit is None else "ok" if self.holds else "FAIL"
        return self.what, f"{_figure(self.value)} {self.unit}".strip(), bound, verdict, self.note


def _figure(value: float) -> str:
    if value == int(value) and abs(value) >= 1:
        return f"{value:.0f}"
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def table(title: str, rows: Sequence[Row]) -> str:
    """Rows under a title, in columns."""
    cells = [row.cells() for row in rows]
    widths = [max(len(cell[n]) for cell in cells) for n in range(4)]
    lines = [title]
    for cell in cells:
        columns = [cell[0].ljust(widths[0]), cell[1].rjust(widths[1]), cell[2].ljust(widths[2]), cell[3].ljust(4)]
        lines.append(f"  {'  '.join(columns)}  {cell[4]}".rstrip())
    return "\n".join(lines)


def page(text: str, tables: Sequence[str], *, where: str) -> str:
    """A page of the documentation with the figures of this run in the place of the old ones.

    Args:
        text: the page; the figures are between two marks.
        tables: of this run.
        where: the machine and the day.
    """
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise EscaladeError(f"The page has no place for figures: {BEGIN} and {END}.")
    figures = "\n\n".join(tables)
    return f"{head}{begin}\n{fill(where, 120)}\n\n```text\n{figures}\n```\n{end}{tail}"


def machine() -> str:
    """This machine, in a line, and how busy it is with other things."""
    memory = psutil.virtual_memory().total / 2**30
    parts = [
        f"{os.cpu_count()} × {_processor()}",
        f"{memory:.0f} GiB",
        f"{platform.system()} {platform.release().partition('-')[0]}",
        f"Python {platform.python_version()}",
        f"temporalio {version('temporalio')}",
        f"load {psutil.getloadavg()[0]:.1f} before",
    ]
    return ", ".join(parts)


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()
