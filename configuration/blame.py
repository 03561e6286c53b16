"""Whether a mistake is one of its own, or only what leaving out another one brought about.

A check of several keys together does not run while one of them is broken. What it says once the broken one is left
out is worth telling, unless it looked at just that.
"""

from __future__ import annotations

import copy
import types
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from configuration.document import Document, KeyPath, has_key
from configuration.explain import Explained, explain
from configuration.shape import keys_at, models_at

_DEEP = 4


def is_its_own(one: Explained, gone: Iterable[KeyPath], model: type[BaseModel]) -> bool:
    """Whether an error would be there with the parts that were left out, had they been right.

    Args:
        one: what was found without them.
        gone: what was left out.
        model: the model of the file.
    """
    if one.raised is None:
        return False
    read = _names_read(one.raised)
    below = [path for path in gone if path[: len(one.path)] == one.path and len(path) > len(one.path)]
    return bool(below) and not any(_is_read(path, read, model) for path in below)


def _is_read(path: KeyPath, read: set[str], model: type[BaseModel]) -> bool:
    """Whether what was left out is something that these names reach."""
    *around, last = path
    allowed = keys_at(model, tuple(around))
    if allowed:  # of a key that nothing reads nothing depends
        # Code that goes through the fields, whatever they are called, names none of them.
        return last in allowed and not read.isdisjoint({str(last), "model_fields", "getattr"})
    # An entry of a map is reached by the key of the map.
    field = next((key for key in reversed(around) if isinstance(key, str)), "")
    return not field or field in read


def _names_read(error: BaseException) -> set[str]:
    """The names that the code which raised an error uses: among them every key it looks at."""
    found: set[str] = set()
    seen: set[types.CodeType] = set()
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        scope = {**frame.f_globals, **vars(type(frame.f_locals.get("self")))}
        found |= set(_names(frame.f_code, scope, seen, _DEEP))
        trace = trace.tb_next
    return found | {name.rstrip("_") for name in found}


def _names(code: types.CodeType, scope: dict[str, object], seen: set[types.CodeType], deep: int) -> Iterator[str]:
    if code in seen or not deep:
        return
    seen.add(code)
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _names(inner, scope, seen, deep)
    for name in code.co_names:
        called = scope.get(name)
        called = called.fget if isinstance(called, property) else called
        if isinstance(called, types.FunctionType) and called.__module__.startswith(("escalade", "configuration")):
            yield from _names(called.__code__, {**scope, **called.__globals__}, seen, deep - 1)


def hidden(explained: list[Explained], document: Document, model: type[BaseModel]) -> Iterator[Explained]:
    """What is wrong with a mapping of the file besides its broken values, each mapping looked at by itself.

    Args:
        explained: the errors that are known.
        document: the file.
        model: what it may hold.
    """
    gone = {one.path for one in explained}
    data = copy.deepcopy(document.data)
    for path in gone:
        around = _at(data, path[:-1])
        if path and isinstance(around, dict):
            around.pop(path[-1], None)
    for place in sorted({path[:n] for path in gone for n in range(1, len(path))} - gone, key=str):
        rest, found = _at(data, place), models_at(model, place)
        if not isinstance(rest, dict) or len(found) != 1:
            continue
        try:
            found[0].model_validate(rest)
        except ValidationError as error:
            # Where a value is still wrong deeper down, the checks of this mapping have not run.
            here = [one for one in explain(error, document, found[0], at=place) if one.path == place]
            yield from (one for one in here if is_its_own(one, gone, model))


def _at(data: Any, path: KeyPath) -> Any:
    for key in path:
        if not has_key(data, key):
            return None
        data = data[key]
    return data
