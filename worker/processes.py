"""Processes recognised again: a pid alone may meanwhile be somebody else's, a pid with its start time is not."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

Record = TypeVar("Record", bound=BaseModel)

_LONG: Final = 20 << 20

_HAS_PROC: bool = sys.platform == "linux"


class ProcessMark(BaseModel):
    """A process, and when it started as its kernel says it."""

    model_config = ConfigDict(frozen=True)

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> ProcessMark | None:
        """The mark of a running process; None when there is none, or only its zombie."""
        started = _start_of(pid)
        return None if started is None else cls(pid=pid, started=started)

    @classmethod
    def here(cls) -> ProcessMark:
        """The mark of this process."""
        mark = cls.of(os.getpid())
        assert mark is not None, "a process that asks is running"
        return mark

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return _start_of(self.pid) == self.started

    def end(self, *, within: timedelta, kill_after: bool = True) -> bool:
        """Ask it to end with SIGTERM, and after a while make it.

        Args:
            within: how long it has before it is killed.
            kill_after: False leaves it alone when the time is over.

        Returns:
            Whether it is gone.
        """
        _send(self, signal.SIGTERM)
        if self._gone(within):
            return True
        if kill_after:
            _send(self, signal.SIGKILL)
            return self._gone(timedelta(seconds=5))
        return False

    def _gone(self, within: timedelta) -> bool:
        deadline = time.monotonic() + within.total_seconds()
        while self.alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


def _send(mark: ProcessMark, number: signal.Signals) -> None:
    if mark.alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(mark.pid, number)


def _start_of(pid: int) -> str | None:
    if pid <= 0:
        return None
    if _HAS_PROC:
        try:
            # The name in parentheses may hold spaces and parentheses; what follows the last one is well-formed.
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except OSError:
            return None
        return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"
    answer = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = answer.stdout.strip().partition(" ")
    return None if not started or state.startswith("Z") else started.strip()


def open_log(path: Path) -> BinaryIO:
    """Open the log of a process that is about to be started; what is long is put aside first, once."""
    if path.exists() and path.stat().st_size > _LONG:
        path.replace(path.with_suffix(f"{path.suffix}.1"))
    return path.open("ab")


def read_record(path: Path, kind: type[Record]) -> Record | None:
    """Read a small JSON record; None when it is missing or not whole."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def write_record(path: Path, record: BaseModel) -> None:
    """Write a small JSON record so that a reader, or a crash, sees the old one or the new one."""
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_text(json.dumps(record.model_dump(mode="json"), indent=1) + "\n", encoding="utf-8")
    partial.replace(path)
