"""A world that obeys a script and watches every decision the engine takes in it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from escalade.deliveries import people_now
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
    TellTicket,
    TicketTold,
    WindowsFound,
)
from escalade.engine import (
    ENGINE,
    Admitted,
    Decision,
    Event,
    JournalWritten,
    MergedHere,
    Opened,
    RosterChanged,
    Tick,
    TicketState,
    Unreadable,
    WindowsChanged,
    answer,
    brief,
    decide,
    dues,
    new_state,
    next_due,
    snapshot,
    view,
)
from escalade.engine.draft import PAGING
from escalade.engine.events import DeliveryFailed, MergeAnswered
from escalade.maintenance.pinned import PinnedWindow, Span
from escalade.messages.activities import Admission, JournalAck, Outcome, PagePerson, Receipt
from escalade.messages.commands import COMMANDS
from escalade.people.resolve import Load, ResolvedRound, resolve_round
from escalade.policy.compile import compile_policy
from escalade.policy.model import PolicySpec
from escalade.record import Entry, Head
from escalade.testing import START, written_calendars
from escalade.ticket import Actor, Severity, Ticket
from tests.engine.clock_checks import check_clocks, clock_dues
from tests.engine.crowds import Crowd, CrowdChecks
from tests.engine.scenarios import CALENDARS, METHODS, Scenario, Step, people
from tests.engine.world_checks import (
    check_looking_changes_nothing,
    check_never_silent,
    check_nobody_forbidden,
    check_one_round_is_found,
    check_said,
    check_way_down,
    maintenance_of,
)

AT_ONE_INSTANT = 80
"""More looks than this at one instant, each with something due, is spinning."""


class World:
    """A ticket, a roster, deliveries and a clock."""

    def __init__(self, scenario: Scenario, *, carried: bool = False) -> None:
        """Open the ticket.

        Args:
            scenario: what it is about.
            carried: carry the state through JSON after every decision, as continue-as-new does.
        """
        self.scenario, self.carried = scenario, carried
        self.now = START
        self.roster = people({"ghost"})
        self.failing: set[str] = set()
        self.failing_methods: tuple[str, ...] = METHODS
        self.answers = True
        self.entries: list[Entry] = []
        self.ids: set[str] = set()
        self.rounds: dict[tuple[int, int, int, str], str] = {}
        self.ledger: dict[tuple[str, str, str, int], Receipt] = {}
        self.windows: list[PinnedWindow] = []
        self.crowd, self.crowd_checks = Crowd(scenario.crowd), CrowdChecks()
        self.last: Event = Tick()
        self.raised = 0
        self.by_limit: Counter[datetime] = Counter()
        ticket = Ticket.model_validate({"title": "a", "severity": scenario.severity, "status": scenario.status})
        self.state = new_state(ticket, key="testticket", life="life", run="run", now=START)
        spec = PolicySpec.model_validate(scenario.policy)
        calendars = written_calendars(CALENDARS)
        pinned = compile_policy(spec, catch_all=["channel:last-resort"], calendars=calendars, at=START)
        if scenario.horizon is not None:
            until = START + scenario.horizon
            short = {n: c.model_copy(update={"until": until}).sealed() for n, c in pinned.calendars.items()}
            pinned = pinned.model_copy(update={"calendars": short})
        self.happens(Admitted(admission=Admission(policy=pinned, why="test", engine=ENGINE)))

    # -- what happens -----------------------------------------------------------------------------------------------

    def run(self) -> World:
        """Let the whole script happen."""
        for step in self.scenario.steps:
            getattr(self, f"_{step.does}")(step)
            if self.answers:
                self._answer_all()
        return self

    def _command(self, step: Step) -> None:
        fields = dict(step.fields)
        name, who, rung = fields.pop("name"), fields.pop("actor"), fields.pop("rung")
        by = Actor(kind="integration" if who == "monitor" else "person", id=who)
        asked = None if rung is None else self.state.rung + rung
        if ago := fields.pop("ago", 0):
            fields["at"] = self.now - timedelta(minutes=ago)
        self.happens(COMMANDS[name].model_validate({"by": by, "rung": asked, **fields}))

    def _due(self, step: Step) -> None:
        due = next_due(self.state)
        if due is not None:
            self.now = max(self.now, due) + timedelta(seconds=step.fields["late"])
        self._look()

    def _look(self) -> None:
        for _ in range(AT_ONE_INSTANT):
            due = next_due(self.state)
            if due is None or due > self.now:
                return
            self.happens(Tick())
            if self.answers:
                self._answer_all()
        raise AssertionError(f"spins at {self.now}: {dues(self.state)[:3]}")

    def _before(self, step: Step) -> None:
        due = next_due(self.state)
        if due is not None:
            self.now = max(self.now, due - timedelta(seconds=step.fields["seconds"]))

    def _sleep(self, step: Step) -> None:
        self.now += timedelta(seconds=step.fields["seconds"])

    def _answers(self, step: Step) -> None:
        self.answers = step.fields["now"]

    def _answer(self, step: Step) -> None:
        waiting = list(self.state.pending.values())
        if waiting:
            self._answer_one(waiting[step.fields["which"] % len(waiting)], step.fields["how"])

    def _people(self, step: Step) -> None:
        self.roster = people(step.fields["without"])

    def _failing(self, step: Step) -> None:
        self.failing = step.fields["targets"]
        self.failing_methods = METHODS if step.fields["methods"] else METHODS[:1]

    def _opened(self, step: Step) -> None:
        fields = step.fields
        ticket = Ticket(title=fields["title"], event_id=fields["event_id"] or None, status=fields["status"])
        self.happens(Opened(ticket=ticket))

    def _merged_here(self, step: Step) -> None:
        self.happens(MergedHere(title="other", followers=["person:dan"], **step.fields))

    def _failed_later(self, step: Step) -> None:
        self.happens(DeliveryFailed(detail="bounced", **step.fields))

    def _crowded(self, step: Step) -> None:
        self.crowd.how = step.fields["how"]

    def _digest(self, step: Step) -> None:
        told = self.crowd.leaves(step.fields["which"], step.fields["outcome"], self.now)
        if told is not None:
            self.happens(told)
            self._look()

    def _raised_meanwhile(self, step: Step) -> None:
        """What falls due asks the roster, and the severity is raised before it answers."""
        self._ask_when_crowded(step.fields["how"])
        self._severity(Severity.SEV1)
        self._answer_all()
        self._look()

    def _left_out(self, step: Step) -> None:
        """What falls due is put into a digest, and that leaves it out."""
        self._ask_when_crowded("digest")
        self._answer_all()
        self._digest(Step("digest", {"which": 0, "outcome": "dropped"}))

    def _ask_when_crowded(self, how: str) -> None:
        """What falls due next, at a severity that waits for room, asks the roster; that has not answered yet."""
        self.crowd.how = how
        self._severity(Severity.SEV3)
        self.now = max(self.now, next_due(self.state) or self.now)
        self.happens(Tick())

    def _severity(self, severity: Severity) -> None:
        monitor = Actor(kind="integration", id="monitor")
        self.happens(COMMANDS["severity"].model_validate({"by": monitor, "severity": severity}))

    def _merged(self, step: Step) -> None:
        """It is merged into another; perhaps something happens here just before that answers."""
        self.happens(COMMANDS["merge"].model_validate({"by": Actor(kind="person", id="ana"), "into": "aaaaaaaaaa"}))
        if step.fields["changes"]:
            self._severity(Severity.SEV1)
            self.happens(COMMANDS["follow"].model_validate({"by": Actor(kind="person", id="dan")}))
        if self.state.merging:
            self.happens(MergeAnswered(key=self.state.merging, taken=step.fields["taken"]))

    def _roster_changed(self, step: Step) -> None:
        self.happens(RosterChanged())

    def _windows(self, step: Step) -> None:
        self.windows = [
            PinnedWindow(
                id=str(n),
                version=f"{self.now}{n}",
                severities=tuple(severity for severity in Severity if severity.rank >= least),
                spans=(
                    Span(start=self.now + timedelta(minutes=first), end=self.now + timedelta(minutes=first + length)),
                ),
            )
            for n, (first, length, least) in enumerate(step.fields["each"])
        ]
        self.happens(WindowsChanged())

    def _unreadable(self, step: Step) -> None:
        self.happens(Unreadable(door="signal", text="?"))

    def _written(self, step: Step) -> None:
        ids = [entry.entry_id for entry in self.state.outbox]
        head = Head(seq=len(self.entries), hash="0" * 64)
        self.happens(JournalWritten(entry_ids=ids, ack=JournalAck(head=head)))

    def _repeated(self, step: Step) -> None:
        self.happens(self.last)

    def _raised(self, step: Step) -> None:
        """A machine raises the severity: nothing that is due may come later (decision 12)."""
        if step.fields["severity"].rank >= self.state.ticket.severity.rank:
            return
        before, rung, maintained = (
            {due.kind: due.at for due in dues(self.state) if due.kind not in ("breach", "clock")},
            self.state.rung,
            maintenance_of(self.state),
        )
        promised = clock_dues(self.state)
        monitor = Actor(kind="integration", id="monitor")
        self.happens(COMMANDS["severity"].model_validate({"by": monitor, "severity": step.fields["severity"]}))
        after = {due.kind: due.at for due in dues(self.state)}
        if self.state.rung != rung:
            return  # it climbed at once, to the tier where the new severity starts
        if maintenance_of(self.state) != maintained:
            return  # a window covers only one of the severities: its beginning and end are rules of their own
        for kind, at in before.items():
            gone = {"pause_ends", "round", "contact_step", "hold_ends", "room"}
            assert kind in after or kind in gone, f"{kind} is not due any more"
            assert kind not in after or after[kind] <= at, f"{kind} is due later: {at} → {after[kind]}"
        for name, at in clock_dues(self.state).items():
            assert name not in promised or at <= promised[name], f"{name} is due later: {promised[name]} → {at}"

    # -- what comes of effects --------------------------------------------------------------------------------------

    def _answer_all(self) -> None:
        for _ in range(AT_ONE_INSTANT * 5):
            # Another ticket's answer takes its time: it comes when the script says so.
            waiting = [effect for effect in self.state.pending.values() if not isinstance(effect, TellTicket)]
            if not waiting:
                return
            self._answer_one(waiting[0], "right")
        raise AssertionError(f"spins at {self.now}: effects without end")

    def _answer_one(self, effect: AnyEffect, how: str) -> None:
        match effect:
            case ResolveRound():
                load = {"person:ana": Load(pages=3)}
                resolved = resolve_round(self.roster, effect.request, at=self.now, load=load)
                if not resolved.recipients and self.scenario.duty_in is not None:
                    resolved.next_duty_at = self.now + self.scenario.duty_in
                resolved = self.crowd.press(effect, resolved, self.now)
                sent = self._sent(effect, people_now(resolved), how) if self._sends(effect, resolved) else None
                self.happens(RoundResolved(effect=effect.id, resolved=resolved, sent=sent))
            case SendPages():
                self.happens(self._sent(effect, effect.people, how))
            case RunStep():
                self.happens(StepFinished(effect=effect.id, outcome="failed" if how == "error" else "done"))
            case LookUpWindows():
                known = [] if how == "error" else self.windows
                self.happens(WindowsFound(effect=effect.id, windows=known))
            case ExtendCalendars():
                self.happens(CalendarsExtended(effect=effect.id, error="not here"))
            case TellTicket():
                self.happens(TicketTold(effect=effect.id, delivered=how == "right", error=how))

    def _sends(self, effect: ResolveRound, resolved: ResolvedRound) -> bool:
        """Whether who asks the roster goes on to tell whom it names, as in `workflows.effects`."""
        visit, tier = self.state.visit, self.state.tier
        if not self.scenario.in_one or not resolved.recipients or effect.request.how == "fair":
            return False
        if effect.purpose == "check":
            return False
        if visit is None or effect.purpose not in PAGING:
            return True
        joins = any(visit.last_round_at is not None and step.due <= visit.last_round_at for step in visit.steps)
        return not joins and (tier is None or tier.acknowledge_by == 1)

    def _sent(self, effect: ResolveRound | SendPages, people: list[PagePerson], how: str) -> PagesSent:
        error = "no worker" if how == "error" else ""
        receipts = [] if error or (effect.cancelled and how == "right") else self._send(effect, people)
        return PagesSent(effect=effect.id, receipts=receipts, error=error)

    def _send(self, effect: ResolveRound | SendPages, people: list[PagePerson]) -> list[Receipt]:
        receipts = []
        for who in people:
            if who.digest:
                receipts.append(self.crowd.collect(effect, who, self.now))
                continue
            plans, used = list(who.methods), set[str]()
            while plans:
                plan = plans.pop(0)
                used.add(plan.method)
                key = (effect.round_id, who.target, plan.method, plan.step)
                fails = who.target in self.failing and plan.method in self.failing_methods
                reached: Outcome = "crossed" if effect.cancelled else "accepted"
                sent = Receipt(
                    target=who.target,
                    method=plan.method,
                    channel=plan.channel,
                    step=plan.step,
                    outcome="failed" if fails else reached,
                    at=self.now,
                )
                receipts.append(self.ledger.setdefault(key, sent))
                if not receipts[-1].reached and not plans:
                    plans = [other for other in who.fallbacks if other.method not in used][:1]
        return receipts

    # -- what must hold ---------------------------------------------------------------------------------------------

    def happens(self, event: Event) -> Decision:
        """Let something happen, and check everything that must hold after it."""
        before = self.state
        dumped = before.model_dump_json()
        decision = decide(before, event, self.now)
        assert before.model_dump_json() == dumped, "the state given was changed"
        self.last = event if not isinstance(event, Tick | JournalWritten) else self.last
        self.state = decision.state
        self.entries += decision.entries
        self._check_effects(decision)
        self._check_entries(decision)
        check_nobody_forbidden(self.state)
        check_never_silent(self.state)
        check_way_down(before, self.state, event)
        check_clocks(before, decision, self.now)
        self.crowd_checks.check(before, event, decision)
        assert not isinstance(event, Tick) or self.state.rung <= before.rung + 1, "two climbs at one look"
        check_looking_changes_nothing(self.state, self.now)
        self._check_carried()
        answer(decision), brief(self.state), snapshot(self.state), view(self.state)
        assert self.state.version >= before.version
        return decision

    def _check_effects(self, decision: Decision) -> None:
        for effect in decision.effects:
            assert effect.id not in self.ids, f"{effect.id} is used twice"
            self.ids.add(effect.id)
            if isinstance(effect, SendPages):
                targets = [who.target for who in effect.people]
                assert len(set(targets)) == len(targets), f"somebody is told twice in one page: {targets}"
                assert all(len({p.method for p in who.methods}) == len(who.methods) for who in effect.people)
                if effect.purpose in ("round", "catch_all"):
                    # After a maintenance the rounds of a tier are counted anew (decision 14).
                    anew = sum(entry.kind == "maintenance.ended" for entry in self.entries)
                    key = (effect.rung, anew, effect.round, effect.purpose)
                    assert self.rounds.setdefault(key, effect.round_id) == effect.round_id, f"round {key} is sent twice"
        check_one_round_is_found(self.state)

    def _check_entries(self, decision: Decision) -> None:
        check_said(decision)
        for entry in decision.entries:
            if entry.kind == "tier.left" and "within" in entry.why.split(" (")[0]:
                self.by_limit[entry.at] += 1
                assert self.by_limit[entry.at] <= 1, "two climbs by limits at one instant"

    def _check_carried(self) -> None:
        if self.carried:
            dumped = self.state.model_dump_json()
            self.state = TicketState.model_validate_json(dumped)
            assert self.state.model_dump_json() == dumped
