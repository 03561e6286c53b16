"""Effects on their way: each runs in a task of its own beside the clock, and its outcome comes back as an event."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ChildWorkflowError,
    TimeoutType,
    WorkflowAlreadyStartedError,
)
from temporalio.exceptions import TimeoutError as TimedOutError

from activities import contracts
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
from escalade.engine import Event, JournalWritten, TicketState, brief, snapshot
from escalade.engine.draft import PAGING
from escalade.engine.events import StepStarted
from escalade.engine.outbox import first_slice
from escalade.maintenance.pinned import AskWindows
from escalade.messages import JournalAck, JournalBatch, PageRequest, PageResult, ResolveRequest
from escalade.messages.activities import CalendarsRequest, PagePerson, StepRequest
from escalade.people.resolve import ResolvedRound, RoundRequest
from escalade.record import Entry
from escalade.ticket import workflow_id

LOOK_UP: Final = timedelta(seconds=5)
"""One attempt to ask the roster."""

ATTEMPTS: Final = 10
"""Of an activity that fails as a whole, or whose worker dies; the ladder goes on meanwhile."""

HEARTBEAT: Final = timedelta(seconds=3)
"""How soon a page whose worker died is taken up again, and the bound on pages after an acknowledgement."""

IN_QUEUE: Final = timedelta(seconds=30)
"""A page that no worker has begun for so long is asked for again, and no longer takes entries along."""

SPARE: Final = timedelta(seconds=30)
"""What a page's attempt may take beyond `deliver_within`: the ledger, the journal."""


