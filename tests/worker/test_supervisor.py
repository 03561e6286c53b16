"""`escalade up`: one owner of a directory, nothing left behind, everything found again."""

from __future__ import annotations

import os
import signal
import socket
import sys

import pytest

from escalade.ticket import Ticket
from tests.worker.conftest import StartUp, gone
from worker.client import TicketClient
from worker.connection import connect
from worker.running import live_server, read_up
from worker.settings import Settings

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends orphans on Linux only")


def test_sigterm_ends_the_worker_and_the_server_and_leaves_nothing(start_up: StartUp) -> None:
    up = start_up()
    record = up.ready()
    assert record.server is not None
    assert record.worker is not None
    assert all(mark.alive for mark in record.processes)
    up.process.send_signal(signal.SIGTERM)
    assert up.ended() == 0
    assert not any(mark.alive for mark in record.processes)
    assert read_up(up.state) is None


def test_ctrl_c_ends_it_as_cleanly(start_up: StartUp) -> None:
    up = start_up()
    record = up.ready()
    os.killpg(up.process.pid, signal.SIGINT)
    assert up.ended() == 0
    assert not any(mark.alive for mark in record.processes)


@linux_only
@pytest.mark.kill
def test_server_and_worker_die_with_a_killed_up(start_up: StartUp) -> None:
    up = start_up()
    record = up.ready()
    up.process.kill()
    up.process.wait()
    assert all(gone(mark) for mark in record.processes)


@pytest.mark.kill
async def test_a_new_up_ends_what_a_killed_one_left_and_finds_every_ticket(start_up: StartUp) -> None:
    first = start_up(worker="stubborn")
    left = first.ready()
    assert left.server is not None
    settings = Settings.from_env({"ESCALADE_STATE": str(first.state)})
    opened = await TicketClient(await connect(settings, {})).open(Ticket(title="disk full", dedupe_key="d"))
    # Leaves the server as an orphan too: its end at the parent's death would hide what the take-over does.
    os.kill(left.server.process.pid, signal.SIGSTOP)
    first.process.kill()
    first.process.wait()
    assert all(mark.alive for mark in left.processes)

    second = start_up(patience=0.5)
    os.kill(left.server.process.pid, signal.SIGCONT)
    second.until("An earlier `escalade up` was killed")
    record = second.ready()
    assert not any(mark.alive for mark in left.processes)
    assert record.supervisor != left.supervisor
    again = await TicketClient(await connect(settings, {})).open(Ticket(title="disk full", dedupe_key="d"))
    assert (again.existed, again.life) == (True, opened.life)


def test_a_second_up_on_one_directory_is_refused_and_disturbs_nothing(start_up: StartUp) -> None:
    first = start_up()
    record = first.ready()
    second = start_up()
    assert second.ended() == 1
    assert f"already runs on {first.state} (process {first.process.pid})" in second.lines[-1]
    assert "ESCALADE_STATE" in second.lines[-1]
    assert all(mark.alive for mark in record.processes)


def test_a_taken_port_is_named_with_its_mend(start_up: StartUp) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        up = start_up(port=port)
        assert up.ended() == 6
    assert f"Port {port} of this machine is taken" in up.lines[-1]
    assert "ESCALADE_PORT" in up.lines[-1]


@pytest.mark.kill
def test_a_killed_worker_is_started_again(start_up: StartUp) -> None:
    up = start_up()
    record = up.ready()
    assert record.worker is not None
    os.kill(record.worker.pid, signal.SIGKILL)
    assert "killed by SIGKILL" in up.until("starting it again")
    up.process.send_signal(signal.SIGTERM)
    assert up.ended() == 0


@pytest.mark.kill
def test_a_killed_server_is_started_again_on_its_file_and_address(start_up: StartUp) -> None:
    up = start_up()
    record = up.ready()
    assert record.server is not None
    os.kill(record.server.process.pid, signal.SIGKILL)
    up.until("serves again")
    server = live_server(up.state)
    assert server is not None
    assert server.address == record.server.address
    assert server.process != record.server.process


@pytest.mark.parametrize(
    ("code", "words"), [(3, "policies/x.yaml:3: tiers: is empty."), (7, "The store was made by a newer version.")]
)
def test_a_worker_that_refuses_to_start_ends_up_with_its_words_and_code(
    start_up: StartUp, code: int, words: str
) -> None:
    up = start_up(worker=f"import sys; print({words!r}); sys.exit({code})")
    assert up.ended() == code
    assert words in up.lines[-1]
    assert read_up(up.state) is None


def test_a_worker_that_does_not_end_is_killed_in_the_end(start_up: StartUp) -> None:
    up = start_up(worker="stubborn", patience=0.2)
    record = up.ready()
    up.process.send_signal(signal.SIGTERM)
    assert up.ended() == 0
    assert not any(mark.alive for mark in record.processes)


def test_sighup_is_handed_on_to_the_worker(start_up: StartUp) -> None:
    up = start_up()
    up.ready()
    up.process.send_signal(signal.SIGHUP)
    assert "told to read its configuration again" in up.until("starting it again")


def test_a_worker_that_worked_once_is_waited_for_when_its_configuration_breaks(start_up: StartUp) -> None:
    up = start_up(
        worker="import os, pathlib, sys\n"
        "marker = pathlib.Path(os.environ['ESCALADE_STATE'], 'was-here')\n"
        "if marker.exists(): sys.exit(3)\n"
        "marker.touch(); pathlib.Path(os.environ['ESCALADE_READY_FILE']).touch()\n"
        "sys.stdin.read(); os.kill(os.getpid(), 9)\n"
    )
    up.until("works.")
    up.until("killed by SIGKILL")
    up.until("exit code 3")
    up.process.send_signal(signal.SIGTERM)
    assert up.ended() == 0
