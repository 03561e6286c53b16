"""JSON Schemas of everything people write, so that editors complete keys and mark mistakes while one types.

Titles, types and bounds come from the models, the descriptions from their docstrings, and the settings of channels
and steps from whatever is installed.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from pydantic import BaseModel

from configuration.files import ChannelBlock, EscaladeFile, PeopleFile, ScheduleFile
from configuration.maintenance import MaintenanceFile
from configuration.mapping import RowMapping
from configuration.references import REFERENCE
from configuration.shape import branches, is_model, keys_of
from escalade.extension import Channel, Step
from escalade.policy.model import PolicySpec, StepSpec
from escalade.time.calendar import CalendarSpec

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
FILES: Final[dict[str, type[BaseModel]]] = {
    "escalade.schema.json": EscaladeFile,
    "people.schema.json": PeopleFile,
    "policy.schema.json": PolicySpec,
    "schedule.schema.json": ScheduleFile,
    "calendar.schema.json": CalendarSpec,
    "maintenance.schema.json": MaintenanceFile,
    "mapping.schema.json": RowMapping,
}
"""What `escalade schema` writes, and the model of each."""

Schema = dict[str, Any]


def schemas(channels: Mapping[str, type[Channel]], steps: Mapping[str, type[Step]]) -> dict[str, Schema]:
    """The JSON Schema of every kind of file, by the name it is written under.

    Args:
        channels: the kinds of channel that exist, by what `use:` says.
        steps: the steps that exist, by what `use:` says.
    """
    made = {name: _schema(model) for name, model in FILES.items()}
    shared = made["escalade.schema.json"]
    settings = {use: kind.Settings for use, kind in channels.items()}
    shared["$defs"][ChannelBlock.__name__] = _channel(shared["$defs"], settings)
    policy = made["policy.schema.json"]
    models = {use: step for use, step in steps.items() if is_model(step)}
    policy["$defs"][StepSpec.__name__] |= _step(policy["$defs"], models)
    return made


def _schema(model: type[BaseModel]) -> Schema:
    schema = model.model_json_schema(by_alias=True)
    schema.setdefault("$defs", {})
    _describe(model, schema, schema["$defs"])
    _close(schema)
    return {"$schema": _DIALECT, **schema}


def _close(schema: Any) -> None:
    """Names that do not match the pattern of a map's keys are no names: pydantic leaves that out."""
    if isinstance(schema, dict):
        if "patternProperties" in schema:
            schema.setdefault("additionalProperties", False)
        for inner in schema.values():
            _close(inner)
    elif isinstance(schema, list):
        for inner in schema:
            _close(inner)


def _channel(definitions: Schema, settings: Mapping[str, type[BaseModel]]) -> Schema:
    """One alternative for each kind of channel: its `use`, and the settings it has."""
    choices = []
    for use, model in sorted(settings.items()):
        part = _part(definitions, model, f"{use}-channel")
        properties = {key: _or_reference(value) for key, value in part["properties"].items()}
        part["properties"] = {"use": {"const": use, "description": part.get("description", "")}, **properties}
        part["required"] = ["use", *part.get("required", [])]
        choices.append({"if": _uses(use), "then": part})
    kinds = {"use": {"enum": sorted(settings), "description": "What kind of channel it is."}}
    base: Schema = {"type": "object", "properties": kinds, "required": ["use"]}
    return {**base, "description": inspect.getdoc(ChannelBlock), **({"allOf": choices} if choices else {})}


def _or_reference(schema: Schema) -> Schema:
    """A setting is also given by a reference, and a secret only so."""
    reference = {"type": "string", "pattern": REFERENCE}
    if schema.get("writeOnly"):
        return {**schema, "pattern": REFERENCE}
    if schema.get("type") == "array" and schema.get("items", {}).get("writeOnly"):
        return {**schema, "items": {**schema["items"], "pattern": REFERENCE}}
    told: Schema = {key: schema[key] for key in ("title", "description", "default") if key in schema}
    return {**told, "anyOf": [schema, reference]}


def _step(definitions: Schema, models: Mapping[str, Any]) -> Schema:
    """For each step, what its `with:` may hold."""
    choices = []
    for use, model in sorted(models.items()):
        part = _part(definitions, model, f"{use}-step")
        choices.append({"if": _uses(use), "then": {"properties": {"with": part}}})
    return {"allOf": choices} if choices else {}


def _uses(use: str) -> Schema:
    return {"properties": {"use": {"const": use}}, "required": ["use"]}


def _part(definitions: Schema, model: type[BaseModel], prefix: str) -> Schema:
    """The schema of an extension's model; what it defines moves under names that cannot clash with ours."""
    part = model.model_json_schema(by_alias=True, ref_template=f"#/$defs/{prefix}-{{model}}")
    inner = part.pop("$defs", {})
    _describe(model, part, inner)
    definitions.update({f"{prefix}-{name}": schema for name, schema in inner.items()})
    part.setdefault("properties", {})
    if model.model_config.get("extra") != "allow":
        part["additionalProperties"] = False
    return part


def _describe(model: type[BaseModel], schema: Schema, definitions: Schema) -> None:
    """Put the docstrings of attributes where the schema has no description."""
    for one in _models(model):
        place = schema if one is model else definitions.get(one.__name__, {})
        for base in reversed(one.__mro__):
            if is_model(base) and base is not BaseModel:
                for name, text in _attribute_docs(base).items():
                    if written := place.get("properties", {}).get(name):
                        written.setdefault("description", text)


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    seen: list[type[BaseModel]] = []
    waiting = [model]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.append(one)
            yield one
            waiting += [found for annotation in keys_of(one).values() for found in _inside(annotation)]


def _inside(annotation: Any) -> Iterator[type[BaseModel]]:
    for branch in branches(annotation):
        if is_model(branch):
            yield branch
        for argument in getattr(branch, "__args__", ()):
            yield from _inside(argument)


def _attribute_docs(model: type[BaseModel]) -> dict[str, str]:
    """The texts below the fields of a class, by the key each field is written as."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(model)))
    except (OSError, TypeError, SyntaxError):
        return {}  # a class made at run time has no source
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    found = {}
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            info = model.model_fields.get(field.target.id)
            if info and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str):
                found[info.alias or field.target.id] = inspect.cleandoc(text.value.value)
    return found
