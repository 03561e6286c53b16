"""The engine: `decide(state, event, now)` and `next_due(state)`. Pure, total, and the same everywhere."""

from __future__ import annotations

from escalade.engine.decide import decide
from escalade.engine.draft import Decision, Refusal
from escalade.engine.due import Due, dues, next_due, repeat_ahead
from escalade.engine.events import (
    Admitted,
    Event,
    JournalWritten,
    LeftOut,
    MergedHere,
    Opened,
    RosterChanged,
    Tick,
    Unreadable,
    WindowsChanged,
)
from escalade.engine.state import ENGINE, TicketState, Visit, new_state
from escalade.engine.view import answer, brief, snapshot, upcoming, view

__all__ = [
    "ENGINE",
    "Admitted",
    "Decision",
    "Due",
    "Event",
    "JournalWritten",
    "LeftOut",
    "MergedHere",
    "Opened",
    "Refusal",
    "RosterChanged",
    "Tick",
    "TicketState",
    "Unreadable",
    "Visit",
    "WindowsChanged",
    "answer",
    "brief",
    "decide",
    "dues",
    "new_state",
    "next_due",
    "repeat_ahead",
    "snapshot",
    "upcoming",
    "view",
]
