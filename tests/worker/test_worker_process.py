"""`escalade worker` as a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from escalade.messages import Acknowledge
from escalade.ticket import Ticket
from store import Store
from tests.worker.conftest import ROOT
from tests.worker.installation import until, write_configuration
from worker import search_attributes
from worker.client import TicketClient
from worker.embedded import free_port
from worker.testing import real_server, temporal_program


class Process:
    """A worker process and where it can be asked."""

    def __init__(self, client: Client, directory: Path, **env: str) -> None:
        self.health = f"127.0.0.1:{free_port()}"
        self.metrics = f"127.0.0.1:{free_port()}"
        self.log = directory / "worker.log"
        self.store = f"sqlite:///{directory / 'escalade.db'}"
        with self.log.open("ab") as output:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "worker.main"],
                cwd=ROOT,
                env={
                    **os.environ,
                    "ESCALADE_CONFIG": str(directory),
                    "ESCALADE_STATE": str(directory),
                    "ESCALADE_HEALTH": self.health,
                    "ESCALADE_METRICS": self.metrics,
                    "TEMPORAL_CONFIG_FILE": "/dev/null",
                    "TEMPORAL_ADDRESS": client.service_client.config.target_host,
                    **env,
                },
                stdout=output,
                stderr=output,
            )

    def said(self) -> str:
        """Its log."""
        return self.log.read_text(encoding="utf-8")

    async def ended(self) -> int:
        """Its exit code."""
        return await asyncio.to_thread(self.popen.wait, 40)

    async def ready(self) -> dict[str, object]:
        """Wait until it answers that it is ready."""
        return await self.until(lambda answer: bool(answer["ready"]))

    async def until(self, seen: Callable[[dict[str, object]], bool]) -> dict[str, object]:
        """Wait until its health shows something."""
        async with asyncio.timeout(30), httpx.AsyncClient() as http:
            while True:
                assert self.popen.poll() is None, self.said()
                try:
                    answer: dict[str, object] = (await http.get(f"http://{self.health}/ready")).json()
                    if seen(answer):
                        return answer
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)


StartWorker = Callable[..., Process]


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[StartWorker]:
    """Starts a worker on the test's directory."""
    started: list[Process] = []

    def start(client: Client, **env: str) -> Process:
        started.append(Process(client, tmp_path, **env))
        return started[-1]

    yield start
    for process in started:
        if process.popen.poll() is None:
            process.popen.kill()
        process.popen.wait()


async def test_it_works_answers_measures_and_ends_gently_at_sigterm(start_worker: StartWorker, tmp_path: Path) -> None:
    async with real_server() as client:
        paper = write_configuration(tmp_path)
        process = start_worker(client)
        assert (await process.ready())["degraded"] == []
        tickets = TicketClient(client)
        opened = await tickets.open(Ticket(title="db down"))
        await until(tickets, opened.key, lambda view: bool(view.told))
        assert (await tickets.command(opened.key, Acknowledge())).acknowledged
        assert f"(one, {opened.key})" in paper.read_text(encoding="utf-8")
        async with httpx.AsyncClient() as http:
            measured = (await http.get(f"http://{process.metrics}/metrics")).text
        assert 'escalade_page_lateness_seconds_bucket{activity_type="page"' in measured
        assert "escalade_acknowledge_latency_seconds_bucket{" in measured
        assert 'le="14400"' in measured
        process.popen.send_signal(signal.SIGTERM)
        assert await process.ended() == 0
        assert "Traceback" not in process.said()


