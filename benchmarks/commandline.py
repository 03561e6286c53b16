"""How long a person waits for the command line: whole processes, from start to exit."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.life import IncompleteError
from benchmarks.report import Row
from benchmarks.stage import two_tiers, write_configuration
from worker.running import live_server
from worker.supervisor import WORKER_READY

HEAVY: Final = ("temporalio", "pydantic", "sqlalchemy")
"""What `escalade --help` has no use for."""
_START: Final = 30.0


def help_time(times: int) -> list[Row]:
    """How long `escalade --help` takes, and what it loads."""
    took = [_timed(["--help"], {})[0] for _ in range(times)]
    spoken = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "cli.main", "--help"], capture_output=True, text=True, check=True
    ).stderr
    loaded = {line.rpartition("|")[2].strip() for line in spoken.splitlines() if line.startswith("import time:")}
    found = sorted(name for name in HEAVY if name in loaded)
    return [
        Row("escalade --help", median(took), "s", 0.15, note=f"best {min(took):.3f}, worst {max(took):.3f}"),
        Row("  heavy packages it imports", len(found), "", 0, note=", ".join(found) or f"of {', '.join(HEAVY)}"),
    ]


def acknowledge_time(directory: Path, *, times: int) -> list[Row]:
    """How long `escalade ticket ack` takes against a running `escalade up`.

    Args:
        directory: an empty one.
        times: so many tickets are acknowledged, one after the other.
    """
    write_configuration(directory, *two_tiers(repeat="1h", climb="2h"))
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "ESCALADE_"))},
        "ESCALADE_CONFIG": str(directory),
        "ESCALADE_STATE": str(directory / "state"),
        "ESCALADE_PORT": "0",
    }
    with _up(directory / "state", env):
        keys = [_open(env, number) for number in range(times)]
        took, cpu = [], []
        for key in keys:
            used = _cpu_of_children()
            seconds, said = _timed(["ticket", "ack", key, "--as", "bob"], env)
            cpu.append(_cpu_of_children() - used)
            if "acknowledged" not in said:
                raise IncompleteError(f"`escalade ticket ack` said {said!r}.")
            took.append(seconds)
    return [
        Row("escalade ticket ack", median(took), "s", 0.8, note=f"best {min(took):.3f}, worst {max(took):.3f}"),
        Row("  of it CPU of its own", median(cpu), "s", note="the rest is waiting, also for a machine that is busy"),
    ]


def _open(env: dict[str, str], number: int) -> str:
    opened = json.loads(_timed(["ticket", "open", f"ticket {number}", "--output", "json", "--as", "ana"], env)[1])
    key: str = opened["opened"][0]["key"]
    return key


def _timed(arguments: list[str], env: dict[str, str]) -> tuple[float, str]:
    began = time.perf_counter()
    ended = subprocess.run(
        [_program(), *arguments], capture_output=True, text=True, env=env or None, timeout=60, check=False
    )
    took = time.perf_counter() - began
    if ended.returncode:
        command = " ".join(arguments)
        raise IncompleteError(f"`escalade {command}` ended with {ended.returncode}: {ended.stderr.strip()}")
    return took, ended.stdout


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _program() -> str:
    return str(Path(sysconfig.get_path("scripts")) / "escalade")


@contextmanager
def _up(state: Path, env: dict[str, str]) -> Iterator[None]:
    state.mkdir()
    with (state / "up.log").open("wb") as log:
        process = subprocess.Popen([_program(), "up"], env=env, stdout=log, stderr=log)
        try:
            _wait_until_it_works(process, state)
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)


def _wait_until_it_works(process: subprocess.Popen[bytes], state: Path) -> None:
    deadline = time.monotonic() + _START
    while not (state / WORKER_READY).exists() or live_server(state) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            raise IncompleteError(f"`escalade up` does not work: {(state / 'up.log').read_text(encoding='utf-8')}")
        time.sleep(0.05)