class EffectRunner:
    """Starts what is wanted, cancels what is not, hands back what came of it."""

    def __init__(self, state: Callable[[], TicketState], wake: Callable[[], None]) -> None:
        """Args: state: the present state. wake: called when something finished."""
        self._state = state
        self._wake = wake
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._outcomes: list[Event] = []
        self._carried: dict[str, list[Entry]] = {}
        self._cancelled: set[str] = set()
        self.is_stuck = False
        """Whether no worker took up the newest pages in good time."""

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._tasks)

    @property
    def carried(self) -> set[str]:
        """Entries that pages under way have taken along."""
        return {entry.entry_id for entries in self._carried.values() for entry in entries}

    def outcomes(self) -> list[Event]:
        """What finished since the last call, in order. Re-raises whatever an effect's task raised."""
        for effect_id in [name for name, task in self._tasks.items() if task.done()]:
            task = self._tasks.pop(effect_id)
            self._carried.pop(effect_id, None)
            self._cancelled.discard(effect_id)
            if not task.cancelled():
                task.result()
        found, self._outcomes = self._outcomes, []
        return found

    def reconcile(self, *, paging: bool = True) -> bool:
        """Make what runs equal to what is wanted; whether that took anything to be started or cancelled.

        Args:
            paging: False starts nothing that tells people: perhaps it is not wanted any more.
        """
        changed = False
        wanted = self._state().pending
        for effect_id, task in self._tasks.items():
            effect = wanted.get(effect_id)
            if (effect is None or effect.cancelled) and effect_id not in self._cancelled:
                self._cancelled.add(effect_id)
                task.cancel()
                changed = True
        for effect in list(wanted.values()):
            if effect.id in self._tasks or (isinstance(effect, RunStep) and effect.started):
                continue
            if isinstance(effect, ResolveRound | SendPages) and effect.after in wanted:
                continue  # the page it replaces has not handed back its receipts
            if isinstance(effect, ResolveRound | SendPages) and not paging:
                continue
            if effect.cancelled:
                # Cancelled before it was started here: there is nothing to wait for.
                self._outcomes.append(_never_started(effect))
                self._wake()
                continue
            if isinstance(effect, SendPages) or self._may_send(effect):
                # Said now, before the task runs: the journal must not write what this page takes along.
                self._carried[effect.id] = first_slice(self._state().outbox)
            task = asyncio.create_task(self._run(effect))
            task.add_done_callback(lambda _: self._wake())
            self._tasks[effect.id] = task
            changed = True
        return changed

    def _may_send(self, effect: AnyEffect) -> bool:
        """Whether whoever asks the roster may go on to tell whom it names: one activity instead of two.

        Not where the ticket has to know them first: a quorum counts who was paged, `fair` counts pages that this
        very round makes, and a contact step that is due now joins the round (one message per channel).
        """
        state = self._state()
        visit, tier = state.visit, state.tier
        if not isinstance(effect, ResolveRound) or effect.request.how == "fair" or effect.purpose == "check":
            return False
        if visit is None or effect.purpose not in PAGING:
            return True
        joins = any(visit.last_round_at is not None and step.due <= visit.last_round_at for step in visit.steps)
        return not joins and (tier is None or tier.acknowledge_by == 1)

    def cancel_all(self) -> None:
        """Stop everything under way; what is pending in the state is started again by the next run."""
        for task in self._tasks.values():
            task.cancel()

    async def _run(self, effect: AnyEffect) -> None:
        match effect:
            case ResolveRound():
                await self._resolve(effect)
            case SendPages():
                await self._page(effect)
            case RunStep():
                await self._step(effect)
            case TellTicket():
                await self._tell(effect)
            case LookUpWindows():
                await self._windows(effect)
            case ExtendCalendars():
                await self._extend(effect)

    async def _resolve(self, effect: ResolveRound) -> None:
        if effect.id in self._carried:
            await self._resolve_and_send(effect)
            return
        try:
            resolved = await workflow.execute_activity(
                contracts.resolve,
                ResolveRequest(
                    key=self._state().key, round_id=effect.round_id, request=effect.request, at=workflow.now()
                ),
                start_to_close_timeout=LOOK_UP,
                retry_policy=RetryPolicy(maximum_attempts=ATTEMPTS),
                priority=priority_of_page(self._state(), effect),
                summary=_who(effect.request.targets),
            )
        except ActivityError as error:
            resolved = _nobody(error)
        self._outcomes.append(RoundResolved(effect=effect.id, resolved=resolved))

    async def _resolve_and_send(self, effect: ResolveRound) -> None:
        summary = f"{effect.purpose} {effect.round}: {_who(effect.request.targets)}"
        result = await self._send(effect, [], effect.request, summary)
        if result is None:
            self._outcomes.append(_never_started(effect))
        elif isinstance(result, ActivityError) or result.resolved is None:
            self._outcomes.append(RoundResolved(effect=effect.id, resolved=_nobody(result)))
        else:
            sent = None if result.held_back or not result.resolved.recipients else _sent(effect, result)
            self._outcomes.append(RoundResolved(effect=effect.id, resolved=result.resolved, sent=sent))

    async def _page(self, effect: SendPages) -> None:
        summary = f"{effect.purpose} {effect.round}: {_who([person.target for person in effect.people])}"
        result = await self._send(effect, effect.people, None, summary)
        if result is None:
            self._outcomes.append(_never_started(effect))
        elif isinstance(result, ActivityError):
            self._outcomes.append(PagesSent(effect=effect.id, error=str(result.cause or result)))
        else:
            self._outcomes.append(_sent(effect, result))

    async def _send(
        self, effect: ResolveRound | SendPages, people: list[PagePerson], request: RoundRequest | None, summary: str
    ) -> PageResult | ActivityError | None:
        """Run the page activity.

        Returns:
            What became of it, also when it was cancelled; None when it was cancelled before it began.
        """
        state = self._state()
        assert state.policy is not None
        entries = self._carried[effect.id]
        page = PageRequest(
            round_id=effect.round_id,
            purpose=effect.purpose,
            brief=brief(state).model_copy(update={"rung": effect.rung, "round": effect.round}),
            people=people,
            request=request,
            asked_at=workflow.now(),
            scheduled_at=effect.due_at,
            deliver_within=state.policy.deliver_within,
            subject=effect.subject,
            text=effect.text,
            batch=batch(state, entries),
        )
        try:
            try:
                result = await self._start(page, effect, summary, within=IN_QUEUE)
            except ActivityError as error:
                if not _never_begun(error):
                    raise
                # The journal has to say so meanwhile. Written twice, an entry is there once: it has an id.
                self._carried[effect.id] = []
                self.is_stuck = True
                self._wake()
                result = await self._start(page, effect, summary, within=None)
        except asyncio.CancelledError:
            return None  # cancelled before the server knew of it: nothing was sent
        except ActivityError as error:
            found = await self._find_out(page)
            if found is None:
                return error
            result = found
        self.is_stuck = False
        if result.written and result.head is not None:
            ack = JournalAck(head=result.head, truncated=result.truncated)
            self._outcomes.append(JournalWritten(entry_ids=[entry.entry_id for entry in entries], ack=ack))
        return result

    def _start(
        self, page: PageRequest, effect: ResolveRound | SendPages, summary: str, *, within: timedelta | None
    ) -> workflow.ActivityHandle[PageResult]:
        # Cancelled, whoever waits for it waits on: the activity hands back the receipts of what it had sent.
        return workflow.start_activity(
            contracts.page,
            page,
            task_queue=contracts.PAGES_QUEUE,
            schedule_to_start_timeout=within,
            start_to_close_timeout=page.deliver_within + SPARE,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RetryPolicy(
                initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=10), maximum_attempts=ATTEMPTS
            ),
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            priority=priority_of_page(self._state(), effect),
            summary=summary[:200],
        )

    async def _find_out(self, page: PageRequest) -> PageResult | None:
        """What the ledger knows of a page that ended with its worker and is not tried again; None for nothing."""
        with contextlib.suppress(ActivityError):
            result = await workflow.execute_activity(
                contracts.page,
                page.model_copy(update={"only_find_out": True}),
                task_queue=contracts.PAGES_QUEUE,
                start_to_close_timeout=LOOK_UP * 2,
                schedule_to_close_timeout=SPARE * 2,
                cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
                summary="what became of it",
            )
            return result if result.receipts else None
        return None

    async def _step(self, effect: RunStep) -> None:
        state = self._state()
        request = StepRequest(
            step_id=effect.id,
            use=effect.step.use,
            version=effect.step.version,
            config=effect.step.config,
            brief=brief(state),
        )
        try:
            await workflow.start_child_workflow(
                "StepWorkflow",
                request,
                id=f"step/{state.key}/{effect.id}",
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                cancellation_type=workflow.ChildWorkflowCancellationType.ABANDON,
                static_summary=f"{effect.step.use} for {state.ticket.title}"[:200],
            )
        except WorkflowAlreadyStartedError:
            pass  # by an earlier run of this ticket: its outcome comes by signal all the same
        except ChildWorkflowError as error:
            text = f"it could not be started: {error.cause or error}"[:1000]
            self._outcomes.append(StepFinished(effect=effect.id, outcome="failed", text=text))
            return
        self._outcomes.append(StepStarted(effect=effect.id))

    async def _extend(self, effect: ExtendCalendars) -> None:
        result = await workflow.execute_activity(
            contracts.calendars,
            CalendarsRequest(names=effect.names, since=effect.since, months=effect.months, at=workflow.now()),
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=5)),
            summary=f"work out {', '.join(effect.names)} further"[:200],
        )
        self._outcomes.append(CalendarsExtended(effect=effect.id, calendars=result.calendars, error=result.error))

    async def _tell(self, effect: TellTicket) -> None:
        handle = workflow.get_external_workflow_handle(workflow_id(effect.key))
        try:
            await handle.signal(effect.signal, effect.payload)
        except ApplicationError as error:
            self._outcomes.append(TicketTold(effect=effect.id, delivered=False, error=str(error)))
        else:
            self._outcomes.append(TicketTold(effect=effect.id, delivered=True))

    async def _windows(self, effect: LookUpWindows) -> None:
        state = self._state()
        known = await workflow.execute_activity(
            contracts.windows,
            AskWindows(key=state.key, ticket=state.ticket, at=workflow.now()),
            start_to_close_timeout=LOOK_UP,
            retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=30)),
            summary="which maintenance windows concern it",
        )
        self._outcomes.append(WindowsFound(effect=effect.id, windows=known.windows))