AS_A_PROGRAM = """
import atexit, os, runpy
{before}
atexit.register(os._exit, 99)  # an ordinary end: what follows it can abort in Temporal's core
runpy.run_module("worker.main", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(
    ("before", "env", "code", "said"),
    [
        ("", {"ESCALADE_CONFIG": "nowhere"}, 3, "no such configuration directory"),
        ("", {"ESCALADE_LOG": "loud"}, 3, "ESCALADE_LOG"),
        ("import asyncio; asyncio.run = lambda c: c.close() or 1 / 0", {}, 1, "ended by a mistake of its own"),
        ("import asyncio; asyncio.run = lambda c: c.close()", {}, 0, ""),
    ],
    ids=["configuration", "settings", "mistake", "stopped"],
)
def test_the_process_ends_at_once_with_its_exit_code_and_its_log_written(
    tmp_path: Path, before: str, env: dict[str, str], code: int, said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AS_A_PROGRAM.format(before=before)],
        cwd=ROOT,
        env={**os.environ, "ESCALADE_STATE": str(tmp_path), "ESCALADE_CONFIG": str(tmp_path), **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


async def test_an_invalid_configuration_is_refused_with_everything_wrong_and_no_traceback(
    temporal: Client, start_worker: StartWorker, tmp_path: Path
) -> None:
    write_configuration(tmp_path)
    (tmp_path / "policies" / "ladder.yaml").write_text("policy: ladder\ntiers: []\ntypo: 1\n", encoding="utf-8")
    process = start_worker(temporal)
    assert await process.ended() == 3
    assert "policies/ladder.yaml:2" in process.said()
    assert "policies/ladder.yaml:3" in process.said()
    assert "Traceback" not in process.said()


async def test_a_step_that_a_policy_pins_and_this_worker_lacks_keeps_it_from_starting(
    temporal: Client, start_worker: StartWorker, tmp_path: Path
) -> None:
    write_configuration(tmp_path)
    (tmp_path / "policies" / "ladder.yaml").write_text(
        "policy: ladder\n"
        "tiers:\n"
        "  - {name: one, page: [person:ana], acknowledge_within: 1h, steps: [{use: quarantine, with: {}}]}\n",
        encoding="utf-8",
    )
    process = start_worker(temporal)
    assert await process.ended() == 3
    assert "quarantine" in process.said()


async def test_sighup_takes_a_good_configuration_and_keeps_the_last_good_one_from_a_bad_one(
    start_worker: StartWorker, tmp_path: Path
) -> None:
    async with real_server() as client:
        write_configuration(tmp_path)
        process = start_worker(client)
        before = (await process.ready())["checks"]["configuration"]["says"]  # type: ignore[index]
        with Store.open(process.store) as store:
            # What it serves is written down beside its work, and only while nobody has said it.
            async with asyncio.timeout(20):
                while not store.entries("configuration"):
                    await asyncio.sleep(0.02)
        ladder = tmp_path / "policies" / "ladder.yaml"
        good = ladder.read_text(encoding="utf-8")

        ladder.write_text("policy: ladder\n", encoding="utf-8")
        process.popen.send_signal(signal.SIGHUP)
        refused = await process.until(lambda answer: answer["degraded"] == ["configuration"])
        assert refused["ready"] is True
        opened = await TicketClient(client).open(Ticket(title="still served"))
        view = await until(TicketClient(client), opened.key, lambda view: bool(view.told))
        assert view.tiers == ["one"]

        ladder.write_text(good.replace('"one"', '"first"'), encoding="utf-8")
        process.popen.send_signal(signal.SIGHUP)
        taken = await process.until(lambda answer: answer["degraded"] == [])
        assert taken["checks"]["configuration"]["says"] != before  # type: ignore[index]
        with Store.open(process.store) as store:
            # Health shows a reload an instant before it is written down.
            async with asyncio.timeout(10):
                while len(store.entries("configuration")) < 3:
                    await asyncio.sleep(0.02)
            kinds = [stored.entry.kind for stored in store.entries("configuration")]
        assert kinds == ["configuration.served", "configuration.refused", "configuration.changed"]


async def test_search_attributes_that_are_missing_are_registered(start_worker: StartWorker, tmp_path: Path) -> None:
    write_configuration(tmp_path)
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=temporal_program(), dev_server_log_level="error"
    ) as bare:
        assert len(await search_attributes.missing(bare.client)) == 8
        process = start_worker(bare.client)
        await process.ready()
        assert await search_attributes.missing(bare.client) == []
        process.popen.send_signal(signal.SIGTERM)
        assert await process.ended() == 0
