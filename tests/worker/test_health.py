"""What an orchestrator is told."""

from __future__ import annotations

import asyncio
import socket

import httpx
import pytest

from escalade.errors import EscaladeError
from worker.health import Check, application, serve
from worker.settings import Address

ANY_PORT = Address(host="127.0.0.1", port=0)


async def well() -> str:
    return "fine"


async def broken() -> str:
    raise EscaladeError("it is away")


async def hanging() -> str:
    await asyncio.Event().wait()
    return "never"


async def ask(*checks: Check, path: str = "/ready", alive: bool = True) -> httpx.Response:
    app = application(alive=lambda: alive, checks=list(checks), within=0.2)
    async with serve(app, ANY_PORT) as where, httpx.AsyncClient() as client:
        return await client.get(f"http://{where}{path}")


async def test_ready_when_everything_it_needs_answers() -> None:
    answer = await ask(Check("temporal", well))
    assert (answer.status_code, answer.json()["ready"]) == (200, True)


async def test_not_ready_without_what_it_cannot_do_without() -> None:
    answer = await ask(Check("temporal", broken), Check("slow", hanging))
    assert answer.status_code == 503
    assert answer.json()["checks"]["temporal"] == {"ok": False, "says": "EscaladeError: it is away"}
    assert answer.json()["checks"]["slow"]["says"] == "no answer within 0.2 s"


async def test_a_store_that_is_away_degrades_and_does_not_take_a_pager_out_of_service() -> None:
    answer = await ask(Check("temporal", well), Check("store", broken, kind="degraded"))
    assert (answer.status_code, answer.json()["degraded"]) == (200, ["store"])


async def test_not_live_when_a_worker_has_stopped() -> None:
    assert (await ask(path="/live", alive=False)).status_code == 503
    assert (await ask(path="/live")).status_code == 200


async def test_a_taken_address_is_named_with_its_mend() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = Address(host="127.0.0.1", port=other.getsockname()[1])
        with pytest.raises(EscaladeError, match="ESCALADE_HEALTH"):
            async with serve(application(alive=lambda: True, checks=[]), taken):
                pytest.fail("two listen at one address")
