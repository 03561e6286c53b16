"""What the kill tests would say of an Escalade that does lose or double pages."""

from __future__ import annotations

import pytest

from tests.kill.evidence import Page, wrongs
from tests.kill.site import Site

pytestmark = [pytest.mark.kill, pytest.mark.xdist_group("kill")]

ANA = Page("ana", 1, 1)
WITHOUT_LEDGER = """
import sys
from activities.records import Records
from worker.main import main

async def knows_nothing(self, intent):
    return None

Records.intend = knows_nothing
sys.exit(main())
"""


async def test_a_worker_without_a_ledger_doubles_a_page_and_is_found_out(site: Site) -> None:
    await site.start(failpoint="before_record:1")
    key = await site.open("calm")
    await site.worker_killed_itself()
    await site.start_worker(program=("-c", WITHOUT_LEDGER))
    await site.until_written(key, "page.accepted")
    await site.close(key)
    found = wrongs(await site.evidence(key), [ANA], kills=site.kills)
    [message_id] = {got.message_id for got in site.receiver.got(key)}
    assert found == [f"doubled: {message_id} arrived 2 times, and nobody says that it may have"]
