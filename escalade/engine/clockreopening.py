"""A ticket that was not solved: its clocks are taken up again, as its policy says (decision 28)."""

from __future__ import annotations

from typing import Final

from escalade.engine.clocks import (
    FIRST_RESPONSE,
    UPDATE,
    begin,
    forgiven,
    promise,
    run_again,
    said_of,
    start_clock,
    told_of_start,
)
from escalade.engine.clockstate import ClockRun, Said
from escalade.engine.draft import Draft
from escalade.engine.exchange import parted, shortened
from escalade.engine.reckoning import pinned_clock
from escalade.policy.pinned import PinnedClock, PinnedPolicy

RESOLVED: Final = "resolved"
"""Why a clock stood still between its resolution and its reopening."""


def reopened(d: Draft, why: str) -> None:
    """The ticket is open again: what its resolution stopped goes on, starts anew, or keeps its result."""
    state, policy = d.state, d.state.policy
    assert policy is not None
    taken: list[str] = []
    if state.visit is None:
        begin(d, anew=True)
        taken = list(state.clocks)
    elif policy.on_reopen != "keep":
        taken = _take_up(d, policy, why)
    pinned = policy.clocks.get(UPDATE)
    if pinned is not None and not pinned.rhythm:
        _wait_on(d, pinned, resumed=state.visit is not None and policy.on_reopen == "resume", taken=UPDATE in taken)


def _take_up(d: Draft, policy: PinnedPolicy, why: str) -> list[str]:
    """Resume or restart what the resolution stopped; which clocks those are."""
    state = d.state
    taken: list[str] = []
    for name, run in list(state.clocks.items()):
        pinned = pinned_clock(policy, run)
        if pinned is None or run.stopped_by != "resolution" or run.stopped_at is None:
            continue
        if name == FIRST_RESPONSE and state.replied_at is not None:
            continue
        taken.append(name)
        if policy.on_reopen == "restart":
            start_clock(d, name, pinned, d.clock_at, tier=run.tier)
        else:
            state.clocks[name] = _resumed(d, run, pinned)
    if taken and policy.on_reopen == "restart":
        told_of_start(d, taken, f"{why}; reopening restarts clocks here")
    elif taken:
        said, data = said_of(d, [state.clocks[name] for name in taken])
        if said:
            because = f"{why}; the time since the resolution does not count"
            d.note("clock.resumed", f"clocks run again: {said}", because, clocks=data)
    return taken


def _resumed(d: Draft, run: ClockRun, pinned: PinnedClock) -> ClockRun:
    """From the resolution to now it stood still; a standstill at the resolution goes on to here."""
    assert run.stopped_at is not None
    on, since = (run.paused_on, run.paused_at) if run.paused_at is not None else (RESOLVED, run.stopped_at)
    again = run.model_copy(
        update={
            "stopped_at": None,
            "stopped_by": None,
            "met": None,
            "paused_at": since,
            "paused_on": on,
            "budget": promise(pinned, d.state),
        }
    )
    return forgiven(d, run_again(d, again, max(d.clock_at, run.stopped_at)))


def _wait_on(d: Draft, pinned: PinnedClock, *, resumed: bool, taken: bool) -> None:
    """The customer waits on, where the update clock was taken up; or from here, where they wrote meanwhile."""
    state = d.state
    before, written = parted(state.said)
    if taken and resumed:
        state.said = before
        return
    if taken or written:
        resolution = [each for each in state.said if each.what == "resolution"][-1:]
        state.said = shortened([*before, *resolution, Said(at=d.clock_at, what="message")])
    if written and not taken:
        start_clock(d, UPDATE, pinned, d.clock_at)
        told_of_start(d, [UPDATE], "the customer had written while it was resolved, and waits for an answer")
