"""Telling tickets that maintenance windows changed: they ask which concern them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from escalade.ticket import workflow_id

_LOG = logging.getLogger(__name__)

SIGNAL: Final = "maintenance_changed"
_CALL: Final = timedelta(seconds=5)
_AT_ONCE: Final = 20


async def tell_ticket(client: Client, key: str) -> bool:
    """Tell one ticket; whether it took it. What goes wrong is logged: the watch tells it again."""
    try:
        await client.get_workflow_handle(workflow_id(key)).signal(SIGNAL, rpc_timeout=_CALL)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            _LOG.error("Ticket %s was not told of maintenance windows: %s", key, error.message, extra={"ticket": key})
        return False
    return True


async def tell_tickets(client: Client, keys: Iterable[str]) -> int:
    """Tell several; how many took it."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def tell(key: str) -> bool:
        async with slots:
            return await tell_ticket(client, key)

    return sum(await asyncio.gather(*(tell(key) for key in keys)))
