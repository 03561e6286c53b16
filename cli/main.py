"""The `escalade` command: what exists, by name, and how failures reach a user."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from cli.exits import ExitCode
from cli.failures import explain, tell
from cli.lazy import Later, LazyGroup
from cli.streams import is_gone, prepare

TICKET = {
    "open": Later("cli.ticket.opening:open_", "Open a ticket, or many from a file"),
    "list": Later("cli.ticket.listing:list_", "List tickets, the most pressing first"),
    "show": Later("cli.ticket.show:show", "Show where a ticket stands and what is next"),
    "watch": Later("cli.ticket.watch:watch", "Follow a ticket live"),
    "why": Later("cli.ticket.why:why", "Say why a clock is due when it is"),
    "ack": Later("cli.ticket.answering:ack", "Say that you have it: paging stops"),
    "unack": Later("cli.ticket.answering:unack", "Give an acknowledgement back"),
    "status": Later("cli.ticket.words:status", "Say how far the work is"),
    "resolve": Later("cli.ticket.answering:resolve", "Say that it is solved"),
    "escalate": Later("cli.ticket.ladder:escalate", "Take a ticket up the ladder, with a reason"),
    "return": Later("cli.ticket.ladder:return_", "Give a ticket back to a lower tier"),
    "snooze": Later("cli.ticket.pausing:snooze", "Page nobody until a given time"),
    "pending": Later("cli.ticket.pausing:pending", "Wait for somebody outside"),
    "resume": Later("cli.ticket.pausing:resume", "End a snooze or a pending"),
    "reassign": Later("cli.ticket.ladder:reassign", "Let somebody else answer for a ticket"),
    "respond": Later("cli.ticket.ladder:respond", "Call somebody in besides the owner"),
    "follow": Later("cli.ticket.words:follow", "Be told what becomes of a ticket"),
    "severity": Later("cli.ticket.ladder:severity", "Say how bad it is"),
    "note": Later("cli.ticket.words:note", "Write something down on a ticket"),
    "reply": Later("cli.ticket.customer:reply", "Record that the customer was answered"),
    "message": Later("cli.ticket.customer:message", "Record that the customer said something"),
    "merge": Later("cli.ticket.words:merge", "Close a ticket as the same as another"),
    "reopen": Later("cli.ticket.answering:reopen", "Say that it was not solved"),
    "close": Later("cli.ticket.answering:close", "Say that nothing more is to come"),
}

PAGE = {"test": Later("cli.page:test", "Send a person a test page and wait for the receipt")}

OVERRIDE = {
    "add": Later("cli.oncall.override:add", "Let others be on duty for a while"),
    "list": Later("cli.oncall.override:list_", "List the overrides in force and to come"),
    "remove": Later("cli.oncall.override:remove", "End an override; what it did until now stays"),
}

AWAY = {
    "add": Later("cli.oncall.away:add", "Take somebody off duty everywhere for a while"),
    "list": Later("cli.oncall.away:list_", "List the time off in force and to come"),
    "remove": Later("cli.oncall.away:remove", "End a time off; what it did until now stays"),
}

SWAP = {
    "add": Later("cli.oncall.swap:add", "Let two people take each other's shift"),
    "list": Later("cli.oncall.swap:list_", "List the swaps in force and to come"),
    "remove": Later("cli.oncall.swap:remove", "End a swap; what it did until now stays"),
}

TEMPORARY = {
    "add": Later("cli.oncall.temporary:add", "Put a list of shifts in place of a schedule for a while"),
    "list": Later("cli.oncall.temporary:list_", "List the temporary schedules in force and to come"),
    "remove": Later("cli.oncall.temporary:remove", "End a temporary schedule; what it did until now stays"),
}

ONCALL = {
    "now": Later("cli.oncall.reading:now", "Show who is on duty everywhere, until when, and who is next"),
    "who": Later("cli.oncall.reading:who", "Say who is on duty at an instant, and why them"),
    "preview": Later("cli.oncall.preview:preview", "Show the shifts of a schedule, as a table and as a picture"),
    "gaps": Later("cli.oncall.preview:gaps", "Find the times with nobody on duty"),
    "override": Later("cli.main:override", "Let others be on duty for a while"),
    "swap": Later("cli.main:swap", "Let people take each other's shifts"),
    "away": Later("cli.main:away", "Keep time off: who is not there, and when"),
    "temporary": Later("cli.main:temporary", "Put other shifts in place of a schedule for a while"),
    "export": Later("cli.oncall.export:export", "Write who is on duty as a calendar feed that any calendar reads"),
    "feeds": Later("cli.oncall.feeds:feeds", "Show the calendar feeds of schedules, and how fresh they are"),
}

CALENDAR = {
    "due": Later("cli.calendar.asking:due", "Say what is due when in business time, and why"),
    "between": Later("cli.calendar.asking:between", "Say how much open time lies between two instants"),
    "show": Later("cli.calendar.showing:show", "Show a month of a calendar: its weeks, open hours and holidays"),
    "list": Later("cli.calendar.showing:list_", "List the calendars of the configuration"),
}

MAINTENANCE = {
    "add": Later("cli.maintenance.making:add", "Let nobody be paged for a while"),
    "list": Later("cli.maintenance.listing:list_", "List the windows that are open or to come"),
    "show": Later("cli.maintenance.listing:show", "Show a window: which tickets, when, and who made it"),
    "end": Later("cli.maintenance.making:end", "End what is open of a window; what is still open is paged"),
    "remove": Later("cli.maintenance.making:remove", "Take a window away that was made by command"),
}

JOURNAL = {
    "show": Later("cli.journal:show", "Show the journal of a ticket or stream"),
    "verify": Later("cli.journal:verify", "Check that nobody has changed the journal"),
    "export": Later("cli.journal:export", "Write the journal as text, JSON Lines or CSV"),
    "prune": Later("cli.retention:prune", "Remove old entries; a sealed hash keeps the rest verifiable"),
    "erase": Later("cli.retention:erase", "Erase what one entry says"),
}

COMMANDS = {
    "ticket": Later("cli.main:ticket", "Open, see and answer tickets"),
    "oncall": Later("cli.main:oncall", "See who is on duty, and change it"),
    "calendar": Later("cli.main:calendar", "Ask calendars: what is due when, and why"),
    "maintenance": Later("cli.main:maintenance", "Keep times when nobody is to be woken"),
    "page": Later("cli.main:page", "Prove that people can be reached"),
    "journal": Later("cli.main:journal", "Read, verify and export what happened"),
    "init": Later("cli.init:init", "Create a working configuration directory"),
    "check": Later("cli.check:check", "Check the configuration, all errors at once"),
    "schema": Later("cli.schema:schema", "Write JSON Schemas, so that editors complete"),
    "up": Later("cli.processes:up", "Run everything here: embedded Temporal and worker"),
    "worker": Later("cli.processes:worker", "Run a worker against a Temporal server"),
    "doctor": Later("cli.doctor:doctor", "Say what is wrong and how to mend it"),
    "demo": Later("cli.demo:demo", "Watch tickets climb, and a worker be killed"),
    "completion": Later("cli.completion:completion", "Print the completion script of a shell"),
}


@click.group(cls=LazyGroup, later=TICKET)
def ticket() -> None:
    """Open, see and answer tickets.

    KEY is a ticket's key or any unique beginning of it.
    """


@click.group(cls=LazyGroup, later=PAGE)
def page() -> None:
    """Prove that people can be reached."""


@click.group(cls=LazyGroup, later=ONCALL)
def oncall() -> None:
    """See who is on duty, and change it."""


@click.group(cls=LazyGroup, later=OVERRIDE)
def override() -> None:
    """Let others be on duty for a while."""


@click.group(cls=LazyGroup, later=SWAP)
def swap() -> None:
    """Let people take each other's shifts."""


