"""The journal: read it, verify it, take it elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.exits import ExitCode
from cli.failures import WrongCommandError
from cli.options import command
from cli.render.plain import one_line

if TYPE_CHECKING:
    from datetime import datetime

    from cli.invocation import Invocation
    from store import Finding, Store

STREAMS = ("configuration", "roster", "pages", "operations", "maintenance")
"""Streams besides those of the tickets."""
FAMILIES = ("schedule/", "person/")
"""Beginnings of streams: one for each schedule, and for each person who was away."""
_NAMES = ", ".join((*STREAMS, "schedule/NAME", "person/ID"))


def stream_of(opened: Store, written: str) -> str:
    """The stream that is meant: by its own name, or by a ticket's key.

    Raises:
        TicketNotFoundError: when there is nothing of that name.
    """
    from cli.keys import find_key
    from escalade.errors import TicketNotFoundError
    from escalade.ticket import workflow_id

    if written in STREAMS or (written.startswith(FAMILIES) and opened.head(written).seq):
        return written
    key = find_key(written)
    if not opened.head(workflow_id(key)).seq:
        mend = f"Name a ticket, or one of: {_NAMES}."
        raise TicketNotFoundError(f"The journal has nothing of a ticket {key}.", mend=mend)
    return workflow_id(key)


@command(
    "show",
    examples=[
        "escalade journal show k3j",
        "escalade journal show configuration --last 20",
        "escalade journal show k3j --kind page --output json",
    ],
    instants=True,
)
@click.argument("stream", metavar="KEY|STREAM")
@click.option("--last", type=click.IntRange(1), metavar="N", help="Only the last N entries.")
@click.option("--kind", metavar="KIND", help="Only entries of this kind or family: page, tier.entered, …")
def show(invocation: Invocation, stream: str, last: int | None, kind: str | None) -> int:
    """Show the journal of a ticket or stream.

    Besides the tickets there are the streams configuration, roster, pages (contact tests), operations (what was done
    to the journal itself), schedule/NAME (who changed duty) and person/ID (time off).
    """
    from cli.doors import store

    with store() as opened:
        name = stream_of(opened, stream)
        found = opened.entries(name)
    if kind:
        found = [s for s in found if s.entry.kind == kind or s.entry.kind.startswith(f"{kind.rstrip('.')}.")]
    if last:
        found = found[-last:]
    if invocation.json:
        from cli.render.documents import write_json
        from cli.render.exports import stored_json

        write_json({"stream": name, "entries": [stored_json(stored) for stored in found]})
        return ExitCode.OK
    from cli.render.paper import console
    from cli.render.timeline import entry_line

    paper, when = console(), invocation.moments()
    if not found:
        click.echo("No entry matches.", err=True)
    for stored in found:
        paper.print(entry_line(stored.entry, when))
    return ExitCode.OK


@command(
    "verify",
    examples=["escalade journal verify", "escalade journal verify k3j --ask-tickets"],
)
@click.argument("stream", metavar="[KEY|STREAM]", required=False)
@click.option("--ask-tickets", is_flag=True, help="Compare with what open tickets remember of their streams, too.")
def verify(invocation: Invocation, stream: str | None, *, ask_tickets: bool) -> int:
    """Check that nobody has changed the journal.

    Every hash is computed again. Exit code 8 when an entry was changed, removed, or added by another hand. A
    store alone cannot show that its newest entries were removed together with their head: --ask-tickets can.
    """
    from cli.doors import store

    with store() as opened:
        name = stream_of(opened, stream) if stream else None
        known = _remembered(opened, name) if ask_tickets else {}
        findings = opened.verify(name, known=known)
        checked = 1 if name else len(opened.streams())
    return _tell(invocation, findings, checked)


def _tell(invocation: Invocation, findings: list[Finding], checked: int) -> int:
    bad = [finding for finding in findings if finding.tampered]
    if invocation.json:
        from cli.render.documents import write_json

        found: list[dict[str, Any]] = [finding.model_dump(mode="json") for finding in findings]
        write_json({"verified": not bad, "streams": checked, "findings": found})
    else:
        for finding in findings:
            click.echo(one_line(str(finding)), err=finding.tampered)
        if not bad:
            click.echo(f"{checked} stream{'' if checked == 1 else 's'} verified: nothing was changed.")
    if not bad:
        return ExitCode.OK
    from escalade.errors import TamperedJournalError

    places = "place" if len(bad) == 1 else "places"
    raise TamperedJournalError(
        f"The journal does not verify: it was changed in {len(bad)} {places}.",
        mend="Keep a copy of the store as it is, then look at each finding.",
    )


def _remembered(opened: Store, stream: str | None) -> dict[str, Any]:
    """The heads that open tickets remember."""
    import asyncio

    from cli.doors import tickets
    from escalade.errors import EscaladeError
    from escalade.ticket import key_of, workflow_id
    from store import TicketQuery

    if stream is not None:
        keys = [key_of(stream)] if stream not in STREAMS else []
    else:
        keys = [ticket.key for ticket in opened.tickets(TicketQuery(open_only=True))]

    async def ask() -> dict[str, Any]:
        slots, heads = asyncio.Semaphore(8), {}
        async with tickets() as client:

            async def one(key: str) -> None:
                async with slots:
                    try:
                        view = await client.view(key)
                    except EscaladeError as error:
                        click.echo(f"{key} could not be asked: {error.message}", err=True)
                        return
                if view.head is not None:
                    heads[workflow_id(key)] = view.head

            await asyncio.gather(*(one(key) for key in keys))
        return heads

    return asyncio.run(ask()) if keys else {}


@command(
    "export",
    examples=[
        "escalade journal export --format jsonl --to journal.jsonl",
        "escalade journal export k3j --format text",
        "escalade journal export --format csv --since 2026-03-01T00:00Z > march.csv",
    ],
    output=False,
)
@click.argument("stream", metavar="[KEY|STREAM]", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl", "csv"]),
    default="jsonl",
    show_default=True,
    metavar="FORMAT",
    help="text, jsonl (exact) or csv (for spreadsheets).",
)
@click.option("--to", "target", metavar="FILE", help="Write there instead of standard output.")
@click.option("--since", metavar="INSTANT", help="Only entries at or after: 2026-03-01T00:00Z.")
@click.option("--until", metavar="INSTANT", help="Only entries before.")
def export(
    invocation: Invocation,  # noqa: ARG001 (every command is given the invocation)
    stream: str | None,
    *,
    form: str,
    target: str | None,
    since: str | None,
    until: str | None,
) -> int:
    """Write the journal as text, JSON Lines or CSV.

    All of it, or one stream, oldest first. A file appears only when it is complete. In CSV a text that a
    spreadsheet would run as a formula is preceded by an apostrophe; JSON Lines is exact.
    """
    from cli.doors import store
    from cli.render.exports import write_export

    after, before = _instant(since), _instant(until)
    with store() as opened:
        name = stream_of(opened, stream) if stream else None
        entries = opened.iter_entries(name, since=after, until=before)
        try:
            count = write_export(entries, form=form, target=target)
        except FileExistsError:
            raise WrongCommandError(f"{target} exists.", mend="Name another file, or move it away.") from None
        except OSError as error:
            if target is None:
                raise
            reason = (error.strerror or type(error).__name__).lower()
            raise WrongCommandError(f"{target} cannot be written: {reason}.", mend="Name a file of yours.") from None
    if target is not None:
        click.echo(f"wrote {count} entries to {target}", err=True)
    return ExitCode.OK


def _instant(text: str | None) -> datetime | None:
    from escalade.time import parse_instant

    return parse_instant(text) if text else None
