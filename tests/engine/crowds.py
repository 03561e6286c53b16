"""People without room, digests and another ticket, as the world plays them; and what must hold of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from escalade.effects import ResolveRound, RoundResolved, SendPages, TellTicket
from escalade.engine import Decision, Event, TicketState
from escalade.engine.draft import PAGING
from escalade.engine.events import DigestTold
from escalade.messages.activities import PagePerson, Receipt
from escalade.people.resolve import ResolvedRound
from escalade.ticket import Severity, Status

URGENT = Severity.SEV1
"""The severity that waits for nobody in this world, and that is told in no digest."""

LOST = ("ticket.expired", "ticket.unacknowledged")


class Collected(NamedTuple):
    """A page that waits in a digest."""

    round_id: str
    rung: int
    round: int
    target: str


class Crowd:
    """What people have room for, and what waits in their digests."""

    def __init__(self, how: str) -> None:
        """Args: how: what the roster says of limits at first: "none", "room" or "digest"."""
        self.how = how
        self.waiting: list[Collected] = []
        self._told = 0

    def press(self, effect: ResolveRound, resolved: ResolvedRound, now: datetime) -> ResolvedRound:
        """The same answer, as limits make it."""
        pressure = effect.request.pressure
        if pressure is None or pressure.severity is URGENT or not resolved.recipients:
            return resolved
        if self.how == "room":
            return ResolvedRound(nobody="everybody here is over", room_at=now + timedelta(hours=3))
        if self.how == "digest":
            people = [one.model_copy(update={"digest": "a rate"}) for one in resolved.recipients]
            return resolved.model_copy(update={"recipients": people})
        return resolved

    def collect(self, effect: ResolveRound | SendPages, who: PagePerson, now: datetime) -> Receipt:
        """Put somebody's page into a digest."""
        item = Collected(effect.round_id, effect.rung, effect.round, who.target)
        if item not in self.waiting:
            self.waiting.append(item)
        return Receipt(target=who.target, method="digest", channel="", outcome="digested", at=now)

    def leaves(self, which: int, outcome: str, now: datetime) -> DigestTold | None:
        """What a digest reports to the ticket, of the newest that waits or one before it."""
        if not self.waiting:
            return None
        item = self.waiting.pop(-1 - which % len(self.waiting))
        self._told += 1
        done = "accepted" if outcome == "told" else "failed"
        receipt = {"target": item.target, "method": "mail", "channel": "mail", "outcome": done, "at": now}
        said = {**item._asdict(), "receipts": [] if outcome == "dropped" else [receipt], "outcome": outcome}
        return DigestTold.model_validate({"life": "life", "event_id": f"digest{self._told}", **said})


class CrowdChecks:
    """What must hold of every decision; some of it needs to know what came before."""

    def __init__(self) -> None:
        """Nothing has come before."""
        self._asked: dict[int, int] = {}
        self._ruled: set[tuple[int, int, str]] = set()
        self._lost = 0
        self._other = (Severity.SEV5.rank, set[str]())

    def check(self, before: TicketState, event: Event, decision: Decision) -> None:
        """Check a decision."""
        for effect in decision.effects:
            if isinstance(effect, ResolveRound) and effect.purpose in PAGING:
                pressure = effect.request.pressure
                self._asked[effect.rung] = pressure.severity.rank if pressure is not None else 0
            elif isinstance(effect, TellTicket) and effect.signal == "merged":
                rank, known = self._other
                told = Severity(effect.payload["severity"]).rank
                self._other = min(rank, told), known | set(effect.payload["followers"])
        self._check_urgent(decision.state)
        self._check_left_out(before, event, decision.state)
        self._check_rules(before, event, decision)
        self._check_merged(before, decision.state)
        self._lost += sum(entry.kind in LOST for entry in decision.entries)

    def _check_urgent(self, state: TicketState) -> None:
        """What waits by a lower severity is asked for again once the severity is raised (decision 12)."""
        if state.ticket.severity is not URGENT or not _pages(state):
            return
        visit = state.visit
        assert visit is not None
        assert visit.room_at is None, "it waits for room that only a lower severity needs"
        newest = [told.receipts[-1] for told in visit.told.values() if told.receipts]
        if any(receipt.outcome == "digested" for receipt in newest):
            seen_to = visit.round_now or visit.last_round_at is None or _finding(state)
            assert seen_to or self._asked[state.rung] <= URGENT.rank, "it waits in a digest of a lower severity"

    def _check_left_out(self, before: TicketState, event: Event, state: TicketState) -> None:
        """Whom a digest left out of their round is told all the same (decision 49)."""
        if not isinstance(event, DigestTold) or event.outcome != "dropped" or not _pages(before):
            return
        visit = before.visit
        assert visit is not None
        here = event.rung == state.rung == before.rung and event.round == visit.rounds and event.target in visit.told
        if here and not visit.dropped:
            assert state.visit is not None
            assert state.visit.round_now, "somebody was left out, and is not told"

    def _check_rules(self, before: TicketState, event: Event, decision: Decision) -> None:
        """Their own rules begin with the first page after the tier began, or began anew (decisions 5 and 8)."""
        state = decision.state
        effect = before.pending.get(event.effect) if isinstance(event, RoundResolved) else None
        if not isinstance(event, RoundResolved) or not isinstance(effect, ResolveRound) or effect.rung != state.rung:
            return
        paged = event.sent is not None or any(isinstance(one, SendPages) for one in decision.effects)
        if effect.purpose not in PAGING or not paged or state.visit is None:
            return
        for recipient in event.resolved.recipients:
            key = (state.rung, self._lost, recipient.target)
            if recipient.digest or key in self._ruled:
                continue
            self._ruled.add(key)
            if effect.cancelled or not _pages(before):
                continue  # told while somebody answered, or time began to stand still
            steps = [step.plan for step in state.visit.steps if step.target == recipient.target]
            for plan in recipient.plan:
                assert not plan.after or plan in steps, f"{recipient.target} is never told by {plan.method}"

    def _check_merged(self, before: TicketState, state: TicketState) -> None:
        """Its watchers follow, and the target takes the higher severity (decision 19)."""
        if before.status is Status.CLOSED or state.status is not Status.CLOSED or not state.merged_into:
            return
        rank, known = self._other
        owner = {f"person:{state.owner}"} if state.owner and state.owner_is_person else set()
        assert rank <= state.ticket.severity.rank, "the other ticket does not know the severity"
        assert known >= owner | set(state.followers), "the other ticket does not know who watches"


def _pages(state: TicketState) -> bool:
    """Whether it pages: open, un-acknowledged, and its time runs."""
    visit = state.visit
    return visit is not None and state.status.is_open and not state.stands_still and visit.acknowledged_at is None


def _finding(state: TicketState) -> bool:
    return any(
        isinstance(effect, ResolveRound) and effect.purpose in PAGING and not effect.cancelled
        for effect in state.pending.values()
    )
