"""What a pydantic model allows at a path: its keys, and which of its values are secrets."""

from __future__ import annotations

import types
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Secret, SecretBytes, SecretStr

from configuration.document import KeyPath


def branches(annotation: Any) -> Iterator[Any]:
    """The alternatives of a type: the members of a union, without their annotations."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from branches(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from branches(member)
    else:
        yield annotation


def is_model(annotation: Any) -> bool:
    """Whether this alternative is a pydantic model."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def is_secret(annotation: Any) -> bool:
    """Whether values of this alternative are never to be shown."""
    plain = get_origin(annotation) or annotation
    return isinstance(plain, type) and issubclass(plain, SecretStr | SecretBytes | Secret)


def keys_of(model: type[BaseModel]) -> dict[str, Any]:
    """The keys a model reads, as they are written, with the type of each."""
    return {(info.alias or name): info.annotation for name, info in model.model_fields.items()}


def inside(annotation: Any, key: str | int) -> Iterator[Any]:
    """The types a value may have one key further down."""
    for branch in branches(annotation):
        arguments = get_args(branch)
        if is_model(branch):
            known = keys_of(branch)
            if key in known:
                yield known[str(key)]
        elif get_origin(branch) is dict and len(arguments) == 2:
            yield arguments[1]
        elif arguments and get_origin(branch) in (list, tuple, set, frozenset):
            # Where one may be written without the list around it, its keys come at once.
            yield from [arguments[0]] if isinstance(key, int) else inside(arguments[0], key)


def models_at(annotation: Any, path: KeyPath) -> list[type[BaseModel]]:
    """The models that what is written at a path may be of."""
    found = types_at(annotation, path)
    return list(dict.fromkeys(branch for one in found for branch in branches(one) if is_model(branch)))


def keys_at(annotation: Any, path: KeyPath) -> list[str]:
    """The keys that may be written at a path, or in an item where there is a list; empty where any may."""
    found = [branch for one in types_at(annotation, path) for branch in branches(one)]
    items = [get_args(branch)[0] for branch in found if get_origin(branch) is list]
    models = [branch for one in [*found, *items] for branch in branches(one) if is_model(branch)]
    return list(dict.fromkeys(key for model in models for key in keys_of(model)))


def types_at(annotation: Any, path: KeyPath) -> list[Any]:
    """The types that what is written at a path may be of."""
    here = [annotation]
    for key in path:
        here = [found for one in here for found in inside(one, key)]
    return here


def secret_paths(annotation: Any, value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Where in a written value the secrets of its type are."""
    if any(is_secret(branch) for branch in branches(annotation)) and not isinstance(value, dict | list):
        if value is not None:
            yield path
        return
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        for found in inside(annotation, key):
            yield from secret_paths(found, item, (*path, key))


def suggestion(word: str, known: list[str]) -> str:
    """`Did you mean …? ` when something known is close, else nothing."""
    close = get_close_matches(word, known, n=1)
    return f"Did you mean {close[0]}? " if close else ""


def listed(names: list[str], *, most: int = 24) -> str:
    """Names as a sentence shows them."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "none") + more
