"""What pydantic found, in the words of the product: where, what was found, what is allowed, how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from configuration.document import Document, KeyPath, Redactor, has_key
from configuration.shape import keys_at, listed, suggestion
from escalade.errors import EscaladeError, Problem
from escalade.written import shown

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

_SIZES: Final = (
    *("string_too_short", "string_too_long", "too_short", "too_long"),
    *("greater_than_equal", "greater_than", "less_than_equal", "less_than"),
)


@dataclass(frozen=True, slots=True)
class Explained:
    """One error and the path it is about."""

    path: KeyPath
    problem: Problem
    raised: BaseException | None = None
    """What a check of ours raised; None where pydantic itself found it."""
    unread: bool = False
    """Whether it is a key that nothing reads."""


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
    raised: dict[tuple[KeyPath, str], BaseException | None] = {}
    unread: set[KeyPath] = set()
    for detail in error.errors(include_url=False):
        below = _written_path(detail, document.at(at))
        what, mend = _sentences(detail, model, below, written=document.at((*at, *below)), show=hide is None)
        mends = found.setdefault(((*at, *below), what), [])
        error_of_ours = detail.get("ctx", {}).get("error")
        if detail["type"] == "extra_forbidden":
            unread.add((*at, *below))
        raised[(*at, *below), what] = error_of_ours if isinstance(error_of_ours, BaseException) else None
        if mend not in mends:  # the alternatives of a union each say what they would take
            mends.append(mend)
    clean = hide.clean if hide else str
    return [
        Explained(
            path, document.problem(path, clean(what), clean(" Or: ".join(mends))), raised[path, what], path in unread
        )
        for (path, what), mends in found.items()
    ]


def in_words(detail: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    """What pydantic found in something that is no file: what is wrong, and how to mend it."""
    return _sentences(detail, model, tuple(detail["loc"]), written=detail["input"], show=True)


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


def _sentences(
    detail: ErrorDetails, model: type[BaseModel], path: KeyPath, *, written: Any, show: bool
) -> tuple[str, str]:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    given = _shown(value) if show else "The value"
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
        return f"{given} is not possible here.", f"{hint}Allowed: {expected}."
    if kind == "string_pattern_mismatch":
        mend = _NAMES if "a-z0-9" in str(context.get("pattern")) else f"It has to match {context.get('pattern')}."
        return f"{given} is not a name.", mend
    if kind in _SIZES:
        return _size(kind, context, _shown(written) if show else "The value")
    if kind in _EXPECTED:
        return f"{given} is not possible here.", _EXPECTED[kind]
    return f"{given} is not possible here.", _sentence(detail["msg"].replace("Input should", "It should"))


def _size(kind: str, context: dict[str, Any], given: str) -> tuple[str, str]:
    """What is too small, too large, too short or too long."""
    least, most = (context.get(name) for name in ("min_length", "max_length"))
    match kind:
        case "string_too_short" if least == 1:
            return "This text is empty.", "Write something."
        case "too_short" if least == 1:
            return "Nothing is given here.", "Write at least one."
        case "string_too_short":
            return f"{given} is too short.", f"Write {least} characters or more."
        case "string_too_long":
            return f"{given} is too long.", f"Write at most {most} characters."
        case "too_short":
            return f"{given} is too short.", f"Write {least} or more."
        case "too_long":
            return f"These are {context.get('actual_length')}.", f"Write at most {most}."
    ((word, bound), *_) = context.items()
    mends = {"ge": "Give {} or more.", "gt": "Give more than {}.", "le": "Give {} or less.", "lt": "Give less than {}."}
    return f"{given} is not possible here.", mends[word].format(bound)


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
    text = shown(value)
    return text if isinstance(value, str) else text[:1].upper() + text[1:]
