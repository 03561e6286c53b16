"""Two questions an orchestrator asks a worker: does it live, and is it ready."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from escalade.errors import EscaladeError
from worker.settings import Address

_LOG = logging.getLogger(__name__)

_CHECK_WITHIN = 3.0


@dataclass(frozen=True)
class Check:
    """Something a worker needs."""

    name: str
    ask: Callable[[], Awaitable[str]]
    """What to say when it is well; raises when it is not."""
    kind: Literal["ready", "degraded"] = "ready"
    """`ready`: without it there is no work. `degraded`: without it work goes on, poorer; told, no reason to stop."""


def application(*, alive: Callable[[], bool], checks: list[Check]) -> Starlette:
    """The application that answers.

    Args:
        alive: whether the process can still do what it is for.
        checks: what `/ready` asks, all at once, each within three seconds.
    """

    async def live(_: Request) -> JSONResponse:
        return JSONResponse({"live": alive()}, status_code=200 if alive() else 503)

    async def ready(_: Request) -> JSONResponse:
        results = dict(zip([c.name for c in checks], await asyncio.gather(*map(_ask, checks)), strict=True))
        well = alive() and all(results[c.name]["ok"] for c in checks if c.kind == "ready")
        degraded = [c.name for c in checks if c.kind == "degraded" and not results[c.name]["ok"]]
        return JSONResponse({"ready": well, "degraded": degraded, "checks": results}, status_code=200 if well else 503)

    return Starlette(routes=[Route("/live", live), Route("/ready", ready)])


async def _ask(check: Check) -> Mapping[str, object]:
    try:
        return {"ok": True, "says": await asyncio.wait_for(check.ask(), _CHECK_WITHIN)}
    except TimeoutError:
        return {"ok": False, "says": f"no answer within {_CHECK_WITHIN:g} s"}
    except Exception as error:  # noqa: BLE001 - whatever a check raises is its answer
        return {"ok": False, "says": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"}


class _Server(uvicorn.Server):
    """Leaves the process's signals to the worker."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serve(app: Starlette, address: Address) -> AsyncIterator[Address]:
    """Answer at an address for the length of a block.

    Yields:
        The address, with the port that was taken when 0 was asked for.

    Raises:
        EscaladeError: when nobody can listen there.
    """
    config = uvicorn.Config(
        app, host=address.host, port=address.port, log_config=None, access_log=False, lifespan="off", ws="none"
    )
    try:
        listening = config.bind_socket()
    # uvicorn ends the process when it cannot listen.
    except (OSError, SystemExit):
        raise EscaladeError(
            f"Health cannot be answered at {address}: the address is taken or not of this machine.",
            mend="Set ESCALADE_HEALTH to a free address, or leave it out.",
        ) from None
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield address.model_copy(update={"port": listening.getsockname()[1]})
    finally:
        server.should_exit = True
        await task
        listening.close()
