"""What pydantic found, in the words of the product: where, what was found, what is allowed, how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from configuration.document import Document, KeyPath, Redactor, has_key
from configuration.shape import keys_at, listed, suggestion
from escalade.errors import EscaladeError, Problem

_NAMES: Final = "Use lower-case letters, digits, `.`, `_` and `-`, at most 64, beginning with a letter or digit."
_INSTANT: Final = "Write a date and time like 2026-03-01T02:00 or 2026-03-01T02:00+01:00."
_EXPECTED: Final = {
    "string_type": "Write a text; quotes make one of a number.",
    "dict_type": "Write `key: value` lines below it.",
    "model_type": "Write `key: value` lines below it.",
    "model_attributes_type": "Write `key: value` lines below it.",
    "list_type": "Write a list: `[one, two]` or lines that begin with `-`.",
    "int_type": "Write a whole number.",
    "int_parsing": "Write a whole number.",
    "int_from_float": "Write a whole number.",
    "float_type": "Write a number.",
    "float_parsing": "Write a number.",
    "bool_type": "Write true or false.",
    "bool_parsing": "Write true or false.",
    "date_type": "Write a date like 2026-01-05.",
    "date_parsing": "Write a date like 2026-01-05.",
    "date_from_datetime_parsing": "Write a date like 2026-01-05.",
    "date_from_datetime_inexact": "Write a date like 2026-01-05.",
    "tuple_type": "Write a list: `[one, two]` or lines that begin with `-`.",
    "datetime_type": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "timezone_naive": _INSTANT,
    "timezone_aware": _INSTANT,
    "time_type": "Write a time of day like 09:00.",
    "time_parsing": "Write a time of day like 09:00.",
}


@dataclass(frozen=True, slots=True)
class Explained:
    """One error and the path it is about."""

    path: KeyPath
    problem: Problem


def explain(
    error: ValidationError,
    document: Document,
    model: type[BaseModel],
    *,
    at: KeyPath = (),
    hide: Redactor | None = None,
) -> list[Explained]:
    """Turn a validation error into problems of a file, one for each value.

    Args:
        error: what pydantic raised.
        document: the file whose values were validated.
        model: the model they were validated with.
        at: where in the file the validated part begins.
        hide: secrets; when given, no value is repeated at all.
    """
    found: dict[tuple[KeyPath, str], list[str]] = {}
    for detail in error.errors(include_url=False):
        below = _written_path(detail, document.at(at))
        what, mend = _sentences(detail, model, below, show=hide is None)
        mends = found.setdefault(((*at, *below), what), [])
        if mend not in mends:  # the alternatives of a union each say what they would take
            mends.append(mend)
    clean = hide.clean if hide else str
    return [
        Explained(path, document.problem(path, clean(what), clean(" Or: ".join(mends))))
        for (path, what), mends in found.items()
    ]


def _written_path(detail: ErrorDetails, data: Any) -> KeyPath:
    """The location without what pydantic adds to it: union branches, `[key]`, parts of what a validator made."""
    path: list[str | int] = []
    for n, key in enumerate(detail["loc"]):
        if has_key(data, key):
            data = data[key]
        elif not (detail["type"] == "missing" and n == len(detail["loc"]) - 1):
            continue
        path.append(key)
    return tuple(path)


def _sentences(detail: ErrorDetails, model: type[BaseModel], path: KeyPath, *, show: bool) -> tuple[str, str]:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    shown = _shown(value) if show else "The value"
    if kind == "extra_forbidden":
        allowed = keys_at(model, path[:-1])
        return (
            f"{str(path[-1])[:60]!r} is no key here.",
            f"{suggestion(str(path[-1]), allowed)}Allowed: {listed(allowed)}.",
        )
    if kind == "missing":
        return "This key is missing.", "Add it."
    if kind in ("value_error", "assertion_error"):
        return _raised(context.get("error"), detail["msg"])
    if kind in ("literal_error", "enum"):
        expected = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
        hint = suggestion(str(value), expected.split(", ")) if show else ""
        return f"{shown} is not possible here.", f"{hint}Allowed: {expected}."
    if kind == "string_pattern_mismatch":
        mend = _NAMES if "a-z0-9" in str(context.get("pattern")) else f"It has to match {context.get('pattern')}."
        return f"{shown} is not a name.", mend
    if kind == "too_short":
        return f"{shown} is too short here.", f"Write at least {context.get('min_length')}."
    if kind == "too_long":
        return f"{shown} is too long here.", f"Write at most {context.get('max_length')}."
    if kind in _EXPECTED:
        return f"{shown} is not possible here.", _EXPECTED[kind]
    return f"{shown} is not possible here.", _sentence(detail["msg"].replace("Input should", "It should"))


def _raised(error: object, message: str) -> tuple[str, str]:
    """What a validator of ours raised: `what is wrong; how to mend it`, or an error that carries both."""
    if isinstance(error, EscaladeError):
        return error.message, error.mend or "Change it."
    what, _, mend = str(error if error is not None else message).partition("; ")
    return _sentence(what), _sentence(mend or "change it")


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _shown(value: Any) -> str:
    if value is None:
        return "Nothing"
    if isinstance(value, dict):
        return "A mapping"
    if isinstance(value, list):
        return "A list"
    text = repr(value)
    return text if len(text) <= 62 else f"{text[:60]}…"