def _who(targets: list[str]) -> str:
    return ", ".join(targets)[:150]


def _nobody(why: ActivityError | PageResult) -> ResolvedRound:
    error = why.cause or why if isinstance(why, ActivityError) else "no answer"
    return ResolvedRound(nobody=f"the roster could not be asked: {error}")


def _never_begun(error: ActivityError) -> bool:
    cause = error.cause
    return isinstance(cause, TimedOutError) and cause.type is TimeoutType.SCHEDULE_TO_START


def _never_started(effect: AnyEffect) -> Event:
    """What comes of something that was cancelled before it began."""
    if isinstance(effect, ResolveRound):
        return RoundResolved(effect=effect.id, resolved=ResolvedRound(nobody="not asked any more"))
    return PagesSent(effect=effect.id)


def _sent(effect: ResolveRound | SendPages, result: PageResult) -> PagesSent:
    return PagesSent(
        effect=effect.id, receipts=result.receipts, written=result.written, head=result.head, notes=result.notes
    )


def batch(state: TicketState, entries: list[Entry], *, stuck: bool = False) -> JournalBatch:
    """Entries to be written, with the state after them; `stuck` as for `snapshot`."""
    row = snapshot(state, stuck=stuck)
    return JournalBatch(stream=workflow_id(state.key), life=state.life, entries=entries, snapshot=row, known=state.head)


def priority_of_page(state: TicketState, effect: ResolveRound | SendPages) -> Priority:
    """The first page of a ticket nobody has heard of goes before repeats, fairly across services (decision 21)."""
    first = effect.purpose == "round" and effect.round == 1 and effect.rung == 1
    urgent = state.ticket.severity.rank <= 2
    key = (1 if urgent else 2) if first else (3 if urgent else 4)
    if effect.purpose == "notice":
        key = 5
    return Priority(priority_key=key, fairness_key=state.ticket.service[:64] or None)
