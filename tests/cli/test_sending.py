"""A command that was meant for a tier is held for the worker that comes, where none answers now."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from cli.ticket.sending import _send_one
from escalade.messages.commands import Command, Escalate
from escalade.messages.views import Answer, TicketView
from escalade.ticket import Severity, Status
from tests.cli.making import ANA, fill, snapshot
from worker.client import NoWorkerError, TicketClient


class NoWorker:
    """A client whose Temporal takes everything, and where no worker runs."""

    def __init__(self) -> None:
        self.sent: list[Command] = []

    async def view(self, key: str) -> TicketView:
        raise NoWorkerError(f"No worker answers for ticket {key}.")

    async def command(self, key: str, command: Command) -> Answer:
        self.sent.append(command)
        return Answer(key=key, text="held", status=Status.NEW, severity=Severity.SEV1, confirmed=False)


def escalated(client: NoWorker, key: str) -> Answer:
    def make(values: dict[str, Any]) -> Command:
        return Escalate(**values, reason="nobody answers")

    return asyncio.run(_send_one(cast(TicketClient, client), key, make, {"by": ANA}, from_rung=True, rung=None))


def test_an_escalation_is_held_from_the_rung_that_the_store_last_heard_of(place: Path) -> None:
    known = snapshot("aaaaaaaaaa").model_copy(update={"rung": 4})
    fill(place, known)
    client = NoWorker()
    assert escalated(client, known.key).confirmed is False
    (sent,) = client.sent
    assert (sent.rung, sent.life) == (4, known.life)


@pytest.mark.parametrize("store", [True, False], ids=["unknown to the store", "no store"])
def test_what_nobody_knows_the_rung_of_is_not_sent_and_says_so(place: Path, *, store: bool) -> None:
    if store:
        fill(place, snapshot("aaaaaaaaaa"))
    client = NoWorker()
    with pytest.raises(NoWorkerError) as raised:
        escalated(client, "bbbbbbbbbb")
    assert client.sent == []
    assert str(raised.value.mend).startswith("Nothing was sent")
