"""Public fakes and builders: a ticket's climb without Temporal, in microseconds.

    climb = Climb(policy, roster, Ticket(title="db down"))
    climb.forward(minutes=15)
    assert climb.pages_of("person:bob")

The same engine runs inside the workflow; what is shown here is what happens there, given the same deliveries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from escalade.effects import (
    AnyEffect,
    CalendarsExtended,
    ExtendCalendars,
    LookUpWindows,
    PagesSent,
    ResolveRound,
    RoundResolved,
    RunStep,
    SendPages,
    StepFinished,
    WindowsFound,
)
from escalade.engine import (
    ENGINE,
    Admitted,
    Decision,
    Event,
    JournalWritten,
    Tick,
    TicketState,
    WindowsChanged,
    decide,
    new_state,
    next_due,
)
from escalade.maintenance.window import MaintenanceWindow, pinned_windows
from escalade.messages.activities import Admission, JournalAck, Outcome, PagePerson, Receipt
from escalade.messages.commands import COMMANDS
from escalade.people.resolve import ContactPlan, Load, resolve_round
from escalade.people.roster import ChannelTarget, ContactMethod, ContactRule, Person, Roster
from escalade.policy.compile import compile_policy
from escalade.policy.model import PolicySpec
from escalade.policy.pinned import PinnedPolicy
from escalade.record import Entry, Head, render
from escalade.ticket import Actor, Ticket
from escalade.time.calendar import CalendarSpec
from escalade.time.compile import MONTHS_AHEAD, compile_calendar, horizon
from escalade.time.pinned import PinnedCalendar

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""Where simulated time begins unless told otherwise: a Monday morning."""

Delivers = Callable[[str, ContactPlan, datetime], bool]
"""Whether a delivery to a target by a method at an instant is accepted."""


def everything(target: str, plan: ContactPlan, at: datetime) -> bool:  # noqa: ARG001 - the shape of Delivers
    """Every delivery is accepted."""
    return True


class Page(NamedTuple):
    """One delivery attempted in a simulation."""

    at: datetime
    target: str
    method: str
    purpose: str
    rung: int
    round: int
    reached: bool


def person(name: str = "", *, methods: tuple[str, ...] = ("mail",), rules: dict[str, str] | None = None) -> Person:
    """A person with methods named after their channels; `rules` maps a method to its delay."""
    return Person(
        name=name,
        methods={method: ContactMethod(channel=method, address=f"{name or 'x'}@{method}") for method in methods},
        rules=[ContactRule.model_validate({"use": use, "after": after}) for use, after in (rules or {}).items()],
    )


def roster(*names: str, **people: Person) -> Roster:
    """A roster of people with one method each, plus those given whole, and a channel `last-resort`."""
    everybody = {name: person(name) for name in names} | people
    return Roster(people=everybody, channels={"last-resort": ChannelTarget(channel="mail", address="all@mail")})


def policy(*tiers: dict[str, Any], **rest: Any) -> PinnedPolicy:
    """A pinned policy from tiers as people write them; the catch-all is `channel:last-resort` unless given.

    Args:
        tiers: the ladder.
        rest: the other keys of a policy; besides them `calendars`, as people write them, by name, and `at`, the
            instant around which they are worked out.
    """
    calendars, at = rest.pop("calendars", None), rest.pop("at", START)
    spec = PolicySpec.model_validate({"policy": "test", "tiers": list(tiers), **rest})
    return compile_policy(spec, catch_all=["channel:last-resort"], calendars=written_calendars(calendars), at=at)


def written_calendars(calendars: dict[str, dict[str, Any]] | None) -> dict[str, CalendarSpec]:
    """Calendars as people write them, read."""
    return {
        name: CalendarSpec.model_validate({"calendar": name, **written}) for name, written in (calendars or {}).items()
    }


