"""Runs a program that ends when its parent does: `python leash.py PARENT_PID PROGRAM ARGUMENT…`.

Standard library only, and run by path with `python -I -S`, so that it costs some 15 ms. The program replaces this
one, so its process id is the one that was started.
"""

from __future__ import annotations

import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def hold(parent: int) -> None:
    """Ask the kernel (Linux) to send this process SIGTERM when its parent dies; elsewhere do nothing.

    SIGTERM rather than SIGKILL: a server closes its database, a worker finishes the page it is sending. What does
    not end by itself is ended by the next `escalade up`, which knows it by its pid file.
    """
    if sys.platform != "linux":
        return
    import ctypes  # noqa: PLC0415 - 5 ms that other systems need not pay

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    # The parent may have died before the line above: then nobody would ever send the signal.
    if os.getppid() != parent:
        sys.exit(1)


def command(argv: list[str]) -> list[str]:
    """The command that runs a program on this process's leash."""
    return [sys.executable, "-I", "-S", os.path.abspath(__file__), str(os.getpid()), *argv]  # noqa: PTH100 - no import


if __name__ == "__main__":
    hold(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - replacing this process is its purpose
