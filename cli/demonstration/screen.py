"""What the demo shows: lines that stay, and on a terminal a panel below them that lives."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from rich.console import Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli.demonstration.scene import PEOPLE
from cli.render.paper import console, redraws
from cli.render.plain import one_line
from escalade.messages.views import TicketView

_LABEL: Final = 10
_CLOCK: Final = 6


class Screen:
    """Writes the story. Lines are the same on a terminal and in a pipe; the panel is for terminals only."""

    def __init__(self) -> None:
        """Take standard output."""
        self._paper = console()
        self._zero: datetime | None = None
        self.view: TicketView | None = None
        """What the ticket last said of itself."""
        self.worker = ""
        """What the panel says about the worker."""
        self.received = 0

    @property
    def animated(self) -> bool:
        """Whether there is a terminal that can redraw."""
        return redraws(self._paper)

    def start_clock(self) -> datetime:
        """From here on lines carry the seconds since now, which is returned."""
        self._zero = datetime.now(UTC)
        return self._zero

    def _seconds(self, at: datetime | None) -> float | None:
        return None if self._zero is None else ((at or datetime.now(UTC)) - self._zero).total_seconds()

    def title(self, text: str, *lines: str) -> None:
        """A heading and what belongs to it."""
        self._paper.print()
        self._paper.print(Text(text, style="heading"))
        for line in lines:
            self._paper.print(Text(f"  {line}", style="quiet"))

    def blank(self) -> None:
        """An empty line."""
        self._paper.print()

    def tell(self, label: str, text: str, why: str = "", *, style: str = "", at: datetime | None = None) -> None:
        """One thing that happened: when (now, unless it is said), what kind, what, and why."""
        seconds = self._seconds(at)
        clock = "" if seconds is None else f"{max(seconds, 0):4.1f}s"
        said = Text(one_line(text), style=style)
        if why:
            said.append(f" — {one_line(why)}", style="quiet")
        if not self._paper.is_terminal:
            self._paper.print(Text(f"{clock:{_CLOCK}} {label:{_LABEL}} ") + said)
        else:
            row = Table.grid(padding=(0, 1))
            row.add_column(width=_CLOCK)
            row.add_column(width=_LABEL)
            row.add_column()
            row.add_row(Text(clock, style="quiet"), Text(label, style=style or "key"), said)
            self._paper.print(row)
        self._paper.file.flush()

    def fact(self, ok: bool, text: str) -> None:  # noqa: FBT001 - it reads as it is shown
        """Something that was proven, or not."""
        mark = Text("  ✓ " if ok else "  ✗ ", style="good" if ok else "bad")
        row = Table.grid()
        row.add_column(width=4)
        row.add_column()
        row.add_row(mark, Text(one_line(text), style="" if ok else "bad"))
        self._paper.print(row if self._paper.is_terminal else mark + Text(one_line(text)))

    def place(self, name: str, text: str) -> None:
        """Where something is. Never wrapped: it is to be copied."""
        self._paper.print(Text(f"  {name:<9} ", style="key") + Text(text), soft_wrap=True)

    @contextmanager
    def living(self) -> Iterator[None]:
        """Keep the panel below the lines for the length of a block."""
        if not self.animated:
            yield
            return
        with _unechoed(), Live(console=self._paper, transient=True, refresh_per_second=8, get_renderable=self._panel):
            yield

    def _panel(self) -> RenderableType:
        view = self.view
        if view is None:
            return Text(" … ", style="quiet")
        ladder = Table.grid(padding=(0, 1))
        for number in range(len(view.tiers), 0, -1):
            ladder.add_row(*self._rung(view, number))
        body = Group(ladder, Text(""), *self._next(view), Text(self._foot(), style="quiet"))
        severity = view.ticket.severity.value
        head = Text.assemble((f" {view.key} ", "key"), (f" {severity} ", severity), f" {one_line(view.ticket.title)} ")
        return Panel(body, title=head, title_align="left", border_style="quiet", padding=(0, 1))

    def _rung(self, view: TicketView, number: int) -> tuple[Text, Text, Text, Text]:
        name = view.tiers[number - 1]
        person = next((who for who, tier in PEOPLE.items() if tier == name), "")
        here = number == view.tier
        if not here:
            state = Text("left" if number < view.tier else "", style="quiet")
        elif view.status.value in ("resolved", "closed"):
            state = Text(view.status.value, style="good")
        elif view.acknowledged:
            state = Text(f"acknowledged by {view.owner}", style="good")
        else:
            state = Text(f"paged, round {view.round}; no answer", style="bad")
        style = "heading" if here else "quiet"
        return Text("▶" if here else " ", style="due"), Text(name, style=style), Text(person, style=style), state

    @staticmethod
    def _next(view: TicketView) -> Iterator[Text]:
        now = datetime.now(UTC)
        for due in view.upcoming[:2]:
            left = (due.at - now).total_seconds()
            when = f"in {left:4.1f}s" if 0 <= left < 100 else "now" if left < 0 else f"in {left / 60:.0f}m"
            line = Text(f"{when:<9}", style="due")
            line.append(one_line(due.what)).append(f" — {one_line(due.why)}", style="quiet")
            line.no_wrap, line.overflow = True, "ellipsis"
            yield line
        yield from (Text("") for _ in range(2 - len(view.upcoming[:2])))

    def _foot(self) -> str:
        return f"{self.worker} · {self.received} messages received · {self._seconds(None) or 0:.0f}s"


@contextmanager
def _unechoed() -> Iterator[None]:
    """Let the terminal not write what is typed, `^C` included: it would push the panel out of its place."""
    import termios

    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    quiet = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(sys.stdin, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
