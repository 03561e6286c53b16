"""From rows to tickets: by the ticket's own field names, or by a mapping file."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from cli.ticket.rows import Row
from configuration.explain import in_words
from escalade.errors import Problem
from escalade.ticket import Severity, Ticket

_LISTS = ("tags", "links")
_NOT_WRITTEN = ("event_id", "opened_by")
FIELDS = tuple(name for name in Ticket.model_fields if name not in _NOT_WRITTEN)
"""What a row may say."""


@dataclass(frozen=True, slots=True)
class Read:
    """A ticket and the line it was read from."""

    line: int
    ticket: Ticket


def read_tickets(name: str, rows: Iterable[Row | Problem], given: dict[str, Any]) -> Iterator[Read | Problem]:
    """Tickets of rows that use the ticket's own names, or what is wrong with each.

    Args:
        name: what the file is called in problems.
        rows: from `read_rows`.
        given: fields for rows that do not say them.
    """
    for row in rows:
        if isinstance(row, Problem):
            yield row
        else:
            yield from _read(name, row, given)


def _read(name: str, row: Row, given: dict[str, Any]) -> Iterator[Read | Problem]:
    problems: list[Problem] = []
    fields: dict[str, Any] = {}
    labels: dict[str, Any] = {}
    for key, value in row.values.items():
        if value is None or value == "":
            continue
        if key.startswith("label."):
            labels[key.removeprefix("label.")] = value
        elif key not in FIELDS:
            problems.append(_unknown(name, row.line, key))
        else:
            fields[key] = _value(key, value)
    if labels:
        fields["labels"] = {**(fields.get("labels") or {}), **labels}
    fields = {**given, **fields}
    if "severity" in fields:
        severity = Severity.read(fields["severity"])
        if severity is None:
            found = f"{str(fields['severity'])[:40]!r} is no severity."
            problems.append(Problem(name, row.line, "severity", found, "Write sev1…sev5, P1…P5 or critical…info."))
        fields["severity"] = severity or Severity.SEV3
    if not str(fields.get("title", "")).strip():
        problems.append(Problem(name, row.line, "title", "There is no title.", "Say in a few words what is wrong."))
        fields["title"] = "untitled"
    if problems:
        yield from problems
        return
    identified = identify(fields, row.values)
    try:
        yield Read(row.line, Ticket.model_validate(identified))
    except ValidationError as error:
        yield from (of_validation(name, row.line, e) for e in error.errors())


def identify(fields: dict[str, Any], written: dict[str, Any]) -> dict[str, Any]:
    """Give a row ids made of its content, so that opening it twice is opening it once."""
    content = json.dumps(written, sort_keys=True, ensure_ascii=False, default=str)
    stamp = hashlib.sha256(content.encode()).hexdigest()[:32]
    return {**fields, "dedupe_key": fields.get("dedupe_key") or f"row:{stamp}", "event_id": f"row:{stamp}"}


def _value(key: str, value: Any) -> Any:
    if key in _LISTS and isinstance(value, str):
        return value.split()
    return value


def _unknown(name: str, line: int, key: str) -> Problem:
    near = difflib.get_close_matches(key, FIELDS, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    mend = f"{hint}Rename it, put it under labels (label.{key}), or use --mapping."
    return Problem(name, line, key, "A ticket has no such field.", mend)


def of_validation(name: str, line: int, error: Any) -> Problem:
    """A pydantic complaint as a problem of a row."""
    field = ".".join(map(str, error["loc"]))
    found, mend = in_words(error, Ticket)
    mends = {
        "opened_at": "Write it like 2026-03-01T09:00:00+01:00.",
        "labels": 'Write it like {"host": "db7"}.',
        "status": "Write new, pending, resolved or closed.",
    }
    return Problem(name, line, field, found, mends.get(field, mend))
