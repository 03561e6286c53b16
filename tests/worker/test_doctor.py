"""The doctor names what is wrong, and how to mend it."""

from __future__ import annotations

import asyncio
import resource
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from temporalio.client import Client, ScheduleActionExecutionStartWorkflow
from temporalio.testing import WorkflowEnvironment

from escalade.messages import JournalBatch
from escalade.record import Entry
from escalade.ticket import SYSTEM
from store import Store
from tests.cli.making import snapshot
from tests.worker.installation import installed, now_in_utc, write_configuration
from worker import doctor, doctor_temporal
from worker.doctor import Diagnosis, _disk_of_the_store, _store, examine
from worker.settings import Settings
from worker.testing import real_server, temporal_program
from worker.watch import SWEEP, schedule_watch


def settings_in(directory: Path) -> Settings:
    return Settings.from_env(
        {
            "ESCALADE_CONFIG": str(directory),
            "ESCALADE_STATE": str(directory / "state"),
            "ESCALADE_STORE": f"sqlite:///{directory / 'escalade.db'}",
        }
    )


def env_of(client: Client) -> dict[str, str]:
    return {
        "TEMPORAL_CONFIG_FILE": "/dev/null",
        "TEMPORAL_ADDRESS": client.service_client.config.target_host,
        "PATH": str(Path(temporal_program()).parent),
    }


def levels(found: list[Diagnosis]) -> Mapping[str, str]:
    """The worst of each name."""
    order = ("ok", "warning", "error")
    worst: dict[str, str] = {}
    for one in found:
        worst[one.name] = max(worst.get(one.name, "ok"), one.level, key=order.index)
    return worst


async def test_a_working_installation_has_nothing_wrong(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path, heartbeat_url="http://localhost/x"):
        await schedule_watch(client, canary_every=None)
        found = await examine(settings_in(tmp_path), env_of(client))
        assert {name for name, level in levels(found).items() if level == "error"} == set()
        says = {one.name: one.says for one in found}
        assert "1.32" in says["version"]
        assert "1 poll" in says["workers"]
        assert {"configuration", "store", "journal", "namespace", "search attributes", "clock"} <= set(says)


async def test_a_worker_that_stopped_asking_for_work_is_no_worker_even_where_clocks_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with real_server() as client, installed(client, tmp_path):
        fast = await examine(settings_in(tmp_path), env_of(client), now=lambda: now_in_utc() + timedelta(minutes=5))
        # Temporal names a worker for minutes after its last question: here none is recent enough.
        monkeypatch.setattr(doctor_temporal, "_POLLS_WITHIN", timedelta(minutes=-1))
        frozen = await examine(settings_in(tmp_path), env_of(client))
    assert levels(fast)["workers"] == "ok"
    told = [one.says for one in frozen if one.name == "workers"]
    assert len(told) == 3
    assert all("it is frozen, or gone" in says for says in told)


async def test_a_watch_that_has_not_looked_for_minutes_is_an_error_by_the_servers_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with real_server() as client:
        await schedule_watch(client, canary_every=None)
        fast = await examine(settings_in(tmp_path), env_of(client), now=lambda: now_in_utc() + timedelta(minutes=5))
        assert levels(fast)["watch"] == "ok"
        monkeypatch.setattr(doctor_temporal, "_LOOKS_WITHIN", timedelta(minutes=-1))
        late = next(one for one in await examine(settings_in(tmp_path), env_of(client)) if one.name == "watch")
        # Temporal starts looks that no worker carries out, too.
        await client.get_schedule_handle(SWEEP).trigger()
        async with asyncio.timeout(20):
            while not (looks := (await client.get_schedule_handle(SWEEP).describe()).info.recent_actions):
                await asyncio.sleep(0.05)
        run = looks[-1].action
        assert isinstance(run, ScheduleActionExecutionStartWorkflow)
        await client.get_workflow_handle(run.workflow_id).terminate()
        monkeypatch.undo()
        ended = next(one for one in await examine(settings_in(tmp_path), env_of(client)) if one.name == "watch")
    assert (ended.level, "terminated" in ended.says) == ("error", True)
    assert late.level == "error"
    assert "Nothing has looked at the open tickets" in late.says
    assert "worker" in late.mend


async def test_each_thing_that_is_missing_is_named_with_its_mend(tmp_path: Path) -> None:
    env = {"TEMPORAL_CONFIG_FILE": "/dev/null", "TEMPORAL_ADDRESS": "127.0.0.1:1", "PATH": ""}
    found = await examine(settings_in(tmp_path / "nothing"), env)
    wrong = {one.name: one for one in found if one.level == "error"}
    assert set(wrong) == {"configuration", "store", "temporal"}
    assert "escalade init" in wrong["configuration"].mend
    assert "escalade up" in wrong["temporal"].mend
    assert all(one.mend for one in wrong.values())


