"""Where Temporal is: its own configuration first, then `escalade up`, then its default address."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from escalade.errors import EscaladeError, UnreachableError
from escalade.messages import Acknowledge
from tests.worker.conftest import ROOT
from worker.client import TicketClient
from worker.connection import connect, destination
from worker.doctor import examine
from worker.processes import ProcessMark, write_record
from worker.running import DATABASE, UP_FILE, EmbeddedRecord, UpRecord
from worker.settings import Settings

# Whoever runs the tests may have a configuration of their own.
NO_FILE = {"TEMPORAL_CONFIG_FILE": "/dev/null"}


def settings_with_up(state: Path, *, alive: bool) -> Settings:
    here = ProcessMark.here()
    server = here if alive else here.model_copy(update={"started": "another process that had this number"})
    record = UpRecord(
        supervisor=here,
        since=datetime.now(UTC),
        server=EmbeddedRecord(process=server, address="127.0.0.1:17233"),
    )
    write_record(state / UP_FILE, record)
    return Settings.from_env({"ESCALADE_STATE": str(state)})


def test_the_address_of_the_environment_wins_over_everything(tmp_path: Path) -> None:
    settings = settings_with_up(tmp_path, alive=True)
    where = destination(settings, {**NO_FILE, "TEMPORAL_ADDRESS": "temporal:7233", "TEMPORAL_NAMESPACE": "tickets"})
    assert (where.address, where.namespace, where.source) == ("temporal:7233", "tickets", "TEMPORAL_ADDRESS")


def test_a_profile_of_temporal_toml_wins_over_a_running_up(tmp_path: Path) -> None:
    toml = tmp_path / "temporal.toml"
    toml.write_text(
        '[profile.cloud]\naddress = "ns.tmprl.cloud:7233"\nnamespace = "ns"\napi_key = "secret"\n', encoding="utf-8"
    )
    env = {"TEMPORAL_CONFIG_FILE": str(toml), "TEMPORAL_PROFILE": "cloud"}
    where = destination(settings_with_up(tmp_path, alive=True), env)
    assert (where.address, where.namespace) == ("ns.tmprl.cloud:7233", "ns")
    assert where.connect_config["tls"] is True
    assert where.connect_config["api_key"] == "secret"


def test_a_running_up_is_found_by_its_state_directory(tmp_path: Path) -> None:
    assert destination(settings_with_up(tmp_path, alive=True), NO_FILE).address == "127.0.0.1:17233"


def test_nothing_named_and_no_up_here_means_the_default_address_and_says_that_it_is_assumed(tmp_path: Path) -> None:
    where = destination(Settings.from_env({"ESCALADE_STATE": str(tmp_path)}), NO_FILE)
    assert (where.address, where.assumed) == ("localhost:7233", True)
    assert "nothing names another" in where.source


def test_where_up_has_run_nobody_elses_server_is_taken_for_its_own(tmp_path: Path) -> None:
    (tmp_path / DATABASE).touch()
    settings = Settings.from_env({"ESCALADE_STATE": str(tmp_path)})
    with pytest.raises(UnreachableError, match="`escalade up` is not running here") as refused:
        destination(settings, NO_FILE)
    assert "TEMPORAL_ADDRESS" in str(refused.value)
    assert refused.value.exit_code == 6
    assert destination(settings, {**NO_FILE, "TEMPORAL_ADDRESS": "localhost:7233"}).address == "localhost:7233"


async def test_where_up_has_run_and_is_stopped_no_ticket_goes_to_the_server_next_door(
    temporal: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.connection.DEFAULT_ADDRESS", temporal.service_client.config.target_host)
    settings = Settings.from_env({"ESCALADE_STATE": str(tmp_path), "ESCALADE_CONFIG": str(tmp_path)})
    # Without a trace of `up` it would be taken, and the doctor warns of it.
    taken = next(one for one in await examine(settings, NO_FILE) if one.name == "temporal")
    assert (taken.level, "TEMPORAL_ADDRESS" in taken.mend) == ("warning", True)
    (tmp_path / DATABASE).touch()
    with pytest.raises(UnreachableError, match="is not running here"):
        await connect(settings, NO_FILE)
    told = next(one for one in await examine(settings, NO_FILE) if one.name == "temporal")
    assert (told.level, "`escalade up` is not running here" in told.says) == ("error", True)


def test_what_a_dead_server_left_behind_is_not_believed(tmp_path: Path) -> None:
    # The supervisor lives: it is starting its server again, on its own address.
    with pytest.raises(UnreachableError, match="it is being started") as refused:
        destination(settings_with_up(tmp_path, alive=False), NO_FILE)
    assert "Try again in a moment" in str(refused.value)


def test_half_a_record_is_a_trace_of_up_and_no_address(tmp_path: Path) -> None:
    (tmp_path / UP_FILE).write_text('{"supervisor": ', encoding="utf-8")
    with pytest.raises(UnreachableError, match="is not running here"):
        destination(Settings.from_env({"ESCALADE_STATE": str(tmp_path)}), NO_FILE)


def test_a_profile_that_does_not_exist_is_named_with_its_mend(tmp_path: Path) -> None:
    settings = Settings.from_env({"ESCALADE_STATE": str(tmp_path)})
    with pytest.raises(EscaladeError, match="TEMPORAL_PROFILE") as refused:
        destination(settings, {**NO_FILE, "TEMPORAL_PROFILE": "nope"})
    assert "nope" in str(refused.value)


async def test_nobody_there_is_said_at_once_with_the_address_and_a_mend(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    settings = Settings.from_env({"ESCALADE_STATE": str(tmp_path)})
    with pytest.raises(UnreachableError) as refused:
        await connect(settings, {**NO_FILE, "TEMPORAL_ADDRESS": address})
    assert f"cannot be reached at {address} (from TEMPORAL_ADDRESS): nothing listens there." in str(refused.value)
    assert "escalade up" in str(refused.value)


async def test_a_host_that_does_not_exist_is_said_in_words(tmp_path: Path) -> None:
    settings = Settings.from_env({"ESCALADE_STATE": str(tmp_path)})
    with pytest.raises(UnreachableError) as refused:
        await connect(settings, {**NO_FILE, "TEMPORAL_ADDRESS": "nowhere.invalid:7233"})
    assert "tonic" not in str(refused.value)
    assert "Error(" not in str(refused.value)


def test_the_core_writes_nothing_on_the_terminal_of_a_command(tmp_path: Path) -> None:
    program = (
        "import asyncio, os\n"
        "from temporalio.service import RPCError\n"
        "from worker.client import leave\n"
        "from worker.connection import connect\n"
        "from worker.settings import Settings\n"
        "from worker.testing import real_server\n"
        "async def main():\n"
        "    async with real_server() as server:\n"
        "        address = server.service_client.config.target_host\n"
        "        client = await connect(Settings.from_env({}), {'TEMPORAL_ADDRESS': address})\n"
        "    try:\n"
        "        await client.get_workflow_handle('x').describe()\n"
        "    except RPCError:\n"
        "        print('gone')\n"
        "asyncio.run(main())\n"
        # As a command ends: the interpreter's own end can abort with what the core still has going (sdk-python#300).
        "leave(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("gone\n", "")


async def test_somebody_who_never_answers_is_given_up_in_time(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        settings = Settings.from_env({"ESCALADE_STATE": str(tmp_path)})
        began = time.monotonic()
        with pytest.raises(UnreachableError, match=r"no answer within 0\.5 s"):
            await connect(settings, {**NO_FILE, "TEMPORAL_ADDRESS": address}, within=timedelta(seconds=0.5))
        assert time.monotonic() - began < 2


async def test_a_namespace_that_does_not_exist_is_named(temporal: Client, tmp_path: Path) -> None:
    settings = Settings.from_env({"ESCALADE_STATE": str(tmp_path)})
    env = {
        **NO_FILE,
        "TEMPORAL_ADDRESS": temporal.service_client.config.target_host,
        "TEMPORAL_NAMESPACE": "nowhere",
    }
    client = TicketClient(await connect(settings, env))
    with pytest.raises(UnreachableError, match="has no namespace 'nowhere'"):
        await client.command("abcdefghij", Acknowledge())
