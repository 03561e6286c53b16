"""A small storm on the real server: what `make bench` shows with 2,000 tickets holds with 100."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.storm import PAGES, storm
from worker.testing import real_server

pytestmark = pytest.mark.xdist_group("benchmarks")


async def test_in_a_storm_every_ticket_is_told_once_and_nobody_gets_more_pages_than_allowed(tmp_path: Path) -> None:
    async with real_server() as client:
        found = await storm(client, tmp_path, tickets=100, urgent=5, every="2s", within=150)
    assert len(found.told) == found.tickets == 105
    assert set(found.told.values()) == {1}
    assert found.most_in_an_hour <= PAGES
    assert found.digests >= 1
    assert found.messages < 60
