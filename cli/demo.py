"""Everything at work on one machine, in a minute: real server, worker, mail and webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.options import command

if TYPE_CHECKING:
    from cli.invocation import Invocation


@command("demo", examples=["escalade demo"], output=False)
def demo(invocation: Invocation) -> int:  # noqa: ARG001 (every command is given the invocation)
    """Watch tickets climb, and a worker be killed.

    Starts an embedded Temporal, a worker, a mail server and a webhook receiver in a new temporary directory, opens the
    sample tickets, and shows how one of them climbs in real time. Then it kills the worker and says what was proven.
    Takes about a minute, leaves nothing running, and ends with 1 when anything was not as it should be.
    """
    import asyncio

    from cli.demonstration.stage import perform

    return asyncio.run(perform())
