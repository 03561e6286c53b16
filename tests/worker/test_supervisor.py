"""`escalade up`: one owner of a directory, nothing left behind, everything found again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from escalade.ticket import Ticket
from tests.worker.conftest import ROOT, StartUp, gone
from worker.client import TicketClient
from worker.connection import connect
from worker.last_words import last_error
from worker.pulse import beat, made, still
from worker.running import live_server, read_up
from worker.settings import Settings
from worker.supervisor import UP_LOG
from worker.testing import temporal_program

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
    # It did not end by itself: whatever it wrote last is not why.
    assert up.until("starting it again").endswith("(killed by SIGKILL): starting it again in 0.2 s.")
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


@pytest.mark.kill
def test_a_server_that_cannot_start_again_at_once_is_tried_again(
    start_up: StartUp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, broken = tmp_path / "bin" / "temporal", tmp_path / "broken"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ -e "{broken}" ] && exit 9\nexec "{temporal_program()}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    up = start_up()
    record = up.ready()
    assert record.server is not None
    broken.touch()
    os.kill(record.server.process.pid, signal.SIGKILL)
    assert "does not run" in up.until("It is tried again.")
    broken.unlink()
    up.until("serves again")
    up.process.send_signal(signal.SIGTERM)
    assert up.ended() == 0


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


def test_sighup_before_the_worker_listens_reaches_it_once_it_does(start_up: StartUp) -> None:
    up = start_up(
        worker="import os, pathlib, signal, sys\n"
        "state = pathlib.Path(os.environ['ESCALADE_STATE'])\n"
        "os.mkfifo(state / 'go'); print('waits', flush=True); (state / 'go').read_text()\n"
        "signal.signal(signal.SIGHUP, lambda *_: sys.exit('it heard'))\n"
        "pathlib.Path(os.environ['ESCALADE_READY_FILE']).touch()\n"
        "while True: signal.pause()\n"
    )
    up.until("serves at")
    up.process.send_signal(signal.SIGHUP)
    up.until("as soon as it works")
    fifo = up.state / "go"
    while not fifo.exists():
        assert up.process.poll() is None
    fifo.write_text("go")
    assert "Its last error: it heard" in up.until("starting it again")


def test_a_closed_terminal_ends_nothing_and_what_it_says_then_is_kept(tmp_path: Path) -> None:
    program = (
        "import asyncio, os, sys, click\n"
        "from worker.settings import Settings\n"
        "from worker.supervisor import Supervisor\n"
        "asyncio.run(Supervisor(Settings.from_env(os.environ), os.environ, tell=click.echo,\n"
        "            command=[sys.executable, '-c', sys.argv[1]]).run())\n"
    )
    worker = (
        "import os, pathlib, signal\n"
        "heard = pathlib.Path(os.environ['ESCALADE_STATE'], 'heard')\n"
        "signal.signal(signal.SIGHUP, lambda *_: heard.touch())\n"
        "pathlib.Path(os.environ['ESCALADE_READY_FILE']).touch()\n"
        "while True: signal.pause()\n"
    )
    state = tmp_path / "state"
    ours, theirs = os.openpty()
    env = {**os.environ, "ESCALADE_STATE": str(state), "ESCALADE_PORT": "0"}
    lead = "os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    argv = [sys.executable, "-c", f"import fcntl, os, sys, termios; {lead}", sys.executable, "-c", program, worker]
    up = subprocess.Popen(argv, cwd=ROOT, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        said = b""
        while b"works." not in said:
            said += os.read(ours, 4096)
        record = read_up(state)
        assert record is not None
        # As the kernel does it for a terminal that is closed: SIGHUP, and then EIO for whatever is written.
        os.close(ours)
        while not (state / "heard").exists():
            assert up.poll() is None
        assert all(mark.alive for mark in record.processes)
        assert record.worker is not None
        os.kill(record.worker.pid, signal.SIGKILL)
        while "killed by SIGKILL" not in (state / UP_LOG).read_text():
            assert up.poll() is None
        assert record.server is not None
        assert record.server.process.alive
        up.terminate()
        assert up.wait(60) == 0
        assert not record.server.process.alive
    finally:
        if up.poll() is None:
            up.kill()
            up.wait()


@pytest.mark.kill
def test_a_frozen_worker_is_killed_and_started_again(start_up: StartUp) -> None:
    up = start_up(silent=2)
    record = up.ready()
    assert record.worker is not None
    os.kill(record.worker.pid, signal.SIGSTOP)
    up.until(f"process {record.worker.pid}) has been silent for 2 s")
    assert "killed by SIGKILL" in up.until("starting it again")
    assert "silent for 2 s: killing it." in (up.state / UP_LOG).read_text()
    assert gone(record.worker)


async def test_a_worker_has_a_pulse(tmp_path: Path) -> None:
    pulse = tmp_path / "pulse"
    beating = asyncio.create_task(beat(pulse))
    await made(pulse)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(still(pulse, timedelta(seconds=1.5)), 2.5)
    beating.cancel()
    await asyncio.wait_for(still(pulse, timedelta(seconds=0.2)), 10)


@pytest.mark.parametrize(
    ("written", "quoted"),
    [
        ("2026-11-21T22:00:00Z INFO worker.main Working.\nescalade ticket show n5tudyqoia", "n5tudyqoia"),
        ("people.yaml:3: zone: is none.\n  Write it anew.", "people.yaml:3: zone: is none."),
        ("Traceback:\n  File\nValueError: no\n2026-11-21T22:00:00Z INFO worker.main Stopped.", "ValueError: no"),
        ('{"at": "x", "level": "error", "text": "gone"}\n{"at": "x", "level": "info"}', '"gone"'),
    ],
)
def test_the_last_error_is_quoted_and_no_line_before_the_start(tmp_path: Path, written: str, quoted: str) -> None:
    log = tmp_path / "worker.log"
    log.write_text("an older error\n", encoding="utf-8")
    since = log.stat().st_size
    assert last_error(log, since=since) == ""
    with log.open("a", encoding="utf-8") as more:
        more.write(f"{written}\n")
    assert quoted in last_error(log, since=since)