class Climb:
    """A ticket going through the engine, with a roster, deliveries and time that obey the test."""

    def __init__(
        self,
        pinned: PinnedPolicy,
        people: Roster,
        ticket: Ticket | None = None,
        *,
        start: datetime = START,
        delivers: Delivers | None = None,
        answers: bool = True,
        windows: Sequence[MaintenanceWindow] = (),
        calendars: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        """Open the ticket and run what follows at once.

        Args:
            pinned: its policy.
            people: the roster, live: it may be replaced during the climb.
            ticket: what it says.
            start: the instant it arrives.
            delivers: which deliveries are accepted; all of them unless given.
            answers: False leaves effects pending, as when no worker runs them.
            windows: maintenance windows in force; `changes_windows` replaces them during the climb.
            calendars: as people write them, for a ticket that outlives their horizon.
        """
        self.now = start
        self.roster = people
        self.delivers: Delivers = delivers or everything
        self.answers = answers
        self.pages: list[Page] = []
        self.entries: list[Entry] = []
        self.load: dict[str, Load] = {}
        self.windows = list(windows)
        self.ledger: dict[tuple[str, str, str, int], Receipt] = {}
        self._queue: list[AnyEffect] = []
        self.state: TicketState = new_state(
            ticket or Ticket(title="test"), key="testticket", life="life", run="run", now=start
        )
        known = pinned_windows(self.windows, self.state.ticket, self.now)
        self.calendars = written_calendars(calendars)
        self.happens(Admitted(admission=Admission(policy=pinned, why="test", engine=ENGINE, windows=known)))

    def extend(self, effect: ExtendCalendars) -> dict[str, PinnedCalendar]:
        """The calendars an effect asks for, worked out further."""
        _, until = horizon(self.now + timedelta(days=30.5 * max(effect.months - MONTHS_AHEAD, 0)))
        return {
            name: compile_calendar(self.calendars[name], since=min(effect.since, horizon(self.now)[0]), until=until)
            for name in effect.names
            if name in self.calendars
        }

    def happens(self, event: Event) -> Decision:
        """Let something happen now, and answer the effects that follow."""
        decision = decide(self.state, event, self.now)
        self.state = decision.state
        self.entries += decision.entries
        self._queue += decision.effects
        if self.answers:
            self.answer()
        return decision

    def answer(self) -> None:
        """Answer every effect that waits, in order."""
        for _ in range(10_000):
            if not self._queue:
                return
            effect = self._queue.pop(0)
            if effect.id in self.state.pending:
                self._answer(self.state.pending[effect.id])
        raise AssertionError("the engine spins: 10,000 effects at one instant")

    def answer_next(self) -> None:
        """Answer the one effect that has waited longest; what follows from it waits."""
        while self._queue:
            effect = self._queue.pop(0)
            if effect.id in self.state.pending:
                self._answer(self.state.pending[effect.id])
                return

    def _answer(self, effect: AnyEffect) -> None:
        match effect:
            case ResolveRound():
                resolved = resolve_round(self.roster, effect.request, at=self.now, load=self.load)
                self.happens(RoundResolved(effect=effect.id, resolved=resolved))
            case SendPages():
                receipts = [] if effect.cancelled else self._send(effect)
                self.happens(PagesSent(effect=effect.id, receipts=receipts))
            case RunStep():
                self.happens(StepFinished(effect=effect.id, outcome="done"))
            case LookUpWindows():
                known = pinned_windows(self.windows, self.state.ticket, self.now)
                self.happens(WindowsFound(effect=effect.id, windows=known))
            case ExtendCalendars():
                self.happens(CalendarsExtended(effect=effect.id, calendars=self.extend(effect)))
            case _:
                pass

    def _send(self, effect: SendPages) -> list[Receipt]:
        receipts: list[Receipt] = []
        for who in effect.people:
            receipts += self._tell(effect, who)
        return receipts

    def _tell(self, effect: SendPages, who: PagePerson) -> list[Receipt]:
        plans, used, receipts = list(who.methods), set[str](), list[Receipt]()
        while plans:
            plan = plans.pop(0)
            used.add(plan.method)
            # A page that replaces another keeps its round: what the ledger knows of it is not sent again.
            key = (effect.round_id, who.target, plan.method, plan.step)
            if key not in self.ledger:
                self.ledger[key] = self._deliver(effect, who.target, plan)
            receipts.append(self.ledger[key])
            if not self.ledger[key].reached and not plans:
                plans = [other for other in who.fallbacks if other.method not in used][:1]
        return receipts

    def _deliver(self, effect: SendPages, target: str, plan: ContactPlan) -> Receipt:
        reached = self.delivers(target, plan, self.now)
        self.pages.append(Page(self.now, target, plan.method, effect.purpose, effect.rung, effect.round, reached))
        outcome: Outcome = "accepted" if reached else "failed"
        return Receipt(
            target=target, method=plan.method, channel=plan.channel, step=plan.step, outcome=outcome, at=self.now
        )

    def forward(self, **length: float) -> None:
        """Let time pass, stopping at everything that falls due on the way (`minutes=15`, `days=2`)."""
        until = self.now + timedelta(**length)
        for _ in range(100_000):
            due = next_due(self.state)
            if due is None or due > until:
                break
            self.now = max(self.now, due)
            self.happens(Tick())
        else:
            raise AssertionError("the engine spins: 100,000 ticks")
        self.now = until

    def sleep(self, **length: float) -> None:
        """Let time pass with nobody looking, as when no worker runs; the next event or tick finds what fell due."""
        self.now += timedelta(**length)

    def tick(self) -> Decision:
        """Look at the clock now."""
        return self.happens(Tick())

    def does(self, who: str, command: str, /, **fields: Any) -> Decision:
        """A person does something: `climb.does("ana", "acknowledge")`."""
        actor = Actor(kind="person", id=who, via="test")
        return self.happens(COMMANDS[command].model_validate({"by": actor, **fields}))

    def hears(self, source: str, command: str, /, **fields: Any) -> Decision:
        """Another system does something: `climb.hears("alertmanager", "resolve")`."""
        actor = Actor(kind="integration", id=source, via="test")
        return self.happens(COMMANDS[command].model_validate({"by": actor, **fields}))

    def changes_windows(self, *windows: MaintenanceWindow) -> None:
        """Somebody makes these the maintenance windows in force, and the ticket is told to look."""
        self.windows = list(windows)
        self.happens(WindowsChanged())

    def written(self) -> None:
        """Let the journal take everything that waits."""
        ids = [entry.entry_id for entry in self.state.outbox]
        head = Head(seq=(self.state.head.seq if self.state.head else 0) + len(ids), hash="0" * 64)
        self.happens(JournalWritten(entry_ids=ids, ack=JournalAck(head=head)))

    def pages_of(self, target: str, *, since: datetime | None = None) -> list[Page]:
        """The deliveries attempted to somebody."""
        return [page for page in self.pages if page.target == target and (since is None or page.at >= since)]

    def minutes_of(self, target: str) -> list[float]:
        """When deliveries to somebody were attempted, in minutes from the opening."""
        return [self.minute(page) for page in self.pages_of(target)]

    def noted(self, kind: str) -> list[Entry]:
        """The entries of a kind, in order."""
        return [entry for entry in self.entries if entry.kind == kind]

    def timeline(self) -> list[str]:
        """Every entry as a line, in order."""
        return [render(entry) for entry in self.entries]

    def kinds(self) -> list[str]:
        """The kinds of all entries, in order."""
        return [entry.kind for entry in self.entries]

    def minute(self, page: Page) -> float:
        """Minutes from the opening to a page."""
        return (page.at - self.state.opened_at).total_seconds() / 60

    @property
    def tier(self) -> str:
        """Where it is."""
        return self.state.tier_name
