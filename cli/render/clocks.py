"""The clocks of a ticket, and the time its tiers used, on a page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from rich.text import Text

from cli.render.moments import Moments, rough

if TYPE_CHECKING:
    from escalade.messages.views import ClockView, ClockWhy, TierUsed

_STYLES = {"met": "good", "missed": "bad", "paused": "quiet", "ended": "quiet", "nothing promised": "quiet"}


def clock_lines(clocks: list[ClockView], when: Moments) -> Iterator[Text]:
    """One line for each clock: its state, when it is due, what is used and what is left."""
    for clock in clocks:
        line = Text().append(clock.title, style="key").append("  ")
        overdue = clock.state == "running" and clock.breached
        line.append("overdue" if overdue else clock.state, style="bad" if overdue else _STYLES.get(clock.state, ""))
        if clock.target:
            line.append(f"  {_whole(clock.consumed)} of {clock.target} used")
        if clock.due is not None:
            # A clock that has stopped is due no more: how far away that is would read as if it were.
            line.append(f", due {when.both(clock.due) if clock.stopped_at is None else when.clock(clock.due)}")
        if clock.left is not None and clock.state in ("running", "paused"):
            left, late = _whole(abs(clock.left)), clock.left < timedelta(0)
            line.append(f", {left} {'over' if late else 'left'}", style="bad" if late else "")
        if clock.paused_since is not None:
            line.append(f", standing still since {when.clock(clock.paused_since)} ({clock.paused_on})", style="quiet")
        if clock.stopped_at is not None:
            line.append(f", stopped {when.both(clock.stopped_at)} by {clock.stopped_by}", style="quiet")
        if clock.next_at is not None and clock.next_threshold != "breach":
            line.append(f", {clock.next_threshold} {when.both(clock.next_at)}", style="quiet")
        if clock.calendar:
            line.append(f"  [{clock.calendar}]", style="quiet")
        yield line


def used_lines(used: list[TierUsed]) -> Iterator[Text]:
    """What each tier used of the time."""
    for use in used:
        line = Text().append(use.tier, style="key").append(f"  {_whole(use.wall)}")
        if use.business != use.wall:
            line.append(f", {_whole(use.business)} of its own time")
        if use.visits > 1:
            line.append(f" in {use.visits} visits", style="quiet")
        yield line


def why_page(found: ClockWhy, when: Moments) -> Iterator[Text]:
    """Why a clock is due when it is, line by line."""
    yield from clock_lines([found.clock], when)
    yield Text("")
    for text in found.explanation:
        yield Text(when.localised(text))
    if found.thresholds:
        yield Text("")
        yield Text("Thresholds", style="heading")
    for threshold in found.thresholds:
        at = when.both(threshold.at) if threshold.at is not None else "not while it stands still"
        if found.clock.stopped_at is not None and not threshold.passed:
            at = "not reached: it had stopped"
        yield Text(f"  {threshold.threshold:>8}  {at}{'  passed' if threshold.passed else ''}")


def _whole(length: timedelta) -> str:
    """A length as its two largest units; seconds are rounded as the journal rounds them, so that both say the same."""
    return rough(timedelta(seconds=round(length.total_seconds())))
