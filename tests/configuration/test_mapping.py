"""Other systems' exports through a mapping file."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from configuration import RowMapping, load, load_mapping, read_rows
from configuration.rows import RowsRead
from escalade.errors import ConfigurationError
from escalade.testing import START
from escalade.ticket import Severity
from tests.configuration.making import CHANNELS, EXAMPLES, REPOSITORY, write

SERVICENOW = EXAMPLES / "tickets" / "servicenow.mapping.yaml"
INCIDENTS = REPOSITORY.parent / "shared" / "data" / "servicenow_incident_log.csv"


def read_csv(path: Path, mapping: RowMapping) -> RowsRead:
    with path.open(encoding="utf-8", newline="") as stream:
        return read_rows(enumerate(csv.DictReader(stream), 2), mapping, file=path.name)


def mapped(*rows: dict[str, str], **mapping: object) -> RowsRead:
    whole = RowMapping.model_validate({"columns": {"title": "what"}, **mapping})
    return read_rows(enumerate(rows, 2), whole, file="rows.csv")


def told(read: RowsRead) -> list[str]:
    return [str(problem) for problem in read.problems]


def test_the_sample_export_becomes_one_ticket_for_each_number_as_it_stands_now() -> None:
    read = read_csv(EXAMPLES / "tickets" / "servicenow.csv", load_mapping(SERVICENOW))
    assert read.problems == []
    tickets = [row.ticket for row in read.tickets]
    assert [row.line for row in read.tickets] == [3, 4, 6, 7, 8]
    assert [(t.dedupe_key, t.severity.value, t.status) for t in tickets] == [
        ("INC0100001", "sev2", "new"),
        ("INC0100002", "sev1", "new"),
        ("INC0100003", "sev4", "resolved"),
        ("INC0100004", "sev3", "new"),
        ("INC0100005", "sev3", "new"),
    ]
    assert tickets[0].title == "Network, VPN, Cannot connect"
    assert tickets[0].labels == {"category": "Network", "group": "Network Operations", "contact": "Phone"}
    assert tickets[0].opened_at == datetime(2026, 3, 2, 7, 12, tzinfo=UTC)
    assert (tickets[3].title, tickets[4].title) == ("Software, Mail", "Incident without a category")
    assert all(ticket.source == "servicenow" for ticket in tickets)


@pytest.mark.skipif(not INCIDENTS.exists(), reason="needs ../shared/data/servicenow_incident_log.csv")
def test_the_445_real_incidents_become_445_tickets_on_the_matrix() -> None:
    read = read_csv(INCIDENTS, load_mapping(SERVICENOW))
    assert read.problems == []
    tickets = [row.ticket for row in read.tickets]
    assert len(tickets) == len({ticket.dedupe_key for ticket in tickets}) == 445
    with INCIDENTS.open(encoding="utf-8", newline="") as stream:
        last = {row["number"]: row for row in csv.DictReader(stream)}
    states = {"Resolved": "resolved", "Closed": "closed"}
    assert {t.dedupe_key: t.status for t in tickets} == {
        number: states.get(row["incident_state"], "new") for number, row in last.items()
    }
    assert Counter(t.severity.rank for t in tickets) == Counter(int(row["priority"][0]) for row in last.values())
    assert not any("?" in text for t in tickets for text in [t.title, *t.labels.values()])
    assert all(ticket.opened_at is not None for ticket in tickets)
    examples = load(EXAMPLES, env={}, channels={"console": CHANNELS["console"]}, steps={})
    assert {examples.admit(ticket, at=START)[0].name for ticket in tickets} == {"matrix"}


def test_a_bad_row_is_told_and_stops_no_good_one() -> None:
    dates = {"opened_at": {"format": "%d-%m-%Y %H:%M", "zone": "Europe/Paris"}}
    columns = {"title": "what", "severity": "how_bad", "opened_at": "when", "status": "state", "dedupe_key": "id"}
    good = {"what": "a", "how_bad": "P2", "when": "29-02-2016 01:16", "state": "closed", "id": "1"}
    read = mapped(
        good,
        {**good, "how_bad": "awful"},
        {**good, "when": "2016-02-29"},
        {**good, "what": " "},
        {**good, "state": "limbo"},
        {**good, "id": "x" * 300},
        {**good, "what": "b", "how_bad": "", "when": "30-02-2016 01:16"},
        {**good, "what": "c"},
        columns=columns,
        dates=dates,
    )
    assert [(row.line, row.ticket.title) for row in read.tickets] == [(2, "a"), (9, "c")]
    assert told(read) == [
        "rows.csv:3: how_bad: 'awful' is no severity. Map it under `values.severity` to sev1…sev5.",
        (
            "rows.csv:4: when: '2016-02-29' is not a date of the form %d-%m-%Y %H:%M. "
            "Write it like 2026-03-01T09:00:00+01:00, or say its form under `dates:` in the mapping."
        ),
        "rows.csv:5: what: This row has no title. Fill it in, or give `constants.title`.",
        (
            "rows.csv:6: status: 'limbo' is not possible here. "
            "Map it under `values.status` to new, pending, resolved or closed."
        ),
        (f"rows.csv:7: dedupe_key: '{'x' * 59}… is too long. Write at most 255 characters. Or map it."),
        (
            "rows.csv:8: when: '30-02-2016 01:16' is not a date of the form %d-%m-%Y %H:%M. "
            "Write it like 2026-03-01T09:00:00+01:00, or say its form under `dates:` in the mapping."
        ),
    ]


def test_a_row_that_does_not_say_its_ticket_is_told() -> None:
    read = mapped({"what": "a", "id": "1"}, {"what": "b", "id": ""}, {"what": "c", "id": "1"}, latest_by="id")
    assert [row.ticket.title for row in read.tickets] == ["c"]
    assert told(read) == [
        (
            "rows.csv:3: id: This row does not say its ticket. "
            "Without it nobody can say which ticket the row belongs to: fill it in."
        )
    ]


def test_a_column_that_is_nowhere_is_told_once_and_nothing_is_read() -> None:
    read = mapped({"title": "a", "number": "1"}, {"title": "b", "number": "2"}, columns={"title": "titel"})
    assert read.tickets == []
    assert told(read) == [
        "rows.csv:2: titel: No row has the column 'titel'. Did you mean title? Columns here: title, number."
    ]


def test_constants_stand_in_and_given_fields_stand_behind() -> None:
    mapping = RowMapping.model_validate(
        {"columns": {"title": "what", "severity": "bad"}, "constants": {"severity": "sev4"}}
    )
    rows = [(2, {"what": "a", "bad": "critical"}), (3, {"what": "b", "bad": ""})]
    read = read_rows(rows, mapping, file="r", given={"severity": "sev5", "service": "web"})
    assert [row.ticket.severity for row in read.tickets] == [Severity.SEV1, Severity.SEV4]
    assert [row.ticket.service for row in read.tickets] == ["web", "web"]


def test_lists_take_each_column_as_one_item() -> None:
    read = mapped({"what": "a", "x": "one", "y": "", "z": "three"}, columns={"title": "what", "tags": ["x", "y", "z"]})
    assert read.tickets[0].ticket.tags == ["one", "three"]


def test_a_local_time_that_exists_twice_is_the_first_and_one_that_does_not_is_the_next_instant() -> None:
    dates = {"opened_at": {"format": "%Y-%m-%d %H:%M", "zone": "Europe/Paris"}}
    rows = [{"what": "a", "when": when} for when in ("2026-10-25 02:30", "2026-03-29 02:30")]
    read = mapped(*rows, columns={"title": "what", "opened_at": "when"}, dates=dates)
    assert [row.ticket.opened_at for row in read.tickets] == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            "columns: {titel: a}",
            [
                ("columns.titel: 'titel' is not possible here. Did you mean title? Allowed: title, description, "
                "severity, service, source, tenant, dedupe_key, tags, customer_tier, environment, region, "
                "links, runbook, opened_at, status.")
            ],
        ),
        ("columns: {service: a}", ["Nothing gives the title. Name its column under columns."]),
        (
            "columns: {title: a}\nvalues: {severity: {x: sev9}}",
            ["values: 'sev9' is no severity. Write sev1 to sev5."],
        ),
        (
            "columns: {title: a}\nvalues: {severity: {x: sev1}}",
            ["Values.severity has no column. Name it under columns."],
        ),
        (
            "columns: {title: a, status: b}\nvalues: {status: {x: open}}",
            ["values: 'open' is no status to open with. Write one of: new, resolved, closed."],
        ),
        (
            "columns: {title: a}\nconstants: {status: open}",
            ["constants: Status cannot be 'open'. Write 'new', 'pending', 'resolved' or 'closed'."],
        ),
        (
            "columns: {title: a}\ndates: {opened_at: {format: '%d-%m-%Y'}}",
            ["dates.opened_at: The format has no %z and there is no zone. Give zone: Europe/Paris or the like."],
        ),
        (
            "columns: {title: a}\ndates: {opened_at: {format: '%d-%Q', zone: UTC}}",
            ["dates.opened_at: '%d-%Q' is no date format. Write it like %d-%m-%Y %H:%M."],
        ),
        (
            "columns: {title: a}\nlatest: b",
            [
                ("latest: 'latest' is no key here. Did you mean latest_by? "
                "Allowed: columns, labels, values, constants, dates, unknown, latest_by.")
            ],
        ),
        ("", ["The file is empty. Fill it in, or delete it if it is not needed."]),
    ],
)  # fmt: skip
def test_a_wrong_mapping_is_told(text: str, problems: list[str], tmp_path: Path) -> None:
    write(tmp_path, {"m.yaml": text})
    with pytest.raises(ConfigurationError) as caught:
        load_mapping(tmp_path / "m.yaml")
    lines = [str(problem).partition("m.yaml")[2] for problem in caught.value.problems]
    assert [line.partition(": ")[2] for line in lines] == problems


def test_a_mapping_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="The file cannot be read: No such file or directory"):
        load_mapping(tmp_path / "m.yaml")
