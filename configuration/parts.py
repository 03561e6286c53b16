"""Validating a file by parts: one wrong key is told without hiding what else is wrong."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from configuration.document import Document, KeyPath
from configuration.explain import explain
from escalade.errors import Problem

Model = TypeVar("Model", bound=BaseModel)
_ROUNDS = 4


@dataclass(slots=True)
class Parts(Generic[Model]):
    """What could be made of a file."""

    value: Model | None
    """The file without its broken parts; None when too little is left of it."""
    broken: set[KeyPath] = field(default_factory=set)
    """What was left out."""
    problems: list[Problem] = field(default_factory=list)

    def concerns(self, path: KeyPath) -> bool:
        """Whether something at, above or below a path was left out: what is said of it would mislead."""
        return any(path[: len(gone)] == gone or gone[: len(path)] == path for gone in self.broken)


def validate_parts(
    document: Document,
    model: type[Model],
    *,
    maps: tuple[str, ...] = (),
    stand_ins: dict[str, Any] | None = None,
) -> Parts[Model]:
    """Validate a file; when it is wrong, say all of it and keep the rest for the checks across files.

    Args:
        document: the file.
        model: what it may hold.
        maps: keys whose entries are left out one by one, whole, when something in them is wrong.
        stand_ins: what stands for required keys that are missing or broken.
    """
    try:
        return Parts(model.model_validate(document.data))
    except ValidationError as error:
        explained = explain(error, document, model)
    parts: Parts[Model] = Parts(None, problems=[one.problem for one in explained])
    data = copy.deepcopy(document.data)
    paths = [one.path for one in explained]
    for _ in range(_ROUNDS):
        for path in paths:
            cut = _cut(data, path, maps)
            if cut:
                parts.broken.add(cut)
        for key, value in (stand_ins or {}).items():
            emptied = isinstance(data, dict) and not data.get(key) and any(cut[0] == key for cut in parts.broken if cut)
            if emptied or (isinstance(data, dict) and key not in data):
                data[key] = value
                parts.broken.add((key,))
        try:
            parts.value = model.model_validate(data)
            break
        except ValidationError as error:
            again = [one.path for one in explain(error, document, model)]
            if again == paths:
                break
            paths = again
    return parts


def _cut(data: Any, path: KeyPath, maps: tuple[str, ...]) -> KeyPath:
    """Leave out the smallest thing that can be: an entry of a map whole, else the last key that is not a list's."""
    if path and path[0] in maps:
        path = path[:2]
    while path and isinstance(path[-1], int):
        path = path[:-1]
    around = data
    for key in path[:-1]:
        try:
            around = around[key]
        except (KeyError, IndexError, TypeError):
            return path  # gone with something around it
    if path and isinstance(around, dict):
        around.pop(path[-1], None)
    return path
