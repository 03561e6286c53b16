"""What is in force is known, and an edit that nobody has taken in is not taken for it."""

from __future__ import annotations

from pathlib import Path

from temporalio.client import Client

from configuration import Live, load
from store import Store
from tests.worker.installation import now_in_utc, write_configuration
from tests.worker.test_doctor import env_of, settings_in
from worker.doctor import examine
from worker.registry import extensions
from worker.reload import reload_configuration
from worker.served import last_served, not_in_force, say_when_possible


def live_in(directory: Path) -> Live:
    found = extensions()
    return Live(directory, env={}, channels=found.channels, steps=found.steps)


def edit(directory: Path) -> None:
    ladder = directory / "policies" / "ladder.yaml"
    ladder.write_text(ladder.read_text().replace('"1h"', '"2h"'))


async def test_a_worker_says_once_what_it_serves_however_often_it_starts(tmp_path: Path) -> None:
    write_configuration(tmp_path)
    with Store.open(settings_in(tmp_path).store) as store:
        assert last_served(store) is None
        for _ in range(2):
            await say_when_possible(live_in(tmp_path), store, now=now_in_utc)
        assert [stored.entry.kind for stored in store.entries("configuration")] == ["configuration.served"]
        edit(tmp_path)
        await say_when_possible(live_in(tmp_path), store, now=now_in_utc)
        served = last_served(store)
        assert served is not None
        assert served.digest == live_in(tmp_path).current.digest
        assert len(store.entries("configuration")) == 2


async def test_the_doctor_tells_an_edit_that_no_worker_has_taken_in(temporal: Client, tmp_path: Path) -> None:
    write_configuration(tmp_path)
    settings, live = settings_in(tmp_path), live_in(tmp_path)
    with Store.open(settings.store) as store:
        await say_when_possible(live, store, now=now_in_utc)

        async def told() -> list[str]:
            found = await examine(settings, env_of(temporal))
            return [one.mend for one in found if "not in force" in one.says and one.level == "warning"]

        assert await told() == []
        edit(tmp_path)
        (mend,) = await told()
        assert "kill -HUP" in mend
        assert await reload_configuration(temporal, live, store, now=now_in_utc)
        assert await told() == []


async def test_nothing_is_said_where_nobody_has_said_what_is_served(tmp_path: Path) -> None:
    write_configuration(tmp_path)
    found = extensions()
    directory = load(tmp_path, env={}, channels=found.channels, steps=found.steps)
    assert not_in_force(settings_in(tmp_path), directory) is None
    Store.open(settings_in(tmp_path).store).close()
    assert not_in_force(settings_in(tmp_path), directory) is None
