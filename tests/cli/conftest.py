"""The command line as tests use it: in this process where that is enough, as a program where it is not."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli import main

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = Path(sys.executable).with_name("escalade")


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def work_of(call: Callable[[], object]) -> float:
    """The seconds of processor that the programs a call runs take: what else the machine does is not their fault."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    call()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def work_of_libraries() -> float:
    """The seconds of processor that Python takes to load what every command of a ticket needs and nobody here wrote.

    A busy processor runs at half its speed; this is the measure of how fast it is now.
    """
    libraries = [sys.executable, "-c", "import temporalio.client, pydantic, click"]
    return work_of(lambda: subprocess.run(libraries, check=True))


Run = Callable[..., Done]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory to work in, with the shipped configuration, and nothing of the machine's environment."""
    for name in [n for n in os.environ if n.startswith(("ESCALADE_", "TEMPORAL_"))] + ["NO_COLOR", "FORCE_COLOR"]:
        monkeypatch.delenv(name, raising=False)
    shutil.copytree(ROOT / "examples", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    # Nothing listens on port 1: whatever would reach for a server fails at once instead of finding somebody's.
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def escalade(place: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line in this process."""

    def run(*arguments: str) -> Done:
        capsys.readouterr()
        code = main.run(arguments)
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return run


@pytest.fixture
def program(place: Path) -> Run:
    """Runs the installed program."""

    def run(*arguments: str, stdin: str | bytes = "", **env: str) -> Done:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [PROGRAM, *arguments], input=given, capture_output=True, env={**os.environ, **env}, timeout=60, check=False
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run
