"""Exit codes: stable numbers, each with what it means for a script. They never change meaning."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command exits with."""

    OK = 0
    GENERAL = 1
    USAGE = 2
    CONFIGURATION = 3
    NOT_FOUND = 4
    REFUSED = 5
    UNREACHABLE = 6
    STORE = 7
    TAMPERED = 8
    PARTIAL = 9
    INTERNAL = 70
    INTERRUPTED = 130
    PIPE = 141


MEANINGS: dict[ExitCode, tuple[str, str]] = {
    ExitCode.OK: ("Done.", "Nothing."),
    ExitCode.GENERAL: (
        "It did not work, for a reason without a number of its own: a doctor's finding, output closed or full.",
        "Read the sentence on standard error.",
    ),
    ExitCode.USAGE: (
        "The command is wrong: an unknown option or person, a value that cannot be read, nobody to confirm it.",
        "Correct the command; nothing was done.",
    ),
    ExitCode.CONFIGURATION: (
        "The configuration is missing or not valid.",
        "Run `escalade check`; it lists every error with file, line and mend.",
    ),
    ExitCode.NOT_FOUND: (
        "There is no such ticket, or several start with the prefix given.",
        "Give more of the key; `escalade ticket list --all` shows every key.",
    ),
    ExitCode.REFUSED: (
        "The ticket refused the command: it is stale, already resolved, has no such tier, …",
        "Look at the ticket with `escalade ticket show`, then ask again if it is still wanted.",
    ),
    ExitCode.UNREACHABLE: (
        "Temporal cannot be reached.",
        "Start it (`escalade up`), or point TEMPORAL_ADDRESS or a profile at it; `escalade doctor` tells more.",
    ),
    ExitCode.STORE: (
        "The store cannot be used: lists and journals need it, commands on a full key do not.",
        "Check ESCALADE_STORE; `escalade doctor` tells more.",
    ),
    ExitCode.TAMPERED: (
        "The journal does not verify: an entry was changed, removed or added outside the writer.",
        "Keep a copy of the store as it is, then look at each finding.",
    ),
    ExitCode.PARTIAL: (
        "Some of several things failed: rows of an import, or some tickets of a list.",
        "Each failure is on standard error with its mend; running the same again repeats only what is missing.",
    ),
    ExitCode.INTERNAL: (
        "A fault of Escalade itself.",
        "Report the crash log whose path is on standard error.",
    ),
    ExitCode.INTERRUPTED: ("Stopped by Ctrl-C.", "Nothing."),
    ExitCode.PIPE: (
        "The reader of the pipe went away before all was written (`| head -1`); 0 when all was written before.",
        "Nothing; with `set -o pipefail` expect it.",
    ),
}
"""What each code means, and what to do about it."""
