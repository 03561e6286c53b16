"""Whatever arrives is read: a valid ticket or command, or a sentence. Nothing raises, nothing grows without bound."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalade.messages.commands import COMMANDS, Command, SetSeverity, Snooze
from escalade.messages.tolerant import read_command, read_ticket
from escalade.ticket import Severity, Ticket, event_key, is_ticket_id, key_of, ticket_key, workflow_id

TEXT = st.text(alphabet=st.characters(codec=None), max_size=60) | st.sampled_from(
    ["\ud800", "a\x00b", "", " ", "x" * 20000]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=8
)
STRANGE_TIMES = st.sampled_from(
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01", "2026-01-01T00:00", 1e400, -1, 10**30]
)


def _fields(model: type) -> st.SearchStrategy[dict[str, Any]]:
    names = [*getattr(model, "model_fields"), "for", "extra"]  # noqa: B009 - a type, not an instance
    return st.dictionaries(st.sampled_from(names), JSON | STRANGE_TIMES, max_size=8)


def _strings(value: object) -> list[str]:
    """Every text in it, keys included."""
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _strings(part)]
    if isinstance(value, list):
        return [text for item in value for text in _strings(item)]
    return [value] if isinstance(value, str) else []


@given(JSON | _fields(Ticket) | st.binary(max_size=50) | st.builds(json.dumps, JSON))
def test_anything_becomes_a_valid_ticket_in_bounds(payload: object) -> None:
    ticket, problems = read_ticket(payload)
    written = ticket.model_dump_json()
    assert Ticket.model_validate_json(written) == ticket
    assert len(written) < 150_000
    assert len("".join(problems)) < 8_000
    assert "\x00" not in "".join([*_strings(ticket.model_dump()), *problems])
    "".join(problems).encode()


@given(st.sampled_from([*COMMANDS, "unheard-of"]) | TEXT, st.lists(JSON | st.binary(max_size=50), max_size=2))
def test_any_payload_becomes_a_command_or_a_sentence(name: str, payloads: list[object]) -> None:
    _check(read_command(name, payloads))


@given(st.sampled_from(list(COMMANDS)).flatmap(lambda name: st.tuples(st.just(name), _fields(COMMANDS[name]))))
def test_any_fields_become_a_command_or_a_sentence(message: tuple[str, dict[str, Any]]) -> None:
    name, fields = message
    _check(read_command(name, [fields]))


def _check(found: Command | str) -> None:
    if isinstance(found, str):
        assert 0 < len(found) < 2_000
        found.encode()
        return
    written = found.model_dump_json(by_alias=True)
    assert type(found).model_validate_json(written) == found
    assert "\x00" not in "".join(_strings(found.model_dump()))


def nested(depth: int) -> Any:
    value: Any = "deep"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("depth", [900, 100_000])
@pytest.mark.parametrize("field", ["title", "labels", "severity", "tags", "by", "opened_by", "event_id", "for"])
def test_nesting_without_bottom_is_read_like_anything_else(depth: int, field: str) -> None:
    for payload in ({field: nested(depth)}, "[" * depth + "]" * depth):
        read_ticket(payload)
        for name in COMMANDS:
            _check(read_command(name, [payload]))


def test_an_instant_outside_all_years_is_left_out() -> None:
    ticket, problems = read_ticket({"opened_at": "0001-01-01T00:00:00+14:00"})
    assert ticket.opened_at is None
    assert problems == ["opened_at was left out: Value error, it lies outside the years 1 to 9999"]


def test_no_database_is_given_what_it_cannot_keep() -> None:
    command = read_command("acknowledge", [{"by": {"kind": "person", "id": "a\x00na"}, "comment": "o\x00k \ud800"}])
    assert isinstance(command, Command)
    assert (command.by.id, command.comment) == ("ana", "ok ?")
    ticket, _ = read_ticket({"title": "x", "opened_by": {"id": "a\x00na"}})
    assert ticket.opened_by.id == "ana"


def test_the_sentence_about_a_megabyte_is_short() -> None:
    for name, fields in (("snooze", {"for": "x" * 10**6}), ("x" * 10**6, {}), ("escalate", {"reason": "x" * 10**6})):
        _check(read_command(name, [fields]))


def test_a_ticket_needs_nothing() -> None:
    empty: tuple[object, ...] = ({}, "{}", b"{}")
    for payload in empty:
        ticket, problems = read_ticket(payload)
        assert (ticket.title, ticket.severity, problems) == ("untitled", Severity.SEV3, [])


def test_what_had_to_be_mended_is_named() -> None:
    ticket, problems = read_ticket(
        {"title": "x" * 2000, "severity": "apocalyptic", "status": "odd", "opened_at": "now"}
    )
    assert len(ticket.title) == 1024
    assert ticket.severity is Severity.SEV3
    assert problems[:2] == [
        "title is longer than 1024 characters; the rest is left out",
        "severity 'apocalyptic' is unknown; taken as sev3",
    ]
    assert {problem.split()[0] for problem in problems[2:]} == {"status", "opened_at"}


def test_labels_and_tags_are_bounded_and_said_so() -> None:
    ticket, problems = read_ticket({"labels": {str(n): n for n in range(80)}, "tags": ["t" * 500] * 80})
    assert len(ticket.labels) == len(ticket.tags) == 50
    assert problems == ["80 labels; the first 50 are kept", "80 tags; the first 50 are kept"]


def test_a_payload_that_is_no_object_is_kept_as_the_title() -> None:
    ticket, problems = read_ticket("disk full on db1")
    assert ticket.title == "disk full on db1"
    assert problems == ["the payload is no JSON object; kept as the title"]


def test_a_command_by_a_bare_name_is_an_integrations() -> None:
    command = read_command("acknowledge", [{"by": "alertmanager"}])
    assert isinstance(command, Command)
    assert (command.by.kind, command.by.id) == ("integration", "alertmanager")


def test_a_signal_without_arguments_is_a_command() -> None:
    assert isinstance(read_command("acknowledge", []), Command)
    assert isinstance(read_command("resolve", ["{}", "ignored"]), Command)


def test_a_pause_is_read_by_the_name_people_write() -> None:
    command = read_command("snooze", [{"for": "1h30m"}])
    assert isinstance(command, Snooze)
    assert command.for_ is not None
    assert command.for_.total_seconds() == 5400


@pytest.mark.parametrize(
    ("name", "payload", "sentence"),
    [
        ("escalade", {}, "'escalade' is no command; known are acknowledge, "),
        ("acknowledge", [1], "the payload of acknowledge is no JSON object"),
        ("escalate", {}, "escalate cannot be read: reason: Field required"),
        ("snooze", {"for": "15"}, "snooze cannot be read: for: Value error, '15' is not a duration. It has no unit."),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(name: str, payload: object, sentence: str) -> None:
    found = read_command(name, [payload])
    assert isinstance(found, str)
    assert found.startswith(sentence)


@pytest.mark.parametrize(
    ("words", "severity"),
    [
        (("sev1", "SEV1", "p1", "P1", "1", 1, "critical", "Critical", "1 - Critical"), Severity.SEV1),
        (("sev2", "P2", "error", "high", "2 - High"), Severity.SEV2),
        (("sev3", "P3", "warning", "moderate", "3 - Moderate"), Severity.SEV3),
        (("sev4", "P4", "info", "low", "4 - Low"), Severity.SEV4),
        (("sev5", "P5", 5), Severity.SEV5),
        (("", "sev0", "sev6", None, "urgent", [], 1.5), None),
    ],
)
def test_what_other_systems_call_a_severity(words: tuple[object, ...], severity: Severity | None) -> None:
    assert [Severity.read(word) for word in words] == [severity] * len(words)


# -- keys -----------------------------------------------------------------------------------------------------------

PARTS = st.text(alphabet="ab:/\x00", max_size=4)


@given(st.tuples(PARTS, PARTS, PARTS), st.tuples(PARTS, PARTS, PARTS))
def test_no_two_triples_share_a_key(first: tuple[str, str, str], second: tuple[str, str, str]) -> None:
    assert (ticket_key(*first) == ticket_key(*second)) == (first == second)


@given(st.tuples(PARTS, PARTS, PARTS), st.tuples(PARTS, PARTS, PARTS))
def test_no_event_shares_a_key_with_a_dedupe_key_or_another_event(
    first: tuple[str, str, str], second: tuple[str, str, str]
) -> None:
    assert event_key(*first) != ticket_key(*second)
    assert (event_key(*first) == event_key(*second)) == (first == second)


def test_a_key_is_ten_base32_characters_and_stays_what_it_is() -> None:
    key = ticket_key("", "alertmanager", "db-down")
    assert key == "hoobst6dxr"
    assert set(key) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert key_of(workflow_id(key)) == key


@pytest.mark.parametrize(
    ("workflow", "addressed"),
    [
        ("ticket/x2tmejy5mx", True),
        ("ticket/INC-1042", True),
        ("ticket/outage", True),
        ("ticket/OUTAGE", False),
        ("ticket/two words", False),
        ("ticket/", False),
        ("outage-42", False),
    ],
)
def test_a_workflow_is_a_ticket_where_its_key_can_be_typed(workflow: str, *, addressed: bool) -> None:
    assert is_ticket_id(workflow) is addressed


def test_a_severity_may_be_raised_by_the_name_that_opens_a_ticket_with_it() -> None:
    raised = read_command("severity", [{"severity": "critical"}])
    assert isinstance(raised, SetSeverity)
    assert raised.severity is Severity.SEV1
    assert isinstance(read_command("severity", [{"severity": "catastrophic"}]), str)
    # A history in which the name was none is read as it was.
    assert isinstance(read_command("severity", [{"severity": "critical"}], foreign=False), str)
