"""A worker that kills itself at the three worst instants of a page, alone and together with its server."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.kill.evidence import Page
from tests.kill.site import Site

pytestmark = [pytest.mark.kill, pytest.mark.xdist_group("kill")]

LATE = 25.0
"""Seconds from the round to its record: the heartbeat of the dead (3 s), and a new worker's start on a busy machine."""

ANA = Page("ana", 1, 1)
BOB = Page("bob", 1, 1)


class Costs(NamedTuple):
    """What a kill at a point may cost."""

    messages: int
    marked: bool


COSTS = {
    # The intent is on record: nobody can know that it was not sent, and it is sent again.
    "before_send": Costs(messages=1, marked=True),
    # The provider has it and nobody knows: the one duplicate that decision 37 allows.
    "after_accept": Costs(messages=2, marked=True),
    # The ledger knows the outcome: nothing is sent again.
    "before_record": Costs(messages=1, marked=False),
}


@pytest.mark.parametrize("point", COSTS)
async def test_a_page_outlives_its_worker_with_at_most_one_duplicate_that_says_so(
    site: Site, point: str, record_property: Callable[[str, object], None]
) -> None:
    await site.start(failpoint=f"{point}:1")
    key = await site.open("calm")
    await site.worker_killed_itself()
    await site.unproven(key, [ANA])
    await site.start_worker()
    written = await site.until_written(key, "page.accepted")
    await site.close(key)
    evidence = await site.proven(key, [ANA])
    assert len(evidence.got) == COSTS[point].messages
    [told] = [entry for entry in evidence.entries if entry.kind == "page.accepted"]
    assert told.data["possibly_twice"] is COSTS[point].marked
    late = (written - evidence.entries[0].at).total_seconds()
    record_property("late_seconds", late)
    assert late < LATE
    site.verified()


@pytest.mark.parametrize("point", COSTS)
async def test_a_round_of_two_outlives_its_worker_and_its_server(
    site: Site, point: str, record_property: Callable[[str, object], None]
) -> None:
    await site.start(failpoint=f"{point}:1")
    key = await site.open("pair")
    await site.worker_killed_itself()
    site.kill_server()
    site.kills -= 1  # both died in one accident
    await site.unproven(key, [ANA, BOB])
    await site.start()
    written = await site.until_written(key, "page.accepted", times=2)
    await site.close(key)
    # Both deliveries are under way at once: each may have left, and neither be recorded.
    evidence = await site.proven(key, [ANA, BOB], at_once=2)
    late = (written - evidence.entries[0].at).total_seconds()
    record_property("late_seconds", late)
    assert late < LATE
    site.verified()
