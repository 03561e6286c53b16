"""The watch as workflows, started by Temporal's own schedules: a look each minute, a canary on a rhythm.

They run on the journal's queue, so that a jam of tickets or pages cannot silence what would report it. A run that
hangs is ended by its timeout before the next minute: no run can keep the others from starting.
"""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities import contracts
    from escalade.messages import JournalBatch, PageRequest, ResolveRequest, TicketBrief
    from escalade.messages.activities import PagePerson
    from escalade.messages.watch import OPERATIONS, CanaryReport, WatchFinding, WatchReport, WatchRequest
    from escalade.people.resolve import RoundRequest
    from escalade.record import Entry
    from escalade.ticket import SYSTEM, Severity, Status

TWICE = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=2)
URGENT = Priority(priority_key=1)


@workflow.defn(name="WatchWorkflow")
class WatchWorkflow:
    """One look at all open tickets; pages the catch-all for what it finds, and calls the heartbeat when it is well."""

    @workflow.run
    async def run(self, request: WatchRequest) -> WatchReport:
        """Look."""
        # Every tenth minute, and not by a schedule of its own: two looks at once would tell everything twice.
        compare = request.compare or workflow.now().minute % 10 == 0
        report = await workflow.execute_activity(
            contracts.sweep,
            WatchRequest(compare=compare),
            task_queue=contracts.JOURNAL_QUEUE,
            start_to_close_timeout=timedelta(seconds=25),
            schedule_to_close_timeout=timedelta(seconds=30),
            heartbeat_timeout=timedelta(seconds=15),
            retry_policy=TWICE,
            summary="look at all open tickets",
        )
        if report.fresh:
            await tell_catch_all(report.fresh, report.tell, report.entries)
        if report.heartbeat and not report.findings:
            try:
                await workflow.execute_activity(
                    contracts.heartbeat,
                    task_queue=contracts.JOURNAL_QUEUE,
                    start_to_close_timeout=timedelta(seconds=12),
                    retry_policy=TWICE,
                    summary="all is well",
                )
            except ActivityError as error:
                # Whoever waits for it tells of its absence; this worker's log says why.
                workflow.logger.warning("%s", error.cause)
        return report


@workflow.defn(name="CanaryWorkflow")
class CanaryWorkflow:
    """A ticket nobody needs, led through the whole engine to see that it works."""

    @workflow.run
    async def run(self) -> CanaryReport:
        """Lead one through, and page the catch-all when it got stuck."""
        report = await workflow.execute_activity(
            contracts.canary,
            task_queue=contracts.JOURNAL_QUEUE,
            start_to_close_timeout=timedelta(seconds=50),
            heartbeat_timeout=timedelta(seconds=15),
            retry_policy=RetryPolicy(maximum_attempts=1),
            summary="lead a canary through",
        )
        if report.findings:
            await tell_catch_all(report.findings, report.tell, report.entries)
        return report


async def tell_catch_all(findings: list[WatchFinding], targets: list[str], entries: list[Entry]) -> None:
    """Page the catch-all once for all of this, and write down what somebody was told.

    It is told twice rather than never: what is not written down counts as not told, and so does what reached nobody.
    """
    number = len(findings)
    subject = findings[0].text if number == 1 else f"{number} tickets need looking after: {findings[0].text}"
    text = "\n".join(finding.text for finding in findings[:20])
    if number > 20:
        text += f"\n… and {number - 20} more; the stream `{OPERATIONS}` of the journal has them all."
    text += "\n\nescalade doctor"
    round_id = str(workflow.uuid4())
    resolved = await workflow.execute_activity(
        contracts.resolve,
        ResolveRequest(key="watch", round_id=round_id, request=RoundRequest(targets=targets), at=workflow.now()),
        start_to_close_timeout=timedelta(seconds=5),
    )
    people = [
        PagePerson(
            target=recipient.target,
            why="you are the catch-all, and tickets are not being looked after",
            methods=[plan for plan in recipient.plan if not plan.after] or recipient.plan[:1],
            fallbacks=recipient.fallbacks,
        )
        for recipient in resolved.recipients
    ]
    now = workflow.now()
    why = resolved.nobody
    if people:
        brief = TicketBrief(
            key="watch",
            life=workflow.info().run_id,
            title=subject[:200],
            severity=Severity.SEV1,
            status=Status.NEW,
            opened_at=now,
        )
        page = PageRequest(
            round_id=round_id,
            purpose="notice",
            brief=brief,
            people=people,
            scheduled_at=now,
            deliver_within=timedelta(seconds=15),
            # It is about no ticket that could be shown: the text says all there is.
            form="duty",
            subject=subject[:300],
            text=text,
        )
        why = await _page(page)
    if why:
        workflow.logger.error("Nobody could be told: %s", why)
        entries = [_untold(findings, why, round_id)]
    try:
        await workflow.execute_activity(
            contracts.journal,
            JournalBatch(stream=OPERATIONS, life="", entries=entries),
            task_queue=contracts.JOURNAL_QUEUE,
            start_to_close_timeout=timedelta(seconds=10),
            schedule_to_close_timeout=timedelta(seconds=25),
            retry_policy=TWICE,
            summary="write it down",
        )
    except ActivityError as error:
        workflow.logger.warning("It could not be written down, and is told again: %s", error.cause)


async def _page(page: PageRequest) -> str:
    """Page; the reason when that reached nobody."""
    try:
        result = await workflow.execute_activity(
            contracts.page,
            page,
            task_queue=contracts.PAGES_QUEUE,
            # With no worker for pages the journal has to have it all the same, before this run is ended.
            schedule_to_start_timeout=timedelta(seconds=10),
            start_to_close_timeout=timedelta(seconds=20),
            heartbeat_timeout=timedelta(seconds=3),
            retry_policy=TWICE,
            priority=URGENT,
            summary="page the catch-all",
        )
    except ActivityError as error:
        return str(error.cause or error)[:500] or "the page was not sent"
    if any(receipt.reached for receipt in result.receipts):
        return ""
    errors = [f"{r.target} by {r.method}: {r.detail or r.outcome}" for r in result.receipts[:10]]
    return "; ".join(errors)[:1000] or "nobody was tried"


def _untold(findings: list[WatchFinding], why: str, round_id: str) -> Entry:
    return Entry(
        entry_id=f"watch/untold/{round_id}",
        stream=OPERATIONS,
        at=workflow.now(),
        actor=SYSTEM,
        kind="watch.untold",
        what=f"{len(findings)} findings reached nobody: {findings[0].text}",
        why=why,
        data={"keys": [finding.key for finding in findings[:20]]},
    )
