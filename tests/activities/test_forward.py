"""Passing signals on: what was said to a workflow under another id reaches the ticket once, however slow that is."""

from __future__ import annotations

from typing import Any, cast

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.forward import pass_on
from escalade.messages.stray import Forwarded, ForwardRequest

SLOW = 0.06


class Server:
    """A client and the handle of its one ticket; each call takes its time."""

    def __init__(self, fails: dict[str, RPCStatusCode] | None = None) -> None:
        self.now = 0.0
        self.took: list[str] = []
        self.fails = fails or {}

    def clock(self) -> float:
        return self.now

    def get_workflow_handle(self, _id: str) -> Server:
        return self

    async def signal(self, _name: str, payload: dict[str, Any], **_more: Any) -> None:
        self.now += SLOW
        if (status := self.fails.get(payload["text"])) is not None:
            raise RPCError("no", status, b"")
        self.took.append(payload["text"])


def notes(*texts: str) -> list[tuple[str, dict[str, Any]]]:
    return [("note", {"text": text}) for text in texts]


async def some(server: Server, signals: list[tuple[str, dict[str, Any]]]) -> Forwarded:
    return await pass_on(cast(Client, server), ForwardRequest(key="k", signals=signals), clock=server.clock)


async def test_an_attempt_ends_in_time_and_the_next_goes_on_where_it_ended() -> None:
    server, texts = Server(), [f"n{n}" for n in range(201)]
    rest = notes(*texts)
    while rest:
        began = server.now
        told = await some(server, rest)
        assert server.now - began < 10
        rest = rest[told.done :]
    assert server.took == texts


async def test_what_the_ticket_refuses_for_good_does_not_hold_up_the_rest() -> None:
    server = Server({"b": RPCStatusCode.NOT_FOUND, "c": RPCStatusCode.INVALID_ARGUMENT})
    assert await some(server, notes("a", "b", "c", "d")) == Forwarded(done=4, refused=2)
    assert server.took == ["a", "d"]


async def test_a_failure_says_how_far_it_came_and_is_one_where_nothing_was_done() -> None:
    server = Server({"b": RPCStatusCode.UNAVAILABLE})
    assert await some(server, notes("a", "b", "c")) == Forwarded(done=1)
    with pytest.raises(RPCError):
        await some(server, notes("b", "c"))
    assert server.took == ["a"]
