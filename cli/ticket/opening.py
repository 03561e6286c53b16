"""Opening a ticket, or many from a file; and saying beforehand what would happen."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.failures import WrongCommandError
from cli.options import acting, command
from cli.severity import SEVERITY

if TYPE_CHECKING:
    from cli.invocation import Invocation
    from escalade.ticket import Actor, Ticket
    from worker.client import Opened

_ONE_ONLY = ("title", "description", "dedupe_key", "link", "runbook")
"""What belongs to one ticket and cannot be said for a whole file."""


@command(
    "open",
    examples=[
        'escalade ticket open "Checkout is down" --severity sev1 --service payments',
        'escalade ticket open "Disk full" --label host=db7 --dedupe-key disk-db7',
        'escalade ticket open "Checkout is down" --severity sev1 --dry-run',
        "escalade ticket open --file incidents.csv --mapping servicenow.yaml",
        "tail -n 20 alerts.jsonl | escalade ticket open --file -",
    ],
    instants=True,
)
@click.argument("title", metavar="[TITLE]", required=False)
@click.option("--severity", type=SEVERITY, metavar="SEV", help="sev1 (worst) to sev5.  [default: sev3]")
@click.option("--service", metavar="SERVICE", help="What is concerned.")
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="A label. Repeatable.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A tag. Repeatable.")
@click.option("--customer-tier", metavar="TIER", help="The customer's tier: gold, vip, …")
@click.option("--environment", metavar="NAME", help="production, staging, …")
@click.option("--region", metavar="NAME", help="Where it happens.")
@click.option("--description", metavar="TEXT", help="Everything known; - reads it from standard input.")
@click.option("--dedupe-key", metavar="TEXT", help="The same key while open adds to that ticket and pages nobody.")
@click.option("--link", multiple=True, metavar="URL", help="Evidence: a dashboard, a log. Repeatable.")
@click.option("--runbook", metavar="URL", help="What to do about it.")
@click.option("--opened-at", metavar="INSTANT", help="When it began where it comes from.")
@click.option("--backdate", is_flag=True, default=None, help="Clocks count from --opened-at, not from now.")
@click.option("--source", metavar="NAME", help="The system it comes from.  [default: cli]")
@click.option("--tenant", metavar="NAME", help="Whose ticket it is, where several share an installation.")
@click.option("--file", "file", metavar="FILE", help="Open every row of a CSV or JSON Lines file; - is standard input.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl"]),
    metavar="FORMAT",
    help="csv or jsonl, where the name does not say it.",
)
@click.option("--mapping", metavar="MAPPING.yaml", help="Which column is which field.")
@click.option("--dry-run", is_flag=True, help="Say who would be paged, now and next; open nothing.")
@acting
def open_(
    invocation: Invocation,
    *,
    title: str | None,
    file: str | None,
    form: Any,
    mapping: str | None,
    dry_run: bool,
    **written: Any,
) -> int:
    """Open a ticket, or many from a file.

    Temporal holds the ticket when this returns, even if no worker runs. Rows of a file get ids made of their
    content, so opening a file twice opens nothing twice; a bad row is told with its line and does not stop the
    others (exit code 9). The ladder starts now, whatever --opened-at says; with --backdate, clocks start there.
    """
    fields = _fields(written)
    if "opened_at" in fields:
        from cli.wall_clock import read_past

        fields["opened_at"] = read_past(fields["opened_at"], now=invocation.now())
    if fields.get("backdate") and file is None and "opened_at" not in fields:
        raise WrongCommandError("--backdate needs to know since when.", mend="Give --opened-at INSTANT too.")
    if mapping and file is None and title and Path(title).is_file():
        # `ticket open incidents.csv --mapping servicenow.yaml`: only a file has columns to be mapped.
        title, file = None, title
    if file is not None:
        said = [name for name in _ONE_ONLY if (name == "title" and title) or name in fields]
        if said:
            raise WrongCommandError(f"With --file every row has its own {said[0]}.", mend=f"Leave the {said[0]} out.")
        from cli.ticket.opening_files import open_file

        fields = {"source": "file", **fields}
        return open_file(invocation, file, form=form, mapping=mapping, given=fields, dry_run=dry_run)
    for name, value in (("--mapping", mapping), ("--format", form)):
        if value:
            raise WrongCommandError(f"{name} goes with --file.", mend="Give the file, or leave it out.")
    if not (title or "").strip():
        raise WrongCommandError("A ticket needs a title.", mend='Say in a few words what is wrong: "Checkout is down".')
    return _one(invocation, {"source": "cli", **fields, "title": title}, dry_run=dry_run)


def _fields(written: dict[str, Any]) -> dict[str, Any]:
    """The options as a ticket's fields, those that were not given left out."""
    fields = {name: value for name, value in written.items() if value is not None and value != ()}
    if "labels" in fields:
        fields["labels"] = dict(_label(text) for text in fields["labels"])
    if "link" in fields:
        fields["links"] = list(fields.pop("link"))
    if "tags" in fields:
        fields["tags"] = list(fields["tags"])
    if fields.get("description") == "-":
        fields["description"] = sys.stdin.read()
    return fields


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise WrongCommandError(f"{text!r} is not a label.", mend="Write it like --label host=db7.")
    return name.strip(), value


