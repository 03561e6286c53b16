"""What must hold of the clocks of a ticket after every decision, whatever was decided."""

from __future__ import annotations

from datetime import datetime, timedelta

from escalade.engine import Decision, TicketState
from escalade.engine.clocks import UPDATE, standing_on
from escalade.engine.clockstate import ClockRun
from escalade.engine.exchange import waits
from escalade.engine.reckoning import Reckoning, pinned_clock, reckon
from escalade.engine.usage import between
from escalade.errors import HorizonError
from escalade.time.open_time import ALWAYS


def read(state: TicketState, run: ClockRun) -> Reckoning | None:
    """A clock of the ticket, read; None when it leads beyond what its calendar is worked out for."""
    assert state.policy is not None
    try:
        found = reckon(state.policy, run)
        assert found is not None
        list(found.thresholds())
    except HorizonError:
        return None
    return found


def clock_dues(state: TicketState) -> dict[str, datetime]:
    """When each clock that runs is due."""
    found = {run.name: read(state, run) for run in state.clocks.values() if run.running}
    return {name: each.due for name, each in found.items() if each is not None and each.due is not None}


def check_clocks(before: TicketState, decision: Decision, now: datetime) -> None:
    """Everything that must hold."""
    state = decision.state
    assert state.policy is not None or not state.clocks
    for name, run in state.clocks.items():
        _check_stands(state, run)
        _check_ledger(run, now)
        found = read(state, run)
        if found is None:
            continue
        _check_due(found)
        _check_stop(found)
        assert all(len(set(dues)) == len(dues) for dues in run.told.values()), "told twice for one due"
        was = before.clocks.get(name)
        known = read(before, was) if was is not None else None
        if was is not None and known is not None and was.running and run.running and was.started_at == run.started_at:
            earlier = known.consumed(now)
            ran = timedelta(0)
            ended = [pause.end for pause in run.pauses if was.paused_at is not None and pause.end >= was.paused_at]
            if was.paused_at is not None and (ended or run.paused_at is None):
                # Its standstill was found to have ended earlier: it has run since then, and may have stood still again.
                ran = between(found.time, min(ended, default=was.paused_at), now)
            assert found.consumed(now) <= earlier + ran, f"{name} has used more than it ran"
            if (was.pauses, was.paused_at) == (run.pauses, run.paused_at):
                assert found.consumed(now) == earlier, f"{name} lost what it had used"
    _check_exchange(state)
    _check_alarms(before, decision)


def _check_exchange(state: TicketState) -> None:
    """The update clock counts the newest time in which the customer waited, and no other."""
    pinned = state.policy.clocks.get(UPDATE) if state.policy is not None else None
    if pinned is None or pinned.rhythm or not state.status.is_open:
        return
    assert [each.at for each in state.said] == sorted(each.at for each in state.said)
    run, found = state.clocks.get(UPDATE), waits(state.said)
    waiting = bool(found) and found[-1].until is None
    assert waiting == (run is not None and run.running), "the update clock does not run with the customer's waiting"
    assert run is None or not waiting or run.started_at == found[-1].since


def _check_stands(state: TicketState, run: ClockRun) -> None:
    """A running clock stands still exactly while the ticket is what its `pause_on` lists."""
    pinned = pinned_clock(state.policy, run) if state.policy is not None else None
    if run.running and pinned is not None and state.status.is_open:
        listed = any(word in pinned.pause_on for word in standing_on(state))
        assert (run.paused_at is not None) == listed, f"{run.name} does not follow {state.status}"
    assert run.running or not state.status.is_open or run.stopped_at is not None
    assert state.status.is_open or not run.running, f"{run.name} runs after the end"


def _check_ledger(run: ClockRun, now: datetime) -> None:
    edges = [run.started_at, *(edge for pause in run.pauses for edge in (pause.start, pause.end))]
    assert edges == sorted(edges), f"the ledger of {run.name} is out of order"
    assert all(pause.start < pause.end for pause in run.pauses)
    assert run.paused_at is None or not run.pauses or run.pauses[-1].end <= run.paused_at
    assert all(edge <= now for edge in edges)


def _check_due(found: Reckoning) -> None:
    """Neither a due nor a warning is in closed time, unless at a close; with `next_open` it is in open time."""
    due, time = found.due, found.time
    if due is None or time is ALWAYS:
        return
    for text, at in found.thresholds():
        if at is not None:
            assert time.is_open(at) or time.last_closing(at) == at, f"{text} in closed time: {at}"


def _check_stop(found: Reckoning) -> None:
    """Less used than promised is met, more is missed (decision 26)."""
    run, length = found.run, found.length
    if run.stopped_at is None or run.met is None or length is None:
        return
    used = found.consumed(run.stopped_at)
    if used != length:
        assert run.met == (used < length), f"{run.name}: {used} of {length} used, and met is {run.met}"


def _check_alarms(before: TicketState, decision: Decision) -> None:
    told = [entry for entry in decision.entries if entry.kind in ("clock.warned", "clock.breached")]
    names = [entry.data["clock"] for entry in told]
    assert len(set(names)) == len(names), "two entries of one clock at one look"
    notices = [
        e for e in decision.effects if e.kind == "resolve" and e.purpose == "notice" and "clock" in e.request.why
    ]
    assert len(notices) <= 2, "a burst"
    for entry in told:
        run = before.clocks.get(entry.data["clock"])
        assert run is not None
        assert run.running, "told after it stopped"
        lasting = before.pause is None or before.pause.until > entry.at
        assert run.paused_at is None or not lasting or decision.state.maintenance, "told while it stood still"
        assert entry.data["seconds"] > timedelta(0).total_seconds()
