"""`escalade up`: the embedded server and a worker as one, with everything they keep in one directory.

A lock file says who supervises. Whatever a predecessor left running when it was killed is recognised by process id
and start time, and ended first. Children die with their parent where the kernel can do that (Linux).
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from escalade.errors import EscaladeError
from escalade.time.instants import format_instant
from worker import leash
from worker.embedded import EmbeddedServer, EmbeddedServerError, check_port
from worker.last_words import last_error, tail
from worker.processes import ProcessMark, open_log, write_record
from worker.pulse import made, still
from worker.running import UP_FILE, EmbeddedRecord, UpRecord, read_up
from worker.settings import Settings

_LOG = logging.getLogger(__name__)

LOCK_FILE: Final = "up.lock"
WORKER_LOG: Final = "worker.log"
WORKER_READY: Final = "worker.ready"
UP_LOG: Final = "up.log"
"""What it tells the terminal, kept: the terminal may be closed."""
PATIENCE: Final = timedelta(seconds=35)
"""Longer than a worker gives what is under way."""
SILENT: Final = timedelta(seconds=60)
"""A worker whose pulse stands still so long is frozen. It beats each second."""
_STEADY: Final = timedelta(seconds=30)
"""A worker that ran this long starts again at once when it dies."""
_BACKOFF: Final = (0.2, 1.0, 2.0, 5.0, 10.0, 30.0)
_REFUSED: Final = (2, 3, 7)
"""Exit codes that starting again cannot change: a wrong command, configuration or store. One that is only away for a
while does not end a worker."""
_STORE: Final = 7

Tell = Callable[[str], None]


class AlreadyUpError(EscaladeError):
    """Another `escalade up` runs on this state directory."""


class WorkerFailedError(EscaladeError):
    """The worker does not start."""

    def __init__(self, message: str, *, mend: str, exit_code: int) -> None:
        """Keep the code that the worker exited with: it is what is wrong here, too."""
        super().__init__(message, mend=mend)
        self.exit_code = exit_code


@contextlib.contextmanager
def hold_lock(state: Path) -> Iterator[None]:
    """Be the only one who supervises a state directory. The kernel gives the lock back when this process dies.

    Raises:
        AlreadyUpError: when somebody else does.
        EscaladeError: when the directory cannot be written.
    """
    try:
        state.mkdir(parents=True, exist_ok=True)
        # Not inherited: a child that outlives us must not hold the lock.
        descriptor = os.open(state / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise EscaladeError(
            f"The state directory {state} cannot be used: {error.strerror}.",
            mend="Make it writable, or name another with ESCALADE_STATE.",
        ) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            up = read_up(state)
            who = f" (process {up.supervisor.pid})" if up is not None else ""
            raise AlreadyUpError(
                f"`escalade up` already runs on {state}{who}.",
                mend="Use it as it is, end it first, or name another directory with ESCALADE_STATE.",
            ) from None
        yield
    finally:
        os.close(descriptor)


def worker_command() -> list[str]:
    """How the worker is started: this Python, so that no PATH decides which Escalade it is."""
    return [sys.executable, "-m", "worker.main"]


def embedded_env(address: str) -> dict[str, str]:
    """Temporal's own variables for a process that is to use the embedded server."""
    return {"TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": "default", "TEMPORAL_CONFIG_FILE": os.devnull}


