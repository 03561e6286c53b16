"""An acknowledgement while things die: it holds, and what was in the air is not sent again."""

from __future__ import annotations

import pytest

from tests.kill.evidence import Page
from tests.kill.site import Site

pytestmark = [pytest.mark.kill, pytest.mark.xdist_group("kill")]

CLEO = Page("cleo", 1, 1)


async def test_a_page_in_the_air_at_the_acknowledgement_is_not_sent_again_when_its_worker_dies(site: Site) -> None:
    await site.start()
    site.receiver.hold("cleo")
    key = await site.open("held")
    await site.until_got(key, "cleo")
    answer = await site.does("ana", "acknowledge", key)
    assert (answer.confirmed, answer.acknowledged) == (True, True)
    site.kill_worker()
    site.receiver.release()
    await site.unproven(key, [CLEO])
    await site.start_worker()
    await site.until(lambda: site.settled(key), "nothing is under way any more")
    await site.close(key)
    evidence = await site.proven(key, [CLEO])
    assert len(evidence.got) == 1
    site.verified()


async def test_an_acknowledgement_and_a_ticket_that_no_worker_saw_outlive_the_server(site: Site) -> None:
    await site.start()
    key = await site.open("calm")
    await site.until_written(key, "page.accepted")
    site.kill_worker()
    unconfirmed = await site.acknowledges("ana", key, event_id="click-1")
    assert not unconfirmed.confirmed
    new = await site.open("calm")
    site.kill_server()
    site.kills -= 1  # nothing was under way: neither kill excuses a duplicate
    await site.unproven(key, [Page("ana", 1, 1)])
    await site.start()
    # With patience: until Temporal gives up the dead worker's own queue (10 s), the new one is not asked.
    again = await site.does("ana", "acknowledge", key, event_id="click-1")
    assert (again.confirmed, again.duplicate, again.acknowledged) == (True, True, True)
    # What Temporal took before it was killed, it has: also a ticket that no worker has seen.
    await site.until_written(new, "page.accepted")
    for each in (key, new):
        await site.close(each)
        evidence = await site.proven(each, [Page("ana", 1, 1)])
        assert evidence.kinds().count("ticket.acknowledged") == 1
    site.verified()
