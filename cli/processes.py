"""The long-running programs: everything in one place, or a worker alone."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import click

from cli.exits import ExitCode
from cli.options import command

if TYPE_CHECKING:
    from cli.invocation import Invocation


@command("up", examples=["escalade up", "ESCALADE_PORT=0 ESCALADE_STATE=/var/lib/escalade escalade up"], output=False)
def up(invocation: Invocation) -> int:  # noqa: ARG001 (every command is given the invocation)
    """Run everything here: embedded Temporal and worker.

    One process group, its state in ESCALADE_STATE. Ctrl-C or SIGTERM ends it cleanly; after a SIGKILL or a power cut
    the next `up` ends what was left running, takes over, and resumes every ticket. For one machine; for several, run
    `escalade worker` against a Temporal cluster.
    """
    from cli.doors import configuration, settings
    from worker.supervisor import up as supervise

    # The worker would refuse an invalid configuration; say so before anything is started.
    configuration()
    asyncio.run(supervise(settings(), dict(os.environ), tell=click.echo))
    return ExitCode.OK


@command("worker", examples=["escalade worker", "TEMPORAL_ADDRESS=temporal:7233 escalade worker"], output=False)
def worker(invocation: Invocation) -> int:  # noqa: ARG001 (every command is given the invocation)
    """Run a worker against a Temporal server.

    How the server is reached is Temporal's own configuration: temporal.toml and TEMPORAL_*. SIGTERM ends it: what is
    under way is finished or handed over. ESCALADE_HEALTH and ESCALADE_METRICS serve health and Prometheus metrics.
    """
    from cli.doors import settings
    from worker.logs import set_up_logging
    from worker.main import work

    found = settings()
    set_up_logging(found.log, found.log_level)
    asyncio.run(work(found, dict(os.environ)))
    return ExitCode.OK
