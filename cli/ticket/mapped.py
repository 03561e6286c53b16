"""From rows to tickets through a mapping file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cli.ticket.reading import Read, identify
from cli.ticket.rows import Row
from configuration import load_mapping
from configuration import read_rows as read_through
from escalade.errors import Problem


def read_mapped(name: str, rows: Iterable[Row | Problem], mapping: Path, given: dict[str, Any]) -> list[Read | Problem]:
    """Tickets of rows, read through a mapping, and what is wrong with the others.

    Args:
        name: what the file is called in problems.
        rows: from `cli.ticket.rows.read_rows`.
        mapping: the mapping file.
        given: fields for rows that say nothing of them.

    Raises:
        ConfigurationError: when the mapping itself is wrong.
    """
    rules = load_mapping(mapping)
    good: list[tuple[int, dict[str, Any]]] = []
    found: list[Read | Problem] = []
    for row in rows:
        if isinstance(row, Problem):
            found.append(row)
        else:
            good.append((row.line, row.values))
    read = read_through(good, rules, file=name, given=given)
    for mapped in read.tickets:
        said = mapped.ticket.model_dump(mode="json", exclude={"opened_by", "event_id"})
        ids = identify({"dedupe_key": mapped.ticket.dedupe_key}, said)
        found.append(Read(mapped.line, mapped.ticket.model_copy(update=ids)))
    return [*found, *read.problems]
