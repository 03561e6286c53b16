"""Opening every row of a file, and foretelling instead of opening."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.exits import ExitCode
from cli.failures import WrongCommandError
from cli.render.plain import one_line
from cli.render.problems import problem_json, problem_line
from cli.ticket.importing import Handled, Imported, Progress, open_all
from cli.ticket.opening import opened_json, opener
from cli.ticket.reading import Read, read_tickets
from cli.ticket.rows import Format, format_of, read_file, read_rows
from escalade.errors import Problem

if TYPE_CHECKING:
    from cli.invocation import Invocation
    from escalade.ticket import Ticket


def open_file(
    invocation: Invocation, name: str, *, form: Format | None, mapping: str | None, given: dict[str, Any], dry_run: bool
) -> int:
    """Open every row, or foretell each. See the help of `ticket open`."""
    content = read_file(name, sys.stdin.buffer)
    shown = "standard input" if name == "-" else name
    actor = opener(invocation, str(given["source"]))
    found = _read(shown, content, form or format_of(name, content), mapping, {**given, "opened_by": actor})
    rows = [row for row in found if isinstance(row, Read)]
    bad = [row for row in found if isinstance(row, Problem)]
    if not found:
        raise WrongCommandError(f"There is no row in {shown}.", mend="Give CSV with a header line, or JSON Lines.")
    if dry_run:
        _tell_problems(bad)
        code = tell_foresight(invocation, [row.ticket for row in rows], bad=bad)
        return ExitCode.PARTIAL if bad else code
    progress = Progress(len(rows), quiet=invocation.json)
    with remembering() as handled:
        known = [opening for row in rows if (opening := handled(row)) is not None]
        done = {opening.line for opening in known}
        rows = [row for row in rows if row.line not in done]
        try:
            result = asyncio.run(_open_all(shown, rows, progress, handled))
        finally:
            progress.close()
    result.opened = sorted([*result.opened, *known], key=lambda opening: opening.line)
    result.problems = sorted([*bad, *result.problems], key=lambda problem: problem.line)
    return _report(invocation, result)


def _read(name: str, content: bytes, form: Format, mapping: str | None, given: dict[str, Any]) -> list[Read | Problem]:
    rows = read_rows(name, content, form)
    if mapping is None:
        return list(read_tickets(name, rows, given))
    from cli.ticket.mapped import read_mapped

    return list(read_mapped(name, rows, Path(mapping), given))


@contextlib.contextmanager
def remembering() -> Iterator[Handled]:
    """What tickets that are over had handled; without a store, nothing."""
    from cli.doors import store
    from escalade.errors import StoreError

    with contextlib.ExitStack() as stack:
        try:
            memory = Handled(stack.enter_context(store()))
        except StoreError:
            memory = Handled(None)
        yield memory


async def _open_all(name: str, rows: Sequence[Read], progress: Progress, handled: Handled) -> Imported:
    from cli.doors import tickets

    if not rows:
        return Imported()
    async with tickets() as client:
        return await open_all(client, name, rows, progress, handled=handled)


def _report(invocation: Invocation, result: Imported) -> int:
    new = [opening for opening in result.opened if not opening.existed]
    known = len(result.opened) - len(new)
    if invocation.json:
        from cli.render.documents import write_json

        write_json(
            {
                "opened": [opened_json(o.key, o.title, existed=o.existed, line=o.line) for o in result.opened],
                "bad": [problem_json(problem) for problem in result.problems],
                "left": result.left,
            }
        )
    else:
        for opening in new:
            click.echo(f"{opening.key}  opened  line {opening.line}  {one_line(opening.title)}")
    _tell_problems(result.problems)
    if not invocation.json:
        lines = len({problem.line for problem in result.problems})
        parts = [f"{len(new)} opened", f"{known} known already"]
        parts += [f"{lines} row{'s' if lines != 1 else ''} not opened"] if lines else []
        parts += [f"{result.left} not tried"] if result.left else []
        click.echo(", ".join(parts) + ".", err=True)
    return ExitCode.PARTIAL if result.failed else ExitCode.OK


def _tell_problems(problems: Sequence[Problem]) -> None:
    for problem in problems:
        click.echo(problem_line(problem), err=True)


def tell_foresight(invocation: Invocation, tickets: Sequence[Ticket], *, bad: Sequence[Problem] = ()) -> int:
    """Say what would happen to each ticket: the whole way up for one, a line for each of many."""
    from cli.doors import configuration, settings
    from cli.render.foresight_page import already_line, already_page, foresight_json, foresight_line, foresight_page
    from cli.render.paper import console
    from cli.ticket.already import look
    from cli.ticket.foresight import foresee
    from cli.ticket.knowing import known_at
    from worker.served import not_in_force

    known = configuration()
    if (edited := not_in_force(settings(), known)) is not None:
        click.echo(f"Note: {edited.says}\n  {edited.mend}", err=True)
    looked = look(tickets)
    if looked.away:
        note = "Whether a ticket with this dedupe key is open could not be looked up"
        click.echo(f"Note: {note}: {looked.away}\n  Where one is, this is added to it, and pages nobody.", err=True)
    now = invocation.now()
    rules, missing = known_at(known, now=now)
    if missing:
        click.echo(f"Note: {missing}", err=True)
    found = []
    for ticket in tickets:
        policy, why = known.admit(ticket, at=now)
        found.append((ticket, foresee(ticket, policy, why, rules, now=now)))
    if invocation.json:
        from cli.render.documents import write_json

        would = [
            foresight_json(ticket, foresight, already=looked.found.get(n), looked=not looked.away)
            for n, (ticket, foresight) in enumerate(found)
        ]
        write_json({"would": would, "bad": [problem_json(problem) for problem in bad]})
        return ExitCode.OK
    paper, when = console(), invocation.moments()
    for n, (ticket, foresight) in enumerate(found):
        there = looked.found.get(n)
        if len(found) > 1:
            paper.print(already_line(ticket, there) if there else foresight_line(ticket, foresight))
        else:
            for line in already_page(ticket, there) if there else foresight_page(ticket, foresight, when):
                paper.print(line)
    return ExitCode.OK
