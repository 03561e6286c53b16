"""A ticket as a durable workflow: a thin shell around `escalade.engine`.

Handlers decide at once; one loop turns what was decided into commands to Temporal and waits on one timer, or a
wake-up. Everything that must survive is in one state; what is pending there is what is under way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ApplicationError

from activities import contracts
from escalade.engine import (
    Admitted,
    Event,
    JournalWritten,
    Opened,
    Tick,
    Unreadable,
    answer,
    decide,
    dues,
    next_due,
    repeat_ahead,
    upcoming,
    view,
)
from escalade.engine.arriving import payload_digest
from escalade.engine.clockview import why
from escalade.engine.draft import Decision
from escalade.engine.events import Cancelled
from escalade.engine.outbox import first_slice
from escalade.messages import AdmitRequest, Answer, ClockWhy, TicketView, Upcoming
from escalade.record import Entry
from escalade.ticket import Status, key_of
from workflows import doorway
from workflows.alarm import Alarm, rest_alarm
from workflows.attributes import Attributes, details
from workflows.backlog import Backlog
from workflows.effects import EffectRunner, batch
from workflows.lives import begin, next_ticket, same_ticket
from workflows.parked import Parked
from workflows.stray import Stray, gone, seen

IDLE: Final = timedelta(hours=1)
"""A ticket that rests this long continues as new into its wait: replays stay short, upgrades land (decision 40)."""

PATIENCE: Final = 4
"""With pages under way, continue-as-new waits until history is this many times as long as when it was suggested."""

FLUSH: Final = timedelta(seconds=30)
"""How long a cancelled workflow tries to get its last entries written."""


@workflow.defn(name="TicketWorkflow")
class TicketWorkflow:
    """One ticket, from its arrival until it is closed.

    Input: a ticket (`escalade.ticket.Ticket` as JSON). Updates and signals: every command of
    `escalade.messages.COMMANDS` by name. Further signals: `open`, `merged`, `step_outcome`, `delivery_failed`,
    `roster_changed`, `maintenance_changed`. Queries: `view`, `timeline`, `upcoming`, `why`.
    """

    @workflow.init
    def __init__(self, *start: Any) -> None:
        """Take up the state of the run before, or read the ticket. Any input gives a ticket; none can wedge it."""
        info = workflow.info()
        self._woken = False
        self._suggested_at = 0
        self._idle_from: datetime | None = None
        self._journalling: asyncio.Task[None] | None = None
        self._parked = Parked()
        # Neither continue-as-new nor a reset changes a life, so it is not the run id; a new ticket has its own.
        life = str(workflow.uuid4()) if info.continued_run_id else info.first_execution_run_id
        beginning = begin(
            start[0] if start else None,
            continues=info.continued_run_id is not None,
            key=key_of(info.workflow_id),
            life=life,
            run=info.run_id,
            now=workflow.now(),
        )
        self._state, self._problems = beginning.state, beginning.problems
        self._backlog = Backlog(
            beginning.waiting, read=lambda *said: doorway.event(*said, foreign=self._state.engine >= 4)
        )
        self._stray = Stray.here(self._state.ticket, self._problems)
        if not beginning.goes_on:
            self._idle_from = workflow.now()
        self._alarm = Alarm(self._wake)
        self._effects = EffectRunner(lambda: self._state, self._wake)
        self._attributes = Attributes()

    @workflow.run
    async def run(self, *start: Any) -> str:  # noqa: ARG002  read in __init__, before any handler
        """Live until closed.

        Returns:
            How it ended: `closed`, `merged into <key>`, or `forwarded to ticket/<key>`.
        """
        try:
            if self._stray is not None:
                if await self._stray.forward(self._backlog):
                    return f"forwarded to {self._stray.goal}"
                self._problems.append(self._stray.kept)
            if self._state.policy is None:
                await self._admit()
            while not self._step():
                await workflow.wait_condition(lambda: self._woken)
        except asyncio.CancelledError:
            await self._cancelled()
            raise
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self._state.next_ticket is not None:
            self._stop_everything()
            workflow.continue_as_new(args=[next_ticket(self._state, self._parked)])
        return f"merged into {self._state.merged_into}" if self._state.merged_into else self._state.status.value

    # -- what arrives ---------------------------------------------------------------------------------------------

    @workflow.update(dynamic=True)
    async def on_update(self, name: str, args: Sequence[RawValue]) -> Answer:
        """A command of somebody who waits for the answer."""
        stray = self._stray
        if not self._takes_commands:
            with self._backlog.expecting():
                await workflow.wait_condition(lambda: self._takes_commands or gone(stray))
            self._wake()
        if stray is not None and gone(stray):
            text = f"this workflow is no ticket's: {stray.goal} is; send {name} there"
            raise ApplicationError(text, type="forwarded", non_retryable=True)
        command = doorway.command(name, args)
        if isinstance(command, str):
            raise ApplicationError(command, type="malformed", non_retryable=True)
        decision = self._decide(command)
        if decision.refusal is not None:
            raise ApplicationError(decision.refusal.text, type=decision.refusal.code, non_retryable=True)
        return answer(decision)

    @on_update.validator
    def _check_update(self, name: str, args: Sequence[RawValue]) -> None:
        """Refuse what cannot be read, at no cost to history; everything else is decided, and recorded (42)."""
        command = doorway.command(name, args)
        if isinstance(command, str):
            raise ApplicationError(command, type="malformed", non_retryable=True)

    @workflow.signal(dynamic=True)
    def on_signal(self, name: str, args: Sequence[RawValue]) -> None:
        """A command or fact of somebody who does not wait."""
        if self._state.policy is not None and (not self._takes_turns or self._backlog.passes(self._task)):
            self._take_in(self._backlog.read(name, args))
        else:
            self._backlog.add(name, args)
            self._wake()

    def _take_in(self, event: Event) -> None:
        if self._state.next_ticket is not None:
            self._parked.add(event)  # the next life's, which has not begun
        else:
            self._decide(event)

    def _take_in_turn(self, event: Event) -> None:
        # Outside its handler no interceptor stands around it, and what raises here would wedge the ticket (41).
        try:
            self._take_in(event)
        except Exception as error:  # noqa: BLE001 - whatever it is
            workflow.logger.error("A signal could not be handled.", exc_info=error)
            self.record_fault(f"a signal could not be handled: {type(error).__name__}: {error}")

    def record_fault(self, text: str) -> None:
        """Put what a handler raised into the timeline; called by the worker's interceptor."""
        self._decide(Unreadable(door="a handler", text=text[:500]))

    @workflow.query(name="view")
    def view(self, at: str | None = None) -> TicketView:
        """Everything a page about the ticket shows; its clocks as of an instant (ISO 8601), or of its last change."""
        return seen(self._stray, view(self._state, doorway.instant(at)))

    @workflow.query(name="why")
    def why(self, clock: str, at: str | None = None) -> ClockWhy | None:
        """Why a clock is due when it is, as of an instant; nothing when there is no such clock."""
        return why(self._state, clock, doorway.instant(at) or workflow.now())

    @workflow.query(name="timeline")
    def timeline(self) -> list[Entry]:
        """The newest entries."""
        return self._state.tail

    @workflow.query(name="upcoming")
    def upcoming(self) -> list[Upcoming]:
        """What happens next, and when, and why."""
        return upcoming(self._state)

    @property
    def _takes_commands(self) -> bool:
        """Whether a command is decided at once: it goes before what machines said, and behind other commands."""
        return self._state.policy is not None and not (self._takes_turns and self._backlog.has_commands)

    @property
    def _takes_turns(self) -> bool:
        """Whether a workflow task decides so many signals and no more; older rules decided all that had come."""
        return self._state.engine >= 3

    @property
    def _task(self) -> int:
        return workflow.info().get_current_history_length()

    # -- the loop -------------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        self._woken = True

    def _decide(self, event: Event) -> Decision:
        decision = decide(self._state, event, workflow.now(), token=workflow.uuid4().hex)
        self._state = decision.state
        if decision.entries or decision.effects:
            self._idle_from = workflow.now()
        self._woken = True
        return decision

    async def _admit(self) -> None:
        """Get the pinned policy; nothing is decided before it is there."""
        state = self._state
        admission = await workflow.execute_activity(
            contracts.admit,
            AdmitRequest(key=state.key, life=state.life, ticket=state.ticket, at=workflow.now()),
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=30)),
            summary="choose and pin the policy",
        )
        admission.notes += self._problems
        self._decide(Admitted(admission=admission))
        if self._backlog:
            first = self._backlog.next()
            # Signal-with-start says the same twice: the first of it is the ticket itself, not a repetition.
            if not isinstance(first, Opened) or payload_digest(first.ticket) != payload_digest(state.ticket):
                self._take_in_turn(first)
        while self._backlog and not self._takes_turns:
            self._take_in_turn(self._backlog.next())

    def _step(self) -> bool:
        """Take in what finished, do what is due, set going what is wanted.

        Returns:
            Whether the ticket is over and everything is written.
        """
        self._woken = False
        for event in self._backlog.turn(self._task):
            self._take_in_turn(event)
        outcomes = self._effects.outcomes()
        for event in outcomes:
            self._decide(event)
        written = self._journal_is_back()
        holds = self._takes_turns and self._backlog.holds_paging(workflow.now())
        if not holds:
            self._look_at_the_clock()
        commanded = [
            self._effects.reconcile(paging=not holds),
            self._keep_journal(),
            self._attributes.update(self._state),
        ]
        workflow.set_current_details(details(self._state))
        if self._over():
            return True
        if self._should_continue_as_new():
            self._continue_as_new()
        # A timer that is still set when the workflow ends costs nothing.
        if self._backlog or self._state.status is not Status.CLOSED:
            commanded.append(self._set_alarm())
        if (outcomes or written) and not any(commanded):
            self._leave_a_mark()
        return False

    def _leave_a_mark(self) -> None:
        """Command something, so that this workflow task is not an empty one.

        An update that follows an empty workflow task is handed to a run that is not cached together with what that
        task had taken in, and to a replay of it apart: the order of commands differs (TMPRL1100, measured on 1.35).
        """
        if self._state.engine >= 2:
            workflow.upsert_memo({"journal": self._state.head.seq if self._state.head is not None else 0})

    def _look_at_the_clock(self) -> None:
        # A tick does everything that is due; a few rounds are enough unless the engine has a bug, and then the
        # alarm below fires no more often than once a second.
        for _ in range(10):
            due = next_due(self._state)
            if due is None or due > workflow.now():
                return
            self._decide(Tick())

    def _set_alarm(self) -> bool:
        now = workflow.now()
        if self._backlog:
            # Ends this workflow task and begins the next.
            return self._alarm.set(now + timedelta(milliseconds=1), f"{len(self._backlog)} signals wait for their turn")
        due, summary = None, ""
        ahead = [*dues(self._state)[:1]]
        if (repeat := repeat_ahead(self._state)) is not None and repeat.at > now:
            # Set now, with the round under way: afterwards it would cost one timer cancelled and another started.
            ahead.append(repeat)
        if ahead:
            first = min(ahead, key=lambda each: each.at)
            due, summary = first.at, f"{first.what}: {first.why}"
            due = max(due, now + timedelta(seconds=1)) if due <= now else due
        rests = rest_alarm(self._rests_from(), now=now, busy=self._effects.busy)
        if rests is not None and (due is None or rests < due):
            due, summary = rests, "idle: continue as new"
        return self._alarm.set(due, summary)

    def _journal_is_back(self) -> bool:
        if self._journalling is None or not self._journalling.done():
            return False
        self._journalling.result()
        self._journalling = None
        return True

    def _keep_journal(self) -> bool:
        state = self._state
        if not state.outbox or self._journalling is not None:
            return False
        carried = self._effects.carried
        if all(entry.entry_id in carried for entry in state.outbox):
            return False
        self._journalling = asyncio.create_task(self._write(first_slice(state.outbox)))
        self._journalling.add_done_callback(lambda _: self._wake())
        return True

    async def _write(self, entries: list[Entry]) -> None:
        ack = await workflow.execute_activity(
            contracts.journal,
            batch(self._state, entries, stuck=self._effects.is_stuck),
            task_queue=contracts.JOURNAL_QUEUE,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=30)),
            summary=f"{len(entries)} entries, to {entries[-1].kind}",
        )
        self._decide(JournalWritten(entry_ids=[entry.entry_id for entry in entries], ack=ack))

    def _over(self) -> bool:
        state = self._state
        if self._backlog:
            return False
        if state.next_ticket is not None:
            return True  # somebody needs a human now: what is left to clean up goes along
        return state.status is Status.CLOSED and not state.outbox and not self._effects.busy and not self._journalling

    # -- continue-as-new ------------------------------------------------------------------------------------------

    def _rests_from(self) -> datetime | None:
        """When it will have been idle for long enough to continue as new into its wait; None when it is not idle."""
        state = self._state
        resting = state.stands_still or state.status is Status.RESOLVED
        return self._idle_from + IDLE if resting and self._idle_from is not None else None

    def _should_continue_as_new(self) -> bool:
        if self._state.policy is None or self._state.status is Status.CLOSED or self._backlog:
            return False
        if not workflow.all_handlers_finished():
            return False
        rests = self._rests_from()
        idle = rests is not None and rests <= workflow.now()
        info = workflow.info()
        if not idle and not info.is_continue_as_new_suggested():
            return False
        length = info.get_current_history_length()
        self._suggested_at = self._suggested_at or length
        return not self._effects.busy or length > PATIENCE * self._suggested_at

    def _continue_as_new(self) -> None:
        self._stop_everything()
        workflow.continue_as_new(args=[same_ticket(self._state)])

    def _stop_everything(self) -> None:
        self._alarm.set(None, "")
        self._effects.cancel_all()
        if self._journalling is not None:
            self._journalling.cancel()

    async def _cancelled(self) -> None:
        """Cancelled from outside Escalade: say so in the journal, for a short while."""
        if self._state.policy is None:
            return
        reason = workflow.cancellation_reason() or ""
        self._decide(Cancelled(reason=reason))
        self._effects.cancel_all()
        entries = first_slice(self._state.outbox)
        await workflow.execute_activity(
            contracts.journal,
            batch(self._state, entries),
            task_queue=contracts.JOURNAL_QUEUE,
            start_to_close_timeout=timedelta(seconds=10),
            schedule_to_close_timeout=FLUSH,
        )
