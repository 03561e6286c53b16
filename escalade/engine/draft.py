"""A decision in the making: the forked state, and the verbs the rules are written in."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel

from escalade.effects import AnyEffect, ResolveRound, RunStep, SendPages
from escalade.engine import outbox
from escalade.engine.state import TicketState, Visit
from escalade.messages.activities import Purpose
from escalade.people.resolve import Pressure, RoundRequest
from escalade.record import UNSAID, Entry
from escalade.ticket import SYSTEM, Actor, workflow_id

TAIL: Final = 50
"""Entries kept in the state for queries."""

REMEMBERED: Final = 2000
"""Event ids kept at least…"""

REMEMBERED_FOR: Final = timedelta(hours=48)
"""… and every one of the last 48 hours, up to five times as many (decision 18)."""

PAGING: Final[tuple[Purpose, ...]] = ("round", "contact_step", "catch_all")
"""The purposes that an acknowledgement stops. A responder was asked for by name; a notice wakes nobody up."""

CALLS: Final[tuple[Purpose, ...]] = (*PAGING, "responder")
"""The purposes that the end of a ticket stops."""


class Refusal(BaseModel):
    """Why a command was refused."""

    code: str
    text: str


class Decision(BaseModel):
    """What follows from an event."""

    state: TicketState
    effects: list[AnyEffect]
    """The new ones; all that are under way are in `state.pending`."""
    entries: list[Entry]
    """The new ones; all that are unwritten are in `state.outbox`."""
    text: str = ""
    """What the caller is told."""
    refusal: Refusal | None = None
    duplicate: bool = False


class Draft:
    """The state being decided on, and what comes of it."""

    def __init__(self, state: TicketState, now: datetime, *, token: str = "") -> None:
        """Fork the state.

        Args:
            state: left untouched.
            now: the instant of the decision, UTC.
            token: makes effect ids unique beyond this state (after a reset, numbers come again).
        """
        self.state = state.fork()
        self.now = now
        self.clock_at = now
        """The instant that clocks use: when a door received what arrived late (decision 29)."""
        self.resumed_at: datetime | None = None
        """When a pause ended that was found to have ended, for clocks: whoever looked when."""
        self.knows = ""
        """Who gave the command that is decided, and need not be informed of it: `person:ana`."""
        self._token = token
        self._effects: list[AnyEffect] = []
        self._entries: list[Entry] = []
        self.text = ""
        self.refusal: Refusal | None = None
        self.duplicate = False
        self.failed_by: list[str] = []
        """The channels that could not tell the tier which is being left for that (decision 6)."""

    system = SYSTEM

    @property
    def visit(self) -> Visit:
        """The present visit; only asked for where there is one."""
        assert self.state.visit is not None
        return self.state.visit

    @property
    def standing(self) -> datetime:
        """The instant by the ticket's own clock, which stands still while it is paused or in maintenance.

        What begins meanwhile counts from here, so that the shift at the end puts it at that end (13, 14).
        """
        state = self.state
        if state.pause is not None:
            return state.pause.since
        return state.maintenance.counted_from if state.maintenance is not None else self.now

    def note(self, kind: str, what: str, why: str = "", *, actor: Actor = SYSTEM, **data: Any) -> None:
        """Write an entry."""
        state = self.state
        state.entry_n += 1
        self.keep(
            Entry(
                entry_id=f"{state.run}/{state.entry_n}",
                stream=workflow_id(state.key),
                life=state.life,
                at=self.now,
                actor=actor,
                kind=kind,
                what=what,
                why=why or UNSAID,
                data={"rung": state.rung, "tier": state.tier_name, **data},
            )
        )

    def keep(self, entry: Entry, *, written: bool = False) -> None:
        """Keep an entry for the timeline and, unless it is already in the journal, for writing."""
        state = self.state
        state.tail = [*state.tail, entry][-TAIL:]
        self._entries.append(entry)
        if written:
            return
        state.outbox.append(entry)
        lost = outbox.overflow(state.outbox)
        if lost:
            state.dropped += lost
            # An id of its own each time: the writer ignores the ids it knows, and an earlier count may be written.
            state.entry_n += 1
            entry_id = f"{state.run}/{state.entry_n}"
            instead = outbox.summary(entry, entry_id=entry_id, first=state.outbox[0], count=state.dropped)
            first = 1 if state.outbox[0].kind == instead.kind else 0
            state.outbox = [instead, *state.outbox[lost + first :]]

    def seen(self, event_id: str) -> bool:
        """Whether this event id was handled before; remembers it otherwise. An empty one is always new."""
        if not event_id:
            return False
        key = hashlib.sha256(event_id.encode("utf-8", "replace")).hexdigest()[:16]
        handled = self.state.handled
        if key in handled:
            self.duplicate = True
            self.text = "already handled"
            if handled[key] < 0:
                self.refusal = Refusal(code="already_refused", text="It was refused when it first arrived.")
            return True
        handled[key] = int(self.now.timestamp())
        horizon = (self.now - REMEMBERED_FOR).timestamp()
        while len(handled) > REMEMBERED:
            oldest = next(iter(handled))
            if abs(handled[oldest]) > horizon and len(handled) <= 5 * REMEMBERED:
                break
            del handled[oldest]
        return False

    def remember_refusal(self, event_id: str) -> None:
        """The same request again is not to look as if it had been done: a refused id is kept with its sign turned."""
        key = hashlib.sha256(event_id.encode("utf-8", "replace")).hexdigest()[:16]
        if key in self.state.handled:
            self.state.handled[key] = -abs(self.state.handled[key])

    def refuse(self, code: str, text: str, *, actor: Actor, command: str) -> None:
        """Refuse a command, on the record."""
        self.refusal = Refusal(code=code, text=text)
        self.note(f"{command}.refused", f"{command} by {actor.id} was refused", text, actor=actor, code=code)

    def add(self, effect: AnyEffect) -> None:
        """Want something done."""
        self.state.pending[effect.id] = effect
        self._effects.append(effect)

    def effect_id(self) -> str:
        """An id for a new effect."""
        self.state.effect_n += 1
        return f"{self._token or self.state.run}.{self.state.effect_n}"

    def resolve(
        self,
        purpose: Purpose,
        targets: list[str],
        *,
        due_at: datetime,
        why: str = "",
        subject: str = "",
        text: str = "",
        besides: list[str] | None = None,
    ) -> None:
        """Ask whom a round, a responder's call or a notice reaches; `why` is said to those named directly."""
        state, visit = self.state, self.state.visit
        tier = state.tier
        request = RoundRequest(targets=targets, why=why, besides=besides or [])
        if purpose in PAGING and visit is not None:
            except_for = [f"person:{ack.by.id}" for ack in visit.acks]
            how = tier.how if tier is not None and not visit.reassigned and purpose == "round" else "everyone"
            if not why:
                named = "named by the tier" if purpose == "round" else "the catch-all"
                why = "it was reassigned to them" if visit.reassigned else named
            request = RoundRequest(
                targets=targets,
                how=how,
                except_for=except_for,
                told=visit.turn,
                why=why,
                pressure=self._pressure() if purpose == "round" else None,
            )
        effect_id = self.effect_id()
        self.add(
            ResolveRound(
                id=effect_id,
                round_id=effect_id,
                rung=state.rung,
                purpose=purpose,
                round=visit.rounds if visit is not None else 0,
                request=request,
                due_at=due_at,
                subject=subject,
                text=text,
            )
        )

    def _pressure(self) -> Pressure | None:
        """What people's limits are held against; no limit counts by older rules, or once somebody was named."""
        state, visit = self.state, self.visit
        if state.engine < 3 or visit.reassigned or state.policy is None:
            return None
        severity = state.ticket.severity
        return Pressure(
            severity=severity,
            ignore_quiet=severity in state.policy.ignore_quiet_hours,
            failed_by=self.failed_by,
        )

    def notify(
        self,
        targets: list[str],
        subject: str,
        text: str,
        *,
        why: str = "follows the ticket",
        besides: list[str] | None = None,
    ) -> None:
        """Tell people something that asks nothing of them.

        Args:
            targets: whom.
            subject: in a line.
            text: the rest of it.
            why: why they are told.
            besides: who is paged at the same time, and hears of it by that.
        """
        whom = [target for target in dict.fromkeys(targets) if target != self.knows]
        if whom:
            self.resolve("notice", whom, due_at=self.now, why=why, subject=subject, text=text, besides=besides)

    def stop_paging(self, purposes: tuple[Purpose, ...] = PAGING) -> None:
        """No page of this ticket may start from here on (decision 7, E6). Receipts are still wanted."""
        for effect in list(self.state.pending.values()):
            paging = isinstance(effect, ResolveRound | SendPages) and effect.purpose in purposes
            if paging and not effect.cancelled:
                self.state.pending[effect.id] = effect.model_copy(update={"cancelled": True})
        if self.state.visit is not None:
            self.state.visit.steps = []

    def stop_rounds(self) -> None:
        """No page may start while it stands still; later contact steps keep what was left of their wait."""
        steps = self.state.visit.steps if self.state.visit is not None else []
        self.stop_paging()
        if self.state.visit is not None:
            self.state.visit.steps = steps

    def drop_steps(self) -> None:
        """Forget steps that have not been started."""
        for effect in list(self.state.pending.values()):
            if isinstance(effect, RunStep) and not effect.started:
                del self.state.pending[effect.id]

    def done(self) -> Decision:
        """The decision."""
        state = self.state
        changed = self._entries or self._effects
        state.version = max(state.version + 1, int(self.now.timestamp() * 1_000_000)) if changed else state.version
        if changed:
            state.updated_at = self.now
        return Decision.model_construct(
            state=state,
            effects=self._effects,
            entries=self._entries,
            text=self.text,
            refusal=self.refusal,
            duplicate=self.duplicate,
        )
