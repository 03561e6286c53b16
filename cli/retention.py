"""The journal's end: pruning by age behind a sealed hash, and erasing what a person may ask to be erased."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.exits import ExitCode
from cli.failures import WrongCommandError
from cli.journal import stream_of
from cli.options import acting, command, said

if TYPE_CHECKING:
    from cli.invocation import Invocation


@command(
    "prune",
    examples=["escalade journal prune --older-than 1095d --reason 'kept 3 years' --yes"],
)
@acting
@click.option("--older-than", required=True, metavar="DURATION", help="Entries older than this go: 365d.")
@click.option("--reason", required=True, callback=said, metavar="TEXT", help="Why, for the record.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def prune(invocation: Invocation, older_than: str, reason: str, *, yes: bool) -> int:
    """Remove old entries; a sealed hash keeps the rest verifiable.

    Open tickets are left alone, and so is a stream that does not verify. The pruning is itself on record, in the
    stream operations.
    """
    from cli.acting import acting_person
    from cli.doors import store
    from cli.ticket.selecting import confirm
    from escalade.time import format_instant, parse_duration

    before = invocation.now() - parse_duration(older_than)
    by = acting_person(invocation)
    confirm(f"Remove every entry before {format_instant(before)} of tickets that are over?", yes=yes)
    with store() as opened:
        done = opened.prune(before=before, by=by, why=reason)
    if invocation.json:
        from cli.render.documents import write_json

        write_json({"before": format_instant(before), **done.model_dump(mode="json")})
    else:
        click.echo(f"{done.entries} entries and {done.deliveries} deliveries removed.")
        for finding in done.refused:
            click.echo(f"left alone: {finding}", err=True)
    return ExitCode.TAMPERED if done.refused else ExitCode.OK


@command(
    "erase",
    examples=["escalade journal erase k3j 7 --reason 'asked for on 3 March' --yes"],
)
@acting
@click.argument("stream", metavar="KEY|STREAM")
@click.argument("number", type=click.IntRange(1), metavar="NUMBER")
@click.option("--reason", required=True, callback=said, metavar="TEXT", help="Why, for the record; name nobody in it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(invocation: Invocation, stream: str, number: int, reason: str, *, yes: bool) -> int:
    """Erase what one entry says.

    That it was there stays in the chain, and so does the digest of what it said. NUMBER is the entry's place in
    its stream, as `escalade journal show --output json` gives it. It cannot be undone.
    """
    from cli.acting import acting_person
    from cli.doors import store
    from cli.ticket.selecting import confirm

    by = acting_person(invocation)
    with store() as opened:
        name = stream_of(opened, stream)
        if opened.head(name).seq < number:
            mend = f"See the numbers: escalade journal show {stream} --output json"
            raise WrongCommandError(f"{name} has no entry {number}.", mend=mend)
        confirm(f"Erase for ever what entry {number} of {name} says?", yes=yes)
        entry = opened.erase(name, number, by=by, why=reason)
    if invocation.json:
        from cli.render.documents import write_json

        write_json({"stream": name, "number": number, "entry": entry.model_dump(mode="json")})
    else:
        click.echo(f"entry {number} of {name} is erased; {entry.what}")
    return ExitCode.OK
