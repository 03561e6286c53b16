"""The journal as files: text for people, JSON Lines for programs, CSV for spreadsheets."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from cli.render.plain import one_line
from cli.streams import takes_everything
from escalade.record import format_exact, render
from store import StoredEntry

COLUMNS = (
    "stream",
    "seq",
    "at",
    "kind",
    "actor_kind",
    "actor",
    "via",
    "claimed",
    "what",
    "why",
    "data",
    "life",
    "entry_id",
    "hash",
    "erased",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def stored_json(stored: StoredEntry) -> dict[str, Any]:
    """An entry with its place in the chain, as programs read it. The instant is exact: it is what was hashed."""
    entry = stored.entry.model_dump(mode="json")
    entry["at"] = format_exact(stored.entry)
    return {"seq": stored.seq, "hash": stored.hash, "erased": stored.erased, **entry}


def write_export(entries: Iterable[StoredEntry], *, form: str, target: str | None) -> int:
    """Write entries and say how many.

    Args:
        entries: in order.
        form: `text`, `jsonl` or `csv`.
        target: a file that does not exist yet; standard output when None.

    Raises:
        OSError: when it cannot be written; nothing half written stays behind.
    """
    if target is None:
        return _write(entries, form, sys.stdout)
    path = Path(target)
    if path.exists():
        raise FileExistsError(target)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("x", encoding="utf-8", newline="") as file:
            count = _write(entries, form, file)
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
    return count


def _write(entries: Iterable[StoredEntry], form: str, file: TextIO) -> int:
    write = {"text": _text, "jsonl": _jsonl, "csv": _csv}[form]
    return write(entries, file)


def _text(entries: Iterable[StoredEntry], file: TextIO) -> int:
    count, stream = 0, None
    for stored in entries:
        if stored.entry.stream != stream:
            stream = stored.entry.stream
            file.write(f"{'' if count == 0 else chr(10)}{stream}\n")
        file.write(f"  {one_line(render(stored.entry))}\n")
        count += 1
    return count


def _jsonl(entries: Iterable[StoredEntry], file: TextIO) -> int:
    count, escaped = 0, not takes_everything(file)
    for stored in entries:
        file.write(json.dumps(stored_json(stored), ensure_ascii=escaped, separators=(",", ":")) + "\n")
        count += 1
    return count


def _csv(entries: Iterable[StoredEntry], file: TextIO) -> int:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for stored in entries:
        entry = stored.entry
        writer.writerow(
            [
                entry.stream,
                stored.seq,
                format_exact(entry),
                entry.kind,
                entry.actor.kind,
                _cell(entry.actor.id),
                _cell(entry.actor.via),
                str(entry.actor.claimed).lower(),
                _cell(entry.what),
                _cell(entry.why),
                one_line(json.dumps(entry.data, ensure_ascii=False, sort_keys=True)),
                entry.life,
                _cell(entry.entry_id),
                stored.hash,
                str(stored.erased).lower(),
            ]
        )
        count += 1
    return count


def _cell(text: str) -> str:
    # What people and other systems wrote must neither run as a formula where the file is opened, nor repaint the
    # terminal it is looked at in. JSON Lines is exact.
    return one_line(f"'{text}" if text.startswith(_FORMULA) else text)
