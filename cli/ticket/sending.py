"""Sending a command to one ticket or several, and telling what each answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from cli.acting import acting_person
from cli.exits import ExitCode
from cli.failures import tell
from cli.keys import find_keys
from escalade.errors import EscaladeError, RefusedError, StoreError

if TYPE_CHECKING:
    from cli.invocation import Invocation
    from escalade.messages.activities import Snapshot
    from escalade.messages.commands import Command
    from escalade.messages.views import Answer, TicketView
    from worker.client import TicketClient

AT_ONCE = 8
"""Commands in flight; a ticket takes ten updates at once, and a server has others to serve."""

Make = Callable[[dict[str, Any]], "Command"]
"""Makes the command from what every command carries: who, the event id, and the rung when it was read."""
First = Callable[["TicketClient"], Awaitable[None]]
"""Looks at something before a command is sent."""

_LOOK = "See where it stands: escalade ticket show {key}"
_MENDS = {
    "already_resolved": "Reopen it first: escalade ticket reopen {key}",
    "not_resolved": "Resolve it first: escalade ticket resolve {key}",
    "closed": "Open a new one: escalade ticket open",
    "maintenance": "Or end the window: escalade maintenance list, escalade maintenance end NAME",
    "not_admitted": "Ask again in a moment.",
}
"""What to do about a refusal, by its code."""


def send(
    invocation: Invocation,
    keys: Sequence[str],
    make: Make,
    *,
    from_rung: bool = False,
    rung: int | None = None,
    first: First | None = None,
    instead: str = "",
    wrong: Mapping[str, EscaladeError] | None = None,
) -> int:
    """Send a command and write what became of it.

    Args:
        invocation: how to write it, and who is acting.
        keys: keys or their beginnings.
        make: makes the command.
        from_rung: read the ticket first and send the rung and life that were seen, so that a command that was
            meant for another tier is refused as stale. Where no worker answers, what the store last heard is read.
        rung: the rung that the person saw, where they say it: the ticket is not asked for it then.
        first: what is looked at before anything is sent; it raises when nothing is to be.
        instead: what to tell people instead of the ticket's own answer, where that is not the end of it.
        wrong: what was written beside the keys and means no ticket, and why: failures like those of tickets.

    Returns:
        The exit code: 0, or 9 when some of several failed.
    """
    import asyncio

    carried = {"by": acting_person(invocation)}
    # What cannot be sent to anybody is told before anybody is asked.
    _made(make, carried)
    full, wrong = find_keys(keys), wrong or {}
    several = len(full) + len(wrong) > 1
    outcomes = asyncio.run(_send_all(full, make, carried, from_rung=from_rung, rung=rung, first=first, several=several))
    return report(invocation, [*full, *wrong], [*outcomes, *wrong.values()], instead=instead)


async def _send_all(
    keys: Sequence[str],
    make: Make,
    carried: dict[str, Any],
    *,
    from_rung: bool,
    rung: int | None = None,
    first: First | None,
    several: bool,
) -> list[Answer | EscaladeError]:
    import asyncio

    from cli.doors import tickets

    slots = asyncio.Semaphore(AT_ONCE)
    async with tickets() as client:
        if first is not None:
            await first(client)

        async def one(key: str) -> Answer | EscaladeError:
            async with slots:
                try:
                    return await _send_one(client, key, make, carried, from_rung=from_rung, rung=rung)
                except EscaladeError as error:
                    if not several:
                        raise
                    return error

        return await asyncio.gather(*(one(key) for key in keys))


async def _send_one(
    client: TicketClient, key: str, make: Make, carried: dict[str, Any], *, from_rung: bool, rung: int | None
) -> Answer:
    import asyncio
    from uuid import uuid4

    from cli.ticket.already import merged_into

    # The id is made once per ticket: however often the client tries, the ticket does it once.
    values = {**carried, "event_id": f"cli:{uuid4()}"}
    if rung is not None:
        values["rung"] = rung
    elif from_rung:
        seen = await _seen(client, key)
        values |= {"rung": seen.rung, "life": seen.life}
    try:
        return await client.command(key, _made(make, values))
    except RefusedError as refusal:
        target = await asyncio.to_thread(merged_into, key) if refusal.code == "closed" else None
        if target is not None:
            refusal.mend = f"It was merged into {target}: say it of that one."
        refusal.mend = refusal.mend or _MENDS.get(refusal.code, _LOOK).format(key=key)
        raise


async def _seen(client: TicketClient, key: str) -> TicketView | Snapshot:
    """The ticket as it stands; where no worker answers for it, as the store last heard of it."""
    import asyncio

    from worker.client import NoWorkerError

    try:
        return await client.view(key)
    except NoWorkerError as error:
        try:
            known = await asyncio.to_thread(_last_heard, key)
        except StoreError:
            known = None
        if known is None:
            error.mend = "Nothing was sent, since nobody knows where it stands. Start a worker, then ask again."
            raise
        return known


def _last_heard(key: str) -> Snapshot | None:
    from cli.doors import store

    with store() as opened:
        return opened.ticket(key)


def _made(make: Make, values: dict[str, Any]) -> Command:
    from pydantic import ValidationError

    try:
        return make(values)
    except ValidationError as error:
        from cli.ticket.typed import cannot

        raise cannot("The command cannot be sent", error) from None


def report(
    invocation: Invocation, keys: Sequence[str], outcomes: Sequence[Answer | EscaladeError], *, instead: str = ""
) -> int:
    """Write the answers to standard output and the failures to standard error; says the exit code."""
    from cli.render.answers import answer_json, answer_line

    pairs = list(zip(keys, outcomes, strict=True))
    failed = [(key, outcome) for key, outcome in pairs if isinstance(outcome, EscaladeError)]
    answers = [outcome for _, outcome in pairs if not isinstance(outcome, EscaladeError)]
    if invocation.json:
        from cli.render.documents import write_json

        write_json(
            {
                "answers": [answer_json(answer) for answer in answers],
                "failed": [{"key": key, **error_json(error)} for key, error in failed],
            }
        )
    else:
        when = invocation.moments()
        for answer in answers:
            click.echo(answer_line(answer, when, instead=instead), color=invocation.colour)
    for key, error in failed:
        tell(f"{key}: {error.message}", error.mend)
    return ExitCode.PARTIAL if failed else ExitCode.OK


def error_json(error: EscaladeError) -> dict[str, Any]:
    """A failure as programs read it."""
    return {
        "error": error.message,
        "mend": error.mend or "",
        "code": getattr(error, "code", ""),
        "exit_code": int(error.exit_code),
    }
