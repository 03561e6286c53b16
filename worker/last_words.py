"""What a process said last in its log, for whoever has to say why it ended."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_PASSING: Final = re.compile(r'^\S+ (\S+ )?(DEBUG|INFO|WARNING) |^\{.*"level": "(debug|info|warning)"|^\s|^$')
"""A log line that is no error, in either of our forms; and what goes on from the line above."""


def tail(log: Path, *, lines: int = 6) -> str:
    """The last lines of a log, as one."""
    written = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return " ".join(line.strip() for line in written[-lines:])[-600:]


def last_error(log: Path, *, since: int) -> str:
    """The last error of a process that ended with one, for the end of a sentence; empty when it wrote none.

    Args:
        log: what it wrote into.
        since: where the log ended when the process was started.
    """
    with log.open("rb") as file:
        # A log that is shorter now was put aside meanwhile.
        file.seek(since if since <= log.stat().st_size else 0)
        lines = file.read().decode(errors="replace").splitlines()
    errors = [line.strip() for line in lines if not _PASSING.search(line)]
    return f" Its last error: {errors[-1][-300:]}" if errors else ""
