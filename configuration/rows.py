"""Rows of an export, read through a mapping: tickets of the good ones, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from configuration.explain import in_words
from configuration.mapping import OTHERWISE, RowMapping
from configuration.shape import listed, suggestion
from escalade.errors import InstantError, Problem
from escalade.ticket import Severity, Ticket

_LISTS = ("tags", "links")
_MENDS = {
    "opened_at": "Write it like 2026-03-01T09:00:00+01:00, or say its form under `dates:` in the mapping.",
    "status": "Map it under `values.status` to new, pending, resolved or closed.",
}


@dataclass(frozen=True, slots=True)
class MappedRow:
    """A row that became a ticket."""

    line: int
    fields: dict[str, Any]
    """The fields it gave, for a door that adds some of its own."""
    ticket: Ticket


@dataclass(slots=True)
class RowsRead:
    """What became of all rows."""

    tickets: list[MappedRow] = field(default_factory=list)
    """In the order in which each was first seen."""
    problems: list[Problem] = field(default_factory=list)


def read_rows(
    rows: Iterable[tuple[int, Mapping[str, Any]]],
    mapping: RowMapping,
    *,
    file: str,
    given: Mapping[str, Any] | None = None,
) -> RowsRead:
    """Turn rows into tickets.

    Args:
        rows: each with its line.
        mapping: which column says what.
        file: what to call the rows' file in problems.
        given: fields for rows that say nothing of them.
    """
    read = RowsRead()
    held = list(rows)
    missing = [column for column in mapping.wanted() if not any(column in values for _, values in held)]
    if held and missing:
        there = list(dict.fromkeys(column for _, values in held[:100] for column in values))
        for column in missing:
            mend = f"{suggestion(column, there)}Columns here: {listed(there, most=40)}."
            read.problems.append(Problem(file, held[0][0], column, f"No row has the column {column!r}.", mend))
        return read
    for line, values in _last_of_each(held, mapping, file, read.problems):
        fields, problems = _fields(line, values, mapping, file)
        fields = {**(given or {}), **fields}
        if not problems:
            try:
                read.tickets.append(MappedRow(line, fields, Ticket.model_validate(fields)))
            except ValidationError as error:
                problems = [_explained(file, line, detail) for detail in error.errors(include_url=False)]
        read.problems += problems
    return read


def _last_of_each(
    rows: list[tuple[int, Mapping[str, Any]]], mapping: RowMapping, file: str, problems: list[Problem]
) -> list[tuple[int, Mapping[str, Any]]]:
    if mapping.latest_by is None:
        return rows
    last: dict[str, tuple[int, Mapping[str, Any]]] = {}
    for line, values in rows:
        name = _text(values.get(mapping.latest_by), mapping)
        if name is None:
            mend = "Without it nobody can say which ticket the row belongs to: fill it in."
            problems.append(Problem(file, line, mapping.latest_by, "This row does not say its ticket.", mend))
        else:
            last[name] = (line, values)
    return list(last.values())


def _fields(
    line: int, values: Mapping[str, Any], mapping: RowMapping, file: str
) -> tuple[dict[str, Any], list[Problem]]:
    problems: list[Problem] = []
    fields: dict[str, Any] = {str(name): value for name, value in mapping.constants.items()}
    for name, columns in mapping.columns.items():
        texts = [text for column in columns if (text := _text(values.get(column), mapping)) is not None]
        if not texts:
            continue
        if name in _LISTS:
            fields[name] = texts
            continue
        text = ", ".join(texts)
        meanings = mapping.values.get(name, {})
        text = meanings.get(text, meanings.get(OTHERWISE, text))
        column = " and ".join(columns)
        try:
            fields[name] = _meant(name, text, mapping)
        except InstantError as error:
            problems.append(Problem(file, line, column, error.message, _MENDS["opened_at"]))
        except ValueError:
            mend = "Map it under `values.severity` to sev1…sev5."
            problems.append(Problem(file, line, column, f"{text[:40]!r} is no severity.", mend))
    labels = {label: text for label, column in mapping.labels.items() if (text := _text(values.get(column), mapping))}
    if labels:
        fields["labels"] = labels
    if "title" not in fields:
        columns = mapping.columns["title"]
        found = "This row has no title."
        problems.append(Problem(file, line, " and ".join(columns), found, "Fill it in, or give `constants.title`."))
    return fields, problems


def _meant(name: str, text: str, mapping: RowMapping) -> Any:
    if name == "opened_at" and "opened_at" in mapping.dates:
        return mapping.dates["opened_at"].read(text)
    if name == "severity":
        severity = Severity.read(text)
        if severity is None:
            raise ValueError(text)
        return severity
    return text


def _text(value: Any, mapping: RowMapping) -> str | None:
    """What a cell says; None when that is nothing."""
    if value is None or isinstance(value, dict | list):
        return None
    text = str(value).strip()
    return None if not text or text in mapping.unknown else text


def _explained(file: str, line: int, detail: Any) -> Problem:
    name = str(detail["loc"][0])
    found, mend = in_words(detail, Ticket)
    return Problem(file, line, name, found, _MENDS.get(name, f"{mend} Or map it."))