def _one(invocation: Invocation, fields: dict[str, Any], *, dry_run: bool) -> int:
    ticket = make_ticket({**fields, "opened_by": opener(invocation, str(fields["source"]))})
    if dry_run:
        from cli.ticket.opening_files import tell_foresight

        return tell_foresight(invocation, [ticket])
    opened = asyncio.run(_open(ticket))
    target = _target(opened)
    if invocation.json:
        from cli.render.documents import write_json

        existed = opened.existed or target is not None
        write_json({"opened": [opened_json(target or opened.key, ticket.title, existed=existed)], "bad": [], "left": 0})
    elif target is not None:
        click.echo(f"{opened.key}  was merged into {target}: this goes to that one's timeline, and pages nobody.")
    elif opened.existed:
        click.echo(f"{opened.key}  is open already: this was added to its timeline, and pages nobody.")
    else:
        click.echo(f"{opened.key}  opened ({ticket.severity.value}). Follow it: escalade ticket watch {opened.key}")
    return 0


def _target(opened: Opened) -> str | None:
    """The open ticket that a key leads to since it was merged: what is new on it is passed on to that one."""
    if opened.existed or opened.ticket.dedupe_key is None:
        return None  # a key of its own was never merged
    from cli.ticket.already import merged_into

    return merged_into(opened.key)


def opened_json(key: str, title: str, *, existed: bool, line: int | None = None) -> dict[str, Any]:
    """An opened ticket as programs read it."""
    return {"key": key, "title": title, "existed": existed, "line": line}


def make_ticket(fields: dict[str, Any]) -> Ticket:
    """A ticket from options.

    Raises:
        WrongCommandError: when a value is too long or of the wrong kind; all of them are named.
    """
    from pydantic import ValidationError

    from escalade.ticket import Ticket

    try:
        return Ticket.model_validate(fields)
    except ValidationError as error:
        from cli.ticket.typed import cannot

        raise cannot("The ticket cannot be opened", error) from None


def opener(invocation: Invocation, source: str) -> Actor:
    """Who opens: the person acting, or, when nobody was named and the login is nobody, the system that it is."""
    from cli.acting import acting_person
    from escalade.errors import EscaladeError
    from escalade.ticket import Actor

    try:
        return acting_person(invocation)
    except EscaladeError:
        if invocation.person:
            raise
        # Programs open tickets under logins of their own, also where no configuration is.
        return Actor(kind="integration", id=source[:128] or "cli", via="cli")


async def _open(ticket: Ticket) -> Opened:
    from cli.doors import tickets

    async with tickets() as client:
        return await client.open(ticket)
