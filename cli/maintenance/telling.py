"""What a changed window means to open tickets: they are told at once, or the watch tells them."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from cli.exits import ExitCode
from cli.render.plain import one_line
from escalade.errors import EscaladeError

if TYPE_CHECKING:
    from datetime import datetime

    from cli.invocation import Invocation
    from escalade.maintenance.window import MaintenanceWindow
    from store import Store

_WITHIN = timedelta(seconds=8)


@dataclass(frozen=True, slots=True)
class Concerned:
    """The tickets that a change concerns, and what became of telling them."""

    tickets: int = 0
    told: int = 0
    why_not: str = ""
    """Why some were not told; empty when all were."""

    def __str__(self) -> str:
        """As people are told; empty when it concerns none."""
        if not self.tickets:
            return ""
        which = "1 ticket" if self.tickets == 1 else f"{self.tickets} tickets"
        if not self.why_not:
            return f"{which} it concerns: told."
        return (
            f"{which} it concerns could not be told now ({self.why_not.rstrip('.')}): the watch does it within a "
            "minute of a worker running."
        )


def tell_concerned(opened: Store, window_id: str, now: datetime) -> Concerned:
    """Tell the tickets that know another state of a window than there is. Without one, Temporal is not asked for."""
    from cli.maintenance.known import in_force

    keys = opened.unaware(in_force(opened), now, only=window_id)
    if not keys:
        return Concerned()
    try:
        told = asyncio.run(asyncio.wait_for(_tell(keys), _WITHIN.total_seconds()))
    except EscaladeError as error:
        return Concerned(len(keys), 0, error.message)
    except TimeoutError:
        return Concerned(len(keys), 0, "Temporal does not answer")
    return Concerned(len(keys), told, "" if told >= len(keys) else f"{len(keys) - told} did not take it")


async def _tell(keys: list[str]) -> int:
    from cli.doors import settings
    from worker.client import ticket_client
    from worker.maintenance import tell_tickets

    async with ticket_client(settings(), dict(os.environ)) as tickets:
        return await tell_tickets(tickets.client, keys)


def say(invocation: Invocation, window: MaintenanceWindow, said: str, concerned: Concerned, **values: Any) -> ExitCode:
    """Write what became of a command."""
    from cli.render.windows import window_json, window_line

    if invocation.json:
        from cli.render.documents import write_json

        write_json({"window": window_json(window, invocation.now()), **values, "concerned": _told(concerned)})
        return ExitCode.OK
    click.echo(window_line(window, invocation.moments(), said=said), color=invocation.colour)
    _say_told(concerned)
    return ExitCode.OK


def say_unreadable(invocation: Invocation, window_id: str, concerned: Concerned) -> ExitCode:
    """Write that a window is removed of which nothing but the name can be read."""
    if invocation.json:
        from cli.render.documents import write_json

        write_json({"window": {"id": window_id}, "removed": True, "concerned": _told(concerned)})
        return ExitCode.OK
    click.echo(f"maintenance window {window_id} is removed; what it said could not be read.")
    _say_told(concerned)
    return ExitCode.OK


def _told(concerned: Concerned) -> dict[str, Any]:
    return {"tickets": concerned.tickets, "told": concerned.told, "why_not": concerned.why_not}


def _say_told(concerned: Concerned) -> None:
    if str(concerned):
        click.echo(f"  {one_line(str(concerned))}", err=bool(concerned.why_not))
