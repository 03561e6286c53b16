"""A store that is away for a while: pages leave on time, entries come later, in order, none lost and none doubled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.kill.evidence import Page
from tests.kill.receiver import receiving
from tests.kill.site import Site
from tests.postgres import started_cluster
from tests.tower import Hold

pytestmark = [pytest.mark.kill, pytest.mark.xdist_group("kill")]

ON_TIME = timedelta(seconds=8)
"""A page gives the store a second or two before it goes without; the machine may be busy."""


class Away:
    """A store that can be taken away and given back."""

    def __init__(self, url: str, take: Callable[[], object], give: Callable[[], object]) -> None:
        self.url = url
        self.take = take
        self.give = give


@asynccontextmanager
async def locked_file(directory: Path) -> AsyncIterator[Away]:
    """An SQLite file on which somebody holds a lock for long."""
    holds: list[Hold] = []
    file = directory / "escalade.db"
    yield Away(f"sqlite:///{file}", lambda: holds.append(Hold(file)), lambda: holds.pop().release())


@asynccontextmanager
async def stopped_postgres(directory: Path) -> AsyncIterator[Away]:
    """A PostgreSQL server of this test's own, stopped and started."""
    with started_cluster() as cluster:
        yield Away(cluster.create(), cluster.stop, cluster.start)


@pytest.mark.parametrize(
    "kind", [locked_file, pytest.param(stopped_postgres, marks=pytest.mark.postgres)], ids=["sqlite", "postgresql"]
)
async def test_pages_leave_on_time_and_entries_come_later_in_order(
    kind: Callable[[Path], object], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with receiving() as receiver:
        async with kind(tmp_path) as away:  # type: ignore[attr-defined]
            site = Site(tmp_path, receiver, store_url=away.url)
            try:
                await _through(site, away, record_property)
            finally:
                site.end()


async def _through(site: Site, away: Away, report: Callable[[str, object], None]) -> None:
    await site.start()
    known = await site.open("calm")
    await site.until_written(known, "page.accepted")
    written = site.kinds(known)

    await asyncio.to_thread(away.take)
    opened = datetime.now(UTC)
    new = await site.open("climbs")
    await site.until_got(new, "ana")
    await site.until_got(new, "bob")
    for n in range(3):
        await site.does("ana", "note", known, text=f"note {n}")
    assert (await site.does("bob", "acknowledge", new)).acknowledged
    # None of that is written: what the journal has afterwards came later.
    assert (await site.view(known)).unwritten >= 3
    assert (await site.view(new)).head is None

    await asyncio.to_thread(away.give)
    for key, who in ((known, "ana"), (new, "bob")):
        await site.until(lambda key=key: site.settled(key), "everything is written")  # type: ignore[misc]
        await site.close(key, by=who)
    first, second = site.receiver.got(new)
    # Its limit is five seconds; the ladder did not wait for the store.
    for got, due in ((first, opened), (second, opened + timedelta(seconds=5))):
        assert due - timedelta(seconds=0.05) <= got.at <= due + ON_TIME
        report(f"late_seconds_{got.to}", (got.at - due).total_seconds())
    await site.proven(new, [Page("ana", 1, 1), Page("bob", 2, 1)])
    evidence = await site.proven(known, [Page("ana", 1, 1)])
    assert evidence.kinds()[: len(written)] == written
    assert [e.what for e in evidence.entries if e.kind == "ticket.note"] == [f"ana: note {n}" for n in range(3)]
    site.verified()
