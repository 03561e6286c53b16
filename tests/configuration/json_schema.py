"""As much of JSON Schema as our schemas use: the places of a value that a schema refuses.

An unknown keyword is an error, so nothing of a schema is passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_TOLD = {
    "$schema", "$defs", "title", "description", "default", "examples", "format", "writeOnly", "if", "then",
}  # fmt: skip
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def refusals(value: Any, schema: Schema, root: Schema | None = None, path: str = "") -> Iterator[str]:
    """Where a value is not what its schema says, and by which keyword."""
    root = root or schema
    for keyword, wanted in schema.items():
        if keyword not in _TOLD:
            yield from _CHECKS[keyword](value, wanted, schema, root, path)
    if "if" in schema and not any(refusals(value, schema["if"], root, path)):
        yield from refusals(value, schema["then"], root, path)


def _ref(value: Any, wanted: str, _: Schema, root: Schema, path: str) -> Iterator[str]:
    found: Any = root
    for part in wanted.removeprefix("#/").split("/"):
        found = found[part]
    yield from refusals(value, found, root, path)


def _type(value: Any, wanted: str | list[str], _: Schema, __: Schema, path: str) -> Iterator[str]:
    if not any(_is(value, name) for name in ([wanted] if isinstance(wanted, str) else wanted)):
        yield f"{path} type"


def _is(value: Any, name: str) -> bool:
    return isinstance(value, _TYPES[name]) and not (isinstance(value, bool) and name in ("integer", "number"))


def _any_of(value: Any, wanted: list[Schema], _: Schema, root: Schema, path: str) -> Iterator[str]:
    if all(any(refusals(value, one, root, path)) for one in wanted):
        yield f"{path} anyOf"


def _all_of(value: Any, wanted: list[Schema], _: Schema, root: Schema, path: str) -> Iterator[str]:
    for one in wanted:
        yield from refusals(value, one, root, path)


def _properties(value: Any, wanted: dict[str, Schema], _: Schema, root: Schema, path: str) -> Iterator[str]:
    for key in value.keys() & wanted.keys() if isinstance(value, dict) else ():
        yield from refusals(value[key], wanted[key], root, f"{path}.{key}")


def _pattern_properties(value: Any, wanted: dict[str, Schema], _: Schema, root: Schema, path: str) -> Iterator[str]:
    for pattern, schema in wanted.items():
        for key in value if isinstance(value, dict) else ():
            if re.search(pattern, key):
                yield from refusals(value[key], schema, root, f"{path}.{key}")


def _additional(value: Any, wanted: bool | Schema, schema: Schema, root: Schema, path: str) -> Iterator[str]:  # noqa: FBT001 - JSON Schema's own
    for key in value if isinstance(value, dict) else ():
        patterns = schema.get("patternProperties", {})
        if key in schema.get("properties", {}) or any(re.search(pattern, key) for pattern in patterns):
            continue
        if wanted is False:
            yield f"{path}.{key} additionalProperties"
        elif isinstance(wanted, dict):
            yield from refusals(value[key], wanted, root, f"{path}.{key}")


def _property_names(value: Any, wanted: Schema, _: Schema, root: Schema, path: str) -> Iterator[str]:
    for key in value if isinstance(value, dict) else ():
        yield from refusals(key, wanted, root, f"{path}.{key}")


def _required(value: Any, wanted: list[str], _: Schema, __: Schema, path: str) -> Iterator[str]:
    yield from (f"{path}.{key} required" for key in wanted if isinstance(value, dict) and key not in value)


def _items(value: Any, wanted: Schema, _: Schema, root: Schema, path: str) -> Iterator[str]:
    for n, item in enumerate(value if isinstance(value, list) else ()):
        yield from refusals(item, wanted, root, f"{path}[{n}]")


def _simple(keyword: str, kinds: tuple[type, ...], holds: Any) -> Any:
    def check(value: Any, wanted: Any, _: Schema, __: Schema, path: str) -> Iterator[str]:
        if isinstance(value, kinds) and not holds(value, wanted):
            yield f"{path} {keyword}"

    return check


_CHECKS: dict[str, Any] = {
    "$ref": _ref,
    "type": _type,
    "anyOf": _any_of,
    "allOf": _all_of,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "propertyNames": _property_names,
    "required": _required,
    "items": _items,
    "enum": _simple("enum", (object,), lambda value, wanted: value in wanted),
    "const": _simple("const", (object,), lambda value, wanted: value == wanted),
    "pattern": _simple("pattern", (str,), lambda value, wanted: re.search(wanted, value)),
    "minLength": _simple("minLength", (str,), lambda value, wanted: len(value) >= wanted),
    "maxLength": _simple("maxLength", (str,), lambda value, wanted: len(value) <= wanted),
    "minItems": _simple("minItems", (list,), lambda value, wanted: len(value) >= wanted),
    "maxItems": _simple("maxItems", (list,), lambda value, wanted: len(value) <= wanted),
    "minProperties": _simple("minProperties", (dict,), lambda value, wanted: len(value) >= wanted),
    "minimum": _simple("minimum", (int, float), lambda value, wanted: value >= wanted),
    "maximum": _simple("maximum", (int, float), lambda value, wanted: value <= wanted),
}
