"""The JSON Schemas: they take what loads, refuse what an editor should mark, and say what every key means."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from configuration import schemas
from configuration.document import read_document
from tests.configuration.json_schema import Schema, refusals
from tests.configuration.making import CHANNELS, EXAMPLES, GOOD, STEPS
from tests.configuration.test_examples import kind
from tests.configuration.test_wrong import WRONG

SCHEMAS = schemas(CHANNELS, STEPS)
BY_EDITOR_TOO = {
    "an unknown key is told with the one that was meant": ".tiers[0].resolve_whithin additionalProperties",
    "a missing key": ".default_policy required",
    "a duration without a unit": ".tiers[0].acknowledge_within anyOf",
    "a severity that is none": ".tiers[0].acknowledge_within anyOf",
    "a target without a kind": ".tiers[0].page[0] pattern",
    "again so many times": ".again anyOf",
    "a step without what it needs": ".tiers[1].steps[0].with.txt additionalProperties",
    "a kind of channel that is not installed": ".channels.mail.use enum",
    "a setting that the channel does not have": ".channels.mail.hots additionalProperties",
    "a setting of the wrong kind": ".channels.mail.host anyOf",
    "a secret written in full": ".channels.mail.password pattern",
    "a secret in full in a list": ".channels.mail.more_passwords[1] pattern",
    "an id with capitals": ".people.Bob additionalProperties",
}


def values(text: str | bytes) -> Any:
    document, _ = read_document("x.yaml", text if isinstance(text, bytes) else text.encode())
    assert document is not None
    return document.data


def schema_of(file: str) -> Schema:
    folder, _, _ = file.partition("/")
    name = {"policies": "policy", "schedules": "schedule", "calendars": "calendar"}.get(
        folder, folder.removesuffix(".yaml")
    )
    return SCHEMAS[f"{name}.schema.json"]


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.yaml")), ids=lambda path: path.name)
def test_the_examples_are_what_the_schemas_say(path: Any) -> None:
    assert list(refusals(values(path.read_bytes()), SCHEMAS[f"{kind(path)}.schema.json"])) == []


@pytest.mark.parametrize("file", GOOD)
def test_what_loads_is_what_the_schemas_say(file: str) -> None:
    assert list(refusals(values(GOOD[file]), schema_of(file))) == []


@pytest.mark.parametrize("name", BY_EDITOR_TOO)
def test_what_an_editor_can_know_is_marked_by_it(name: str) -> None:
    (file,) = [file for file in GOOD if WRONG[name][file] != GOOD[file]]
    assert BY_EDITOR_TOO[name] in list(refusals(values(WRONG[name][file]), schema_of(file)))


def test_short_forms_that_load_are_not_marked() -> None:
    policy = "policy: a\ncatch_all: team:a\nmatch: [{service: x, severity: sev1, labels: {a: b}}]\n"
    policy += "tiers: [{name: b, page: [team:a], acknowledge_within: never, repeat_every: 5m}]\n"
    assert list(refusals(values(policy), SCHEMAS["policy.schema.json"])) == []
    port = GOOD["escalade.yaml"].replace("host: mail.example", 'host: mail.example\n    port: "${PORT}"')
    assert list(refusals(values(port), SCHEMAS["escalade.schema.json"])) == []


def test_every_key_of_ours_is_described() -> None:
    silent = [
        f"{name} {place}"
        for name, schema in schemas({}, {}).items()
        for place, written in properties(schema)
        if not written.get("description")
    ]
    assert silent == []


def test_schemas_can_be_written_as_json() -> None:
    for schema in SCHEMAS.values():
        assert json.loads(json.dumps(schema))["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def properties(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Every key of a schema and of what it defines."""
    for name, part in [("", schema), *schema["$defs"].items()]:
        for key, written in part.get("properties", {}).items():
            yield f"{name}.{key}", written
