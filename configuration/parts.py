"""Validating a file by parts: one wrong key is told without hiding what else is wrong."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from configuration.blame import hidden, is_its_own
from configuration.document import Document, KeyPath, has_key
from configuration.explain import Explained, explain
from configuration.shape import types_at
from escalade.errors import Problem
from escalade.policy.clocks import WhomText
from escalade.policy.model import TargetText

Model = TypeVar("Model", bound=BaseModel)
_ROUNDS = 12


@dataclass(slots=True)
class Parts(Generic[Model]):
    """What could be made of a file."""

    value: Model | None
    """The file without its broken parts; None when too little is left of it."""
    broken: set[KeyPath] = field(default_factory=set)
    """What was left out."""
    problems: list[Problem] = field(default_factory=list)
    unread: set[KeyPath] = field(default_factory=set)
    """Keys that nothing reads: leaving them out changes nothing."""

    def concerns(self, path: KeyPath) -> bool:
        """Whether something at, above or below a path was left out: what is said of it would mislead."""
        return any(path[: len(gone)] == gone or gone[: len(path)] == path for gone in self.broken - self.unread)

    def tell(self, explained: Iterable[Explained]) -> None:
        """Add problems, each once."""
        for one in explained:
            if one.unread:
                self.unread.add(one.path)
            if one.problem not in self.problems:
                self.problems.append(one.problem)


def validate_parts(document: Document, model: type[Model], *, stand_ins: dict[str, Any] | None = None) -> Parts[Model]:
    """Validate a file; when it is wrong, say all of it and keep the rest for the checks across files.

    What is wrong is left out: first the value alone, then, while the rest is still not valid, what is around it. What
    is found only then is told as well, unless it comes from what was left out.

    Args:
        document: the file.
        model: what it may hold.
        stand_ins: what stands for required keys of the file that are missing or broken.
    """
    try:
        return Parts(model.model_validate(document.data))
    except ValidationError as error:
        explained = explain(error, document, model)
    parts: Parts[Model] = Parts(None)
    parts.tell([*explained, *hidden(explained, document, model)])
    data = copy.deepcopy(document.data)
    paths = [one.path for one in explained]
    for _ in range(_ROUNDS):
        cut_now: set[KeyPath] = set()
        for path in paths:
            # A second wrong item of a list that is gone already is no reason to leave out what is around the list.
            if any(path[: len(gone)] == gone for gone in cut_now):
                continue
            cut_now.add(path if path not in parts.broken and _stands_in(data, path, model) else _cut(data, path))
        parts.broken |= cut_now
        for key, value in (stand_ins or {}).items():
            cut = any(gone[:1] == (key,) for gone in parts.broken)
            if isinstance(data, dict) and (key not in data or (cut and not data[key])):
                data[key] = value
                parts.broken.add((key,))
        try:
            parts.value = model.model_validate(data)
            break
        except ValidationError as error:
            explained = explain(error, document, model)
            parts.tell(one for one in explained if is_its_own(one, parts.broken, model))
            paths = [one.path for one in explained]
    return parts


def _stands_in(data: Any, path: KeyPath, model: type[BaseModel]) -> bool:
    """Let another name stand for a broken one in a list of names, so that the others keep their places.

    Returns:
        Whether there is such a list.
    """
    if not path or not isinstance(path[-1], int):
        return False
    types = types_at(model, path)
    if TargetText in types:
        stand_in = f"person:unknown-{path[-1]}"
    elif WhomText in types:
        stand_in = "owner"
    else:
        return False
    around = data
    for key in path[:-1]:
        around = around[key] if has_key(around, key) else None
    if not has_key(around, path[-1]):
        return False
    around[path[-1]] = stand_in
    return True


def _cut(data: Any, path: KeyPath) -> KeyPath:
    """Leave out the smallest thing around a path that is there: a key and its value, never an item of a list.

    Items of lists are named by their position, so leaving one out would move the places of the others.
    """
    for length in range(len(path), 0, -1):
        around = data
        for key in path[: length - 1]:
            around = around[key] if has_key(around, key) else None
        if isinstance(around, dict) and path[length - 1] in around:
            del around[path[length - 1]]
            return path[:length]
    return path
