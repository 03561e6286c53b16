"""What a ticket keeps of the windows that may concern it: instants, small, and the same wherever they are read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from pydantic import ConfigDict, Field

from escalade.ticket import Severity, Ticket
from escalade.time.instants import Instant
from escalade.written import Sent


class Span(Sent):
    """One time a window is open: from an instant (included) to another (excluded)."""

    model_config = ConfigDict(frozen=True)

    start: Instant
    end: Instant


class PinnedWindow(Sent):
    """A window as a ticket keeps it. Its other conditions hold already; the severity may still change."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str = ""
    reason: str = ""
    version: str = ""
    """Of the window: another one means that the ticket has to look again."""
    severities: tuple[Severity, ...]
    """Which severities it covers."""
    spans: tuple[Span, ...] = ()
    """When it is open, in order."""
    more: bool = False
    """Whether it opens again after the last of these."""

    @property
    def until(self) -> datetime | None:
        """When it closes for the last time; None when more is to come than is known."""
        return None if self.more or not self.spans else self.spans[-1].end

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.title} ({self.id})" if self.title else self.id


class NotedWindow(Sent):
    """That a ticket knows a window, for its row in lists."""

    model_config = ConfigDict(frozen=True)

    id: str
    version: str = ""
    until: Instant | None = None
    """When it closes for the last time, as far as that is known."""


class AskWindows(Sent):
    """A ticket that wants to know which windows may concern it."""

    key: str
    ticket: Ticket
    at: Instant
    """As the ticket sees it: the worker's own clock may be off."""


class KnownWindows(Sent):
    """The windows that may concern a ticket."""

    windows: list[PinnedWindow] = Field(default_factory=list)


class Cover(NamedTuple):
    """A time without a gap in which some window covers a severity."""

    start: datetime
    end: datetime
    windows: list[PinnedWindow]


def covers(windows: Iterable[PinnedWindow], severity: Severity) -> list[Cover]:
    """When these windows cover a severity: what overlaps or touches is one, in order."""
    spans = sorted(
        (
            (span.start, span.end, window)
            for window in windows
            if severity in window.severities
            for span in window.spans
        ),
        key=lambda found: (found[0], found[1], found[2].id),
    )
    found: list[Cover] = []
    for start, end, window in spans:
        if found and start <= found[-1].end:
            last = found[-1]
            named = last.windows if window in last.windows else [*last.windows, window]
            found[-1] = Cover(last.start, max(last.end, end), named)
        else:
            found.append(Cover(start, end, [window]))
    return found


def cover_at(windows: Iterable[PinnedWindow], severity: Severity, at: datetime) -> Cover | None:
    """The time around an instant in which a severity is covered; None when it is not."""
    return next((cover for cover in covers(windows, severity) if cover.start <= at < cover.end), None)


def without_past(windows: Iterable[PinnedWindow], at: datetime) -> list[PinnedWindow]:
    """The windows without what is over by an instant; those of which nothing is left are gone."""
    left = []
    for window in windows:
        spans = tuple(span for span in window.spans if span.end > at)
        if spans or window.more:
            left.append(window if spans == window.spans else window.model_copy(update={"spans": spans}))
    return left
