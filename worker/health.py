"""Two questions an orchestrator asks a worker: does it live, and is it ready."""

from __future__ import annotations

import asyncio
import contextlib
import socket
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

_CHECK_WITHIN = 3.0


@dataclass(frozen=True)
class Check:
    """Something a worker needs."""

    name: str
    ask: Callable[[], Awaitable[str]]
    """What to say when it is well; raises when it is not."""
    kind: Literal["ready", "degraded"] = "ready"
    """`ready`: without it there is no work. `degraded`: without it work goes on, poorer; told, no reason to stop."""


def application(*, alive: Callable[[], bool], checks: list[Check], within: float = _CHECK_WITHIN) -> Starlette:
    """The application that answers.

    Args:
        alive: whether the process can still do what it is for.
        checks: what `/ready` asks, all at once.
        within: how many seconds each of them has.
    """

    async def live(_: Request) -> JSONResponse:
        return JSONResponse({"live": alive()}, status_code=200 if alive() else 503)

    async def ready(_: Request) -> JSONResponse:
        results = dict(
            zip([c.name for c in checks], await asyncio.gather(*(_ask(check, within) for check in checks)), strict=True)
        )
        well = alive() and all(results[c.name]["ok"] for c in checks if c.kind == "ready")
        degraded = [c.name for c in checks if c.kind == "degraded" and not results[c.name]["ok"]]
        return JSONResponse({"ready": well, "degraded": degraded, "checks": results}, status_code=200 if well else 503)

    return Starlette(routes=[Route("/live", live), Route("/ready", ready)])


async def _ask(check: Check, within: float) -> Mapping[str, object]:
    try:
        return {"ok": True, "says": await asyncio.wait_for(check.ask(), within)}
    except TimeoutError:
        return {"ok": False, "says": f"no answer within {within:g} s"}
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
    try:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        # Here and not by uvicorn, which ends the process when it cannot listen.
        listening = socket.create_server((address.host, address.port), family=family)
    except OSError as error:
        raise EscaladeError(
            f"Health cannot be answered at {address}: {error.strerror}.",
            mend="Set ESCALADE_HEALTH to a free address of this machine, or leave it out.",
        ) from None
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield address.model_copy(update={"port": listening.getsockname()[1]})
    finally:
        server.should_exit = True
        await task
        listening.close()
