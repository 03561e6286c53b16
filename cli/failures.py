"""What a user reads when something fails: one clear sentence, how to mend it, and never a traceback."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from cli.exits import ExitCode
from cli.render.plain import lines
from cli.streams import NO_ROOM
from escalade import __version__
from escalade.errors import ConfigurationError, EscaladeError


class WrongCommandError(EscaladeError):
    """The command cannot be carried out as it was typed."""

    exit_code = ExitCode.USAGE


def tell(sentence: str, mend: str | None = None) -> None:
    """Write a failure to standard error: the sentence, and below it the mend."""
    # A sentence may quote what somebody else wrote.
    click.echo(lines(f"Error: {sentence}\n  {mend}" if mend else f"Error: {sentence}"), err=True)


def explain(error: BaseException) -> int:
    """Tell a failure and say which code it exits with."""
    match error:
        case EscaladeError():
            tell(error.message, error.mend or _default_mend(error))
            return error.exit_code
        case click.exceptions.NoArgsIsHelpError():
            error.show()
            return ExitCode.USAGE
        case click.NoSuchOption():
            path = error.ctx.command_path if error.ctx else "escalade"
            tell(f"No such option {error.option_name!r}.{_near(error)}", f"See: {path} --help")
            return ExitCode.USAGE
        case click.UsageError():
            path = error.ctx.command_path if error.ctx else "escalade"
            tell(_sentence(error.format_message()), f"See: {path} --help")
            return ExitCode.USAGE
        case click.ClickException():
            tell(error.format_message())
            return error.exit_code
        case BrokenPipeError():
            return ExitCode.PIPE
        case OSError() if error.errno in NO_ROOM:
            tell(
                f"What was to be written could not be: {(error.strerror or '').lower()}.",
                "Make room, or write elsewhere.",
            )
            return ExitCode.GENERAL
        case click.Abort() | KeyboardInterrupt():
            click.echo("Stopped.", err=True)
            return ExitCode.INTERRUPTED
        case _:
            kept = save_crash(error)
            tell(
                f"Escalade failed at something it did not expect ({type(error).__name__}: {_first_line(error)}).",
                f"That is a fault of ours; please report it with {kept}" if kept else "That is a fault of ours.",
            )
            return ExitCode.INTERNAL


def _near(error: click.NoSuchOption) -> str:
    import difflib

    near = difflib.get_close_matches(error.option_name, error.possibilities or [], n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _default_mend(error: EscaladeError) -> str | None:
    if isinstance(error, ConfigurationError):
        return None
    match error.exit_code:
        case ExitCode.UNREACHABLE:
            return "Start it with `escalade up`, or see `escalade doctor`."
        case ExitCode.STORE:
            return "See `escalade doctor`."
        case _:
            return None


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _first_line(error: BaseException) -> str:
    said = str(error).strip().splitlines()
    return said[0][:200] if said else "no message"


def save_crash(error: BaseException) -> Path | None:
    """Keep the traceback where the state is, or in the temporary directory; None when neither can be written."""
    # Only a crash needs these, and `escalade --help` pays for every import at the top.
    import platform
    import tempfile
    import traceback

    now = datetime.now(UTC)
    text = (
        f"escalade {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        f"at {now.isoformat()}\n"
        f"command: {' '.join(_without_text(sys.argv[1:]))}\n\n"
        f"{''.join(traceback.format_exception(error))}"
    )
    name = f"escalade-crash-{now:%Y%m%dT%H%M%S}-{os.getpid()}.log"
    state = Path(os.environ.get("ESCALADE_STATE") or "state")
    for directory in (state / "crashes" if state.is_dir() else None, Path(tempfile.gettempdir())):
        if directory is None:
            continue
        try:
            directory.mkdir(exist_ok=True)
            path = directory / name
            path.write_text(text)
            path.chmod(0o600)
        except OSError:
            continue
        return path
    return None


def _without_text(arguments: list[str]) -> list[str]:
    """The words of a command without what people wrote: a crash log may be sent on."""
    return [word if word.startswith("-") or word.isalnum() else "…" for word in arguments]