class Supervisor:
    """Runs the server and the worker until it is told to stop."""

    def __init__(
        self,
        settings: Settings,
        env: Mapping[str, str],
        *,
        tell: Tell,
        command: Sequence[str] | None = None,
        patience: timedelta = PATIENCE,
        silent: timedelta = SILENT,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare; `run` does it.

        Args:
            settings: where the state is.
            env: the environment, handed on to the children.
            tell: is given one sentence at a time for the terminal.
            command: how a worker is started; ours when omitted.
            patience: how long a process that was asked to end may take before it is killed.
            silent: how long the pulse of a worker that works may stand still before it is killed.
            now: the clock.
        """
        self._settings = settings
        self._env = env
        self._told = tell
        self._command = list(command or worker_command())
        self._patience = patience
        self._silent = silent
        self._now = now
        self._reload_when_ready = False
        self._stop = asyncio.Event()
        self._server: EmbeddedServer | None = None
        self._record = UpRecord(supervisor=ProcessMark.here(), since=now())

    async def run(self, *, ready: Callable[[], None] = lambda: None) -> None:
        """Start everything, keep it running, and end it in order at SIGTERM or SIGINT.

        Args:
            ready: is called when the worker works for the first time.

        Raises:
            AlreadyUpError: when another supervises this directory.
            EscaladeError: when the server or the worker cannot be started.
        """
        loop = asyncio.get_running_loop()
        with hold_lock(self._settings.state):
            self._take_over()
            handlers = {signal.SIGTERM: self.stop, signal.SIGINT: self.stop, signal.SIGHUP: self._hang_up}
            for number, handler in handlers.items():
                loop.add_signal_handler(number, handler)
            try:
                await self._supervise(ready)
            finally:
                await self._end()
                for number in handlers:
                    loop.remove_signal_handler(number)

    def stop(self) -> None:
        """Ask it to end."""
        self._stop.set()

    def _tell(self, sentence: str) -> None:
        """Say something on the terminal and keep it in the log. A terminal that was closed ends nobody's on-call."""
        with contextlib.suppress(OSError), open_log(self._settings.state / UP_LOG) as log:
            log.write(f"{format_instant(self._now())} {sentence}\n".encode())
        with contextlib.suppress(OSError, ValueError):
            self._told(sentence)

    def _hang_up(self) -> None:
        # Somebody asks for a reload, or the terminal was closed: that is no reason to stop, and a reload does no harm.
        worker = self._record.worker
        if worker is None or not worker.alive or not (self._settings.state / WORKER_READY).exists():
            # Before it listens the signal would end it.
            self._reload_when_ready = True
            self._tell("SIGHUP: the worker reads the configuration again as soon as it works.")
            return
        self._tell(f"SIGHUP: the worker (process {worker.pid}) reads the configuration again; {WORKER_LOG} has more.")
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGHUP)

    def _take_over(self) -> None:
        left = read_up(self._settings.state)
        if left is None:
            return
        for mark in left.processes:
            if mark.alive:
                self._tell(f"An earlier `escalade up` was killed and left process {mark.pid}: ending it.")
                if not mark.end(within=self._patience):
                    raise EscaladeError(
                        f"Process {mark.pid}, left by an earlier `escalade up`, does not end.",
                        mend=f"End it with `kill -9 {mark.pid}` and start again.",
                    )

    async def _supervise(self, ready: Callable[[], None]) -> None:
        await self._start_server()
        worker = asyncio.create_task(self._keep_worker(ready))
        server = asyncio.create_task(self._keep_server())
        stop = asyncio.create_task(self._stop.wait())
        done, pending = await asyncio.wait({worker, server, stop}, return_when=asyncio.FIRST_COMPLETED)
        if stop in done:
            self._tell("Stopping: the worker ends what is under way, then the server.")
        self._stop.set()
        # The worker ends while the server still serves, so that its last words arrive.
        await asyncio.wait({worker})
        for task in pending - {worker}:
            task.cancel()
        for task in (worker, server):
            if task.done() and not task.cancelled():
                task.result()

    async def _start_server(self) -> None:
        self._server = await EmbeddedServer.start(
            self._settings.state, port=self._settings.embedded_port, env=self._env, started=self._note_server
        )
        record = self._server.record
        self._tell(f"Temporal {record.version} serves at {record.address} ({record.binary}).")

    def _note_server(self, record: EmbeddedRecord) -> None:
        self._note(server=record)

    async def _keep_server(self) -> None:
        attempt = 0
        while True:
            assert self._server is not None
            began = asyncio.get_running_loop().time()
            code = await self._server.wait()
            if self._stop.is_set():
                return
            self._tell(f"The embedded Temporal server ended with code {code}: starting it again on its file.")
            attempt = 0 if asyncio.get_running_loop().time() - began > _STEADY.total_seconds() else attempt + 1
            # The same address: the worker's connection finds it again by itself.
            port = int(self._server.record.address.rpartition(":")[2])
            while not await self._serves_again(port, pause=_BACKOFF[min(attempt, len(_BACKOFF) - 1)]):
                if self._stop.is_set():
                    return
                attempt += 1

    async def _serves_again(self, port: int, *, pause: float) -> bool:
        """Try once to start the server again, after a pause; what keeps it from starting may pass."""
        if await self._stopped_within(pause):
            return False
        try:
            check_port(port)
            self._server = await EmbeddedServer.start(
                self._settings.state, port=port, env=self._env, started=self._note_server
            )
        except (EmbeddedServerError, OSError) as error:
            self._tell(f"{error} It is tried again.".replace("\n", " "))
            return False
        self._tell(f"Temporal serves again at {self._server.record.address}.")
        return True

    async def _keep_worker(self, ready: Callable[[], None]) -> None:
        attempt = 0
        told = False
        while not self._stop.is_set():
            began = asyncio.get_running_loop().time()
            marker = self._settings.state / WORKER_READY
            marker.unlink(missing_ok=True)
            log = self._settings.state / WORKER_LOG
            written = log.stat().st_size if log.exists() else 0
            process = await self._start_worker(marker)
            frozen = False
            ended = asyncio.create_task(process.wait())
            stop = asyncio.create_task(self._stop.wait())
            works = asyncio.create_task(made(marker))
            await asyncio.wait({works, ended, stop}, return_when=asyncio.FIRST_COMPLETED)
            works.cancel()
            # It may work and die between two looks.
            if not told and marker.exists():
                told = True
                self._tell(f"The worker (process {process.pid}) works. Ctrl-C ends everything.")
                ready()
            if marker.exists() and self._reload_when_ready:
                self._reload_when_ready = False
                self._hang_up()
            pulse = asyncio.create_task(still(marker, self._silent))
            await asyncio.wait({ended, stop, pulse}, return_when=asyncio.FIRST_COMPLETED)
            frozen = pulse.done() and not ended.done() and not stop.done()
            pulse.cancel()
            stop.cancel()
            if frozen:
                silent = self._silent.total_seconds()
                self._tell(f"The worker (process {process.pid}) has been silent for {silent:g} s: killing it.")
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await ended
            if not ended.done():
                await _end_process(process, within=self._patience)
                await ended
                return
            code = ended.result()
            # Once it has worked, a configuration that is broken meanwhile is worth waiting for.
            if code in _REFUSED and not told:
                # A configuration may have many mistakes, a store has one.
                said = tail(log, lines=1 if code == _STORE else 6)
                raise WorkerFailedError(
                    f"The worker refuses to start: {said}", mend=f"All of it is in {log}.", exit_code=code
                )
            steady = asyncio.get_running_loop().time() - began > _STEADY.total_seconds()
            attempt = 0 if steady else attempt + 1
            pause = _BACKOFF[min(max(attempt - 1, 0), len(_BACKOFF) - 1)]
            cause = "" if code <= 0 or frozen else last_error(log, since=written)
            self._tell(f"The worker ended ({_how(code)}): starting it again in {pause:g} s.{cause}")
            self._note(worker=None, restarts=self._record.restarts + 1)
            await self._stopped_within(pause)

    async def _start_worker(self, marker: Path) -> asyncio.subprocess.Process:
        assert self._server is not None
        settings = self._settings.model_copy(update={"ready_file": marker})
        # The embedded server is the one meant, whatever a profile in the home directory says.
        env = {name: value for name, value in self._env.items() if not name.startswith("TEMPORAL_")}
        env |= {**settings.to_env(), **embedded_env(self._server.record.address)}
        with open_log(self._settings.state / WORKER_LOG) as output:
            process = await asyncio.create_subprocess_exec(
                *leash.command(self._command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env=env,
            )
        self._note(worker=ProcessMark.of(process.pid))
        return process

    async def _stopped_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
        return self._stop.is_set()

    async def _end(self) -> None:
        if self._server is not None:
            await self._server.stop()
        # Nothing of ours runs any more: a record left behind would only be disproved by process ids.
        (self._settings.state / UP_FILE).unlink(missing_ok=True)
        (self._settings.state / WORKER_READY).unlink(missing_ok=True)

    def _note(self, **changes: object) -> None:
        self._record = self._record.model_copy(update=changes)
        write_record(self._settings.state / UP_FILE, self._record)


async def _end_process(process: asyncio.subprocess.Process, *, within: timedelta) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), within.total_seconds())
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


async def up(settings: Settings, env: Mapping[str, str], *, tell: Tell) -> None:
    """Run `escalade up` until SIGTERM or SIGINT.

    Args:
        settings: this process's settings.
        env: the environment.
        tell: is given one sentence at a time.

    Raises:
        EscaladeError: when it cannot be started; everything is ended again then.
    """
    await Supervisor(settings, env, tell=tell).run()
