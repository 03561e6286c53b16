"""One kill finds five tickets at five different moments: before a round, in the middle of one, between two, at a
tier limit, and being acknowledged. All of them go on where they were.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from cli.exits import ExitCode
from escalade.errors import UnreachableError
from tests.kill.evidence import Evidence, Page
from tests.kill.site import Site

pytestmark = [pytest.mark.kill, pytest.mark.xdist_group("kill"), pytest.mark.slow]

EARLY = timedelta(milliseconds=50)
"""Two processes read one clock at slightly different instants."""
LATE = timedelta(seconds=12)
"""How long after the worker works again a page that was due meanwhile may take to arrive, on a busy machine."""


@dataclass
class Five:
    """The tickets, and what is due of them."""

    before: str = ""
    middle: str = ""
    between: str = ""
    limit: str = ""
    acked: str = ""
    due: dict[str, datetime] = field(default_factory=dict)

    @property
    def plans(self) -> dict[str, list[Page]]:
        """The pages that each is promised."""
        first = Page("ana", 1, 1)
        return {
            self.before: [first],
            self.middle: [Page("cleo", 1, 1)],
            self.between: [first, Page("ana", 1, 2)],
            self.limit: [first, Page("bob", 2, 1)],
            self.acked: [first],
        }


async def five_tickets(site: Site) -> Five:
    """Four of them, each at its moment; the one before its first round is not open yet."""
    site.receiver.hold("cleo")
    five = Five(acked=await site.open("calm"), middle=await site.open("held"))
    # A worker's first pages take longer; the limits of the other two are short.
    await site.until_written(five.acked, "page.accepted")
    await site.until_got(five.middle, "cleo")
    five.limit, five.between = await site.open("climbs"), await site.open("repeats")
    for key in (five.limit, five.between):
        await site.until_written(key, "page.accepted")
    for key in (five.limit, five.between):
        five.due[key] = (await site.view(key)).upcoming[0].at
    assert site.kinds(five.limit).count("tier.entered") == 1, "the limit passed before the kill"
    assert site.kinds(five.between).count("round.started") == 1, "the round came before the kill"
    assert "page.accepted" not in site.kinds(five.middle), "the round was over before the kill"
    return five


async def they_go_on(site: Site, five: Five, report: Callable[[str, object], None]) -> dict[str, Evidence]:
    """Wait until every ticket has what it was owed, measure how late, close them, and prove each."""
    works = datetime.now(UTC)
    await site.until_got(five.limit, "bob")
    await site.until_got(five.between, "ana", times=2)
    await site.does("ana", "acknowledge", five.between)
    await site.until_written(five.middle, "page.accepted")
    await site.until_got(five.before, "ana")
    for name, key, page in (
        ("tier_limit", five.limit, Page("bob", 2, 1)),
        ("between", five.between, Page("ana", 1, 2)),
        ("before", five.before, Page("ana", 1, 1)),
    ):
        at = next(got.at for got in site.receiver.got(key) if (got.to, got.rung, got.round) == page)
        assert at <= max(works, five.due[key]) + LATE
        assert at >= five.due[key] - EARLY
        report(f"late_seconds_{name}", (at - five.due[key]).total_seconds())
    found = {}
    for key, plan in five.plans.items():
        await site.close(key)
        found[key] = await site.proven(key, plan)
    assert found[five.limit].kinds().count("tier.left") == 1
    assert found[five.acked].kinds().count("ticket.acknowledged") == 1
    site.verified()
    return found


async def test_the_worker_is_killed(site: Site, record_property: Callable[[str, object], None]) -> None:
    await site.start()
    five = await five_tickets(site)
    site.kill_worker()
    site.receiver.release()
    # Temporal is there: it takes what is new, and says that nobody has confirmed it.
    five.before = await site.open("calm")
    five.due[five.before] = datetime.now(UTC)
    said = await asyncio.to_thread(site.run, "ticket", "ack", five.acked, "--as", "ana")
    assert said.returncode == ExitCode.OK
    assert "Accepted, not yet confirmed" in said.stdout
    for key in (five.limit, five.between):
        await site.until(lambda key=key: _fired(site, key), "what was due fell due without a worker")  # type: ignore[misc]
    for key, plan in five.plans.items():
        await site.unproven(key, plan)
    await site.start_worker()
    found = await they_go_on(site, five, record_property)
    # The attempt whose answer nobody heard is made again, and marked.
    assert len(found[five.middle].got) == 2


async def test_the_server_is_killed(site: Site, record_property: Callable[[str, object], None]) -> None:
    await site.start()
    five = await five_tickets(site)
    site.kill_server()
    site.receiver.release()
    before = {"dedupe_key": "before", "event_id": "open-1"}
    with pytest.raises(UnreachableError):
        await site.open("calm", **before)
    said = await asyncio.to_thread(site.run, "ticket", "ack", five.acked, "--as", "ana")
    assert said.returncode == ExitCode.UNREACHABLE
    assert "Temporal" in said.stderr
    assert "Traceback" not in said.stderr + said.stdout
    await site.until(lambda: datetime.now(UTC) > max(five.due.values()), "what was due is overdue")
    for key in (five.limit, five.between, five.middle, five.acked):
        await site.unproven(key, five.plans[key])
    await site.start_server()
    # Nothing was half done: nobody has it, and the ticket that could not be opened is not there until it is.
    assert not (await site.view(five.acked)).acknowledged
    five.before = await site.open("calm", **before)
    five.due[five.before] = datetime.now(UTC)
    found = await they_go_on(site, five, record_property)
    # The worker lived, so the ledger knows how the page ended: not even one duplicate.
    assert len(found[five.middle].got) == 1


async def test_everything_is_killed_and_up_again_takes_over(
    site: Site, record_property: Callable[[str, object], None]
) -> None:
    await site.start_up()
    five = await five_tickets(site)
    site.kill_up()
    site.receiver.release()
    before = {"dedupe_key": "before", "event_id": "open-1"}
    with pytest.raises(UnreachableError):
        await site.open("calm", **before)
    with pytest.raises(UnreachableError):
        await site.does("ana", "acknowledge", five.acked)
    await site.until(lambda: datetime.now(UTC) > max(five.due.values()), "what was due is overdue")
    for key in (five.limit, five.between, five.middle, five.acked):
        await site.unproven(key, five.plans[key])
    await site.start_up()
    assert not (await site.view(five.acked)).acknowledged
    five.before = await site.open("calm", **before)
    five.due[five.before] = datetime.now(UTC)
    found = await they_go_on(site, five, record_property)
    assert len(found[five.middle].got) == 2


async def _fired(site: Site, key: str) -> bool:
    return await site.timers_fired(key) > 0
