"""What `escalade up` says about itself in the state directory, and how others believe it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import BaseModel

from escalade.time.instants import Instant
from worker.processes import ProcessMark, read_record

UP_FILE: Final = "up.json"
DATABASE: Final = "temporal.db"
"""Of the embedded server."""


class EmbeddedRecord(BaseModel):
    """The embedded Temporal server."""

    process: ProcessMark
    address: str
    binary: str = ""
    version: str = ""


class UpRecord(BaseModel):
    """Who supervises this state directory, and what it started."""

    supervisor: ProcessMark
    since: Instant
    server: EmbeddedRecord | None = None
    worker: ProcessMark | None = None
    restarts: int = 0
    """How often the worker had to be started again."""

    @property
    def processes(self) -> list[ProcessMark]:
        """What was started, in the order in which it is to be ended."""
        return [*([self.worker] if self.worker else []), *([self.server.process] if self.server else [])]


def read_up(state: Path) -> UpRecord | None:
    """The record in a state directory, whether or not what it names still runs."""
    return read_record(state / UP_FILE, UpRecord)


def has_held_up(state: Path) -> bool:
    """Whether `escalade up` ever ran on a state directory: whoever works there means its server and no other."""
    return (state / DATABASE).exists() or (state / UP_FILE).exists()


def live_server(state: Path) -> EmbeddedRecord | None:
    """The embedded server of a state directory, when it is running now."""
    up = read_up(state)
    return up.server if up is not None and up.server is not None and up.server.process.alive else None
