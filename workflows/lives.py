"""How a run hands over: to the next run of the same ticket, or to the next life on the same key."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, Field

from escalade.effects import AnyEffect, ResolveRound, SendPages, TellTicket
from escalade.engine import ENGINE, TicketState, new_state
from escalade.messages import read_ticket
from escalade.record import Entry, Head
from escalade.ticket import Ticket
from workflows.doorway import event_of
from workflows.parked import Parked

SAME: Final = "escalade_state"
"""The only key of the input of a run that goes on with the same ticket."""

NEXT: Final = "escalade_next"
"""The only key of the input of a run that begins the next life, with what the last one left undone."""


class Legacy(BaseModel):
    """What a closed ticket leaves to the next one on its key, which does not wait for its clean-up."""

    ticket: Ticket
    signals: list[tuple[str, list[Any]]] = Field(default_factory=list)
    """What arrived after it, in order, as it came: only of runs before `parked`."""
    parked: Parked = Field(default_factory=Parked)
    """What arrived after it, in order."""
    outbox: list[Entry] = Field(default_factory=list)
    head: Head | None = None
    handled: dict[str, int] = Field(default_factory=dict)
    pending: dict[str, AnyEffect] = Field(default_factory=dict)
    """Notices on their way, and what other tickets are told."""


def same_ticket(state: TicketState) -> dict[str, Any]:
    """The input of the next run of this ticket: from here on by the newest meaning of the rules (decision 40)."""
    return {SAME: state.model_copy(update={"engine": ENGINE}).model_dump(mode="json", by_alias=True)}


def next_ticket(state: TicketState, parked: Parked) -> dict[str, Any]:
    """The input of the run that begins the next life.

    Args:
        state: of the closed ticket, on whose key another has arrived.
        parked: what arrived after that one.
    """
    assert state.next_ticket is not None
    still: dict[str, AnyEffect] = {
        effect.id: effect
        for effect in state.pending.values()
        # Another ticket may wait for its answer: without it, it would be merging for ever.
        if isinstance(effect, TellTicket)
        or (isinstance(effect, ResolveRound | SendPages) and effect.purpose == "notice")
    }
    legacy = Legacy(
        ticket=state.next_ticket,
        parked=parked,
        outbox=state.outbox,
        head=state.head,
        handled=state.handled,
        pending=still,
    )
    return {NEXT: legacy.model_dump(mode="json", by_alias=True)}


class Beginning(BaseModel):
    """How a run begins."""

    state: TicketState
    problems: list[str] = Field(default_factory=list)
    """What had to be mended in the ticket."""
    waiting: list[Any] = Field(default_factory=list)
    """The events that had arrived for it before it began."""
    goes_on: bool = False
    """Whether it is the same ticket as in the run before."""


def begin(given: Any, *, continues: bool, key: str, life: str, run: str, now: datetime) -> Beginning:
    """Take up what was handed over, or read the ticket. Any input gives a beginning.

    Args:
        given: the first argument of the workflow.
        continues: whether the run continues another; only then is anything believed to be handed over.
        key: the ticket's key.
        life: what to call the life if one begins.
        run: the run id.
        now: the instant, UTC.
    """
    handed = given if continues and isinstance(given, dict) else {}
    if SAME in handed:
        state = TicketState.model_validate(handed[SAME])
        state.run, state.entry_n, state.effect_n = run, 0, 0
        return Beginning(state=state, goes_on=True)
    if NEXT in handed:
        legacy = Legacy.model_validate(handed[NEXT])
        state = new_state(legacy.ticket, key=key, life=life, run=run, now=now)
        state.outbox, state.head, state.handled = legacy.outbox, legacy.head, legacy.handled
        state.pending = legacy.pending
        waiting = [event_of(name, given) for name, given in legacy.signals]
        return Beginning(state=state, waiting=[*waiting, *legacy.parked.events()])
    ticket, problems = read_ticket(given)
    return Beginning(state=new_state(ticket, key=key, life=life, run=run, now=now), problems=problems)
