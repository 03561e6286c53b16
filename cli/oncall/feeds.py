"""The calendar feeds that schedules come from: how they stand, and reading them now."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from cli.exits import ExitCode
from cli.options import acting, command

if TYPE_CHECKING:
    from cli.invocation import Invocation
    from cli.render.moments import Moments
    from configuration import Configuration
    from escalade.messages.feeds import FeedsReport
    from escalade.people.schedule import Feed
    from escalade.ticket import Actor
    from store import FeedState, Store


@command(
    "feeds",
    examples=[
        "escalade oncall feeds",
        "escalade oncall feeds --refresh",
        "escalade oncall feeds --accept payments-primary",
    ],
    instants=True,
)
@click.option("--refresh", is_flag=True, help="Read all of them now, without waiting for a worker to do it.")
@click.option("--accept", "accepted", metavar="SCHEDULE", help="Read it now and take it, whoever it leaves on duty.")
@acting
def feeds(invocation: Invocation, *, refresh: bool, accepted: str | None) -> int:
    """Show the calendar feeds of schedules, and how fresh they are.

    A feed that cannot be read leaves what it last said in force, and one that suddenly names nobody leaves whoever is
    on duty on duty, until you --accept it. Exit code 1 when one is stale, or was never read.
    """
    from cli.acting import acting_person
    from cli.doors import configuration, writable_store

    known = configuration()
    fed = {name: schedule.feed for name, schedule in known.roster.schedules.items() if schedule.feed is not None}
    by = acting_person(invocation) if accepted is not None else None
    only = _accepted(accepted, known, fed) if accepted is not None else None
    with writable_store() as store:
        if refresh:
            asyncio.run(_refresh(known, store, [name for name in fed if name != only], invocation))
        if only is not None:
            asyncio.run(_refresh(known, store, [only], invocation, accepted_by=by))
        states = {state.schedule: state for state in store.feeds()}
    rows = [_row(name, feed, states.get(name), invocation) for name, feed in fed.items()]
    if invocation.json:
        from cli.render.documents import write_json

        write_json({"feeds": rows})
    elif rows:
        _show(rows, states, invocation.moments())
    else:
        click.echo("No schedule comes from a feed.", err=True)
    return ExitCode.GENERAL if any(row["stale"] for row in rows) else ExitCode.OK


def _accepted(name: str, known: Configuration, fed: dict[str, Feed]) -> str:
    """The schedule whose feed is to be taken as it is."""
    from cli.failures import WrongCommandError
    from cli.oncall.complaints import Complaints
    from cli.oncall.named import schedule_of

    complaints = Complaints()
    schedule_of(complaints, known.roster, name)
    complaints.tell()
    short = name.removeprefix("schedule:")
    if short not in fed:
        those = f"Those that do: {', '.join(fed)}." if fed else "None does."
        raise WrongCommandError(f"The schedule {short} comes from no feed.", mend=those)
    return short


async def _refresh(
    known: Configuration,
    store: Store,
    names: list[str],
    invocation: Invocation,
    *,
    accepted_by: Actor | None = None,
) -> list[FeedsReport]:
    from activities.feeds import refresh_feeds

    return [await refresh_feeds(known, store, now=invocation.now, only=name, accepted_by=accepted_by) for name in names]


def _row(name: str, feed: Feed, state: FeedState | None, invocation: Invocation) -> dict[str, Any]:
    from activities.feeds import looked_at_within

    if state is None:
        never = "it was never read; start a worker, or read it with --refresh"
        return {"schedule": name, "fetched_at": None, "checked_at": None, "stale": never, "unknown": []}
    return {
        "schedule": name,
        "fetched_at": state.fetched_at.isoformat() if state.fetched_at else None,
        "checked_at": state.checked_at.isoformat(),
        "stale": state.stale(invocation.now(), within=looked_at_within(feed)),
        "unknown": list(state.unknown),
    }


def _show(rows: list[dict[str, Any]], states: dict[str, FeedState], when: Moments) -> None:
    from rich.table import Table
    from rich.text import Text

    from cli.render.paper import write_table
    from cli.render.plain import one_line

    table = Table(box=None, pad_edge=False, header_style="heading", padding=(0, 2, 0, 0))
    for name in ("SCHEDULE", "READ", "STANDS", "NOBODY IS CALLED"):
        table.add_column(name)
    for row in rows:
        state = states.get(row["schedule"])
        read = when.relative(state.fetched_at) if state is not None and state.fetched_at else "never"
        stands = Text(one_line(row["stale"]), style="bad") if row["stale"] else Text("fresh", style="good")
        unknown = one_line(", ".join(row["unknown"])) or "-"
        table.add_row(Text(row["schedule"], style="key"), read, stands, Text(unknown))
    write_table(table)
