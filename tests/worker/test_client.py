"""Opening and commanding tickets, with a worker and without one."""

from __future__ import annotations

import asyncio
import socket
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from escalade.errors import RefusedError, TicketNotFoundError, UnreachableError
from escalade.messages import Acknowledge, Close, Escalate, Resolve
from escalade.ticket import Actor, Severity, Status, Ticket, workflow_id
from tests.worker.installation import installed
from worker import search_attributes
from worker.client import NoWorkerError, TicketClient
from worker.plugin import escalade_plugin
from worker.testing import real_server
from workflows import attributes

ANA = Actor(kind="person", id="ana", via="test")
SOON = timedelta(seconds=0.5)


async def test_the_same_key_on_an_open_ticket_adds_to_it(temporal: Client) -> None:
    tickets = TicketClient(temporal)
    first = await tickets.open(Ticket(title="db down", dedupe_key="same", source="client-test"))
    second = await tickets.open(Ticket(title="db still down", dedupe_key="same", source="client-test"))
    assert (first.existed, second.existed) == (False, True)
    assert (second.key, second.life) == (first.key, first.life)
    assert first.ticket.event_id
    assert first.ticket.event_id != second.ticket.event_id


async def test_tickets_without_a_dedupe_key_are_tickets_of_their_own(temporal: Client) -> None:
    tickets = TicketClient(temporal)
    keys = {(await tickets.open(Ticket(title="one of many"))).key for _ in range(3)}
    assert len(keys) == 3


async def test_an_opening_sent_twice_by_one_event_id_is_one_ticket_without_a_dedupe_key(temporal: Client) -> None:
    tickets = TicketClient(temporal)
    first, second = [await tickets.open(Ticket(title="once", event_id="e-1", source="client-test")) for _ in range(2)]
    elsewhere = await tickets.open(Ticket(title="once", event_id="e-1", source="another"))
    as_dedupe_key = await tickets.open(Ticket(title="once", dedupe_key="e-1", source="client-test"))
    assert (first.existed, second.existed) == (False, True)
    assert (second.key, second.life) == (first.key, first.life)
    assert len({first.key, elsewhere.key, as_dedupe_key.key}) == 3


@pytest.mark.parametrize(
    ("ticket", "mend"),
    [
        (Ticket(), "It may have been taken: `escalade ticket list` shows it; try again only if it is not there."),
        (Ticket(dedupe_key="d"), "Try again: the same dedupe key is never two tickets."),
        (Ticket(event_id="e"), "Try again with the same event id: it is never handled twice."),
    ],
)
async def test_an_opening_without_an_answer_says_truly_whether_to_try_again(
    monkeypatch: pytest.MonkeyPatch, ticket: Ticket, mend: str
) -> None:
    monkeypatch.setattr("worker.client._CALL", SOON)
    monkeypatch.setattr("worker.client._MARGIN", SOON)

    # It takes the connection and says nothing: what becomes of the call, nobody can know.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = "{}:{}".format(*silent.getsockname())
        client = await Client.connect(address, lazy=True, plugins=[escalade_plugin()])
        with pytest.raises(UnreachableError, match="did not answer within") as late:
            await TicketClient(client).open(ticket)
    assert late.value.mend == mend


async def test_a_ticket_is_found_by_its_search_attributes_before_any_worker_saw_it(temporal: Client) -> None:
    opened = await TicketClient(temporal).open(
        Ticket(title="db down", severity=Severity.SEV2, service="client-test-service", tags=["eu", "db"])
    )
    described = await temporal.get_workflow_handle(workflow_id(opened.key)).describe()
    known = described.typed_search_attributes
    assert known.get(search_attributes.STATUS) == "new"
    assert known.get(search_attributes.SEVERITY) == "sev2"
    assert known.get(search_attributes.SERVICE) == "client-test-service"
    assert known.get(search_attributes.TAGS) == ["eu", "db"]
    assert await described.static_summary() == "sev2 db down"
    assert described.raw_description.workflow_execution_info.priority.priority_key == 2


async def test_without_a_worker_a_command_is_accepted_and_done_once_when_one_runs(tmp_path: Path) -> None:
    async with real_server() as client:
        tickets = TicketClient(client, answer_within=SOON)
        opened = await tickets.open(Ticket(title="db down", severity=Severity.SEV1))
        ack = Acknowledge(by=ANA, event_id="ack-1")
        answers = [await tickets.command(opened.key, ack) for _ in range(2)]
        assert [answer.confirmed for answer in answers] == [False, False]
        assert "not yet confirmed" in answers[0].text
        assert (answers[0].severity, answers[0].status) == (Severity.SEV1, Status.NEW)
        async with installed(client, tmp_path) as there:
            await there.until(opened.key, lambda view: view.acknowledged and not view.unwritten)
            again = await there.tickets.command(opened.key, ack)
            assert (again.duplicate, again.confirmed, again.owner) == (True, True, "ana")
            kinds = [stored.entry.kind for stored in there.store.entries(workflow_id(opened.key))]
            assert kinds.count("ticket.acknowledged") == 1


async def test_refusals_and_endings_are_told_apart_by_their_codes(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path) as there:
        opened = await there.tickets.open(Ticket(title="db down"))
        await there.until(opened.key, lambda view: bool(view.told))
        with pytest.raises(RefusedError) as stale:
            await there.tickets.command(opened.key, Escalate(by=ANA, reason="too much", rung=7))
        assert stale.value.code == "stale_rung"
        await there.tickets.command(opened.key, Resolve(by=ANA))
        await there.tickets.command(opened.key, Close(by=ANA))
        await client.get_workflow_handle(workflow_id(opened.key)).result()
        with pytest.raises(RefusedError) as closed:
            await there.tickets.command(opened.key, Acknowledge(by=ANA))
        assert closed.value.code == "closed"
        assert (await there.tickets.view(opened.key)).status is Status.CLOSED
        with pytest.raises(TicketNotFoundError):
            await there.tickets.command("zzzzzzzzzz", Acknowledge(by=ANA))
        with pytest.raises(TicketNotFoundError):
            await there.tickets.upcoming("zzzzzzzzzz")


async def test_a_question_that_no_worker_answers_says_so(temporal: Client) -> None:
    tickets = TicketClient(temporal, answer_within=SOON)
    opened = await tickets.open(Ticket(title="unseen"))
    with pytest.raises(NoWorkerError, match="escalade up"):
        await tickets.view(opened.key)


async def test_five_hundred_openings_of_one_key_at_once_are_one_ticket(temporal: Client) -> None:
    tickets = TicketClient(temporal)
    storm = [tickets.open(Ticket(title="storm", dedupe_key="storm", source="client-test")) for _ in range(500)]
    opened = await asyncio.gather(*storm)
    assert len({one.life for one in opened}) == 1
    assert sum(not one.existed for one in opened) == 1


def test_client_and_workflow_write_the_same_search_attributes() -> None:
    ours = {key.name: key.indexed_value_type for key in search_attributes.ALL}
    assert ours == {key.name: key.indexed_value_type for key in attributes.KEYS}
    assert set(search_attributes.CLI_NAMES) == set(ours)