async def test_a_bare_server_lacks_attributes_workers_and_the_watch(tmp_path: Path) -> None:
    write_configuration(tmp_path)
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=temporal_program(), dev_server_log_level="error"
    ) as bare:
        found = await examine(settings_in(tmp_path), env_of(bare.client))
    wrong = levels(found)
    assert (wrong["search attributes"], wrong["workers"], wrong["watch"]) == ("error", "error", "warning")
    mends = " ".join(one.mend for one in found)
    assert "temporal operator search-attribute create --name TicketStatus --type Keyword" in mends
    assert sum(one.name == "workers" and one.level == "error" for one in found) == 3


async def test_a_clock_that_is_off_is_found(temporal: Client, tmp_path: Path) -> None:
    write_configuration(tmp_path)
    found = await examine(settings_in(tmp_path), env_of(temporal), now=lambda: now_in_utc() + timedelta(minutes=5))
    clock = next(one for one in found if one.name == "clock")
    assert (clock.level, clock.mend) == ("error", "Let both take their time from NTP.")
    assert "differ by 300" in clock.says or "differ by 299" in clock.says


async def test_every_mistake_of_the_configuration_is_listed(temporal: Client, tmp_path: Path) -> None:
    write_configuration(tmp_path)
    (tmp_path / "policies" / "ladder.yaml").write_text("policy: ladder\ntiers: []\ntypo: 1\n", encoding="utf-8")
    found = await examine(settings_in(tmp_path), env_of(temporal))
    told = [one.says for one in found if one.name == "configuration" and one.level == "error"]
    assert len(told) >= 2
    assert any(says.startswith("policies/ladder.yaml:3") for says in told)


async def test_a_journal_that_was_changed_from_outside_is_found(temporal: Client, tmp_path: Path) -> None:
    write_configuration(tmp_path)
    settings = settings_in(tmp_path)
    with Store.open(settings.store) as store:
        entry = Entry(
            entry_id="a/1", stream="operations", at=now_in_utc(), actor=SYSTEM, kind="test.happened", what="it did"
        )
        store.write(JournalBatch(stream="operations", life="", entries=[entry]))
        with store.database.writing() as connection:
            for (name,) in connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'bodies'"
            ).fetchall():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            connection.exec_driver_sql("UPDATE bodies SET body = replace(body, 'it did', 'it did not')")
    found = await examine(settings, env_of(temporal))
    assert levels(found)["journal"] == "error"


def test_a_store_that_is_read_and_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with Store.open(settings.store):  # a worker has it open
        assert [(d.name, d.level) for d in _store(settings)] == [("store", "ok"), ("journal", "ok")]
        with full_disk():
            [found] = list(_store(settings))
    assert (found.name, found.level) == ("store", "error")
    assert "disk" in found.says


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file of this process grow."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_the_disk_of_the_store_is_looked_at_as_well_as_that_of_the_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(tmp_path)
    assert list(_disk_of_the_store(settings)) == []
    disks = {tmp_path: 1, tmp_path / "state": 2}
    (tmp_path / "state").mkdir()
    monkeypatch.setattr(doctor, "_device", lambda place: disks[place])
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=50 << 20 if place == tmp_path else 0))
    [found] = list(_disk_of_the_store(settings))
    assert (found.name, found.level) == ("disk", "error")
    assert found.says == f"0.0 GiB free for {tmp_path / 'escalade.db'}"


def test_a_stream_that_was_removed_with_its_head_is_found(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with Store.open(settings.store) as store:
        row = snapshot("aaaaaaaaaa")
        entry = Entry(
            entry_id="a/1", stream="ticket/aaaaaaaaaa", at=now_in_utc(), actor=SYSTEM, kind="test.happened", what="x"
        )
        store.write(JournalBatch(stream=entry.stream, life=row.life, entries=[entry], snapshot=row))
        assert [(d.name, d.says) for d in _store(settings)][1:] == [("journal", "1 of 1 streams verify")]
        with store.database.writing() as connection:
            triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            for (name,) in connection.exec_driver_sql(triggers).fetchall():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            connection.exec_driver_sql("DELETE FROM bodies")
            connection.exec_driver_sql("DELETE FROM entries")
            connection.exec_driver_sql("DELETE FROM streams")
        assert [(d.name, d.level) for d in _store(settings)] == [("store", "ok"), ("journal", "error")]