@click.group(cls=LazyGroup, later=TEMPORARY)
def temporary() -> None:
    """Put other shifts in place of a schedule for a while."""


@click.group(cls=LazyGroup, later=AWAY)
def away() -> None:
    """Keep time off: who is not there, and when."""


@click.group(cls=LazyGroup, later=CALENDAR)
def calendar() -> None:
    """Ask calendars: what is due when, and why."""


@click.group(cls=LazyGroup, later=MAINTENANCE)
def maintenance() -> None:
    """Keep times when nobody is to be woken."""


@click.group(cls=LazyGroup, later=JOURNAL)
def journal() -> None:
    """Read, verify and export what happened."""


def _version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 (click calls it)
    if wanted and not ctx.resilient_parsing:
        from escalade import __version__

        click.echo(f"escalade {__version__}")
        ctx.exit()


@click.group(cls=LazyGroup, later=COMMANDS)
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version.")
def root() -> None:
    """Escalade: a ticket that needs a human gets one.

    Start with `escalade init` and `escalade up`, then open a ticket.

    ESCALADE_CONFIG names the configuration directory (default ./config),
    ESCALADE_STATE the state directory (./state). How Temporal is reached is
    Temporal's own configuration: temporal.toml and TEMPORAL_*.
    """


def run(arguments: Sequence[str]) -> int:
    """Run a command line and say what it exits with. Nothing escapes as a traceback."""
    output = sys.stdout
    try:
        code = root.main(list(arguments), prog_name="escalade", standalone_mode=False)
    except SystemExit as end:
        if sys.stdout is not output or is_gone(end.__context__):
            # Nobody reads any more: click puts another stream there and exits with 1, rich exits with 1.
            return ExitCode.PIPE
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:  # noqa: BLE001 (the one place where everything ends as a sentence)
        return explain(error)
    return code if isinstance(code, int) else 0


def main() -> NoReturn:
    """The console script."""
    # Imports make many objects and no garbage: collecting as often as Python does costs an acknowledgement 50 ms.
    gc.set_threshold(100_000, 10, 10)
    if not prepare():
        tell("Standard output is closed; nothing was done.", "Send it to a file, or to /dev/null.")
        sys.exit(ExitCode.GENERAL)
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError as error:
        code = code or explain(error)
        # What could not be written is still held, and leaving in order would try to write it again.
        os._exit(code)
    if "temporalio" in sys.modules:
        # Leaving with a call in flight can abort the interpreter (temporalio/sdk-python#300): go at once instead.
        import logging

        logging.shutdown()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
