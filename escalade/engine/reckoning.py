"""What a clock says: when it is due, how much of it is used, where its thresholds lie. Derived, never kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from escalade.engine.calendars import horizon_of, open_time
from escalade.engine.clockstate import TIER, ClockRun
from escalade.policy.clocks import BREACH
from escalade.policy.pinned import PinnedClock, PinnedPolicy
from escalade.time.budgets import Budget
from escalade.time.clocks import Clock, Pause, parse_threshold
from escalade.time.open_time import OpenTime

NOTHING = Budget()


class Reckoning:
    """A clock of a ticket, read."""

    def __init__(self, run: ClockRun, pinned: PinnedClock, time: OpenTime) -> None:
        """Work it out.

        Args:
            run: what is kept of it.
            pinned: how it is written.
            time: what it counts.

        Raises:
            HorizonError: when it leads beyond what its calendar was worked out for.
        """
        self.run = run
        self.pinned = pinned
        self.time = time
        self.promised = run.budget is not None
        self.clock = Clock(
            time,
            start=run.started_at,
            budget=run.budget or NOTHING,
            pauses=[Pause(pause.start, pause.end) for pause in run.pauses],
            boundary=pinned.boundary,
            end_of_day=pinned.end_of_day,
        )

    @property
    def length(self) -> timedelta | None:
        """What was promised, as open time; None where nothing is."""
        return timedelta(microseconds=self.clock.total) if self.promised else None

    def consumed(self, at: datetime) -> timedelta:
        """The open time it has counted by an instant, its stop, its present standstill, or the end of its horizon."""
        ends = (at, self.run.stopped_at, self.run.paused_at, horizon_of(self.time))
        return self.clock.consumed(min(each for each in ends if each))

    @property
    def due(self) -> datetime | None:
        """When it is due; None where nothing was promised, or while it stands still before its due."""
        return self._seen(self.clock.due) if self.promised else None

    def thresholds(self) -> Iterator[tuple[str, datetime | None]]:
        """Every threshold, and when it is reached; None while nobody can say. Those before its start are left out."""
        if not self.promised:
            return
        for text in self.pinned.thresholds:
            at = self.clock.due if text == BREACH else self.clock.at(parse_threshold(text))
            if text == BREACH or at > self.run.started_at:
                yield text, self._seen(at)

    def is_met(self, stop: datetime) -> bool | None:
        """Whether a stop at an instant was in time: not later than the due, whoever looked when (decision 26)."""
        if not self.promised:
            return None
        paused = self.run.paused_at
        return stop <= self.clock.due or (paused is not None and paused < self.clock.due)

    def _seen(self, at: datetime) -> datetime | None:
        """An instant, unless the clock stands still before it."""
        paused = self.run.paused_at
        return at if paused is None or at <= paused else None


def pinned_clock(policy: PinnedPolicy, run: ClockRun) -> PinnedClock | None:
    """How a clock is written; None when its policy has no such clock."""
    if run.name != TIER:
        return policy.clocks.get(run.name)
    return policy.tiers[run.tier].clock if run.tier < len(policy.tiers) else None


def reckon(policy: PinnedPolicy, run: ClockRun) -> Reckoning | None:
    """A clock of a ticket, read; None when its policy has no such clock.

    Raises:
        HorizonError: when it leads beyond what its calendar was worked out for.
    """
    pinned = pinned_clock(policy, run)
    return None if pinned is None else Reckoning(run, pinned, open_time(policy, pinned.calendar))
