"""The yardstick: a workflow with a ticket's activities, timers, updates and upserts, and no engine.

It is what one would write by hand for two tiers: the same signal-with-start opens it, the same real activities page
and write the journal with payloads of the same shape and size, the same updates move it on. It can do nothing else.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy, SearchAttributeUpdate

with workflow.unsafe.imports_passed_through():
    from activities import contracts
    from escalade.messages import (
        Acknowledge,
        Admission,
        AdmitRequest,
        Answer,
        Close,
        Command,
        JournalBatch,
        PageRequest,
        Resolve,
        Snapshot,
        TicketBrief,
        Upcoming,
    )
    from escalade.people.resolve import RoundRequest
    from escalade.record import Entry, Head
    from escalade.ticket import SYSTEM, Actor, Status, Ticket
    from workflows.attributes import DUE, POLICY, SERVICE, STATUS, TIER


@workflow.defn(name="BareWorkflow")
class BareWorkflow:
    """Pages two tiers until somebody acknowledges, then waits to be resolved and closed."""

    @workflow.init
    def __init__(self, ticket: Ticket) -> None:
        """Begin with nothing paged."""
        self._ticket = ticket
        self._info = workflow.info()
        self._opened = workflow.now()
        self._status = Status.NEW
        self._tier = 0
        self._round = 0
        self._count = 0
        self._owner = ""
        self._due: datetime | None = None
        self._outbox: list[Entry] = []
        self._head: Head | None = None
        self._policy = ""
        self._names: list[str] = []
        self._under_way: list[asyncio.Task[None]] = []

    @workflow.run
    async def run(self, ticket: Ticket) -> str:
        """Live until closed."""
        admission = await workflow.execute_activity(
            contracts.admit,
            AdmitRequest(key=self._key, life=self._info.run_id, ticket=ticket),
            start_to_close_timeout=timedelta(seconds=10),
            summary="choose and pin the policy",
        )
        policy = admission.policy
        self._policy, self._names = policy.name, [tier.name for tier in policy.tiers]
        self._note("ticket.opened", f"opened: {ticket.title}", actor=ticket.opened_by)
        self._note("ticket.admitted", f"policy {policy.name}, {ticket.severity.value}", admission.why)
        for number, tier in enumerate(policy.tiers):
            times = tier.times[ticket.severity]
            # Its policy has no calendar: every length is a plain one.
            assert isinstance(times.acknowledge_within, timedelta)
            assert isinstance(times.repeat_every, timedelta | None)
            self._tier, self._round, self._due = number, 0, workflow.now() + times.acknowledge_within
            if number:
                self._note("tier.left", f"left {self._names[number - 1]} (rung {number})", "nobody has acknowledged")
            until = f"; acknowledge by {self._due.isoformat()}"
            self._note("tier.entered", f"entered {tier.name} (rung {number + 1}){until}", "nobody has acknowledged")
            if await self._page_until_acknowledged(admission, times.repeat_every or times.acknowledge_within):
                break
        times = policy.tiers[self._tier].times[ticket.severity]
        assert isinstance(times.resolve_within, timedelta | None)
        self._due = workflow.now() + (times.resolve_within or timedelta(hours=1))
        self._show()
        self._write()
        await self._wait(lambda: self._status is Status.RESOLVED, self._due - workflow.now(), "resolve limit")
        self._due = None
        self._show()
        self._write()
        # Left running, not cancelled: a timer that is still set at the end costs no event.
        closing = asyncio.create_task(workflow.sleep(policy.reopen_within, summary="it closes"))
        await workflow.wait_condition(lambda: self._status is Status.CLOSED or closing.done())
        self._show()
        self._write()
        await asyncio.gather(*self._under_way)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._status.value

    @workflow.signal(name="open")
    def on_open(self, ticket: Ticket) -> None:
        """The signal that comes with the start."""

    @workflow.update(name="acknowledge")
    def acknowledge(self, command: Acknowledge) -> Answer:
        """Stop paging."""
        self._owner = command.by.id
        self._status = Status.TRIAGE
        self._note("ticket.acknowledged", f"acknowledged by {command.by.id} (owner)", command.comment, actor=command.by)
        name = self._names[self._tier]
        self._note("tier.first_work", f"first work in {name} by {command.by.id}", actor=command.by)
        return self._answer(command, "acknowledged; paging stops")

    @workflow.update(name="resolve")
    def resolve(self, command: Resolve) -> Answer:
        """Stop working."""
        self._status = Status.RESOLVED
        self._note("ticket.resolved", f"resolved by {command.by.id}", command.comment, actor=command.by)
        return self._answer(command, "resolved; it closes later unless reopened")

    @workflow.update(name="close")
    def close(self, command: Close) -> Answer:
        """End."""
        self._status = Status.CLOSED
        self._note("ticket.closed", "closed", command.comment, actor=command.by)
        return self._answer(command, "closed")

    async def _page_until_acknowledged(self, admission: Admission, every: timedelta) -> bool:
        policy = admission.policy
        assert self._due is not None
        self._show()
        while True:
            self._round += 1
            due = workflow.now()
            round_id = f"{workflow.uuid4()}"
            targets = policy.tiers[self._tier].page
            self._note("round.started", f"round {self._round} pages {', '.join(targets)}")
            self._under_way.append(asyncio.create_task(self._page(policy.deliver_within, round_id, targets, due)))
            left = self._due - workflow.now()
            if await self._wait(lambda: bool(self._owner), min(every, left), f"round {self._round + 1}"):
                return True
            if workflow.now() >= self._due:
                return False

    async def _page(self, within: timedelta, round_id: str, targets: list[str], due: datetime) -> None:
        result = await workflow.execute_activity(
            contracts.page,
            PageRequest(
                round_id=round_id,
                brief=self._brief(),
                people=[],
                request=RoundRequest(targets=targets),
                asked_at=due,
                scheduled_at=due,
                deliver_within=within,
                batch=self._take(),
            ),
            task_queue=contracts.PAGES_QUEUE,
            start_to_close_timeout=within + timedelta(seconds=30),
            heartbeat_timeout=timedelta(seconds=3),
            retry_policy=RetryPolicy(maximum_attempts=10),
            priority=Priority(priority_key=2),
            summary=f"round {self._round}: {', '.join(targets)}",
        )
        self._head = result.head

    def _write(self) -> None:
        self._under_way.append(asyncio.create_task(self._journal(self._take())))

    async def _journal(self, batch: JournalBatch) -> None:
        ack = await workflow.execute_activity(
            contracts.journal,
            batch,
            task_queue=contracts.JOURNAL_QUEUE,
            start_to_close_timeout=timedelta(seconds=10),
            summary=f"{len(batch.entries)} entries",
        )
        self._head = ack.head

    async def _wait(self, until: Any, within: timedelta, summary: str) -> bool:
        try:
            await workflow.wait_condition(until, timeout=within, timeout_summary=summary)
        except TimeoutError:
            return False
        return True

    @property
    def _key(self) -> str:
        return self._info.workflow_id.removeprefix("ticket/")

    def _note(self, kind: str, what: str, why: str = "", *, actor: Actor = SYSTEM) -> None:
        self._count += 1
        self._outbox.append(
            Entry(
                entry_id=f"{self._info.run_id}/{self._count}",
                stream=f"ticket/{self._key}",
                life=self._info.run_id,
                at=workflow.now(),
                actor=actor,
                kind=kind,
                what=what,
                why=why,
                data={"rung": self._tier + 1, "tier": self._names[self._tier]},
            )
        )

    def _take(self) -> JournalBatch:
        entries, self._outbox = self._outbox, []
        return JournalBatch(
            stream=f"ticket/{self._key}",
            life=self._info.run_id,
            entries=entries,
            snapshot=self._snapshot(),
            known=self._head,
        )

    def _snapshot(self) -> Snapshot:
        ticket = self._ticket
        return Snapshot(
            key=self._key,
            life=self._info.run_id,
            version=self._count,
            title=ticket.title,
            severity=ticket.severity,
            status=self._status,
            service=ticket.service,
            source=ticket.source,
            policy=self._policy,
            tier=self._tier + 1,
            tier_name=self._names[self._tier],
            rung=self._tier + 1,
            owner=self._owner,
            acknowledged=bool(self._owner),
            labels=ticket.labels,
            opened_at=self._opened,
            updated_at=workflow.now(),
            due_at=self._due,
            due_what="it climbs",
        )

    def _brief(self) -> TicketBrief:
        ticket = self._ticket
        return TicketBrief(
            key=self._key,
            life=self._info.run_id,
            title=ticket.title,
            description=ticket.description,
            severity=ticket.severity,
            status=self._status,
            service=ticket.service,
            policy=self._policy,
            tier=self._names[self._tier],
            tier_number=self._tier + 1,
            rung=self._tier + 1,
            round=self._round,
            opened_at=self._opened,
            acknowledge_by=self._due,
        )

    def _answer(self, command: Command, text: str) -> Answer:
        return Answer(
            key=self._key,
            text=text,
            status=self._status,
            severity=self._ticket.severity,
            tier=self._names[self._tier],
            rung=self._tier + 1,
            owner=self._owner,
            acknowledged=bool(self._owner),
            next=Upcoming(at=self._due, kind="limit", what="it climbs", why=command.name) if self._due else None,
        )

    def _show(self) -> None:
        updates: list[SearchAttributeUpdate[Any]] = [STATUS.value_set(self._status.value)]
        if self._status is Status.NEW:
            updates += [POLICY.value_set(self._policy), TIER.value_set(self._tier + 1)]
            updates += [SERVICE.value_set(self._ticket.service)]
        updates.append(DUE.value_set(self._due) if self._due else DUE.value_unset())
        workflow.upsert_search_attributes(updates)


@workflow.defn(name="BareTimer")
class BareTimer:
    """Wakes on a rhythm, as a ticket repeats, and does nothing."""

    @workflow.run
    async def run(self, every: float, times: int) -> list[float]:
        """Seconds late, each time.

        Args:
            every: seconds.
            times: how often.
        """
        late = []
        due = workflow.now()
        for _ in range(times):
            due += timedelta(seconds=every)
            await workflow.sleep(due - workflow.now())
            late.append((workflow.now() - due).total_seconds())
        return late
