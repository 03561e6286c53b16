"""A run under an id that is no ticket's: no command could address it, so it forwards itself to where they can.

`temporal workflow start --type TicketWorkflow` takes any id. To page people from there would be a ticket that nobody
can acknowledge; to refuse would lose the page.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

from activities import contracts
from escalade.engine import Event, Opened
from escalade.engine.arriving import payload_digest
from escalade.messages import TicketView
from escalade.messages.stray import Forwarded, ForwardRequest
from escalade.ticket import SYSTEM, Status, Ticket, is_ticket_id, key_for, workflow_id
from workflows.backlog import AT_ONCE, Backlog
from workflows.parked import Parked

_PATCH: Final = "a ticket under another id is forwarded"
"""Runs that had begun before went on as tickets: they keep doing so."""

_ATTEMPTS: Final = 10
"""To open the ticket; about a minute. Then it pages people itself, which is the smaller evil."""

_PATIENCE: Final = timedelta(hours=1)
"""How long each lot of signals is tried; the ticket is open meanwhile, and pages people."""

_LOT: Final = 20
"""Signals passed on by one activity."""

_Signal = tuple[str, dict[str, Any]]


class Stray:
    """What is known of such a run while it forwards itself."""

    def __init__(self, ticket: Ticket, problems: list[str]) -> None:
        """Take what it was started with.

        Args:
            ticket: what it says; the run's own id stands for a dedupe key and an event id it lacks.
            problems: what had to be mended in it.
        """
        info = workflow.info()
        self._id, self._run = info.workflow_id, info.run_id
        self._problems = problems
        self._said = ticket
        self.ticket = ticket.model_copy(
            update={
                "dedupe_key": ticket.dedupe_key or (None if ticket.event_id else _short(self._id)),
                "event_id": ticket.event_id or f"run:{self._run}",
            }
        )
        self.key = key_for(self.ticket)
        self.forwarded = False
        self._passed = 0

    @staticmethod
    def here(ticket: Ticket, problems: list[str]) -> Stray | None:
        """This run, if it is one."""
        info = workflow.info()
        if info.continued_run_id is not None or is_ticket_id(info.workflow_id) or not workflow.patched(_PATCH):
            return None
        return Stray(ticket, problems)

    @property
    def goal(self) -> str:
        """The workflow id of the ticket."""
        return workflow_id(self.key)

    async def forward(self, backlog: Backlog) -> bool:
        """Forward the ticket, and everything that arrives meanwhile.

        Args:
            backlog: what has arrived; whoever takes in signals adds to it.

        Returns:
            False when the ticket could not be opened: then this run is all there is. What could not be passed on to a
            ticket that is open is no reason for that: people would be paged twice.
        """
        started_by_signal = bool(backlog)
        waiting = await self._open()
        if waiting is None:
            return False
        self.forwarded = True
        lost, gave_up = 0, False
        await workflow.wait_condition(workflow.all_handlers_finished)
        waiting.append(self._note("; ".join([self._why, *self._problems])))
        while (waiting or backlog) and not gave_up:
            if not waiting:
                taken = [backlog.next() for _ in range(min(len(backlog), AT_ONCE))]
                waiting = self._signals(taken, born_of_first=started_by_signal)
                started_by_signal = False
            if waiting:
                told = await self._pass_on(waiting[:_LOT])
                gave_up = told is None
                lost += told.refused if told is not None else len(waiting)
                waiting = waiting[told.done :] if told is not None else []
            await workflow.wait_condition(workflow.all_handlers_finished)
        lost += len(backlog)
        not_passed = f" {lost} messages could not be passed on: they are in this workflow's history." if lost else ""
        workflow.set_current_details(f"Forwarded to {self.goal}: {self._why}{not_passed}")
        workflow.logger.warning("%s is no ticket's id; forwarded to %s.%s", self._id, self.goal, not_passed)
        return True

    async def _open(self) -> list[_Signal] | None:
        """Open the ticket; what to say to it again, or None when it is not open.

        Where that failed it may have been done all the same, and only the answer be lost. A ticket that is open then is
        told again, patiently: the event id makes it the same as the first time.
        """
        try:
            await workflow.execute_activity(
                contracts.forward,
                ForwardRequest(key=self.key, ticket=self.ticket),
                start_to_close_timeout=timedelta(seconds=10),
                retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=10), maximum_attempts=_ATTEMPTS),
                summary=f"to {self.goal}",
            )
        except ActivityError as error:
            self._report(error, "could not be forwarded")
            return [("open", self.ticket.model_dump(mode="json"))] if await self._is_there() else None
        return []

    async def _is_there(self) -> bool:
        try:
            return await workflow.execute_activity(
                contracts.forward_goal,
                ForwardRequest(key=self.key),
                start_to_close_timeout=timedelta(seconds=10),
                retry_policy=RetryPolicy(maximum_attempts=3),
                summary=f"is {self.goal} open all the same?",
            )
        except ActivityError as error:
            self._report(error, "could not find out whether it was forwarded")
            return False

    async def _pass_on(self, signals: list[_Signal]) -> Forwarded | None:
        """How far these came; None when it is given up."""
        try:
            return await workflow.execute_activity(
                contracts.forward,
                ForwardRequest(key=self.key, signals=signals),
                start_to_close_timeout=timedelta(seconds=30),
                schedule_to_close_timeout=_PATIENCE,
                retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=30)),
                summary=f"{len(signals)} signals to {self.goal}",
            )
        except ActivityError as error:
            self._report(error, "could not pass on what it was told")
            return None

    def _report(self, error: ActivityError, what: str) -> None:
        """Log it; a cancellation goes its own way."""
        if is_cancelled_exception(error):
            raise error
        workflow.logger.error("%s %s to %s: %s", self._id, what, self.goal, error.cause)

    @property
    def _why(self) -> str:
        return (
            f"it came as workflow {self._id[:200]!r}, which no command can address. Start tickets as ticket/<key>, or "
            "with `escalade ticket open`."
        )

    @property
    def kept(self) -> str:
        """What to say where it had to go on as a ticket."""
        return (
            f"it could not be forwarded to {self.goal}, and this workflow ({self._id[:200]!r}) is no ticket's id: "
            "answer it with `temporal workflow signal --name acknowledge`"
        )

    def _signals(self, events: list[Event], *, born_of_first: bool) -> list[_Signal]:
        """Events as the signals they came by."""
        parked = Parked()
        for n, event in enumerate(events):
            # Signal-with-start says the same twice: the first of it is the ticket itself, not a repetition.
            if n or not born_of_first or not isinstance(event, Opened) or not self._is_born_of(event):
                parked.add(event)
        found: list[_Signal] = []
        if parked.left_out:
            found.append(self._note(f"{parked.left_out} messages to workflow {self._id[:200]!r} were left out"))
        for name, fields in parked.messages:
            if name == "unreadable":
                found.append(self._note(f"{fields.get('door')} could not be read: {fields.get('text')}"))
            else:
                payload = fields.get("ticket", {}) if name == "opened" else fields
                given = payload.get("event_id") or self._next_id()
                found.append(("open" if name == "opened" else name, {**payload, "event_id": given}))
        return found

    def _is_born_of(self, event: Opened) -> bool:
        return payload_digest(event.ticket) == payload_digest(self._said)

    def _note(self, text: str) -> _Signal:
        by = SYSTEM.model_dump(mode="json")
        return "note", {"text": text[:4000], "by": by, "event_id": self._next_id()}

    def _next_id(self) -> str:
        self._passed += 1
        return f"run:{self._run}/{self._passed}"


def gone(stray: Stray | None) -> bool:
    """Whether a run has forwarded itself."""
    return stray is not None and stray.forwarded


def seen(stray: Stray | None, view: TicketView) -> TicketView:
    """What a run shows of itself: once it has forwarded itself, nobody has to look after it any more."""
    if stray is None or not stray.forwarded:
        return view
    return view.model_copy(update={"status": Status.CLOSED, "merged_into": stray.key})


def _short(text: str) -> str:
    """A workflow id as a dedupe key, which is shorter."""
    return text if len(text) <= 255 else hashlib.sha256(text.encode()).hexdigest()
