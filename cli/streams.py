"""Standard input, output and error as they are found: closed, full, or unable to write every character."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from pathlib import Path
from typing import Any, Final, TextIO

NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What a disk or a device answers that takes no more."""


class _AsAsked(io.TextIOWrapper):
    """A text stream that is not written around.

    click takes an ASCII stream for a mistake and writes UTF-8 into what is below it; who asked for ASCII gets it.
    """

    buffer: Any = None


def prepare() -> bool:
    """Make the streams such that anything can be written to them.

    Returns:
        Whether there is a standard output at all.
    """
    # Python leaves None where a stream is closed, and the next file opened would take its number.
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 (it lasts as long as the process)
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = _forgiving(sys.stderr)
    if sys.stdout is None:
        return False
    sys.stdout = _forgiving(sys.stdout)
    return True


def _forgiving(stream: TextIO) -> TextIO:
    """The stream, with a question mark for each character that it has none for."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    if codecs.lookup(stream.encoding).name != "ascii":
        stream.reconfigure(errors="replace")
        return stream
    lines = stream.line_buffering
    return _AsAsked(stream.detach(), encoding="ascii", errors="replace", line_buffering=lines)


def takes_everything(stream: TextIO) -> bool:
    """Whether the stream has a form for every character; JSON for another one is escaped instead."""
    return codecs.lookup(getattr(stream, "encoding", None) or "utf-8").name.startswith("utf-")


def is_gone(error: BaseException | None) -> bool:
    """Whether the reader of a pipe has gone."""
    return isinstance(error, OSError) and error.errno == errno.EPIPE
