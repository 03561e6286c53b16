"""Lengths of a tier as people write them: durations, or business days where the tier has a calendar."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from escalade.time.budgets import Budget, parse_budget
from escalade.time.durations import LONGEST, NEVER, format_duration, parse_duration

_EXAMPLES: Final = ["90s", "5m", "1h30m", "2d", "2bd", "1bd 4h", "PT15M"]


def _length(value: Any) -> timedelta | Budget:
    """A duration where it is one, a budget only where business days are in it."""
    if isinstance(value, Budget) or (isinstance(value, str) and "bd" in value):
        budget = parse_budget(value)
        if budget.days < 0 or budget.time < timedelta(0):
            raise ValueError(f"{value} is negative; a length here counts forward")
        if budget.days * timedelta(days=1) > LONGEST:
            raise ValueError(f"{value} is longer than ten years; write a shorter one")
        return budget if budget.days else budget.time
    return parse_duration(value)


def write_length(value: timedelta | Budget) -> str:
    """A length the way people write it."""
    return str(value) if isinstance(value, Budget) else format_duration(value)


def is_short(value: object) -> bool:
    """Whether a length is shorter than a second."""
    if isinstance(value, Budget):
        return not value.days and value.time < timedelta(seconds=1)
    return isinstance(value, timedelta) and value < timedelta(seconds=1)


def _limit(value: Any) -> Any:
    return NEVER if value == NEVER else _length(value)


Length = Annotated[
    timedelta | Budget,
    BeforeValidator(_length, json_schema_input_type=str),
    PlainSerializer(write_length, return_type=str),
    WithJsonSchema({"type": "string", "examples": _EXAMPLES}),
]
"""A pydantic field type: a duration, or business days (`2bd`, `1bd 4h`) where there is a calendar."""

TierLimit = Annotated[
    timedelta | Budget | Literal["never"],
    BeforeValidator(_limit, json_schema_input_type=str),
    PlainSerializer(lambda v: v if v == NEVER else write_length(v), return_type=str),
    WithJsonSchema({"type": "string", "examples": [*_EXAMPLES, "never"]}),
]
"""A pydantic field type: a length, or `never`."""
