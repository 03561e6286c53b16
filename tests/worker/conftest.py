"""One real server for the tests of this floor, and subprocesses that never outlive a test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from threading import Timer

import pytest
import pytest_asyncio
from temporalio.client import Client

from worker.processes import ProcessMark
from worker.running import UpRecord, read_up
from worker.testing import real_server

ROOT = Path(__file__).resolve().parent.parent.parent
STAND_IN_WORKER = """
import os, pathlib, signal, sys, time
if "stubborn" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, lambda *_: sys.exit("told to read its configuration again"))
while True:
    pathlib.Path(os.environ["ESCALADE_READY_FILE"]).touch()
    time.sleep(0.1)
"""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def temporal() -> AsyncIterator[Client]:
    """A client of a real server in memory."""
    async with real_server() as client:
        yield client


class Up:
    """`escalade up` as a subprocess, read line by line."""

    def __init__(self, state: Path, *, worker: str, port: int, patience: float, silent: float) -> None:
        self.state = state
        program = (
            "import asyncio, os, sys\n"
            "from datetime import timedelta\n"
            "from escalade.errors import EscaladeError\n"
            "from worker.settings import Settings\n"
            "from worker.supervisor import Supervisor\n"
            "tell = lambda line: print(line, flush=True)\n"
            "command = [sys.executable, '-c', *sys.argv[1:]]\n"
            "try:\n"
            "    settings, patience = Settings.from_env(os.environ), timedelta(seconds=float(os.environ['PATIENCE']))\n"
            "    silent = timedelta(seconds=float(os.environ['SILENT']))\n"
            "    up = Supervisor(settings, os.environ, tell=tell, command=command, patience=patience, silent=silent)\n"
            "    asyncio.run(up.run())\n"
            "except EscaladeError as error:\n"
            "    tell(str(error)); sys.exit(error.exit_code)\n"
        )
        arguments = [STAND_IN_WORKER, worker] if worker in {"plain", "stubborn"} else [worker]
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "ESCALADE_STATE": str(state),
                "ESCALADE_PORT": str(port),
                "PATIENCE": str(patience),
                "SILENT": str(silent),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []

    def until(self, words: str, *, within: float = 30) -> str:
        """Read what it says up to a line that holds these words; fails when it ends or is silent."""
        assert self.process.stdout is not None
        watchdog = Timer(within, self.process.kill)
        watchdog.start()
        try:
            for line in self.process.stdout:
                self.lines.append(line.strip())
                if words in line:
                    return line.strip()
        finally:
            watchdog.cancel()
        pytest.fail(f"`up` ended without saying {words!r}:\n" + "\n".join(self.lines))

    def ready(self) -> UpRecord:
        """Wait until the worker works."""
        self.until("works.")
        record = read_up(self.state)
        assert record is not None
        return record

    def ended(self) -> int:
        """Wait until it ends; its exit code."""
        assert self.process.stdout is not None
        self.lines += [line.strip() for line in self.process.stdout]
        return self.process.wait(timeout=60)


StartUp = Callable[..., Up]


@pytest.fixture
def start_up(tmp_path: Path) -> Iterator[StartUp]:
    """Starts `up` on the test's state directory, and ends whatever is left of it afterwards."""
    started: list[Up] = []

    def start(*, worker: str = "plain", port: int = 0, patience: float = 10, silent: float = 60) -> Up:
        up = Up(tmp_path / "state", worker=worker, port=port, patience=patience, silent=silent)
        started.append(up)
        return up

    yield start
    for up in started:
        record = read_up(up.state)
        for mark in record.processes if record else []:
            if mark.alive:
                os.kill(mark.pid, signal.SIGKILL)
        if up.process.poll() is None:
            up.process.kill()
        assert up.process.stdout is not None
        up.process.stdout.close()
        up.process.wait()


def gone(mark: ProcessMark, *, within: float = 10) -> bool:
    """Wait until a process is gone, through the kernel's own notice where there is one."""
    try:
        descriptor = os.pidfd_open(mark.pid)
    except ProcessLookupError:
        return True
    try:
        import select

        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        return not mark.alive or bool(poller.poll(within * 1000)) or not mark.alive
    finally:
        os.close(descriptor)
